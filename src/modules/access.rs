//! QTSSAccessModule: users, groups and access files.
//!
//! In the Authenticate role it finds the user of a request in the users file that counts for the folder; the server then
//! checks the password. In the Authorize role the folder's access file decides. It is the last of the built-in modules,
//! so that modules before it can do either.

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::auth::{
    AccessFile, Accounts, AccountsCache, Action, Decision, Scheme, Visitor, checked_file_name, find_access_file,
    read_access_file,
};
use crate::config::ModulePrefs;
use crate::qtss::attr::*;
use crate::qtss::{BoxFuture, InitializeParams, Module, QtssError, Registration, Role, RoleCall, SyncRole};
use crate::server::{Preferences, RequestContext, scheme_code, scheme_of_code};

/// The module's name: that of its section in streamingserver.xml.
pub const NAME: &str = "QTSSAccessModule";

/// `qtssActionFlagsWrite`.
const ACTION_WRITE: u32 = 2;

/// Access files whose oddities are remembered as told.
const MAX_TOLD: usize = 1024;

/// The preferences as the last reread left them.
struct AccessPrefs {
    enabled: bool,
    users: PathBuf,
    groups: PathBuf,
    file_name: String,
    broadcasts: BroadcastPrefs,
}

/// Who may broadcast without being named in an access file: preferences of QTSSReflectorModule.
struct BroadcastPrefs {
    authenticate_local: bool,
    allowed: Vec<String>,
    group: String,
}

impl AccessPrefs {
    /// Reads them; a name for access files that cannot be used is told to the error log.
    fn read(preferences: &Preferences) -> Self {
        let (own, reflector) = (preferences.module(NAME), preferences.module("QTSSReflectorModule"));
        let wanted = own.string("modAccess_qtaccessfilename");
        let (file_name, warning) = checked_file_name(&wanted);
        if let Some(warning) = warning {
            tracing::warn!("{warning}");
        }
        Self {
            enabled: own.bool("modAccess_enabled"),
            users: own.path("modAccess_usersfilepath"),
            groups: own.path("modAccess_groupsfilepath"),
            file_name: file_name.to_owned(),
            broadcasts: BroadcastPrefs::read(&reflector),
        }
    }
}

impl BroadcastPrefs {
    fn read(reflector: &ModulePrefs) -> Self {
        Self {
            authenticate_local: reflector.bool("authenticate_local_broadcast"),
            allowed: reflector.list("ip_allow_list"),
            group: reflector.string("BroadcasterGroup"),
        }
    }

    /// Broadcasters of this machine and of listed addresses need no password.
    fn trust(&self, address: IpAddr) -> bool {
        let text = address.to_canonical().to_string();
        if is_local(address) {
            return !self.authenticate_local;
        }
        self.allowed.iter().any(|pattern| matches_address(pattern, &text))
    }
}

/// 127.0.0.*, as in DSS (127.0.1.1, which Debian gives to the host's name, is not), and ::1.
fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets()[..3] == [127, 0, 0],
        IpAddr::V6(address) => address.is_loopback(),
    }
}

/// An address in dotted form against a pattern in which `*` stands for a component, or at the end for all the rest.
fn matches_address(pattern: &str, address: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.trim().split('.').peekable(), address.split('.'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) if patterns.peek().is_none() => return true,
            (Some("*"), Some(_)) => {}
            (Some(wanted), Some(part)) if wanted == part => {}
            _ => return false,
        }
    }
}

/// What a request wants, and where.
#[derive(Clone, PartialEq, Eq)]
struct Question {
    root: PathBuf,
    path: PathBuf,
    action: Action,
    guests: bool,
}

impl Question {
    fn of(ctx: &RequestContext) -> Self {
        let path = |attribute| PathBuf::from(OsString::from_vec(ctx.object.bytes(attribute).unwrap_or_default()));
        let writes = ctx.object.u32(qtssRTSPReqAction).unwrap_or_default() & ACTION_WRITE != 0;
        Self {
            root: path(qtssRTSPReqRootDir),
            path: path(qtssRTSPReqLocalPath),
            action: if writes { Action::Write } else { Action::Read },
            guests: ctx.server.prefs().enable_allow_guest_default,
        }
    }
}

