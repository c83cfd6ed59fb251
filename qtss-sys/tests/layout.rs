//! Sizes, alignments, offsets, values and order, against the project's tables (`tests/data`).
//!
//! What the compiler lays out is checked for the data model it compiles for. The assertions inside both checked-in
//! binding files are checked as text, so that the other data model is covered on every machine.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::mem::{align_of, offset_of, size_of};

use common::number;
use qtss_sys::*;

const BINDINGS: &str = include_str!("../src/bindings.rs");
const BINDINGS_32: &str = include_str!("../src/bindings_32.rs");

/// Prefix of this data model's columns.
const MODEL: &str = if cfg!(target_pointer_width = "64") { "lp64" } else { "ilp32" };

struct Field {
    name: &'static str,
    offset: usize,
    size: usize,
}

struct Layout {
    name: &'static str,
    size: usize,
    align: usize,
    fields: Vec<Field>,
}

/// Size of the field that a function selects; the function is never called.
fn size_behind<S, T>(_: fn(*const S) -> *const T) -> usize {
    size_of::<T>()
}

macro_rules! layouts {
    ($($name:ident { $($field:ident),* $(,)? })*) => {
        vec![$(Layout {
            name: stringify!($name),
            size: size_of::<$name>(),
            align: align_of::<$name>(),
            fields: vec![$(Field {
                name: stringify!($field),
                offset: offset_of!($name, $field),
                // SAFETY: only the type of the place counts; the function is never called.
                size: size_behind(|s: *const $name| unsafe { &raw const (*s).$field }),
            }),*],
        }),*]
    };
}

fn structs() -> Vec<Layout> {
    layouts! {
        QTSS_Register_Params { outModuleName }
        QTSS_Initialize_Params { inServer, inPrefs, inMessages, inErrorLogStream, inModule }
        QTSS_ErrorLog_Params { inVerbosity, inBuffer }
        QTSS_StateChange_Params { inNewState }
        QTSS_StandardRTSP_Params { inRTSPSession, inRTSPRequest, inRTSPHeaders, inClientSession }
        QTSS_Filter_Params { inRTSPSession, inRTSPRequest, outNewRequest }
        QTSS_RTSPAuth_Params { inRTSPRequest }
        QTSS_IncomingData_Params { inRTSPSession, inClientSession, inPacketData, inPacketLen }
        QTSS_RTSPSession_Params { inRTSPSession }
        QTSS_RTPSendPackets_Params { inClientSession, inCurrentTime, outNextPacketTime }
        QTSS_ClientSessionClosing_Params { inClientSession, inReason }
        QTSS_RTCPProcess_Params { inClientSession, inRTPStream, inRTCPPacketData, inRTCPPacketDataLen }
        QTSS_OpenFile_Params { inPath, inFlags, inFileObject }
        QTSS_AdviseFile_Params { inFileObject, inPosition, inSize }
        QTSS_ReadFile_Params { inFileObject, inFilePosition, ioBuffer, inBufLen, outLenRead }
        QTSS_CloseFile_Params { inFileObject }
        QTSS_RequestEventFile_Params { inFileObject, inEventMask }
        QTSS_RoleParams {
            regParams, initParams, errorParams, stateChangeParams, rtspFilterParams, rtspIncomingDataParams,
            rtspRouteParams, rtspAthnParams, rtspAuthParams, rtspPreProcessorParams, rtspRequestParams,
            rtspPostProcessorParams, rtspSessionClosingParams, rtpSendPacketsParams, clientSessionClosingParams,
            rtcpProcessParams, openFilePreProcessParams, openFileParams, adviseFileParams, readFileParams,
            closeFileParams, reqEventFileParams
        }
        QTSS_PacketStruct { packetData, packetTransmitTime, suggestedWakeupTime }
        QTSS_Callbacks { addr }
        QTSS_PrivateArgs {
            inServerAPIVersion, inCallbacks, inErrorLogStream, outStubLibraryVersion, outDispatchFunction
        }
        QTSS_ModuleState {
            curModule, curRole, curTask, eventRequested, globalLockRequested, isGlobalLocked, idleTime
        }
        iovec { iov_base, iov_len }
    }
}

macro_rules! plain_types {
    ($($name:ident),* $(,)?) => {
        vec![$((stringify!($name), size_of::<$name>(), align_of::<$name>())),*]
    };
}

