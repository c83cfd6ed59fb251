//! Dates in headers: RFC 1123 text as RFC 2326 section 12 has it (`Date`, `Expires`, `Last-Modified`,
//! `If-Modified-Since`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, NaiveDateTime, Utc};

/// Longest text that is looked at for a date.
const MAX_DATE: usize = 64;

/// The moment as text, always in GMT: `Thu, 19 Aug 1982 18:30:00 GMT`. Moments beyond the years 0 to 9999 are written as
/// 1970.
pub fn format(moment: SystemTime) -> String {
    let seconds = match moment.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).ok(),
        Err(before) => i64::try_from(before.duration().as_secs()).ok().map(|seconds| -seconds),
    };
    let in_range = |seconds: &i64| (-62_167_219_200..253_402_300_800).contains(seconds);
    let moment = seconds.filter(in_range).and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    moment.unwrap_or_default().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads a date: RFC 1123, and the RFC 850 and `asctime` forms that HTTP/1.0 clients send. The day of the week is not
/// checked, a `; length=` after the date is passed over. `None` when it is no date, or one before 1970.
pub fn parse(text: &str) -> Option<SystemTime> {
    let text = text.split(';').next()?.trim();
    if text.len() > MAX_DATE {
        return None;
    }
    let seconds = match text.split_once(',') {
        Some((_, date)) => parse_numeric_day(date.trim()),
        None => parse_asctime(text).or_else(|| parse_numeric_day(text)),
    }?;
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// Whether a resource last changed at `modified` is unchanged for a client that has it as of `since`: not newer, in
/// whole seconds as dates on the wire are. DSS 6.0.3 wanted the very same date.
pub fn is_not_modified(since: SystemTime, modified: SystemTime) -> bool {
    let seconds = |moment: SystemTime| moment.duration_since(UNIX_EPOCH).map_or(0, |after| after.as_secs());
    seconds(modified) <= seconds(since)
}

/// Milliseconds since 1970, how the module API counts; 0 for earlier moments.
pub fn milliseconds(moment: SystemTime) -> i64 {
    moment.duration_since(UNIX_EPOCH).ok().and_then(|after| i64::try_from(after.as_millis()).ok()).unwrap_or(0)
}

/// `19 Aug 1982 18:30:00 GMT` or `19-Aug-82 18:30:00 GMT`, the zone as a name of UTC, as `+0200`, or missing.
fn parse_numeric_day(date: &str) -> Option<i64> {
    let zoned = ["%d %b %Y %H:%M:%S %z", "%d-%b-%y %H:%M:%S %z", "%d-%b-%Y %H:%M:%S %z"];
    if let Some(moment) = zoned.iter().find_map(|format| DateTime::parse_from_str(date, format).ok()) {
        return Some(moment.timestamp());
    }
    let date = ["GMT", "UTC", "Z"].iter().find_map(|zone| date.strip_suffix(zone)).unwrap_or(date).trim_end();
    naive(date, &["%d %b %Y %H:%M:%S", "%d-%b-%y %H:%M:%S", "%d-%b-%Y %H:%M:%S"])
}

/// `Thu Aug 19 18:30:00 1982`
fn parse_asctime(date: &str) -> Option<i64> {
    let (_, date) = date.split_once(' ')?;
    naive(date.trim(), &["%b %e %H:%M:%S %Y"])
}

fn naive(date: &str, formats: &[&str]) -> Option<i64> {
    let moment = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(date, format).ok())?;
    Some(moment.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn dates_are_written_in_rfc_1123() {
        assert_eq!(format(at(398_629_800)), "Thu, 19 Aug 1982 18:30:00 GMT");
        assert_eq!(format(UNIX_EPOCH), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(format(UNIX_EPOCH - Duration::from_secs(1)), "Wed, 31 Dec 1969 23:59:59 GMT");
        assert_eq!(format(at(1 << 60)), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn three_forms_are_read() {
        for text in [
            "Thu, 19 Aug 1982 18:30:00 GMT",
            "Thursday, 19-Aug-82 18:30:00 GMT",
            "Thu Aug 19 18:30:00 1982",
            "Thu, 19 Aug 1982 20:30:00 +0200",
            "Mon, 19 Aug 1982 18:30:00 UTC",
            " 19 Aug 1982 18:30:00 ",
            "Thu, 19 Aug 1982 18:30:00 GMT; length=1234",
        ] {
            assert_eq!(parse(text), Some(at(398_629_800)), "{text}");
        }
        assert_eq!(parse("Thu Jan  1 00:00:05 1970"), Some(at(5)));
    }

    #[test]
    fn what_is_no_date_is_none() {
        let long = "Thu, 19 Aug 1982 18:30:00 GMT".repeat(10);
        for text in
            ["", "yesterday", "Thu, 32 Aug 1982 18:30:00 GMT", "Thu, 19 Aug 1960 18:30:00 GMT", ",", "é,é", &long]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_written_date_reads_back() {
        for seconds in [0, 1, 951_782_400, 2_147_483_648, 253_402_300_799] {
            assert_eq!(parse(&format(at(seconds))), Some(at(seconds)));
        }
    }

    /// The same date and any later one mean not modified.
    #[test]
    fn not_modified_since_then_or_later() {
        let modified = at(1000) + Duration::from_millis(700);
        assert!(is_not_modified(at(1000), modified));
        assert!(is_not_modified(at(5000), modified));
        assert!(!is_not_modified(at(999), modified));
        assert_eq!(milliseconds(modified), 1_000_700);
    }
}
