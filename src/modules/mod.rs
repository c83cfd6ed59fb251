//! The built-in modules: thin; each registers for its roles and calls the room that does the work.

mod access;
mod access_log;
mod admin;
mod error_log;
mod file;
mod flow_control;
pub mod http;
mod http_log;
mod mp3;
mod posix_file_sys;
mod reflector;
mod relay;
mod web_stats;

use std::sync::Arc;
use std::time::Duration;

pub use self::access::AccessModule;
pub use self::access_log::AccessLogModule;
pub use self::admin::{AdminModule, Query as AdminQuery};
pub use self::error_log::ErrorLogModule;
pub use self::file::FileModule;
pub use self::flow_control::FlowControlModule;
pub use self::http_log::HttpLogModule;
pub use self::mp3::Mp3Module;
pub use self::posix_file_sys::PosixFileSysModule;
pub use self::reflector::ReflectorModule;
pub use self::relay::RelayModule;
pub use self::web_stats::WebStatsModule;
use crate::log::ErrorLog;
use crate::qtss::Module;
use crate::server::Preferences;

/// The built-in modules in DSS's load order, without the error-log module, which is first of all, before the dynamic
/// ones.
///
/// # Errors
/// When a module cannot get what it needs from the system.
pub fn builtin(preferences: &Arc<Preferences>, error_log: &Arc<ErrorLog>) -> std::io::Result<Vec<Arc<dyn Module>>> {
    let mut modules: Vec<Arc<dyn Module>> = vec![
        Arc::new(FileModule::new(preferences)?),
        Arc::new(ReflectorModule::new(preferences)),
        Arc::new(RelayModule::new(preferences)),
        Arc::new(AccessLogModule::new(preferences, error_log)),
        Arc::new(FlowControlModule::new(preferences)),
        Arc::new(PosixFileSysModule::default()),
        Arc::new(AdminModule::new(preferences)),
        Arc::new(Mp3Module::new(preferences, error_log)),
        Arc::new(AccessModule::new(preferences)),
    ];
    modules.extend(WebStatsModule::if_wanted(preferences).map(|module| Arc::new(module) as Arc<dyn Module>));
    Ok(modules)
}

/// Does something with what a module owns, again and again, until the module is gone.
fn tick_every<T: Send + Sync + 'static>(period: Duration, owned: &Arc<T>, tick: fn(&T)) {
    let (owned, Ok(runtime)) = (Arc::downgrade(owned), tokio::runtime::Handle::try_current()) else { return };
    runtime.spawn(async move {
        let mut ticks = tokio::time::interval(period);
        loop {
            ticks.tick().await;
            let Some(owned) = owned.upgrade() else { return };
            tick(&owned);
        }
    });
}
