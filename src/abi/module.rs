//! A C module as the registry knows it, and the calls into it.

use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use qtss_sys as sys;
use tokio::sync::{Notify, Semaphore};

use super::call::{CallState, GlobalShare, Task, Wait, Waiting};
use super::entry::{maybe_to_c, to_c};
use super::host::Host;
use super::{pool, sending, trace};
use crate::qtss::{
    BoxFuture, CText, ClosingReason, Handle, InitializeParams, Module, ModuleState, Object, OpenFile, QtssError,
    Registration, Role, RoleCall, RoleParams, SyncRole,
};
use crate::server::{ClientSession, RequestContext};

/// What a module's stub library hands over. It may unwind (C++ exceptions); see [`Core::dispatch`].
pub(super) type Dispatch = unsafe extern "C-unwind" fn(sys::QTSS_Role, sys::QTSS_RoleParamPtr) -> sys::QTSS_Error;

/// Calls in RTSP roles at the same time when a module allows any number.
const UNGATED: usize = Semaphore::MAX_PERMITS;

/// Preference in a module's own section: it may be entered by several RTSP roles at the same time.
const PARALLEL_PREF: &str = "allow_parallel_rtsp_roles";

/// What the server knows about a loaded C module.
pub(super) struct Core {
    name: &'static str,
    dispatch: Dispatch,
    object: OnceLock<Handle>,
    /// RTSP roles go in here, as many at a time as there are permits.
    gate: Arc<Semaphore>,
    /// Milliseconds between Interval roles; 0 for none.
    interval: AtomicI64,
    interval_changed: Notify,
    discarded: AtomicBool,
    /// Roles that were slow once, a bit each.
    slow: AtomicU32,
}

/// A module loaded from a file.
pub struct CModule {
    core: Arc<Core>,
}

impl CModule {
    /// A module of that name; names and modules live as long as the process.
    pub(super) fn new(name: &str, dispatch: Dispatch) -> Self {
        let core = Core {
            name: Box::leak(name.into()),
            dispatch,
            object: OnceLock::new(),
            gate: Arc::new(Semaphore::new(1)),
            interval: AtomicI64::new(0),
            interval_changed: Notify::new(),
            discarded: AtomicBool::new(false),
            slow: AtomicU32::new(0),
        };
        Self { core: Arc::new(core) }
    }

    /// Its Initialize role failed, or its file is of no use: it is not called again.
    pub fn discard(&self) {
        self.core.discarded.store(true, Ordering::Release);
        self.core.interval_changed.notify_one();
    }

    /// Reads how many RTSP roles may be in the module at a time: one, unless the operator set `run_num_rtsp_threads`
    /// higher, or the module's own preference `allow_parallel_rtsp_roles` to true.
    pub fn open_gate(&self) {
        let Ok(host) = Host::get() else { return };
        let parallel = host.preferences.module(self.core.name).bool(PARALLEL_PREF);
        let threads = usize::try_from(host.preferences.server().run_num_rtsp_threads).unwrap_or(1).max(1);
        let wanted = if parallel { UNGATED } else { threads };
        let more = wanted.saturating_sub(1);
        if more > 0 {
            self.core.gate.add_permits(more);
        }
    }

    /// Calls the Interval role until the server stops. To be run on the server's runtime.
    pub async fn run_interval(&self) {
        let core = &self.core;
        let task = Arc::new(Task::default());
        while !core.discarded.load(Ordering::Acquire) {
            let period = core.interval.load(Ordering::Acquire);
            let period = u64::try_from(period).ok().filter(|ms| *ms > 0);
            let pause = async {
                match period {
                    Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = pause => core.tick(&task).await,
                () = core.interval_changed.notified() => {}
                () = server_stops(), if Host::get().and_then(Host::server).is_ok() => return,
            }
        }
    }
}

impl Module for CModule {
    fn name(&self) -> &str {
        self.core.name
    }

    fn is_dynamic(&self) -> bool {
        true
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        let _ = self.core.object.set(registration.object().handle());
        let mut params = sys::QTSS_RoleParams { regParams: sys::QTSS_Register_Params { outModuleName: [0; 64] } };
        let state = CallState { registration: Some(registration.clone()), ..self.core.state(Role::Register) };
        QtssError::check(self.core.dispatch(state, &mut params))
    }

