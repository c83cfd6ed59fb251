// SPDX-License-Identifier: MIT OR Apache-2.0
#include "QTSSModuleUtils.h"

#include <netinet/in.h>
#include <string.h>
#include "DateTranslator.h"
#include "OSArrayObjectDeleter.h"
#include "OSMemory.h"
#include "QTSSMemoryDeleter.h"
#include "ResizeableStringFormatter.h"
#include "StringParser.h"

QTSS_TextMessagesObject QTSSModuleUtils::sMessages = NULL;
QTSS_ServerObject QTSSModuleUtils::sServer = NULL;
QTSS_StreamRef QTSSModuleUtils::sErrorLog = NULL;
Bool16 QTSSModuleUtils::sEnableRTSPErrorMsg = false;
QTSS_ErrorVerbosity QTSSModuleUtils::sMissingPrefVerbosity = qtssMessageVerbosity;

namespace {

// The interface takes names and texts without const, and leaves them alone.
inline char* Text(const char* text) { return const_cast<char*>(text); }
inline void* Data(const void* data) { return const_cast<void*>(data); }

// An object or a number in an attribute; what was given if there is none.
template <class T>
T ValueOf(QTSS_Object object, QTSS_AttributeID id, T otherwise) {
    T value = otherwise;
    UInt32 length = static_cast<UInt32>(sizeof(value));
    if (QTSS_GetValue(object, id, 0, &value, &length) != QTSS_NoErr || length != sizeof(value))
        return otherwise;
    return value;
}

// A text in an attribute where it lies; empty if there is none.
StrPtrLen PointerTo(QTSS_Object object, QTSS_AttributeID id, UInt32 index) {
    void* text = NULL;
    UInt32 length = 0;
    if (QTSS_GetValuePtr(object, id, index, &text, &length) != QTSS_NoErr || text == NULL)
        return StrPtrLen();
    return StrPtrLen(static_cast<char*>(text), length);
}

char* CopyOf(QTSS_Object object, QTSS_AttributeID id, UInt32 index) {
    char* text = NULL;
    (void)QTSS_GetValueAsString(object, id, index, &text);
    return text;
}

QTSS_Error SetFlag(QTSS_Object object, QTSS_AttributeID id, const Bool16* flag) {
    if (flag == NULL)
        return QTSS_NoErr;
    return QTSS_SetValue(object, id, 0, flag, sizeof(*flag));
}

void WriteLog(QTSS_StreamRef log, QTSS_ErrorVerbosity verbosity, const char* text) {
    if (log != NULL)
        (void)QTSS_Write(log, Text(text), static_cast<UInt32>(::strlen(text)), NULL, verbosity);
}

// printf with strings only: an argument for each %s, nothing for those that are too many.
void PutMessage(StringFormatter* out, const StrPtrLen& format, const StrPtrLen* arguments, int count) {
    int used = 0;
    for (UInt32 i = 0; i < format.Len; i++) {
        char next = i + 1 < format.Len ? format.Ptr[i + 1] : '\0';
        if (format.Ptr[i] == '%' && next == 's') {
            if (used < count)
                out->Put(arguments[used++]);
            i++;
        } else if (format.Ptr[i] == '%' && next == '%') {
            out->PutChar('%');
            i++;
        } else {
            out->PutChar(format.Ptr[i]);
        }
    }
}

void AppendNumber(QTSS_RTSPRequestObject request, QTSS_RTSPHeader header, UInt32 number) {
    char digits[16];
    int length = ::snprintf(digits, sizeof(digits), "%lu", static_cast<unsigned long>(number));
    (void)QTSS_AppendRTSPHeader(request, header, digits, static_cast<UInt32>(length));
}

} // namespace

void QTSSModuleUtils::Initialize(QTSS_TextMessagesObject inMessages, QTSS_ServerObject inServer,
                                 QTSS_StreamRef inErrorLog) {
    sMessages = inMessages;
    sServer = inServer;
    sErrorLog = inErrorLog;
}

// ---- Modules, preferences, attributes ----

QTSS_ModulePrefsObject QTSSModuleUtils::GetModulePrefsObject(QTSS_ModuleObject inModObject) {
    return ValueOf<QTSS_ModulePrefsObject>(inModObject, qtssModPrefs, NULL);
}

QTSS_Object QTSSModuleUtils::GetModuleAttributesObject(QTSS_ModuleObject inModObject) {
    return ValueOf<QTSS_Object>(inModObject, qtssModAttributes, NULL);
}

