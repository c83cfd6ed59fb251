//! Mount points: a broadcast each, with what its listeners share.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::frames::{Cutter, Framing, PieceKind};
use super::headers::Description;
use super::ring::{Ring, Taken};
use super::title;

/// A broadcaster that has been silent for this long makes way for another one with the password: it has lost its
/// connection without our seeing it, most likely, and is the other one.
const SILENT_MS: i64 = 2000;

/// Longest name, in bytes.
const MAX_NAME: usize = 255;

/// Most bytes of Ogg pages that hold codec headers.
const MAX_OGG_HEADERS: usize = 256 * 1024;

/// What listeners of a mount wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The place behind the last byte.
    pub(super) head: u64,
    /// The broadcaster has said what it sends.
    pub(super) is_described: bool,
    /// The broadcast is over.
    pub(super) has_ended: bool,
}

/// What is told of a broadcast.
#[derive(Debug)]
pub(super) struct Described {
    /// Its media type.
    pub(super) content_type: String,
    /// Header lines for listeners.
    pub(super) lines: Vec<u8>,
    /// How it is cut.
    pub(super) framing: Framing,
}

/// A broadcast.
#[derive(Debug)]
pub(super) struct Mount {
    /// The path, decoded.
    pub(super) path: String,
    described: OnceLock<Described>,
    ring: RwLock<Ring>,
    progress: watch::Sender<Progress>,
    /// Counts the titles; the last one's block.
    title: Mutex<(u64, Bytes)>,
    /// Pages that an Ogg listener needs first.
    headers: Mutex<Bytes>,
    last_heard_ms: AtomicI64,
}

impl Mount {
    fn new(path: &str, keep_ms: i64, now_ms: i64) -> Self {
        Self {
            path: path.to_owned(),
            described: OnceLock::new(),
            ring: RwLock::new(Ring::new(keep_ms)),
            progress: watch::Sender::default(),
            title: Mutex::new((0, title::UNCHANGED)),
            headers: Mutex::default(),
            last_heard_ms: AtomicI64::new(now_ms),
        }
    }

    /// The broadcaster has said what it sends, once.
    pub(super) fn describe(&self, description: Description) {
        let content_type = description.content_type.unwrap_or_else(|| "audio/mpeg".to_owned());
        let framing = Framing::of(&content_type);
        let _ = self.described.set(Described { content_type, lines: description.lines, framing });
        self.progress.send_modify(|progress| progress.is_described = true);
    }

    /// What the broadcaster has said.
    pub(super) fn described(&self) -> Option<&Described> {
        self.described.get()
    }

    /// Waits until the broadcaster has said what it sends; `None` when it ends before.
    pub(super) async fn wait_for_description(&self) -> Option<&Described> {
        let mut progress = self.follow();
        let _ = progress.wait_for(|progress| progress.is_described || progress.has_ended).await;
        self.described()
    }

    /// Bytes have come.
    pub(super) fn note_heard(&self, now_ms: i64) {
        self.last_heard_ms.store(now_ms, Ordering::Relaxed);
    }

    /// A new title, with an address that may be empty.
    pub(super) fn set_title(&self, title: &str, url: &str) {
        let block = title::block(title, url);
        let mut current = self.title.lock();
        *current = (current.0 + 1, block);
    }

    /// The title's block, if it is another one than the number `seen`, which is updated; else the one for no change.
    pub(super) fn title(&self, seen: &mut u64) -> Bytes {
        let current = self.title.lock();
        if current.0 == std::mem::replace(seen, current.0) { title::UNCHANGED } else { current.1.clone() }
    }

    /// Sees each step of the broadcast.
    pub(super) fn follow(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Where a new listener begins, and the bytes that it needs before.
    pub(super) fn begin(&self, burst_ms: i64) -> (u64, Bytes) {
        let ring = self.ring.read();
        (ring.begin(burst_ms), self.headers.lock().clone())
    }

    /// What there is from a place on; `None` when it is gone already.
    pub(super) fn take(&self, from: u64) -> Option<Taken> {
        self.ring.read().take(from)
    }

    /// The place behind the last byte.
    pub(super) fn head(&self) -> u64 {
        self.progress.borrow().head
    }

    /// The broadcast is over.
    pub(super) fn end(&self) {
        self.progress.send_modify(|progress| progress.has_ended = true);
    }
}

/// The writing side of a mount: cuts what comes and hands it to the listeners. The broadcast ends with it.
#[derive(Debug)]
pub(super) struct Feed {
    mounts: Arc<Mounts>,
    mount: Arc<Mount>,
    cutter: Option<Cutter>,
    collecting: Vec<u8>,
}

impl Feed {
    /// The mount.
    pub(super) fn mount(&self) -> &Arc<Mount> {
        &self.mount
    }