    fn initialize(&self, params: &InitializeParams) -> Result<(), QtssError> {
        let mut params = sys::QTSS_RoleParams {
            initParams: sys::QTSS_Initialize_Params {
                inServer: to_c(params.server.handle()),
                inPrefs: to_c(params.prefs.handle()),
                inMessages: to_c(params.messages.handle()),
                inErrorLogStream: to_c(params.error_log),
                inModule: to_c(params.module.handle()),
            },
        };
        QtssError::check(self.core.dispatch(self.core.state(Role::Initialize), &mut params))
    }

    fn call<'a>(&'a self, role: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        Box::pin(self.core.run(role))
    }

    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        let on_runtime = !pool::is_module_thread() && tokio::runtime::Handle::try_current().is_ok();
        match on_runtime {
            // The runtime goes on with its other tasks elsewhere while the module takes its time.
            true => tokio::task::block_in_place(|| self.core.call_sync(role)),
            false => self.core.call_sync(role),
        }
    }
}

/// The parameters of a role call, owned, so that the call outlives a caller that loses patience.
struct Owned {
    role: Role,
    rtsp_session: Option<Arc<Object>>,
    request: Option<Arc<Object>>,
    headers: Option<Arc<Object>>,
    client_session: Option<Arc<Object>>,
    data: Vec<u8>,
    reason: ClosingReason,
    context: Option<Arc<RequestContext>>,
    session: Option<Arc<ClientSession>>,
}

impl Owned {
    fn of(call: &RoleCall<'_>) -> Self {
        let (role, params) = (call.role(), call.params());
        let context = params.context::<Arc<RequestContext>>().cloned();
        // Filter and Authenticate run without the session's mutex being of any meaning to the module, but it is held.
        let session = context.as_ref().and_then(|context| context.session());
        Self {
            role,
            rtsp_session: params.rtsp_session.cloned(),
            request: params.request.cloned(),
            headers: params.headers.cloned(),
            client_session: params.client_session.cloned(),
            data: if let RoleCall::IncomingData { data, .. } = call { data.to_vec() } else { Vec::new() },
            reason: match call {
                RoleCall::ClientSessionClosing { reason, .. } => *reason,
                _ => ClosingReason::Teardown,
            },
            context,
            session,
        }
    }

    /// Waits for what the module asked, without the client session's mutex: packets and other connections go on. False
    /// when the server ends instead.
    async fn wait_outside(&self, task: &Task, wait: Wait) -> bool {
        let held = self.context.as_ref().zip(self.session.as_ref());
        if let Some((context, _)) = held {
            context.release_session();
        }
        let goes_on = tokio::select! {
            () = task.wait(wait) => true,
            () = server_stops() => false,
        };
        if let Some((context, session)) = held {
            let guard = Arc::clone(&session.state).lock_owned().await;
            context.set_session(Arc::clone(session), guard);
        }
        goes_on
    }

    fn standard(&self) -> sys::QTSS_StandardRTSP_Params {
        sys::QTSS_StandardRTSP_Params {
            inRTSPSession: maybe_to_c(self.rtsp_session.as_ref()),
            inRTSPRequest: maybe_to_c(self.request.as_ref()),
            inRTSPHeaders: maybe_to_c(self.headers.as_ref()),
            inClientSession: maybe_to_c(self.client_session.as_ref()),
        }
    }

    /// The parameter block; `new_request` takes a Filter's replacement and is not touched in other roles.
    fn params(&self, new_request: *mut *mut c_char) -> sys::QTSS_RoleParams {
        match self.role {
            Role::RtspFilter => sys::QTSS_RoleParams {
                rtspFilterParams: sys::QTSS_Filter_Params {
                    inRTSPSession: maybe_to_c(self.rtsp_session.as_ref()),
                    inRTSPRequest: maybe_to_c(self.request.as_ref()),
                    outNewRequest: new_request,
                },
            },
            // DSS reused one block from Route on, and some modules read the request where the other roles have it.
            Role::RtspAuthenticate => sys::QTSS_RoleParams {
                rtspRouteParams: sys::QTSS_StandardRTSP_Params {
                    inRTSPSession: maybe_to_c(self.request.as_ref()),
                    ..self.standard()
                },
            },
            Role::RtspSessionClosing => sys::QTSS_RoleParams {
                rtspSessionClosingParams: sys::QTSS_RTSPSession_Params {
                    inRTSPSession: maybe_to_c(self.rtsp_session.as_ref()),
                },
            },
            Role::RtspIncomingData => sys::QTSS_RoleParams {
                rtspIncomingDataParams: sys::QTSS_IncomingData_Params {
                    inRTSPSession: maybe_to_c(self.rtsp_session.as_ref()),
                    inClientSession: maybe_to_c(self.client_session.as_ref()),
                    inPacketData: self.data.as_ptr().cast_mut().cast(),
                    inPacketLen: u32::try_from(self.data.len()).unwrap_or(u32::MAX),
                },
            },
            Role::ClientSessionClosing => sys::QTSS_RoleParams {
                clientSessionClosingParams: sys::QTSS_ClientSessionClosing_Params {
                    inClientSession: maybe_to_c(self.client_session.as_ref()),
                    inReason: self.reason as u32,
                },
            },
            _ => sys::QTSS_RoleParams { rtspRouteParams: self.standard() },
        }
    }
}