QTSS_ModulePrefsObject QTSSModuleUtils::GetModuleObjectByName(const StrPtrLen& inModuleName) {
    QTSS_ModuleObject module = NULL;
    UInt32 length = sizeof(module);
    for (UInt32 i = 0; QTSS_GetValue(sServer, qtssSvrModuleObjects, i, &module, &length) == QTSS_NoErr; i++) {
        if (PointerTo(module, qtssModName, 0).Equal(inModuleName))
            return module;
        length = sizeof(module);
    }
    return NULL;
}

QTSS_AttributeID QTSSModuleUtils::GetAttrID(QTSS_Object inObject, const char* inAttributeName) {
    QTSS_Object info = NULL;
    if (QTSS_GetAttrInfoByName(inObject, Text(inAttributeName), &info) != QTSS_NoErr)
        return qtssIllegalAttrID;
    return ValueOf<QTSS_AttributeID>(info, qtssAttrID, qtssIllegalAttrID);
}

QTSS_AttributeID QTSSModuleUtils::CreateAttribute(QTSS_Object inObject, const char* inAttributeName,
                                                  QTSS_AttrDataType inType, const void* inDefaultValue,
                                                  UInt32 inBufferLen) {
    (void)QTSS_AddInstanceAttribute(inObject, Text(inAttributeName), NULL, inType);
    QTSS_AttributeID id = GetAttrID(inObject, inAttributeName);
    if (id != qtssIllegalAttrID && inDefaultValue != NULL)
        (void)QTSS_SetValue(inObject, id, 0, inDefaultValue, inBufferLen);
    return id;
}

// The id of an attribute that is there and has the type; otherwise illegal, or that of a new one.
QTSS_AttributeID QTSSModuleUtils::CheckAttributeDataType(QTSS_Object inObject, const char* inAttributeName,
                                                         QTSS_AttrDataType inType, const void* inDefaultValue,
                                                         UInt32 inBufferLen) {
    QTSS_Object info = NULL;
    if (QTSS_GetAttrInfoByName(inObject, Text(inAttributeName), &info) != QTSS_NoErr)
        return qtssIllegalAttrID;
    QTSS_AttributeID id = ValueOf<QTSS_AttributeID>(info, qtssAttrID, qtssIllegalAttrID);
    QTSS_AttrDataType type = ValueOf<QTSS_AttrDataType>(info, qtssAttrDataType, qtssAttrDataTypeUnknown);
    if (type == inType)
        return id;

    char* value = NULL;
    if (inDefaultValue != NULL)
        (void)QTSS_ValueToString(Data(inDefaultValue), inBufferLen, inType, &value);
    QTSSCharArrayDeleter valueDeleter(value);
    LogError(qtssWarningVerbosity, qtssServerPrefWrongType, 0, inAttributeName, value);
    (void)QTSS_RemoveInstanceAttribute(inObject, id);
    return CreateAttribute(inObject, inAttributeName, inType, inDefaultValue, inBufferLen);
}

void QTSSModuleUtils::GetAttribute(QTSS_Object inObject, const char* inAttributeName, QTSS_AttrDataType inType,
                                   void* ioBuffer, const void* inDefaultValue, UInt32 inBufferLen) {
    QTSS_AttributeID id = CheckAttributeDataType(inObject, inAttributeName, inType, inDefaultValue, inBufferLen);
    UInt32 length = inBufferLen;
    if (QTSS_GetValue(inObject, id, 0, ioBuffer, &length) == QTSS_NoErr)
        return;

    if (inDefaultValue != NULL && inBufferLen > 0) {
        ::memcpy(ioBuffer, inDefaultValue, inBufferLen);
        char* value = NULL;
        (void)QTSS_ValueToString(Data(inDefaultValue), inBufferLen, inType, &value);
        QTSSCharArrayDeleter valueDeleter(value);
        LogError(sMissingPrefVerbosity, qtssServerPrefMissing, 0, inAttributeName, value);
    }
    (void)CreateAttribute(inObject, inAttributeName, inType, inDefaultValue, inBufferLen);
}

