//! Log files: the error log's sink and the rolling logs.
//!
//! [`ErrorLog`] takes what the server, its modules and, through [`ErrorLogLayer`], `tracing` have to say. [`AccessLog`] and
//! [`Mp3Log`] have a line for each session. All of them write through [`RollingLog`], which rolls by size and age, notices
//! when its file is moved away, and comes back after a failure. Formats are those of DSS 6.0.3, byte for byte.
#![deny(unsafe_code)]

mod access_log;
mod clock;
mod error_log;
mod escape;
mod layer;
mod level;
mod mp3_log;
mod request_log;
mod rolling;
mod user_agent;

pub use access_log::{ACCESS_FIELDS, AccessEntry, AccessLog, AccessTransport};
pub use clock::{Clock, ManualClock, SystemClock, to_gmt};
pub use error_log::{ErrorLog, ErrorLogOptions, LogSink};
pub use layer::{ASSERT_TARGET, ErrorLogLayer};
pub use level::Level;
pub use mp3_log::{Mp3Entry, Mp3Log};
pub use request_log::RequestLogOptions;
pub use rolling::{Complaint, Header, RollingLog, RollingOptions};
pub use user_agent::UserAgentParts;
