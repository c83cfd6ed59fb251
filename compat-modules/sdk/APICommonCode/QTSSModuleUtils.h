// SPDX-License-Identifier: MIT OR Apache-2.0
// What modules do again and again: preferences, log lines, error answers, files, user profiles.
//
// Initialize comes first, in the module's Initialize role; it only keeps its arguments. Texts that are
// returned as `char*` come from the server or from new[], and are freed with delete[].
#ifndef QTSS_SDK_QTSS_MODULE_UTILS_H
#define QTSS_SDK_QTSS_MODULE_UTILS_H

#include <stdlib.h>
#include "QTSS.h"
#include "RTPMetaInfoPacket.h"
#include "SafeStdLib.h"
#include "StrPtrLen.h"

class QTSSModuleUtils {
public:
    // Features of HavePlayerProfile.
    enum {
        kRequiresRTPInfoSeqAndTime = 0,
        kAdjustBandwidth = 1,
        kDisablePauseAdjustedRTPTime = 2,
        kDelayRTPStreamsUntilAfterRTSPResponse = 3,
        kDisable3gppRateAdaptation = 4,
        kAdjust3gppTargetTime = 5,
        kDisableThinning = 6
    };

    static void Initialize(QTSS_TextMessagesObject messages, QTSS_ServerObject server, QTSS_StreamRef errorLog);

    // ---- Modules, preferences, attributes ----

    static QTSS_ModulePrefsObject GetModulePrefsObject(QTSS_ModuleObject modObject);
    static QTSS_Object GetModuleAttributesObject(QTSS_ModuleObject modObject);
    // The module object, or NULL.
    static QTSS_ModulePrefsObject GetModuleObjectByName(const StrPtrLen& moduleName);

    // Read an attribute of a preferences object by name. If it is missing it is added with the default,
    // and a line is logged; if it has another type it is removed, added with the default, and a warning is
    // logged. Both also write the configuration file. A NULL default adds an attribute without value.
    static void GetAttribute(QTSS_Object givenObject, const char* attributeName, QTSS_AttrDataType givenType,
                             void* buffer, const void* defaultValue, UInt32 bufferLen);
    // The default stands in the buffer.
    static void GetIOAttribute(QTSS_Object givenObject, const char* attributeName, QTSS_AttrDataType givenType,
                               void* defaultResultBuffer, UInt32 bufferLen);
    // NULL only if the default is NULL.
    static char* GetStringAttribute(QTSS_Object givenObject, const char* attributeName, const char* defaultValue);
    // qtssIllegalAttrID if there is none of that name.
    static QTSS_AttributeID GetAttrID(QTSS_Object givenObject, const char* attributeName);
    static QTSS_AttributeID CreateAttribute(QTSS_Object givenObject, const char* attributeName,
                                            QTSS_AttrDataType givenType, const void* defaultValue, UInt32 bufferLen);
    // Level of the lines about missing preferences.
    static void SetMisingPrefLogVerbosity(QTSS_ErrorVerbosity verbosityLevel) { defaultsVerbosity_ = verbosityLevel; }
    static QTSS_ErrorVerbosity GetMisingPrefLogVerbosity() { return defaultsVerbosity_; }

    // Adds to the methods that the server names in its answer to OPTIONS.
    static void SetupSupportedMethods(QTSS_Object server, QTSS_RTSPMethod* methodArray, UInt32 numMethods);

    // ---- Error log ----

    // A text message in which the arguments stand for the first two %s; NULL is empty.
    static void LogError(QTSS_ErrorVerbosity givenVerbosity, QTSS_AttributeID textMessage, UInt32 errNumber,
                         const char* argument = NULL, const char* arg2 = NULL);
    static void LogErrorStr(QTSS_ErrorVerbosity givenVerbosity, const char* givenMessage);
    static void LogPrefErrorStr(QTSS_ErrorVerbosity givenVerbosity, const char* preference, const char* givenMessage);

    // ---- Files ----

    // By way of the server's file interface. The data come from new[] with a zero byte behind; there are
    // none on errors, and if the file is not newer than `modDate`. -1 reads it in any case.
    static QTSS_Error ReadEntireFile(const char* givenPath, StrPtrLen* foundData, QTSS_TimeVal modDate = -1,
                                     QTSS_TimeVal* foundModDate = NULL);
    // Root folder and a path attribute of the request, and a appended, from new[].
    static char* GetFullPath(QTSS_RTSPRequestObject givenRequest, QTSS_AttributeID whichFileType, UInt32* len,
                             StrPtrLen* appended = NULL);

    // ---- Answers ----

    // Sets the status, ends the connection after the answer, and sends the headers. The text goes along
    // only if SetEnableRTSPErrorMsg allows it, which no preference does in a dynamic module. All of these
    // return QTSS_RequestFailed, for the module to return it.
    static QTSS_Error SendErrorResponse(QTSS_RTSPRequestObject givenRequest, QTSS_RTSPStatusCode statusCode,
                                        QTSS_AttributeID textMessage, StrPtrLen* stringArg = NULL);
    static QTSS_Error SendErrorResponseWithMessage(QTSS_RTSPRequestObject givenRequest, QTSS_RTSPStatusCode statusCode,
                                                   StrPtrLen* errorMessageStr);
    // A page of HTTP/1.1; without text there is no body.
    static QTSS_Error SendHTTPErrorResponse(QTSS_RTSPRequestObject givenRequest, QTSS_SessionStatusCode statusCode,
                                            Bool16 killSession, const char* errorMessage);
    static void SetEnableRTSPErrorMsg(Bool16 enable) { errorBodies_ = enable; }

