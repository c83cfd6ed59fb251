//! The Range header (RFC 2326 sections 3.5 to 3.7 and 12.29): reading a request's, writing an answer's.

use super::params::digits;

/// Where an NPT range starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NptStart {
    /// `now`: the live moment, or where a stored presentation stands.
    Now,
    /// Seconds from the beginning, not negative.
    At(f64),
}

/// How an SMPTE range counts frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmpteRate {
    /// `smpte` and `smpte-30-drop`: 30000/1001 frames a second.
    Drop30,
    /// `smpte-25`.
    Fps25,
}

/// A Range header's value. Times are in seconds, in double precision: DSS 6.0.3's single precision is off by
/// milliseconds after some hours.
#[derive(Debug, Clone, PartialEq)]
pub enum Range {
    /// `npt=`: normal play time.
    Npt {
        /// `None` when the range has only an end (`npt=-20`); DSS 6.0.3 starts such a range at 0.
        start: Option<NptStart>,
        /// `None` for an open range. It may lie before the start: [`Range::is_backwards`].
        stop: Option<f64>,
    },
    /// `smpte=`, `smpte-30-drop=` or `smpte-25=`: hours, minutes, seconds, frames.
    Smpte {
        /// How frames are counted.
        rate: SmpteRate,
        /// Seconds from the beginning.
        start: f64,
        /// Seconds from the beginning; `None` for an open range.
        stop: Option<f64>,
    },
    /// `clock=`: absolute time.
    Clock {
        /// Seconds since 1970-01-01 UTC.
        start: f64,
        /// Seconds since 1970-01-01 UTC; `None` for an open range.
        stop: Option<f64>,
    },
    /// A unit that RFC 2326 does not have.
    OtherUnit,
}

/// Why a Range header cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// No `unit=`, or no time where one should be.
    #[error("header Range makes no sense")]
    Malformed,
    /// A time before the beginning.
    #[error("header Range has a negative time")]
    Negative,
}

impl Range {
    /// Reads a Range header's value; a `;time=` parameter after it is passed over.
    ///
    /// # Errors
    /// [`RangeError`]. Whether that is answered with 400 or 457, or the header passed over, is up to the caller.
    pub fn parse(value: &str) -> Result<Self, RangeError> {
        let (unit, times) = value.split_once('=').ok_or(RangeError::Malformed)?;
        let times = times.split(';').next().unwrap_or_default();
        let (start, stop) = times.split_once('-').unwrap_or((times, ""));
        let (start, stop) = (start.trim(), stop.trim());
        match unit.trim().to_ascii_lowercase().as_str() {
            "npt" => parse_npt(start, stop),
            "smpte" | "smpte-30-drop" => parse_smpte(SmpteRate::Drop30, start, stop),
            "smpte-25" => parse_smpte(SmpteRate::Fps25, start, stop),
            "clock" => {
                let stop = if stop.is_empty() { None } else { Some(parse_clock(stop)?) };
                Ok(Self::Clock { start: parse_clock(start)?, stop })
            }
            _ => Ok(Self::OtherUnit),
        }
    }

    /// Whether the range ends where it starts or before: there is nothing to play.
    pub fn is_backwards(&self) -> bool {
        match *self {
            Self::Npt { start: Some(NptStart::At(start)), stop: Some(stop) } => stop <= start,
            Self::Npt { start: None, stop: Some(stop) } => stop <= 0.0,
            Self::Smpte { start, stop: Some(stop), .. } | Self::Clock { start, stop: Some(stop) } => stop <= start,
            _ => false,
        }
    }
}

/// A Range answer of a stored presentation, from and to in seconds, five decimals as DSS 6.0.3 writes them:
/// `npt=10.00000-70.00000`. Without an end it stays open.
pub fn npt_answer(start: f64, stop: Option<f64>) -> String {
    match stop {
        Some(stop) => format!("npt={start:.5}-{stop:.5}"),
        None => format!("npt={start:.5}-"),
    }
}

/// The Range answer of a live presentation.
pub const NPT_NOW: &str = "npt=now-";

