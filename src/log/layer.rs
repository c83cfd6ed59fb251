//! The bridge from `tracing` to the error log.

use std::fmt::{self, Write};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::metadata::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::error_log::ErrorLog;
use super::level::Level;

/// Events with this target are entries of level ASSERT, whatever their own level.
pub const ASSERT_TARGET: &str = "assert";
/// Debug and trace events of other crates than this one are left out; they are about libraries' insides.
const OWN_TARGETS: [&str; 2] = ["dss", ASSERT_TARGET];

/// A `tracing_subscriber` layer that writes events to an [`ErrorLog`].
///
/// `error` and `warn` become WARNING, `info` INFO, `debug` and `trace` DEBUG; an event with the field `fatal = true` becomes
/// FATAL, which stops the server, and one with the target [`ASSERT_TARGET`] becomes ASSERT. The text is the event's message,
/// followed by the other fields as ` name=value`.
#[derive(Clone)]
pub struct ErrorLogLayer {
    log: Arc<ErrorLog>,
}

impl ErrorLogLayer {
    /// A layer that writes to this log.
    pub fn new(log: Arc<ErrorLog>) -> Self {
        Self { log }
    }
}

fn level_of(metadata: &Metadata<'_>) -> Level {
    if metadata.target() == ASSERT_TARGET {
        return Level::Assert;
    }
    match *metadata.level() {
        tracing::Level::ERROR | tracing::Level::WARN => Level::Warning,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG | tracing::Level::TRACE => Level::Debug,
    }
}

fn is_own(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let name = target.split("::").next().unwrap_or(target);
    OWN_TARGETS.contains(&name)
}

impl<S: Subscriber> Layer<S> for ErrorLogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match level_of(metadata) {
            Level::Debug if !is_own(metadata) => Interest::never(),
            // The verbosity may change while the server runs.
            Level::Debug | Level::Assert => Interest::sometimes(),
            _ => Interest::always(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        match level_of(metadata) {
            level @ Level::Debug => is_own(metadata) && self.log.wants(level),
            level => self.log.wants(level),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let level = if text.fatal { Level::Fatal } else { level_of(event.metadata()) };
        self.log.write(level, &text.finish());
    }
}

/// Collects an event's fields.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
    fatal: bool,
}

impl Text {
    fn finish(mut self) -> String {
        if self.message.is_empty() {
            return self.fields.trim_start().to_owned();
        }
        self.message.push_str(&self.fields);
        self.message
    }
}

impl Visit for Text {
    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "fatal" {
            self.fatal = value;
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use tracing_subscriber::layer::SubscriberExt;

    use super::super::clock::ManualClock;
    use super::super::error_log::{ErrorLogExtras, ErrorLogOptions};
    use super::super::rolling::RollingOptions;
    use super::*;

    #[test]
    fn events_are_written_at_their_level_with_their_fields() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_owned();
        let file = RollingOptions { dir, name: "Error".into(), max_size: 0, max_days: 0, close_on_write: false };
        let extras = ErrorLogExtras::default();
        let options = ErrorLogOptions { file, verbosity: 2, screen: false, enabled: true, extras };
        let time = NaiveDate::from_ymd_opt(2026, 1, 2).unwrap().and_hms_opt(3, 4, 5).unwrap();
        let clock = Arc::new(ManualClock::at(time, std::time::Duration::ZERO));
        let log = Arc::new(ErrorLog::new(options.clone(), clock));
        let subscriber = tracing_subscriber::registry().with(ErrorLogLayer::new(log.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let debug = || tracing::debug!("changes with the verbosity");
            debug();
            tracing::error!(peer = "1.2.3.4", port = 554, "went wrong");
            tracing::warn!("warned");
            tracing::info!(only = 1);
            tracing::error!(fatal = true, "cannot go on");
            log.set_options(ErrorLogOptions { verbosity: 4, ..options });
            debug();
            tracing::debug!(target: "mio::poll", "a library's business");
            tracing::error!(target: "assert", "a < b");
        });
        let text = std::fs::read_to_string(folder.path().join("Error.log")).unwrap();
        let lines: Vec<_> = text.lines().skip(1).map(|line| &line["2026-01-02 03:04:05: ".len()..]).collect();
        let expected = [
            "WARNING: went wrong peer=1.2.3.4 port=554",
            "WARNING: warned",
            "INFO: only=1",
            "FATAL: cannot go on",
            "DEBUG: changes with the verbosity",
            "ASSERT: a < b",
        ];
        assert_eq!(lines, expected);
    }
}
