//! The server's command line: DSS 6.0.3's options with DSS's quirks, and long names for people.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{OsStringValueParser, PathBufValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::identity::version_line;

/// Where the configuration is without `-c`.
pub const DEFAULT_CONFIG: &str = "/etc/streaming/streamingserver.xml";
/// Where the text configuration of versions 1 and 2 is without `-o`.
pub const DEFAULT_LEGACY_CONFIG: &str = "/etc/streamingserver.conf";

/// Exit status of a bad port, as in DSS (its -1).
const EXIT_BAD_PORT: u8 = 255;
/// Exit status of an option that does not exist. DSS complained and started all the same.
const EXIT_USAGE: u8 = 2;
/// How often `-D` prints its table.
const PERFORMANCE_INTERVAL: Duration = Duration::from_secs(3);
/// Debug level of `-D` without `-Z`.
const DEFAULT_DEBUG_LEVEL: u32 = 1;

/// The usage line and the option lines in DSS's form; scripts and habits know them.
const USAGE: &str = "\
usage: DarwinStreamingServer [ -d | -p port | -v | -c /myconfigpath.xml | -o /myconfigpath.conf | -x | -S numseconds | -I | -h ]
-d: Stay in the foreground, without the parent process that restarts a server that died
-D: As -d, and print a performance table every 3 seconds
-p XXX: Listen for RTSP on port XXX instead of the configured ports
-c /myconfigpath.xml: Use this configuration file
-o /myconfigpath.conf: Take values from this old-style configuration when the configuration file has to be made
-x: Write a new configuration file with all defaults, replacing an existing one, and exit with status 254
-S n: As -d, and print statistics every n seconds; 0 prints none
-I: Start idle: listen, but refuse requests with 503 until the server's state is set to running
-h: Print this and exit
";

/// What DSS did not have.
const MORE_USAGE: &str = "\
-v: As -h
-t: Check the configuration file, print what is noteworthy with line numbers, and exit with 0, or 1 if it cannot be used
-Z n: Debug level, a bit mask, for -D
-f: Go back to the default configuration file

Options may be grouped (-dD), values may follow at once (-p8554). Long names: --foreground (-d), --performance (-D),
--port (-p), --config (-c), --legacy-config (-o), --write-defaults (-x), --statistics (-S), --idle (-I),
--check-config (-t), --debug-level (-Z), --help (-h), --version (-v).

Without -d, -D, -S or -x the server detaches from the terminal and a parent process watches over it. Signals: HUP reads
the configuration again, USR1 opens the logs anew, TERM stops the server, INT restarts it under its parent. The configuration file is
/etc/streaming/streamingserver.xml; it is made with all defaults when it is missing.
";

/// What is printed on the console while the server runs in the foreground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleTable {
    /// `-D`: the performance table.
    Performance {
        /// Time between tables.
        interval: Duration,
        /// Bit mask of what is shown (`-Z`).
        debug_level: u32,
    },
    /// `-S n`: the statistics table.
    Statistics {
        /// Time between tables.
        interval: Duration,
    },
}

/// What the server was told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// Stay in the foreground, without a watchdog (`-d`, `-D`, `-S`, `-x`).
    pub foreground: bool,
    /// The table to print (`-D`, `-S`); of both, `-D` wins.
    pub console: Option<ConsoleTable>,
    /// Listen on this port instead of the configured ones, also after a reread of the preferences (`-p`).
    pub port: Option<u16>,
    /// The configuration file (`-c`).
    pub config: PathBuf,
    /// The text configuration of versions 1 and 2 to convert when a configuration has to be made (`-o`).
    pub legacy_config: PathBuf,
    /// Write a fresh configuration and exit with 254 (`-x`).
    pub write_defaults: bool,
    /// Start in the idle state (`-I`).
    pub idle: bool,
    /// Check the configuration and exit (`-t`).
    pub check_config: bool,
}

impl CommandLine {
    /// Whether a server is started that stays.
    pub fn serves(&self) -> bool {
        !self.check_config && !self.write_defaults
    }
}

/// The command line asks for nothing to be started: what to print, where, and the exit status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// The process's exit status.
    pub status: u8,
}

/// The text of `-h` and `-v`: the version line, DSS's usage, and the rest.
pub fn help_text() -> String {
    format!("{}\n{USAGE}{MORE_USAGE}", version_line())
}

