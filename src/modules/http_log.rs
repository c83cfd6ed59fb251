//! QTSSHttpFileModule, as far as its log goes: StreamingServerHttp.log, a line for each request answered over HTTP.
//!
//! As with DSS 6.0.3 the module is there when the configuration has a section for it, and the log is off unless
//! `http_logging` is on.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::config::Place;
use crate::log::{ErrorLog, HttpEntry, HttpLog, Level, RequestLogOptions, SystemClock};
use crate::qtss::{InitializeParams, Module, QtssError, Registration, Role, SyncRole};
use crate::server::{HttpAnswered, Preferences};

/// The module's name: that of its section in streamingserver.xml.
const NAME: &str = "QTSSHttpFileModule";

/// How often the log looks at its age.
const LOG_TICK: Duration = Duration::from_secs(60);

/// What is written where an answer's status is not known; DSS wrote it always.
const STATUS: u16 = 200;

/// The module.
pub struct HttpLogModule {
    log: Arc<HttpLog>,
    preferences: Arc<Preferences>,
}

impl HttpLogModule {
    /// The module, if the configuration has a section for it.
    pub fn if_wanted(preferences: &Arc<Preferences>, error_log: &Arc<ErrorLog>) -> Option<Self> {
        if !preferences.with(|prefs| prefs.document.contains(&Place::module(NAME))) {
            return None;
        }
        let options = preferences.with(RequestLogOptions::http_from_prefs);
        let complaints = Arc::clone(error_log);
        let complain = Box::new(move |text: &str| complaints.write(Level::Warning, text));
        let log = Arc::new(HttpLog::new(options, Arc::new(SystemClock), complain));
        let reopened = Arc::downgrade(&log);
        error_log.on_reopen(move || reopened.upgrade().iter().for_each(|log| log.reopen()));
        Some(Self { log, preferences: Arc::clone(preferences) })
    }

    /// A request was answered.
    pub fn note(&self, answered: &HttpAnswered) {
        self.log.write(&HttpEntry {
            c_ip: answered.peer.to_string(),
            at: SystemTime::now(),
            request_line: answered.request_line.clone(),
            status: answered.status.unwrap_or(STATUS),
            bytes: answered.body_bytes,
        });
    }
}

impl Module for HttpLogModule {
    fn name(&self) -> &str {
        NAME
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        [Role::Initialize, Role::RereadPrefs].into_iter().try_for_each(|role| registration.add_role(role))
    }

    fn initialize(&self, _: &InitializeParams) -> Result<(), QtssError> {
        super::tick_every(LOG_TICK, &self.log, HttpLog::tick);
        Ok(())
    }

    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        if let SyncRole::RereadPrefs = role {
            self.log.set_options(self.preferences.with(RequestLogOptions::http_from_prefs));
            self.log.reopen();
        }
        Ok(())
    }
}
