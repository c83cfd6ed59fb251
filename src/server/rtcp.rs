//! The RTCPProcess role: modules hear what players report.
//!
//! Built-in modules are told on the task that received it; they do not wait for anything. Modules loaded from files may,
//! so they have a thread of their own and a bounded queue before it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::{io, thread};

use super::session::ClientSession;
use crate::qtss::attr::*;
use crate::qtss::{ModuleEntry, Object, Registry, Role, RoleParams, SyncRole};
use crate::rtp::{RtcpObserver, RtcpSummary, RtpStream, StreamOwner};

/// Compounds that wait for modules loaded from files. When there are more, modules miss some, as they do in DSS whenever
/// the session is busy.
const QUEUE: usize = 4096;

/// What modules know from DSS's threads, bytes.
const MODULE_STACK: usize = 8 << 20;

/// The context of the RTCPProcess role for built-in modules.
pub struct ReceivedRtcp {
    /// The stream it is about; the figures of the report are in its statistics already.
    pub stream: Arc<RtpStream>,
    /// The stream's session.
    pub session: Arc<ClientSession>,
    /// What the compound held.
    pub summary: RtcpSummary,
}

/// Whose a stream is. The stream itself knows it, so that no table has to be searched for each report.
#[derive(Debug)]
struct Owner {
    session: Weak<ClientSession>,
    object: Weak<Object>,
}

impl StreamOwner for Owner {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn quality_changed(&self, level: u8) {
        // Also through the pointers that modules hold.
        if let Some(live) = self.object.upgrade().and_then(|object| object.live_u32(qtssRTPStrQualityLevel)) {
            live.set(u32::from(level));
        }
        if let Some(session) = self.session.upgrade().filter(|_| level > 0) {
            session.object.set_bool16(qtssCliSesStartedThinning, true);
        }
    }
}

/// Lets modules be told of the RTCP of a new stream.
pub(super) fn set_owner(stream: &RtpStream, session: &Arc<ClientSession>, object: &Arc<Object>) {
    stream.set_owner(Box::new(Owner { session: Arc::downgrade(session), object: Arc::downgrade(object) }));
}

/// One compound and the objects it is about.
struct Report {
    received: ReceivedRtcp,
    object: Arc<Object>,
    compound: Vec<u8>,
}

/// Tells the modules that have the role.
pub(super) struct RtcpRoles {
    registry: Arc<Registry>,
    /// To the thread of modules loaded from files, if any of them has the role.
    queue: Option<SyncSender<Report>>,
}

impl RtcpRoles {
    /// For the modules of `registry`, all of which are loaded by now.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(super) fn start(registry: &Arc<Registry>) -> io::Result<Self> {
        let any_dynamic = registry.modules_in(Role::RtcpProcess).iter().any(|entry| entry.module().is_dynamic());
        let queue = any_dynamic.then(|| {
            let (sender, reports) = sync_channel(QUEUE);
            let of_thread = Arc::clone(registry);
            let named = thread::Builder::new().name("rtcp-modules".into()).stack_size(MODULE_STACK);
            named.spawn(move || tell_dynamic(&of_thread, &reports)).map(|_| sender)
        });
        Ok(Self { registry: Arc::clone(registry), queue: queue.transpose()? })
    }
}

impl RtcpObserver for RtcpRoles {
    fn rtcp_received(&self, stream: &Arc<RtpStream>, compound: &[u8], summary: &RtcpSummary) {
        if summary.packets == 0 || !self.registry.has(Role::RtcpProcess) {
            return;
        }
        let Some(owner) = stream.owner::<Owner>() else { return };
        let (Some(session), Some(object)) = (owner.session.upgrade(), owner.object.upgrade()) else { return };
        let received = ReceivedRtcp { stream: Arc::clone(stream), session, summary: summary.clone() };
        for entry in self.registry.modules_in(Role::RtcpProcess).iter().filter(|entry| !entry.module().is_dynamic()) {
            tell(entry, &received, &object, compound);
        }
        if let Some(queue) = &self.queue {
            let _ = queue.try_send(Report { received, object, compound: compound.to_vec() }); // full: see QUEUE
        }
    }
}