fn parse_npt(start: &str, stop: &str) -> Result<Range, RangeError> {
    if stop.contains('-') {
        return Err(RangeError::Negative);
    }
    let start = match start {
        "" => None,
        word if word.eq_ignore_ascii_case("now") => Some(NptStart::Now),
        time => Some(NptStart::At(parse_time(time)?)),
    };
    let stop = if stop.is_empty() { None } else { Some(parse_time(stop)?) };
    if start.is_none() && stop.is_none() {
        return Err(RangeError::Malformed);
    }
    Ok(Range::Npt { start, stop })
}

/// Seconds with a fraction, or hours, minutes and seconds with colons between them.
fn parse_time(text: &str) -> Result<f64, RangeError> {
    let parts: Vec<&str> = text.split(':').take(4).collect();
    let (seconds, larger) = parts.split_last().ok_or(RangeError::Malformed)?;
    if larger.len() > 2 {
        return Err(RangeError::Malformed);
    }
    let mut total = 0.0;
    for part in larger {
        total = (total + f64::from(digits::<u32>(part).ok_or(RangeError::Malformed)?)) * 60.0;
    }
    Ok(total + parse_seconds(seconds)?)
}

fn parse_seconds(text: &str) -> Result<f64, RangeError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = text.parse::<f64>().ok().filter(|number| plain && text.len() <= 40 && number.is_finite());
    number.ok_or(RangeError::Malformed)
}

fn parse_smpte(rate: SmpteRate, start: &str, stop: &str) -> Result<Range, RangeError> {
    let stop = if stop.is_empty() { None } else { Some(parse_smpte_time(rate, stop)?) };
    Ok(Range::Smpte { rate, start: parse_smpte_time(rate, start)?, stop })
}

/// `hours:minutes:seconds[:frames[.hundredths]]`
fn parse_smpte_time(rate: SmpteRate, text: &str) -> Result<f64, RangeError> {
    let parts: Vec<&str> = text.split(':').take(5).collect();
    let (clock, frames) = match parts.as_slice() {
        [clock @ .., frames] if clock.len() == 3 => (clock, parse_seconds(frames)?),
        clock if clock.len() == 3 => (clock, 0.0),
        _ => return Err(RangeError::Malformed),
    };
    let mut seconds = 0.0;
    for part in clock {
        seconds = seconds * 60.0 + f64::from(digits::<u32>(part).ok_or(RangeError::Malformed)?);
    }
    let frames_per_second = match rate {
        SmpteRate::Drop30 => 30_000.0 / 1001.0,
        SmpteRate::Fps25 => 25.0,
    };
    Ok(seconds + frames / frames_per_second)
}

