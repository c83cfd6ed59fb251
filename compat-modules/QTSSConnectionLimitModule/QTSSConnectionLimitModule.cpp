// SPDX-License-Identifier: MIT OR Apache-2.0
// Keeps one address from taking all connections: from the preference num_conns_per_ip_addr on (0: no limit)
// further ones are refused.
//
// The lesson: counting connections. Each is counted once, marked by an attribute, and taken off in
// RTSPSessionClosing; the table is the SDK's.

#include "OSHashTable.h"
#include "OSMutex.h"
#include "QTSS.h"
#include "QTSSModuleUtils.h"

extern "C" {
EXPORT QTSS_Error QTSSConnectionLimitModule_Main(void* inPrivateArgs);
}

namespace {

// The connections of one address.
class Client {
public:
    explicit Client(UInt32 address) : fAddress(address), fConnections(0), fNextHashEntry(NULL) {}
    UInt32 fAddress;
    UInt32 fConnections;
    Client* fNextHashEntry;
};

class ClientKey {
public:
    explicit ClientKey(UInt32 address) : fAddress(address) {}
    explicit ClientKey(Client* client) : fAddress(client->fAddress) {}
    UInt32 GetHashKey() { return fAddress; }
    friend bool operator==(const ClientKey& a, const ClientKey& b) { return a.fAddress == b.fAddress; }

private:
    UInt32 fAddress;
};

const UInt32 kTableSize = 577;

char sCountedName[] = "QTSSConnectionLimitModuleCounted";
QTSS_AttributeID sCountedID = static_cast<QTSS_AttributeID>(qtssIllegalAttrID);
QTSS_ModulePrefsObject sPrefs = NULL;
OSMutex sMutex; // for all that follows
UInt32 sLimit = 0;

// Made on first use: a table without constructor at load time.
OSHashTable<Client, ClientKey>& Clients() {
    static OSHashTable<Client, ClientKey>* sClients = new OSHashTable<Client, ClientKey>(kTableSize);
    return *sClients;
}

void ReadPrefs() {
    UInt32 limit = 0;
    const UInt32 standard = 0;
    QTSSModuleUtils::GetAttribute(sPrefs, "num_conns_per_ip_addr", qtssAttrDataTypeUInt32, &limit, &standard,
                                  sizeof(limit));
    OSMutexLocker locker(&sMutex);
    sLimit = limit;
}

template <class T>
T ValueOf(QTSS_Object object, QTSS_AttributeID id) {
    T value = T();
    UInt32 length = sizeof(value);
    (void)QTSS_GetValue(object, id, 0, &value, &length);
    return value;
}

void SetCounted(QTSS_RTSPSessionObject session, Bool16 counted) {
    (void)QTSS_SetValue(session, sCountedID, 0, &counted, sizeof(counted));
}

QTSS_Error Route(QTSS_StandardRTSP_Params* params) {
    OSMutexLocker locker(&sMutex);
    if (ValueOf<Bool16>(params->inRTSPSession, sCountedID))
        return QTSS_NoErr;
    UInt32 address = ValueOf<UInt32>(params->inRTSPSession, qtssRTSPSesRemoteAddr);
    ClientKey key(address);
    Client* client = Clients().Map(&key);
    if (sLimit != 0 && client != NULL && client->fConnections >= sLimit)
        return QTSSModuleUtils::SendErrorResponse(params->inRTSPRequest, qtssClientNotEnoughBandwidth, qtssMsgNoMessage);
    if (client == NULL) {
        client = new Client(address);
        Clients().Add(client);
    }
    client->fConnections++;
    SetCounted(params->inRTSPSession, true);
    return QTSS_NoErr;
}

void Forget(QTSS_RTSPSessionObject session) {
    OSMutexLocker locker(&sMutex);
    if (!ValueOf<Bool16>(session, sCountedID))
        return;
    SetCounted(session, false);
    ClientKey key(ValueOf<UInt32>(session, qtssRTSPSesRemoteAddr));
    Client* client = Clients().Map(&key);
    if (client == NULL || --client->fConnections > 0)
        return;
    Clients().Remove(client);
    delete client;
}

QTSS_Error Dispatch(QTSS_Role role, QTSS_RoleParamPtr params) {
    switch (role) {
    case QTSS_Register_Role:
        (void)QTSS_AddRole(QTSS_RTSPSessionClosing_Role);
        (void)QTSS_AddRole(QTSS_RTSPRoute_Role);
        (void)QTSS_AddRole(QTSS_RereadPrefs_Role);
        (void)QTSS_AddRole(QTSS_Initialize_Role);
        (void)QTSS_AddStaticAttribute(qtssRTSPSessionObjectType, sCountedName, NULL, qtssAttrDataTypeBool16);
        return QTSS_IDForAttr(qtssRTSPSessionObjectType, sCountedName, &sCountedID);
    case QTSS_Initialize_Role:
        QTSSModuleUtils::Initialize(params->initParams.inMessages, params->initParams.inServer,
                                    params->initParams.inErrorLogStream);
        sPrefs = QTSSModuleUtils::GetModulePrefsObject(params->initParams.inModule);
        ReadPrefs();
        return QTSS_NoErr;
    case QTSS_RereadPrefs_Role: ReadPrefs(); return QTSS_NoErr;
    case QTSS_RTSPRoute_Role: return Route(&params->rtspRouteParams);
    case QTSS_RTSPSessionClosing_Role: Forget(params->rtspSessionClosingParams.inRTSPSession); return QTSS_NoErr;
    default: return QTSS_NoErr;
    }
}

} // namespace

QTSS_Error QTSSConnectionLimitModule_Main(void* inPrivateArgs) { return _stublibrary_main(inPrivateArgs, Dispatch); }
