use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;

use super::super::attr::*;
use super::super::{
    AttrDataType, AttrId, CText, Handle, Object, ObjectStore, ObjectType, Permissions, QtssError, RequestText, Value,
};
use super::*;

fn bytes_at(ptr: *mut u8, len: usize) -> Vec<u8> {
    // SAFETY: tests pass what get_value_ptr gave, plus the terminator where there is one.
    unsafe { std::slice::from_raw_parts(ptr, len) }.to_vec()
}

fn request(text: &[u8]) -> (Arc<ObjectStore>, Arc<Object>, Arc<Object>) {
    let store = ObjectStore::new();
    let request = store.create(ObjectType::RtspRequest);
    let headers = store.create(ObjectType::RtspHeader);
    let shared = RequestText::new(text, text.len()).unwrap();
    request.set_text(shared.clone());
    headers.set_text(shared);
    (store, request, headers)
}

fn window(text: &[u8], part: &str) -> std::ops::Range<usize> {
    let start = text.windows(part.len()).position(|w| w == part.as_bytes()).unwrap();
    start..start + part.len()
}

const DESCRIBE: &[u8] = b"DESCRIBE rtsp://h:p/dir/a12.mov?x=1 RTSP/1.0\r\nCSeq: 7\r\nUser-Agent: QTS\r\n\r\n";

#[test]
fn trap_1_a_pointer_to_the_url_reads_on_to_the_rest_of_the_request() {
    let (_store, request, _) = request(DESCRIBE);
    request.set_window(qtssRTSPReqAbsoluteURL, window(DESCRIBE, "rtsp://h:p/dir/a12.mov"));
    let (ptr, len) = request.get_value_ptr(qtssRTSPReqAbsoluteURL, 0).unwrap();
    assert_eq!(bytes_at(ptr, len as usize + 13), b"rtsp://h:p/dir/a12.mov?x=1 RTSP/1.0");
}

#[test]
fn trap_2_the_full_request_ends_in_a_nul_and_header_values_lie_in_it() {
    let (_store, request, headers) = request(DESCRIBE);
    request.set_window(qtssRTSPReqFullRequest, 0..DESCRIBE.len());
    headers.set_window(qtssUserAgentHeader, window(DESCRIBE, "QTS"));
    let (full, len) = request.get_value_ptr(qtssRTSPReqFullRequest, 0).unwrap();
    assert_eq!(bytes_at(full, len as usize + 1).last(), Some(&0));
    let (agent, agent_len) = headers.get_value_ptr(qtssUserAgentHeader, 0).unwrap();
    assert!(agent > full && (agent as usize) + (agent_len as usize) < full as usize + len as usize);
    // Modules write into the buffer: the write shows through the other object.
    // SAFETY: the pointer is into the request's buffer, which is writable.
    unsafe { *agent = b'q' };
    assert!(request.bytes(qtssRTSPReqFullRequest).unwrap().windows(15).any(|w| w == b"User-Agent: qTS"));
}

#[test]
fn a_replaced_request_text_leaves_old_pointers_good() {
    let (_store, request, _) = request(DESCRIBE);
    request.set_window(qtssRTSPReqFullRequest, 0..DESCRIBE.len());
    let (old, len) = request.get_value_ptr(qtssRTSPReqFullRequest, 0).unwrap();
    let replacement = CText::new(b"OPTIONS * RTSP/1.0\r\n\r\n").unwrap();
    request.set_text(RequestText::from_replacement(replacement));
    request.set_window(qtssRTSPReqFullRequest, 0..22);
    assert_eq!(request.string(qtssRTSPReqFullRequest).unwrap(), "OPTIONS * RTSP/1.0\r\n\r\n");
    assert_eq!(bytes_at(old, len as usize), DESCRIBE);
}

#[test]
fn a_window_beyond_the_text_is_no_value() {
    let (store, request, _) = request(DESCRIBE);
    for range in [0..DESCRIBE.len() + 1, 5..5, usize::MAX - 1..usize::MAX] {
        request.set_window(qtssRTSPReqURI, range);
        assert_eq!(request.get_value_ptr(qtssRTSPReqURI, 0), Err(QtssError::ValueNotFound));
    }
    let bare = store.create(ObjectType::RtspRequest);
    bare.set_window(qtssRTSPReqURI, 0..1);
    assert_eq!(bare.string(qtssRTSPReqURI), None);
}

#[test]
fn trap_10_the_handle_is_the_stream_reference() {
    let store = ObjectStore::new();
    for (object_type, id) in [
        (ObjectType::RtspRequest, qtssRTSPReqStreamRef),
        (ObjectType::RtspSession, qtssRTSPSesStreamRef),
        (ObjectType::RtpStream, qtssRTPStrStreamRef),
        (ObjectType::File, qtssFlObjStream),
    ] {
        let object = store.create(object_type);
        assert_eq!(object.object(id), Some(object.handle()));
    }
}

#[test]
fn trap_12_get_value_into_a_short_buffer_succeeds_and_writes_nothing() {
    let store = ObjectStore::new();
    let session = store.create(ObjectType::ClientSession);
    session.set_str(qtssCliSesHostName, "a.long.host.name");
    let mut buffer = [MaybeUninit::new(0xAAu8); 4];
    assert_eq!(session.get_value(qtssCliSesHostName, 0, Some(&mut buffer)), Ok(16));
    // SAFETY: the buffer was initialised above.
    assert!(buffer.iter().all(|b| unsafe { b.assume_init() } == 0xAA));
    assert_eq!(session.get_value(qtssCliSesHostName, 0, None), Ok(16));
    let mut room = [MaybeUninit::new(0xAAu8); 17];
    assert_eq!(session.get_value(qtssCliSesHostName, 0, Some(&mut room)), Ok(16));
    // SAFETY: as above.
    assert_eq!(unsafe { room[16].assume_init() }, 0xAA, "no terminator is copied");
}

