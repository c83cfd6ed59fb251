use std::task::Waker;

use super::super::attr::*;
use super::super::module::RoleParams;
use super::super::services::ServiceArgs;
use super::super::{AttrDataType, ObjectType};
use super::*;

type OnRegister = Box<dyn Fn(&Registration) -> Result<(), QtssError> + Send + Sync>;
type OnCall = Box<dyn Fn(&str, &SyncRole<'_>) -> Result<(), QtssError> + Send + Sync>;
type Log = Arc<Mutex<Vec<String>>>;

/// A module that does as the test says and notes its calls.
struct Probe {
    name: &'static str,
    dynamic: bool,
    log: Log,
    on_register: OnRegister,
    on_call: OnCall,
    initialize: Result<(), QtssError>,
}

impl Probe {
    fn new(name: &'static str, log: &Log, roles: &'static [Role]) -> Self {
        Self {
            name,
            dynamic: true,
            log: log.clone(),
            on_register: Box::new(move |r| roles.iter().try_for_each(|role| r.add_role(*role))),
            on_call: Box::new(|_, _| Ok(())),
            initialize: Ok(()),
        }
    }
}

impl Module for Probe {
    fn name(&self) -> &str {
        self.name
    }

    fn is_dynamic(&self) -> bool {
        self.dynamic
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        assert!(ModuleState::is_registering());
        (self.on_register)(registration)
    }

    fn initialize(&self, params: &InitializeParams) -> Result<(), QtssError> {
        assert_eq!(ModuleState::current().unwrap().object, params.module.handle());
        self.log.lock().push(format!("{} initialize", self.name));
        self.initialize
    }

    fn call<'a>(&'a self, role: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        Box::pin(async move {
            let state = ModuleState::current().unwrap();
            let context = role.params().context::<&str>().copied();
            self.log.lock().push(format!("{} {} {context:?}", state.module, state.role.name()));
            let mut yielded = false;
            std::future::poll_fn(
                |_| {
                    if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
                },
            )
            .await;
            assert_eq!(ModuleState::current(), Some(state), "the state is back after a wait");
            Ok(())
        })
    }

    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        self.log.lock().push(format!("{} {}", self.name, role.role().name()));
        (self.on_call)(self.name, &role)
    }
}

fn builder() -> RegistryBuilder {
    let store = ObjectStore::new();
    let server = store.create(ObjectType::Server);
    RegistryBuilder::new(store, server, Box::new(|_, _| {}))
}

fn names(entries: &[Arc<ModuleEntry>]) -> Vec<&'static str> {
    entries.iter().map(|e| e.name()).collect()
}

fn initialize(registry: &Registry) -> Vec<(String, QtssError)> {
    let mut failures = Vec::new();
    let object = registry.store().create(ObjectType::Prefs);
    registry.initialize(&object, &object, object.handle(), |m, e| failures.push((m.name().to_owned(), e)));
    failures
}

fn open(registry: &Registry) -> Result<&'static str, QtssError> {
    let file = registry.store().create(ObjectType::File);
    registry.open_file(OpenFile { file: &file, path: c"/a.mov", flags: 0 }).map(|e| e.name())
}

#[test]
fn trap_5_modules_are_called_in_load_order_in_every_role() {
    let mut builder = builder();
    let log = Log::default();
    builder.add(Arc::new(Probe::new("ErrorLog", &log, &[Role::ErrorLog]))).unwrap();
    builder.add(Arc::new(Probe::new("B", &log, &[Role::RereadPrefs, Role::ErrorLog]))).unwrap();
    builder.add(Arc::new(Probe::new("A", &log, &[Role::RereadPrefs]))).unwrap();
    let registry = builder.freeze();
    assert_eq!(names(&registry.modules_in(Role::RereadPrefs)), ["B", "A"]);
    assert_eq!(names(&registry.modules()), ["ErrorLog", "B", "A"]);
    assert!(!registry.has(Role::RtspFilter) && registry.has(Role::ErrorLog));
    registry.call_all(Role::RereadPrefs, || SyncRole::RereadPrefs);
    assert_eq!(*log.lock(), ["B QTSS_RereadPrefs_Role", "A QTSS_RereadPrefs_Role"]);
}