void QTSSModuleUtils::GetIOAttribute(QTSS_Object inObject, const char* inAttributeName, QTSS_AttrDataType inType,
                                     void* ioDefaultResultBuffer, UInt32 inBufferLen) {
    OSCharArrayDeleter standard(NEW char[static_cast<size_t>(inBufferLen) + 1]);
    ::memcpy(standard.GetObject(), ioDefaultResultBuffer, inBufferLen);
    GetAttribute(inObject, inAttributeName, inType, ioDefaultResultBuffer, standard.GetObject(), inBufferLen);
}

char* QTSSModuleUtils::GetStringAttribute(QTSS_Object inObject, const char* inAttributeName,
                                          const char* inDefaultValue) {
    StrPtrLen standard(inDefaultValue);
    QTSS_AttributeID id =
        CheckAttributeDataType(inObject, inAttributeName, qtssAttrDataTypeCharArray, standard.Ptr, standard.Len);
    char* value = CopyOf(inObject, id, 0);
    if (value != NULL)
        return value;
    (void)CreateAttribute(inObject, inAttributeName, qtssAttrDataTypeCharArray, standard.Ptr, standard.Len);
    if (standard.Len > 0)
        LogError(sMissingPrefVerbosity, qtssServerPrefMissing, 0, inAttributeName, inDefaultValue);
    return inDefaultValue == NULL ? NULL : standard.GetAsCString();
}

void QTSSModuleUtils::SetupSupportedMethods(QTSS_Object inServer, QTSS_RTSPMethod* inMethodArray,
                                            UInt32 inNumMethods) {
    UInt32 count = 0;
    (void)QTSS_GetNumValues(inServer, qtssSvrHandledMethods, &count);
    for (UInt32 i = 0; i < inNumMethods; i++)
        (void)QTSS_SetValue(inServer, qtssSvrHandledMethods, count + i, &inMethodArray[i], sizeof(inMethodArray[i]));
}

// ---- Error log ----

void QTSSModuleUtils::GetMessage(QTSS_AttributeID inTextMessage, StrPtrLen* outMessage) {
    *outMessage = PointerTo(sMessages, inTextMessage, 0);
    if (outMessage->Len == 0)
        *outMessage = PointerTo(sMessages, qtssMsgNoMessage, 0);
}

void QTSSModuleUtils::LogError(QTSS_ErrorVerbosity inVerbosity, QTSS_AttributeID inTextMessage, UInt32 /*inErrNumber*/,
                               const char* inArgument, const char* inArg2) {
    if (sMessages == NULL)
        return;
    StrPtrLen format;
    GetMessage(inTextMessage, &format);
    if (format.Len == 0)
        return;
    const StrPtrLen arguments[2] = {StrPtrLen(inArgument), StrPtrLen(inArg2)};
    ResizeableStringFormatter line;
    PutMessage(&line, format, arguments, 2);
    line.PutTerminator();
    WriteLog(sErrorLog, inVerbosity, line.GetBufPtr());
}

void QTSSModuleUtils::LogErrorStr(QTSS_ErrorVerbosity inVerbosity, const char* inMessage) {
    if (inMessage != NULL)
        WriteLog(sErrorLog, inVerbosity, inMessage);
}

void QTSSModuleUtils::LogPrefErrorStr(QTSS_ErrorVerbosity inVerbosity, const char* preference, const char* inMessage) {
    if (preference == NULL || inMessage == NULL)
        return;
    char line[1024];
    ::snprintf(line, sizeof(line), "Server preference %s %s", preference, inMessage);
    WriteLog(sErrorLog, inVerbosity, line);
}

// ---- Files ----

QTSS_Error QTSSModuleUtils::ReadEntireFile(const char* inPath, StrPtrLen* outData, QTSS_TimeVal inModDate,
                                           QTSS_TimeVal* outModDate) {
    outData->Set(NULL, 0);
    QTSS_Object file = NULL;
    QTSS_Error error = QTSS_OpenFileObject(Text(inPath), qtssOpenFileNoFlags, &file);
    if (error != QTSS_NoErr)
        return error;

    const UInt64 kLargest = static_cast<UInt64>(kSInt32_Max) - 1;
    QTSS_TimeVal date = ValueOf<QTSS_TimeVal>(file, qtssFlObjModDate, 0);
    UInt64 length = ValueOf<UInt64>(file, qtssFlObjLength, kLargest + 1);
    if (outModDate != NULL)
        *outModDate = date;
    bool wanted = inModDate == -1 || date > inModDate;
    if (wanted && length > kLargest)
        error = QTSS_RequestFailed;
    if (wanted && error == QTSS_NoErr) {
        UInt32 received = 0;
        OSCharArrayDeleter data(NEW char[static_cast<size_t>(length) + 1]);
        error = QTSS_Read(file, data.GetObject(), static_cast<UInt32>(length), &received);
        if (error == QTSS_NoErr) {
            data.GetObject()[received] = '\0';
            outData->Set(data.GetObject(), received);
            data.ClearObject();
        }
    }
    (void)QTSS_CloseFileObject(file);
    return error;
}

