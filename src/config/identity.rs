//! How the server names itself: towards clients, in the version line, and to modules.

use std::fmt::Write;

/// Name of the server as clients and logs know it (`qtssSvrServerName`).
pub const SERVER_NAME: &str = "DSS";
/// The DSS version whose behaviour this server has; clients, scripts and log analysers look at it.
pub const SERVER_VERSION: &str = "6.0.3";
/// DSS 6.0.3's build number.
pub const SERVER_BUILD: &str = "526.3";
/// The platform's name as DSS wrote it.
pub const SERVER_PLATFORM: &str = "Linux";
/// The comment of the identity (`qtssRTSPSvrServerComment`); this program's own version is in it.
pub const SERVER_COMMENT: &str =
    concat!("Release/Darwin Streaming Server ", env!("CARGO_PKG_VERSION"), "; State/Release; ");

/// The value of the RTSP and HTTP `Server` header: `DSS/6.0.3 (Build/526.3; Platform/Linux; Release/…; State/…; )`.
pub fn server_header() -> String {
    format!("{SERVER_NAME}/{SERVER_VERSION} (Build/{SERVER_BUILD}; Platform/{SERVER_PLATFORM}; {SERVER_COMMENT})")
}

/// The line that `-v` and `-h` begin with; a blank follows its bracket, as in DSS.
pub fn version_line() -> String {
    let mut line =
        format!("{SERVER_NAME}/{SERVER_VERSION} ( Build/{SERVER_BUILD}; Platform/{SERVER_PLATFORM}; {SERVER_COMMENT})");
    let _ = write!(line, " Built on: {}", build_date());
    line
}

/// When the program was built, as `Mon DD YYYY, HH:MM:SS` in UTC (`qtssRTSPSvrServerBuildDate`).
///
/// `SOURCE_DATE_EPOCH` (seconds since 1970) of the build if it was set, which reproducible builds do, otherwise the
/// modification time of the program file.
pub fn build_date() -> String {
    let of_build = option_env!("SOURCE_DATE_EPOCH").and_then(|seconds| seconds.parse::<i64>().ok());
    let time = match of_build {
        Some(seconds) => chrono::DateTime::from_timestamp(seconds, 0),
        None => program_time().map(chrono::DateTime::<chrono::Utc>::from),
    };
    time.unwrap_or_default().format("%b %e %Y, %H:%M:%S").to_string()
}

fn program_time() -> Option<std::time::SystemTime> {
    std::fs::metadata(std::env::current_exe().ok()?).ok()?.modified().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_has_dss_shape_and_our_version() {
        let header = server_header();
        assert!(
            header.starts_with("DSS/6.0.3 (Build/526.3; Platform/Linux; Release/Darwin Streaming Server "),
            "{header}"
        );
        assert!(header.ends_with("; )"), "{header}");
        assert!(header.contains(env!("CARGO_PKG_VERSION")));
        let line = version_line();
        assert!(line.starts_with("DSS/6.0.3 ( Build/526.3; Platform/Linux; Release/"), "{line}");
        let date = line.split(" Built on: ").nth(1).unwrap();
        assert!(chrono::NaiveDateTime::parse_from_str(date, "%b %e %Y, %H:%M:%S").is_ok(), "{date}");
    }
}
