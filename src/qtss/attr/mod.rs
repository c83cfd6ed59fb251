//! Every built-in attribute: the id constants under the names module headers give them, and one table per object type.
//!
//! `use crate::qtss::attr::*` brings the constants into scope. What an id means depends on the type of the object it is
//! used on, so the constants of different types overlap in value.

#![allow(non_upper_case_globals)]

mod headers;
mod misc;
mod prefs;
mod request;
mod server;
mod session;
mod stream;
mod table;
mod text_messages;

#[cfg(test)]
mod tests;

pub use self::headers::*;
pub use self::misc::*;
pub use self::prefs::*;
pub use self::request::*;
pub use self::server::*;
pub use self::session::*;
pub use self::stream::*;
pub use self::table::{AttrDef, Count, Storage};
pub use self::text_messages::*;
use super::types::ObjectType;

/// The built-in attributes of an object type, in id order; empty for types that have none.
pub fn builtin(object_type: ObjectType) -> &'static [AttrDef] {
    match object_type {
        ObjectType::Server => SERVER,
        ObjectType::Prefs => PREFS,
        ObjectType::TextMessages => TEXT_MESSAGES,
        ObjectType::RtpStream => RTP_STREAM,
        ObjectType::ClientSession => CLIENT_SESSION,
        ObjectType::RtspSession => RTSP_SESSION,
        ObjectType::RtspRequest => RTSP_REQUEST,
        ObjectType::RtspHeader => RTSP_HEADER,
        ObjectType::File => FILE,
        ObjectType::Module => MODULE,
        ObjectType::ModulePrefs => MODULE_PREFS,
        ObjectType::AttrInfo => ATTR_INFO,
        ObjectType::UserProfile => USER_PROFILE,
        ObjectType::ConnectedUser => CONNECTED_USER,
        ObjectType::ThreeGppRequest => THREE_GPP_REQUEST,
        ObjectType::ThreeGppStream => THREE_GPP_STREAM,
        ObjectType::ThreeGppClientSession => THREE_GPP_CLIENT_SESSION,
        ObjectType::ThreeGppRtsp => THREE_GPP_RTSP,
        ObjectType::Dynamic | ObjectType::Stream | ObjectType::Custom(_) => &[],
    }
}
