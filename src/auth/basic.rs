//! Basic challenges (RFC 7617).

use super::header::quoted;

/// The value of `WWW-Authenticate`, as DSS 6.0.3 wrote it. Answers are read by [`Credentials`](super::Credentials) and checked
/// by [`Accounts::check_basic`](super::Accounts::check_basic).
pub fn challenge(realm: &str) -> String {
    format!("Basic realm={}", quoted(realm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_dss_s_and_no_realm_breaks_out_of_it() {
        assert_eq!(challenge("Locked Basic"), "Basic realm=\"Locked Basic\"");
        assert_eq!(challenge("a\"\r\nX: y\\"), "Basic realm=\"a\\\"X: y\\\\\"");
    }
}
