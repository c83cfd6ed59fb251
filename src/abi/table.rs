//! The callback table: the functions of the module API in the order that stub libraries know.

use std::sync::LazyLock;

use qtss_sys as sys;

use super::callbacks::{
    answers::*, attributes::*, files::*, memory::*, sessions::*, streams::*, users::*, values::*, waits::*,
};

/// The table's address. It stays good as long as the process lives; modules keep it.
pub(super) fn callbacks() -> *mut sys::QTSS_Callbacks {
    TABLE.0
}

struct Table(*mut sys::QTSS_Callbacks);

// SAFETY: the table is written once, before its address is known to anybody.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    super::exports::keep();
    Table(Box::leak(Box::new(make())))
});

/// A function of any type as an entry of the table.
macro_rules! slot {
    ($function:expr) => {{
        let function = $function as *const ();
        // SAFETY: the stub library calls each entry through its true type; here it is only an address.
        unsafe { std::mem::transmute::<*const (), sys::QTSS_CallbackProcPtr>(function) }
    }};
}

fn make() -> sys::QTSS_Callbacks {
    let addr = [
        slot!(QTSS_New),
        slot!(QTSS_Delete),
        slot!(milliseconds),
        slot!(milliseconds_to_seconds),
        slot!(QTSS_AddRole),
        slot!(add_attribute),
        slot!(QTSS_IDForAttr),
        slot!(QTSS_GetValuePtr),
        slot!(QTSS_GetValue),
        slot!(QTSS_SetValue),
        slot!(QTSS_Write),
        slot!(QTSS_WriteV),
        slot!(QTSS_Flush),
        slot!(QTSS_AddService),
        slot!(QTSS_IDForService),
        slot!(QTSS_DoService),
        slot!(QTSS_SendRTSPHeaders),
        slot!(QTSS_AppendRTSPHeader),
        slot!(QTSS_SendStandardRTSPResponse),
        slot!(QTSS_AddRTPStream),
        slot!(QTSS_Play),
        slot!(QTSS_Pause),
        slot!(QTSS_Teardown),
        slot!(QTSS_RequestEvent),
        slot!(QTSS_SetIdleTimer),
        slot!(QTSS_OpenFileObject),
        slot!(QTSS_CloseFileObject),
        slot!(QTSS_Read),
        slot!(QTSS_Seek),
        slot!(QTSS_Advise),
        slot!(QTSS_GetNumValues),
        slot!(QTSS_GetNumAttributes),
        slot!(signal_stream),
        slot!(QTSS_CreateStreamFromSocket),
        slot!(QTSS_DestroySocketStream),
        slot!(QTSS_AddStaticAttribute),
        slot!(QTSS_AddInstanceAttribute),
        slot!(QTSS_RemoveInstanceAttribute),
        slot!(QTSS_GetAttrInfoByIndex),
        slot!(QTSS_GetAttrInfoByName),
        slot!(QTSS_GetAttrInfoByID),
        slot!(QTSS_GetValueAsString),
        slot!(QTSS_TypeToTypeString),
        slot!(QTSS_TypeStringToType),
        slot!(QTSS_StringToValue),
        slot!(QTSS_ValueToString),
        slot!(QTSS_RemoveValue),
        slot!(QTSS_RequestGlobalLock),
        slot!(QTSS_IsGlobalLocked),
        slot!(QTSS_GlobalUnLock),
        slot!(QTSS_Authenticate),
        slot!(QTSS_Authorize),
        slot!(QTSS_RefreshTimeOut),
        slot!(QTSS_CreateObjectValue),
        slot!(QTSS_CreateObjectType),
        slot!(QTSS_LockObject),
        slot!(QTSS_UnlockObject),
        slot!(QTSS_SetValuePtr),
        slot!(QTSS_SetIntervalRoleTimer),
        slot!(QTSS_LockStdLib),
        slot!(QTSS_UnlockStdLib),
    ];
    sys::QTSS_Callbacks { addr }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sixty_one_entries_are_there_and_the_exported_ones_are_the_functions_of_their_names() {
        // SAFETY: the table is made once and never changed.
        let table = unsafe { &*callbacks() };
        assert_eq!(table.addr.len(), sys::CALLBACKS.len());
        assert!(table.addr.iter().all(Option::is_some));
        for (index, function) in
            [(10, QTSS_Write as *const ()), (24, QTSS_SetIdleTimer as *const ()), (57, QTSS_SetValuePtr as *const ())]
        {
            assert_eq!(table.addr[index].map(|f| f as *const ()), Some(function), "{}", sys::CALLBACKS[index].function);
        }
    }
}
