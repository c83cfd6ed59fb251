// SPDX-License-Identifier: MIT OR Apache-2.0
// Asks a web server who may see what: "GET <path>?url=...&client=...", and 200 is yes. Preferences say where
// (an IPv4 address and a port; port 0 asks nobody), how long to wait, and what silence means.
//
// The lesson: waiting without holding a thread. The module's own socket becomes a stream; the role asks for
// an event on it, or for a while to pass, returns, and is called again. Wake-ups come without reason too, so
// each call just tries to go on.

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include "OS.h"
#include "OSMutex.h"
#include "QTSS.h"
#include "QTSSMemoryDeleter.h"
#include "QTSSModuleUtils.h"
#include "SocketUtils.h"
#include "StringTranslator.h"

extern "C" {
EXPORT QTSS_Error QTSSHttpCallbackModule_Main(void* inPrivateArgs);
}

namespace {

char sCallName[] = "QTSSHttpCallbackModuleCall";
char sAllowedName[] = "QTSSHttpCallbackModuleAllowed";
QTSS_AttributeID sCallID = static_cast<QTSS_AttributeID>(qtssIllegalAttrID);    // of the connection
QTSS_AttributeID sAllowedID = static_cast<QTSS_AttributeID>(qtssIllegalAttrID); // of the client session
QTSS_ModulePrefsObject sPrefs = NULL;

struct Settings {
    Settings() : address(0), port(0), timeout(0), allowOnFailure(false) {}
    UInt32 address;
    UInt16 port;
    UInt32 timeout; // ms
    bool allowOnFailure;
    std::string host;
    std::string path;
};
Settings sSettings;
OSMutex sSettingsMutex;

template <class T>
T Pref(const char* name, QTSS_AttrDataType type, T standard) {
    T value = standard;
    QTSSModuleUtils::GetAttribute(sPrefs, name, type, &value, &standard, sizeof(value));
    return value;
}

std::string TextPref(const char* name, const char* standard) {
    QTSSCharArrayDeleter value(QTSSModuleUtils::GetStringAttribute(sPrefs, name, standard));
    return value.GetObject();
}

void ReadPrefs() {
    Settings fresh;
    fresh.host = TextPref("callback_address", "127.0.0.1");
    fresh.address = SocketUtils::ConvertStringToAddr(fresh.host.c_str());
    fresh.port = Pref("callback_port", qtssAttrDataTypeUInt16, UInt16(0));
    fresh.path = TextPref("callback_path", "/authorize");
    fresh.timeout = Pref("timeout_msec", qtssAttrDataTypeUInt32, UInt32(3000));
    fresh.allowOnFailure = Pref("allow_on_failure", qtssAttrDataTypeBool16, Bool16(false)) != 0;
    OSMutexLocker locker(&sSettingsMutex);
    sSettings = fresh;
}

// One question on its way.
class Call {
public:
    enum Result { kWaiting, kYes, kNo, kFailed };

    Call(const Settings& settings, const std::string& request)
        : fSettings(settings), fRequest(request), fSocket(-1), fStream(NULL), fSent(0),
          fDeadline(OS::Milliseconds() + settings.timeout) {}
    // The stream owns the socket.
    ~Call() {
        if (fStream != NULL)
            (void)QTSS_DestroySocketStream(fStream);
    }

    bool AllowsOnFailure() const { return fSettings.allowOnFailure; }
    Result GoOn() {
        if (fStream == NULL && !Connect())
            return kFailed;
        Result result = fSent < fRequest.size() ? Send() : Receive();
        SInt64 left = fDeadline - OS::Milliseconds();
        if (result != kWaiting)
            return result;
        if (left <= 0)
            return kFailed;
        (void)QTSS_RequestEvent(fStream, fSent < fRequest.size() ? QTSS_WriteableEvent : QTSS_ReadableEvent);
        (void)QTSS_SetIdleTimer(left);
        return kWaiting;
    }

private:
    Call(const Call&);
    Call& operator=(const Call&);

    bool Connect() {
        fSocket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fSocket < 0)
            return false;
        if (QTSS_CreateStreamFromSocket(fSocket, &fStream) != QTSS_NoErr) {
            (void)::close(fSocket);
            fStream = NULL;
            return false;
        }
        struct sockaddr_in address;
        ::memset(&address, 0, sizeof(address));
        address.sin_family = AF_INET;
        address.sin_port = htons(fSettings.port);
        address.sin_addr.s_addr = htonl(fSettings.address);
        int result = ::connect(fSocket, reinterpret_cast<struct sockaddr*>(&address), sizeof(address));
        return result == 0 || errno == EINPROGRESS;
    }

    static bool NotYet() { return errno == EAGAIN || errno == EINTR || errno == ENOTCONN; }

    // Before the connection stands, sending fails with EAGAIN or ENOTCONN.
    Result Send() {
        while (fSent < fRequest.size()) {
            ssize_t count = ::send(fSocket, fRequest.data() + fSent, fRequest.size() - fSent, MSG_NOSIGNAL);
            if (count < 0)
                return NotYet() ? kWaiting : kFailed;
            fSent += static_cast<size_t>(count);
        }
        return Receive();
    }

    // Only the status line counts.
    Result Receive() {
        const size_t kLongest = 4096;
        for (;;) {
            char data[512];
            ssize_t count = ::recv(fSocket, data, sizeof(data), 0);
            if (count < 0)
                return NotYet() ? kWaiting : kFailed;
            fAnswer.append(data, static_cast<size_t>(count));
            size_t end = fAnswer.find('\n');
            if (end != std::string::npos) {
                size_t blank = fAnswer.find(' ');
                bool http = fAnswer.compare(0, 5, "HTTP/") == 0 && blank < end;
                if (!http)
                    return kFailed;
                return fAnswer.compare(blank + 1, 3, "200") == 0 ? kYes : kNo;
            }
            if (count == 0 || fAnswer.size() > kLongest)
                return kFailed;
        }
    }

