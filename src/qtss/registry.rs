//! Which modules there are and what each is called for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::attr::{qtssModAttributes, qtssModName, qtssModPrefs, qtssModRoles, qtssSvrModuleObjects};
use super::call_trace::Traced;
use super::module::{BoxFuture, InitializeParams, Module, OpenFile, RoleCall, SyncRole};
use super::role::{Role, RoleSet};
use super::services::{ServiceFn, ServiceId, Services};
use super::state::{ModuleState, ModuleStateGuard, intern};
use super::{AttrId, Handle, Object, ObjectStore, ObjectType, QtssError};

/// A registered module.
pub struct ModuleEntry {
    module: Arc<dyn Module>,
    name: &'static str,
    object: Arc<Object>,
    prefs: Arc<Object>,
    attributes: Arc<Object>,
    roles: RoleSet,
    interval: AtomicU32,
    calls: [AtomicU64; Role::COUNT],
}

impl ModuleEntry {
    /// The module's name: file name or compiled-in name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The module itself.
    pub fn module(&self) -> &Arc<dyn Module> {
        &self.module
    }

    /// The module object.
    pub fn object(&self) -> &Arc<Object> {
        &self.object
    }

    /// The module's preferences; each is an instance attribute.
    pub fn prefs(&self) -> &Arc<Object> {
        &self.prefs
    }

    /// The object for the module's own instance attributes.
    pub fn attributes(&self) -> &Arc<Object> {
        &self.attributes
    }

    /// What it registered for.
    pub fn roles(&self) -> RoleSet {
        self.roles
    }

    /// Milliseconds between calls of the Interval role; 0 for none.
    pub fn interval(&self) -> u32 {
        self.interval.load(Ordering::Relaxed)
    }

    /// Sets the interval, in milliseconds; 0 stops it.
    pub fn set_interval(&self, ms: u32) {
        self.interval.store(ms, Ordering::Relaxed);
    }

    /// How often the module was called in a role since it was loaded.
    pub fn calls(&self, role: Role) -> u64 {
        self.calls.get(role.index()).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn count_call(&self, role: Role) {
        if let Some(count) = self.calls.get(role.index()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes that this thread enters the module.
    pub fn enter(&self, role: Role) -> ModuleStateGuard {
        ModuleState::enter(self.name, self.object.handle(), role)
    }

    /// Calls the module in a role in which it may wait. While it runs, the polling thread's state names it.
    pub fn call<'a>(&'a self, role: RoleCall<'a>) -> impl Future<Output = Result<(), QtssError>> + Send + 'a {
        self.count_call(role.role());
        let traced = Traced::begin(!self.module.is_dynamic());
        InModule { entry: self, role: role.role(), traced, future: self.module.call(role) }
    }

    /// Calls the module on this thread. A dynamic module that logs from within the ErrorLog role is not called for that.
    ///
    /// # Errors
    /// What the module answers.
    pub fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        let which = role.role();
        if which == Role::ErrorLog && self.module.is_dynamic() && ModuleState::is_inside(Role::ErrorLog) {
            return Ok(());
        }
        self.count_call(which);
        let _state = self.enter(which);
        let traced = Traced::begin(!self.module.is_dynamic());
        let result = self.module.call_sync(role);
        traced.end(self.name, which, result);
        result
    }
}

impl std::fmt::Debug for ModuleEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Module({})", self.name)
    }
}

/// A module's future, with the thread's module state set while it is polled.
struct InModule<'a> {
    entry: &'a ModuleEntry,
    role: Role,
    traced: Traced,
    future: BoxFuture<'a, Result<(), QtssError>>,
}

impl Future for InModule<'_> {
    type Output = Result<(), QtssError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let _state = self.entry.enter(self.role);
        let polled = self.future.as_mut().poll(cx);
        if let Poll::Ready(result) = polled {
            self.traced.end(self.entry.name, self.role, result);
        }
        polled
    }
}

/// What a module may do in its Register role. Clones mean the same registration; all of them are dead (OutOfState) when
/// the role is over.
#[derive(Clone)]
pub struct Registration(Arc<RegistrationState>);

struct RegistrationState {
    store: Arc<ObjectStore>,
    services: Arc<Services>,
    object: Arc<Object>,
    taken: Arc<Mutex<Taken>>,
    /// Roles so far; `None` when registration is over.
    roles: Mutex<Option<RoleSet>>,
}

/// Roles that exclude others.
#[derive(Default)]
struct Taken {
    /// Some module has the Request role.
    request: bool,
    /// Some module asked for OpenFile, and OpenFilePreProcess is closed.
    open_file: bool,
}

