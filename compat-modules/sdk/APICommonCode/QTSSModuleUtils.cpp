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

QTSS_TextMessagesObject QTSSModuleUtils::texts_ = NULL;
QTSS_ServerObject QTSSModuleUtils::server_ = NULL;
QTSS_StreamRef QTSSModuleUtils::errorLog_ = NULL;
Bool16 QTSSModuleUtils::errorBodies_ = false;
QTSS_ErrorVerbosity QTSSModuleUtils::defaultsVerbosity_ = qtssMessageVerbosity;

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

void QTSSModuleUtils::Initialize(QTSS_TextMessagesObject messages, QTSS_ServerObject server,
                                 QTSS_StreamRef errorLog) {
    texts_ = messages;
    server_ = server;
    errorLog_ = errorLog;
}

// ---- Modules, preferences, attributes ----

QTSS_ModulePrefsObject QTSSModuleUtils::GetModulePrefsObject(QTSS_ModuleObject modObject) {
    return ValueOf<QTSS_ModulePrefsObject>(modObject, qtssModPrefs, NULL);
}

QTSS_Object QTSSModuleUtils::GetModuleAttributesObject(QTSS_ModuleObject modObject) {
    return ValueOf<QTSS_Object>(modObject, qtssModAttributes, NULL);
}

QTSS_ModulePrefsObject QTSSModuleUtils::GetModuleObjectByName(const StrPtrLen& moduleName) {
    QTSS_ModuleObject module = NULL;
    UInt32 length = sizeof(module);
    for (UInt32 i = 0; QTSS_GetValue(server_, qtssSvrModuleObjects, i, &module, &length) == QTSS_NoErr; i++) {
        if (PointerTo(module, qtssModName, 0).Equal(moduleName))
            return module;
        length = sizeof(module);
    }
    return NULL;
}

QTSS_AttributeID QTSSModuleUtils::GetAttrID(QTSS_Object givenObject, const char* attributeName) {
    QTSS_Object info = NULL;
    if (QTSS_GetAttrInfoByName(givenObject, Text(attributeName), &info) != QTSS_NoErr)
        return qtssIllegalAttrID;
    return ValueOf<QTSS_AttributeID>(info, qtssAttrID, qtssIllegalAttrID);
}

QTSS_AttributeID QTSSModuleUtils::CreateAttribute(QTSS_Object givenObject, const char* attributeName,
                                                  QTSS_AttrDataType givenType, const void* defaultValue,
                                                  UInt32 bufferLen) {
    (void)QTSS_AddInstanceAttribute(givenObject, Text(attributeName), NULL, givenType);
    QTSS_AttributeID id = GetAttrID(givenObject, attributeName);
    if (id != qtssIllegalAttrID && defaultValue != NULL)
        (void)QTSS_SetValue(givenObject, id, 0, defaultValue, bufferLen);
    return id;
}

// The id of an attribute that is there and has the type; otherwise illegal, or that of a new one.
QTSS_AttributeID QTSSModuleUtils::CheckAttributeDataType(QTSS_Object givenObject, const char* attributeName,
                                                         QTSS_AttrDataType givenType, const void* defaultValue,
                                                         UInt32 bufferLen) {
    QTSS_Object info = NULL;
    if (QTSS_GetAttrInfoByName(givenObject, Text(attributeName), &info) != QTSS_NoErr)
        return qtssIllegalAttrID;
    QTSS_AttributeID id = ValueOf<QTSS_AttributeID>(info, qtssAttrID, qtssIllegalAttrID);
    QTSS_AttrDataType type = ValueOf<QTSS_AttrDataType>(info, qtssAttrDataType, qtssAttrDataTypeUnknown);
    if (type == givenType)
        return id;

    char* value = NULL;
    if (defaultValue != NULL)
        (void)QTSS_ValueToString(Data(defaultValue), bufferLen, givenType, &value);
    QTSSCharArrayDeleter valueDeleter(value);
    LogError(qtssWarningVerbosity, qtssServerPrefWrongType, 0, attributeName, value);
    (void)QTSS_RemoveInstanceAttribute(givenObject, id);
    return CreateAttribute(givenObject, attributeName, givenType, defaultValue, bufferLen);
}

