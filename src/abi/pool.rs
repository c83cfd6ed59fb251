//! Module threads: where C modules run.
//!
//! Plain threads with the stack that modules know from DSS, 8 MiB. A request keeps its thread from its first call into a
//! C module to its end, also while a module waits, because modules may hold things that belong to a thread. There are at
//! most [`MAX_THREADS`]; when all are taken, further calls wait for one and the error log says so. Built-in modules,
//! packets, and requests that meet no C module need none.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, mpsc};
use std::thread;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::qtss::{QtssError, release_forgotten_locks};
use crate::server::RequestContext;

/// Bytes of a module thread's stack.
pub const STACK_SIZE: usize = 8 << 20;

/// Most module threads at a time; on 32 bits their stacks have to fit the address space.
pub const MAX_THREADS: usize = if size_of::<usize>() == 4 { 64 } else { 512 };

/// Idle threads that are kept.
const KEPT_IDLE: usize = 16;

/// The complaint that all threads are busy comes at most this often, seconds.
const COMPLAINT_INTERVAL: i64 = 60;

type Job = Box<dyn FnOnce() + Send>;

struct Pool {
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<mpsc::Sender<Job>>>,
    started: AtomicUsize,
    begin: Instant,
    complained: AtomicI64,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| Pool {
    permits: Arc::new(Semaphore::new(MAX_THREADS)),
    idle: Mutex::default(),
    started: AtomicUsize::new(0),
    begin: Instant::now(),
    complained: AtomicI64::new(-COMPLAINT_INTERVAL),
});

thread_local!(static IS_MODULE_THREAD: Cell<bool> = const { Cell::new(false) });

/// True on the pool's threads.
pub(super) fn is_module_thread() -> bool {
    IS_MODULE_THREAD.get()
}

/// The right to use one thread.
pub(super) struct Lease {
    thread: mpsc::Sender<Job>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut idle = POOL.idle.lock();
        if idle.len() < KEPT_IDLE {
            idle.push(self.thread.clone()); // else the thread ends with its last sender
        }
    }
}

impl Lease {
    /// Waits for a thread.
    pub(super) async fn take() -> Result<Self, QtssError> {
        let pool = &*POOL;
        if pool.permits.available_permits() == 0 {
            pool.complain();
        }
        let permit = Arc::clone(&pool.permits).acquire_owned().await.map_err(|_| QtssError::RequestFailed)?;
        let idle = pool.idle.lock().pop();
        let thread = match idle {
            Some(thread) => thread,
            None => pool.start()?,
        };
        Ok(Self { thread, _permit: permit })
    }

    /// Hands work to the thread.
    fn submit<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
        submit(&self.thread, work)
    }
}

fn submit<T: Send + 'static>(
    thread: &mpsc::Sender<Job>,
    work: impl FnOnce() -> T + Send + 'static,
) -> oneshot::Receiver<T> {
    let (reply, result) = oneshot::channel();
    let job = move || {
        let _ = reply.send(work()); // nobody waits any more when the caller was cancelled
    };
    let _ = thread.send(Box::new(job)); // a thread that is gone drops the job, which the receiver sees
    result
}

/// Runs work on the request's thread, or on any when there is no request.
pub(super) async fn run<T: Send + 'static>(
    request: Option<&Arc<RequestContext>>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, QtssError> {
    let Some(request) = request else {
        let lease = Lease::take().await?;
        return lease.submit(work).await.map_err(|_| QtssError::RequestFailed);
    };
    let known = request.with_kept(|lease: &mut Lease| lease.thread.clone());
    let thread = match known {
        Some(thread) => thread,
        None => {
            let lease = Lease::take().await?;
            let thread = lease.thread.clone();
            request.keep(Box::new(lease));
            thread
        }
    };
    submit(&thread, work).await.map_err(|_| QtssError::RequestFailed)
}

impl Pool {
    fn start(&self) -> Result<mpsc::Sender<Job>, QtssError> {
        let (sender, jobs) = mpsc::channel::<Job>();
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let thread = thread::Builder::new().name(format!("module-{number}")).stack_size(STACK_SIZE);
        let started = thread.spawn(move || {
            IS_MODULE_THREAD.set(true);
            for job in jobs {
                if catch_unwind(AssertUnwindSafe(job)).is_err() {
                    tracing::error!("a call into a module panicked");
                }
                let forgotten = release_forgotten_locks();
                if forgotten > 0 {
                    tracing::warn!("a module returned with {forgotten} objects locked; they are unlocked");
                }
            }
        });
        started.map(|_| sender).map_err(|error| {
            tracing::error!("cannot start a module thread: {error}");
            QtssError::RequestFailed
        })
    }

    fn complain(&self) {
        let now = i64::try_from(self.begin.elapsed().as_secs()).unwrap_or(i64::MAX);
        let last = self.complained.load(Ordering::Relaxed);
        let due = now - last >= COMPLAINT_INTERVAL;
        if due && self.complained.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            tracing::warn!("all {MAX_THREADS} module threads are busy: requests that need a C module wait");
        }
    }
}
