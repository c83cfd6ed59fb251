//! Who a request comes from: what its header says, what a module knows of that user, and whether the password is right.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::context::RequestContext;
use crate::auth::digest::{self, Keys, Outcome};
use crate::auth::{Accounts, Checker, Credentials, Guesses, HeaderError, NonceStore, Scheme, Secret};
use crate::qtss::attr::*;
use crate::qtss::{AttrId, ObjectType};
use crate::rtsp::Header;

/// Attributes with passwords, or what is as good as one. C modules in the Authenticate and Authorize roles work with
/// them as with DSS's; whatever shows objects to people (the admin protocol, status pages, logs) leaves them out.
pub const SECRET_ATTRIBUTES: [(ObjectType, AttrId); 7] = [
    (ObjectType::RtspRequest, qtssRTSPReqFullRequest),
    (ObjectType::RtspRequest, qtssRTSPReqUserPassword),
    (ObjectType::RtspRequest, qtssRTSPReqDigestResponse),
    (ObjectType::RtspHeader, AttrId::new(Header::Authorization.id())),
    (ObjectType::UserProfile, qtssUserPassword),
    (ObjectType::RtspSession, qtssRTSPSesLastUserPassword),
    (ObjectType::ClientSession, qtssCliRTSPSesUserPassword),
];

/// The number of a scheme in QTSS_AuthScheme.
pub fn scheme_code(scheme: Scheme) -> u32 {
    match scheme {
        Scheme::None => 0,
        Scheme::Basic => 1,
        Scheme::Digest => 2,
    }
}

/// The scheme of a number of QTSS_AuthScheme; what is none is taken for Digest, the server's default.
pub fn scheme_of_code(code: u32) -> Scheme {
    match code {
        0 => Scheme::None,
        1 => Scheme::Basic,
        _ => Scheme::Digest,
    }
}

/// What the check of passwords remembers from one request to the next; one for the whole server.
pub struct Authenticator {
    /// Basic passwords against stored hashes.
    pub checker: Checker,
    /// Slows down who guesses.
    pub guesses: Guesses,
    /// The nonces given out, by connection.
    pub nonces: NonceStore,
    /// Slow hashes at a time: they may not take all processors from those who watch.
    hashing: Semaphore,
}

impl Default for Authenticator {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            checker: Checker::new(),
            guesses: Guesses::new(),
            nonces: NonceStore::default(),
            hashing: Semaphore::new(processors.div_ceil(2)),
        }
    }
}

/// Whose passwords a Basic check compares with.
#[derive(Clone)]
enum Stored {
    /// A users file, which may say more than the hash.
    Accounts(Arc<Accounts>),
    /// What a module put into the profile; `None` if it put nothing there.
    Hash(Option<String>),
}

impl Stored {
    fn is_slow(&self, user: &str, password: &Secret, checker: &Checker) -> bool {
        match self {
            Self::Accounts(accounts) => accounts.basic_is_slow(user, password, checker, Instant::now()),
            Self::Hash(hash) => checker.must_hash(hash.as_deref(), password, Instant::now()),
        }
    }

    fn check(&self, user: &str, password: &Secret, checker: &Checker) -> bool {
        match self {
            Self::Accounts(accounts) => accounts.check_basic(user, password, checker, Instant::now()),
            Self::Hash(hash) => checker.check(hash.as_deref(), password, Instant::now()),
        }
    }
}

impl Authenticator {
    /// Whether Basic credentials are right. Slow hashes are computed off the task's thread, few at a time; who has
    /// guessed meanwhile is not looked at any more.
    async fn check_basic(self: &Arc<Self>, stored: Stored, user: &str, password: &Secret, guess: &Guess) -> Outcome {
        let right = if stored.is_slow(user, password, &self.checker) {
            let Ok(_permit) = self.hashing.acquire().await else { return Outcome::Stale };
            if guess.must_wait(self) {
                return Outcome::Stale;
            }
            let (this, user, password) = (Arc::clone(self), user.to_owned(), password.clone());
            let checked = tokio::task::spawn_blocking(move || stored.check(&user, &password, &this.checker));
            checked.await.unwrap_or(false)
        } else {
            stored.check(user, password, &self.checker)
        };
        if right { Outcome::Right } else { Outcome::Wrong }
    }
}

/// Who tries: an address, and an account by its name and its users file.
struct Guess {
    address: IpAddr,
    account: String,
}

impl Guess {
    fn must_wait(&self, authenticator: &Authenticator) -> bool {
        authenticator.guesses.pause(self.address, &self.account, Instant::now()).is_some()
    }
}

/// What is known of the user of one request.
#[derive(Default)]
pub(super) struct Login {
    credentials: Option<Arc<Credentials>>,
    /// The scheme that the attribute had before the Authenticate role.
    preset: u32,
    /// The scheme that the folder asks for.
    folder: Option<Scheme>,
    /// The users file that counts for the folder, and what is in it.
    accounts: Option<(PathBuf, Arc<Accounts>)>,
    /// The answer was made with a nonce that does not count (any more).
    stale: bool,
}

impl RequestContext {
    /// What the Authorization header says, if it can be read.
    pub fn credentials(&self) -> Option<Arc<Credentials>> {
        self.login.lock().credentials.clone()
    }

