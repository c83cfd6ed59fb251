//! Numbers of the QTSS API: attribute ids, data types, permissions, object types.

use std::ffi::CStr;
use std::fmt;

/// Longest attribute or service name in bytes; 65 are refused.
pub const MAX_NAME_LEN: usize = 64;

/// Most object types that modules can create.
pub const MAX_CUSTOM_TYPES: usize = 500;

/// Number of an attribute within an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttrId(u32);

impl AttrId {
    /// The id that is never an attribute (-1 in C).
    pub const ILLEGAL: Self = Self(u32::MAX);

    const INSTANCE: u32 = 1 << 31;

    /// An id from its number as modules pass it.
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The id of the n-th instance attribute of an object.
    pub(super) const fn instance(n: u32) -> Self {
        Self(Self::INSTANCE | n)
    }

    /// The number modules see.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// True when the id belongs to one object only (bit 31), not to all objects of a type.
    pub const fn is_instance(self) -> bool {
        self.0 & Self::INSTANCE != 0 && self.0 != u32::MAX
    }

    /// Position in the table of static attributes, or in the object's instance attributes.
    pub(super) const fn index(self) -> usize {
        (self.0 & !Self::INSTANCE) as usize
    }
}

impl fmt::Debug for AttrId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ILLEGAL => f.write_str("AttrId(illegal)"),
            id if id.is_instance() => write!(f, "AttrId(instance {})", id.index()),
            id => write!(f, "AttrId({})", id.0),
        }
    }
}

/// Type of an attribute's values. The numbers are those of the module headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[allow(missing_docs)] // the names say it
pub enum AttrDataType {
    Unknown = 0,
    CharArray = 1,
    Bool16 = 2,
    SInt16 = 3,
    UInt16 = 4,
    SInt32 = 5,
    UInt32 = 6,
    SInt64 = 7,
    UInt64 = 8,
    Object = 9,
    StreamRef = 10,
    Float32 = 11,
    Float64 = 12,
    VoidPointer = 13,
    TimeVal = 14,
}

impl AttrDataType {
    /// Every type, in the order of its numbers.
    pub const ALL: [Self; 15] = [
        Self::Unknown,
        Self::CharArray,
        Self::Bool16,
        Self::SInt16,
        Self::UInt16,
        Self::SInt32,
        Self::UInt32,
        Self::SInt64,
        Self::UInt64,
        Self::Object,
        Self::StreamRef,
        Self::Float32,
        Self::Float64,
        Self::VoidPointer,
        Self::TimeVal,
    ];

    /// The number modules see.
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// The type for a number, `None` beyond the last one.
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.get(code as usize).copied()
    }

    /// Name as in the configuration file, also as a C string that lives as long as the process.
    pub const fn c_name(self) -> &'static CStr {
        match self {
            Self::Unknown => c"Unknown",
            Self::CharArray => c"CharArray",
            Self::Bool16 => c"Bool16",
            Self::SInt16 => c"SInt16",
            Self::UInt16 => c"UInt16",
            Self::SInt32 => c"SInt32",
            Self::UInt32 => c"UInt32",
            Self::SInt64 => c"SInt64",
            Self::UInt64 => c"UInt64",
            Self::Object => c"QTSS_Object",
            Self::StreamRef => c"QTSS_StreamRef",
            Self::Float32 => c"Float32",
            Self::Float64 => c"Float64",
            Self::VoidPointer => c"VoidPointer",
            Self::TimeVal => c"QTSS_TimeVal",
        }
    }

    /// Name as in the configuration file.
    pub fn name(self) -> &'static str {
        self.c_name().to_str().unwrap_or("Unknown")
    }

    /// The type with this name in any case; a name nobody knows is `Unknown`.
    pub fn from_name(name: &[u8]) -> Self {
        Self::ALL.into_iter().find(|t| t.name().as_bytes().eq_ignore_ascii_case(name)).unwrap_or(Self::Unknown)
    }

    /// Bytes of one value, `None` where values may have any length.
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::Unknown | Self::CharArray => None,
            Self::Bool16 | Self::SInt16 | Self::UInt16 => Some(2),
            Self::SInt32 | Self::UInt32 | Self::Float32 => Some(4),
            Self::SInt64 | Self::UInt64 | Self::Float64 | Self::TimeVal => Some(8),
            Self::Object | Self::StreamRef | Self::VoidPointer => Some(size_of::<usize>()),
        }
    }
}

