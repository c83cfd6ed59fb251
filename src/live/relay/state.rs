//! How the parts of a relay fare, what the log hears of it, and how long to wait before the next attempt.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The wait after the first failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Who was up for this long has recovered: the next trouble is a new one.
const SETTLED: Duration = Duration::from_secs(10);

/// Different troubles in a row that are remembered as told.
const MOST_TOLD: usize = 8;

/// What a source or a destination is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// There is nothing to do yet: no push, or no source.
    Waiting,
    /// It is on its way up.
    Connecting,
    /// Packets flow, or would.
    Up,
    /// It failed, and will try again.
    Retrying {
        /// What went wrong.
        why: String,
        /// The wait between the failure and the next attempt, seconds.
        pause: u64,
    },
    /// The source has sent all there is.
    Finished,
}

impl State {
    /// One word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Connecting => "connecting",
            Self::Up => "up",
            Self::Retrying { .. } => "retrying",
            Self::Finished => "finished",
        }
    }

    /// Why it does not work; `None` where nothing is wrong.
    pub fn trouble(&self) -> Option<&str> {
        match self {
            Self::Retrying { why, .. } => Some(why),
            _ => None,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Retrying { why, pause } => write!(f, " after {pause} s because {why}"),
            _ => Ok(()),
        }
    }
}

/// The state of one part and its history, as far as it matters for the log and the pauses.
#[derive(Debug)]
pub struct Progress {
    /// Names the part in the log.
    subject: Mutex<String>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    /// Troubles that the log has since all was well.
    told: VecDeque<String>,
    /// The log has trouble and has not heard yet that it is over.
    is_open: bool,
    up_since: Option<Instant>,
    pause: Duration,
}

impl Progress {
    /// Nothing has happened yet.
    pub fn new(subject: String) -> Self {
        let inner =
            Inner { state: State::Waiting, told: VecDeque::new(), is_open: false, up_since: None, pause: FIRST_PAUSE };
        Self { subject: Mutex::new(subject), inner: Mutex::new(inner) }
    }

    /// The part has another name from now on.
    pub fn rename(&self, subject: String) {
        *self.subject.lock() = subject;
    }

    /// The present state.
    pub fn state(&self) -> State {
        self.inner.lock().state.clone()
    }

    /// There is nothing to do, or a new attempt begins, or all is done.
    pub fn set(&self, state: State) {
        self.inner.lock().leave(state);
    }

    /// It works. The log hears so if it has heard of trouble.
    pub fn up(&self) {
        let mut inner = self.inner.lock();
        inner.state = State::Up;
        inner.up_since = Some(Instant::now());
        if std::mem::take(&mut inner.is_open) {
            tracing::info!("{}: works again", self.subject.lock());
        }
    }

    /// It does not work. The log hears so once for each trouble. Returns how long to wait before the next attempt.
    pub fn failed(&self, why: &str) -> Duration {
        let mut inner = self.inner.lock();
        inner.leave(State::Waiting);
        let pause = inner.pause;
        inner.pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        if !inner.told.iter().any(|told| told == why) {
            tracing::warn!("{}: {why}", self.subject.lock());
            inner.told.push_back(why.to_owned());
            if inner.told.len() > MOST_TOLD {
                inner.told.pop_front();
            }
            inner.is_open = true;
        }
        inner.state = State::Retrying { why: why.to_owned(), pause: pause.as_secs() };
        pause
    }
}

impl Inner {
    /// Time spent up decides whether old troubles are forgotten.
    fn leave(&mut self, state: State) {
        if self.up_since.take().is_some_and(|since| since.elapsed() >= SETTLED) {
            self.told.clear();
            self.pause = FIRST_PAUSE;
        }
        self.state = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(progress: &Progress) -> Vec<String> {
        progress.inner.lock().told.iter().cloned().collect()
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_a_minute_and_start_afresh_after_a_recovery() {
        let progress = Progress::new("x".into());
        let pauses: Vec<_> = (0..9).map(|_| progress.failed("no").as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        progress.up();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(progress.failed("no").as_secs(), 60, "a second of life is no recovery");
        progress.up();
        tokio::time::advance(SETTLED).await;
        assert_eq!(progress.failed("no").as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn each_trouble_is_told_once() {
        let progress = Progress::new("x".into());
        for why in ["refused", "refused", "lost", "refused"] {
            progress.failed(why);
        }
        assert_eq!(told(&progress), ["refused", "lost"]);
        progress.up();
        assert_eq!(progress.state(), State::Up);
        progress.failed("refused");
        assert_eq!(told(&progress), ["refused", "lost"], "up for a moment only");
        progress.up();
        tokio::time::advance(SETTLED).await;
        progress.failed("refused");
        assert_eq!(told(&progress), ["refused"]);
        for number in 0..20 {
            progress.failed(&number.to_string());
        }
        assert_eq!(told(&progress).len(), MOST_TOLD);
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_says_what_is_wrong() {
        let progress = Progress::new("x".into());
        assert_eq!((progress.state().word(), progress.state().trouble()), ("waiting", None));
        progress.failed("the password is wrong");
        assert_eq!(progress.state().to_string(), "retrying after 1 s because the password is wrong");
        assert_eq!(progress.state().trouble(), Some("the password is wrong"));
    }
}