/// What the files say about a request.
struct Folder {
    question: Question,
    file: AccessFile,
    users_file: PathBuf,
    accounts: Arc<Accounts>,
}

impl Folder {
    /// Scheme and realm of a challenge here.
    fn challenge(&self, ctx: &RequestContext) -> (Scheme, String) {
        let (scheme, default) = server_wide(ctx);
        self.file.challenge(self.question.action, scheme, self.accounts.realm().unwrap_or(&default))
    }
}

/// The server's scheme and realm.
fn server_wide(ctx: &RequestContext) -> (Scheme, String) {
    let prefs = ctx.server.prefs();
    let scheme = Scheme::from_pref(&prefs.authentication_scheme).unwrap_or(Scheme::Digest);
    (scheme, prefs.default_authorization_realm.clone())
}

/// What the module reads from disk, and what it has already told about it.
struct Files {
    prefs: ArcSwap<AccessPrefs>,
    accounts: AccountsCache,
    told: Mutex<HashMap<PathBuf, Vec<String>>>,
}

impl Files {
    /// Reads what counts for a request. Waits for the disk.
    fn look_up(&self, question: Question) -> Folder {
        let prefs = self.prefs.load();
        let Question { root, path, action, guests } = &question;
        let (file, trouble) = read_access_file(root, path, &prefs.file_name, *guests);
        self.tell(&question, &prefs.file_name, &file, trouble);
        let settings = file.settings(*action);
        let users_file = settings.users_file.clone().unwrap_or_else(|| prefs.users.clone());
        let accounts = self.read_accounts(&users_file, settings.groups_file.as_deref().unwrap_or(&prefs.groups));
        Folder { question, file, users_file, accounts }
    }

    fn read_accounts(&self, users: &Path, groups: &Path) -> Arc<Accounts> {
        let reading = self.accounts.get(users, groups);
        for news in reading.news {
            tracing::warn!("{news}");
        }
        reading.accounts
    }

    /// Reads the users and groups that count where no access file names others, for what there is to tell of them.
    fn read_default_accounts(&self) {
        let prefs = self.prefs.load();
        if prefs.enabled {
            self.read_accounts(&prefs.users, &prefs.groups);
        }
    }

    /// What is odd about an access file goes to the error log once, until it is another oddity.
    fn tell(&self, question: &Question, name: &str, file: &AccessFile, trouble: Option<String>) {
        let oddities: Vec<_> = trouble.into_iter().chain(file.findings().iter().map(ToString::to_string)).collect();
        let mut told = self.told.lock();
        if oddities.is_empty() && told.is_empty() {
            return;
        }
        let Some(path) = find_access_file(&question.root, &question.path, name) else { return };
        let known = told.get(&path).is_some_and(|known| *known == oddities);
        if known || (oddities.is_empty() && told.remove(&path).is_none()) {
            return;
        }
        for oddity in &oddities {
            tracing::warn!("{}: {oddity}", path.display());
        }
        if told.len() >= MAX_TOLD {
            told.clear();
        }
        if !oddities.is_empty() {
            told.insert(path, oddities);
        }
    }

    /// The folder as this request has seen it before, if it still asks the same.
    fn kept(ctx: &RequestContext, question: &Question) -> Option<Arc<Folder>> {
        let kept = ctx.with_kept(|folder: &mut Arc<Folder>| Arc::clone(folder));
        kept.filter(|folder| folder.question == *question)
    }
}

/// The module.
pub struct AccessModule {
    preferences: Arc<Preferences>,
    files: Arc<Files>,
}

impl AccessModule {
    /// The module; no file is read yet.
    pub fn new(preferences: &Arc<Preferences>) -> Self {
        let files = Files {
            prefs: ArcSwap::from_pointee(AccessPrefs::read(preferences)),
            accounts: AccountsCache::new(),
            told: Mutex::default(),
        };
        Self { preferences: Arc::clone(preferences), files: Arc::new(files) }
    }

