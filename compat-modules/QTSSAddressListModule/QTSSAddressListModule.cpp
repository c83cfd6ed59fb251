// SPDX-License-Identifier: MIT OR Apache-2.0
// Serves some client addresses only. The preferences allowed_address and denied_address are lists of dotted
// addresses, in which * stands for a part or for the rest; a denied address is refused even if it is allowed.
//
// The lesson: the least that a module needs, and preferences that are lists, asked for when they are needed
// instead of being kept.

#include "QTSS.h"
#include "QTSSMemoryDeleter.h"
#include "QTSSModuleUtils.h"

extern "C" {
EXPORT QTSS_Error QTSSAddressListModule_Main(void* inPrivateArgs);
}

namespace {

QTSS_ModulePrefsObject sPrefs = NULL;

// Makes sure that the lists are in the configuration file, for the administrator to find.
void AddPrefs() {
    QTSSCharArrayDeleter allowed(QTSSModuleUtils::GetStringAttribute(sPrefs, "allowed_address", "*"));
    QTSSCharArrayDeleter denied(QTSSModuleUtils::GetStringAttribute(sPrefs, "denied_address", ""));
}

bool IsListed(const char* pref, StrPtrLen* address) {
    return QTSSModuleUtils::AddressInList(sPrefs, QTSSModuleUtils::GetAttrID(sPrefs, pref), address) != 0;
}

QTSS_Error Route(QTSS_StandardRTSP_Params* params) {
    char* text = NULL;
    (void)QTSS_GetValueAsString(params->inRTSPSession, qtssRTSPSesRemoteAddrStr, 0, &text);
    QTSSCharArrayDeleter deleter(text);
    StrPtrLen address(text);
    if (IsListed("allowed_address", &address) && !IsListed("denied_address", &address))
        return QTSS_NoErr;
    return QTSSModuleUtils::SendErrorResponse(params->inRTSPRequest, qtssClientForbidden, qtssMsgNoMessage);
}

QTSS_Error Dispatch(QTSS_Role role, QTSS_RoleParamPtr params) {
    switch (role) {
    case QTSS_Register_Role:
        (void)QTSS_AddRole(QTSS_RTSPRoute_Role);
        (void)QTSS_AddRole(QTSS_Initialize_Role);
        return QTSS_NoErr;
    case QTSS_Initialize_Role:
        QTSSModuleUtils::Initialize(params->initParams.inMessages, params->initParams.inServer,
                                    params->initParams.inErrorLogStream);
        sPrefs = QTSSModuleUtils::GetModulePrefsObject(params->initParams.inModule);
        AddPrefs();
        return QTSS_NoErr;
    case QTSS_RTSPRoute_Role: return Route(&params->rtspRouteParams);
    default: return QTSS_NoErr;
    }
}

} // namespace

QTSS_Error QTSSAddressListModule_Main(void* inPrivateArgs) { return _stublibrary_main(inPrivateArgs, Dispatch); }