#[test]
fn trap_13_and_14_errors_name_the_reason_and_touch_nothing() {
    let store = ObjectStore::new();
    let request = store.create(ObjectType::RtspRequest);
    let mut buffer = [MaybeUninit::new(7u8); 4];
    let mut read = |id, index| request.get_value(id, index, Some(&mut buffer));
    assert_eq!(read(qtssRTSPReqQueryString, 0), Err(QtssError::ValueNotFound));
    assert_eq!(read(AttrId::new(999), 0), Err(QtssError::AttrDoesntExist));
    assert_eq!(read(AttrId::ILLEGAL, 0), Err(QtssError::BadArgument));
    assert_eq!(read(qtssRTSPReqStatusCode, 1), Err(QtssError::BadIndex));
    // SAFETY: the buffer was initialised above.
    assert!(buffer.iter().all(|b| unsafe { b.assume_init() } == 7));
    assert_eq!(request.get_value_ptr(qtssRTSPReqQueryString, 0), Err(QtssError::ValueNotFound));
    assert_eq!(request.get_value_as_string(AttrId::ILLEGAL, 0).unwrap_err(), QtssError::AttrDoesntExist);
    assert_eq!(request.num_values(AttrId::new(999)), Ok(0));
    assert_eq!(request.num_values(AttrId::ILLEGAL), Err(QtssError::BadArgument));
}

#[test]
fn trap_15_pointers_to_unsafe_attributes_need_the_lock() {
    let store = ObjectStore::new();
    let request = store.create(ObjectType::RtspRequest);
    request.set_str(qtssRTSPReqFilePath, "/dir/a12.mov");
    assert_eq!(request.get_value_ptr(qtssRTSPReqFilePath, 0), Err(QtssError::NotPreemptiveSafe));
    assert_eq!(request.get_value_ptr(qtssRTSPReqFilePath, 9), Err(QtssError::NotPreemptiveSafe), "before the index");
    assert_eq!(request.get_value_as_string(qtssRTSPReqFilePath, 0).unwrap().as_bytes(), b"/dir/a12.mov");
    request.lock_object();
    request.lock_object();
    request.unlock_object().unwrap();
    let (ptr, len) = request.get_value_ptr(qtssRTSPReqFilePath, 0).unwrap();
    assert_eq!(bytes_at(ptr, len as usize), b"/dir/a12.mov");
    let other = request.clone();
    let elsewhere = std::thread::spawn(move || other.get_value_ptr(qtssRTSPReqFilePath, 0).map(|p| p.1));
    assert_eq!(elsewhere.join().unwrap(), Err(QtssError::NotPreemptiveSafe), "the count is per thread");
    request.unlock_object().unwrap();
    assert_eq!(request.get_value_ptr(qtssRTSPReqFilePath, 0), Err(QtssError::NotPreemptiveSafe));
    assert_eq!(request.unlock_object(), Err(QtssError::BadArgument));
}

#[test]
fn trap_16_text_is_terminated_after_a_shorter_one_replaced_it() {
    let store = ObjectStore::new();
    let profile = store.create(ObjectType::UserProfile);
    for text in ["a long password", "short", "", "x"] {
        profile.set_value(qtssUserPassword, 0, text.as_bytes()).unwrap();
        match profile.get_value_ptr(qtssUserPassword, 0) {
            Ok((ptr, len)) => {
                assert_eq!(len as usize, text.len());
                assert_eq!(bytes_at(ptr, len as usize + 1), [text.as_bytes(), b"\0"].concat());
            }
            Err(e) => assert_eq!((text, e), ("", QtssError::ValueNotFound)),
        }
    }
}

#[test]
fn trap_17_a_pointer_shows_later_values_and_outlives_longer_ones() {
    let store = ObjectStore::new();
    let session = store.create(ObjectType::ClientSession);
    session.set_str(qtssCliSesFullURL, "rtsp://h/one");
    let (ptr, len) = session.get_value_ptr(qtssCliSesFullURL, 0).unwrap();
    session.set_str(qtssCliSesFullURL, "rtsp://h/two");
    assert_eq!(bytes_at(ptr, len as usize), b"rtsp://h/two");
    for n in 1..200 {
        session.set_str(qtssCliSesFullURL, &"x".repeat(n * 7));
    }
    assert!(bytes_at(ptr, 4).iter().all(u8::is_ascii), "outgrown memory stays readable");
    session.set_u32(qtssCliSesFramesSkipped, 1);
    let (ptr, _) = session.get_value_ptr(qtssCliSesFramesSkipped, 0).unwrap();
    session.set_value(qtssCliSesFramesSkipped, 0, &77u32.to_ne_bytes()).unwrap();
    // SAFETY: the pointer is to a UInt32 and aligned for one.
    assert_eq!(unsafe { *ptr.cast::<u32>() }, 77);
}

