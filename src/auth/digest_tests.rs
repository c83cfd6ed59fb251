//! Tests of Digest: the examples of the RFCs, nonces, and DSS's forms.

use std::time::Duration;

use super::super::users::{SIX_USERS, Users, md5_of, sha256_of};
use super::super::{Credentials, Secret};
use super::*;

fn answer(parameters: &str) -> DigestAnswer {
    match Credentials::parse(format!("Digest {parameters}").as_bytes()) {
        Ok(Credentials::Digest(answer)) => answer,
        other => panic!("{parameters}: {other:?}"),
    }
}

fn error(parameters: &str) -> HeaderError {
    Credentials::parse(format!("Digest {parameters}").as_bytes()).expect_err(parameters)
}

/// RFC 7616 3.9.1.
#[test]
fn the_example_of_rfc_7616_is_right_with_both_hashes() {
    let (realm, password) = (b"http-auth@example.org", Secret::new("Circle of Life"));
    let (md5, sha256) = (md5_of(b"Mufasa", realm, &password), sha256_of(b"Mufasa", realm, &password));
    let keys = Keys { md5: Some(&md5), sha256: Some(&sha256) };
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let answer = answer(&format!(
            "username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
             cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"{response}\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        ));
        assert!(answer.matches("GET", keys), "{algorithm}");
        assert!(!answer.matches("HEAD", keys), "{algorithm}");
        assert!(!answer.matches("GET", Keys::default()), "{algorithm}");
        assert_eq!((answer.user(), answer.uri()), ("Mufasa", &b"/dir/index.html"[..]));
    }
}

/// RFC 2617 3.5, and the example of RFC 2069 2.4 (with its erratum) for an answer without qop.
#[test]
fn the_examples_of_the_older_rfcs_are_right() {
    let key = md5_of(b"Mufasa", b"testrealm@host.com", &Secret::new("Circle Of Life"));
    let with_qop = answer(
        "username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
         uri=\"/dir/index.html\", qop=auth, nc=00000001, cnonce=\"0a4f113b\", \
         response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
    );
    assert!(with_qop.matches("GET", Keys { md5: Some(&key), sha256: None }));
    let key = md5_of(b"Mufasa", b"testrealm@host.com", &Secret::new("CircleOfLife"));
    let without = answer(
        "username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
         uri=\"/dir/index.html\", response=\"1949323746fe6a43ef61f9606e7febea\"",
    );
    assert!(without.matches("GET", Keys { md5: Some(&key), sha256: None }));
}

/// What a client answers, by the definitions of RFC 2617 3.2.2.
fn made_by_a_client(password: &str, nonce: &str, count: Option<u32>) -> DigestAnswer {
    let key = md5_of(b"alice", b"Streaming Server", &Secret::new(password));
    let request = hex(&Md5::digest("DESCRIBE:rtsp://a/b"));
    let (middle, rest) = match count {
        Some(count) => (format!("{nonce}:{count:08x}:c:auth"), format!(", qop=auth, nc={count:08x}, cnonce=\"c\"")),
        None => (nonce.to_owned(), String::new()),
    };
    let response = hex(&Md5::digest(format!("{key}:{middle}:{request}")));
    answer(&format!(
        "username=\"alice\", realm=\"Streaming Server\", nonce=\"{nonce}\", uri=\"rtsp://a/b\", response=\"{response}\"{rest}"
    ))
}

struct Server {
    users: Users,
    nonces: NonceStore,
    now: Instant,
}

impl Server {
    fn new() -> Self {
        let nonces = NonceStore::new(Duration::from_secs(3600), 100);
        Self { users: Users::parse(SIX_USERS.as_bytes()), nonces, now: Instant::now() }
    }

    fn verify(&self, answer: &DigestAnswer, owner: u64) -> Outcome {
        let keys = self.users.get(answer.user()).map(User::keys);
        verify(answer, "DESCRIBE", keys, &self.nonces, owner, self.now)
    }
}

#[test]
fn the_nonce_stays_after_right_and_wrong_answers_without_qop() {
    let server = Server::new();
    let nonce = server.nonces.issue(7, server.now);
    assert_eq!(server.verify(&made_by_a_client("nonsense", &nonce, None), 7), Outcome::Wrong);
    for _ in 0..3 {
        assert_eq!(server.verify(&made_by_a_client("wonder1", &nonce, None), 7), Outcome::Right);
    }
    assert_eq!(server.nonces.issue(7, server.now), nonce);
}

#[test]
fn trap_30_a_foreign_nonce_is_stale_and_a_new_one_is_given() {
    let server = Server::new();
    let nonce = server.nonces.issue(7, server.now);
    assert_eq!(
        server.verify(&made_by_a_client("wonder1", "0123456789abcdef0123456789abcdef", None), 7),
        Outcome::Stale
    );
    assert_eq!(server.verify(&made_by_a_client("wonder1", &nonce, None), 8), Outcome::Stale, "another connection's");
    let renewed = server.nonces.renew(7, server.now);
    assert_ne!(renewed, nonce);
    assert_eq!(server.verify(&made_by_a_client("wonder1", &nonce, None), 7), Outcome::Stale);
    assert_eq!(server.verify(&made_by_a_client("wonder1", &renewed, None), 7), Outcome::Right);
}

#[test]
fn a_nonce_ends_with_its_life() {
    let mut server = Server::new();
    let nonce = server.nonces.issue(7, server.now);
    server.now += Duration::from_secs(3599);
    assert_eq!(server.verify(&made_by_a_client("wonder1", &nonce, None), 7), Outcome::Right);
    server.now += Duration::from_secs(1);
    assert_eq!(server.verify(&made_by_a_client("wonder1", &nonce, None), 7), Outcome::Stale);
    assert_ne!(server.nonces.issue(7, server.now), nonce);
}

#[test]
fn a_nonce_count_is_good_once() {
    let server = Server::new();
    let nonce = server.nonces.issue(7, server.now);
    assert_eq!(
        server.verify(&made_by_a_client("wrong", &nonce, Some(1)), 7),
        Outcome::Wrong,
        "does not use the count up"
    );
    for (count, outcome) in
        [(1, Outcome::Right), (1, Outcome::Stale), (3, Outcome::Right), (2, Outcome::Right), (3, Outcome::Stale)]
    {
        assert_eq!(server.verify(&made_by_a_client("wonder1", &nonce, Some(count)), 7), outcome, "{count}");
    }
}

#[test]
fn an_unknown_user_is_wrong_with_any_answer() {
    let server = Server::new();
    let nonce = server.nonces.issue(7, server.now);
    let key = "00000000000000000000000000000000";
    let request = hex(&Md5::digest("DESCRIBE:x"));
    let response = hex(&Md5::digest(format!("{key}:{nonce}:{request}")));
    let answer = answer(&format!("username=\"zoe\", nonce=\"{nonce}\", uri=\"x\", response=\"{response}\""));
    assert_eq!(server.verify(&answer, 7), Outcome::Wrong);
}

#[test]
fn a_session_key_is_bound_to_both_nonces() {
    let key = md5_of(b"a", b"r", &Secret::new("p"));
    let session = hex(&Md5::digest(format!("{key}:n:c")));
    let request = hex(&Md5::digest("PLAY:u"));
    let response = hex(&Md5::digest(format!("{session}:n:00000001:c:auth:{request}")));
    let text = format!(
        "username=a, nonce=n, uri=u, algorithm=MD5-sess, qop=\"auth\", nc=00000001, cnonce=c, response={}",
        response.to_uppercase()
    );
    assert!(answer(&text).matches("PLAY", Keys { md5: Some(&key), sha256: None }));
    assert!(!answer(&text.replace("MD5-sess", "MD5")).matches("PLAY", Keys { md5: Some(&key), sha256: None }));
}

#[test]
fn a_challenge_is_dss_s_by_default() {
    let made = |stale, qop, sha256| challenges("Streaming Server", "00ff", stale, Offer { qop, sha256 });
    assert_eq!(made(false, false, false), ["Digest realm=\"Streaming Server\", nonce=\"00ff\""]);
    assert_eq!(made(true, false, false), ["Digest realm=\"Streaming Server\", stale=\"true\", nonce=\"00ff\""]);
    assert_eq!(made(false, true, false), ["Digest realm=\"Streaming Server\", nonce=\"00ff\", qop=\"auth\""]);
    assert_eq!(
        made(false, true, true),
        [
            "Digest realm=\"Streaming Server\", nonce=\"00ff\", qop=\"auth\", algorithm=SHA-256",
            "Digest realm=\"Streaming Server\", nonce=\"00ff\", qop=\"auth\", algorithm=MD5",
        ]
    );
}

#[test]
fn what_is_missing_or_impossible_is_named() {
    let full = "username=a, nonce=n, uri=u, response=00, qop=auth, nc=1, cnonce=c";
    assert_eq!(answer(full).user(), "a");
    for name in ["username", "nonce", "uri", "response", "nc", "cnonce"] {
        let without: Vec<_> = full.split(", ").filter(|part| !part.starts_with(&format!("{name}="))).collect();
        assert_eq!(error(&without.join(", ")), HeaderError::Missing(name));
    }
    assert_eq!(error(&full.replace("qop=auth", "qop=auth-int")), HeaderError::BadValue("qop"));
    assert_eq!(error(&full.replace("nc=1", "nc=123456789")), HeaderError::BadValue("nc"));
    assert_eq!(error(&full.replace("nc=1", "nc=+1")), HeaderError::BadValue("nc"));
    assert_eq!(error(&full.replace("response=00", "response=0")), HeaderError::BadValue("response"));
    assert_eq!(error(&format!("{full}, algorithm=SHA-512-256")), HeaderError::BadValue("algorithm"));
}

/// RFC 7616 3.9.2 has such a name.
#[test]
fn a_name_in_the_extended_form_is_read() {
    let read = |name: &str| answer(&format!("username*={name}, nonce=n, uri=u, response=00")).user().to_owned();
    assert_eq!(read("UTF-8''J%C3%A4s%C3%B8n%20Doe"), "Jäsøn Doe");
    assert_eq!(read("utf-8'en'x"), "x");
    for bad in ["x", "UTF-8", "UTF-8'", "UTF-8''%zz", "UTF-8''%ff", "latin1''x", "UTF-8x'x"] {
        assert_eq!(
            error(&format!("username*={bad}, nonce=n, uri=u, response=00")),
            HeaderError::BadValue("username*"),
            "{bad}"
        );
    }
}
