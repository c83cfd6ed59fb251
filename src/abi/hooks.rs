//! What the running server tells C modules without being asked: the error log, changes of its state.

use std::ffi::CString;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Weak};

use super::host::Host;
use super::{entry, pool};
use crate::log::{Level, LogSink};
use crate::qtss::attr::*;
use crate::qtss::{Change, ModuleEntry, Object, Registry, Role, SyncRole};
use crate::server::{Server, ServerState};

/// Messages that wait for modules with the ErrorLog role; when there are more, the rest is not told.
const WAITING_MESSAGES: usize = 4096;

/// Connects the server with its C modules. Once, before the Initialize role; without modules it costs nothing.
///
/// # Errors
/// When a thread cannot be started.
pub fn attach(host: &'static Host, server: &Arc<Server>) -> std::io::Result<()> {
    host.set_server(server);
    let registry = &server.registry;
    if dynamic_in(registry, Role::ErrorLog).next().is_some() {
        let thread = log_thread(Arc::clone(registry))?;
        host.error_log.add_sink(Arc::new(ModuleLog {
            registry: Arc::clone(registry),
            thread,
            lost: AtomicU64::new(0),
        }));
    }
    host.error_log.add_sink(Arc::new(FatalSink(Arc::downgrade(server))));
    let weak = Arc::downgrade(server);
    server.object.set_hook(Arc::new(move |object: &Object, change: &Change| {
        if matches!(change, Change::Set { id, .. } if *id == qtssSvrState) {
            if let (Some(server), Some(state)) = (weak.upgrade(), object.u32(qtssSvrState)) {
                server.note_state(state);
            }
        }
    }));
    Ok(())
}

fn dynamic_in(registry: &Registry, role: Role) -> impl Iterator<Item = Arc<ModuleEntry>> {
    let modules = registry.modules_in(role);
    let dynamic: Vec<_> = modules.iter().filter(|entry| entry.module().is_dynamic()).cloned().collect();
    dynamic.into_iter()
}

/// The ErrorLog role of C modules. What modules log reaches them on the thread that logs; what the server logs comes from
/// a thread of its own, so that no connection or packet waits for a module.
struct ModuleLog {
    registry: Arc<Registry>,
    thread: SyncSender<(Level, CString)>,
    lost: AtomicU64,
}

impl LogSink for ModuleLog {
    fn log(&self, level: Level, text: &str) {
        let Ok(text) = CString::new(text.replace('\0', "")) else { return };
        if pool::is_module_thread() || entry::is_inside() || !server_runs() {
            tell(&self.registry, level, &text);
            return;
        }
        if let Err(TrySendError::Full(_)) = self.thread.try_send((level, text)) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// While the server starts, everything happens on its main thread, and modules see messages as they are logged.
fn server_runs() -> bool {
    let server = Host::get().and_then(Host::server);
    server.is_ok_and(|server| server.state() != ServerState::StartingUp as u32)
}

fn tell(registry: &Registry, level: Level, text: &CString) {
    for entry in dynamic_in(registry, Role::ErrorLog) {
        let _ = entry.call_sync(SyncRole::ErrorLog { verbosity: level.code(), text });
    }
}

fn log_thread(registry: Arc<Registry>) -> std::io::Result<SyncSender<(Level, CString)>> {
    let (sender, messages) = sync_channel(WAITING_MESSAGES);
    let thread = std::thread::Builder::new().name("module-log".into()).stack_size(pool::STACK_SIZE);
    thread.spawn(move || {
        for (level, text) in messages {
            tell(&registry, level, &text);
        }
    })?;
    Ok(sender)
}

/// A fatal message ends the server.
struct FatalSink(Weak<Server>);

impl LogSink for FatalSink {
    fn log(&self, level: Level, _: &str) {
        if level != Level::Fatal {
            return;
        }
        if let Some(server) = self.0.upgrade().filter(|server| server.state() != ServerState::FatalError as u32) {
            server.set_state(ServerState::FatalError);
        }
    }
}
