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

    static void Initialize(QTSS_TextMessagesObject inMessages, QTSS_ServerObject inServer, QTSS_StreamRef inErrorLog);

    // ---- Modules, preferences, attributes ----

    static QTSS_ModulePrefsObject GetModulePrefsObject(QTSS_ModuleObject inModObject);
    static QTSS_Object GetModuleAttributesObject(QTSS_ModuleObject inModObject);
    // The module object, or NULL.
    static QTSS_ModulePrefsObject GetModuleObjectByName(const StrPtrLen& inModuleName);

    // Read an attribute of a preferences object by name. If it is missing it is added with the default,
    // and a line is logged; if it has another type it is removed, added with the default, and a warning is
    // logged. Both also write the configuration file. A NULL default adds an attribute without value.
    static void GetAttribute(QTSS_Object inObject, const char* inAttributeName, QTSS_AttrDataType inType,
                             void* ioBuffer, const void* inDefaultValue, UInt32 inBufferLen);
    // The default stands in the buffer.
    static void GetIOAttribute(QTSS_Object inObject, const char* inAttributeName, QTSS_AttrDataType inType,
                               void* ioDefaultResultBuffer, UInt32 inBufferLen);
    // NULL only if the default is NULL.
    static char* GetStringAttribute(QTSS_Object inObject, const char* inAttributeName, const char* inDefaultValue);
    // qtssIllegalAttrID if there is none of that name.
    static QTSS_AttributeID GetAttrID(QTSS_Object inObject, const char* inAttributeName);
    static QTSS_AttributeID CreateAttribute(QTSS_Object inObject, const char* inAttributeName,
                                            QTSS_AttrDataType inType, const void* inDefaultValue, UInt32 inBufferLen);
    // Level of the lines about missing preferences.
    static void SetMisingPrefLogVerbosity(QTSS_ErrorVerbosity verbosityLevel) { sMissingPrefVerbosity = verbosityLevel; }
    static QTSS_ErrorVerbosity GetMisingPrefLogVerbosity() { return sMissingPrefVerbosity; }

    // Adds to the methods that the server names in its answer to OPTIONS.
    static void SetupSupportedMethods(QTSS_Object inServer, QTSS_RTSPMethod* inMethodArray, UInt32 inNumMethods);

    // ---- Error log ----

    // A text message in which the arguments stand for the first two %s; NULL is empty.
    static void LogError(QTSS_ErrorVerbosity inVerbosity, QTSS_AttributeID inTextMessage, UInt32 inErrNumber,
                         const char* inArgument = NULL, const char* inArg2 = NULL);
    static void LogErrorStr(QTSS_ErrorVerbosity inVerbosity, const char* inMessage);
    static void LogPrefErrorStr(QTSS_ErrorVerbosity inVerbosity, const char* preference, const char* inMessage);

    // ---- Files ----

    // By way of the server's file interface. The data come from new[] with a zero byte behind; there are
    // none on errors, and if the file is not newer than `inModDate`. -1 reads it in any case.
    static QTSS_Error ReadEntireFile(const char* inPath, StrPtrLen* outData, QTSS_TimeVal inModDate = -1,
                                     QTSS_TimeVal* outModDate = NULL);
    // Root folder and a path attribute of the request, and a suffix, from new[].
    static char* GetFullPath(QTSS_RTSPRequestObject inRequest, QTSS_AttributeID whichFileType, UInt32* outLen,
                             StrPtrLen* suffix = NULL);

    // ---- Answers ----

    // Sets the status, ends the connection after the answer, and sends the headers. The text goes along
    // only if SetEnableRTSPErrorMsg allows it, which no preference does in a dynamic module. All of these
    // return QTSS_RequestFailed, for the module to return it.
    static QTSS_Error SendErrorResponse(QTSS_RTSPRequestObject inRequest, QTSS_RTSPStatusCode inStatusCode,
                                        QTSS_AttributeID inTextMessage, StrPtrLen* inStringArg = NULL);
    static QTSS_Error SendErrorResponseWithMessage(QTSS_RTSPRequestObject inRequest, QTSS_RTSPStatusCode inStatusCode,
                                                   StrPtrLen* inErrorMessageStr);
    // A page of HTTP/1.1; without text there is no body.
    static QTSS_Error SendHTTPErrorResponse(QTSS_RTSPRequestObject inRequest, QTSS_SessionStatusCode inStatusCode,
                                            Bool16 inKillSession, const char* errorMessage);
    static void SetEnableRTSPErrorMsg(Bool16 enable) { sEnableRTSPErrorMsg = enable; }

    // Content-length, the standard answer and the description, which starts at vector 1; vector 0 is the
    // server's.
    static void SendDescribeResponse(QTSS_RTSPRequestObject inRequest, QTSS_ClientSessionObject inSession,
                                     iovec* describeData, UInt32 inNumVectors, UInt32 inTotalLength);
    // All vectors in one piece from new[]; NULL if the length is 0.
    static char* CoalesceVectors(iovec* inVec, UInt32 inNumVectors, UInt32 inTotalLength);
    // Answers an x-RTP-Meta-Info header: the fields that the client wants and the module has. Fields that it
    // does not want are set to kFieldNotUsed. QTSS_ValueNotFound if none is left; then there is no header.
    static QTSS_Error AppendRTPMetaInfoHeader(QTSS_RTSPRequestObject inRequest, StrPtrLen* inRTPMetaInfoHeader,
                                              RTPMetaInfoPacket::FieldID* inFieldIDArray);

    // ---- Request and user ----

    static QTSS_ActionFlags GetRequestActions(QTSS_RTSPRequestObject theRTSPRequest);
    static char* GetLocalPath_Copy(QTSS_RTSPRequestObject theRTSPRequest);
    static char* GetMoviesRootDir_Copy(QTSS_RTSPRequestObject theRTSPRequest);
    static QTSS_UserProfileObject GetUserProfileObject(QTSS_RTSPRequestObject theRTSPRequest);
    static QTSS_AttrRights GetRights(QTSS_UserProfileObject theUserProfileObject);
    static char* GetExtendedRights(QTSS_UserProfileObject theUserProfileObject, UInt32 index);
    static char* GetUserName_Copy(QTSS_UserProfileObject inUserProfile);
    // The array comes from new[]; its entries point into the profile.
    static char** GetGroupsArray_Copy(QTSS_UserProfileObject inUserProfile, UInt32* outNumGroupsPtr);
    static Bool16 UserInGroup(QTSS_UserProfileObject inUserProfile, const char* inGroupName, UInt32 inGroupNameLen);
    // Sets those that are not NULL: user allowed, user found, authorization handled.
    static QTSS_Error AuthorizeRequest(QTSS_RTSPRequestObject theRTSPRequest, Bool16* allowed, Bool16* haveUser,
                                       Bool16* authContinue);

    // ---- Lists in attributes ----

    // Whether a dotted address matches one of the values; see IPComponentStr.
    static Bool16 AddressInList(QTSS_Object inObject, QTSS_AttributeID listID, StrPtrLen* theAddressPtr);
    // Whether one of the values is part of the text, or is "*".
    static Bool16 FindStringInAttributeList(QTSS_Object inObject, QTSS_AttributeID listID, StrPtrLen* inStrPtr);
    // The same for the list of User-Agents that want a feature, and the client's first one.
    static Bool16 HavePlayerProfile(QTSS_PrefsObject inPrefObjectToCheck, QTSS_StandardRTSP_Params* inParams,
                                    UInt32 feature);