/// Lives while a module's dispatch function runs. It is dropped only when an exception unwinds through here; `catch_unwind`
/// above sees to it that it does, instead of ending the process where it was thrown.
struct Escape {
    module: &'static str,
    role: Role,
}

impl Drop for Escape {
    fn drop(&mut self) {
        tracing::error!("an exception left module {} in {}; the server ends", self.module, self.role.name());
        std::process::abort();
    }
}

/// What one call into the module led to.
struct Outcome {
    wait: Wait,
    replacement: Option<CText>,
}

impl Core {
    /// QTSS_SetIntervalRoleTimer, milliseconds; 0 or less stops it.
    pub(super) fn set_interval(&self, ms: i64) {
        if self.interval.swap(ms, Ordering::AcqRel) != ms {
            self.interval_changed.notify_one();
        }
    }

    /// A call state without any extra.
    fn state(self: &Arc<Self>, role: Role) -> CallState {
        CallState {
            core: Arc::clone(self),
            role,
            waiting: Waiting::OutOfState,
            wait: Arc::default(),
            context: None,
            session: None,
            registration: None,
            global: GlobalShare::None,
        }
    }

    /// Calls the module. It must not unwind: an exception that leaves the dispatch function would run through Rust
    /// frames, so the process ends at once, with a line in the log and the call still noted.
    fn dispatch(&self, state: CallState, params: &mut sys::QTSS_RoleParams) -> i32 {
        self.dispatch_raw(state, params)
    }