/// Reads the arguments, the program's name first. Arguments that are no options are ignored, as getopt left them to DSS,
/// which did not look at them.
///
/// # Errors
/// `-h` or `-v` was given (status 0), an option does not exist or lacks its value (status 2, usage on standard error), or
/// the port is not between 0 and 65535 (status 255, DSS's message on standard output).
pub fn parse<I>(arguments: I) -> Result<CommandLine, Exit>
where
    I: IntoIterator,
    I::Item: Into<OsString> + Clone,
{
    let matches = command().try_get_matches_from(arguments).map_err(|error| explain(&error))?;
    let number = |id: &str| matches.get_one::<OsString>(id).map(|text| leading_number(&text.to_string_lossy()));
    let port = port(number("port").unwrap_or(0))?;
    let flag = |id: &str| matches.get_flag(id);
    let seconds = |value: i64| Duration::from_secs(u64::try_from(value).unwrap_or(0));
    let statistics = number("statistics").map(seconds);
    let console = if flag("performance") {
        let level = number("debug-level").and_then(|level| u32::try_from(level).ok());
        let debug_level = level.unwrap_or(DEFAULT_DEBUG_LEVEL);
        Some(ConsoleTable::Performance { interval: PERFORMANCE_INTERVAL, debug_level })
    } else {
        let interval = statistics.filter(|interval| !interval.is_zero());
        interval.map(|interval| ConsoleTable::Statistics { interval })
    };
    Ok(CommandLine {
        foreground: flag("foreground") || flag("performance") || flag("write-defaults") || statistics.is_some(),
        console,
        port,
        config: config_path(&matches),
        legacy_config: path(&matches, "legacy-config", DEFAULT_LEGACY_CONFIG),
        write_defaults: flag("write-defaults"),
        idle: flag("idle"),
        check_config: flag("check-config"),
    })
}

fn command() -> Command {
    let flag = |id: &'static str, short| Arg::new(id).short(short).long(id).action(ArgAction::SetTrue);
    let value = |id: &'static str, short| {
        // A value may begin with a minus: `-p -1` is a bad port, not an option.
        Arg::new(id).short(short).long(id).value_parser(OsStringValueParser::new()).allow_hyphen_values(true)
    };
    let path = |id: &'static str, short| Arg::new(id).short(short).long(id).value_parser(PathBufValueParser::new());
    Command::new("DarwinStreamingServer")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .version("") // clap wants one before it accepts a version flag; the text is our own
        .args_override_self(true)
        .arg(Arg::new("help").short('h').long("help").action(ArgAction::Help))
        .arg(Arg::new("version").short('v').long("version").action(ArgAction::Version))
        .args([flag("foreground", 'd'), flag("performance", 'D'), flag("write-defaults", 'x'), flag("idle", 'I')])
        .args([flag("check-config", 't'), flag("default-config", 'f')])
        .args([value("port", 'p'), value("debug-level", 'Z'), value("statistics", 'S')])
        .args([path("config", 'c'), path("legacy-config", 'o')])
        .arg(Arg::new("ignored").num_args(0..).value_parser(OsStringValueParser::new()).action(ArgAction::Append))
}

/// What to print and return for arguments that start nothing.
fn explain(error: &clap::Error) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Exit { stdout: help_text(), stderr: String::new(), status: 0 };
    }
    let text = error.to_string();
    let reason = text.lines().next().unwrap_or_default();
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    Exit { stdout: String::new(), stderr: format!("DarwinStreamingServer: {reason}\n{USAGE}"), status: EXIT_USAGE }
}

