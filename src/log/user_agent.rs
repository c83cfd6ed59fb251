//! What players tell about themselves inside the brackets of their User-Agent.

/// The parts of a User-Agent such as `QTS (qtver=7.6.2;lang=en;os=Mac 10.5.6;cpu=Intel)`; a part that is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAgentParts {
    /// `qtver`: the player's version.
    pub version: String,
    /// `lang`: its language (`language` is not recognised, as in DSS).
    pub language: String,
    /// `os` up to its first blank.
    pub os: String,
    /// `osver`, or what follows the blank in `os`.
    pub os_version: String,
    /// `cpu`.
    pub cpu: String,
}

impl UserAgentParts {
    /// Reads the parts of the first pair of brackets. Names are compared in any letter case.
    pub fn parse(user_agent: &str) -> Self {
        let mut parts = Self::default();
        let Some((_, inside)) = user_agent.split_once('(') else { return parts };
        let inside = inside.split(')').next().unwrap_or_default();
        for part in inside.split(';') {
            let Some((name, value)) = part.split_once('=') else { continue };
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "qtver" => parts.version = value.to_owned(),
                "lang" => parts.language = value.to_owned(),
                "os" => {
                    let (os, version) = value.split_once(' ').unwrap_or((value, ""));
                    parts.os = os.to_owned();
                    if !version.is_empty() {
                        parts.os_version = version.trim().to_owned();
                    }
                }
                "osver" => parts.os_version = value.to_owned(),
                "cpu" => parts.cpu = value.to_owned(),
                _ => {}
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_quicktime_player_are_found() {
        let parts = UserAgentParts::parse("QTS (qtver=7.6.2;lang=en;os=Mac 10.5.6;cpu=Intel)");
        let expected = ["7.6.2", "en", "Mac", "10.5.6", "Intel"];
        assert_eq!([parts.version, parts.language, parts.os, parts.os_version, parts.cpu], expected);
        let parts = UserAgentParts::parse("QTS (qtver=6.0;os=Windows NT 5.1;language=de)");
        assert_eq!([parts.os.as_str(), &parts.os_version, &parts.language], ["Windows", "NT 5.1", ""]);
        let parts = UserAgentParts::parse("X (os=Linux;osver=6.1");
        assert_eq!([parts.os.as_str(), &parts.os_version], ["Linux", "6.1"]);
    }

    #[test]
    fn agents_without_parts_have_none() {
        for agent in ["", "VLC/3.0", "x (", "x )(", "(;;==;)", "qtver=7 (x)"] {
            assert_eq!(UserAgentParts::parse(agent), UserAgentParts::default(), "{agent}");
        }
    }
}
