//! Asks targets for `streamingloadtool.mov`: by that file in its movie folder a server permits the test.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::plan::Target;
use super::screen::say;
use crate::rtsp::challenge::Challenge;
use crate::rtsp::client::{Item, Message, next_item};

const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps the targets whose servers permit the test, and says so in the words of DSS's tool.
pub fn check(targets: Vec<Target>, agent: &str) -> Vec<Target> {
    say("Checking for 'streamingloadtool.mov' on the target servers");
    let mut known: Vec<(String, bool)> = Vec::new();
    let mut valid = Vec::new();
    for target in targets {
        let server = format!("{}@{}", target.authority, target.address);
        let permitted = match known.iter().find(|(name, _)| *name == server) {
            Some((_, permitted)) => *permitted,
            None => {
                let permitted = ask(&target, agent);
                known.push((server, permitted));
                permitted
            }
        };
        if permitted {
            valid.push(target);
        }
    }
    if valid.is_empty() {
        say("No valid destinations");
    } else {
        let count = valid.len();
        say(&format!("Done checking for 'streamingloadtool.mov' on all servers -- {count} valid URL's"));
        say("");
    }
    valid
}

fn ask(target: &Target, agent: &str) -> bool {
    let url = format!("rtsp://{}/streamingloadtool.mov", target.authority);
    match describe(target, &url, agent) {
        Ok(200) => true,
        Ok(_) => {
            say(&format!("##WARNING: Cannot access {url}"));
            say("");
            false
        }
        Err(_) => {
            say(&format!("##WARNING: Error connecting to {url}."));
            say("");
            false
        }
    }
}

fn describe(target: &Target, url: &str, agent: &str) -> io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&target.address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let head = |cseq: u32| format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: {cseq}\r\nUser-Agent: {agent}\r\n");
    let mut answer = exchange(&mut stream, &format!("{}Accept: application/sdp\r\n\r\n", head(1)))?;
    if let (401, Some(who)) = (answer.status, &target.credentials) {
        if let Some(challenge) = Challenge::choose(answer.all("WWW-Authenticate")) {
            let authorization = challenge.answer(who, "DESCRIBE", url, 1);
            let request = format!("{}Accept: application/sdp\r\nAuthorization: {authorization}\r\n\r\n", head(2));
            answer = exchange(&mut stream, &request)?;
        }
    }
    Ok(answer.status)
}

fn exchange(stream: &mut TcpStream, request: &str) -> io::Result<Message> {
    stream.write_all(request.as_bytes())?;
    let deadline = Instant::now() + PATIENCE;
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    while Instant::now() < deadline {
        let count = stream.read(&mut part)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&part[..count]);
        match next_item(&bytes).0 {
            Item::Message(message) => return Ok(message),
            Item::More => {}
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}