fn typedefs() -> Vec<(&'static str, usize, usize)> {
    plain_types![
        PointerSizedInt,
        PointerSizedUInt,
        UInt8,
        SInt8,
        UInt16,
        SInt16,
        UInt32,
        SInt32,
        SInt64,
        UInt64,
        Float32,
        Float64,
        Bool16,
        Bool8,
        FourCharCode,
        OSType,
        QTSS_Error,
        QTSS_AddStreamFlags,
        QTSS_PlayFlags,
        QTSS_WriteFlags,
        QTSS_ActionFlags,
        QTSS_RTPSessionState,
        QTSS_CliSesClosingReason,
        QTSS_CliSesTeardownReason,
        QTSS_EventType,
        QTSS_AuthScheme,
        QTSS_RTSPSessionType,
        QTSS_RTPTransportType,
        QTSS_RTPNetworkMode,
        QTSS_RTPTransportMode,
        QTSS_RTPPayloadType,
        QTSS_ObjectType,
        QTSS_ErrorVerbosity,
        QTSS_OpenFileFlags,
        QTSS_ServerState,
        QTSS_AttrDataType,
        QTSS_AttrPermission,
        QTSS_AttrRights,
        QTSS_RTPStreamAttributes,
        QTSS_RTPStream3GPPAttributes,
        QTSS_ClientSessionAttributes,
        QTSS_ClientSession3GPPAttributes,
        QTSS_RTSPSessionAttributes,
        QTSS_3GPPRTSPSessionAttributes,
        QTSS_RTSPRequestAttributes,
        QTSS_RTSPRequest3GPPAttributes,
        QTSS_ServerAttributes,
        QTSS_PrefsAttributes,
        QTSS_TextMessagesAttributes,
        QTSS_FileObjectAttributes,
        QTSS_ModuleObjectAttributes,
        QTSS_AttrInfoObjectAttributes,
        QTSS_UserProfileObjectAttributes,
        QTSS_ConnectedUserObjectAttributes,
        QTSS_Role,
        QTSS_StreamRef,
        QTSS_Object,
        QTSS_ServiceFunctionArgsPtr,
        QTSS_AttributeID,
        QTSS_ServiceID,
        QTSS_TimeVal,
        QTSS_RTPStreamObject,
        QTSS_RTSPSessionObject,
        QTSS_RTSPRequestObject,
        QTSS_RTSPHeaderObject,
        QTSS_ClientSessionObject,
        QTSS_ServerObject,
        QTSS_PrefsObject,
        QTSS_TextMessagesObject,
        QTSS_FileObject,
        QTSS_ModuleObject,
        QTSS_ModulePrefsObject,
        QTSS_AttrInfoObject,
        QTSS_UserProfileObject,
        QTSS_ConnectedUserObject,
        QTSS_3GPPStreamObject,
        QTSS_3GPPClientSessionObject,
        QTSS_3GPPRTSPSessionObject,
        QTSS_3GPPRequestObject,
        QTSS_ErrorLogStream,
        QTSS_FileStream,
        QTSS_RTSPSessionStream,
        QTSS_RTSPRequestStream,
        QTSS_RTPStreamStream,
        QTSS_SocketStream,
        QTSS_SessionStatusCode,
        QTSS_MainEntryPointPtr,
        QTSS_DispatchFuncPtr,
        QTSS_ServiceFunctionPtr,
        QTSS_CallbackProcPtr,
        QTSS_CallbackPtrProcPtr,
        QTSS_RTSPMethod,
        QTSS_RTSPHeader,
        QTSS_RTSPStatusCode,
        QTSS_RoleParamPtr,
        QTSS_CallbacksPtr,
        QTSS_PrivateArgsPtr,
        QTSS_ModuleStatePtr,
    ]
}

fn column(what: &str) -> String {
    format!("{MODEL}_{what}")
}

#[test]
fn every_type_has_the_size_and_alignment_of_the_table() {
    let table = common::types();
    let expected: BTreeMap<_, _> = table
        .select(["name", &column("size"), &column("align")])
        .into_iter()
        .map(|[name, size, align]| (name, (number(size) as usize, number(align) as usize)))
        .collect();
    let mut seen = BTreeMap::new();
    seen.extend(typedefs().into_iter().map(|(name, size, align)| (name, (size, align))));
    seen.extend(structs().into_iter().map(|s| (s.name, (s.size, s.align))));
    assert_eq!(seen, expected);
}