void QTSSModuleUtils::GetAttribute(QTSS_Object givenObject, const char* attributeName, QTSS_AttrDataType givenType,
                                   void* buffer, const void* defaultValue, UInt32 bufferLen) {
    QTSS_AttributeID id = CheckAttributeDataType(givenObject, attributeName, givenType, defaultValue, bufferLen);
    UInt32 length = bufferLen;
    if (QTSS_GetValue(givenObject, id, 0, buffer, &length) == QTSS_NoErr)
        return;

    if (defaultValue != NULL && bufferLen > 0) {
        ::memcpy(buffer, defaultValue, bufferLen);
        char* value = NULL;
        (void)QTSS_ValueToString(Data(defaultValue), bufferLen, givenType, &value);
        QTSSCharArrayDeleter valueDeleter(value);
        LogError(defaultsVerbosity_, qtssServerPrefMissing, 0, attributeName, value);
    }
    (void)CreateAttribute(givenObject, attributeName, givenType, defaultValue, bufferLen);
}

void QTSSModuleUtils::GetIOAttribute(QTSS_Object givenObject, const char* attributeName, QTSS_AttrDataType givenType,
                                     void* defaultResultBuffer, UInt32 bufferLen) {
    OSCharArrayDeleter standard(NEW char[static_cast<size_t>(bufferLen) + 1]);
    ::memcpy(standard.GetObject(), defaultResultBuffer, bufferLen);
    GetAttribute(givenObject, attributeName, givenType, defaultResultBuffer, standard.GetObject(), bufferLen);
}

char* QTSSModuleUtils::GetStringAttribute(QTSS_Object givenObject, const char* attributeName,
                                          const char* defaultValue) {
    StrPtrLen standard(defaultValue);
    QTSS_AttributeID id =
        CheckAttributeDataType(givenObject, attributeName, qtssAttrDataTypeCharArray, standard.Ptr, standard.Len);
    char* value = CopyOf(givenObject, id, 0);
    if (value != NULL)
        return value;
    (void)CreateAttribute(givenObject, attributeName, qtssAttrDataTypeCharArray, standard.Ptr, standard.Len);
    if (standard.Len > 0)
        LogError(defaultsVerbosity_, qtssServerPrefMissing, 0, attributeName, defaultValue);
    return defaultValue == NULL ? NULL : standard.GetAsCString();
}

void QTSSModuleUtils::SetupSupportedMethods(QTSS_Object server, QTSS_RTSPMethod* methodArray,
                                            UInt32 numMethods) {
    UInt32 count = 0;
    (void)QTSS_GetNumValues(server, qtssSvrHandledMethods, &count);
    for (UInt32 i = 0; i < numMethods; i++)
        (void)QTSS_SetValue(server, qtssSvrHandledMethods, count + i, &methodArray[i], sizeof(methodArray[i]));
}

// ---- Error log ----

void QTSSModuleUtils::GetMessage(QTSS_AttributeID textMessage, StrPtrLen* message) {
    *message = PointerTo(texts_, textMessage, 0);
    if (message->Len == 0)
        *message = PointerTo(texts_, qtssMsgNoMessage, 0);
}

void QTSSModuleUtils::LogError(QTSS_ErrorVerbosity givenVerbosity, QTSS_AttributeID textMessage, UInt32 /*errNumber*/,
                               const char* argument, const char* arg2) {
    if (texts_ == NULL)
        return;
    StrPtrLen format;
    GetMessage(textMessage, &format);
    if (format.Len == 0)
        return;
    const StrPtrLen arguments[2] = {StrPtrLen(argument), StrPtrLen(arg2)};
    ResizeableStringFormatter line;
    PutMessage(&line, format, arguments, 2);
    line.PutTerminator();
    WriteLog(errorLog_, givenVerbosity, line.GetBufPtr());
}

void QTSSModuleUtils::LogErrorStr(QTSS_ErrorVerbosity givenVerbosity, const char* givenMessage) {
    if (givenMessage != NULL)
        WriteLog(errorLog_, givenVerbosity, givenMessage);
}

void QTSSModuleUtils::LogPrefErrorStr(QTSS_ErrorVerbosity givenVerbosity, const char* preference, const char* givenMessage) {
    if (preference == NULL || givenMessage == NULL)
        return;
    char line[1024];
    ::snprintf(line, sizeof(line), "Server preference %s %s", preference, givenMessage);
    WriteLog(errorLog_, givenVerbosity, line);
}

