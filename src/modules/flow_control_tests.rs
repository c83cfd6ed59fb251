//! The module with a real stream and the compounds players send.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::*;

use crate::config::Prefs;
use crate::qtss::{ObjectStore, Registry, RegistryBuilder, RoleParams};
use crate::rtp::{
    Clock, Cname, ManualClock, NoObserver, PoolConfig, PortPool, StreamConfig, UdpTransport, WORST_FILE_QUALITY,
};
use crate::rtsp::SessionId;
use crate::server::ClientSession;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Bench {
    registry: Arc<Registry>,
    session: Arc<ClientSession>,
    object: Arc<Object>,
    stream: Arc<RtpStream>,
    _folder: tempfile::TempDir,
}

/// A bench whose configuration has this in its server and module sections.
fn bench(server: &str, module: &str, reliable: bool) -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("streamingserver.xml");
    let text = format!(
        "<?xml version=\"1.0\"?>\n<CONFIGURATION>\n<SERVER>{server}</SERVER>\n\
         <MODULE NAME=\"{NAME}\">{module}</MODULE>\n</CONFIGURATION>\n"
    );
    std::fs::write(&path, text).expect("written");
    let prefs = Prefs::load(&path).expect("loaded").prefs;
    let store = ObjectStore::new();
    let root = store.create(ObjectType::Server);
    let mut builder = RegistryBuilder::new(Arc::clone(&store), root, Box::new(|_, _| {}));
    builder.add(Arc::new(FlowControlModule::new(&Preferences::new(prefs)))).expect("registered");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(0, 0));
    let session = ClientSession::new(&store, SessionId::random(), LOCAL, &*clock, 0);
    let config = PoolConfig { first_port: 26_000, ..PoolConfig::default() };
    let pool = PortPool::new(config, None, clock, Arc::new(NoObserver));
    let rtcp = SocketAddr::new(LOCAL, 5001);
    let udp = UdpTransport::new(pool.allocate(LOCAL, rtcp).expect("a pair"), LOCAL, SocketAddr::new(LOCAL, 5000), rtcp);
    let stream = RtpStream::new(StreamConfig {
        track_id: 3,
        payload_name: String::new(),
        clock_rate: 90_000,
        is_video: true,
        worst_quality: WORST_FILE_QUALITY,
        quality: 0,
        cname: Cname::of_session(1),
        activity: Arc::clone(&session.activity_ms),
        transport: Transport::Udp(if reliable { udp.reliable() } else { udp }),
    });
    let object = store.create(ObjectType::RtpStream);
    Bench { registry: builder.freeze(), session, object, stream, _folder: folder }
}

impl Bench {
    fn receive(&self, compound: &[u8]) -> u8 {
        let summary = self.stream.handle_rtcp(&ManualClock::new(0, 0), compound);
        let received = ReceivedRtcp { stream: Arc::clone(&self.stream), session: Arc::clone(&self.session), summary };
        let params = RoleParams {
            client_session: Some(&self.session.object),
            stream: Some(&self.object),
            ..RoleParams::new(&received)
        };
        self.registry.call_all(Role::RtcpProcess, || SyncRole::RtcpProcess { params, data: compound });
        self.stream.quality()
    }

    /// A QuickTime player's report: two letters of an item and its data.
    fn qtss(&self, name: &[u8; 2], data: &[u8]) -> u8 {
        let mut items = [name, &[0, data.len() as u8][..], data].concat();
        items.resize(items.len().next_multiple_of(4), 0);
        let words = (items.len() / 4) as u8;
        let mut packet = vec![0x80, 204, 0, 4 + words, 0, 0, 0, 9];
        packet.extend(b"QTSS");
        packet.extend(self.stream.ssrc().to_be_bytes());
        packet.extend([0, 0, 0, words]);
        packet.extend(items);
        self.receive(&packet)
    }

    /// A receiver report with this fraction lost.
    fn report(&self, fraction: u8) -> u8 {
        let mut packet = vec![0x81, 201, 0, 7, 0, 0, 0, 9];
        packet.extend(self.stream.ssrc().to_be_bytes());
        packet.extend([fraction, 0, 0, 0]);
        packet.extend([0; 16]);
        self.receive(&packet)
    }
}

#[test]
fn a_quicktime_player_that_loses_half_is_thinned_and_thickened_by_better() {
    let bench = bench("", "", false);
    let levels = [(); 6].map(|()| bench.qtss(b"ls", &(50u16 * 256).to_be_bytes()));
    assert_eq!(levels, [0, 0, 1, 1, 1, 6]);
    assert_eq!([bench.qtss(b":)", &[]), bench.qtss(b":)", &[])], [1, 0]);
}

#[test]
fn same_said_twice_does_not_thin_but_worse_does() {
    let bench = bench("", "", false);
    assert_eq!([(); 4].map(|()| bench.qtss(b":|", &[])), [0; 4]);
    assert_eq!([(); 2].map(|()| bench.qtss(b":(", &[])), [0, 1]);
}

#[test]
fn players_without_quicktime_reports_are_judged_by_the_fraction_lost() {
    let bench = bench("", "", false);
    assert_eq!([(); 6].map(|()| bench.report(128)), [0, 0, 1, 1, 1, 6]);
    assert_eq!([(); 12].map(|()| bench.report(5)).last(), Some(&0));
}

#[test]
fn a_quicktime_players_fraction_lost_is_not_counted_besides() {
    let bench = bench("", "", false);
    bench.qtss(b"ls", &[0, 0]);
    assert_eq!([(); 6].map(|()| bench.report(128)), [0; 6]);
}

#[test]
fn the_operators_numbers_hold() {
    let prefs = "<PREF NAME=\"loss_thin_tolerance\" TYPE=\"UInt32\">60</PREF><PREF NAME=\"num_losses_to_thin\" TYPE=\"UInt32\">1</PREF>";
    let bench = bench("", prefs, false);
    assert_eq!([bench.report(128), bench.report(200), bench.report(200)], [0, 1, 6]);
}

#[test]
fn what_is_switched_off_or_not_plain_udp_is_left_alone() {
    let off = "<PREF NAME=\"flow_control_udp_thinning_module_enabled\" TYPE=\"Bool16\">false</PREF>";
    let never = "<PREF NAME=\"disable_thinning\" TYPE=\"Bool16\">true</PREF>";
    for (server, module, reliable) in [("", off, false), (never, "", false), ("", "", true)] {
        let bench = bench(server, module, reliable);
        assert_eq!([(); 6].map(|()| bench.report(255)), [0; 6], "{server} {module} {reliable}");
    }
    let bench = bench("", "", false);
    bench.stream.set_thinning_disabled(true);
    assert_eq!([(); 6].map(|()| bench.report(255)), [0; 6]);
}
