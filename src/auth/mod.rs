//! Users, groups and access files; Basic and Digest.
//!
//! Reading and writing files is kept thin ([`AccountsCache`], [`read_access_file`], [`save`]); everything else takes bytes and a time and
//! returns a judgement. The walk of a request: [`Credentials::parse`] reads the `Authorization` header, [`Accounts`] know
//! the user, [`Checker`] or [`digest::verify`] tells whether the password is right (and [`Guesses`] whether it may be tried
//! yet), [`AccessFile::decide`] whether the user may, and [`basic::challenge`] or [`digest::challenges`] what to answer if not.
#![deny(unsafe_code)]

mod access;
mod accounts;
pub mod basic;
mod checker;
mod des_crypt;
pub mod digest;
pub mod edit;
mod groups;
mod guesses;
mod header;
mod lines;
mod md5_crypt;
mod nonces;
pub mod password;
pub mod save;
mod secret;
mod users;

pub use access::{
    AccessFile, Action, DEFAULT_FILE_NAME, Decision, Scheme, Settings, Visitor, checked_file_name, find_access_file,
    read_access_file,
};
pub use accounts::{Accounts, AccountsCache, Reading};
pub use checker::Checker;
pub use groups::Groups;
pub use guesses::Guesses;
pub use header::{Credentials, HeaderError};
pub use lines::FileFinding;
pub use nonces::{DEFAULT_CAPACITY, DEFAULT_LIFE, NonceStore};
pub use secret::{Secret, equal};
pub use users::{User, Users, md5_of, sha256_of};