#[test]
fn trap_18_what_modules_store_is_what_the_server_reads() {
    let store = ObjectStore::new();
    let request = store.create(ObjectType::RtspRequest);
    assert_eq!(request.bool16(qtssRTSPReqRespKeepAlive), Some(false));
    request.set_value(qtssRTSPReqRespKeepAlive, 0, &1u16.to_ne_bytes()).unwrap();
    assert_eq!(request.bool16(qtssRTSPReqRespKeepAlive), Some(true));
    request.set_value(qtssRTSPReqStatusCode, 0, &17u32.to_ne_bytes()).unwrap();
    assert_eq!(request.u32(qtssRTSPReqStatusCode), Some(17));
    let (ptr, _) = request.get_value_ptr(qtssRTSPReqStatusCode, 0).unwrap();
    // SAFETY: the pointer is to a UInt32 and aligned for one.
    unsafe { *ptr.cast::<u32>() = 3 };
    assert_eq!(request.u32(qtssRTSPReqStatusCode), Some(3));
}

#[test]
fn a_value_of_another_size_is_kept_but_never_read_as_a_number() {
    let store = ObjectStore::new();
    let request = store.create(ObjectType::RtspRequest);
    request.set_value(qtssRTSPReqStatusCode, 0, &[1, 2]).unwrap();
    assert_eq!(request.get_value(qtssRTSPReqStatusCode, 0, None), Ok(2));
    assert_eq!(request.u32(qtssRTSPReqStatusCode), None);
    request.set_value(qtssRTSPReqStatusCode, 0, &[9; 40]).unwrap();
    assert_eq!(request.get_value(qtssRTSPReqStatusCode, 0, None), Ok(40));
    assert_eq!(request.u32(qtssRTSPReqStatusCode), None);
    assert_eq!(request.u32(qtssRTSPReqMethod), Some(0), "neighbours are untouched");
    request.set_u32(qtssRTSPReqStatusCode, 5);
    assert_eq!(request.u32(qtssRTSPReqStatusCode), Some(5));
}

#[test]
fn trap_19_static_attributes_work_on_objects_that_exist() {
    let store = ObjectStore::new();
    let server = store.create(ObjectType::Server);
    server.set_u32(qtssSvrState, 1);
    let id = store.add_static_attribute(ObjectType::Server.code(), b"MyCount", 6).unwrap();
    assert_eq!(id.get(), 43);
    assert_eq!(server.get_value(id, 0, None), Err(QtssError::ValueNotFound));
    server.set_value(id, 0, &5u32.to_ne_bytes()).unwrap();
    let (ptr, _) = server.get_value_ptr(id, 0).expect("added attributes are preemptive-safe");
    // SAFETY: the pointer is to a UInt32 and aligned for one.
    assert_eq!(unsafe { *ptr.cast::<u32>() }, 5);
    assert_eq!(server.num_attributes(), 44);
}

#[test]
fn trap_20_a_second_module_shares_the_attribute() {
    let store = ObjectStore::new();
    let code = ObjectType::ClientSession.code();
    assert_eq!(store.add_static_attribute(code, b"Shared", 13).map(AttrId::get), Ok(40));
    assert_eq!(store.add_static_attribute(code, b"Shared", 6), Err(QtssError::AttrNameExists));
    assert_eq!(store.add_static_attribute(code, b"qtssCliSesState", 6), Err(QtssError::AttrNameExists));
    assert_eq!(store.id_for_attr(code, b"Shared").map(AttrId::get), Ok(40));
    let name = [b'n'; 65];
    assert_eq!(store.add_static_attribute(code, &name, 6), Err(QtssError::BadArgument));
    assert_eq!(store.add_static_attribute(code, &name[..64], 6).map(AttrId::get), Ok(41));
    assert_eq!(store.add_static_attribute(code, b"x", 15), Err(QtssError::BadArgument));
    assert_eq!(store.add_static_attribute(ObjectType::Dynamic.code(), b"x", 6), Err(QtssError::BadArgument));
}

#[test]
fn trap_21_id_for_attr_wants_a_type() {
    let store = ObjectStore::new();
    let session = store.create(ObjectType::ClientSession);
    assert_eq!(store.id_for_attr(session.handle().to_raw() as u32, b"qtssCliSesState"), Err(QtssError::BadArgument));
    assert_eq!(store.id_for_attr(5, b"qtssCliSesState"), Ok(qtssCliSesState), "internal type number");
    assert_eq!(store.id_for_attr(ObjectType::Prefs.code(), b"MOVIE_FOLDER"), Err(QtssError::AttrDoesntExist));
    assert_eq!(store.id_for_attr(ObjectType::Prefs.code(), b"movie_folder"), Ok(qtssPrefsMovieFolder));
}

#[test]
fn trap_22_instance_attributes_go_only_where_they_may() {
    let store = ObjectStore::new();
    let custom = store.create_object_type().unwrap();
    assert_eq!(custom.code(), 19);
    let allowed = [ObjectType::Prefs, ObjectType::ModulePrefs, ObjectType::Dynamic];
    for t in ObjectType::BUILTIN.into_iter().chain([custom]) {
        let result = store.create(t).add_instance_attribute(b"mine", 1);
        let expected =
            if allowed.contains(&t) { Ok(AttrId::new(0x8000_0000)) } else { Err(QtssError::InstanceAttrsNotAllowed) };
        assert_eq!(result, expected, "{t:?}");
    }
    let prefs = store.create(ObjectType::Prefs);
    assert_eq!(prefs.add_instance_attribute(b"rtsp_timeout", 1), Err(QtssError::AttrNameExists));
}