    // Content-length, the standard answer and the description, which starts at vector 1; vector 0 is the
    // server's.
    static void SendDescribeResponse(QTSS_RTSPRequestObject givenRequest, QTSS_ClientSessionObject session,
                                     iovec* describeData, UInt32 numVectors, UInt32 totalLength);
    // All vectors in one piece from new[]; NULL if the length is 0.
    static char* CoalesceVectors(iovec* vec, UInt32 numVectors, UInt32 totalLength);
    // Answers an x-RTP-Meta-Info header: the fields that the client wants and the module has. Fields that it
    // does not want are set to kFieldNotUsed. QTSS_ValueNotFound if none is left; then there is no header.
    static QTSS_Error AppendRTPMetaInfoHeader(QTSS_RTSPRequestObject givenRequest, StrPtrLen* rtpMetaInfoHeader,
                                              RTPMetaInfoPacket::FieldID* fieldIDArray);

    // ---- Request and user ----

    static QTSS_ActionFlags GetRequestActions(QTSS_RTSPRequestObject rtspRequest);
    static char* GetLocalPath_Copy(QTSS_RTSPRequestObject rtspRequest);
    static char* GetMoviesRootDir_Copy(QTSS_RTSPRequestObject rtspRequest);
    static QTSS_UserProfileObject GetUserProfileObject(QTSS_RTSPRequestObject rtspRequest);
    static QTSS_AttrRights GetRights(QTSS_UserProfileObject userProfileObject);
    static char* GetExtendedRights(QTSS_UserProfileObject userProfileObject, UInt32 index);
    static char* GetUserName_Copy(QTSS_UserProfileObject userProfile);
    // The array comes from new[]; its entries point into the profile.
    static char** GetGroupsArray_Copy(QTSS_UserProfileObject userProfile, UInt32* numGroupsPtr);
    static Bool16 UserInGroup(QTSS_UserProfileObject userProfile, const char* groupName, UInt32 groupNameLen);
    // Sets those that are not NULL: user allowed, user found, authorization handled.
    static QTSS_Error AuthorizeRequest(QTSS_RTSPRequestObject rtspRequest, Bool16* allowed, Bool16* haveUser,
                                       Bool16* authContinue);

    // ---- Lists in attributes ----

    // Whether a dotted address matches one of the values; see IPComponentStr.
    static Bool16 AddressInList(QTSS_Object givenObject, QTSS_AttributeID listID, StrPtrLen* addressPtr);
    // Whether one of the values is part of the text, or is "*".
    static Bool16 FindStringInAttributeList(QTSS_Object givenObject, QTSS_AttributeID listID, StrPtrLen* strPtr);
    // The same for the list of User-Agents that want a feature, and the client's first one.
    static Bool16 HavePlayerProfile(QTSS_PrefsObject prefObjectToCheck, QTSS_StandardRTSP_Params* params,
                                    UInt32 feature);

private:
    static QTSS_AttributeID CheckAttributeDataType(QTSS_Object givenObject, const char* attributeName,
                                                   QTSS_AttrDataType givenType, const void* defaultValue,
                                                   UInt32 bufferLen);
    static void GetMessage(QTSS_AttributeID textMessage, StrPtrLen* message);
    static QTSS_Error SendErrorText(QTSS_RTSPRequestObject givenRequest, QTSS_RTSPStatusCode statusCode,
                                    const StrPtrLen& text);

    static QTSS_TextMessagesObject texts_;
    static QTSS_ServerObject server_;
    static QTSS_StreamRef errorLog_;
    static Bool16 errorBodies_;
    static QTSS_ErrorVerbosity defaultsVerbosity_;
};

// The four parts of a dotted address, as texts, which point into the text that it was made from. A part may
// be "*", which matches any; a "*" at the end stands for all parts that are missing.
class IPComponentStr {
public:
    enum { kNumComponents = 4 };

    IPComponentStr() : isValid_(false) {}
    IPComponentStr(const char* oneAddress);
    IPComponentStr(StrPtrLen* sourceStrPtr);

    // Whether it is an address.
    Bool16 Set(StrPtrLen* addressStrPtr);
    Bool16 Valid() { return isValid_; }
    // False if either is no address.
    Bool16 Equal(IPComponentStr* testAddressPtr);
    // 127.0.0.*
    Bool16 IsLocal();
    // NULL from 4 up.
    StrPtrLen* GetComponent(UInt16 which) { return which < kNumComponents ? &addressComponent_[which] : NULL; }

    StrPtrLen addressComponent_[kNumComponents];
    Bool16 isValid_;

    static IPComponentStr localIPCompStr_;
};

#endif
