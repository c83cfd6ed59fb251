// SPDX-License-Identifier: MIT OR Apache-2.0
// Serves rtsp://host/~user/movie from a folder of the user's, and keeps each user's audience within bounds.
//
// The lesson: a Route role that changes where a request looks for its file, and a table of client sessions
// that ClientSessionClosing keeps true.

#include <map>
#include <set>
#include <string>
#include "OSMutex.h"
#include "QTSS.h"
#include "QTSSMemoryDeleter.h"
#include "QTSSModuleUtils.h"

extern "C" {
EXPORT QTSS_Error QTSSHomeFolderModule_Main(void* inPrivateArgs);
}

namespace {

typedef std::set<QTSS_ClientSessionObject> Sessions;

QTSS_ModulePrefsObject sPrefs = NULL;
OSMutex sMutex; // for all that follows
std::map<std::string, Sessions> sAudience;
bool sEnabled = false;
UInt32 sMaxSessions = 0;  // for one user; 0: any number
UInt32 sMaxKilobits = 0;  // a second, for one user; 0: any rate
std::string sUsersFolder; // "/home"
std::string sSubfolder;   // "Streaming"

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
    OSMutexLocker locker(&sMutex);
    sEnabled = Pref("enabled", qtssAttrDataTypeBool16, Bool16(false)) != 0;
    sMaxSessions = Pref("max_num_conns_per_home_directory", qtssAttrDataTypeUInt32, UInt32(0));
    sMaxKilobits = Pref("max_bandwidth_kbps_per_home_directory", qtssAttrDataTypeUInt32, UInt32(0));
    sUsersFolder = TextPref("users_folder", "/home");
    sSubfolder = TextPref("subfolder", "Streaming");
}

// A name that stays inside the users' folder.
bool IsUserName(const std::string& name) {
    const char* const kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return !name.empty() && name[0] != '.' && name.find_first_not_of(kAllowed) == std::string::npos;
}

UInt32 KilobitsOf(const Sessions& sessions) {
    UInt64 bits = 0;
    for (Sessions::const_iterator at = sessions.begin(); at != sessions.end(); ++at) {
        UInt32 rate = 0, length = sizeof(rate);
        if (QTSS_GetValue(*at, qtssCliSesCurrentBitRate, 0, &rate, &length) == QTSS_NoErr)
            bits += rate;
    }
    return static_cast<UInt32>(bits / 1000);
}

// Counts a session for its user, once. False if the user may have no more.
bool Admit(const std::string& user, QTSS_ClientSessionObject session) {
    Sessions& sessions = sAudience[user];
    if (sessions.count(session) != 0)
        return true;
    bool full = (sMaxSessions != 0 && sessions.size() >= sMaxSessions) ||
                (sMaxKilobits != 0 && KilobitsOf(sessions) >= sMaxKilobits);
    if (!full)
        sessions.insert(session);
    return !full;
}

QTSS_Error SetText(QTSS_Object object, QTSS_AttributeID id, const std::string& text) {
    return QTSS_SetValue(object, id, 0, text.data(), static_cast<UInt32>(text.size()));
}

QTSS_Error Route(QTSS_StandardRTSP_Params* params) {
    char* text = NULL;
    (void)QTSS_GetValueAsString(params->inRTSPRequest, qtssRTSPReqFilePath, 0, &text);
    QTSSCharArrayDeleter deleter(text);
    const std::string path = text == NULL ? "" : text;
    if (path.compare(0, 2, "/~") != 0)
        return QTSS_NoErr;
    const size_t slash = path.find('/', 2);
    const std::string user = path.substr(2, slash == std::string::npos ? slash : slash - 2);

    OSMutexLocker locker(&sMutex);
    if (!sEnabled)
        return QTSS_NoErr;
    if (!IsUserName(user) || slash == std::string::npos)
        return QTSSModuleUtils::SendErrorResponse(params->inRTSPRequest, qtssClientNotFound, qtssMsgNoMessage);

    QTSS_RTSPMethod method = qtssIllegalMethod;
    UInt32 length = sizeof(method);
    (void)QTSS_GetValue(params->inRTSPRequest, qtssRTSPReqMethod, 0, &method, &length);
    bool counts = method == qtssSetupMethod && params->inClientSession != NULL;
    if (counts && !Admit(user, params->inClientSession))
        return QTSSModuleUtils::SendErrorResponse(params->inRTSPRequest, qtssClientNotEnoughBandwidth, qtssMsgNoMessage);

    QTSS_Error error = SetText(params->inRTSPRequest, qtssRTSPReqRootDir, sUsersFolder + "/" + user + "/" + sSubfolder);
    if (error == QTSS_NoErr)
        error = SetText(params->inRTSPRequest, qtssRTSPReqFilePath, path.substr(slash));
    return error;
}

void Forget(QTSS_ClientSessionObject session) {
    OSMutexLocker locker(&sMutex);
    std::map<std::string, Sessions>::iterator at = sAudience.begin();
    while (at != sAudience.end()) {
        at->second.erase(session);
        if (at->second.empty())
            sAudience.erase(at++);
        else
            ++at;
    }
}

QTSS_Error Initialize(QTSS_Initialize_Params* params) {
    QTSSModuleUtils::Initialize(params->inMessages, params->inServer, params->inErrorLogStream);
    sPrefs = QTSSModuleUtils::GetModulePrefsObject(params->inModule);
    ReadPrefs();
    return QTSS_NoErr;
}

QTSS_Error Dispatch(QTSS_Role role, QTSS_RoleParamPtr params) {
    switch (role) {
    case QTSS_Register_Role:
        (void)QTSS_AddRole(QTSS_ClientSessionClosing_Role);
        (void)QTSS_AddRole(QTSS_RTSPRoute_Role);
        (void)QTSS_AddRole(QTSS_RereadPrefs_Role);
        (void)QTSS_AddRole(QTSS_Initialize_Role);
        return QTSS_NoErr;
    case QTSS_Initialize_Role: return Initialize(&params->initParams);
    case QTSS_RereadPrefs_Role: ReadPrefs(); return QTSS_NoErr;
    case QTSS_RTSPRoute_Role: return Route(&params->rtspRouteParams);
    case QTSS_ClientSessionClosing_Role: Forget(params->clientSessionClosingParams.inClientSession); return QTSS_NoErr;
    default: return QTSS_NoErr;
    }
}

} // namespace

QTSS_Error QTSSHomeFolderModule_Main(void* inPrivateArgs) { return _stublibrary_main(inPrivateArgs, Dispatch); }