#[test]
fn trap_29_a_removed_attribute_comes_back_empty_under_its_id_and_only_with_its_type() {
    let store = ObjectStore::new();
    let prefs = store.create(ObjectType::ModulePrefs);
    let id = prefs.add_instance_attribute(b"a", 6).unwrap();
    let other = prefs.declare(b"b", AttrDataType::CharArray, Permissions::FROM_FILE).unwrap();
    prefs.set_value(id, 0, &1u32.to_ne_bytes()).unwrap();
    prefs.remove_instance_attribute(id).unwrap();
    assert_eq!(prefs.get_value(id, 0, None), Err(QtssError::ValueNotFound));
    assert_eq!(prefs.set_value(id, 0, b"1234"), Err(QtssError::AttrDoesntExist));
    assert_eq!(store.attr_info_by_id(&prefs, id), Err(QtssError::AttrDoesntExist));
    assert_eq!((prefs.num_attributes(), prefs.num_values(id)), (1, Ok(0)));
    let changed = prefs.add_instance_attribute(b"a", 1).unwrap();
    assert_eq!(changed.get(), 0x8000_0002);
    prefs.remove_instance_attribute(changed).unwrap();
    assert_eq!(prefs.add_instance_attribute(b"a", 6), Ok(id));
    assert_eq!(prefs.get_value(id, 0, None), Err(QtssError::ValueNotFound), "no stale value");
    assert_eq!(prefs.get_value_ptr(other, 0), Err(QtssError::NotPreemptiveSafe), "prefs from the file");
    assert_eq!(
        store.create(ObjectType::Prefs).remove_instance_attribute(qtssPrefsMovieFolder),
        Err(QtssError::BadArgument)
    );
    assert_eq!(prefs.remove_instance_attribute(AttrId::new(0x8000_0009)), Err(QtssError::AttrDoesntExist));
    let kept = prefs.declare(b"kept", AttrDataType::UInt32, Permissions::READ).unwrap();
    assert_eq!(prefs.remove_instance_attribute(kept), Err(QtssError::BadArgument));
}

#[test]
fn attribute_descriptions_are_objects_that_stay() {
    let store = ObjectStore::new();
    let prefs = store.create(ObjectType::Prefs);
    let own = prefs.add_instance_attribute(b"own", 14).unwrap();
    let info = store.attr_info_by_name(&prefs, b"own").unwrap();
    assert_eq!(store.attr_info_by_id(&prefs, own), Ok(info));
    assert_eq!(store.attr_info_by_index(&prefs, 90), Ok(info));
    assert_eq!(store.attr_info_by_index(&prefs, 91), Err(QtssError::AttrDoesntExist));
    let object = info.object().unwrap();
    assert_eq!(object.string(qtssAttrName).unwrap(), "own");
    assert_eq!(object.u32(qtssAttrID), Some(0x8000_0000));
    assert_eq!(object.u32(qtssAttrDataType), Some(14));
    assert_eq!(object.u32(qtssAttrPermissions), Some(0x27));
    assert_eq!(object.num_attributes(), 4);
    let first = store.attr_info_by_index(&prefs, 0).unwrap().object().unwrap();
    assert_eq!(first.string(qtssAttrName).unwrap(), "rtsp_timeout");
    drop((prefs, object));
    assert!(info.object().is_none(), "gone with its attribute");
    assert_eq!(store.attr_info_by_id(&first, AttrId::ILLEGAL), Err(QtssError::BadArgument));
}

#[test]
fn trap_56_length_zero_is_stored_counts_and_reads_as_nothing() {
    let store = ObjectStore::new();
    let request = store.create(ObjectType::RtspRequest);
    // SAFETY: null is allowed with length 0.
    unsafe { request.set_value_from(qtssRTSPReqRespMsg, 0, std::ptr::null(), 0) }.unwrap();
    assert_eq!(request.num_values(qtssRTSPReqRespMsg), Ok(1));
    assert_eq!(request.get_value(qtssRTSPReqRespMsg, 0, None), Err(QtssError::ValueNotFound));
    // SAFETY: null is refused with a length.
    let refused = unsafe { request.set_value_from(qtssRTSPReqRespMsg, 0, std::ptr::null(), 3) };
    assert_eq!(refused, Err(QtssError::BadArgument));
}

#[test]
fn a_value_may_be_stored_from_its_own_memory() {
    let store = ObjectStore::new();
    let request = store.create(ObjectType::RtspRequest);
    request.set_value(qtssRTSPReqRespMsg, 0, b"prefix and rest").unwrap();
    let (ptr, len) = request.get_value_ptr(qtssRTSPReqRespMsg, 0).unwrap();
    // SAFETY: the source is the value itself, from its eighth byte on.
    unsafe { request.set_value_from(qtssRTSPReqRespMsg, 0, ptr.add(7), len - 7) }.unwrap();
    assert_eq!(request.string(qtssRTSPReqRespMsg).unwrap(), "and rest");
}

#[test]
fn trap_80_walking_a_list_of_objects_ends_at_bad_index() {
    let store = ObjectStore::new();
    let server = store.create(ObjectType::Server);
    let sessions: Vec<_> = (0..40).map(|_| store.create(ObjectType::ClientSession)).collect();
    for s in &sessions {
        server.push_object(qtssSvrClientSessions, s.handle());
    }
    assert!(server.remove_object(qtssSvrClientSessions, sessions[3].handle()));
    assert!(!server.remove_object(qtssSvrClientSessions, sessions[3].handle()));
    server.lock_object();
    let mut walked = Vec::new();
    let end = loop {
        match server.get_value_ptr(qtssSvrClientSessions, walked.len() as u32) {
            // SAFETY: the pointer is to a handle and aligned for one.
            Ok((ptr, len)) => walked.push((unsafe { *ptr.cast::<usize>() }, len as usize)),
            Err(e) => break e,
        }
    };
    server.unlock_object().unwrap();
    assert_eq!(end, QtssError::BadIndex);
    let expected = sessions.iter().enumerate().filter(|(i, _)| *i != 3);
    assert_eq!(walked, expected.map(|(_, s)| (s.handle().to_raw(), size_of::<usize>())).collect::<Vec<_>>());
    for s in &sessions {
        server.remove_object(qtssSvrClientSessions, s.handle());
    }
    assert_eq!(server.get_value(qtssSvrClientSessions, 0, None), Err(QtssError::ValueNotFound));
    assert_eq!(server.num_values(qtssSvrClientSessions), Ok(0));
}