private:
    static QTSS_AttributeID CheckAttributeDataType(QTSS_Object inObject, const char* inAttributeName,
                                                   QTSS_AttrDataType inType, const void* inDefaultValue,
                                                   UInt32 inBufferLen);
    static void GetMessage(QTSS_AttributeID inTextMessage, StrPtrLen* outMessage);
    static QTSS_Error SendErrorText(QTSS_RTSPRequestObject inRequest, QTSS_RTSPStatusCode inStatusCode,
                                    const StrPtrLen& text);

    static QTSS_TextMessagesObject sMessages;
    static QTSS_ServerObject sServer;
    static QTSS_StreamRef sErrorLog;
    static Bool16 sEnableRTSPErrorMsg;
    static QTSS_ErrorVerbosity sMissingPrefVerbosity;
};

// The four parts of a dotted address, as texts, which point into the text that it was made from. A part may
// be "*", which matches any; a "*" at the end stands for all parts that are missing.
class IPComponentStr {
public:
    enum { kNumComponents = 4 };

    IPComponentStr() : fIsValid(false) {}
    IPComponentStr(const char* theAddress);
    IPComponentStr(StrPtrLen* sourceStrPtr);

    // Whether it is an address.
    Bool16 Set(StrPtrLen* theAddressStrPtr);
    Bool16 Valid() { return fIsValid; }
    // False if either is no address.
    Bool16 Equal(IPComponentStr* testAddressPtr);
    // 127.0.0.*
    Bool16 IsLocal();
    // NULL from 4 up.
    StrPtrLen* GetComponent(UInt16 which) { return which < kNumComponents ? &fAddressComponent[which] : NULL; }

    StrPtrLen fAddressComponent[kNumComponents];
    Bool16 fIsValid;

    static IPComponentStr sLocalIPCompStr;
};

#endif
