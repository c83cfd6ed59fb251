//! What other modules see of broadcasters.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use dss::qtss::attr::{qtssRTSPReqFullRequest, qtssRTSPReqRespKeepAlive};
use dss::qtss::{BoxFuture, Module, QtssError, Registration, Role, RoleCall};
use dss::server::RequestContext;

use crate::common;

/// A module that writes down the requests it is shown and answers one of them.
#[derive(Default)]
struct Watcher {
    seen: Mutex<Vec<String>>,
    closed: Mutex<u32>,
}

impl Module for Watcher {
    fn name(&self) -> &str {
        "Watcher"
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        [Role::RtspFilter, Role::RtspSessionClosing].into_iter().try_for_each(|role| registration.add_role(role))
    }

    fn call<'a>(&'a self, call: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        match call {
            RoleCall::Filter { params, .. } => {
                let ctx = params.context::<Arc<RequestContext>>().expect("a request");
                let text = ctx.object.string(qtssRTSPReqFullRequest).unwrap_or_default();
                if text.starts_with("mine") {
                    ctx.object.set_bool16(qtssRTSPReqRespKeepAlive, false);
                    ctx.write_raw(b"mine it is\r\n");
                }
                self.seen.lock().unwrap().push(text);
            }
            RoleCall::RtspSessionClosing(_) => *self.closed.lock().unwrap() += 1,
            _ => {}
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

#[test]
fn modules_before_see_passwords_and_sources_and_may_answer_them() {
    let watcher = Arc::new(Watcher::default());
    let site = common::Site::with_module(watcher.clone());
    let requests = ["mine\r\n", "secret\r\n", "SOURCE secret /m\r\n\r\n", "GET /m HTTP/1.0\r\n\r\n"];
    for request in requests {
        let mut stream = TcpStream::connect(site.address()).unwrap();
        stream.set_read_timeout(Some(common::PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer.starts_with(b"mine it is\r\n"), request.starts_with("mine"), "{request}");
    }
    assert_eq!(*watcher.seen.lock().unwrap(), requests);
    common::eventually("the module hears of each end", || *watcher.closed.lock().unwrap() == 4);
}