#[test]
fn a_locked_list_waits_with_removals() {
    let store = ObjectStore::new();
    let server = store.create(ObjectType::Server);
    let session = store.create(ObjectType::ClientSession);
    let handle = session.handle();
    server.push_object(qtssSvrClientSessions, handle);
    server.lock_object();
    let remover = std::thread::spawn({
        let server = server.clone();
        move || {
            server.remove_object(qtssSvrClientSessions, session.handle());
            drop(session);
        }
    });
    for _ in 0..50 {
        assert_eq!(server.objects(qtssSvrClientSessions), [handle]);
        assert!(handle.object().is_some());
        std::thread::yield_now();
    }
    // Counters go on meanwhile.
    let counter = server.clone();
    std::thread::spawn(move || counter.set_u32(qtssRTPSvrCurConn, 5)).join().unwrap();
    server.unlock_object().unwrap();
    remover.join().unwrap();
    assert!(server.objects(qtssSvrClientSessions).is_empty());
}

#[test]
fn texts_of_a_list_are_terminated_copies_as_long_as_strlen_says() {
    let store = ObjectStore::new();
    let profile = store.create(ObjectType::UserProfile);
    let set = |i, v: &[u8]| profile.set_value(qtssUserGroups, i, v);
    assert_eq!(set(1, b"late"), Err(QtssError::BadIndex));
    set(0, b"one\0junk").unwrap();
    assert_eq!(profile.get_value(qtssUserGroups, 0, None), Ok(8), "a single text keeps its length");
    set(1, b"two\0junk").unwrap();
    set(2, b"").unwrap();
    assert_eq!(profile.strings(qtssUserGroups), ["one", "two", ""]);
    assert_eq!(profile.get_value(qtssUserGroups, 2, None), Ok(0), "an empty text of a list is readable");
    let (ptr, len) = profile.get_value_ptr(qtssUserGroups, 1).unwrap();
    assert_eq!(bytes_at(ptr, len as usize + 1), b"two\0");
    profile.remove_value(qtssUserGroups, 0).unwrap();
    assert_eq!(profile.strings(qtssUserGroups), ["two", ""]);
    profile.remove_value(qtssUserGroups, 1).unwrap();
    assert_eq!(profile.strings(qtssUserGroups), ["two"]);
    assert_eq!(profile.remove_value(qtssUserGroups, 1), Err(QtssError::BadIndex));
    profile.remove_value(qtssUserGroups, 0).unwrap();
    assert_eq!(profile.remove_value(qtssUserGroups, 0), Err(QtssError::BadIndex));
    assert_eq!(profile.num_values(qtssUserGroups), Ok(0));
}

#[test]
fn values_of_a_list_have_one_size_and_lie_next_to_each_other() {
    let store = ObjectStore::new();
    let server = store.create(ObjectType::Server);
    for (i, method) in [5u32, 3, 9, 2, 7, 7].into_iter().enumerate() {
        server.set_value(qtssSvrHandledMethods, i as u32, &method.to_ne_bytes()).unwrap();
    }
    assert_eq!(server.set_value(qtssSvrHandledMethods, 6, &[1, 2]), Err(QtssError::BadArgument));
    assert_eq!(server.set_value(qtssSvrHandledMethods, 0, &[1; 8]), Err(QtssError::BadArgument));
    assert_eq!(server.set_value(qtssSvrHandledMethods, 8, &[1; 4]), Err(QtssError::BadIndex));
    server.set_value(qtssSvrHandledMethods, 1, &4u32.to_ne_bytes()).unwrap();
    server.remove_value(qtssSvrHandledMethods, 2).unwrap();
    assert_eq!(server.u32_list(qtssSvrHandledMethods), [5, 4, 2, 7, 7]);
    let (ptr, len) = server.get_value_ptr(qtssSvrHandledMethods, 0).unwrap();
    assert_eq!((len, bytes_at(ptr, 8)), (4, [5u32.to_ne_bytes(), 4u32.to_ne_bytes()].concat()));
    server.set_list(qtssSvrHandledMethods, &[1u32, 2].map(u32::to_ne_bytes));
    assert_eq!(server.u32_list(qtssSvrHandledMethods), [1, 2]);
}

#[test]
fn read_only_attributes_refuse_modules_but_not_the_server() {
    let store = ObjectStore::new();
    let session = store.create(ObjectType::ClientSession);
    assert_eq!(session.set_value(qtssCliSesState, 0, &[0; 4]), Err(QtssError::ReadOnly));
    assert_eq!(session.remove_value(qtssCliSesState, 0), Err(QtssError::ReadOnly));
    session.set_u32(qtssCliSesState, 1);
    assert_eq!(session.u32(qtssCliSesState), Some(1));
    let headers = store.create(ObjectType::RtspHeader);
    assert_eq!(headers.set_value(qtssAcceptHeader, 0, b"x"), Err(QtssError::ReadOnly));
}