impl Registration {
    /// QTSS_AddRole.
    ///
    /// # Errors
    /// BadArgument for an unknown number and for the Register role, RequestFailed for a second Request role or for
    /// OpenFilePreProcess after any module took OpenFile, OutOfState when registration is over.
    pub fn add_role_code(&self, code: u32) -> Result<(), QtssError> {
        let mut roles = self.0.roles.lock();
        let roles = roles.as_mut().ok_or(QtssError::OutOfState)?;
        let role = Role::from_code(code).filter(|r| *r != Role::Register).ok_or(QtssError::BadArgument)?;
        let mut taken = self.0.taken.lock();
        match role {
            Role::RtspRequest if std::mem::replace(&mut taken.request, true) => return Err(QtssError::RequestFailed),
            Role::OpenFilePreProcess if taken.open_file => return Err(QtssError::RequestFailed),
            Role::OpenFile => taken.open_file = true,
            _ => {}
        }
        // A role added twice is listed twice, but called once.
        self.0.object.push(qtssModRoles, &code.to_ne_bytes());
        *roles = roles.with(role);
        Ok(())
    }

    /// [`Registration::add_role_code`] for Rust modules.
    ///
    /// # Errors
    /// As there.
    pub fn add_role(&self, role: Role) -> Result<(), QtssError> {
        self.add_role_code(role.code())
    }

    /// QTSS_AddStaticAttribute; for text messages too.
    ///
    /// # Errors
    /// OutOfState when registration is over, else as [`ObjectStore::add_static_attribute`].
    pub fn add_static_attribute(&self, object_type: u32, name: &[u8], data_type: u32) -> Result<AttrId, QtssError> {
        self.check_open()?;
        self.0.store.add_static_attribute(object_type, name, data_type)
    }

    /// QTSS_AddService.
    ///
    /// # Errors
    /// OutOfState when registration is over, else as [`Services::add`].
    pub fn add_service(&self, name: &[u8], service: ServiceFn) -> Result<ServiceId, QtssError> {
        self.check_open()?;
        self.0.services.add(name, service)
    }

    /// The object store.
    pub fn store(&self) -> &Arc<ObjectStore> {
        &self.0.store
    }

    /// The object of the module that registers.
    pub fn object(&self) -> &Arc<Object> {
        &self.0.object
    }

    fn check_open(&self) -> Result<(), QtssError> {
        if self.0.roles.lock().is_some() { Ok(()) } else { Err(QtssError::OutOfState) }
    }
}

/// A module whose Register role failed.
#[derive(Debug, thiserror::Error)]
#[error("module {module} failed to register: {error}")]
pub struct RegisterFailed {
    /// The module's name.
    pub module: String,
    /// What it answered.
    pub error: QtssError,
}

/// Fills a module's preferences object; gets the module's name.
pub type PrefsLoader = Box<dyn Fn(&str, &Arc<Object>) + Send + Sync>;

/// Takes modules in, one after the other, in load order: the error log module, dynamic modules, built-in ones.
pub struct RegistryBuilder {
    store: Arc<ObjectStore>,
    server: Arc<Object>,
    services: Arc<Services>,
    taken: Arc<Mutex<Taken>>,
    load_prefs: PrefsLoader,
    entries: Vec<Arc<ModuleEntry>>,
}

impl RegistryBuilder {
    /// An empty registry; `server` is the server object, and `load_prefs` is called for each module that registered.
    pub fn new(store: Arc<ObjectStore>, server: Arc<Object>, load_prefs: PrefsLoader) -> Self {
        Self { store, server, services: Arc::default(), taken: Arc::default(), load_prefs, entries: Vec::new() }
    }

    /// The services, to which the server adds its own.
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// Runs a module's Register role and takes it in. What the module says its name is does not count.
    ///
    /// # Errors
    /// The module's error. It is then forgotten; attributes and services that it declared stay.
    pub fn add(&mut self, module: Arc<dyn Module>) -> Result<Arc<ModuleEntry>, RegisterFailed> {
        let object = self.store.create(ObjectType::Module);
        object.set_str(qtssModName, module.name());
        let name = intern(module.name());
        let roles = self.register(&*module, name, &object)?;
        let prefs = self.store.create_sharing_lock(ObjectType::ModulePrefs, &object);
        let attributes = self.store.create_sharing_lock(ObjectType::Dynamic, &object);
        object.set_object(qtssModPrefs, prefs.handle());
        object.set_object(qtssModAttributes, attributes.handle());
        (self.load_prefs)(name, &prefs);
        self.server.push_object(qtssSvrModuleObjects, object.handle());
        let calls = std::array::from_fn(|_| AtomicU64::new(0));
        let interval = AtomicU32::new(0);
        let entry = Arc::new(ModuleEntry { module, name, object, prefs, attributes, roles, interval, calls });
        self.entries.push(entry.clone());
        Ok(entry)
    }

    fn register(
        &self,
        module: &dyn Module,
        name: &'static str,
        object: &Arc<Object>,
    ) -> Result<RoleSet, RegisterFailed> {
        let mut registration = Registration(Arc::new(RegistrationState {
            store: self.store.clone(),
            services: self.services.clone(),
            object: object.clone(),
            taken: self.taken.clone(),
            roles: Mutex::new(Some(RoleSet::EMPTY)),
        }));
        let result = {
            let _state = ModuleState::enter(name, object.handle(), Role::Register);
            let traced = Traced::begin(!module.is_dynamic());
            let result = module.register(&mut registration);
            traced.end(name, Role::Register, result);
            result
        };
        let roles = registration.0.roles.lock().take().unwrap_or_default();
        result.map(|()| roles).map_err(|error| {
            if roles.contains(Role::RtspRequest) {
                self.taken.lock().request = false;
            }
            RegisterFailed { module: name.to_owned(), error }
        })
    }