char* QTSSModuleUtils::GetFullPath(QTSS_RTSPRequestObject inRequest, QTSS_AttributeID whichFileType, UInt32* outLen,
                                   StrPtrLen* suffix) {
    // A request without file path or root is no reason to fail; that part is empty then.
    (void)QTSS_LockObject(inRequest);
    StrPtrLen path = PointerTo(inRequest, whichFileType, 0);
    StrPtrLen root = PointerTo(inRequest, qtssRTSPReqRootDir, 0);
    if (root.Len > 0 && root[static_cast<int>(root.Len) - 1] == kPathDelimiterChar) {
        while (path.Len > 0 && path[0] == kPathDelimiterChar)
            path.Set(path.Ptr + 1, path.Len - 1);
    }
    ResizeableStringFormatter full;
    full.Put(root);
    full.Put(path);
    (void)QTSS_UnlockObject(inRequest);
    if (suffix != NULL)
        full.Put(*suffix);
    if (outLen != NULL)
        *outLen = full.GetCurrentOffset();
    return full.GetAsCString();
}

// ---- Answers ----

QTSS_Error QTSSModuleUtils::SendErrorText(QTSS_RTSPRequestObject inRequest, QTSS_RTSPStatusCode inStatusCode,
                                          const StrPtrLen& text) {
    const Bool16 no = false;
    (void)QTSS_SetValue(inRequest, qtssRTSPReqStatusCode, 0, &inStatusCode, sizeof(inStatusCode));
    (void)SetFlag(inRequest, qtssRTSPReqRespKeepAlive, &no);
    StrPtrLen body;
    if (sEnableRTSPErrorMsg) {
        body = text;
        AppendNumber(inRequest, qtssContentLengthHeader, body.Len);
    }
    (void)QTSS_SendRTSPHeaders(inRequest);
    (void)QTSS_Write(inRequest, body.Ptr, body.Len, NULL, 0);
    (void)QTSS_SetValue(inRequest, qtssRTSPReqRespMsg, 0, body.Ptr, body.Len);
    return QTSS_RequestFailed;
}

QTSS_Error QTSSModuleUtils::SendErrorResponse(QTSS_RTSPRequestObject inRequest, QTSS_RTSPStatusCode inStatusCode,
                                              QTSS_AttributeID inTextMessage, StrPtrLen* inStringArg) {
    ResizeableStringFormatter text;
    if (sEnableRTSPErrorMsg) {
        StrPtrLen format;
        GetMessage(inTextMessage, &format);
        StrPtrLen place;
        bool hasArgument = inStringArg != NULL && inStringArg->Len > 0;
        if (hasArgument && format.FindString("%s", &place) != NULL) {
            text.Put(format.Ptr, static_cast<UInt32>(place.Ptr - format.Ptr));
            text.Put(*inStringArg);
            format.Set(place.Ptr + 2, static_cast<UInt32>(format.Ptr + format.Len - place.Ptr) - 2);
        }
        text.Put(format); // what is left; without argument all of it, as it stands
    }
    return SendErrorText(inRequest, inStatusCode, StrPtrLen(text.GetBufPtr(), text.GetCurrentOffset()));
}

QTSS_Error QTSSModuleUtils::SendErrorResponseWithMessage(QTSS_RTSPRequestObject inRequest,
                                                         QTSS_RTSPStatusCode inStatusCode,
                                                         StrPtrLen* inErrorMessageStr) {
    return SendErrorText(inRequest, inStatusCode, inErrorMessageStr == NULL ? StrPtrLen() : *inErrorMessageStr);
}

