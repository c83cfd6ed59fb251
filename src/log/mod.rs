//! Log files: the error log's sink and the rolling logs.
//!
//! [`ErrorLog`] takes what the server, its modules and, through [`ErrorLogLayer`], `tracing` have to say. [`AccessLog`] and
//! [`Mp3Log`] have a line for each session, [`HttpLog`] for each request over HTTP. All of them write through
//! [`RollingLog`], which rolls by size and age, notices when its file is moved away, and comes back after a failure. Formats
//! are those of DSS 6.0.3, byte for byte; milliseconds, JSON lines, events and the machine's own log are extras.
#![deny(unsafe_code)]

mod access_event;
mod access_log;
mod clock;
mod error_log;
mod escape;
mod http_log;
mod json_log;
mod layer;
mod level;
mod mp3_log;
mod request_log;
mod rolling;
mod system;
mod user_agent;

pub use access_event::{AccessEvent, AccessEventKind};
pub use access_log::{ACCESS_FIELDS, AccessEntry, AccessLog, AccessTransport};
pub use clock::{Clock, ManualClock, SystemClock, to_gmt};
pub use error_log::{ErrorLog, ErrorLogExtras, ErrorLogOptions, LogSink};
pub use http_log::{HttpEntry, HttpLog};
pub use layer::{ASSERT_TARGET, ErrorLogLayer};
pub use level::Level;
pub use mp3_log::{Mp3Entry, Mp3Log};
pub use request_log::{RequestLogExtras, RequestLogOptions};
pub use rolling::{Complaint, Header, RollingLog, RollingOptions};
pub use system::SystemLogTarget;
pub use user_agent::UserAgentParts;