    /// Reads the Authorization header into the attributes that modules see.
    pub(super) fn read_credentials(&self, header: Option<&[u8]>, scheme: Scheme) {
        let credentials = header.map(Credentials::parse).and_then(|parsed| match parsed {
            Ok(credentials) => Some(credentials),
            Err(error) => {
                // What stands there instead of a scheme may be a password.
                let unknown = matches!(error, HeaderError::UnknownScheme(_));
                let error = if unknown { "an unknown scheme".to_owned() } else { error.to_string() };
                tracing::debug!("{}: Authorization header: {error}", self.connection.peer);
                None
            }
        });
        let scheme = match &credentials {
            None => scheme,
            Some(Credentials::Basic { .. }) => Scheme::Basic,
            Some(Credentials::Digest(_)) => Scheme::Digest,
        };
        self.object.set_u32(qtssRTSPReqAuthScheme, scheme_code(scheme));
        if let Some(credentials) = &credentials {
            self.object.set_str(qtssRTSPReqUserName, credentials.user());
            self.profile().set_str(qtssUserName, credentials.user());
        }
        match &credentials {
            Some(Credentials::Basic { password, .. }) => {
                self.object.set_bytes(qtssRTSPReqUserPassword, password.as_bytes());
            }
            Some(Credentials::Digest(_)) => {
                self.object.set_bytes(qtssRTSPReqDigestResponse, header.unwrap_or_default());
            }
            None => {}
        }
        let credentials = credentials.map(Arc::new);
        *self.login.lock() = Login { credentials, preset: scheme_code(scheme), ..Login::default() };
    }

    /// In the Authenticate role: the folder's own scheme, to which credentials of the other one are no answer.
    pub fn ask_for(&self, scheme: Scheme) {
        self.login.lock().folder = Some(scheme);
    }

    /// In the Authenticate role: the users file that counts, and what is in it. Passwords are then checked with all that
    /// it says of a user, not only with what fits into the profile.
    pub fn know_accounts(&self, file: &Path, accounts: &Arc<Accounts>) {
        self.login.lock().accounts = Some((file.to_owned(), Arc::clone(accounts)));
    }

    /// The users file that counts, as far as a module has told.
    pub(super) fn accounts(&self) -> Option<Arc<Accounts>> {
        self.login.lock().accounts.as_ref().map(|(_, accounts)| Arc::clone(accounts))
    }

    /// Whether the client has to answer again with another nonce, though its password may be right.
    pub(super) fn is_stale(&self) -> bool {
        self.login.lock().stale
    }

    /// The scheme an answer must have: the folder's, else what a module has set, else the server's.
    pub(super) fn asked_scheme(&self, default: Scheme) -> Scheme {
        let set = self.object.u32(qtssRTSPReqAuthScheme).unwrap_or_default();
        let login = self.login.lock();
        login.folder.or((set != login.preset).then(|| scheme_of_code(set))).unwrap_or(default)
    }

    /// Whether the client has shown, in the scheme asked for, that it knows the password in the user's profile.
    pub(super) async fn knows_password(&self, method: &str, asked: Scheme) -> bool {
        let Some(credentials) = self.credentials() else { return false };
        let authenticator = Arc::clone(&self.server.authenticator);
        let guess = self.guess(credentials.user());
        let known = self.accounts();
        let in_profile = self.profile().string(qtssUserPassword);
        let outcome = match (&*credentials, asked) {
            _ if guess.must_wait(&authenticator) => return false,
            (Credentials::Basic { user, password }, Scheme::Basic) => {
                let stored = known.map_or(Stored::Hash(in_profile), Stored::Accounts);
                authenticator.check_basic(stored, user, password, &guess).await
            }
            (Credentials::Digest(answer), Scheme::Digest) => {
                let of_module = Keys { md5: in_profile.as_deref(), sha256: None };
                let keys = match &known {
                    Some(accounts) => accounts.user(answer.user()).map(|user| user.keys()),
                    None => in_profile.is_some().then_some(of_module),
                };
                let owner = self.nonce_owner(answer.nonce());
                digest::verify(answer, method, keys, &authenticator.nonces, owner, Instant::now())
            }
            _ => return false,
        };
        self.note(outcome, &credentials, &guess, &authenticator);
        outcome == Outcome::Right
    }

    fn guess(&self, user: &str) -> Guess {
        let login = self.login.lock();
        let file = login.accounts.as_ref().map(|(file, _)| file.display().to_string()).unwrap_or_default();
        Guess { address: self.connection.peer.ip(), account: format!("{file}\0{user}") }
    }

    /// Takes note of a check's outcome; a wrong password that leads to a pause is worth a line in the error log.
    fn note(&self, outcome: Outcome, credentials: &Credentials, guess: &Guess, authenticator: &Authenticator) {
        let is_digest = matches!(credentials, Credentials::Digest(_));
        match outcome {
            Outcome::Right => {
                authenticator.guesses.right(guess.address, &guess.account);
                if let Some(session) = self.session().filter(|_| is_digest) {
                    session.nonce_owner.store(u64::from(self.connection.id), Ordering::Relaxed);
                }
            }
            Outcome::Wrong => {
                let count = authenticator.guesses.wrong(guess.address, &guess.account, Instant::now());
                if guess.must_wait(authenticator) {
                    let (user, address) = (credentials.user(), guess.address);
                    tracing::warn!("{address}: {count} wrong passwords for user {user:?}; further tries have to wait");
                }
            }
            Outcome::Stale => self.login.lock().stale = is_digest,
        }
    }

    /// Nonces belong to connections; a client that goes on with its session on another connection may use the nonce of
    /// the one before.
    fn nonce_owner(&self, nonce: &str) -> u64 {
        let (nonces, own) = (&self.server.authenticator.nonces, u64::from(self.connection.id));
        let before = self.session().map(|session| session.nonce_owner.load(Ordering::Relaxed));
        match before.filter(|before| *before != 0 && *before != own) {
            Some(before) if nonces.is_current(before, nonce, Instant::now()) => before,
            _ => own,
        }
    }
}