QTSS_Error QTSSModuleUtils::SendHTTPErrorResponse(QTSS_RTSPRequestObject inRequest,
                                                  QTSS_SessionStatusCode inStatusCode, Bool16 inKillSession,
                                                  const char* errorMessage) {
    const Bool16 no = false;
    (void)QTSS_SetValue(inRequest, qtssRTSPReqStatusCode, 0, &inStatusCode, sizeof(inStatusCode));
    if (inKillSession)
        (void)SetFlag(inRequest, qtssRTSPReqRespKeepAlive, &no);

    ResizeableStringFormatter body;
    if (errorMessage != NULL && errorMessage[0] != '\0') {
        body.Put("<html><body>\n<h1>");
        body.Put(errorMessage);
        body.Put("</h1>\n</body></html>\n");
    }
    DateBuffer date;
    DateTranslator::UpdateDateBuffer(&date, 0);
    UInt32 code = ValueOf<UInt32>(inRequest, qtssRTSPReqRealStatusCode, 0);

    ResizeableStringFormatter page;
    page.PutFmtStr("HTTP/1.1 %lu error\r\n", static_cast<unsigned long>(code));
    page.Put(PointerTo(sServer, qtssSvrRTSPServerHeader, 0));
    page.PutEOL();
    page.PutFmtStr("Date: %s\r\n", date.GetDateBuffer());
    if (body.GetCurrentOffset() > 0)
        page.PutFmtStr("Content-Type: text/html\r\nContent-Length: %lu\r\n",
                       static_cast<unsigned long>(body.GetCurrentOffset()));
    page.Put("Connection: close\r\n\r\n");
    page.Put(body.GetBufPtr(), body.GetCurrentOffset());

    (void)QTSS_Write(inRequest, page.GetBufPtr(), page.GetCurrentOffset(), NULL, 0);
    (void)QTSS_SetValue(inRequest, qtssRTSPReqRespMsg, 0, page.GetBufPtr(), page.GetCurrentOffset());
    return QTSS_RequestFailed;
}

void QTSSModuleUtils::SendDescribeResponse(QTSS_RTSPRequestObject inRequest, QTSS_ClientSessionObject inSession,
                                           iovec* describeData, UInt32 inNumVectors, UInt32 inTotalLength) {
    AppendNumber(inRequest, qtssContentLengthHeader, inTotalLength);
    (void)QTSS_SendStandardRTSPResponse(inRequest, inSession, 0);
    (void)QTSS_WriteV(inRequest, describeData, inNumVectors, inTotalLength, NULL);
}

char* QTSSModuleUtils::CoalesceVectors(iovec* inVec, UInt32 inNumVectors, UInt32 inTotalLength) {
    if (inTotalLength == 0)
        return NULL;
    char* all = NEW char[inTotalLength];
    size_t used = 0;
    for (UInt32 i = 0; i < inNumVectors && used < inTotalLength; i++) {
        size_t part = inVec[i].iov_len;
        if (part > inTotalLength - used)
            part = inTotalLength - used;
        if (part > 0)
            ::memcpy(all + used, inVec[i].iov_base, part);
        used += part;
    }
    Assert(used == inTotalLength);
    return all;
}

QTSS_Error QTSSModuleUtils::AppendRTPMetaInfoHeader(QTSS_RTSPRequestObject inRequest, StrPtrLen* inRTPMetaInfoHeader,
                                                    RTPMetaInfoPacket::FieldID* inFieldIDArray) {
    const UInt32 kNameLen = sizeof(RTPMetaInfoPacket::FieldName);
    ResizeableStringFormatter answer;
    bool wanted[RTPMetaInfoPacket::kNumFields] = {false};
    for (UInt32 at = 0; at + kNameLen <= inRTPMetaInfoHeader->Len; at += kNameLen + 1) {
        const char* nameText = inRTPMetaInfoHeader->Ptr + at;
        RTPMetaInfoPacket::FieldName name;
        ::memcpy(&name, nameText, kNameLen);
        RTPMetaInfoPacket::FieldIndex field = RTPMetaInfoPacket::GetFieldIndexForName(ntohs(name));
        if (field == RTPMetaInfoPacket::kIllegalField || inFieldIDArray[field] == RTPMetaInfoPacket::kFieldNotUsed)
            continue;
        wanted[field] = true;
        if (answer.GetCurrentOffset() > 0)
            answer.PutChar(';');
        answer.Put(nameText, kNameLen);
        if (inFieldIDArray[field] != RTPMetaInfoPacket::kUncompressed) {
            answer.PutChar('=');
            answer.Put(inFieldIDArray[field]);
        }
    }
    for (UInt32 field = 0; field < RTPMetaInfoPacket::kNumFields; field++) {
        if (!wanted[field])
            inFieldIDArray[field] = RTPMetaInfoPacket::kFieldNotUsed;
    }
    if (answer.GetCurrentOffset() == 0)
        return QTSS_ValueNotFound;
    return QTSS_AppendRTSPHeader(inRequest, qtssXRTPMetaInfoHeader, answer.GetBufPtr(), answer.GetCurrentOffset());
}

