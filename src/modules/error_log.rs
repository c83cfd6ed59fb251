//! QTSSErrorLogModule: writes Error.log. It is registered before all others, so that nothing they do goes unseen.

use std::sync::Arc;

use crate::log::{ErrorLog, ErrorLogOptions, Level};
use crate::qtss::{Module, QtssError, Registration, Role, SyncRole};
use crate::server::Preferences;

/// The module.
pub struct ErrorLogModule {
    log: Arc<ErrorLog>,
    preferences: Arc<Preferences>,
}

impl ErrorLogModule {
    /// The module over the log that is open already.
    pub fn new(log: &Arc<ErrorLog>, preferences: &Arc<Preferences>) -> Self {
        Self { log: Arc::clone(log), preferences: Arc::clone(preferences) }
    }
}

impl Module for ErrorLogModule {
    fn name(&self) -> &str {
        "QTSSErrorLogModule"
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        [Role::ErrorLog, Role::RereadPrefs, Role::Shutdown].into_iter().try_for_each(|role| registration.add_role(role))
    }

    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        match role {
            SyncRole::ErrorLog { verbosity, text } => {
                self.log.write(Level::from_code(verbosity).unwrap_or(Level::Info), &text.to_string_lossy());
            }
            SyncRole::RereadPrefs => self.log.set_options(self.preferences.with(ErrorLogOptions::from_prefs)),
            SyncRole::Shutdown => self.log.shutdown(),
            _ => {}
        }
        Ok(())
    }
}
