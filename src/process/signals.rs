//! The server's signals as events.
//!
//! As in DSS 6.0.3: HUP reads the preferences again, TERM and QUIT stop the server for good, INT stops it so that its parent
//! starts another; PIPE and ALRM are caught and ignored. New: USR1 reopens the logs; in DSS it killed the server.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use signal_hook::SigId;
use signal_hook::low_level::{pipe, unregister};

use super::death::EXIT_RESTART;

/// The signals that mean something to the server, in the order in which they are looked at: a stop goes first.
const MEANINGS: [(Signal, SignalEvent); 5] = [
    (Signal::SIGTERM, SignalEvent::Stop(StopReason::Terminate)),
    (Signal::SIGQUIT, SignalEvent::Stop(StopReason::Quit)),
    (Signal::SIGINT, SignalEvent::Stop(StopReason::Interrupt)),
    (Signal::SIGHUP, SignalEvent::Reread),
    (Signal::SIGUSR1, SignalEvent::ReopenLogs),
];
/// Caught without effect. They are not set to "ignore", which programs that a module starts would inherit.
const WITHOUT_EFFECT: [Signal; 2] = [Signal::SIGPIPE, Signal::SIGALRM];
/// Crashes. The Rust runtime looks at them for overflowed stacks and swallows the first one that somebody sends; by their
/// default they end the process at once, and the parent tells which it was.
const FATAL: [Signal; 2] = [Signal::SIGSEGV, Signal::SIGBUS];

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalEvent {
    /// HUP: read the preferences again, reopen the logs.
    Reread,
    /// USR1: reopen the logs.
    ReopenLogs,
    /// TERM, QUIT or INT: stop in order and exit with [`StopReason::exit_status`].
    Stop(StopReason),
}

/// Which signal stopped the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// INT: the parent, if there is one, starts the server again.
    Interrupt,
    /// QUIT.
    Quit,
    /// TERM.
    Terminate,
}

impl StopReason {
    /// The exit status after the orderly stop: 254 for INT, otherwise 0.
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Interrupt => EXIT_RESTART,
            Self::Quit | Self::Terminate => 0,
        }
    }
}

/// The signals that a watchdog parent passes on to the server: those that mean something to it.
pub(crate) fn passed_on() -> [Signal; 5] {
    MEANINGS.map(|(signal, _)| signal)
}

/// Installed handlers; dropping it takes them away again, after which the signals have no effect.
#[derive(Debug)]
pub struct Signals {
    /// Set by the handler, for each of [`MEANINGS`].
    raised: [Arc<AtomicBool>; MEANINGS.len()],
    /// Gets a byte from each handler.
    wake: UnixStream,
    registered: Vec<SigId>,
}

impl Signals {
    /// Installs the handlers and unblocks the signals for the calling thread. A signal that arrives before somebody listens
    /// is kept. Call it while the process has one thread, so that all others inherit its signal mask.
    ///
    /// # Errors
    /// The system refused a handler or the descriptors that it needs.
    pub fn install() -> io::Result<Self> {
        let (wake, waker) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let raised: [Arc<AtomicBool>; MEANINGS.len()] = std::array::from_fn(|_| Arc::default());
        let mut signals = Self { raised, wake, registered: Vec::new() };
        for (flag, (signal, _)) in signals.raised.iter().zip(MEANINGS) {
            // The flag comes first, so that whoever is woken finds it.
            signals.registered.push(signal_hook::flag::register(signal as i32, Arc::clone(flag))?);
            signals.registered.push(pipe::register(signal as i32, waker.try_clone()?)?);
        }
        for signal in WITHOUT_EFFECT {
            signals.registered.push(signal_hook::flag::register(signal as i32, Arc::default())?);
        }
        for signal in FATAL {
            let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
            // SAFETY: the default action runs no code of ours.
            unsafe { sigaction(signal, &default) }?;
        }
        let caught: SigSet = MEANINGS.iter().map(|(signal, _)| *signal).chain(WITHOUT_EFFECT).collect();
        caught.thread_unblock()?;
        Ok(signals)
    }

