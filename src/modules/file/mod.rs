//! QTSSFileModule: hinted QuickTime and MP4 files, from DESCRIBE to TEARDOWN. It has the Request role: what no module
//! before it answered ends here.

mod adaptation;
mod describe;
mod play;
mod setup;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::config::ModulePrefs;
use crate::media::{Movie, MovieCache, MovieError, OpenOptions, PacketCache};
use crate::qtss::attr::*;
use crate::qtss::{BoxFuture, Module, QtssError, Registration, Registry, Role, RoleCall, SyncRole};
use crate::rtp::BlockLoader;
use crate::rtsp::{Method, Status};
use crate::server::streams::{answer_teardown, halt};
use crate::server::{ModuleFile, Preferences, RequestContext};

/// The module's name: that of its section in streamingserver.xml.
pub const NAME: &str = "QTSSFileModule";

/// Bytes of packets ready to send that are kept for all viewers.
const PACKET_CACHE_BYTES: usize = 256 * 1024 * 1024;

/// Threads that read movies; more than the cores, because they wait for disks.
const READER_THREADS: usize = 4;

/// Movies that stay parsed when no session has them open.
const MOVIES_KEPT_OPEN: usize = 16;

/// The module's preferences as the last reread left them.
#[derive(Debug, Clone)]
pub(crate) struct FilePrefs {
    max_allowed_speed: f64,
    buffer_delay: f32,
    enable_movie_file_sdp: bool,
    record_movie_file_sdp: bool,
    player_compatibility: bool,
    bandwidth_percent: u32,
    rtp_start_time_ms: i64,
    allow_invalid_hint_track_refs: bool,
    sdp_url: String,
    admin_email: String,
}

impl FilePrefs {
    fn read(prefs: &ModulePrefs) -> Self {
        Self {
            max_allowed_speed: f64::from(prefs.f32("max_allowed_speed")),
            buffer_delay: prefs.f32("add_seconds_to_client_buffer_delay"),
            enable_movie_file_sdp: prefs.bool("enable_movie_file_sdp"),
            record_movie_file_sdp: prefs.bool("record_movie_file_sdp"),
            player_compatibility: prefs.bool("enable_player_compatibility"),
            bandwidth_percent: prefs.u32("compatibility_adjust_sdp_media_bandwidth_percent").max(1),
            rtp_start_time_ms: prefs.i64("compatibility_adjust_rtp_start_time_milli"),
            allow_invalid_hint_track_refs: prefs.bool("allow_invalid_hint_track_refs"),
            sdp_url: prefs.string("sdp_url"),
            admin_email: prefs.string("admin_email"),
        }
    }
}

/// The module.
pub struct FileModule {
    preferences: Arc<Preferences>,
    prefs: ArcSwap<FilePrefs>,
    movies: Arc<MovieCache>,
    loader: Arc<BlockLoader>,
}

/// What the module keeps with a client session.
pub(crate) struct FileSession {
    /// The movie's path on disk.
    path: PathBuf,
    /// The movie; shared by all sessions that have the file open.
    movie: Arc<Movie>,
}

impl FileModule {
    /// The module with its caches.
    ///
    /// # Errors
    /// When the reader threads cannot be started.
    pub fn new(preferences: &Arc<Preferences>) -> std::io::Result<Self> {
        let cache = Arc::new(PacketCache::new(PACKET_CACHE_BYTES));
        Ok(Self {
            prefs: ArcSwap::from_pointee(FilePrefs::read(&preferences.module(NAME))),
            preferences: Arc::clone(preferences),
            movies: Arc::new(MovieCache::new(MOVIES_KEPT_OPEN)),
            loader: BlockLoader::start(cache, READER_THREADS)?,
        })
    }

    async fn request(&self, ctx: &Arc<RequestContext>) {
        let Some(request) = ctx.request() else { return };
        adaptation::note_link(ctx);
        match request.method() {
            Method::Describe => self.describe(ctx, &request).await,
            Method::Setup => self.setup(ctx, &request).await,
            Method::Play => self.play(ctx, &request).await,
            Method::Pause => self.pause(ctx).await,
            Method::Teardown => answer_teardown(ctx),
            _ => {}
        }
    }