    /// Hands the pieces that `bytes` begin with to the listeners and says how many bytes that were. With `all`, what is no
    /// whole frame goes, too.
    pub(super) fn publish(&mut self, bytes: &Bytes, all: bool, now_ms: i64) -> usize {
        let framing = self.mount.described().map_or(Framing::Opaque, |described| described.framing);
        let cutter = self.cutter.get_or_insert_with(|| Cutter::new(framing));
        let mut at = 0;
        let mut ring = self.mount.ring.write();
        while let Some(piece) = cutter.next(bytes.get(at..).unwrap_or_default()) {
            let part = bytes.slice(at..(at + piece.len).min(bytes.len()));
            at += part.len();
            if let PieceKind::Header { first } = piece.kind {
                // Until all headers are there a listener gets them in their place.
                if first {
                    self.collecting.clear();
                    *self.mount.headers.lock() = Bytes::new();
                    ring.set_floor(true);
                }
                if self.collecting.len() + part.len() <= MAX_OGG_HEADERS {
                    self.collecting.extend_from_slice(&part);
                }
            } else if !self.collecting.is_empty() {
                *self.mount.headers.lock() = std::mem::take(&mut self.collecting).into();
                ring.set_floor(false);
            }
            ring.push(part, piece.kind == PieceKind::Entry, now_ms);
        }
        if all && at < bytes.len() {
            ring.push(bytes.slice(at..), false, now_ms);
            at = bytes.len();
        }
        let head = ring.head();
        drop(ring);
        if at > 0 {
            self.mount.progress.send_modify(|progress| progress.head = head);
        }
        at
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.mount.end();
        let mut known = self.mounts.known.lock();
        if known.get(&self.mount.path).is_some_and(|mount| Arc::ptr_eq(mount, &self.mount)) {
            known.remove(&self.mount.path);
        }
    }
}

/// Why a broadcaster does not get the mount that it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoMount {
    /// It has a broadcaster.
    Taken,
    /// No listener could ask for it.
    Invalid,
}

/// All broadcasts, by path.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    known: Mutex<HashMap<String, Arc<Mount>>>,
}

impl Mounts {
    /// Gives a mount to a broadcaster; `path` is decoded.
    ///
    /// # Errors
    /// [`NoMount`].
    pub(super) fn claim(self: &Arc<Self>, path: &str, keep_ms: i64, now_ms: i64) -> Result<Feed, NoMount> {
        if !is_valid(path) {
            return Err(NoMount::Invalid);
        }
        let mount = Arc::new(Mount::new(path, keep_ms, now_ms));
        match self.known.lock().entry(path.to_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(Arc::clone(&mount));
            }
            Entry::Occupied(mut entry) => {
                let holder = entry.get();
                let silent_ms = now_ms - holder.last_heard_ms.load(Ordering::Relaxed);
                if silent_ms < SILENT_MS && !holder.progress.borrow().has_ended {
                    return Err(NoMount::Taken);
                }
                holder.end();
                entry.insert(Arc::clone(&mount));
            }
        }
        Ok(Feed { mounts: Arc::clone(self), mount, cutter: None, collecting: Vec::new() })
    }

    /// The broadcast of a path.
    pub(super) fn find(&self, path: &str) -> Option<Arc<Mount>> {
        self.known.lock().get(path).cloned()
    }

    /// Ends all of them.
    pub(super) fn end_all(&self) {
        self.known.lock().values().for_each(|mount| mount.end());
    }
}

/// A path that a listener can ask for and that is nothing else.
fn is_valid(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let is_other = [".m3u", ".pls"].iter().any(|suffix| lower.ends_with(suffix))
        || lower == "/admin.cgi"
        || ["/admin/", "/modules/admin", "/api/"].iter().any(|prefix| lower.starts_with(prefix));
    path.starts_with('/') && path.len() <= MAX_NAME && !path.chars().any(char::is_control) && !is_other
}

#[cfg(test)]
mod tests {
    use super::super::frames::tests::{mp3_frame, page};
    use super::*;

    fn feed(content_type: &str) -> Feed {
        let feed = Arc::new(Mounts::default()).claim("/m", 10_000, 0).expect("free");
        let mut description = Description::default();
        description.add("Content-Type", content_type.as_bytes());
        feed.mount().describe(description);
        feed
    }

    fn heard(mount: &Mount, from: u64) -> Vec<u8> {
        mount.take(from).expect("there").concat()
    }