/// What modules may do with an attribute: a set of the bits of the module headers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Permissions(u32);

impl Permissions {
    /// Reading; every attribute has it.
    pub const READ: Self = Self(1);
    /// QTSS_SetValue, QTSS_RemoveValue and QTSS_CreateObjectValue.
    pub const WRITE: Self = Self(2);
    /// QTSS_GetValuePtr without QTSS_LockObject.
    pub const PREEMPTIVE_SAFE: Self = Self(4);
    /// The object inside takes instance attributes (for information only).
    pub const INSTANCE_ATTRS_ALLOWED: Self = Self(8);
    /// A computing function runs only until a value is stored.
    pub const CACHEABLE: Self = Self(16);
    /// QTSS_RemoveInstanceAttribute.
    pub const DELETE: Self = Self(32);

    /// Of static attributes that modules add: read, write, preemptive-safe.
    pub const ADDED_STATIC: Self = Self(0x07);
    /// Of instance attributes that modules add: read, write, preemptive-safe, delete.
    pub const ADDED_INSTANCE: Self = Self(0x27);
    /// Of preferences read from the configuration file: read, write, delete.
    pub const FROM_FILE: Self = Self(0x23);

    /// Both sets together.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True when every bit of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits modules see.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permissions({:#04x})", self.0)
    }
}

/// Type of an object. Modules name types by four-character code or, for those made at run time, by a small number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names say it
pub enum ObjectType {
    Server,
    Prefs,
    TextMessages,
    RtpStream,
    ClientSession,
    RtspSession,
    RtspRequest,
    RtspHeader,
    File,
    Module,
    ModulePrefs,
    AttrInfo,
    UserProfile,
    ConnectedUser,
    ThreeGppRequest,
    ThreeGppStream,
    ThreeGppClientSession,
    ThreeGppRtsp,
    /// A bag that has instance attributes only.
    Dynamic,
    /// A stream that is nothing else (socket, error log); has no attributes and no type number.
    Stream,
    /// Made by QTSS_CreateObjectType, counted from 0.
    Custom(u16),
}

impl ObjectType {
    /// Every built-in type.
    pub const BUILTIN: [Self; 20] = [
        Self::Server,
        Self::Prefs,
        Self::TextMessages,
        Self::RtpStream,
        Self::ClientSession,
        Self::RtspSession,
        Self::RtspRequest,
        Self::RtspHeader,
        Self::File,
        Self::Module,
        Self::ModulePrefs,
        Self::AttrInfo,
        Self::UserProfile,
        Self::ConnectedUser,
        Self::ThreeGppRequest,
        Self::ThreeGppStream,
        Self::ThreeGppClientSession,
        Self::ThreeGppRtsp,
        Self::Dynamic,
        Self::Stream,
    ];

    /// Number of the first type that modules create.
    const FIRST_CUSTOM: u32 = 19;

    /// The number modules see; 0 for `Stream`, which modules cannot name.
    pub const fn code(self) -> u32 {
        match self {
            Self::Server => four(b"sero"),
            Self::Prefs => four(b"prfo"),
            Self::TextMessages => four(b"txto"),
            Self::RtpStream => four(b"rsto"),
            Self::ClientSession => four(b"cseo"),
            Self::RtspSession => four(b"sseo"),
            Self::RtspRequest => four(b"srqo"),
            Self::RtspHeader => four(b"shdo"),
            Self::File => four(b"file"),
            Self::Module => four(b"modo"),
            Self::ModulePrefs => four(b"modp"),
            Self::AttrInfo => four(b"attr"),
            Self::UserProfile => four(b"uspo"),
            Self::ConnectedUser => four(b"cusr"),
            Self::ThreeGppRequest => four(b"3req"),
            Self::ThreeGppStream => four(b"3str"),
            Self::ThreeGppClientSession => four(b"3ses"),
            Self::ThreeGppRtsp => four(b"3rts"),
            Self::Dynamic => four(b"dymc"),
            Self::Stream => 0,
            Self::Custom(n) => Self::FIRST_CUSTOM + n as u32,
        }
    }