// ---- Request and user ----

QTSS_ActionFlags QTSSModuleUtils::GetRequestActions(QTSS_RTSPRequestObject theRTSPRequest) {
    return ValueOf<QTSS_ActionFlags>(theRTSPRequest, qtssRTSPReqAction, qtssActionFlagsNoFlags);
}

char* QTSSModuleUtils::GetLocalPath_Copy(QTSS_RTSPRequestObject theRTSPRequest) {
    return CopyOf(theRTSPRequest, qtssRTSPReqLocalPath, 0);
}

char* QTSSModuleUtils::GetMoviesRootDir_Copy(QTSS_RTSPRequestObject theRTSPRequest) {
    return CopyOf(theRTSPRequest, qtssRTSPReqRootDir, 0);
}

QTSS_UserProfileObject QTSSModuleUtils::GetUserProfileObject(QTSS_RTSPRequestObject theRTSPRequest) {
    return ValueOf<QTSS_UserProfileObject>(theRTSPRequest, qtssRTSPReqUserProfile, NULL);
}

QTSS_AttrRights QTSSModuleUtils::GetRights(QTSS_UserProfileObject theUserProfileObject) {
    return ValueOf<QTSS_AttrRights>(theUserProfileObject, qtssUserRights, 0);
}

char* QTSSModuleUtils::GetExtendedRights(QTSS_UserProfileObject theUserProfileObject, UInt32 index) {
    return CopyOf(theUserProfileObject, qtssUserExtendedRights, index);
}

char* QTSSModuleUtils::GetUserName_Copy(QTSS_UserProfileObject inUserProfile) {
    return CopyOf(inUserProfile, qtssUserName, 0);
}

char** QTSSModuleUtils::GetGroupsArray_Copy(QTSS_UserProfileObject inUserProfile, UInt32* outNumGroupsPtr) {
    *outNumGroupsPtr = 0;
    UInt32 count = 0;
    if (inUserProfile == NULL || QTSS_GetNumValues(inUserProfile, qtssUserGroups, &count) != QTSS_NoErr || count == 0)
        return NULL;
    char** groups = NEW char*[count];
    for (UInt32 i = 0; i < count; i++)
        groups[i] = PointerTo(inUserProfile, qtssUserGroups, i).Ptr;
    *outNumGroupsPtr = count;
    return groups;
}

Bool16 QTSSModuleUtils::UserInGroup(QTSS_UserProfileObject inUserProfile, const char* inGroupName,
                                    UInt32 inGroupNameLen) {
    if (inUserProfile == NULL || inGroupName == NULL || inGroupNameLen == 0)
        return false;
    StrPtrLen user = PointerTo(inUserProfile, qtssUserName, 0);
    if (user.Len == 0 || user[0] == '\0')
        return false;
    const StrPtrLen wanted(inGroupName, inGroupNameLen);
    UInt32 count = 0;
    (void)QTSS_GetNumValues(inUserProfile, qtssUserGroups, &count);
    for (UInt32 i = 0; i < count; i++) {
        QTSSCharArrayDeleter group(CopyOf(inUserProfile, qtssUserGroups, i));
        if (wanted.Equal(group.GetObject()))
            return true;
    }
    return false;
}

QTSS_Error QTSSModuleUtils::AuthorizeRequest(QTSS_RTSPRequestObject theRTSPRequest, Bool16* allowed, Bool16* haveUser,
                                             Bool16* authContinue) {
    QTSS_Error error = SetFlag(theRTSPRequest, qtssRTSPReqUserAllowed, allowed);
    if (error == QTSS_NoErr)
        error = SetFlag(theRTSPRequest, qtssRTSPReqUserFound, haveUser);
    if (error == QTSS_NoErr)
        error = SetFlag(theRTSPRequest, qtssRTSPReqAuthHandled, authContinue);
    return error;
}

// ---- Lists in attributes ----

