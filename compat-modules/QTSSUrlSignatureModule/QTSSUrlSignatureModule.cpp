// SPDX-License-Identifier: MIT OR Apache-2.0
// Lets a client see a movie if the URL is signed: rtsp://host/path?expires=SECONDS&sig=HEX, where sig is the
// HMAC-MD5 (RFC 2104) of "path|expires" or, bound to one client, of "path|expires|address".
//
// The lesson: an Authorize role that refuses by itself, what was allowed kept in an attribute of the
// connection, and preferences that are read again while the server runs.

#include <string>
#include "OS.h"
#include "OSMutex.h"
#include "QTSS.h"
#include "QTSSMemoryDeleter.h"
#include "QTSSModuleUtils.h"
#include "QueryParamList.h"
#include "md5.h"
#include "md5digest.h"

extern "C" {
EXPORT QTSS_Error QTSSUrlSignatureModule_Main(void* inPrivateArgs);
}

namespace {

char sGrantedName[] = "QTSSUrlSignatureModuleGranted";
QTSS_AttributeID sGrantedID = static_cast<QTSS_AttributeID>(qtssIllegalAttrID);
QTSS_ModulePrefsObject sPrefs = NULL;

// Read by requests while RereadPrefs writes.
struct Settings {
    Settings() : enabled(false), bindToAddress(false) {}
    bool enabled;
    bool bindToAddress;
    std::string secret;
    std::string folder; // paths that start like this need a signature
};
Settings sSettings;
OSMutex sSettingsMutex;

std::string TextPref(const char* name, const char* standard) {
    QTSSCharArrayDeleter value(QTSSModuleUtils::GetStringAttribute(sPrefs, name, standard));
    return value.GetObject();
}

bool FlagPref(const char* name) {
    Bool16 value = false;
    const Bool16 standard = false;
    QTSSModuleUtils::GetAttribute(sPrefs, name, qtssAttrDataTypeBool16, &value, &standard, sizeof(value));
    return value != 0;
}

void ReadPrefs() {
    Settings fresh;
    fresh.enabled = FlagPref("enabled");
    fresh.bindToAddress = FlagPref("bind_to_address");
    fresh.secret = TextPref("secret", "");
    fresh.folder = TextPref("protected_folder", "/");
    QTSSCharArrayDeleter added(QTSSModuleUtils::GetStringAttribute(sPrefs, "trusted_address", "127.0.0.1"));
    OSMutexLocker locker(&sSettingsMutex);
    sSettings = fresh;
}

std::string Text(QTSS_Object object, QTSS_AttributeID id) {
    char* text = NULL;
    (void)QTSS_GetValueAsString(object, id, 0, &text);
    QTSSCharArrayDeleter deleter(text);
    return text == NULL ? std::string() : std::string(text);
}

// HMAC-MD5 in hex.
std::string Signature(const std::string& key, const std::string& text) {
    const size_t kBlock = 64;
    unsigned char digest[kHashLen];
    MD5_CTX context;
    std::string block(key);
    if (block.size() > kBlock) {
        MD5_Init(&context);
        MD5_Update(&context, reinterpret_cast<const unsigned char*>(key.data()), static_cast<unsigned int>(key.size()));
        MD5_Final(digest, &context);
        block.assign(reinterpret_cast<char*>(digest), kHashLen);
    }
    block.resize(kBlock, '\0');
    std::string inner(block), outer(block);
    for (size_t i = 0; i < kBlock; i++) {
        inner[i] = static_cast<char>(inner[i] ^ 0x36);
        outer[i] = static_cast<char>(outer[i] ^ 0x5c);
    }
    inner += text;
    MD5_Init(&context);
    MD5_Update(&context, reinterpret_cast<const unsigned char*>(inner.data()), static_cast<unsigned int>(inner.size()));
    MD5_Final(digest, &context);
    MD5_Init(&context);
    MD5_Update(&context, reinterpret_cast<const unsigned char*>(outer.data()), kBlock);
    MD5_Update(&context, digest, kHashLen);
    MD5_Final(digest, &context);
    StrPtrLenDel hex;
    HashToString(digest, &hex);
    return hex.Ptr;
}

// Takes as long for a wrong text as for the right one.
bool SameSecretText(const std::string& a, const std::string& b) {
    unsigned char difference = a.size() == b.size() ? 0 : 1;
    for (size_t i = 0; i < a.size() && i < b.size(); i++)
        difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
    return difference == 0;
}

bool IsSigned(const Settings& settings, const std::string& path, const std::string& query, const std::string& address) {
    QueryParamList parameters(query.c_str());
    const char* expires = parameters.DoFindCGIValueForParam("expires");
    const char* signature = parameters.DoFindCGIValueForParam("sig");
    if (settings.secret.empty() || expires == NULL || signature == NULL)
        return false;
    if (::strtoll(expires, NULL, 10) < static_cast<long long>(OS::UnixTime_Secs()))
        return false;
    std::string text = path + "|" + expires;
    if (settings.bindToAddress)
        text += "|" + address;
    return SameSecretText(signature, Signature(settings.secret, text));
}

bool StartsWith(const std::string& text, const std::string& start) { return text.compare(0, start.size(), start) == 0; }

QTSS_Error Authorize(QTSS_StandardRTSP_Params* params) {
    if (params->inRTSPSession == NULL)
        return QTSS_NoErr; // another module asks about its own request
    Settings settings;
    {
        OSMutexLocker locker(&sSettingsMutex);
        settings = sSettings;
    }
    const std::string path = Text(params->inRTSPRequest, qtssRTSPReqFilePath);
    if (!settings.enabled || !StartsWith(path, settings.folder))
        return QTSS_NoErr;

    // A SETUP comes without the query; it is about a track of what the DESCRIBE was allowed.
    const std::string granted = Text(params->inRTSPSession, sGrantedID);
    if (!granted.empty() && (path == granted || StartsWith(path, granted + "/")))
        return QTSS_NoErr;

    std::string address = Text(params->inRTSPSession, qtssRTSPSesRemoteAddrStr);
    StrPtrLen addressText(address.c_str());
    QTSS_AttributeID trusted = QTSSModuleUtils::GetAttrID(sPrefs, "trusted_address");
    if (QTSSModuleUtils::AddressInList(sPrefs, trusted, &addressText))
        return QTSS_NoErr;

    if (IsSigned(settings, path, Text(params->inRTSPRequest, qtssRTSPReqQueryString), address))
        return QTSS_SetValue(params->inRTSPSession, sGrantedID, 0, path.data(), static_cast<UInt32>(path.size()));
    // Clearing qtssRTSPReqUserAllowed would ask the client for a password. This refuses for good.
    return QTSSModuleUtils::SendErrorResponse(params->inRTSPRequest, qtssClientForbidden, qtssMsgNoMessage);
}

QTSS_Error Register() {
    (void)QTSS_AddRole(QTSS_RTSPAuthorize_Role);
    (void)QTSS_AddRole(QTSS_RereadPrefs_Role);
    (void)QTSS_AddRole(QTSS_Initialize_Role);
    (void)QTSS_AddStaticAttribute(qtssRTSPSessionObjectType, sGrantedName, NULL, qtssAttrDataTypeCharArray);
    return QTSS_IDForAttr(qtssRTSPSessionObjectType, sGrantedName, &sGrantedID);
}

QTSS_Error Initialize(QTSS_Initialize_Params* params) {
    QTSSModuleUtils::Initialize(params->inMessages, params->inServer, params->inErrorLogStream);
    sPrefs = QTSSModuleUtils::GetModulePrefsObject(params->inModule);
    ReadPrefs();
    return QTSS_NoErr;
}

QTSS_Error Dispatch(QTSS_Role role, QTSS_RoleParamPtr params) {
    switch (role) {
    case QTSS_Register_Role: return Register();
    case QTSS_Initialize_Role: return Initialize(&params->initParams);
    case QTSS_RereadPrefs_Role: ReadPrefs(); return QTSS_NoErr;
    case QTSS_RTSPAuthorize_Role: return Authorize(&params->rtspAuthParams);
    default: return QTSS_NoErr;
    }
}

} // namespace

QTSS_Error QTSSUrlSignatureModule_Main(void* inPrivateArgs) { return _stublibrary_main(inPrivateArgs, Dispatch); }
