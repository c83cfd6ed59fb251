//! Relay configurations, and what servers send to a relay.

#![no_main]

use dss::live::relay::config::parse;
use dss::rtsp::challenge::{Challenge, Credentials};
use dss::rtsp::client::{Item, TransportAnswer, enough, next_item};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = parse(bytes);
    let mut rest = bytes;
    loop {
        let (item, taken) = next_item(rest);
        match item {
            Item::More => {
                assert!(enough(&rest[taken..]) > rest.len() - taken);
                break;
            }
            Item::Nonsense(_) => break,
            Item::Frame { data, .. } => assert!(data.len() + 4 <= taken),
            Item::Message(message) => {
                let _ = message.header("Transport").map(TransportAnswer::parse);
                if let Some(challenge) = Challenge::choose(message.all("WWW-Authenticate")) {
                    let who = Credentials { user: "u".to_owned(), password: "p".to_owned() };
                    assert!(!challenge.answer(&who, "DESCRIBE", "rtsp://h/x", 1).contains("\r"));
                }
            }
        }
        assert!(taken > 0);
        rest = &rest[taken..];
    }
});