    /// The folder that a request is about, looked at off the task's thread.
    async fn folder(&self, ctx: &RequestContext) -> Option<Arc<Folder>> {
        let question = Question::of(ctx);
        if let Some(folder) = Files::kept(ctx, &question) {
            return Some(folder);
        }
        let files = Arc::clone(&self.files);
        let folder = Arc::new(tokio::task::spawn_blocking(move || files.look_up(question)).await.ok()?);
        if ctx.with_kept(|kept: &mut Arc<Folder>| *kept = Arc::clone(&folder)).is_none() {
            ctx.keep(Box::new(Arc::clone(&folder)));
        }
        Some(folder)
    }

    /// Authenticate in a request's walk. Also tells the server which scheme the folder wants, and all that the users file
    /// says of the user.
    async fn authenticate(&self, ctx: &RequestContext) {
        if !self.files.prefs.load().enabled {
            return;
        }
        let Some(folder) = self.folder(ctx).await else { return };
        if let Some(scheme) = folder.file.settings(folder.question.action).scheme {
            ctx.ask_for(scheme);
        }
        ctx.know_accounts(&folder.users_file, &folder.accounts);
        fill_profile(ctx, &folder);
    }

    async fn authorize(&self, ctx: &RequestContext) {
        if !self.decides(ctx) {
            return;
        }
        match self.folder(ctx).await {
            Some(folder) => self.decide(ctx, &folder),
            // The look at the files has failed in a way that it should not: nobody is let in by that.
            None => ctx.object.set_bool16(qtssRTSPReqUserAllowed, false),
        }
    }

    /// Switched off, it has no say about who may see something; broadcasts are never open to everybody.
    fn decides(&self, ctx: &RequestContext) -> bool {
        self.files.prefs.load().enabled || Question::of(ctx).action == Action::Write
    }

    fn decide(&self, ctx: &RequestContext, folder: &Folder) {
        let (name, groups) = visitor(ctx);
        let visitor = Some(Visitor { name: &name, groups: &groups }).filter(|_| !name.is_empty());
        let broadcasts = &self.files.prefs.load().broadcasts;
        let privileged = folder.question.action == Action::Write
            && (broadcasts.trust(ctx.connection.peer.ip()) || groups.contains(&broadcasts.group));
        let (server_scheme, default) = server_wide(ctx);
        let realm = folder.accounts.realm().unwrap_or(&default);
        let decision = folder.file.decide(folder.question.action, visitor, server_scheme, realm);
        let (scheme, realm) = folder.challenge(ctx);
        ctx.object.set_str(qtssRTSPReqURLRealm, &realm);
        let allowed = privileged || decision == Decision::Allow;
        ctx.object.set_bool16(qtssRTSPReqUserAllowed, allowed);
        if !allowed {
            ctx.object.set_u32(qtssRTSPReqAuthScheme, scheme_code(scheme));
            ctx.object.set_bool16(qtssRTSPReqUserFound, !name.is_empty());
            ctx.object.set_bool16(qtssRTSPReqAuthHandled, true);
        }
    }
}

/// Name and groups of who has shown the password.
fn visitor(ctx: &RequestContext) -> (String, Vec<String>) {
    (ctx.profile().string(qtssUserName).unwrap_or_default(), ctx.profile().strings(qtssUserGroups))
}

/// Puts into the profile what there is to compare with: the hash for Basic, or user, realm and password hashed for
/// Digest; and the user's groups.
fn fill_profile(ctx: &RequestContext, folder: &Folder) {
    let (profile, accounts) = (ctx.profile(), &folder.accounts);
    if let Some(scheme) = folder.file.settings(folder.question.action).scheme {
        ctx.object.set_u32(qtssRTSPReqAuthScheme, scheme_code(scheme));
    }
    if let Some(realm) = accounts.realm() {
        profile.set_str(qtssUserRealm, realm);
    }
    let name = profile.string(qtssUserName).unwrap_or_default();
    let Some(user) = accounts.user(&name) else { return };
    let password = match scheme_of_code(ctx.object.u32(qtssRTSPReqAuthScheme).unwrap_or_default()) {
        Scheme::Digest => user.md5.as_deref().unwrap_or_default(),
        Scheme::Basic | Scheme::None => &user.crypt,
    };
    profile.set_str(qtssUserPassword, password);
    profile.set_list(qtssUserGroups, accounts.groups_of(&name));
    ctx.object.set_bool16(qtssRTSPReqUserFound, true);
}