#[test]
fn a_lent_value_lives_in_the_modules_memory() {
    let store = ObjectStore::new();
    let user = store.create(ObjectType::ConnectedUser);
    let mut counter = Box::new(5u32);
    let memory = std::ptr::from_mut(&mut *counter).cast::<u8>();
    // SAFETY: `counter` outlives `user`'s use of it.
    unsafe {
        user.set_value_ptr(qtssConnectionBytesSent, memory, 4).unwrap();
        assert_eq!(user.set_value_ptr(qtssConnectionBytesSent, memory, 4), Err(QtssError::BadArgument));
        *memory.cast::<u32>() = 6;
        assert_eq!(user.u32(qtssConnectionBytesSent), Some(6));
        user.set_value(qtssConnectionBytesSent, 0, &9u32.to_ne_bytes()).unwrap();
        assert_eq!(*memory.cast::<u32>(), 9);
        user.set_value(qtssConnectionBytesSent, 0, &[1; 16]).unwrap();
        assert_eq!(*memory.cast::<u32>(), 9, "what does not fit goes elsewhere");
        let request = store.create(ObjectType::RtspRequest);
        assert_eq!(request.set_value_ptr(qtssRTSPReqStatusCode, memory, 4), Err(QtssError::BadArgument));
        assert_eq!(request.set_value_ptr(qtssRTSPReqMethod, memory, 4), Err(QtssError::ReadOnly));
    }
}

#[test]
fn created_objects_live_and_die_with_their_value() {
    let store = ObjectStore::new();
    let server = store.create(ObjectType::Server);
    let kind = ObjectType::ConnectedUser.code();
    let (first, a) = store.create_object_value(&server, qtssSvrConnectedUsers, kind).unwrap();
    let (second, b) = store.create_object_value(&server, qtssSvrConnectedUsers, kind).unwrap();
    assert_eq!((first, second), (0, 1));
    let (a, b) = {
        let handles = (a.handle(), b.handle());
        drop((a, b));
        handles
    };
    assert_eq!(server.objects(qtssSvrConnectedUsers), [a, b]);
    assert_eq!(server.set_value(qtssSvrConnectedUsers, 0, &[0; 8]), Err(QtssError::ReadOnly));
    let dynamic = store.create_object_value(&server, qtssSvrConnectedUsers, ObjectType::Dynamic.code());
    assert_eq!(dynamic.unwrap_err(), QtssError::ReadOnly);
    server.remove_value(qtssSvrConnectedUsers, 0).unwrap();
    assert!(a.object().is_none() && b.object().is_some());
    assert_eq!(server.objects(qtssSvrConnectedUsers), [b]);
    server.lock_object();
    assert!(b.object().unwrap().is_locked_here(), "children share the lock");
    server.unlock_object().unwrap();
    let errors = |id, t| store.create_object_value(&server, id, t).unwrap_err();
    assert_eq!(errors(qtssSvrState, kind), QtssError::BadArgument);
    assert_eq!(errors(qtssSvrConnectedUsers, 77), QtssError::BadArgument);
    assert_eq!(errors(qtssSvrClientSessions, kind), QtssError::ReadOnly);
    assert_eq!(errors(AttrId::ILLEGAL, kind), QtssError::BadArgument);
    server.clear(qtssSvrConnectedUsers);
    assert!(b.object().is_none());
}

#[test]
fn an_attribute_of_plain_handles_takes_no_created_objects() {
    let store = ObjectStore::new();
    let bag = store.create(ObjectType::Dynamic);
    let id = bag.add_instance_attribute(b"objects", AttrDataType::Object.code()).unwrap();
    bag.set_value(id, 0, &bag.handle().to_raw().to_ne_bytes()).unwrap();
    let refused = store.create_object_value(&bag, id, ObjectType::Dynamic.code());
    assert_eq!(refused.unwrap_err(), QtssError::ReadOnly);
    bag.remove_value(id, 0).unwrap();
    let (index, child) = store.create_object_value(&bag, id, ObjectType::Dynamic.code()).unwrap();
    assert_eq!(index, 0);
    child.add_instance_attribute(b"inner", 6).unwrap();
}

#[test]
fn trap_27_every_change_by_a_module_reaches_the_write_back_hook() {
    let store = ObjectStore::new();
    let prefs = store.create(ObjectType::ModulePrefs);
    let changes = Arc::new(Mutex::new(Vec::new()));
    let log = changes.clone();
    prefs.set_hook(Arc::new(move |object, change| {
        assert!(!object.is_locked_here(), "the hook may take its time");
        log.lock().push(change.clone());
    }));
    let id = prefs.add_instance_attribute(b"port", 4).unwrap();
    assert!(changes.lock().is_empty(), "an attribute without value is not in the file");
    prefs.set_value(id, 0, &80u16.to_ne_bytes()).unwrap();
    prefs.remove_value(id, 0).unwrap();
    let list = prefs.add_instance_attribute(b"relays", AttrDataType::Object.code()).unwrap();
    let (_, nested) = store.create_object_value(&prefs, list, ObjectType::ModulePrefs.code()).unwrap();
    let inner = nested.add_instance_attribute(b"address", 1).unwrap();
    nested.set_value(inner, 0, b"10.0.0.1").unwrap();
    prefs.remove_instance_attribute(id).unwrap();
    nested.set_bytes(inner, b"by the server");
    assert_eq!(
        *changes.lock(),
        [
            Change::Set { id, index: 0 },
            Change::RemovedValue { id, index: 0 },
            Change::CreatedObject { id: list, index: 0 },
            Change::Set { id: inner, index: 0 },
            Change::RemovedAttribute { id, name: b"port".to_vec() },
        ]
    );
    assert_eq!(prefs.get_value(id, 3, None), Err(QtssError::ValueNotFound));
}

