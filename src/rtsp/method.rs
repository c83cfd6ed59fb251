//! The RTSP methods (RFC 2326 section 10) with the numbers the module API gives them.

use std::fmt;

macro_rules! methods {
    ($($variant:ident = $text:literal,)+) => {
        /// An RTSP method. The order is that of the module API's `QTSS_RTSPMethod`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum Method {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
        }

        impl Method {
            /// Every method, in the order of the module API's numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The method's name as it is written on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

methods! {
    Describe = "DESCRIBE",
    Setup = "SETUP",
    Teardown = "TEARDOWN",
    Play = "PLAY",
    Pause = "PAUSE",
    Options = "OPTIONS",
    Announce = "ANNOUNCE",
    GetParameter = "GET_PARAMETER",
    SetParameter = "SET_PARAMETER",
    Redirect = "REDIRECT",
    Record = "RECORD",
}

impl Method {
    /// The number the module API has for "no such method" (`qtssIllegalMethod`).
    pub const ILLEGAL_ID: u32 = Self::ALL.len() as u32;

    /// The method with this name, matched without regard to case as DSS 6.0.3 does (RFC 2326 has them case-sensitive).
    pub fn from_token(token: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| token.eq_ignore_ascii_case(method.as_str().as_bytes()))
    }

    /// The method's number in the module API (`QTSS_RTSPMethod`).
    pub const fn id(self) -> u32 {
        self as u32
    }

    /// The method with this number of the module API; `None` for `qtssIllegalMethod` and beyond.
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(id).ok()?).copied()
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_module_api() {
        let expected = [
            ("DESCRIBE", 0),
            ("SETUP", 1),
            ("TEARDOWN", 2),
            ("PLAY", 3),
            ("PAUSE", 4),
            ("OPTIONS", 5),
            ("ANNOUNCE", 6),
            ("GET_PARAMETER", 7),
            ("SET_PARAMETER", 8),
            ("REDIRECT", 9),
            ("RECORD", 10),
        ];
        for (name, id) in expected {
            let method = Method::from_token(name.as_bytes()).expect(name);
            assert_eq!(method.id(), id);
            assert_eq!(Method::from_id(id), Some(method));
            assert_eq!(method.to_string(), name);
        }
        assert_eq!(Method::ILLEGAL_ID, 11);
        assert_eq!(Method::from_id(11), None);
    }

    #[test]
    fn names_are_matched_without_regard_to_case() {
        assert_eq!(Method::from_token(b"get_Parameter"), Some(Method::GetParameter));
        assert_eq!(Method::from_token(b"describe"), Some(Method::Describe));
        assert_eq!(Method::from_token(b"DESCRIBES"), None);
        assert_eq!(Method::from_token(b""), None);
    }
}