#[test]
fn trap_4_the_module_object_carries_the_file_name_and_names_the_preferences() {
    let store = ObjectStore::new();
    let server = store.create(ObjectType::Server);
    let load = |name: &str, prefs: &Arc<Object>| {
        let permissions = super::super::Permissions::FROM_FILE;
        let id = prefs.declare(b"section", AttrDataType::CharArray, permissions).unwrap();
        prefs.set_str(id, name);
    };
    let mut builder = RegistryBuilder::new(store, server.clone(), Box::new(load));
    let log = Log::default();
    let roles = &[Role::RtspFilter, Role::RtspFilter, Role::Shutdown];
    let entry = builder.add(Arc::new(Probe::new("QTSSMyModule", &log, roles))).unwrap();
    assert_eq!(entry.object().string(qtssModName).unwrap(), "QTSSMyModule");
    let listed = [Role::RtspFilter, Role::RtspFilter, Role::Shutdown].map(Role::code);
    assert_eq!(entry.object().u32_list(qtssModRoles), listed, "a role added twice is listed twice");
    assert_eq!(entry.object().object(qtssModPrefs), Some(entry.prefs().handle()));
    assert_eq!(entry.object().object(qtssModAttributes), Some(entry.attributes().handle()));
    assert_eq!(entry.prefs().string(entry.prefs().find(b"section").unwrap()).unwrap(), "QTSSMyModule");
    entry.attributes().add_instance_attribute(b"mine", 6).unwrap();
    assert_eq!(entry.object().add_instance_attribute(b"mine", 6), Err(QtssError::InstanceAttrsNotAllowed));
    assert_eq!(server.objects(qtssSvrModuleObjects), [entry.object().handle()]);
    assert_eq!(names(&builder.freeze().modules_in(Role::RtspFilter)), ["QTSSMyModule"], "but called once");
}

#[test]
fn only_one_module_gets_the_request_role() {
    let mut builder = builder();
    let log = Log::default();
    let mut failing = Probe::new("failing", &log, &[]);
    failing.on_register = Box::new(|r| {
        r.add_role(Role::RtspRequest)?;
        Err(QtssError::RequestFailed)
    });
    builder.add(Arc::new(failing)).unwrap_err();
    builder.add(Arc::new(Probe::new("first", &log, &[Role::RtspRequest]))).unwrap();
    let mut second = Probe::new("second", &log, &[]);
    second.on_register = Box::new(|r| {
        assert_eq!(r.add_role(Role::RtspRequest), Err(QtssError::RequestFailed));
        r.add_role(Role::RtspAuthenticate)
    });
    builder.add(Arc::new(second)).unwrap();
    let registry = builder.freeze();
    assert_eq!(names(&registry.modules_in(Role::RtspRequest)), ["first"]);
    assert_eq!(names(&registry.modules_in(Role::RtspAuthenticate)), ["second"]);
}

#[test]
fn open_file_closes_the_preprocess_role_for_later_registrations() {
    let mut builder = builder();
    let log = Log::default();
    builder.add(Arc::new(Probe::new("pre", &log, &[Role::OpenFilePreProcess]))).unwrap();
    let mut both = Probe::new("both", &log, &[]);
    both.on_register = Box::new(|r| {
        r.add_role(Role::OpenFile)?;
        assert_eq!(r.add_role(Role::OpenFilePreProcess), Err(QtssError::RequestFailed));
        Ok(())
    });
    builder.add(Arc::new(both)).unwrap();
    builder.add(Arc::new(Probe::new("posix", &log, &[Role::OpenFile]))).unwrap();
    let registry = builder.freeze();
    assert_eq!(names(&registry.modules_in(Role::OpenFile)), ["both", "posix"]);
    assert_eq!(names(&registry.modules_in(Role::OpenFilePreProcess)), ["pre"]);
}