    fn dispatch_raw(&self, state: CallState, params: *mut sys::QTSS_RoleParams) -> i32 {
        let (role, object) = (state.role, self.object.get().copied());
        let _call = Arc::new(state).enter();
        let _state = object.map(|object| ModuleState::enter(self.name, object, role));
        let enter = || {
            let call = std::panic::AssertUnwindSafe(|| {
                let escape = Escape { module: self.name, role };
                // SAFETY: the module gave its dispatch function for this, its code is never unloaded, and the parameter
                // block is the one of the role and outlives the call.
                let result = unsafe { (self.dispatch)(role.code(), params) };
                std::mem::forget(escape);
                result
            });
            std::panic::catch_unwind(call).unwrap_or_else(|_| std::process::abort())
        };
        let (result, slow) = trace::around(self.name, role, enter);
        if slow {
            let bit = 1 << role.index();
            if self.slow.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
                tracing::warn!("module {} took more than a second in {}", self.name, role.name());
            }
        }
        result
    }

    /// A role call with its repetitions.
    async fn run(self: &Arc<Self>, mut call: RoleCall<'_>) -> Result<(), QtssError> {
        let owned = Arc::new(Owned::of(&call));
        let task = Arc::new(Task::default());
        let mut alone = false;
        loop {
            let outcome = self.enter(&owned, &task, alone).await?;
            let repeats = outcome.wait.is_asked() && may_repeat(owned.role);
            if let RoleCall::Filter { replacement, .. } = &mut call {
                // A replacement that comes with a request to wait is lost, as in DSS.
                **replacement = outcome.replacement.filter(|_| !repeats);
            }
            if !repeats {
                return Ok(());
            }
            alone = outcome.wait.global_lock;
            if !owned.wait_outside(&task, outcome.wait).await {
                return Ok(());
            }
            if owned.role == Role::RtspAuthenticate {
                return Err(QtssError::WouldBlock);
            }
        }
    }

    /// One call on a module thread.
    async fn enter(self: &Arc<Self>, owned: &Arc<Owned>, task: &Arc<Task>, alone: bool) -> Result<Outcome, QtssError> {
        let _gate = match is_gated(owned.role) {
            true => Arc::clone(&self.gate).acquire_owned().await.ok(),
            false => None,
        };
        let global = GlobalShare::take(alone).await;
        let (core, owned, task) = (Arc::clone(self), Arc::clone(owned), Arc::clone(task));
        let context = owned.context.clone();
        pool::run(context.as_ref(), move || core.perform(&owned, task, global)).await
    }

    fn perform(self: &Arc<Self>, owned: &Owned, task: Arc<Task>, global: GlobalShare) -> Outcome {
        let wait = Arc::new(Mutex::new(Wait::default()));
        let state = CallState {
            waiting: match owned.role {
                Role::RtspSessionClosing => Waiting::Failed,
                _ => Waiting::On(task),
            },
            wait: Arc::clone(&wait),
            context: owned.context.clone(),
            session: owned.session.clone(),
            global,
            ..self.state(owned.role)
        };
        let mut new_request: *mut c_char = ptr::null_mut();
        let mut params = owned.params(&raw mut new_request);
        self.dispatch(state, &mut params);
        if matches!(owned.role, Role::RtspPreProcessor | Role::RtspRequest) {
            if let Some(session) = &owned.session {
                sending::adopt(session, self);
            }
        }
        // SAFETY: by the rules of the Filter role this is a text from malloc that the module has given away.
        let replacement = ptr::NonNull::new(new_request).map(|text| unsafe { CText::from_raw(text) });
        let wait = *wait.lock();
        Outcome { wait, replacement }
    }

    /// The SendPackets role; gives the milliseconds to the next call, 0 and less for none.
    pub(super) async fn send_packets(
        self: &Arc<Self>,
        session: &Arc<ClientSession>,
        task: &Arc<Task>,
        now: i64,
    ) -> Result<i64, QtssError> {
        let global = GlobalShare::take(false).await;
        let (core, session, task) = (Arc::clone(self), Arc::clone(session), Arc::clone(task));
        let work = move || {
            let mut params = sys::QTSS_RoleParams {
                rtpSendPacketsParams: sys::QTSS_RTPSendPackets_Params {
                    inClientSession: to_c(session.object.handle()),
                    inCurrentTime: now,
                    outNextPacketTime: 0,
                },
            };
            let state = CallState {
                waiting: Waiting::On(task),
                session: Some(session),
                global,
                ..core.state(Role::RtpSendPackets)
            };
            core.dispatch(state, &mut params);
            // SAFETY: the block was made with this member, and every bit pattern is a number.
            unsafe { params.rtpSendPacketsParams.outNextPacketTime }
        };
        pool::run(None, work).await
    }

    /// The Interval role, with a repetition under the global lock if asked.
    async fn tick(self: &Arc<Self>, task: &Arc<Task>) {
        let mut alone = false;
        for _ in 0..2 {
            let global = GlobalShare::take(alone).await;
            let (core, task) = (Arc::clone(self), Arc::clone(task));
            let work = move || {
                let wait = Arc::new(Mutex::new(Wait::default()));
                let state = CallState {
                    waiting: Waiting::On(task),
                    wait: Arc::clone(&wait),
                    global,
                    ..core.state(Role::Interval)
                };
                core.dispatch_raw(state, ptr::null_mut());
                *wait.lock()
            };
            let Ok(wait) = pool::run(None, work).await else { return };
            if let Some(period) = wait.idle.filter(|ms| *ms > 0) {
                self.set_interval(i64::try_from(period).unwrap_or(i64::MAX));
            }
            alone = wait.global_lock;
            if !alone {
                return;
            }
        }
    }

    fn call_sync(self: &Arc<Self>, role: SyncRole<'_>) -> Result<(), QtssError> {
        let which = role.role();
        // File roles, log messages and nested questions act on the caller's task; so did DSS's thread state.
        let outer = match which {
            Role::ErrorLog
            | Role::OpenFilePreProcess
            | Role::OpenFile
            | Role::ReadFile
            | Role::AdviseFile
            | Role::CloseFile
            | Role::RequestEventFile
            | Role::RtspAuthenticate
            | Role::RtspAuthorize => Some(CallState::current()),
            _ => None,
        };
        let mut state = self.state(which);
        if let SyncRole::RtcpProcess { params, .. } = &role {
            // The session is locked for the role.
            let session = params.client_session.and_then(|object| object.attached::<Weak<ClientSession>>());
            state.session = session.and_then(Weak::upgrade);
        }
        if let Some(outer) = outer {
            state.waiting = outer.as_ref().map_or(Waiting::Failed, |outer| outer.waiting.clone());
            if let Some(outer) = outer {
                state.wait = Arc::clone(&outer.wait);
                state.context = outer.context.clone();
            }
        }
        QtssError::check(self.call_with_params(role, state))
    }

    fn call_with_params(&self, role: SyncRole<'_>, state: CallState) -> i32 {
        let mut log_text = CString::default();
        let mut params = match role {
            SyncRole::RereadPrefs | SyncRole::Shutdown | SyncRole::Interval => {
                return self.dispatch_raw(state, ptr::null_mut());
            }
            SyncRole::ErrorLog { verbosity, text } => {
                log_text.clone_from(&text.to_owned());
                let buffer = log_text.as_ptr().cast_mut();
                sys::QTSS_RoleParams {
                    errorParams: sys::QTSS_ErrorLog_Params { inVerbosity: verbosity, inBuffer: buffer },
                }
            }
            SyncRole::StateChange { state } => {
                sys::QTSS_RoleParams { stateChangeParams: sys::QTSS_StateChange_Params { inNewState: state } }
            }
            SyncRole::RtcpProcess { params, data } => sys::QTSS_RoleParams {
                rtcpProcessParams: sys::QTSS_RTCPProcess_Params {
                    inClientSession: maybe_to_c(params.client_session),
                    inRTPStream: maybe_to_c(params.stream),
                    inRTCPPacketData: data.as_ptr().cast_mut().cast(),
                    inRTCPPacketDataLen: u32::try_from(data.len()).unwrap_or(u32::MAX),
                },
            },
            SyncRole::Authenticate(params) => sys::QTSS_RoleParams {
                rtspRouteParams: sys::QTSS_StandardRTSP_Params {
                    inRTSPSession: maybe_to_c(params.request),
                    ..standard(&params)
                },
            },
            SyncRole::Authorize(params) => sys::QTSS_RoleParams { rtspAuthParams: standard(&params) },
            SyncRole::OpenFilePreProcess(open) | SyncRole::OpenFile(open) => {
                sys::QTSS_RoleParams { openFileParams: open_params(&open) }
            }
            SyncRole::AdviseFile { file, position, size } => sys::QTSS_RoleParams {
                adviseFileParams: sys::QTSS_AdviseFile_Params {
                    inFileObject: to_c(file.handle()),
                    inPosition: position,
                    inSize: size,
                },
            },
            SyncRole::ReadFile { file, position, buffer, read } => sys::QTSS_RoleParams {
                readFileParams: sys::QTSS_ReadFile_Params {
                    inFileObject: to_c(file.handle()),
                    inFilePosition: position,
                    ioBuffer: buffer.as_mut_ptr().cast(),
                    inBufLen: u32::try_from(buffer.len()).unwrap_or(u32::MAX),
                    outLenRead: ptr::from_mut(read),
                },
            },
            SyncRole::CloseFile { file } => sys::QTSS_RoleParams {
                closeFileParams: sys::QTSS_CloseFile_Params { inFileObject: to_c(file.handle()) },
            },
            SyncRole::RequestEventFile { file, events } => sys::QTSS_RoleParams {
                reqEventFileParams: sys::QTSS_RequestEventFile_Params {
                    inFileObject: to_c(file.handle()),
                    inEventMask: events,
                },
            },
        };
        self.dispatch(state, &mut params)
    }
}

