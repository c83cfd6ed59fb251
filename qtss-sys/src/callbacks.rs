//! The callback table by name.

use crate::bindings::*;

/// One slot of [`QTSS_Callbacks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Position in the table.
    pub index: usize,
    /// Name of the index constant in `QTSS_Private.h`.
    pub constant: &'static str,
    /// The function of `QTSS.h` that calls through the slot; the server exports it under this name.
    pub function: &'static str,
}

/// Every slot, in table order.
pub const CALLBACKS: [Callback; kLastCallback as usize] = [
    slot(kNewCallback, "kNewCallback", "QTSS_New"),
    slot(kDeleteCallback, "kDeleteCallback", "QTSS_Delete"),
    slot(kMillisecondsCallback, "kMillisecondsCallback", "QTSS_Milliseconds"),
    slot(kConvertToUnixTimeCallback, "kConvertToUnixTimeCallback", "QTSS_MilliSecsTo1970Secs"),
    slot(kAddRoleCallback, "kAddRoleCallback", "QTSS_AddRole"),
    slot(kAddAttributeCallback, "kAddAttributeCallback", "QTSS_AddAttribute"),
    slot(kIDForTagCallback, "kIDForTagCallback", "QTSS_IDForAttr"),
    slot(kGetAttributePtrByIDCallback, "kGetAttributePtrByIDCallback", "QTSS_GetValuePtr"),
    slot(kGetAttributeByIDCallback, "kGetAttributeByIDCallback", "QTSS_GetValue"),
    slot(kSetAttributeByIDCallback, "kSetAttributeByIDCallback", "QTSS_SetValue"),
    slot(kWriteCallback, "kWriteCallback", "QTSS_Write"),
    slot(kWriteVCallback, "kWriteVCallback", "QTSS_WriteV"),
    slot(kFlushCallback, "kFlushCallback", "QTSS_Flush"),
    slot(kAddServiceCallback, "kAddServiceCallback", "QTSS_AddService"),
    slot(kIDForServiceCallback, "kIDForServiceCallback", "QTSS_IDForService"),
    slot(kDoServiceCallback, "kDoServiceCallback", "QTSS_DoService"),
    slot(kSendRTSPHeadersCallback, "kSendRTSPHeadersCallback", "QTSS_SendRTSPHeaders"),
    slot(kAppendRTSPHeadersCallback, "kAppendRTSPHeadersCallback", "QTSS_AppendRTSPHeader"),
    slot(kSendStandardRTSPCallback, "kSendStandardRTSPCallback", "QTSS_SendStandardRTSPResponse"),
    slot(kAddRTPStreamCallback, "kAddRTPStreamCallback", "QTSS_AddRTPStream"),
    slot(kPlayCallback, "kPlayCallback", "QTSS_Play"),
    slot(kPauseCallback, "kPauseCallback", "QTSS_Pause"),
    slot(kTeardownCallback, "kTeardownCallback", "QTSS_Teardown"),
    slot(kRequestEventCallback, "kRequestEventCallback", "QTSS_RequestEvent"),
    slot(kSetIdleTimerCallback, "kSetIdleTimerCallback", "QTSS_SetIdleTimer"),
    slot(kOpenFileObjectCallback, "kOpenFileObjectCallback", "QTSS_OpenFileObject"),
    slot(kCloseFileObjectCallback, "kCloseFileObjectCallback", "QTSS_CloseFileObject"),
    slot(kReadCallback, "kReadCallback", "QTSS_Read"),
    slot(kSeekCallback, "kSeekCallback", "QTSS_Seek"),
    slot(kAdviseCallback, "kAdviseCallback", "QTSS_Advise"),
    slot(kGetNumValuesCallback, "kGetNumValuesCallback", "QTSS_GetNumValues"),
    slot(kGetNumAttributesCallback, "kGetNumAttributesCallback", "QTSS_GetNumAttributes"),
    slot(kSignalStreamCallback, "kSignalStreamCallback", "QTSS_SignalStream"),
    slot(kCreateSocketStreamCallback, "kCreateSocketStreamCallback", "QTSS_CreateStreamFromSocket"),
    slot(kDestroySocketStreamCallback, "kDestroySocketStreamCallback", "QTSS_DestroySocketStream"),
    slot(kAddStaticAttributeCallback, "kAddStaticAttributeCallback", "QTSS_AddStaticAttribute"),
    slot(kAddInstanceAttributeCallback, "kAddInstanceAttributeCallback", "QTSS_AddInstanceAttribute"),
    slot(kRemoveInstanceAttributeCallback, "kRemoveInstanceAttributeCallback", "QTSS_RemoveInstanceAttribute"),
    slot(kGetAttrInfoByIndexCallback, "kGetAttrInfoByIndexCallback", "QTSS_GetAttrInfoByIndex"),
    slot(kGetAttrInfoByNameCallback, "kGetAttrInfoByNameCallback", "QTSS_GetAttrInfoByName"),
    slot(kGetAttrInfoByIDCallback, "kGetAttrInfoByIDCallback", "QTSS_GetAttrInfoByID"),
    slot(kGetValueAsStringCallback, "kGetValueAsStringCallback", "QTSS_GetValueAsString"),
    slot(kTypeToTypeStringCallback, "kTypeToTypeStringCallback", "QTSS_TypeToTypeString"),
    slot(kTypeStringToTypeCallback, "kTypeStringToTypeCallback", "QTSS_TypeStringToType"),
    slot(kStringToValueCallback, "kStringToValueCallback", "QTSS_StringToValue"),
    slot(kValueToStringCallback, "kValueToStringCallback", "QTSS_ValueToString"),
    slot(kRemoveValueCallback, "kRemoveValueCallback", "QTSS_RemoveValue"),
    slot(kRequestGlobalLockCallback, "kRequestGlobalLockCallback", "QTSS_RequestGlobalLock"),
    slot(kIsGlobalLockedCallback, "kIsGlobalLockedCallback", "QTSS_IsGlobalLocked"),
    slot(kUnlockGlobalLock, "kUnlockGlobalLock", "QTSS_GlobalUnLock"),
    slot(kAuthenticateCallback, "kAuthenticateCallback", "QTSS_Authenticate"),
    slot(kAuthorizeCallback, "kAuthorizeCallback", "QTSS_Authorize"),
    slot(kRefreshTimeOutCallback, "kRefreshTimeOutCallback", "QTSS_RefreshTimeOut"),
    slot(kCreateObjectValueCallback, "kCreateObjectValueCallback", "QTSS_CreateObjectValue"),
    slot(kCreateObjectTypeCallback, "kCreateObjectTypeCallback", "QTSS_CreateObjectType"),
    slot(kLockObjectCallback, "kLockObjectCallback", "QTSS_LockObject"),
    slot(kUnlockObjectCallback, "kUnlockObjectCallback", "QTSS_UnlockObject"),
    slot(kSetAttributePtrCallback, "kSetAttributePtrCallback", "QTSS_SetValuePtr"),
    slot(kSetIntervalRoleTimerCallback, "kSetIntervalRoleTimerCallback", "QTSS_SetIntervalRoleTimer"),
    slot(kLockStdLibCallback, "kLockStdLibCallback", "QTSS_LockStdLib"),
    slot(kUnlockStdLibCallback, "kUnlockStdLibCallback", "QTSS_UnlockStdLib"),
];

const fn slot(index: u32, constant: &'static str, function: &'static str) -> Callback {
    Callback { index: index as usize, constant, function }
}