// ---- Files ----

QTSS_Error QTSSModuleUtils::ReadEntireFile(const char* givenPath, StrPtrLen* foundData, QTSS_TimeVal modDate,
                                           QTSS_TimeVal* foundModDate) {
    foundData->Set(NULL, 0);
    QTSS_Object file = NULL;
    QTSS_Error error = QTSS_OpenFileObject(Text(givenPath), qtssOpenFileNoFlags, &file);
    if (error != QTSS_NoErr)
        return error;

    const UInt64 kLargest = static_cast<UInt64>(kSInt32_Max) - 1;
    QTSS_TimeVal date = ValueOf<QTSS_TimeVal>(file, qtssFlObjModDate, 0);
    UInt64 length = ValueOf<UInt64>(file, qtssFlObjLength, kLargest + 1);
    if (foundModDate != NULL)
        *foundModDate = date;
    bool wanted = modDate == -1 || date > modDate;
    if (wanted && length > kLargest)
        error = QTSS_RequestFailed;
    if (wanted && error == QTSS_NoErr) {
        UInt32 received = 0;
        OSCharArrayDeleter data(NEW char[static_cast<size_t>(length) + 1]);
        error = QTSS_Read(file, data.GetObject(), static_cast<UInt32>(length), &received);
        if (error == QTSS_NoErr) {
            data.GetObject()[received] = '\0';
            foundData->Set(data.GetObject(), received);
            data.ClearObject();
        }
    }
    (void)QTSS_CloseFileObject(file);
    return error;
}

char* QTSSModuleUtils::GetFullPath(QTSS_RTSPRequestObject givenRequest, QTSS_AttributeID whichFileType, UInt32* len,
                                   StrPtrLen* suffix) {
    // A request without file path or root is no reason to fail; that part is empty then.
    (void)QTSS_LockObject(givenRequest);
    StrPtrLen path = PointerTo(givenRequest, whichFileType, 0);
    StrPtrLen root = PointerTo(givenRequest, qtssRTSPReqRootDir, 0);
    if (root.Len > 0 && root[static_cast<int>(root.Len) - 1] == kPathDelimiterChar) {
        while (path.Len > 0 && path[0] == kPathDelimiterChar)
            path.Set(path.Ptr + 1, path.Len - 1);
    }
    ResizeableStringFormatter full;
    full.Put(root);
    full.Put(path);
    (void)QTSS_UnlockObject(givenRequest);
    if (suffix != NULL)
        full.Put(*suffix);
    if (len != NULL)
        *len = full.GetCurrentOffset();
    return full.GetAsCString();
}

// ---- Answers ----

QTSS_Error QTSSModuleUtils::SendErrorText(QTSS_RTSPRequestObject givenRequest, QTSS_RTSPStatusCode statusCode,
                                          const StrPtrLen& text) {
    const Bool16 no = false;
    (void)QTSS_SetValue(givenRequest, qtssRTSPReqStatusCode, 0, &statusCode, sizeof(statusCode));
    (void)SetFlag(givenRequest, qtssRTSPReqRespKeepAlive, &no);
    StrPtrLen body;
    if (errorBodies_) {
        body = text;
        AppendNumber(givenRequest, qtssContentLengthHeader, body.Len);
    }
    (void)QTSS_SendRTSPHeaders(givenRequest);
    (void)QTSS_Write(givenRequest, body.Ptr, body.Len, NULL, 0);
    (void)QTSS_SetValue(givenRequest, qtssRTSPReqRespMsg, 0, body.Ptr, body.Len);
    return QTSS_RequestFailed;
}

QTSS_Error QTSSModuleUtils::SendErrorResponse(QTSS_RTSPRequestObject givenRequest, QTSS_RTSPStatusCode statusCode,
                                              QTSS_AttributeID textMessage, StrPtrLen* stringArg) {
    ResizeableStringFormatter text;
    if (errorBodies_) {
        StrPtrLen format;
        GetMessage(textMessage, &format);
        StrPtrLen place;
        bool hasArgument = stringArg != NULL && stringArg->Len > 0;
        if (hasArgument && format.FindString("%s", &place) != NULL) {
            text.Put(format.Ptr, static_cast<UInt32>(place.Ptr - format.Ptr));
            text.Put(*stringArg);
            format.Set(place.Ptr + 2, static_cast<UInt32>(format.Ptr + format.Len - place.Ptr) - 2);
        }
        text.Put(format); // what is left; without argument all of it, as it stands
    }
    return SendErrorText(givenRequest, statusCode, StrPtrLen(text.GetBufPtr(), text.GetCurrentOffset()));
}