fn standard(params: &RoleParams<'_>) -> sys::QTSS_StandardRTSP_Params {
    sys::QTSS_StandardRTSP_Params {
        inRTSPSession: maybe_to_c(params.rtsp_session),
        inRTSPRequest: maybe_to_c(params.request),
        inRTSPHeaders: maybe_to_c(params.headers),
        inClientSession: maybe_to_c(params.client_session),
    }
}

fn open_params(open: &OpenFile<'_>) -> sys::QTSS_OpenFile_Params {
    sys::QTSS_OpenFile_Params {
        inPath: open.path.as_ptr().cast_mut(),
        inFlags: open.flags,
        inFileObject: to_c(open.file.handle()),
    }
}

/// The roles in which old modules were never entered twice at a time.
fn is_gated(role: Role) -> bool {
    may_repeat(role) && role != Role::ClientSessionClosing
        || matches!(role, Role::RtspSessionClosing | Role::RtspIncomingData)
}

/// The roles that are called again after a wait.
fn may_repeat(role: Role) -> bool {
    matches!(
        role,
        Role::RtspFilter
            | Role::RtspRoute
            | Role::RtspAuthenticate
            | Role::RtspAuthorize
            | Role::RtspPreProcessor
            | Role::RtspRequest
            | Role::RtspPostProcessor
            | Role::ClientSessionClosing
    )
}

/// Comes true when the server ends its connections; before there is a server, never.
async fn server_stops() {
    match Host::get().and_then(Host::server) {
        Ok(server) => {
            let mut signal = server.shutdown_signal();
            let _ = signal.wait_for(|stop| *stop).await;
        }
        Err(_) => std::future::pending().await,
    }
}
