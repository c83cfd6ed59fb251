//! The time that logs go by, so that tests can roll logs without waiting for midnight.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Local, NaiveDateTime, Utc};
use parking_lot::Mutex;

/// A source of wall clock time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> SystemTime;

    /// A time as the clock on the wall shows it; the machine's time zone unless the clock has its own.
    fn to_local(&self, time: SystemTime) -> NaiveDateTime {
        DateTime::<Local>::from(time).naive_local()
    }

    /// The wall's time now.
    fn local(&self) -> NaiveDateTime {
        self.to_local(self.now())
    }
}

/// A time in GMT.
pub fn to_gmt(time: SystemTime) -> NaiveDateTime {
    DateTime::<Utc>::from(time).naive_utc()
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that stands still until a test moves it. Its local time is GMT plus a fixed offset.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<SystemTime>,
    offset: Duration,
}

impl ManualClock {
    /// A clock that shows this local time; `offset` is how far local time is ahead of GMT.
    pub fn at(local: NaiveDateTime, offset: Duration) -> Self {
        Self { now: Mutex::new(SystemTime::from(local.and_utc()) - offset), offset }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        *self.now.lock() += by;
    }

    /// Puts the clock back, as an operator may do.
    pub fn put_back(&self, by: Duration) {
        *self.now.lock() -= by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        *self.now.lock()
    }

    fn to_local(&self, time: SystemTime) -> NaiveDateTime {
        to_gmt(time + self.offset)
    }
}