QTSS_Error QTSSModuleUtils::SendErrorResponseWithMessage(QTSS_RTSPRequestObject givenRequest,
                                                         QTSS_RTSPStatusCode statusCode,
                                                         StrPtrLen* errorMessageStr) {
    return SendErrorText(givenRequest, statusCode, errorMessageStr == NULL ? StrPtrLen() : *errorMessageStr);
}

QTSS_Error QTSSModuleUtils::SendHTTPErrorResponse(QTSS_RTSPRequestObject givenRequest,
                                                  QTSS_SessionStatusCode statusCode, Bool16 killSession,
                                                  const char* errorMessage) {
    const Bool16 no = false;
    (void)QTSS_SetValue(givenRequest, qtssRTSPReqStatusCode, 0, &statusCode, sizeof(statusCode));
    if (killSession)
        (void)SetFlag(givenRequest, qtssRTSPReqRespKeepAlive, &no);

    ResizeableStringFormatter body;
    if (errorMessage != NULL && errorMessage[0] != '\0') {
        body.Put("<html><body>\n<h1>");
        body.Put(errorMessage);
        body.Put("</h1>\n</body></html>\n");
    }
    DateBuffer date;
    DateTranslator::UpdateDateBuffer(&date, 0);
    UInt32 code = ValueOf<UInt32>(givenRequest, qtssRTSPReqRealStatusCode, 0);

    ResizeableStringFormatter page;
    page.PutFmtStr("HTTP/1.1 %lu error\r\n", static_cast<unsigned long>(code));
    page.Put(PointerTo(server_, qtssSvrRTSPServerHeader, 0));
    page.PutEOL();
    page.PutFmtStr("Date: %s\r\n", date.GetDateBuffer());
    if (body.GetCurrentOffset() > 0)
        page.PutFmtStr("Content-Type: text/html\r\nContent-Length: %lu\r\n",
                       static_cast<unsigned long>(body.GetCurrentOffset()));
    page.Put("Connection: close\r\n\r\n");
    page.Put(body.GetBufPtr(), body.GetCurrentOffset());

    (void)QTSS_Write(givenRequest, page.GetBufPtr(), page.GetCurrentOffset(), NULL, 0);
    (void)QTSS_SetValue(givenRequest, qtssRTSPReqRespMsg, 0, page.GetBufPtr(), page.GetCurrentOffset());
    return QTSS_RequestFailed;
}

void QTSSModuleUtils::SendDescribeResponse(QTSS_RTSPRequestObject givenRequest, QTSS_ClientSessionObject session,
                                           iovec* describeData, UInt32 numVectors, UInt32 totalLength) {
    AppendNumber(givenRequest, qtssContentLengthHeader, totalLength);
    (void)QTSS_SendStandardRTSPResponse(givenRequest, session, 0);
    (void)QTSS_WriteV(givenRequest, describeData, numVectors, totalLength, NULL);
}

char* QTSSModuleUtils::CoalesceVectors(iovec* vec, UInt32 numVectors, UInt32 totalLength) {
    if (totalLength == 0)
        return NULL;
    char* all = NEW char[totalLength];
    size_t used = 0;
    for (UInt32 i = 0; i < numVectors && used < totalLength; i++) {
        size_t part = vec[i].iov_len;
        if (part > totalLength - used)
            part = totalLength - used;
        if (part > 0)
            ::memcpy(all + used, vec[i].iov_base, part);
        used += part;
    }
    Assert(used == totalLength);
    return all;
}