    /// Ends registration: the roles are fixed from here on.
    pub fn freeze(self) -> Arc<Registry> {
        Arc::new(Registry {
            table: ArcSwap::from_pointee(RoleTable::new(self.entries)),
            discarded: Mutex::default(),
            store: self.store,
            server: self.server,
            services: self.services,
        })
    }
}

/// All modules by role, in load order.
pub struct Registry {
    table: ArcSwap<RoleTable>,
    /// Modules whose Initialize role failed. They are never called again, but their code and objects stay.
    discarded: Mutex<Vec<Arc<ModuleEntry>>>,
    store: Arc<ObjectStore>,
    server: Arc<Object>,
    services: Arc<Services>,
}

/// Modules in load order, and again by role.
struct RoleTable {
    entries: Arc<[Arc<ModuleEntry>]>,
    roles: [Arc<[Arc<ModuleEntry>]>; Role::COUNT],
}

impl RoleTable {
    fn new(entries: Vec<Arc<ModuleEntry>>) -> Self {
        let in_role = |role: &Role| entries.iter().filter(|e| e.roles.contains(*role)).cloned().collect();
        let roles = std::array::from_fn(|i| in_role(&Role::ALL[i]));
        Self { entries: entries.into(), roles }
    }
}

impl Registry {
    /// All modules in load order.
    pub fn modules(&self) -> Arc<[Arc<ModuleEntry>]> {
        self.table.load().entries.clone()
    }

    /// The modules of a role in load order.
    pub fn modules_in(&self, role: Role) -> Arc<[Arc<ModuleEntry>]> {
        self.table.load().roles[role.index()].clone()
    }

    /// True when any module has the role.
    pub fn has(&self, role: Role) -> bool {
        !self.table.load().roles[role.index()].is_empty()
    }

    /// The first module of a name; a dynamic one before a built-in one.
    pub fn find(&self, name: &str) -> Option<Arc<ModuleEntry>> {
        self.table.load().entries.iter().find(|e| e.name == name).cloned()
    }

    /// The module of a module object, as a module state names it.
    pub fn by_object(&self, object: Handle) -> Option<Arc<ModuleEntry>> {
        self.table.load().entries.iter().find(|e| e.object.handle() == object).cloned()
    }

    /// Services by name.
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// The object store.
    pub fn store(&self) -> &Arc<ObjectStore> {
        &self.store
    }

    /// The server object.
    pub fn server(&self) -> &Arc<Object> {
        &self.server
    }

    /// Runs the Initialize role of every module that has it, in load order. One that fails is taken out of all roles
    /// and out of the server object's list, its interval stops, and `failed` is told.
    pub fn initialize(
        &self,
        prefs: &Arc<Object>,
        messages: &Arc<Object>,
        error_log: Handle,
        mut failed: impl FnMut(&ModuleEntry, QtssError),
    ) {
        for entry in self.modules_in(Role::Initialize).iter() {
            let params = InitializeParams {
                server: self.server.clone(),
                prefs: prefs.clone(),
                messages: messages.clone(),
                error_log,
                module: entry.object.clone(),
            };
            let result = {
                let _state = entry.enter(Role::Initialize);
                let traced = Traced::begin(!entry.module.is_dynamic());
                let result = entry.module.initialize(&params);
                traced.end(entry.name, Role::Initialize, result);
                result
            };
            if let Err(error) = result {
                self.discard(entry);
                failed(entry, error);
            }
        }
    }

    /// Calls every module of a role on this thread, in load order, whatever they answer.
    pub fn call_all<'a>(&self, role: Role, mut make: impl FnMut() -> SyncRole<'a>) {
        for entry in self.modules_in(role).iter() {
            let _ = entry.call_sync(make());
        }
    }

    /// Opens a file: the first module that does not answer FileNotFound to OpenFilePreProcess owns it; if there is none,
    /// the first one with the OpenFile role is asked. Gives the owner.
    ///
    /// # Errors
    /// The owner's error, or FileNotFound when there is nobody to ask.
    pub fn open_file(&self, file: OpenFile<'_>) -> Result<Arc<ModuleEntry>, QtssError> {
        for entry in self.modules_in(Role::OpenFilePreProcess).iter() {
            match entry.call_sync(SyncRole::OpenFilePreProcess(file)) {
                Err(QtssError::FileNotFound) => {}
                result => return result.map(|()| entry.clone()),
            }
        }
        let last = self.modules_in(Role::OpenFile).first().cloned().ok_or(QtssError::FileNotFound)?;
        last.call_sync(SyncRole::OpenFile(file)).map(|()| last)
    }

    fn discard(&self, entry: &Arc<ModuleEntry>) {
        self.table
            .rcu(|table| RoleTable::new(table.entries.iter().filter(|e| !Arc::ptr_eq(e, entry)).cloned().collect()));
        self.server.remove_object(qtssSvrModuleObjects, entry.object.handle());
        entry.set_interval(0);
        self.discarded.lock().push(entry.clone());
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