    Settings fSettings;
    std::string fRequest;
    std::string fAnswer;
    int fSocket;
    QTSS_SocketStream fStream;
    size_t fSent;
    SInt64 fDeadline;
};

std::string Text(QTSS_Object object, QTSS_AttributeID id) {
    char* text = NULL;
    (void)QTSS_GetValueAsString(object, id, 0, &text);
    QTSSCharArrayDeleter deleter(text);
    return text == NULL ? std::string() : std::string(text);
}

std::string Encoded(const std::string& text) {
    std::string out(text.size() * 3 + 1, '\0');
    SInt32 length = StringTranslator::EncodeURL(text.data(), static_cast<SInt32>(text.size()), &out[0],
                                                static_cast<SInt32>(out.size()));
    out.resize(length < 0 ? 0 : static_cast<size_t>(length));
    return out;
}

Call* CallOf(QTSS_RTSPSessionObject session) {
    Call* call = NULL;
    UInt32 length = sizeof(call);
    return QTSS_GetValue(session, sCallID, 0, &call, &length) == QTSS_NoErr ? call : NULL;
}

void SetCall(QTSS_RTSPSessionObject session, Call* call) { (void)QTSS_SetValue(session, sCallID, 0, &call, sizeof(call)); }

void EndCall(QTSS_RTSPSessionObject session) {
    delete CallOf(session);
    SetCall(session, NULL);
}

Call* NewCall(const Settings& settings, QTSS_StandardRTSP_Params* params) {
    std::string request = "GET " + settings.path + "?url=";
    request += Encoded(Text(params->inRTSPRequest, qtssRTSPReqAbsoluteURL));
    request += "&client=" + Encoded(Text(params->inRTSPSession, qtssRTSPSesRemoteAddrStr));
    request += " HTTP/1.0\r\nHost: " + settings.host + "\r\n\r\n";
    return new Call(settings, request);
}

QTSS_Error Authorize(QTSS_StandardRTSP_Params* params) {
    if (params->inRTSPSession == NULL || params->inClientSession == NULL)
        return QTSS_NoErr;
    Call* call = CallOf(params->inRTSPSession);
    if (call == NULL) {
        Settings settings;
        {
            OSMutexLocker locker(&sSettingsMutex);
            settings = sSettings;
        }
        Bool16 allowed = false;
        UInt32 length = sizeof(allowed);
        (void)QTSS_GetValue(params->inClientSession, sAllowedID, 0, &allowed, &length);
        if (settings.port == 0 || allowed)
            return QTSS_NoErr;
        call = NewCall(settings, params);
        SetCall(params->inRTSPSession, call);
    }
    Call::Result result = call->GoOn();
    if (result == Call::kWaiting)
        return QTSS_NoErr;
    const Bool16 yes = result == Call::kYes || (result == Call::kFailed && call->AllowsOnFailure());
    EndCall(params->inRTSPSession);
    if (yes)
        return QTSS_SetValue(params->inClientSession, sAllowedID, 0, &yes, sizeof(yes));
    return QTSSModuleUtils::SendErrorResponse(params->inRTSPRequest, qtssClientForbidden, qtssMsgNoMessage);
}

QTSS_Error Register() {
    (void)QTSS_AddRole(QTSS_RTSPSessionClosing_Role);
    (void)QTSS_AddRole(QTSS_RTSPAuthorize_Role);
    (void)QTSS_AddRole(QTSS_RereadPrefs_Role);
    (void)QTSS_AddRole(QTSS_Initialize_Role);
    (void)QTSS_AddStaticAttribute(qtssRTSPSessionObjectType, sCallName, NULL, qtssAttrDataTypeVoidPointer);
    (void)QTSS_AddStaticAttribute(qtssClientSessionObjectType, sAllowedName, NULL, qtssAttrDataTypeBool16);
    QTSS_Error error = QTSS_IDForAttr(qtssRTSPSessionObjectType, sCallName, &sCallID);
    return error != QTSS_NoErr ? error : QTSS_IDForAttr(qtssClientSessionObjectType, sAllowedName, &sAllowedID);
}

QTSS_Error Dispatch(QTSS_Role role, QTSS_RoleParamPtr params) {
    switch (role) {
    case QTSS_Register_Role: return Register();
    case QTSS_Initialize_Role:
        QTSSModuleUtils::Initialize(params->initParams.inMessages, params->initParams.inServer,
                                    params->initParams.inErrorLogStream);
        sPrefs = QTSSModuleUtils::GetModulePrefsObject(params->initParams.inModule);
        ReadPrefs();
        return QTSS_NoErr;
    case QTSS_RereadPrefs_Role: ReadPrefs(); return QTSS_NoErr;
    case QTSS_RTSPAuthorize_Role: return Authorize(&params->rtspAuthParams);
    // The client may be gone before the answer comes.
    case QTSS_RTSPSessionClosing_Role: EndCall(params->rtspSessionClosingParams.inRTSPSession); return QTSS_NoErr;
    default: return QTSS_NoErr;
    }
}

} // namespace

QTSS_Error QTSSHttpCallbackModule_Main(void* inPrivateArgs) { return _stublibrary_main(inPrivateArgs, Dispatch); }