#[test]
fn computed_attributes_are_computed_at_each_read_and_refresh_their_memory() {
    let store = ObjectStore::new();
    store.compute(ObjectType::RtspRequest, qtssRTSPReqLocalPath, |r| {
        let part = |id| r.string(id).unwrap_or_default();
        Value::from(part(qtssRTSPReqRootDir) + &part(qtssRTSPReqFilePath))
    });
    let request = store.create(ObjectType::RtspRequest);
    request.set_str(qtssRTSPReqRootDir, "/movies");
    request.set_str(qtssRTSPReqFilePath, "/a.mov");
    assert_eq!(request.num_values(qtssRTSPReqLocalPath), Ok(0), "before the first read");
    assert_eq!(request.string(qtssRTSPReqLocalPath).unwrap(), "/movies/a.mov");
    request.lock_object();
    let (ptr, len) = request.get_value_ptr(qtssRTSPReqLocalPath, 0).unwrap();
    request.set_value(qtssRTSPReqRootDir, 0, b"/others").unwrap();
    assert_eq!(request.get_value_ptr(qtssRTSPReqLocalPath, 0), Ok((ptr, len)));
    assert_eq!(bytes_at(ptr, len as usize + 1), b"/others/a.mov\0");
    request.unlock_object().unwrap();
    assert_eq!(request.get_value(qtssRTSPReqLocalPath, 1, None), Err(QtssError::BadIndex));
}

#[test]
fn a_cacheable_attribute_is_computed_once_and_an_objects_own_function_comes_first() {
    let store = ObjectStore::new();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    store.compute(ObjectType::RtspSession, qtssRTSPSesRemoteAddrStr, move |_| {
        Value::from(format!("10.0.0.{}", counted.fetch_add(1, Ordering::Relaxed)))
    });
    let connection = store.create(ObjectType::RtspSession);
    for _ in 0..3 {
        assert_eq!(connection.string(qtssRTSPSesRemoteAddrStr).unwrap(), "10.0.0.0");
    }
    let session = store.create(ObjectType::ClientSession);
    session.set_computed(qtssCliSesTimeConnectedInMsec, Arc::new(|_| Value::I64(9)));
    assert_eq!(session.i64(qtssCliSesTimeConnectedInMsec), Some(9));
    session.set_computed(qtssCliSesCurrentBitRate, Arc::new(|_| Value::None));
    assert_eq!(session.get_value(qtssCliSesCurrentBitRate, 0, None), Err(QtssError::ValueNotFound));
}

#[test]
fn live_variables_and_pointers_are_one() {
    let store = ObjectStore::new();
    let session = store.create(ObjectType::ClientSession);
    let bytes = session.live_u32(qtssCliSesRTPBytesSent).unwrap();
    let (ptr, _) = session.get_value_ptr(qtssCliSesRTPBytesSent, 0).unwrap();
    assert_eq!(bytes.add(1400), 0);
    // SAFETY: the pointer is to a UInt32 and aligned for one.
    assert_eq!(unsafe { *ptr.cast::<u32>() }, 1400);
    assert_eq!(session.u32(qtssCliSesRTPBytesSent), Some(1400));
    session.live_u64(qtssCliSesPlayTimeInMsec).unwrap().set(12);
    assert_eq!(session.i64(qtssCliSesPlayTimeInMsec), Some(12));
    assert!(session.live_u32(qtssCliSesPlayTimeInMsec).is_none());
    assert!(session.live_u32(qtssCliSesFullURL).is_none());
    drop(session);
    bytes.set(3);
    assert_eq!(bytes.get(), 3, "the variable keeps its object alive");
}

#[test]
fn trap_79_a_bool_takes_two_bytes_of_its_field() {
    let store = ObjectStore::new();
    let request = store.create(ObjectType::RtspRequest);
    request.set_bool16(qtssRTSPReqUserFound, true);
    assert_eq!(request.get_value(qtssRTSPReqUserFound, 0, None), Ok(2));
    assert_eq!(request.bool16(qtssRTSPReqAuthHandled), Some(false), "the next field is untouched");
}

#[test]
fn variables_of_the_server_start_at_zero_and_other_attributes_without_a_value() {
    let store = ObjectStore::new();
    let session = store.create(ObjectType::ClientSession);
    assert_eq!(session.num_values(qtssCliSesState), Ok(1));
    assert_eq!(session.get_value(qtssCliSesState, 0, None), Ok(4));
    assert_eq!(session.object(qtssCliSesLastRTSPSession), None);
    assert_eq!(session.get_value(qtssCliSesLastRTSPSession, 0, None), Ok(size_of::<usize>() as u32), "a null handle");
    assert_eq!(session.get_value(qtssCliSesFullURL, 0, None), Err(QtssError::ValueNotFound));
    let request = store.create(ObjectType::RtspRequest);
    assert_eq!(request.get_value(qtssRTSPReqStartTime, 0, None), Err(QtssError::ValueNotFound));
    request.set_f64(qtssRTSPReqStartTime, 2.5);
    assert_eq!(request.f64(qtssRTSPReqStartTime), Some(2.5));
    assert_eq!(request.get_value(qtssRTSPReqNetworkMode, 0, None), Err(QtssError::ValueNotFound));
    let connection = store.create(ObjectType::RtspSession);
    assert_eq!(connection.get_value(qtssRTSPSesEventCntxt, 0, None), Ok(size_of::<usize>() as u32));
}