#[test]
fn every_field_has_the_offset_and_size_of_the_table() {
    let table = common::fields();
    let expected: BTreeMap<_, _> = table
        .select(["struct", "field", &column("offset"), &column("size")])
        .into_iter()
        .map(|[s, field, offset, size]| ((s, field), (number(offset) as usize, number(size) as usize)))
        .collect();
    let structs = structs();
    let seen: BTreeMap<_, _> =
        structs.iter().flat_map(|s| s.fields.iter().map(|f| ((s.name, f.name), (f.offset, f.size)))).collect();
    assert_eq!(seen, expected);
}

#[test]
fn signs_of_the_integer_types_are_those_of_the_table() {
    macro_rules! signs {
        ($($name:ident),*) => { BTreeMap::from([$((stringify!($name), if <$name>::MIN == 0 { "unsigned" } else { "signed" })),*]) };
    }
    #[rustfmt::skip]
    let seen = signs![
        PointerSizedInt, PointerSizedUInt, UInt8, SInt8, UInt16, SInt16, UInt32, SInt32, SInt64, UInt64, Bool16,
        Bool8, FourCharCode, OSType, QTSS_Error, QTSS_AddStreamFlags, QTSS_PlayFlags, QTSS_WriteFlags,
        QTSS_ActionFlags, QTSS_RTPSessionState, QTSS_CliSesClosingReason, QTSS_CliSesTeardownReason, QTSS_EventType,
        QTSS_AuthScheme, QTSS_RTSPSessionType, QTSS_RTPTransportType, QTSS_RTPNetworkMode, QTSS_RTPTransportMode,
        QTSS_RTPPayloadType, QTSS_ObjectType, QTSS_ErrorVerbosity, QTSS_OpenFileFlags, QTSS_ServerState,
        QTSS_AttrDataType, QTSS_AttrPermission, QTSS_AttrRights, QTSS_RTPStreamAttributes,
        QTSS_RTPStream3GPPAttributes, QTSS_ClientSessionAttributes, QTSS_ClientSession3GPPAttributes,
        QTSS_RTSPSessionAttributes, QTSS_3GPPRTSPSessionAttributes, QTSS_RTSPRequestAttributes,
        QTSS_RTSPRequest3GPPAttributes, QTSS_ServerAttributes, QTSS_PrefsAttributes, QTSS_TextMessagesAttributes,
        QTSS_FileObjectAttributes, QTSS_ModuleObjectAttributes, QTSS_AttrInfoObjectAttributes,
        QTSS_UserProfileObjectAttributes, QTSS_ConnectedUserObjectAttributes, QTSS_Role, QTSS_AttributeID,
        QTSS_ServiceID, QTSS_TimeVal, QTSS_SessionStatusCode, QTSS_RTSPMethod, QTSS_RTSPHeader, QTSS_RTSPStatusCode
    ];
    let expected: BTreeMap<_, _> = common::types()
        .select(["name", "sign"])
        .into_iter()
        .filter(|r| !r[1].is_empty())
        .map(|[n, s]| (n, s))
        .collect();
    assert_eq!(seen, expected);
}

/// What bindgen asserts, as `(kind, subject, value)`: `["Size of iovec"][::core::mem::size_of::<iovec>() - 16usize];`
fn assertions(bindings: &str) -> BTreeSet<(String, String, i64)> {
    let flat = bindings.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = BTreeSet::new();
    for part in flat.split("[ \"").chain(flat.split("[\"")).skip(1) {
        let Some((label, rest)) = part.split_once('"') else { continue };
        let Some(value) = rest.split("usize]").next().and_then(|r| r.rsplit(" - ").next()) else { continue };
        let kinds = [("size", "Size of "), ("align", "Alignment of "), ("offset", "Offset of field: ")];
        for (kind, prefix) in kinds {
            if let Some(subject) = label.strip_prefix(prefix) {
                found.insert((kind.to_owned(), subject.replace("::", "."), number(value)));
            }
        }
    }
    found
}