#[test]
fn unknown_roles_and_register_itself_are_bad_arguments_and_late_calls_are_out_of_state() {
    let mut builder = builder();
    let kept = Arc::new(Mutex::new(None));
    let keep = kept.clone();
    let mut probe = Probe::new("p", &Log::default(), &[]);
    probe.on_register = Box::new(move |r| {
        assert_eq!(r.add_role_code(0x1234), Err(QtssError::BadArgument));
        assert_eq!(r.add_role(Role::Register), Err(QtssError::BadArgument));
        r.add_role(Role::ReadFile)?;
        *keep.lock() = Some(r.clone());
        Ok(())
    });
    builder.add(Arc::new(probe)).unwrap();
    let late = kept.lock().take().unwrap();
    assert_eq!(late.add_role(Role::RtspFilter), Err(QtssError::OutOfState));
    let added = late.add_static_attribute(ObjectType::Server.code(), b"x", 6);
    assert_eq!(added, Err(QtssError::OutOfState));
    assert_eq!(late.add_service(b"x", Arc::new(|_| 0)), Err(QtssError::OutOfState));
}

#[test]
fn trap_7_a_module_that_fails_to_register_leaves_only_what_it_declared() {
    let mut builder = builder();
    let mut probe = Probe::new("broken", &Log::default(), &[]);
    probe.on_register = Box::new(|r| {
        r.add_role(Role::RtspFilter)?;
        r.add_static_attribute(ObjectType::ClientSession.code(), b"Left", 6)?;
        r.add_service(b"LeftService", Arc::new(|_| 3))?;
        Err(QtssError::WrongVersion)
    });
    let failure = builder.add(Arc::new(probe)).unwrap_err();
    assert_eq!((failure.module.as_str(), failure.error), ("broken", QtssError::WrongVersion));
    let registry = builder.freeze();
    assert!(registry.modules().is_empty() && !registry.has(Role::RtspFilter));
    assert!(registry.server().objects(qtssSvrModuleObjects).is_empty());
    assert!(registry.store().id_for_attr(ObjectType::ClientSession.code(), b"Left").is_ok());
    let service = registry.services().id(b"LeftService").unwrap();
    assert_eq!(registry.services().call(service, ServiceArgs(std::ptr::null_mut())), Ok(3));
}

#[test]
fn trap_7_a_module_that_fails_to_initialize_is_never_called_again() {
    let mut builder = builder();
    let log = Log::default();
    let mut broken = Probe::new("broken", &log, &[Role::Initialize, Role::Shutdown]);
    broken.initialize = Err(QtssError::RequestFailed);
    let broken = builder.add(Arc::new(broken)).unwrap();
    broken.set_interval(100);
    builder.add(Arc::new(Probe::new("good", &log, &[Role::Initialize, Role::Shutdown]))).unwrap();
    builder.add(Arc::new(Probe::new("plain", &log, &[Role::Shutdown]))).unwrap();
    let registry = builder.freeze();
    assert_eq!(initialize(&registry), [("broken".to_owned(), QtssError::RequestFailed)]);
    registry.call_all(Role::Shutdown, || SyncRole::Shutdown);
    let expected = ["broken initialize", "good initialize", "good QTSS_Shutdown_Role", "plain QTSS_Shutdown_Role"];
    assert_eq!(*log.lock(), expected);
    assert_eq!(broken.interval(), 0);
    assert_eq!(registry.server().objects(qtssSvrModuleObjects).len(), 2);
    assert!(registry.find("broken").is_none() && registry.by_object(broken.object().handle()).is_none());
}

#[test]
fn a_dynamic_module_of_the_same_name_is_found_first() {
    let mut builder = builder();
    let log = Log::default();
    let dynamic = builder.add(Arc::new(Probe::new("QTSSAccessModule", &log, &[]))).unwrap();
    let mut compiled = Probe::new("QTSSAccessModule", &log, &[]);
    compiled.dynamic = false;
    builder.add(Arc::new(compiled)).unwrap();
    let registry = builder.freeze();
    assert_eq!(registry.modules().len(), 2);
    assert!(Arc::ptr_eq(&registry.find("QTSSAccessModule").unwrap(), &dynamic));
}

