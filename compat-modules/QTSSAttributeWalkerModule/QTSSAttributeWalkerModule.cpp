// SPDX-License-Identifier: MIT OR Apache-2.0
// Shows all attributes of the server, and of each client session, as text: http://127.0.0.1:554/attributes,
// for this machine only, if the preference `enabled` is true.
//
// The lesson: the server describes itself. Names, types and values of attributes are found at run time, the
// values as text, also those that other modules have added.

#include <string>
#include "OSMutex.h"
#include "QTSS.h"
#include "QTSSMemoryDeleter.h"
#include "QTSSModuleUtils.h"
#include "ResizeableStringFormatter.h"

extern "C" {
EXPORT QTSS_Error QTSSAttributeWalkerModule_Main(void* inPrivateArgs);
}

namespace {

const UInt32 kMaxValues = 1000; // of one attribute; the rest is left out

QTSS_ServerObject sServer = NULL;
QTSS_ModulePrefsObject sPrefs = NULL;
OSMutex sMutex; // for what requests read while RereadPrefs writes
Bool16 sEnabled = false;

void ReadPrefs() {
    Bool16 enabled = false;
    const Bool16 standard = false;
    QTSSModuleUtils::GetAttribute(sPrefs, "enabled", qtssAttrDataTypeBool16, &enabled, &standard, sizeof(enabled));
    OSMutexLocker locker(&sMutex);
    sEnabled = enabled;
}

bool IsEnabled() {
    OSMutexLocker locker(&sMutex);
    return sEnabled != 0;
}

template <class T>
T ValueOf(QTSS_Object object, QTSS_AttributeID id, T otherwise) {
    T value = otherwise;
    UInt32 length = sizeof(value);
    return QTSS_GetValue(object, id, 0, &value, &length) == QTSS_NoErr ? value : otherwise;
}

std::string Text(QTSS_Object object, QTSS_AttributeID id, UInt32 index) {
    char* text = NULL;
    (void)QTSS_GetValueAsString(object, id, index, &text);
    QTSSCharArrayDeleter deleter(text);
    return text == NULL ? std::string() : std::string(text);
}

// Handles and pointers mean nothing outside.
bool IsShown(QTSS_AttrDataType type) { return type != qtssAttrDataTypeQTSS_Object && type != qtssAttrDataTypeVoidPointer; }

void PutObject(ResizeableStringFormatter* out, QTSS_Object object, const char* indent) {
    UInt32 count = 0;
    (void)QTSS_GetNumAttributes(object, &count);
    for (UInt32 i = 0; i < count; i++) {
        QTSS_AttrInfoObject info = NULL;
        if (QTSS_GetAttrInfoByIndex(object, i, &info) != QTSS_NoErr)
            continue;
        QTSS_AttributeID id = ValueOf<QTSS_AttributeID>(info, qtssAttrID, 0);
        QTSS_AttrDataType type = ValueOf<QTSS_AttrDataType>(info, qtssAttrDataType, qtssAttrDataTypeUnknown);
        char* typeName = NULL;
        (void)QTSS_TypeToTypeString(type, &typeName); // the server's own text
        out->PutFmtStr("%s%s (%s)", indent, Text(info, qtssAttrName, 0).c_str(), typeName == NULL ? "?" : typeName);
        UInt32 values = 0;
        (void)QTSS_GetNumValues(object, id, &values);
        if (values == 0 && !Text(object, id, 0).empty())
            values = 1; // worked out by the server when asked for, and not counted
        for (UInt32 at = 0; IsShown(type) && at < values && at < kMaxValues; at++)
            out->PutFmtStr("%s%s", at == 0 ? " = " : ", ", Text(object, id, at).c_str());
        out->PutEOL();
    }
}

// Sessions come and go; while the server object is locked, the list does not change.
void PutSessions(ResizeableStringFormatter* out) {
    (void)QTSS_LockObject(sServer);
    for (UInt32 i = 0; i < kMaxValues; i++) {
        QTSS_ClientSessionObject session = NULL;
        UInt32 length = sizeof(session);
        if (QTSS_GetValue(sServer, qtssSvrClientSessions, i, &session, &length) != QTSS_NoErr || session == NULL)
            break;
        out->PutFmtStr("\r\nclient session %lu\r\n", static_cast<unsigned long>(i));
        PutObject(out, session, "  ");
    }
    (void)QTSS_UnlockObject(sServer);
}

QTSS_Error Filter(QTSS_Filter_Params* params) {
    const StrPtrLen kRequest("GET /attributes ");
    void* text = NULL;
    StrPtrLen request;
    if (!IsEnabled() || QTSS_GetValuePtr(params->inRTSPRequest, qtssRTSPReqFullRequest, 0, &text, &request.Len) != QTSS_NoErr)
        return QTSS_NoErr;
    request.Ptr = static_cast<char*>(text);
    if (request.Len < kRequest.Len || !StrPtrLen(request.Ptr, kRequest.Len).Equal(kRequest))
        return QTSS_NoErr;
    const std::string address = Text(params->inRTSPSession, qtssRTSPSesRemoteAddrStr, 0);
    if (!IPComponentStr(address.c_str()).IsLocal())
        return QTSSModuleUtils::SendHTTPErrorResponse(params->inRTSPRequest, qtssClientForbidden, true, NULL);

    ResizeableStringFormatter body;
    PutObject(&body, sServer, "");
    PutSessions(&body);
    ResizeableStringFormatter answer;
    answer.PutFmtStr("HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: %lu\r\n\r\n",
                     static_cast<unsigned long>(body.GetCurrentOffset()));
    answer.Put(body.GetBufPtr(), body.GetCurrentOffset());
    const Bool16 no = false;
    (void)QTSS_SetValue(params->inRTSPRequest, qtssRTSPReqRespKeepAlive, 0, &no, sizeof(no));
    return QTSS_Write(params->inRTSPRequest, answer.GetBufPtr(), answer.GetCurrentOffset(), NULL, qtssWriteFlagsNoFlags);
}

QTSS_Error Dispatch(QTSS_Role role, QTSS_RoleParamPtr params) {
    switch (role) {
    case QTSS_Register_Role:
        (void)QTSS_AddRole(QTSS_RTSPFilter_Role);
        (void)QTSS_AddRole(QTSS_RereadPrefs_Role);
        (void)QTSS_AddRole(QTSS_Initialize_Role);
        return QTSS_NoErr;
    case QTSS_Initialize_Role:
        QTSSModuleUtils::Initialize(params->initParams.inMessages, params->initParams.inServer,
                                    params->initParams.inErrorLogStream);
        sServer = params->initParams.inServer;
        sPrefs = QTSSModuleUtils::GetModulePrefsObject(params->initParams.inModule);
        ReadPrefs();
        return QTSS_NoErr;
    case QTSS_RereadPrefs_Role: ReadPrefs(); return QTSS_NoErr;
    case QTSS_RTSPFilter_Role: return Filter(&params->rtspFilterParams);
    default: return QTSS_NoErr;
    }
}

} // namespace

QTSS_Error QTSSAttributeWalkerModule_Main(void* inPrivateArgs) { return _stublibrary_main(inPrivateArgs, Dispatch); }