/// `YYYYMMDDThhmmss[.fraction]Z`
fn parse_clock(text: &str) -> Result<f64, RangeError> {
    let text = text.strip_suffix(['Z', 'z']).ok_or(RangeError::Malformed)?;
    let (date, time) = text.split_once(['T', 't']).ok_or(RangeError::Malformed)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let number = |text: &str, start: usize, end: usize| text.get(start..end).and_then(digits::<u32>);
    let parse = || {
        let year = i32::try_from(number(date, 0, 4)?).ok()?;
        let day = chrono::NaiveDate::from_ymd_opt(year, number(date, 4, 6)?, number(date, 6, 8)?)?;
        let moment = day.and_hms_opt(number(time, 0, 2)?, number(time, 2, 4)?, number(time, 4, 6)?)?;
        (date.len() == 8 && time.len() == 6).then(|| moment.and_utc().timestamp())
    };
    let whole = parse().ok_or(RangeError::Malformed)?;
    let fraction = if fraction.is_empty() { 0.0 } else { parse_seconds(&format!("0.{fraction}"))? };
    #[allow(clippy::cast_precision_loss)] // years 0 to 9999 are far below 2^53 seconds
    Ok(whole as f64 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npt(start: f64, stop: Option<f64>) -> Result<Range, RangeError> {
        Ok(Range::Npt { start: Some(NptStart::At(start)), stop })
    }

    #[test]
    fn npt_ranges_are_read_as_dss_reads_them() {
        assert_eq!(Range::parse("npt=30-40"), npt(30.0, Some(40.0)));
        assert_eq!(Range::parse("npt=10-"), npt(10.0, None));
        assert_eq!(Range::parse("npt=10"), npt(10.0, None));
        assert_eq!(Range::parse("npt=10.5-20.25"), npt(10.5, Some(20.25)));
        assert_eq!(Range::parse("npt=0:00:10-0:01:05.5"), npt(10.0, Some(65.5)));
        assert_eq!(Range::parse("npt=0:00:30.5-"), npt(30.5, None));
        assert_eq!(Range::parse("npt=1:05-"), npt(65.0, None));
        assert_eq!(Range::parse("npt=0.000-"), npt(0.0, None));
        assert_eq!(Range::parse(" NPT = 0-  70.00000 ; time=19970123T143720Z"), npt(0.0, Some(70.0)));
        assert_eq!(Range::parse("npt=-10"), Ok(Range::Npt { start: None, stop: Some(10.0) }));
    }

    #[test]
    fn now_is_told_from_a_time() {
        assert_eq!(Range::parse("npt=now-"), Ok(Range::Npt { start: Some(NptStart::Now), stop: None }));
        assert_eq!(Range::parse("npt=NOW-30"), Ok(Range::Npt { start: Some(NptStart::Now), stop: Some(30.0) }));
    }

    #[test]
    fn double_precision_keeps_fractions_of_long_movies() {
        assert_eq!(Range::parse("npt=86399.123-"), npt(86399.123, None));
    }

    #[test]
    fn negative_times_are_told_from_nonsense() {
        for value in ["npt=-5-", "npt=--5", "npt=5--3", "npt=-5-10"] {
            assert_eq!(Range::parse(value), Err(RangeError::Negative), "{value}");
        }
        for value in ["foo", "", "npt", "npt=", "npt=-", "npt=abc-", "npt=1:2:3:4-", "npt=1e5-", "npt=inf-", "npt=.-"] {
            assert_eq!(Range::parse(value), Err(RangeError::Malformed), "{value}");
        }
    }

    #[test]
    fn a_range_that_ends_before_it_starts_is_backwards() {
        for (value, backwards) in
            [("npt=20-10", true), ("npt=10-10", true), ("npt=-0", true), ("npt=10-20", false), ("npt=10-", false)]
        {
            assert_eq!(Range::parse(value).unwrap().is_backwards(), backwards, "{value}");
        }
    }

    #[test]
    fn other_units_are_not_taken_for_npt() {
        assert_eq!(
            Range::parse("smpte=0:10:00-"),
            Ok(Range::Smpte { rate: SmpteRate::Drop30, start: 600.0, stop: None })
        );
        assert_eq!(
            Range::parse("smpte-25=10:07:33-10:07:34:05.50"),
            Ok(Range::Smpte { rate: SmpteRate::Fps25, start: 36453.0, stop: Some(36454.0 + 5.5 / 25.0) })
        );
        assert_eq!(Range::parse("bytes=0-500"), Ok(Range::OtherUnit));
        assert_eq!(Range::parse("smpte=5-"), Err(RangeError::Malformed));
    }

    #[test]
    fn clock_times_are_utc() {
        assert_eq!(
            Range::parse("clock=19961108T142300Z-19961108T143520.25Z"),
            Ok(Range::Clock { start: 847_462_980.0, stop: Some(847_463_720.25) })
        );
        for value in
            ["clock=2020-", "clock=20201301T000000Z-", "clock=20200101T000000-", "clock=-", "clock=é20200101T000000Z-"]
        {
            assert_eq!(Range::parse(value), Err(RangeError::Malformed), "{value}");
        }
    }

    #[test]
    fn answers_have_five_decimals() {
        assert_eq!(npt_answer(0.0, Some(70.0)), "npt=0.00000-70.00000");
        assert_eq!(npt_answer(10.5, None), "npt=10.50000-");
    }
}