#[test]
fn values_print_by_their_declared_type() {
    let store = ObjectStore::new();
    let request = store.create(ObjectType::RtspRequest);
    let text = |id| String::from_utf8(request.get_value_as_string(id, 0).unwrap().as_bytes().to_vec()).unwrap();
    request.set_f32(qtssRTSPReqSpeed, 1.5);
    request.set_i32(qtssRTSPReqDynamicRateState, -1);
    assert_eq!((text(qtssRTSPReqSpeed), text(qtssRTSPReqDynamicRateState)), ("1.500000".into(), "-1".into()));
    assert_eq!(text(qtssRTSPReqRespKeepAlive), "false");
    assert_eq!(text(qtssRTSPReqStreamRef).len(), 2 * size_of::<usize>());
}

#[test]
fn an_attachment_is_found_by_its_type() {
    let store = ObjectStore::new();
    let stream = store.create(ObjectType::RtpStream);
    assert!(stream.attach(Arc::new(42u32)));
    assert!(!stream.attach("second"));
    assert_eq!(stream.attached::<Arc<u32>>().map(|v| **v), Some(42));
    assert!(stream.attached::<String>().is_none());
}

#[test]
fn forgotten_locks_are_released() {
    let store = ObjectStore::new();
    let object = store.create(ObjectType::File);
    let other = object.clone();
    std::thread::spawn(move || {
        other.lock_object();
        other.lock_object();
        other.lock_object();
        other.unlock_object().unwrap();
        assert_eq!(release_forgotten_locks(), 2);
        other.lock_object(); // the end of the thread releases this one
    })
    .join()
    .unwrap();
    drop(object.lock());
    assert_eq!(release_forgotten_locks(), 0);
}

#[test]
fn a_locked_object_stays_alive_until_it_is_unlocked() {
    let store = ObjectStore::new();
    let object = store.create(ObjectType::File);
    let handle: Handle = object.handle();
    object.lock_object();
    drop(object);
    handle.object().expect("alive while locked").unlock_object().unwrap();
    assert!(handle.object().is_none());
}

#[test]
fn custom_types_run_out_after_five_hundred() {
    let store = ObjectStore::new();
    let types: Vec<_> = (0..500).map(|_| store.create_object_type().unwrap()).collect();
    assert_eq!(store.create_object_type(), Err(QtssError::RequestFailed));
    assert_eq!(types[499].code(), 518);
    let id = store.add_static_attribute(518, b"n", 6).unwrap();
    let object = store.create(types[499]);
    object.set_value(id, 0, &1u32.to_ne_bytes()).unwrap();
    assert_eq!((object.object_type(), object.num_attributes()), (types[499], 1));
    assert_eq!(ObjectStore::new().id_for_attr(518, b"n"), Err(QtssError::BadArgument));
}

#[test]
fn a_typical_client_session_takes_less_than_two_kibibytes() {
    let store = ObjectStore::new();
    for name in 0..16 {
        store.add_static_attribute(ObjectType::ClientSession.code(), format!("module {name}").as_bytes(), 13).unwrap();
    }
    let session = store.create(ObjectType::ClientSession);
    for id in [qtssCliSesPresentationURL, qtssCliSesFirstUserAgent, qtssCliSesFullURL, qtssCliSesHostName] {
        session.set_str(id, "rtsp://streaming.example.com/movies/a.mov");
    }
    for id in [qtssCliRTSPSessRemoteAddrStr, qtssCliRTSPSessLocalAddrStr, qtssCliSesRTSPSessionID] {
        session.set_str(id, "192.168.100.200");
    }
    session.set_u32(qtssCliSesState, 1);
    session.push_object(qtssCliSesStreamObjects, session.handle());
    session.push_object(qtssCliSesStreamObjects, session.handle());
    session.set_value(AttrId::new(55), 0, &1usize.to_ne_bytes()).unwrap();
    let values = session.values.lock();
    let slots = values.slots.capacity() * size_of::<Slot>();
    let blocks: usize = values.slots.iter().map(|s| if let Slot::Single(b) = s { b.capacity() + 17 } else { 0 }).sum();
    let lock = 64;
    let total = size_of::<Object>() + 16 + lock + slots + blocks + values.memory.fields_size + 96;
    assert!(total < 2048, "{total} bytes: object {}, slots {slots}, blocks {blocks}", size_of::<Object>());
    assert!(size_of::<Slot>() <= 16);
}

proptest::proptest! {
    /// Whatever modules store and remove, the list is what a plain vector would hold.
    #[test]
    fn lists_behave_like_vectors(steps in proptest::collection::vec((0u32..6, 0u8..3, "[a-z]{1,12}"), 1..60)) {
        let store = ObjectStore::new();
        let profile = store.create(ObjectType::UserProfile);
        let mut model: Vec<String> = Vec::new();
        for (index, action, text) in steps {
            let i = index as usize;
            if action == 0 {
                let expected = if i < model.len() { model.remove(i); Ok(()) } else { Err(QtssError::BadIndex) };
                proptest::prop_assert_eq!(profile.remove_value(qtssUserGroups, index), expected);
            } else {
                let expected = if i <= model.len() { Ok(()) } else { Err(QtssError::BadIndex) };
                if i < model.len() {
                    model[i] = text.clone();
                } else if i == model.len() {
                    model.push(text.clone());
                }
                proptest::prop_assert_eq!(profile.set_value(qtssUserGroups, index, text.as_bytes()), expected);
            }
            proptest::prop_assert_eq!(profile.strings(qtssUserGroups), model.clone());
            proptest::prop_assert_eq!(profile.num_values(qtssUserGroups), Ok(model.len() as u32));
        }
    }
}
