//! What was answered over HTTP, for whoever keeps a log of it.

use std::net::IpAddr;

use super::Server;
use super::context::RequestContext;
use crate::qtss::attr::qtssRTSPReqFullRequest;

/// Longest part of a request's first line that is told, in bytes.
const MAX_LINE: usize = 4096;

/// A request over HTTP that a module has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswered {
    /// The client's address.
    pub peer: IpAddr,
    /// The request's first line, as far as it is text; without a password in its query.
    pub request_line: String,
    /// The answer's status; `None` when the module has sent it past the server.
    pub status: Option<u16>,
    /// Bytes of its body, likewise.
    pub body_bytes: Option<u64>,
}

/// Is told of each request over HTTP that was answered.
pub type HttpObserver = Box<dyn Fn(&HttpAnswered) + Send + Sync>;

impl Server {
    /// Sets who is told of requests over HTTP. Set once, before listening.
    pub fn set_http_observer(&self, observer: HttpObserver) {
        let _ = self.http_observer.set(observer);
    }

    /// A module has answered a request over HTTP.
    pub(super) fn note_http(&self, ctx: &RequestContext) {
        let Some(observer) = self.http_observer.get() else { return };
        let text = ctx.object.bytes(qtssRTSPReqFullRequest).unwrap_or_default();
        let line = text.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let line = line.get(..MAX_LINE).unwrap_or(line);
        let (status, body_bytes) = ctx.peek_response(parts);
        observer(&HttpAnswered {
            peer: ctx.connection.peer.ip().to_canonical(),
            request_line: without_password(&String::from_utf8_lossy(line)),
            status,
            body_bytes,
        });
    }
}

/// The value of `pass` in a query, by which titles of music are set, is nobody's business who reads logs.
fn without_password(line: &str) -> String {
    let mut rest = line;
    let mut kept = String::with_capacity(line.len());
    while let Some(at) = ["?pass=", "&pass="].iter().filter_map(|name| rest.find(name)).min() {
        let (before, value) = rest.split_at(at + "?pass=".len());
        kept.push_str(before);
        kept.push_str("***");
        rest = value.find(['&', ' ', '\t']).and_then(|end| value.get(end..)).unwrap_or_default();
    }
    kept + rest
}

/// Status and length of the body of an HTTP answer.
fn parts(answer: &[u8]) -> (Option<u16>, Option<u64>) {
    let status =
        answer.split(|byte| *byte == b' ').nth(1).and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    let body = head.and_then(|head| u64::try_from(answer.len().saturating_sub(head)).ok());
    (status, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_query_is_left_out() {
        let of = without_password;
        let line = "GET /admin.cgi?mode=updinfo&pass=se%26c=ret&mount=/m HTTP/1.0";
        assert_eq!(of(line), "GET /admin.cgi?mode=updinfo&pass=***&mount=/m HTTP/1.0");
        assert_eq!(of("GET /a?pass=x&pass=y HTTP/1.0"), "GET /a?pass=***&pass=*** HTTP/1.0");
        assert_eq!(of("GET /a?pass="), "GET /a?pass=***");
        assert_eq!(of("GET /pass=ö?bypass=1 HTTP/1.0"), "GET /pass=ö?bypass=1 HTTP/1.0");
    }

    #[test]
    fn status_and_body_of_an_answer_are_found_and_of_none_are_not() {
        assert_eq!(parts(b"HTTP/1.0 404 Not Found\r\nA: b\r\n\r\nbody"), (Some(404), Some(4)));
        assert_eq!(parts(b"HTTP/1.1 204\r\n\r\n"), (None, Some(0)));
        assert_eq!(parts(b""), (None, None));
        assert_eq!(parts(b"HTTP/1.1 200 OK\r\nA: b"), (Some(200), None));
    }
}