QTSS_Error QTSSModuleUtils::AppendRTPMetaInfoHeader(QTSS_RTSPRequestObject givenRequest, StrPtrLen* rtpMetaInfoHeader,
                                                    RTPMetaInfoPacket::FieldID* fieldIDArray) {
    const UInt32 kNameLen = sizeof(RTPMetaInfoPacket::FieldName);
    ResizeableStringFormatter answer;
    bool wanted[RTPMetaInfoPacket::kNumFields] = {false};
    for (UInt32 at = 0; at + kNameLen <= rtpMetaInfoHeader->Len; at += kNameLen + 1) {
        const char* nameText = rtpMetaInfoHeader->Ptr + at;
        RTPMetaInfoPacket::FieldName name;
        ::memcpy(&name, nameText, kNameLen);
        RTPMetaInfoPacket::FieldIndex field = RTPMetaInfoPacket::GetFieldIndexForName(ntohs(name));
        if (field == RTPMetaInfoPacket::kIllegalField || fieldIDArray[field] == RTPMetaInfoPacket::kFieldNotUsed)
            continue;
        wanted[field] = true;
        if (answer.GetCurrentOffset() > 0)
            answer.PutChar(';');
        answer.Put(nameText, kNameLen);
        if (fieldIDArray[field] != RTPMetaInfoPacket::kUncompressed) {
            answer.PutChar('=');
            answer.Put(fieldIDArray[field]);
        }
    }
    for (UInt32 field = 0; field < RTPMetaInfoPacket::kNumFields; field++) {
        if (!wanted[field])
            fieldIDArray[field] = RTPMetaInfoPacket::kFieldNotUsed;
    }
    if (answer.GetCurrentOffset() == 0)
        return QTSS_ValueNotFound;
    return QTSS_AppendRTSPHeader(givenRequest, qtssXRTPMetaInfoHeader, answer.GetBufPtr(), answer.GetCurrentOffset());
}

// ---- Request and user ----

QTSS_ActionFlags QTSSModuleUtils::GetRequestActions(QTSS_RTSPRequestObject rtspRequest) {
    return ValueOf<QTSS_ActionFlags>(rtspRequest, qtssRTSPReqAction, qtssActionFlagsNoFlags);
}

char* QTSSModuleUtils::GetLocalPath_Copy(QTSS_RTSPRequestObject rtspRequest) {
    return CopyOf(rtspRequest, qtssRTSPReqLocalPath, 0);
}

char* QTSSModuleUtils::GetMoviesRootDir_Copy(QTSS_RTSPRequestObject rtspRequest) {
    return CopyOf(rtspRequest, qtssRTSPReqRootDir, 0);
}

QTSS_UserProfileObject QTSSModuleUtils::GetUserProfileObject(QTSS_RTSPRequestObject rtspRequest) {
    return ValueOf<QTSS_UserProfileObject>(rtspRequest, qtssRTSPReqUserProfile, NULL);
}

QTSS_AttrRights QTSSModuleUtils::GetRights(QTSS_UserProfileObject userProfileObject) {
    return ValueOf<QTSS_AttrRights>(userProfileObject, qtssUserRights, 0);
}

char* QTSSModuleUtils::GetExtendedRights(QTSS_UserProfileObject userProfileObject, UInt32 index) {
    return CopyOf(userProfileObject, qtssUserExtendedRights, index);
}

char* QTSSModuleUtils::GetUserName_Copy(QTSS_UserProfileObject userProfile) {
    return CopyOf(userProfile, qtssUserName, 0);
}

char** QTSSModuleUtils::GetGroupsArray_Copy(QTSS_UserProfileObject userProfile, UInt32* numGroupsPtr) {
    *numGroupsPtr = 0;
    UInt32 count = 0;
    if (userProfile == NULL || QTSS_GetNumValues(userProfile, qtssUserGroups, &count) != QTSS_NoErr || count == 0)
        return NULL;
    char** groups = NEW char*[count];
    for (UInt32 i = 0; i < count; i++)
        groups[i] = PointerTo(userProfile, qtssUserGroups, i).Ptr;
    *numGroupsPtr = count;
    return groups;
}

Bool16 QTSSModuleUtils::UserInGroup(QTSS_UserProfileObject userProfile, const char* groupName,
                                    UInt32 groupNameLen) {
    if (userProfile == NULL || groupName == NULL || groupNameLen == 0)
        return false;
    StrPtrLen user = PointerTo(userProfile, qtssUserName, 0);
    if (user.Len == 0 || user[0] == '\0')
        return false;
    const StrPtrLen wanted(groupName, groupNameLen);
    UInt32 count = 0;
    (void)QTSS_GetNumValues(userProfile, qtssUserGroups, &count);
    for (UInt32 i = 0; i < count; i++) {
        QTSSCharArrayDeleter group(CopyOf(userProfile, qtssUserGroups, i));
        if (wanted.Equal(group.GetObject()))
            return true;
    }
    return false;
}

