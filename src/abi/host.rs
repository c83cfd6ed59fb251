//! What the entries from C need of the server. The callback table has no place for a context, so it is process-wide.

use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::log::{ErrorLog, Level};
use crate::qtss::{Object, ObjectStore, ObjectType, QtssError, Registry, Services};
use crate::server::{Preferences, Server};

/// The server as the C boundary sees it.
pub struct Host {
    pub(super) store: Arc<ObjectStore>,
    pub(super) services: Arc<Services>,
    pub(super) preferences: Arc<Preferences>,
    pub(super) error_log: Arc<ErrorLog>,
    pub(super) error_stream: Arc<Object>,
    pub(super) runtime: tokio::runtime::Handle,
    registry: OnceLock<Arc<Registry>>,
    server: OnceLock<Arc<Server>>,
    start: Instant,
    start_ms: i64,
}

static HOST: OnceLock<Host> = OnceLock::new();

impl Host {
    /// Makes the process's host, before the first module is loaded and inside the runtime that serves. The first one
    /// stays.
    pub fn install(
        store: &Arc<ObjectStore>,
        services: &Arc<Services>,
        preferences: &Arc<Preferences>,
        error_log: &Arc<ErrorLog>,
    ) -> &'static Self {
        super::trace::watch_builtin();
        HOST.get_or_init(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Self {
                store: Arc::clone(store),
                services: Arc::clone(services),
                preferences: Arc::clone(preferences),
                error_log: Arc::clone(error_log),
                error_stream: store.create(ObjectType::Stream),
                runtime: tokio::runtime::Handle::current(),
                registry: OnceLock::new(),
                server: OnceLock::new(),
                start: Instant::now(),
                // DSS's clock had no milliseconds at the start; modules mix it with their own, up to a second apart.
                start_ms: i64::try_from(since.as_secs()).unwrap_or(i64::MAX / 1000).saturating_mul(1000),
            }
        })
    }

    /// The host, once there is one.
    pub(super) fn get() -> Result<&'static Self, QtssError> {
        HOST.get().ok_or(QtssError::OutOfState)
    }

    /// All modules have registered.
    pub fn set_registry(&self, registry: &Arc<Registry>) {
        let _ = self.registry.set(Arc::clone(registry));
    }

    /// The server has been made.
    pub fn set_server(&self, server: &Arc<Server>) {
        let _ = self.server.set(Arc::clone(server));
    }

    /// The stream that writes to the error log.
    pub fn error_stream(&self) -> &Arc<Object> {
        &self.error_stream
    }

    /// The server, while it is in the Running state.
    pub fn running_server(&self) -> Option<&Arc<Server>> {
        self.server.get().filter(|server| server.is_running())
    }

    pub(super) fn registry(&self) -> Result<&Arc<Registry>, QtssError> {
        self.registry.get().ok_or(QtssError::OutOfState)
    }

    pub(super) fn server(&self) -> Result<&Arc<Server>, QtssError> {
        self.server.get().ok_or(QtssError::OutOfState)
    }

    /// QTSS_Milliseconds: Unix time in milliseconds, monotonic from the start, up to a second behind.
    pub(super) fn now_ms(&self) -> i64 {
        let elapsed = i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.start_ms.saturating_add(elapsed)
    }

    /// The same in microseconds.
    pub(super) fn now_us(&self) -> i64 {
        let elapsed = i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.start_ms.saturating_mul(1000).saturating_add(elapsed)
    }

    pub(super) fn log(&self, level: Level, text: &str) {
        self.error_log.write(level, text);
    }
}