Bool16 QTSSModuleUtils::AddressInList(QTSS_Object inObject, QTSS_AttributeID listID, StrPtrLen* theAddressPtr) {
    IPComponentStr address(theAddressPtr);
    if (!address.Valid())
        return false;
    UInt32 count = 0;
    (void)QTSS_GetNumValues(inObject, listID, &count);
    for (UInt32 i = 0; i < count; i++) {
        QTSSCharArrayDeleter text(CopyOf(inObject, listID, i));
        IPComponentStr listed(text.GetObject());
        if (listed.Equal(&address))
            return true;
    }
    return false;
}

Bool16 QTSSModuleUtils::FindStringInAttributeList(QTSS_Object inObject, QTSS_AttributeID listID, StrPtrLen* inStrPtr) {
    if (inStrPtr == NULL || inStrPtr->Ptr == NULL || inStrPtr->Len == 0)
        return false;
    UInt32 count = 0;
    (void)QTSS_GetNumValues(inObject, listID, &count);
    for (UInt32 i = 0; i < count; i++) {
        QTSSCharArrayDeleter copy(CopyOf(inObject, listID, i));
        StrPtrLen text(copy.GetObject());
        if (text.Ptr == NULL)
            return false;
        if (text.Equal("*") || inStrPtr->FindString(text) != NULL)
            return true;
    }
    return false;
}

Bool16 QTSSModuleUtils::HavePlayerProfile(QTSS_PrefsObject inPrefObjectToCheck, QTSS_StandardRTSP_Params* inParams,
                                          UInt32 feature) {
    QTSS_AttributeID list;
    switch (feature) {
    case kRequiresRTPInfoSeqAndTime: list = qtssPrefsPlayersReqRTPHeader; break;
    case kAdjustBandwidth: list = qtssPrefsPlayersReqBandAdjust; break;
    case kDisablePauseAdjustedRTPTime: list = qtssPrefsPlayersReqNoPauseTimeAdjust; break;
    case kDelayRTPStreamsUntilAfterRTSPResponse: list = qtssPrefsPlayersReqRTPStartTimeAdjust; break;
    case kDisable3gppRateAdaptation: list = qtssPrefsPlayersReqDisable3gppRateAdapt; break;
    case kAdjust3gppTargetTime: list = qtssPrefsPlayersReq3GPPTargetTime; break;
    case kDisableThinning: list = qtssPrefsPlayersReqDisableThinning; break;
    default: return false;
    }
    QTSSCharArrayDeleter copy(CopyOf(inParams->inClientSession, qtssCliSesFirstUserAgent, 0));
    StrPtrLen userAgent(copy.GetObject());
    return FindStringInAttributeList(inPrefObjectToCheck, list, &userAgent);
}

// ---- Addresses ----

IPComponentStr IPComponentStr::sLocalIPCompStr("127.0.0.*");

IPComponentStr::IPComponentStr(const char* theAddress) : fIsValid(false) {
    StrPtrLen text(theAddress);
    (void)Set(&text);
}

IPComponentStr::IPComponentStr(StrPtrLen* sourceStrPtr) : fIsValid(false) { (void)Set(sourceStrPtr); }

Bool16 IPComponentStr::Set(StrPtrLen* theAddressStrPtr) {
    StringParser parser(theAddressStrPtr);
    int count = 0;
    while (count < kNumComponents) {
        StrPtrLen part;
        (void)parser.GetThru(&part, '.');
        if (part.Len == 0)
            break;
        fAddressComponent[count++] = part;
    }
    bool openEnd = count > 0 && parser.GetDataRemaining() == 0 && fAddressComponent[count - 1].Equal("*");
    while (openEnd && count < kNumComponents) {
        fAddressComponent[count] = fAddressComponent[count - 1];
        count++;
    }
    fIsValid = count == kNumComponents;
    return fIsValid;
}

Bool16 IPComponentStr::Equal(IPComponentStr* testAddressPtr) {
    if (testAddressPtr == NULL || !this->Valid() || !testAddressPtr->Valid())
        return false;
    for (int i = 0; i < kNumComponents; i++) {
        const StrPtrLen& mine = fAddressComponent[i];
        const StrPtrLen& other = testAddressPtr->fAddressComponent[i];
        if (!mine.Equal("*") && !other.Equal("*") && !mine.Equal(other))
            return false;
    }
    return true;
}

Bool16 IPComponentStr::IsLocal() { return this->Equal(&sLocalIPCompStr); }