    /// Starts listening. Call it inside the tokio runtime.
    ///
    /// # Errors
    /// The runtime has no room for another descriptor.
    pub fn into_events(self) -> io::Result<SignalEvents> {
        let wake = tokio::net::UnixStream::from_std(self.wake.try_clone()?)?;
        Ok(SignalEvents { signals: self, wake, stopping: false })
    }

    /// The event of a signal that has arrived, and forgets it.
    fn take(&self) -> Option<SignalEvent> {
        let arrived = self.raised.iter().zip(MEANINGS).find(|(flag, _)| flag.swap(false, Ordering::AcqRel));
        arrived.map(|(_, (_, event))| event)
    }

    /// Throws the wake-up bytes away.
    fn drain(&self) -> io::Result<()> {
        let mut bytes = [0; 64];
        loop {
            match (&self.wake).read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            unregister(id);
        }
    }
}

/// The stream of signal events.
#[derive(Debug)]
pub struct SignalEvents {
    signals: Signals,
    wake: tokio::net::UnixStream,
    stopping: bool,
}

impl SignalEvents {
    /// The next event. Signals of one kind that arrive before they are looked at are one event. After a [`SignalEvent::Stop`]
    /// there are no more: a signal during a stop changes nothing. Cancel-safe.
    pub async fn next(&mut self) -> SignalEvent {
        loop {
            if self.stopping {
                std::future::pending::<()>().await;
            }
            if let Some(event) = self.signals.take() {
                self.stopping = matches!(event, SignalEvent::Stop(_));
                return event;
            }
            // The bytes are drained before the flags are read again, so no signal slips between.
            if self.wake.readable().await.is_err() {
                self.stopping = true; // the runtime is shutting down
            }
            let _ = self.wake.try_io(tokio::io::Interest::READABLE, || self.signals.drain());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Signals are sent to processes of their own in tests/process.rs; here are only those that no other test minds.

    #[tokio::test]
    async fn a_signal_that_came_before_anybody_listened_is_not_lost() {
        let signals = Signals::install().unwrap();
        signal_hook::low_level::raise(libc::SIGUSR1).unwrap();
        signal_hook::low_level::raise(libc::SIGUSR1).unwrap();
        signal_hook::low_level::raise(libc::SIGPIPE).unwrap();
        signal_hook::low_level::raise(libc::SIGALRM).unwrap();
        let mut events = signals.into_events().unwrap();
        assert_eq!(events.next().await, SignalEvent::ReopenLogs);
        let more = tokio::time::timeout(std::time::Duration::from_millis(20), events.next());
        assert!(more.await.is_err(), "two of a kind are one event, PIPE and ALRM none");
        signal_hook::low_level::raise(libc::SIGUSR1).unwrap();
        assert_eq!(events.next().await, SignalEvent::ReopenLogs);
    }

    #[test]
    fn a_stop_goes_before_what_came_with_it() {
        let mut signals = Signals::install().unwrap();
        // The other test's signals reach every handler of the process.
        for id in signals.registered.drain(..) {
            unregister(id);
        }
        for flag in &signals.raised {
            flag.store(true, Ordering::Release);
        }
        assert_eq!(signals.take(), Some(SignalEvent::Stop(StopReason::Terminate)));
        assert_eq!(signals.take(), Some(SignalEvent::Stop(StopReason::Quit)));
        assert_eq!(signals.take(), Some(SignalEvent::Stop(StopReason::Interrupt)));
        assert_eq!(signals.take(), Some(SignalEvent::Reread));
        assert_eq!(signals.take(), Some(SignalEvent::ReopenLogs));
        assert_eq!(signals.take(), None);
    }

    #[test]
    fn interrupt_asks_for_a_restart_the_others_for_an_end() {
        assert_eq!(StopReason::Interrupt.exit_status(), 254);
        assert_eq!(StopReason::Terminate.exit_status(), 0);
        assert_eq!(StopReason::Quit.exit_status(), 0);
    }
}
