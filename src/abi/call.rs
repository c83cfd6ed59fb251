//! The call a thread is in: which module, which role, what it may wait for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedRwLockWriteGuard, RwLock};
use tokio::task::AbortHandle;

use super::module::Core;
use crate::qtss::{Handle, QtssError, Registration, Role};
use crate::server::{ClientSession, RequestContext};

/// What is called again when an event comes: one role call with its repetitions.
#[derive(Default)]
pub(super) struct Task {
    notify: Notify,
    watchers: Mutex<Vec<AbortHandle>>,
}

impl Task {
    /// Wakes the task, now or when it next waits. A wake-up too many is harmless: modules check again.
    pub(super) fn wake(&self) {
        self.notify.notify_one();
    }

    /// A watcher that is of no use once the task is over.
    pub(super) fn own(&self, watcher: AbortHandle) {
        let mut watchers = self.watchers.lock();
        watchers.retain(|old| !old.is_finished());
        watchers.push(watcher);
    }

    /// Waits for what was asked.
    pub(super) async fn wait(&self, wait: Wait) {
        if wait.global_lock {
            // "Every other task stopped" took DSS at least a turn of its timer.
            tokio::time::sleep(Duration::from_millis(10)).await;
            return;
        }
        match wait.idle {
            Some(0) if wait.event => self.notify.notified().await,
            None => self.notify.notified().await,
            Some(ms) => {
                let pause = Duration::from_millis(ms.max(1));
                let _ = tokio::time::timeout(pause, self.notify.notified()).await; // whichever comes first
            }
        }
    }

    pub(super) async fn notified(&self) {
        self.notify.notified().await;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.watchers.get_mut().drain(..).for_each(|watcher| watcher.abort());
    }
}

/// What a module asked for before it returned.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wait {
    /// QTSS_SetIdleTimer, milliseconds.
    pub(super) idle: Option<u64>,
    /// QTSS_RequestEvent.
    pub(super) event: bool,
    /// QTSS_RequestGlobalLock.
    pub(super) global_lock: bool,
}

impl Wait {
    pub(super) fn is_asked(&self) -> bool {
        self.idle.is_some() || self.event || self.global_lock
    }
}

/// How a role takes requests to wait.
#[derive(Clone)]
pub(super) enum Waiting {
    /// They come true; the task is called again.
    On(Arc<Task>),
    /// The thread has no state in DSS: RequestFailed.
    Failed,
    /// The state has no task: OutOfState.
    OutOfState,
}

/// All calls but one wait while a module has the global lock.
static GLOBAL: LazyLock<Arc<RwLock<()>>> = LazyLock::new(Arc::default);

/// A call's share of the global lock.
pub(super) enum GlobalShare {
    /// With all others.
    Shared { _guard: tokio::sync::OwnedRwLockReadGuard<()> },
    /// Alone; a module may let go early.
    Alone(Mutex<Option<OwnedRwLockWriteGuard<()>>>),
    /// A nested call.
    None,
}

impl GlobalShare {
    pub(super) async fn take(alone: bool) -> Self {
        let lock = Arc::clone(&GLOBAL);
        match alone {
            true => Self::Alone(Mutex::new(Some(lock.write_owned().await))),
            false => Self::Shared { _guard: lock.read_owned().await },
        }
    }
}

/// One call into a module, while it lasts.
pub(super) struct CallState {
    pub(super) core: Arc<Core>,
    pub(super) role: Role,
    pub(super) waiting: Waiting,
    pub(super) wait: Arc<Mutex<Wait>>,
    pub(super) context: Option<Arc<RequestContext>>,
    /// The client session whose mutex is held for this call.
    pub(super) session: Option<Arc<ClientSession>>,
    pub(super) registration: Option<Registration>,
    pub(super) global: GlobalShare,
}

thread_local!(static CALLS: RefCell<Vec<Arc<CallState>>> = const { RefCell::new(Vec::new()) });

/// Takes the call off the thread's stack.
pub(super) struct CallGuard;

impl CallState {
    /// Puts the call on the thread's stack.
    pub(super) fn enter(self: Arc<Self>) -> CallGuard {
        CALLS.with_borrow_mut(|calls| calls.push(self));
        CallGuard
    }

    /// The innermost call of this thread; `None` on threads that modules made.
    pub(super) fn current() -> Option<Arc<Self>> {
        CALLS.with_borrow(|calls| calls.last().cloned())
    }

    /// The task that a request to wait is for, and where to note the request.
    pub(super) fn for_waiting() -> Result<(Arc<Task>, Arc<Mutex<Wait>>), QtssError> {
        let call = Self::current().ok_or(QtssError::RequestFailed)?;
        match &call.waiting {
            Waiting::On(task) => Ok((Arc::clone(task), Arc::clone(&call.wait))),
            Waiting::Failed => Err(QtssError::RequestFailed),
            Waiting::OutOfState => Err(QtssError::OutOfState),
        }
    }

    /// The call within which a registration goes on.
    pub(super) fn registration() -> Result<Registration, QtssError> {
        Self::current().and_then(|call| call.registration.clone()).ok_or(QtssError::OutOfState)
    }

    /// Does this thread, in whatever call it is inside of, hold the session's mutex?
    pub(super) fn holds(session: &Arc<ClientSession>) -> bool {
        CALLS.with_borrow(|calls| {
            calls.iter().any(|call| call.session.as_ref().is_some_and(|held| Arc::ptr_eq(held, session)))
        })
    }

    /// The request that this thread is working on with the session's mutex, if that is the one.
    pub(super) fn context_of(session: &Arc<ClientSession>) -> Option<Arc<RequestContext>> {
        CALLS.with_borrow(|calls| {
            let holds = |call: &&Arc<Self>| call.session.as_ref().is_some_and(|held| Arc::ptr_eq(held, session));
            calls.iter().filter(holds).find_map(|call| call.context.clone())
        })
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        let _ = CALLS.with_borrow_mut(Vec::pop);
    }
}

/// Which task the last QTSS_RequestEvent on a stream was for.
static BOUND: LazyLock<Mutex<HashMap<Handle, Weak<Task>>>> = LazyLock::new(Mutex::default);

/// Entries above which dead ones are looked for.
const MANY_BOUND: usize = 256;

/// QTSS_SignalStream on `stream` wakes `task` from now on.
pub(super) fn bind(stream: Handle, task: &Arc<Task>) {
    let mut bound = BOUND.lock();
    if bound.len() >= MANY_BOUND && bound.len().is_power_of_two() {
        bound.retain(|_, task| task.strong_count() > 0);
    }
    bound.insert(stream, Arc::downgrade(task));
}

/// Wakes the task that is bound to the stream, if any waits.
pub(super) fn signal(stream: Handle) {
    let task = BOUND.lock().get(&stream).and_then(Weak::upgrade);
    if let Some(task) = task {
        task.wake();
    }
}

/// Events on the stream wake nobody any more.
pub(super) fn unbind(stream: Handle) {
    BOUND.lock().remove(&stream);
}