/// The number at the beginning of a text, 0 without one, as C's `atoi` reads it.
fn leading_number(text: &str) -> i64 {
    let (value, _) = crate::config::parse_integer(text.as_bytes());
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// 0 means "not given".
fn port(number: i64) -> Result<Option<u16>, Exit> {
    match u16::try_from(number) {
        Ok(0) => Ok(None),
        Ok(port) => Ok(Some(port)),
        Err(_) => {
            let stdout = format!("Invalid port value = {number} max value = 65535\n");
            Err(Exit { stdout, stderr: String::new(), status: EXIT_BAD_PORT })
        }
    }
}

/// The last of `-c` and `-f` decides.
fn config_path(matches: &ArgMatches) -> PathBuf {
    let last = |id: &str| matches.indices_of(id).into_iter().flatten().max();
    let back_to_default = matches.get_flag("default-config") && last("default-config") > last("config");
    if back_to_default { Path::new(DEFAULT_CONFIG).to_owned() } else { path(matches, "config", DEFAULT_CONFIG) }
}

fn path(matches: &ArgMatches, id: &str, default: &str) -> PathBuf {
    matches.get_one::<PathBuf>(id).cloned().unwrap_or_else(|| PathBuf::from(default))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<CommandLine, Exit> {
        parse(std::iter::once("DarwinStreamingServer").chain(line.split_whitespace()))
    }

    #[test]
    fn without_arguments_the_server_detaches_with_its_defaults() {
        let expected = CommandLine {
            foreground: false,
            console: None,
            port: None,
            config: DEFAULT_CONFIG.into(),
            legacy_config: DEFAULT_LEGACY_CONFIG.into(),
            write_defaults: false,
            idle: false,
            check_config: false,
        };
        assert_eq!(parsed(""), Ok(expected.clone()));
        assert_eq!(parsed("start now"), Ok(expected), "arguments that are no options are ignored");
    }

    #[test]
    fn options_are_grouped_and_values_glued_as_in_getopt() {
        let line = parsed("-dDI -p8554 -c/a.xml ignored -o /b.conf -Z 5").unwrap();
        assert!(line.foreground && line.idle);
        assert_eq!(line.port, Some(8554));
        assert_eq!((line.config, line.legacy_config), ("/a.xml".into(), "/b.conf".into()));
        let interval = Duration::from_secs(3);
        assert_eq!(line.console, Some(ConsoleTable::Performance { interval, debug_level: 5 }));
        assert_eq!(parsed("-dp8554").unwrap().port, Some(8554));
        assert_eq!(parsed("-p 1 -p 2").unwrap().port, Some(2), "the last one counts");
        assert_eq!(parsed("--config=/x.xml --check-config").unwrap().config, PathBuf::from("/x.xml"));
    }

    #[test]
    fn statistics_keep_the_server_in_the_foreground_even_with_zero() {
        let line = parsed("-S 5").unwrap();
        assert!(line.foreground);
        assert_eq!(line.console, Some(ConsoleTable::Statistics { interval: Duration::from_secs(5) }));
        let line = parsed("-S0").unwrap();
        assert!(line.foreground);
        assert_eq!(line.console, None);
        assert!(!parsed("-Z 3").unwrap().foreground, "a debug level alone has no effect");
        assert!(parsed("-x").unwrap().foreground);
    }

    #[test]
    fn ports_are_read_as_dss_read_them() {
        assert_eq!(parsed("-p text").unwrap().port, None);
        assert_eq!(parsed("-p 0").unwrap().port, None);
        assert_eq!(parsed("-p 8554x").unwrap().port, Some(8554));
        for (text, number) in [("70000", "70000"), ("-1", "-1"), ("65536", "65536")] {
            let exit = parsed(&format!("-d -p {text}")).unwrap_err();
            assert_eq!(exit.stdout, format!("Invalid port value = {number} max value = 65535\n"));
            assert_eq!(exit.status, 255);
        }
    }

    #[test]
    fn trap_16_an_unknown_option_is_refused_with_the_usage() {
        for line in ["-Q", "-dQ", "--nonsense", "-p", "-c"] {
            let exit = parsed(line).unwrap_err();
            assert_eq!((exit.status, exit.stdout.as_str()), (2, ""), "{line}");
            assert!(exit.stderr.starts_with("DarwinStreamingServer: "), "{line}: {}", exit.stderr);
            assert!(exit.stderr.contains("\nusage: DarwinStreamingServer [ -d | -p port | -v |"), "{}", exit.stderr);
        }
    }

    #[test]
    fn help_and_version_print_the_same_and_end_the_parsing() {
        for line in ["-h", "-v", "--help", "--version", "-v -Q", "-dh"] {
            let exit = parsed(line).unwrap_err();
            assert_eq!((exit.status, exit.stderr.as_str()), (0, ""), "{line}");
            assert!(exit.stdout.starts_with("DSS/6.0.3 ( Build/526.3; Platform/Linux; Release/"), "{line}");
            let second = exit.stdout.lines().nth(1).unwrap();
            assert_eq!(
                second,
                "usage: DarwinStreamingServer [ -d | -p port | -v | -c /myconfigpath.xml | -o /myconfigpath.conf | -x | \
                 -S numseconds | -I | -h ]"
            );
        }
    }

    #[test]
    fn the_last_of_config_and_default_config_counts() {
        assert_eq!(parsed("-c /a.xml -f").unwrap().config, PathBuf::from(DEFAULT_CONFIG));
        assert_eq!(parsed("-f -c /a.xml").unwrap().config, PathBuf::from("/a.xml"));
        assert_eq!(parsed("-c /a.xml").unwrap().config, PathBuf::from("/a.xml"));
    }

    #[test]
    fn paths_need_not_be_utf8() {
        use std::os::unix::ffi::OsStringExt;
        let raw = OsString::from_vec(b"/M\xFCller.xml".to_vec());
        let line = parse([OsString::from("x"), OsString::from("-c"), raw.clone()]).unwrap();
        assert_eq!(line.config, PathBuf::from(raw));
    }
}