    #[test]
    fn a_mount_has_one_broadcaster_and_is_free_at_once_when_it_goes() {
        let mounts = Arc::new(Mounts::default());
        let first = mounts.claim("/m", 1000, 0).expect("free");
        assert_eq!(mounts.claim("/m", 1000, 0).err(), Some(NoMount::Taken));
        assert!(mounts.claim("/other", 1000, 0).is_ok());
        let mount = Arc::clone(first.mount());
        drop(first);
        assert!(mount.follow().borrow().has_ended);
        assert!(mounts.find("/m").is_none());
        assert!(mounts.claim("/m", 1000, 0).is_ok());
    }

    #[test]
    fn a_silent_broadcaster_makes_way_and_its_end_does_not_touch_the_next() {
        let mounts = Arc::new(Mounts::default());
        let dead = mounts.claim("/m", 1000, 0).expect("free");
        dead.mount().note_heard(5000);
        assert!(mounts.claim("/m", 1000, 5000 + SILENT_MS - 1).is_err());
        let alive = mounts.claim("/m", 1000, 5000 + SILENT_MS).expect("the other one is silent");
        assert!(dead.mount().follow().borrow().has_ended);
        drop(dead);
        assert!(Arc::ptr_eq(&mounts.find("/m").expect("mounted"), alive.mount()));
        assert!(!alive.mount().follow().borrow().has_ended);
    }

    #[test]
    fn names_that_no_listener_could_ask_for_are_invalid() {
        let mounts = Arc::new(Mounts::default());
        for path in
            ["m", "", "/a\nb", "/x.m3u", "/x.PLS", "/admin.cgi", "/admin/metadata", "/api/v1/x", &"/x".repeat(200)]
        {
            assert_eq!(mounts.claim(path, 1000, 0).err(), Some(NoMount::Invalid), "{path}");
        }
        assert!(mounts.claim("/", 1000, 0).is_ok());
    }

    #[test]
    fn listeners_begin_at_a_frame_and_the_rest_of_one_waits() {
        let mut feed = feed("audio/mpeg");
        let stream = Bytes::from([b"junk".to_vec(), mp3_frame(1), mp3_frame(2), mp3_frame(3)].concat());
        assert_eq!(feed.publish(&stream.slice(..1000), false, 100), 838);
        assert_eq!(feed.publish(&stream.slice(838..), false, 200), 417);
        let mount = feed.mount();
        assert_eq!(mount.begin(5000), (4, Bytes::new()), "the junk is not what a listener begins with");
        assert_eq!(heard(mount, 4), [mp3_frame(1), mp3_frame(2), mp3_frame(3)].concat());
        assert_eq!(heard(mount, 0), stream);
        assert_eq!(mount.head(), 1255);
        let mut feed = feed_of_rest();
        assert_eq!(feed.publish(&Bytes::from(mp3_frame(1)).slice(..100), true, 300), 100, "all, when it is asked for");
    }

    fn feed_of_rest() -> Feed {
        feed("audio/aac")
    }

    #[test]
    fn an_ogg_listener_gets_the_codec_headers_first() {
        let mut feed = feed("application/ogg");
        let (bos, tags, audio) = (page(2, 0, 30), page(0, 0, 200), page(0, 960, 100));
        let mut send = |pages: &[&Vec<u8>]| {
            let bytes: Bytes = pages.iter().flat_map(|page| page.iter().copied()).collect::<Vec<u8>>().into();
            assert_eq!(feed.publish(&bytes, false, 0), bytes.len());
        };
        send(&[&bos, &tags]);
        send(&[&audio, &audio]);
        let headers = [bos.clone(), tags.clone()].concat();
        send(&[&bos]);
        let mount = Arc::clone(feed.mount());
        let (begin, first) = mount.begin(5000);
        assert_eq!((first.len(), heard(&mount, begin)), (0, bos.clone()), "a new song: its headers are not whole yet");
        let mut send = |pages: &[&Vec<u8>]| {
            let bytes: Bytes = pages.iter().flat_map(|page| page.iter().copied()).collect::<Vec<u8>>().into();
            assert_eq!(feed.publish(&bytes, false, 1), bytes.len());
        };
        send(&[&tags, &audio]);
        let (begin, first) = mount.begin(5000);
        assert_eq!((&first[..], heard(&mount, begin)), (&headers[..], audio));
    }

    #[test]
    fn a_title_is_told_once_to_each_listener() {
        let feed = feed("audio/mpeg");
        let (mut early, mut late) = (0, 0);
        assert_eq!(feed.mount().title(&mut early), title::UNCHANGED);
        feed.mount().set_title("one", "");
        assert_eq!(feed.mount().title(&mut early), title::block("one", ""));
        assert_eq!(feed.mount().title(&mut early), title::UNCHANGED);
        assert_eq!(feed.mount().title(&mut late), title::block("one", ""));
    }
}