impl Module for AccessModule {
    fn name(&self) -> &str {
        NAME
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        [Role::Initialize, Role::RereadPrefs, Role::RtspAuthenticate, Role::RtspAuthorize]
            .into_iter()
            .try_for_each(|role| registration.add_role(role))
    }

    /// Reads users and groups, so that what is wrong with the files is in the error log from the start.
    fn initialize(&self, _: &InitializeParams) -> Result<(), QtssError> {
        self.files.read_default_accounts();
        Ok(())
    }

    fn call<'a>(&'a self, call: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        Box::pin(async move {
            let Some(ctx) = call.params().context::<Arc<RequestContext>>() else { return Ok(()) };
            match call {
                RoleCall::Authenticate(_) => self.authenticate(ctx).await,
                RoleCall::Authorize(_) => self.authorize(ctx).await,
                _ => {}
            }
            Ok(())
        })
    }

    /// The two roles are also called from within another role (QTSS_Authenticate, QTSS_Authorize), for any path: then the
    /// thread is one that may wait.
    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        match role {
            SyncRole::RereadPrefs => {
                let prefs = AccessPrefs::read(&self.preferences);
                self.files.prefs.store(Arc::new(prefs));
                self.files.read_default_accounts();
            }
            SyncRole::Authenticate(params) => {
                if let Some(ctx) = params.context::<Arc<RequestContext>>().filter(|_| self.files.prefs.load().enabled) {
                    fill_profile(ctx, &self.files.look_up(Question::of(ctx)));
                }
            }
            SyncRole::Authorize(params) => {
                if let Some(ctx) = params.context::<Arc<RequestContext>>().filter(|ctx| self.decides(ctx)) {
                    self.decide(ctx, &self.files.look_up(Question::of(ctx)));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_addresses_have_wildcards_by_component_and_at_the_end() {
        let matching = [
            ("127.0.0.*", "127.0.0.1"),
            ("*", "10.1.2.3"),
            ("10.*", "10.1.2.3"),
            ("10.*.2.3", "10.1.2.3"),
            (" ::1 ", "::1"),
        ];
        for (pattern, address) in matching {
            assert!(matches_address(pattern, address), "{pattern} {address}");
        }
        for (pattern, address) in [
            ("127.0.0.*", "127.0.1.1"),
            ("", "10.1.2.3"),
            ("10.1.2", "10.1.2.3"),
            ("10.1.2.3.4", "10.1.2.3"),
            ("10.*.2", "10.1.2.3"),
        ] {
            assert!(!matches_address(pattern, address), "{pattern} {address}");
        }
    }

    #[test]
    fn trap_45_only_127_0_0_is_local() {
        let prefs = |authenticate_local, allowed: &[&str]| BroadcastPrefs {
            authenticate_local,
            allowed: allowed.iter().map(ToString::to_string).collect(),
            group: "broadcaster".to_owned(),
        };
        let trusts = |prefs: &BroadcastPrefs, address: &str| prefs.trust(address.parse().unwrap());
        let open = prefs(false, &[]);
        assert!(trusts(&open, "127.0.0.7") && trusts(&open, "::1") && trusts(&open, "::ffff:127.0.0.1"));
        assert!(!trusts(&open, "127.0.1.1") && !trusts(&open, "10.0.0.1"));
        let strict = prefs(true, &["127.0.0.*", "10.0.0.*"]);
        assert!(!trusts(&strict, "127.0.0.1") && trusts(&strict, "10.0.0.1"));
    }
}