#[test]
fn trap_62_a_file_belongs_to_the_first_module_that_does_not_decline() {
    let build = |answer: Result<(), QtssError>, open_file: Result<(), QtssError>| {
        let mut builder = builder();
        let log = Log::default();
        let mut declining = Probe::new("declining", &log, &[Role::OpenFilePreProcess]);
        declining.on_call = Box::new(|_, _| Err(QtssError::FileNotFound));
        let mut claiming = Probe::new("claiming", &log, &[Role::OpenFilePreProcess]);
        claiming.on_call = Box::new(move |_, role| match role {
            SyncRole::OpenFilePreProcess(file) if file.path == c"/a.mov" => answer,
            _ => Ok(()),
        });
        let mut disk = Probe::new("disk", &log, &[Role::OpenFile]);
        disk.on_call = Box::new(move |_, _| open_file);
        for probe in [declining, claiming, disk, Probe::new("unused", &log, &[Role::OpenFile])] {
            builder.add(Arc::new(probe)).unwrap();
        }
        builder.freeze()
    };
    assert_eq!(open(&build(Ok(()), Ok(()))), Ok("claiming"));
    assert_eq!(open(&build(Err(QtssError::RequestFailed), Ok(()))), Err(QtssError::RequestFailed));
    assert_eq!(open(&build(Err(QtssError::FileNotFound), Ok(()))), Ok("disk"));
    let replaced = build(Err(QtssError::FileNotFound), Err(QtssError::FileNotFound));
    assert_eq!(open(&replaced), Err(QtssError::FileNotFound), "the first OpenFile module replaces the disk");
    assert_eq!(open(&builder().freeze()), Err(QtssError::FileNotFound));
}

#[test]
fn trap_41_a_module_that_logs_while_it_is_told_of_a_message_is_not_told_of_that() {
    let mut builder = builder();
    let log = Log::default();
    let weak: Arc<std::sync::OnceLock<std::sync::Weak<Registry>>> = Arc::default();
    let shared = weak.clone();
    let mut chatty = Probe::new("chatty", &log, &[Role::ErrorLog]);
    chatty.on_call = Box::new(move |_, _| {
        let nested = || SyncRole::ErrorLog { verbosity: 2, text: c"nested" };
        shared.get().unwrap().upgrade().unwrap().call_all(Role::ErrorLog, nested);
        Ok(())
    });
    let mut sink = Probe::new("sink", &log, &[Role::ErrorLog]);
    sink.dynamic = false;
    builder.add(Arc::new(sink)).unwrap();
    builder.add(Arc::new(chatty)).unwrap();
    let registry = builder.freeze();
    weak.set(Arc::downgrade(&registry)).unwrap();
    registry.call_all(Role::ErrorLog, || SyncRole::ErrorLog { verbosity: 1, text: c"first" });
    assert_eq!(*log.lock(), ["sink QTSS_ErrorLog_Role", "chatty QTSS_ErrorLog_Role", "sink QTSS_ErrorLog_Role"]);
}

#[test]
fn a_module_that_waits_finds_its_state_again_and_the_context_of_the_server() {
    let mut builder = builder();
    let log = Log::default();
    let entry = builder.add(Arc::new(Probe::new("waiting", &log, &[Role::RtspFilter]))).unwrap();
    let context = "the server's request";
    let mut replacement = None;
    let call = RoleCall::Filter { params: RoleParams::new(&context), replacement: &mut replacement };
    let mut future = Box::pin(entry.call(call));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert_eq!(ModuleState::current(), None, "between polls the thread serves nobody");
    assert_eq!(future.as_mut().poll(&mut cx), Poll::Ready(Ok(())));
    assert_eq!(*log.lock(), [format!("waiting QTSS_RTSPFilter_Role Some({context:?})")]);
}
