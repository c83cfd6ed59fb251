//! Preferences that every server under test is given.

/// Lets viewers in however busy the machine is: what else runs on it is no reason to refuse a test's.
pub const NO_OVERLOAD: &str = "<MODULE NAME=\"QTSSFlowControlModule\" >\
    <PREF NAME=\"overload_lateness\" TYPE=\"UInt32\" >0</PREF>\
    <PREF NAME=\"overload_busy_percent\" TYPE=\"UInt32\" >0</PREF></MODULE>";