    /// Opens (or shares) a movie; answers the request when that fails.
    async fn open(&self, ctx: &Arc<RequestContext>, path: &Path) -> Option<Arc<Movie>> {
        let options = OpenOptions { allow_invalid_hint_track_refs: self.prefs.load().allow_invalid_hint_track_refs };
        match self.open_off_thread(&ctx.server.registry, path.to_owned(), options).await {
            Ok(movie) => Some(movie),
            Err(error) => {
                let (status, message) = status_of(path, &error);
                tracing::debug!("{}: {error}", path.display());
                ctx.respond_error(status, message);
                None
            }
        }
    }

    /// From the disk, or from the module loaded from a file that claims the path.
    async fn open_off_thread(
        &self,
        registry: &Arc<Registry>,
        path: PathBuf,
        options: OpenOptions,
    ) -> Result<Arc<Movie>, MovieError> {
        let (movies, registry) = (Arc::clone(&self.movies), Arc::clone(registry));
        let what = path.display().to_string();
        let opened = tokio::task::spawn_blocking(move || match ModuleFile::open(&registry, &path) {
            None => movies.open(&path, &options),
            Some(file) => open_from_module(file, &path, &options),
        })
        .await;
        opened.unwrap_or_else(|error| Err(MovieError::Io { what, error: Arc::new(std::io::Error::other(error)) }))
    }
}

fn open_from_module(
    file: Result<ModuleFile, QtssError>,
    path: &Path,
    options: &OpenOptions,
) -> Result<Arc<Movie>, MovieError> {
    let what = || path.display().to_string();
    match file {
        Ok(file) => {
            let modified = file.modified();
            Movie::from_source(Arc::new(file), modified, options).map(Arc::new)
        }
        Err(QtssError::FileNotFound) => Err(MovieError::NotFound { path: path.to_owned() }),
        Err(error) => Err(MovieError::Io { what: what(), error: Arc::new(std::io::Error::other(error)) }),
    }
}

/// What a movie that does not open is answered with. DSS takes empty files for missing ones.
fn status_of(path: &Path, error: &MovieError) -> (Status, &'static str) {
    let missing = (Status::NotFound, "no such movie");
    match error {
        MovieError::Io { error, .. } => match error.raw_os_error() {
            Some(libc::ENAMETOOLONG | libc::ENOTDIR | libc::ELOOP | libc::EACCES) => missing,
            Some(libc::EMFILE | libc::ENFILE) => (Status::ServiceUnavailable, "no file descriptors left"),
            _ => (Status::InternalServerError, "the movie cannot be read"),
        },
        error if error.is_not_found() => missing,
        _ if std::fs::metadata(path).is_ok_and(|file| file.len() == 0) => missing,
        _ => (Status::UnsupportedMediaType, "not a hinted movie"),
    }
}

/// The file a request is about, as the roles before left it. A slash at the end, as in Content-Base, is dropped.
fn local_path(ctx: &RequestContext) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    let mut bytes = ctx.object.bytes(qtssRTSPReqLocalPath).unwrap_or_default();
    while bytes.len() > 1 && bytes.last() == Some(&b'/') {
        bytes.pop();
    }
    std::ffi::OsString::from_vec(bytes).into()
}

impl FileModule {
    /// PAUSE: packets stop; where is remembered for the next PLAY.
    async fn pause(&self, ctx: &Arc<RequestContext>) {
        halt(ctx).await;
        ctx.respond(|_| {});
    }
}

impl Module for FileModule {
    fn name(&self) -> &str {
        NAME
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        registration.add_role(Role::RtspRequest)?;
        registration.add_role(Role::RereadPrefs)
    }

    fn call<'a>(&'a self, call: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        Box::pin(async move {
            if let RoleCall::Request(params) = call {
                if let Some(ctx) = params.context::<Arc<RequestContext>>() {
                    self.request(ctx).await;
                }
            }
            Ok(())
        })
    }

    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        if matches!(role, SyncRole::RereadPrefs) {
            self.prefs.store(Arc::new(FilePrefs::read(&self.preferences.module(NAME))));
        }
        Ok(())
    }
}
