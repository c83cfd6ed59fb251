//! What it costs to ask the modules of a role: none, a built-in one, one from a shared object.

use std::future::ready;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use criterion::Criterion;
use dss::abi::{self, Host};
use dss::config::Prefs;
use dss::log::{ErrorLog, ErrorLogOptions, SystemClock};
use dss::qtss::{
    BoxFuture, Module, ObjectStore, ObjectType, QtssError, Registration, Registry, RegistryBuilder, Role, RoleCall,
    RoleParams,
};
use dss::server::Preferences;

/// A built-in module that lets every request through.
struct BuiltIn;

impl Module for BuiltIn {
    fn name(&self) -> &str {
        "BuiltIn"
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        registration.add_role(Role::RtspAuthorize)
    }

    fn call<'a>(&'a self, _role: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        Box::pin(ready(Ok(())))
    }
}

/// Compiles the C module into a folder; false, with the reason, where that is not possible.
fn build_c_module(folder: &Path) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("cc");
    command.args(["-O2", "-fPIC", "-shared", "-I"]).arg(root.join("include"));
    command.arg(root.join("benches/pieces/authorize.c"));
    command.arg(root.join("compat-modules/sdk/APIStubLib/QTSS_Private.cpp"));
    command.arg("-o").arg(folder.join("AuthorizeModule"));
    command.status().is_ok_and(|status| status.success())
}

/// What `add` put in.
fn registry(add: impl FnOnce(&mut RegistryBuilder, &Arc<ObjectStore>)) -> Arc<Registry> {
    let store = ObjectStore::new();
    let server = store.create(ObjectType::Server);
    let mut builder = RegistryBuilder::new(Arc::clone(&store), server, Box::new(|_, _| {}));
    add(&mut builder, &store);
    builder.freeze()
}

/// One request's Authorize step.
async fn ask(registry: &Registry) {
    for module in registry.modules_in(Role::RtspAuthorize).iter() {
        let _ = module.call(RoleCall::Authorize(RoleParams::new(&()))).await;
    }
}

fn measure(criterion: &mut Criterion, runtime: &tokio::runtime::Runtime, name: &str, registry: &Arc<Registry>) {
    criterion.bench_function(&format!("role dispatch/{name}"), |bench| {
        bench.iter_custom(|count| {
            let registry = Arc::clone(registry);
            // On a thread of the runtime, where connections are.
            let asked = runtime.spawn(async move {
                let begin = Instant::now();
                for _ in 0..count {
                    ask(&registry).await;
                }
                begin.elapsed()
            });
            runtime.block_on(asked).expect("the asking task")
        });
    });
}

pub fn all(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    measure(criterion, &runtime, "no module", &registry(|_, _| {}));
    let add = |builder: &mut RegistryBuilder, _: &_| assert!(builder.add(Arc::new(BuiltIn)).is_ok());
    measure(criterion, &runtime, "one built-in module", &registry(add));

    let folder = tempfile::tempdir().expect("a temporary folder");
    let modules = folder.path().join("modules");
    std::fs::create_dir(&modules).expect("a folder");
    if !build_c_module(&modules) {
        eprintln!("SKIPPED: role dispatch to a C module needs the system's C and C++ compiler");
        return;
    }
    let prefs = Prefs::open(&folder.path().join("streamingserver.xml"), None, true).expect("a configuration").prefs;
    let log = ErrorLogOptions { enabled: false, screen: false, ..ErrorLogOptions::from_prefs(&prefs) };
    let log = Arc::new(ErrorLog::new(log, Arc::new(SystemClock)));
    let preferences = Preferences::new(prefs);
    let with_c_module = registry(|builder, store| {
        let host = Host::install(store, builder.services(), &preferences, &log);
        assert_eq!(abi::load_folder(&modules, host, builder).len(), 1, "the module does not load");
    });
    measure(criterion, &runtime, "one C module", &with_c_module);
}
