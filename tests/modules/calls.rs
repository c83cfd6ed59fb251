//! All 61 functions of the callback table from C++, each with every result it has, and abused.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::lab::{Plan, session_of};

const CALLBACKS: &str = include_str!("../../qtss-sys/tests/data/callbacks.tsv");
const RESULTS: &str = include_str!("../../qtss-sys/tests/data/results.tsv");

/// Results that no module can provoke, and why.
const OUT_OF_REACH: [(&str, &str); 2] = [
    // QTSSAccessModule always has the role.
    ("QTSS_Authenticate", "QTSS_RequestFailed"),
    ("QTSS_Authorize", "QTSS_RequestFailed"),
];

/// Notes of the Calls probe over the whole life of a server; `None` without compilers.
static NOTES: LazyLock<Option<Vec<String>>> = LazyLock::new(|| {
    let server = Plan::new()?.module("Calls", "calls.cpp", &["-Wno-unused-function"]).start();
    let mut client = server.connect();
    client.send("DESCRIBE rtsp://h/talk RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabc");
    assert!(client.response().starts_with("RTSP/1.0"));
    // No description: the connection ends with the answer.
    let odd = server.connect().request(
        "SETUP",
        "/calls.sdp/trackID=1",
        "Transport: RTP/AVP;unicast;client_port=5001-5002\r\n",
    );
    assert!(odd.starts_with("RTSP/1.0 400"), "{odd}");
    let mut client = server.connect();
    let answer = client.request("SETUP", "/calls.sdp/trackID=1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
    let session = format!("Session: {}\r\n", session_of(&answer));
    for method in ["PLAY", "PAUSE", "TEARDOWN"] {
        assert!(client.request(method, "/calls.sdp", &session).starts_with("RTSP/1.0 200"), "{method}");
    }
    server.wait_for("session over");
    // One that asks, does not read the answer, and goes.
    let mut client = server.connect();
    let url = client.url("/flood");
    client.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 10\r\n\r\n"));
    server.wait_for("flooded");
    drop(client);
    server.wait_for("unplugged");
    assert!(server.connect().request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"), "the server lives");
    let (status, notes) = server.stop();
    assert_eq!(status, Some(0));
    Some(notes)
});

/// What went well of a kind of notes: function and the word behind it. Fails at the first that did not go well.
fn well(kind: &str) -> Option<BTreeSet<(String, String)>> {
    let notes = NOTES.as_ref()?;
    let failed: Vec<_> = notes.iter().filter(|note| note.starts_with("FAIL")).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let words = notes.iter().map(|note| note.split(' ').collect::<Vec<_>>());
    let of_kind = words.filter(|words| words.len() > 3 && words[0] == "ok" && words[1] == kind);
    Some(of_kind.map(|words| (words[2].to_owned(), words[3].to_owned())).collect())
}

/// Names of the table's functions, and their parameters as modules see them.
fn functions() -> Vec<(&'static str, &'static str)> {
    let rows = CALLBACKS.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.map(|row| (row[2], row[6])).collect()
}

#[test]
fn all_61_callbacks_answer_each_of_their_results() {
    let Some(mut seen) = well("call") else { return };
    // NULL is a BadArgument everywhere.
    let null = well("refused").unwrap_or_default().into_iter().filter(|(_, how)| how == "null");
    seen.extend(null.map(|(function, _)| (function, "QTSS_BadArgument".to_owned())));
    let functions = functions();
    assert_eq!(functions.len(), 61);
    for (function, _) in functions {
        assert!(seen.iter().any(|(name, _)| name == function), "{function} is not called");
    }
    let wanted = RESULTS.lines().skip(1).filter_map(|line| line.split_once('\t'));
    let missing: Vec<_> = wanted
        .filter(|row| !OUT_OF_REACH.contains(row))
        .filter(|(function, code)| !seen.contains(&((*function).to_owned(), (*code).to_owned())))
        .collect();
    assert!(missing.is_empty(), "never answered: {missing:#?}");
}

/// All functions that take an object or stream refuse one that is none, in this way.
fn all_refuse(how: &str) {
    let Some(seen) = well("refused") else { return };
    let takes_object = |(_, parameters): &(&str, &str)| {
        parameters.split(',').any(|one| {
            let ty = one.split_whitespace().next().unwrap_or_default();
            ty == "QTSS_StreamRef" || (ty.starts_with("QTSS_") && ty.ends_with("Object"))
        })
    };
    let missing: Vec<_> = functions()
        .into_iter()
        .filter(takes_object)
        .filter(|(function, _)| !seen.contains(&((*function).to_owned(), how.to_owned())))
        .collect();
    assert!(missing.is_empty(), "{how}: {missing:?}");
}

#[test]
fn null_objects_are_refused_by_every_function() {
    all_refuse("null");
}

#[test]
fn stale_objects_are_refused_by_every_function() {
    all_refuse("stale");
    all_refuse("closed");
}

#[test]
fn pointers_that_are_no_objects_are_refused_by_every_function() {
    all_refuse("garbage");
}

/// At least these functions refuse in this way.
fn refuse(how: &str, functions: &[&str]) {
    let Some(seen) = well("refused") else { return };
    for function in functions {
        assert!(seen.contains(&((*function).to_owned(), how.to_owned())), "{function}: {how}");
    }
}

#[test]
fn objects_of_another_type_are_refused() {
    let streams = ["QTSS_Write", "QTSS_WriteV", "QTSS_Flush", "QTSS_Read", "QTSS_Seek", "QTSS_Advise"];
    refuse("type", &streams);
    refuse("type", &["QTSS_SendRTSPHeaders", "QTSS_AppendRTSPHeader", "QTSS_SendStandardRTSPResponse"]);
    refuse("type", &["QTSS_AddRTPStream", "QTSS_Play", "QTSS_Pause", "QTSS_Teardown", "QTSS_RefreshTimeOut"]);
    refuse("type", &["QTSS_CloseFileObject", "QTSS_DestroySocketStream", "QTSS_Authenticate", "QTSS_Authorize"]);
}

#[test]
fn lengths_and_indexes_that_nothing_has_are_refused() {
    let lengths =
        ["QTSS_SetValue", "QTSS_SetValuePtr", "QTSS_ValueToString", "QTSS_GetValue", "QTSS_AddInstanceAttribute"];
    refuse("length", &lengths);
    refuse("length", &["QTSS_Write", "QTSS_WriteV", "QTSS_AppendRTSPHeader"]);
    refuse(
        "index",
        &["QTSS_GetValue", "QTSS_GetValuePtr", "QTSS_GetAttrInfoByIndex", "QTSS_DoService", "QTSS_AppendRTSPHeader"],
    );
}

#[test]
fn calls_in_the_wrong_role_are_refused() {
    let register_only = ["QTSS_AddRole", "QTSS_AddAttribute", "QTSS_AddStaticAttribute", "QTSS_AddService"];
    let waiting = ["QTSS_RequestEvent", "QTSS_SetIdleTimer", "QTSS_RequestGlobalLock", "QTSS_GlobalUnLock"];
    for how in ["role", "shutdown"] {
        refuse(how, &register_only);
        refuse(how, &waiting);
    }
    refuse("request", &register_only);
    refuse("role", &["QTSS_SetIntervalRoleTimer"]);
}

#[test]
fn calls_from_threads_of_a_module_are_answered() {
    refuse("thread", &["QTSS_AddRole", "QTSS_AddAttribute", "QTSS_AddStaticAttribute", "QTSS_AddService"]);
    refuse("thread", &["QTSS_RequestEvent", "QTSS_SetIdleTimer", "QTSS_RequestGlobalLock", "QTSS_GlobalUnLock"]);
    refuse("thread", &["QTSS_SetIntervalRoleTimer"]);
    all_refuse("thread");
}

#[test]
fn what_is_given_back_twice_is_refused_the_second_time() {
    refuse(
        "again",
        &["QTSS_CloseFileObject", "QTSS_DestroySocketStream", "QTSS_UnlockObject", "QTSS_RemoveValue", "QTSS_Teardown"],
    );
}
