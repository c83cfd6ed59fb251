//! RTSP in HTTP: brings the GET and the POST of a tunnel together by their cookie.
//!
//! The GET's connection is the one that counts: it has the sessions, its socket carries answers and media. The POST's
//! connection only decodes what the client writes and passes it on. Either may come first; a POST may be closed and opened
//! again at any time, also during a play.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bytes::BytesMut;
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// Pieces of decoded text that may wait for the GET side; a POST that writes faster waits.
const QUEUE: usize = 32;

/// Most cookies that wait for their other half; one peer must not fill the memory with halves.
const MAX_WAITING: usize = 4096;

/// The tunnels that have at least one half.
#[derive(Default)]
pub(super) struct Tunnels {
    known: Mutex<HashMap<Vec<u8>, Halves>>,
}

struct Halves {
    /// Where POSTs write.
    sender: mpsc::Sender<BytesMut>,
    /// Where the GET reads; taken by the first GET.
    receiver: Option<mpsc::Receiver<BytesMut>>,
    /// How many connections hold the entry.
    holders: usize,
}

/// Why a half is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// The cookie has its GET already.
    Taken,
    /// Too many halves are waiting.
    Full,
}

/// The GET's end.
pub(super) struct GetHalf {
    /// What POSTs write, decoded.
    pub(super) receiver: mpsc::Receiver<BytesMut>,
    /// Keeps the entry.
    _hold: Hold,
}

/// A POST's end.
pub(super) struct PostHalf {
    /// Takes decoded text.
    pub(super) sender: mpsc::Sender<BytesMut>,
    /// Keeps the entry.
    _hold: Hold,
}

/// One holder of an entry; the last one takes it out.
struct Hold {
    tunnels: Arc<Tunnels>,
    cookie: Vec<u8>,
}

impl Tunnels {
    /// The GET of `cookie`.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn open_get(self: &Arc<Self>, cookie: &[u8]) -> Result<GetHalf, Refused> {
        let mut known = self.known.lock();
        let halves = Self::entry(&mut known, cookie)?;
        let receiver = halves.receiver.take().ok_or(Refused::Taken)?;
        halves.holders += 1;
        Ok(GetHalf { receiver, _hold: self.hold(cookie) })
    }

    /// A POST of `cookie`; it takes over from an earlier one, whose text still goes first.
    ///
    /// # Errors
    /// [`Refused::Full`].
    pub(super) fn open_post(self: &Arc<Self>, cookie: &[u8]) -> Result<PostHalf, Refused> {
        let mut known = self.known.lock();
        let halves = Self::entry(&mut known, cookie)?;
        halves.holders += 1;
        Ok(PostHalf { sender: halves.sender.clone(), _hold: self.hold(cookie) })
    }

    fn entry<'a>(known: &'a mut HashMap<Vec<u8>, Halves>, cookie: &[u8]) -> Result<&'a mut Halves, Refused> {
        let full = known.len() >= MAX_WAITING;
        match known.entry(cookie.to_vec()) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(_) if full => Err(Refused::Full),
            Entry::Vacant(entry) => {
                let (sender, receiver) = mpsc::channel(QUEUE);
                Ok(entry.insert(Halves { sender, receiver: Some(receiver), holders: 0 }))
            }
        }
    }

    fn hold(self: &Arc<Self>, cookie: &[u8]) -> Hold {
        Hold { tunnels: Arc::clone(self), cookie: cookie.to_vec() }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut known = self.tunnels.known.lock();
        if let Entry::Occupied(mut entry) = known.entry(std::mem::take(&mut self.cookie)) {
            entry.get_mut().holders = entry.get().holders.saturating_sub(1);
            if entry.get().holders == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_half_may_come_first_and_a_second_get_is_turned_away() {
        let tunnels = Arc::new(Tunnels::default());
        let post = tunnels.open_post(b"c").unwrap();
        let mut get = tunnels.open_get(b"c").unwrap();
        assert!(matches!(tunnels.open_get(b"c"), Err(Refused::Taken)));
        post.sender.try_send(BytesMut::from(&b"OPTIONS"[..])).unwrap();
        assert_eq!(&get.receiver.try_recv().unwrap()[..], b"OPTIONS");
    }

    #[test]
    fn trap_29_a_post_is_replaced_while_the_get_stays() {
        let tunnels = Arc::new(Tunnels::default());
        let mut get = tunnels.open_get(b"c").unwrap();
        drop(tunnels.open_post(b"c").unwrap());
        tunnels.open_post(b"c").unwrap().sender.try_send(BytesMut::from(&b"TEARDOWN"[..])).unwrap();
        assert_eq!(&get.receiver.try_recv().unwrap()[..], b"TEARDOWN");
    }

    #[test]
    fn a_cookie_is_forgotten_with_its_last_connection() {
        let tunnels = Arc::new(Tunnels::default());
        let get = tunnels.open_get(b"c").unwrap();
        let post = tunnels.open_post(b"c").unwrap();
        drop(get);
        assert_eq!(tunnels.known.lock().len(), 1);
        drop(post);
        assert!(tunnels.known.lock().is_empty());
        assert!(tunnels.open_get(b"c").is_ok());
    }
}
