use std::sync::Arc;

use parking_lot::Mutex;
use tokio::net::TcpListener;

use super::*;

/// A server that reads one request after the other and answers with the given texts; returns what it was asked.
async fn scripted(answers: Vec<&'static str>) -> (SocketAddr, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        for answer in answers {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).await.unwrap() == 0 {
                    return asked;
                }
                request.push(byte[0]);
            }
            asked.push(String::from_utf8(request).unwrap());
            stream.write_all(answer.replace('\n', "\r\n").as_bytes()).await.unwrap();
        }
        asked
    });
    (address, task)
}

async fn open(address: SocketAddr, who: Option<(&str, &str)>) -> Connection {
    let who = who.map(|(user, password)| Credentials { user: user.into(), password: password.into() });
    Connection::open(&Host::Address(address.ip()), address.port(), None, who).await.unwrap()
}

const DIGEST: &str = "RTSP/1.0 401 Unauthorized\nCSeq: 1\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\n\n";

#[tokio::test]
async fn a_challenge_is_answered_and_the_next_request_knows_it() {
    let ok = "RTSP/1.0 200 OK\nCSeq: 2\nSession: 77;timeout=20\n\n";
    let (address, server) = scripted(vec![DIGEST, ok, "RTSP/1.0 200 OK\nCSeq: 3\n\n"]).await;
    let mut connection = open(address, Some(("me", "secret"))).await;
    connection.ask("DESCRIBE", "rtsp://h/x", &[("Accept", "application/sdp")], &[]).await.unwrap();
    connection.ask("PLAY", "rtsp://h/x", &[], &[]).await.unwrap();
    assert_eq!(connection.keep_alive_period(), Duration::from_secs(10));
    let asked = server.await.unwrap();
    assert!(!asked[0].contains("Authorization") && asked[0].contains("User-Agent: QTSS_Relay/"), "{asked:?}");
    assert!(asked[1].contains("Authorization: Digest username=\"me\"") && !asked[1].contains("Session:"), "{asked:?}");
    assert!(asked[2].contains("Authorization: Digest") && asked[2].contains("Session: 77\r\n"), "{asked:?}");
    assert!(!asked.concat().contains("secret"));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let again = "RTSP/1.0 401 Unauthorized\nCSeq: 2\nWWW-Authenticate: Digest realm=\"r\", nonce=\"m\"\n\n";
    let (address, server) = scripted(vec![DIGEST, again, "never"]).await;
    let mut connection = open(address, Some(("me", "wrong"))).await;
    let error = connection.ask("ANNOUNCE", "rtsp://h/x", &[], &[]).await.unwrap_err();
    assert!(matches!(error, ClientError::WrongPassword), "{error}");
    drop(connection);
    assert_eq!(server.await.unwrap().len(), 2);
}

#[tokio::test]
async fn without_a_name_a_challenge_is_an_error_that_says_so() {
    let (address, _server) = scripted(vec![DIGEST]).await;
    let error = open(address, None).await.ask("ANNOUNCE", "rtsp://h/x", &[], &[]).await.unwrap_err();
    assert_eq!(error.to_string(), "ANNOUNCE needs a name and password");
}

#[tokio::test]
async fn frames_and_requests_of_the_server_may_come_before_an_answer() {
    let answer = "$\u{1}\0\u{3}abcOPTIONS * RTSP/1.0\nCSeq: 9\n\nRTSP/1.0 200 OK\nCSeq: 1\n\n";
    let (address, _server) = scripted(vec![answer, "RTSP/1.0 454 Session Not Found\nCSeq: 9\n\n"]).await;
    let mut connection = open(address, None).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    connection.set_sink(Box::new(move |channel, packet| ear.lock().push((channel, packet))));
    connection.ask("PLAY", "rtsp://h/x", &[], &[]).await.unwrap();
    assert_eq!(*heard.lock(), [(1, Bytes::from_static(b"abc"))]);
    // our answer to its OPTIONS is the next "request" of the script
    let incoming = connection.next().await.unwrap();
    let error = connection.handle(incoming).await.unwrap_err();
    assert!(matches!(error, ClientError::Ended), "{error}");
}

#[tokio::test]
async fn refusals_redirects_and_nonsense_are_told_apart() {
    let told = async |answer: &'static str| {
        let (address, _server) = scripted(vec![answer]).await;
        let mut connection = open(address, None).await;
        connection.ask("DESCRIBE", "rtsp://h/x", &[], &[]).await.unwrap_err().to_string()
    };
    assert_eq!(told("RTSP/1.0 404 Not Found\nCSeq: 1\n\n").await, "DESCRIBE was answered 404 Not Found");
    let moved = "RTSP/1.0 302 Found\nCSeq: 1\nLocation: rtsp://other/x\n\n";
    assert_eq!(told(moved).await, "redirected to rtsp://other/x");
    let http = "220 mail.example ESMTP\n\n";
    assert!(told(http).await.starts_with("the server does not speak RTSP"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut connection = open(listener.local_addr().unwrap(), None).await;
    let error = connection.ask("DESCRIBE", "rtsp://h/x", &[], &[]).await.unwrap_err();
    assert_eq!(error.to_string(), "no answer to DESCRIBE");
    connection.keep_alive("rtsp://h/x").await.unwrap();
    connection.keep_alive("rtsp://h/x").await.unwrap();
    tokio::time::advance(PATIENCE).await;
    let error = connection.keep_alive("rtsp://h/x").await.unwrap_err();
    assert_eq!(error.to_string(), "no answer to OPTIONS");
}

#[tokio::test]
async fn an_address_that_is_not_there_is_named() {
    // Bound and not listened on: it refuses, and nobody else is given it meanwhile.
    let bound = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    bound.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let gone = bound.local_addr().unwrap().as_socket().unwrap();
    let host = Host::Address(gone.ip());
    let error = Connection::open(&host, gone.port(), None, None).await.err().unwrap().to_string();
    assert!(error.starts_with(&format!("cannot connect to {gone}: ")), "{error}");
    let other_family = Some("::1".parse().unwrap());
    let error = Connection::open(&host, gone.port(), other_family, None).await.err().unwrap();
    assert!(matches!(error, ClientError::NoAddress { .. }), "{error}");
}
