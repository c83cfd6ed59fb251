//! Result codes of the QTSS API.

/// What a QTSS call answers when it does not answer NoErr. The numbers are those of the module headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[repr(i32)]
pub enum QtssError {
    /// The call could not be carried out.
    #[error("request failed")]
    RequestFailed = -1,
    /// The object or stream does not support the call.
    #[error("unimplemented")]
    Unimplemented = -2,
    /// Declared for modules; no call answers it.
    #[error("request arrived")]
    RequestArrived = -3,
    /// Not allowed in the current role.
    #[error("out of state")]
    OutOfState = -4,
    /// The file is not a module.
    #[error("not a module")]
    NotAModule = -5,
    /// The module wants a newer API than the server has.
    #[error("wrong version")]
    WrongVersion = -6,
    /// No service has this id.
    #[error("illegal service")]
    IllegalService = -7,
    /// The index lies beyond the values.
    #[error("bad index")]
    BadIndex = -8,
    /// The attribute has no value.
    #[error("value not found")]
    ValueNotFound = -9,
    /// An argument is null, unknown or stale.
    #[error("bad argument")]
    BadArgument = -10,
    /// Modules may not write the attribute.
    #[error("read only")]
    ReadOnly = -11,
    /// A pointer to the value is only given out while the object is locked.
    #[error("not preemptive safe")]
    NotPreemptiveSafe = -12,
    /// The buffer is too small; the size needed is reported.
    #[error("not enough space")]
    NotEnoughSpace = -13,
    /// Nothing can be done now; try again later.
    #[error("would block")]
    WouldBlock = -14,
    /// The peer is gone.
    #[error("not connected")]
    NotConnected = -15,
    /// No such file.
    #[error("file not found")]
    FileNotFound = -16,
    /// The end of the data.
    #[error("no more data")]
    NoMoreData = -17,
    /// The object has no attribute of that id or name.
    #[error("attribute does not exist")]
    AttrDoesntExist = -18,
    /// The name is taken.
    #[error("attribute name exists")]
    AttrNameExists = -19,
    /// Objects of this type do not take instance attributes.
    #[error("instance attributes not allowed")]
    InstanceAttrsNotAllowed = -20,
}

impl QtssError {
    /// Every code, from -1 down.
    pub const ALL: [Self; 20] = [
        Self::RequestFailed,
        Self::Unimplemented,
        Self::RequestArrived,
        Self::OutOfState,
        Self::NotAModule,
        Self::WrongVersion,
        Self::IllegalService,
        Self::BadIndex,
        Self::ValueNotFound,
        Self::BadArgument,
        Self::ReadOnly,
        Self::NotPreemptiveSafe,
        Self::NotEnoughSpace,
        Self::WouldBlock,
        Self::NotConnected,
        Self::FileNotFound,
        Self::NoMoreData,
        Self::AttrDoesntExist,
        Self::AttrNameExists,
        Self::InstanceAttrsNotAllowed,
    ];

    /// The number modules see; always negative.
    pub const fn code(self) -> i32 {
        self as i32
    }

    /// The error for a number; `None` for 0 (NoErr) and for numbers that are not in the headers.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.code() == code)
    }

    /// Reads a module's return value: 0 is success, an unknown number counts as RequestFailed.
    pub fn check(code: i32) -> Result<(), Self> {
        match code {
            0 => Ok(()),
            _ => Err(Self::from_code(code).unwrap_or(Self::RequestFailed)),
        }
    }
}

/// The number for a result: 0 (QTSS_NoErr) or the error's code.
pub fn result_code<T>(result: Result<T, QtssError>) -> i32 {
    result.err().map_or(0, QtssError::code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_run_from_minus_one_to_minus_twenty_without_a_gap() {
        for (i, e) in QtssError::ALL.into_iter().enumerate() {
            assert_eq!(e.code(), -1 - i as i32);
            assert_eq!(QtssError::from_code(e.code()), Some(e));
        }
        assert_eq!(QtssError::from_code(0), None);
        assert_eq!(QtssError::from_code(-21), None);
    }

    #[test]
    fn an_unknown_return_value_of_a_module_counts_as_a_failure() {
        assert_eq!(QtssError::check(0), Ok(()));
        assert_eq!(QtssError::check(-16), Err(QtssError::FileNotFound));
        assert_eq!(QtssError::check(7), Err(QtssError::RequestFailed));
        assert_eq!(result_code::<()>(Err(QtssError::BadIndex)), -8);
    }
}