    /// The type a module names. Besides the four-character codes DSS 6.0.3 takes its internal numbers 0 to 18 (3, its list
    /// of services, is no object here). Whether a custom type exists is for the object store to say.
    pub fn from_code(code: u32) -> Option<Self> {
        const INTERNAL: [Option<ObjectType>; ObjectType::FIRST_CUSTOM as usize] = [
            Some(ObjectType::Server),
            Some(ObjectType::Prefs),
            Some(ObjectType::TextMessages),
            None,
            Some(ObjectType::RtpStream),
            Some(ObjectType::ClientSession),
            Some(ObjectType::RtspSession),
            Some(ObjectType::RtspRequest),
            Some(ObjectType::RtspHeader),
            Some(ObjectType::File),
            Some(ObjectType::Module),
            Some(ObjectType::ModulePrefs),
            Some(ObjectType::AttrInfo),
            Some(ObjectType::UserProfile),
            Some(ObjectType::ConnectedUser),
            Some(ObjectType::ThreeGppRequest),
            Some(ObjectType::ThreeGppStream),
            Some(ObjectType::ThreeGppClientSession),
            Some(ObjectType::ThreeGppRtsp),
        ];
        match code {
            0..Self::FIRST_CUSTOM => INTERNAL[code as usize],
            _ if code < Self::FIRST_CUSTOM + MAX_CUSTOM_TYPES as u32 => {
                Some(Self::Custom((code - Self::FIRST_CUSTOM) as u16))
            }
            _ => Self::BUILTIN.into_iter().find(|t| t.code() == code),
        }
    }

    /// True for the types whose objects take instance attributes.
    pub const fn takes_instance_attrs(self) -> bool {
        matches!(self, Self::Prefs | Self::ModulePrefs | Self::Dynamic)
    }
}

/// A four-character code as the number a C compiler makes of it.
pub(super) const fn four(code: &[u8; 4]) -> u32 {
    u32::from_be_bytes(*code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_character_codes_are_big_endian() {
        assert_eq!(ObjectType::Dynamic.code(), 0x6479_6d63);
        assert_eq!(ObjectType::RtspRequest.code(), 1_936_879_983);
        assert_eq!(ObjectType::ThreeGppRequest.code(), 863_135_089);
    }

    #[test]
    fn data_types_are_found_by_name_in_any_case_and_the_dtds_char_is_unknown() {
        assert_eq!(AttrDataType::from_name(b"uint32"), AttrDataType::UInt32);
        assert_eq!(AttrDataType::from_name(b"qtss_object"), AttrDataType::Object);
        assert_eq!(AttrDataType::from_name(b"char"), AttrDataType::Unknown);
        for data_type in AttrDataType::ALL {
            assert_eq!(AttrDataType::from_code(data_type.code()), Some(data_type));
        }
    }

    #[test]
    fn object_types_are_found_by_code_internal_number_and_custom_number() {
        for t in ObjectType::BUILTIN.into_iter().filter(|t| *t != ObjectType::Stream) {
            assert_eq!(ObjectType::from_code(t.code()), Some(t));
        }
        assert_eq!(ObjectType::from_code(0), Some(ObjectType::Server));
        assert_eq!(ObjectType::from_code(3), None);
        assert_eq!(ObjectType::from_code(18), Some(ObjectType::ThreeGppRtsp));
        assert_eq!(ObjectType::from_code(19), Some(ObjectType::Custom(0)));
        assert_eq!(ObjectType::Custom(499).code(), 518);
        assert_eq!(ObjectType::from_code(518), Some(ObjectType::Custom(499)));
        assert_eq!(ObjectType::from_code(519), None);
    }

    #[test]
    fn type_names_are_looked_up_without_case_and_unknown_ones_are_unknown() {
        assert_eq!(AttrDataType::from_name(b"qtss_timeval"), AttrDataType::TimeVal);
        assert_eq!(AttrDataType::from_name(b"char"), AttrDataType::Unknown);
        for t in AttrDataType::ALL {
            assert_eq!(AttrDataType::from_name(t.name().as_bytes()), t);
            assert_eq!(AttrDataType::from_code(t.code()), Some(t));
        }
        assert_eq!(AttrDataType::from_code(15), None);
    }

    #[test]
    fn the_illegal_id_is_not_an_instance_id() {
        assert!(!AttrId::ILLEGAL.is_instance());
        assert!(AttrId::new(0x8000_0002).is_instance());
        assert_eq!(AttrId::new(0x8000_0002).index(), 2);
    }
}