/// Until the server is gone.
fn tell_dynamic(registry: &Registry, reports: &Receiver<Report>) {
    for report in reports {
        // A session that is being worked on: the report is dropped. Modules count on never meeting a session twice.
        let Ok(_working) = report.received.session.state.try_lock() else { continue };
        for entry in registry.modules_in(Role::RtcpProcess).iter().filter(|entry| entry.module().is_dynamic()) {
            tell(entry, &report.received, &report.object, &report.compound);
        }
    }
}

fn tell(entry: &ModuleEntry, received: &ReceivedRtcp, object: &Arc<Object>, data: &[u8]) {
    let params = RoleParams {
        client_session: Some(&received.session.object),
        stream: Some(object),
        ..RoleParams::new(received)
    };
    let call = || entry.call_sync(SyncRole::RtcpProcess { params, data });
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        tracing::error!("module {} panicked in the RTCPProcess role", entry.name());
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::qtss::{Module, ObjectStore, ObjectType, QtssError, Registration, RegistryBuilder};
    use crate::rtp::{
        Clock, Cname, ManualClock, NoObserver, PoolConfig, PortPool, StreamConfig, Transport, UdpTransport,
    };
    use crate::rtsp::SessionId;
    use crate::server::objects;

    /// Notes the name of the thread and the length of what it was told.
    struct Listener {
        name: &'static str,
        dynamic: bool,
        panics: bool,
        told: mpsc::Sender<(&'static str, Option<String>, usize)>,
    }

    impl Module for Listener {
        fn name(&self) -> &str {
            self.name
        }

        fn is_dynamic(&self) -> bool {
            self.dynamic
        }

        fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
            registration.add_role(Role::RtcpProcess)
        }

        fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
            let SyncRole::RtcpProcess { params, data } = role else { return Ok(()) };
            assert!(params.client_session.is_some() && params.stream.is_some());
            assert_eq!(params.context::<ReceivedRtcp>().map(|received| received.summary.packets), Some(1));
            let thread = std::thread::current().name().map(str::to_owned);
            self.told.send((self.name, thread, data.len())).expect("somebody listens");
            assert!(!self.panics, "a module's bug");
            Ok(())
        }
    }

    struct Bench {
        registry: Arc<Registry>,
        session: Arc<ClientSession>,
        stream: Arc<RtpStream>,
        object: Arc<Object>,
    }

    fn bench(modules: Vec<Listener>) -> Bench {
        const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let store = ObjectStore::new();
        let server = store.create(ObjectType::Server);
        let mut builder = RegistryBuilder::new(Arc::clone(&store), server, Box::new(|_, _| {}));
        for module in modules {
            builder.add(Arc::new(module)).expect("registered");
        }
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(0, 0));
        let session = ClientSession::new(&store, SessionId::random(), LOCAL, &*clock, 0);
        let config = PoolConfig { first_port: 25_000, ..PoolConfig::default() };
        let pool = PortPool::new(config, None, clock, Arc::new(NoObserver));
        let rtcp = SocketAddr::new(LOCAL, 5001);
        let lease = pool.allocate(LOCAL, rtcp).expect("a pair");
        let stream = RtpStream::new(StreamConfig {
            track_id: 1,
            payload_name: String::new(),
            clock_rate: 90_000,
            is_video: true,
            worst_quality: 6,
            quality: 0,
            cname: Cname::of_session(1),
            activity: Arc::clone(&session.activity_ms),
            transport: Transport::Udp(UdpTransport::new(lease, LOCAL, SocketAddr::new(LOCAL, 5000), rtcp)),
        });
        let object = objects::new_stream(&store, &stream);
        Bench { registry: builder.freeze(), session, stream, object }
    }

    const REPORT: [u8; 8] = [0x80, 201, 0, 1, 0, 0, 0, 9];

    fn receive(bench: &Bench, roles: &RtcpRoles) {
        let summary = bench.stream.handle_rtcp(&ManualClock::new(0, 0), &REPORT);
        roles.rtcp_received(&bench.stream, &REPORT, &summary);
    }

    #[test]
    fn builtin_modules_hear_it_at_once_and_dynamic_ones_on_their_thread() {
        let (told, heard) = mpsc::channel();
        let module = |name, dynamic| Listener { name, dynamic, panics: false, told: told.clone() };
        let bench = bench(vec![module("c", true), module("rust", false)]);
        set_owner(&bench.stream, &bench.session, &bench.object);
        let roles = RtcpRoles::start(&bench.registry).expect("started");
        receive(&bench, &roles);
        let mut all = [(); 2].map(|()| heard.recv_timeout(Duration::from_secs(10)).expect("told"));
        all.sort();
        assert_eq!(all[0], ("c", Some("rtcp-modules".to_owned()), 8));
        assert_eq!(all[1], ("rust", std::thread::current().name().map(str::to_owned), 8));
    }

    #[test]
    fn a_dynamic_module_does_not_meet_a_session_that_is_being_worked_on() {
        let (told, heard) = mpsc::channel();
        let module = |name, dynamic| Listener { name, dynamic, panics: false, told: told.clone() };
        let bench = bench(vec![module("c", true), module("rust", false)]);
        set_owner(&bench.stream, &bench.session, &bench.object);
        let roles = RtcpRoles::start(&bench.registry).expect("started");
        let working = bench.session.state.try_lock().expect("free");
        receive(&bench, &roles);
        assert_eq!(heard.recv_timeout(Duration::from_secs(10)).expect("told").0, "rust");
        assert!(heard.recv_timeout(Duration::from_millis(50)).is_err());
        drop(working);
    }

    #[test]
    fn a_change_of_quality_shows_in_the_attributes_of_stream_and_session() {
        let bench = bench(Vec::new());
        set_owner(&bench.stream, &bench.session, &bench.object);
        let started = || bench.session.object.bool16(qtssCliSesStartedThinning).unwrap_or(false);
        bench.stream.set_quality(0);
        assert!(!started());
        bench.stream.set_quality(2);
        assert_eq!((bench.object.u32(qtssRTPStrQualityLevel), started()), (Some(2), true));
        bench.stream.set_quality(0);
        assert_eq!((bench.object.u32(qtssRTPStrQualityLevel), started()), (Some(0), true));
    }

    #[test]
    fn a_module_that_panics_hurts_nobody_else() {
        let (told, heard) = mpsc::channel();
        let module = |name, panics| Listener { name, dynamic: false, panics, told: told.clone() };
        let bench = bench(vec![module("bad", true), module("good", false)]);
        set_owner(&bench.stream, &bench.session, &bench.object);
        let roles = RtcpRoles::start(&bench.registry).expect("started");
        receive(&bench, &roles);
        let names = [(); 2].map(|()| heard.try_recv().expect("told").0);
        assert_eq!(names, ["bad", "good"]);
    }

    #[test]
    fn without_a_module_or_with_the_session_gone_nothing_happens() {
        let nobody = bench(Vec::new());
        set_owner(&nobody.stream, &nobody.session, &nobody.object);
        let roles = RtcpRoles::start(&nobody.registry).expect("started");
        assert!(roles.queue.is_none());
        receive(&nobody, &roles);

        let (told, heard) = mpsc::channel();
        let bench = bench(vec![Listener { name: "rust", dynamic: false, panics: false, told }]);
        let roles = RtcpRoles::start(&bench.registry).expect("started");
        receive(&bench, &roles);
        set_owner(&bench.stream, &bench.session, &bench.object);
        let Bench { session, stream, object, .. } = bench;
        drop(session);
        let summary = stream.handle_rtcp(&ManualClock::new(0, 0), &REPORT);
        roles.rtcp_received(&stream, &REPORT, &summary);
        drop(object);
        assert!(heard.try_recv().is_err());
    }
}