QTSS_Error QTSSModuleUtils::AuthorizeRequest(QTSS_RTSPRequestObject rtspRequest, Bool16* allowed, Bool16* haveUser,
                                             Bool16* authContinue) {
    QTSS_Error error = SetFlag(rtspRequest, qtssRTSPReqUserAllowed, allowed);
    if (error == QTSS_NoErr)
        error = SetFlag(rtspRequest, qtssRTSPReqUserFound, haveUser);
    if (error == QTSS_NoErr)
        error = SetFlag(rtspRequest, qtssRTSPReqAuthHandled, authContinue);
    return error;
}

// ---- Lists in attributes ----

Bool16 QTSSModuleUtils::AddressInList(QTSS_Object givenObject, QTSS_AttributeID listID, StrPtrLen* addressPtr) {
    IPComponentStr address(addressPtr);
    if (!address.Valid())
        return false;
    UInt32 count = 0;
    (void)QTSS_GetNumValues(givenObject, listID, &count);
    for (UInt32 i = 0; i < count; i++) {
        QTSSCharArrayDeleter text(CopyOf(givenObject, listID, i));
        IPComponentStr listed(text.GetObject());
        if (listed.Equal(&address))
            return true;
    }
    return false;
}

Bool16 QTSSModuleUtils::FindStringInAttributeList(QTSS_Object givenObject, QTSS_AttributeID listID, StrPtrLen* strPtr) {
    if (strPtr == NULL || strPtr->Ptr == NULL || strPtr->Len == 0)
        return false;
    UInt32 count = 0;
    (void)QTSS_GetNumValues(givenObject, listID, &count);
    for (UInt32 i = 0; i < count; i++) {
        QTSSCharArrayDeleter copy(CopyOf(givenObject, listID, i));
        StrPtrLen text(copy.GetObject());
        if (text.Ptr == NULL)
            return false;
        if (text.Equal("*") || strPtr->FindString(text) != NULL)
            return true;
    }
    return false;
}

Bool16 QTSSModuleUtils::HavePlayerProfile(QTSS_PrefsObject prefObjectToCheck, QTSS_StandardRTSP_Params* params,
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
    QTSSCharArrayDeleter copy(CopyOf(params->inClientSession, qtssCliSesFirstUserAgent, 0));
    StrPtrLen userAgent(copy.GetObject());
    return FindStringInAttributeList(prefObjectToCheck, list, &userAgent);
}

// ---- Addresses ----

IPComponentStr IPComponentStr::localIPCompStr_("127.0.0.*");

IPComponentStr::IPComponentStr(const char* oneAddress) : isValid_(false) {
    StrPtrLen text(oneAddress);
    (void)Set(&text);
}

IPComponentStr::IPComponentStr(StrPtrLen* sourceStrPtr) : isValid_(false) { (void)Set(sourceStrPtr); }

Bool16 IPComponentStr::Set(StrPtrLen* addressStrPtr) {
    StringParser parser(addressStrPtr);
    int count = 0;
    while (count < kNumComponents) {
        StrPtrLen part;
        (void)parser.GetThru(&part, '.');
        if (part.Len == 0)
            break;
        addressComponent_[count++] = part;
    }
    bool openEnd = count > 0 && parser.GetDataRemaining() == 0 && addressComponent_[count - 1].Equal("*");
    while (openEnd && count < kNumComponents) {
        addressComponent_[count] = addressComponent_[count - 1];
        count++;
    }
    isValid_ = count == kNumComponents;
    return isValid_;
}

Bool16 IPComponentStr::Equal(IPComponentStr* testAddressPtr) {
    if (testAddressPtr == NULL || !this->Valid() || !testAddressPtr->Valid())
        return false;
    for (int i = 0; i < kNumComponents; i++) {
        const StrPtrLen& mine = addressComponent_[i];
        const StrPtrLen& other = testAddressPtr->addressComponent_[i];
        if (!mine.Equal("*") && !other.Equal("*") && !mine.Equal(other))
            return false;
    }
    return true;
}

Bool16 IPComponentStr::IsLocal() { return this->Equal(&localIPCompStr_); }