#[test]
fn both_binding_files_assert_the_layouts_of_their_data_model() {
    for (bindings, model) in [(BINDINGS, "lp64"), (BINDINGS_32, "ilp32")] {
        let mut expected = BTreeSet::new();
        for [kind, name, size, align] in
            common::types().select(["kind", "name", &format!("{model}_size"), &format!("{model}_align")])
        {
            if kind != "typedef" {
                expected.insert(("size".to_owned(), name.to_owned(), number(size)));
                expected.insert(("align".to_owned(), name.to_owned(), number(align)));
            }
        }
        for [s, field, offset] in common::fields().select(["struct", "field", &format!("{model}_offset")]) {
            expected.insert(("offset".to_owned(), format!("{s}.{field}"), number(offset)));
        }
        assert_eq!(assertions(bindings), expected, "{model}");
    }
}

/// `pub const NAME: TYPE = VALUE;` of a binding file.
fn constants(bindings: &str) -> BTreeMap<&str, &str> {
    bindings
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.strip_suffix(';')?.split_once(" = "))
        .filter_map(|(left, value)| Some((left.split_once(':')?.0, value)))
        .collect()
}

#[test]
fn every_constant_has_its_name_and_value_and_there_are_no_others() {
    let expected: BTreeMap<_, _> =
        common::constants().select(["name", "value"]).into_iter().map(|[name, value]| (name, value)).collect();
    for bindings in [BINDINGS, BINDINGS_32] {
        let seen = constants(bindings);
        for (name, value) in &expected {
            let seen = seen.get(name).unwrap_or_else(|| panic!("{name} is missing"));
            match value.parse::<i64>() {
                Ok(value) => assert_eq!(number(seen), value, "{name}"),
                Err(_) => assert_eq!(*seen, format!("b\"{value}\\0\""), "{name}"),
            }
        }
        let more: Vec<_> = seen.keys().filter(|name| !expected.contains_key(*name)).collect();
        assert!(more.is_empty(), "not in the table: {more:?}");
    }
}

#[test]
fn the_compiled_file_is_the_checked_one() {
    assert_eq!(QTSS_API_VERSION, 0x0005_0000);
    assert_eq!(QTSS_REREAD_PREFS_SERVICE, b"RereadPreferences\0");
    assert_eq!(QTSS_InstanceAttrsNotAllowed, -20);
    assert_eq!(QTSS_RTSPRequest_Role, u32::from_be_bytes(*b"requ"));
    assert_eq!(qtssAttrRightQTSSExtended as u32, 0x8000_0000);
    assert_eq!(qtssActionQTSSExtended, 0x8000_0000);
}

#[test]
fn four_character_constants_have_their_first_character_on_top() {
    for [kind, name, value, text] in common::constants().select(["type", "name", "value", "text"]) {
        if matches!(kind, "QTSS_Role" | "QTSS_ObjectType") {
            let bytes: [u8; 4] = text.as_bytes().try_into().expect(name);
            assert_eq!(number(value), i64::from(u32::from_be_bytes(bytes)), "{name}");
        }
    }
}

#[test]
fn the_callback_table_has_61_slots_in_the_order_of_the_table() {
    let expected: Vec<_> = common::callbacks()
        .select(["index", "constant", "function"])
        .into_iter()
        .map(|[index, constant, function]| Callback { index: number(index) as usize, constant, function })
        .collect();
    assert_eq!(CALLBACKS.as_slice(), expected);
    assert_eq!(CALLBACKS.len(), 61);
    assert!(CALLBACKS.iter().enumerate().all(|(i, c)| c.index == i));
    assert_eq!(size_of::<QTSS_Callbacks>(), 61 * size_of::<usize>());
}

#[test]
fn every_role_names_a_member_of_the_parameter_union() {
    let members: BTreeSet<_> = common::fields()
        .select(["struct", "field"])
        .into_iter()
        .filter(|r| r[0] == "QTSS_RoleParams")
        .map(|r| r[1])
        .collect();
    let values: BTreeMap<_, _> =
        common::constants().select(["name", "value"]).into_iter().map(|[name, value]| (name, value)).collect();
    let rows = common::roles().select(["role", "value", "parameter_member"]);
    assert_eq!(rows.len(), 25);
    for [role, value, member] in rows {
        assert_eq!(values[role], value, "{role}");
        assert!(member.is_empty() || members.contains(member), "{role}: {member}");
    }
}
