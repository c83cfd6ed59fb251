//! Roles: the occasions on which modules are called.

use super::types::four;

macro_rules! roles {
    ($($(#[doc = $doc:literal])+ $variant:ident, $code:literal, $name:literal;)*) => {
        /// An occasion on which modules are called. The numbers are four-character codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Role {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Role {
            /// Every role.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The number modules see.
            pub const fn code(self) -> u32 {
                match self {
                    $(Self::$variant => four($code),)*
                }
            }

            /// Name of the constant in the module headers.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

roles! {
    /// Once, when the module is loaded: it says what it wants to be called for.
    Register, b"reg ", "QTSS_Register_Role";
    /// Once, after all modules registered.
    Initialize, b"init", "QTSS_Initialize_Role";
    /// Once, when the server ends, after all sessions are gone.
    Shutdown, b"shut", "QTSS_Shutdown_Role";
    /// For every message to the error log.
    ErrorLog, b"elog", "QTSS_ErrorLog_Role";
    /// After the preferences were read again.
    RereadPrefs, b"pref", "QTSS_RereadPrefs_Role";
    /// When the server's state changes.
    StateChange, b"stat", "QTSS_StateChange_Role";
    /// At the interval the module set.
    Interval, b"timr", "QTSS_Interval_Role";
    /// For each request before it is parsed.
    RtspFilter, b"filt", "QTSS_RTSPFilter_Role";
    /// For each request: change the root folder or the path.
    RtspRoute, b"rout", "QTSS_RTSPRoute_Role";
    /// For each request: who is the user?
    RtspAuthenticate, b"athn", "QTSS_RTSPAuthenticate_Role";
    /// For each request: may the user do this?
    RtspAuthorize, b"auth", "QTSS_RTSPAuthorize_Role";
    /// For each request: answer it before the one that has the Request role.
    RtspPreProcessor, b"prep", "QTSS_RTSPPreProcessor_Role";
    /// For each request nobody answered; one module only.
    RtspRequest, b"requ", "QTSS_RTSPRequest_Role";
    /// After each answer.
    RtspPostProcessor, b"post", "QTSS_RTSPPostProcessor_Role";
    /// When a connection ends.
    RtspSessionClosing, b"sesc", "QTSS_RTSPSessionClosing_Role";
    /// For each interleaved packet from a client.
    RtspIncomingData, b"icmd", "QTSS_RTSPIncomingData_Role";
    /// When packets of a playing session are due; the session's owner only.
    RtpSendPackets, b"send", "QTSS_RTPSendPackets_Role";
    /// When a client session ends.
    ClientSessionClosing, b"dess", "QTSS_ClientSessionClosing_Role";
    /// For each RTCP packet from a client.
    RtcpProcess, b"rtcp", "QTSS_RTCPProcess_Role";
    /// When a file is opened: a module may claim it.
    OpenFilePreProcess, b"oppr", "QTSS_OpenFilePreProcess_Role";
    /// When a file is opened that nobody claimed.
    OpenFile, b"opfl", "QTSS_OpenFile_Role";
    /// Advice on what will be read; the file's owner only.
    AdviseFile, b"adfl", "QTSS_AdviseFile_Role";
    /// Reads from a file; the file's owner only.
    ReadFile, b"rdfl", "QTSS_ReadFile_Role";
    /// Closes a file; the file's owner only.
    CloseFile, b"clfl", "QTSS_CloseFile_Role";
    /// Asks for an event on a file; the file's owner only.
    RequestEventFile, b"refl", "QTSS_RequestEventFile_Role";
}

impl Role {
    /// Number of roles.
    pub const COUNT: usize = Self::ALL.len();

    /// The role of a number; `None` for an unknown one.
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|r| r.code() == code)
    }

    /// Position in [`Role::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleSet(u32);

impl RoleSet {
    /// No role.
    pub const EMPTY: Self = Self(0);

    /// The set with a role more.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role.index())
    }

    /// True when the role is in the set.
    pub const fn contains(self, role: Role) -> bool {
        self.0 & 1 << role.index() != 0
    }

    /// The roles of the set, in the order of [`Role::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |r| self.contains(*r))
    }
}

impl FromIterator<Role> for RoleSet {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::EMPTY, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_twenty_five_roles_with_different_codes() {
        assert_eq!(Role::COUNT, 25);
        for (i, role) in Role::ALL.iter().enumerate() {
            assert_eq!(role.index(), i);
            assert_eq!(Role::from_code(role.code()), Some(*role), "{}", role.name());
        }
        assert_eq!(Role::Register.code(), 1_919_248_160);
        assert_eq!(Role::RequestEventFile.code(), 1_919_247_980);
        assert_eq!(Role::from_code(0), None);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: RoleSet = [Role::OpenFile, Role::Register, Role::RequestEventFile].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Role::Register, Role::OpenFile, Role::RequestEventFile]);
        assert!(!set.contains(Role::Shutdown));
        assert_eq!(RoleSet::EMPTY.iter().count(), 0);
    }
}
