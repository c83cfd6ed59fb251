//! The server's preferences: one table gives the rows, the typed struct and the defaults.

use super::defs::{Defaults, PrefDef};
use super::document::Document;
use super::findings::Finding;
use super::section::{Place, Section};
use super::types::PrefField;

/// Builds `SERVER_PREFS` and `ServerPrefs` from rows `/// meaning` `field: type = "name" [defaults]`, where the Rust type
/// decides the QTSS type and whether the preference is a list.
macro_rules! server_prefs {
    (@unused) => { None };
    (@unused $reason:literal) => { Some($reason) };
    ($( #[doc = $doc:literal] $field:ident: $ty:ty = $name:literal [$($default:literal),*] $(unused $unused:literal)?, )*) => {
        /// Every server preference in DSS 6.0.3's file order, which is also QTSS's attribute order.
        pub static SERVER_PREFS: &[PrefDef] = &[$(
            PrefDef {
                name: $name,
                ty: <$ty as PrefField>::TYPE,
                list: <$ty as PrefField>::LIST,
                defaults: Defaults::Text(&[$($default),*]),
                doc: $doc,
                unused: server_prefs!(@unused $($unused)?),
            },
        )*];

        /// The server's preferences with their types. Field names are the preferences' names in snake case; names that
        /// begin with `3gpp` begin with `three_gpp` here.
        #[derive(Clone, Debug, PartialEq)]
        pub struct ServerPrefs {
            $( #[doc = $doc] pub $field: $ty, )*
        }

        impl ServerPrefs {
            fn from_values(mut next: impl FnMut(&'static PrefDef) -> Vec<Vec<u8>>) -> Self {
                let mut defs = SERVER_PREFS.iter();
                // The rows of the table and the fields are the same list in the same order.
                let mut values = || defs.next().map(&mut next).unwrap_or_default();
                Self { $( $field: <$ty as PrefField>::read(&values()), )* }
            }
        }
    };
}

server_prefs! {
    /// RTSP timeout announced in Session headers, in seconds; 0 announces none.
    rtsp_timeout: u32 = "rtsp_timeout" ["0"],
    /// Idle time after which an RTSP connection is closed, in seconds; 0 never.
    real_rtsp_timeout: u32 = "real_rtsp_timeout" ["180"],
    /// Time without a sign of life after which a client session ends, in seconds; 0 never.
    rtp_timeout: u32 = "rtp_timeout" ["120"],
    /// Most client sessions at a time; -1 for no limit.
    maximum_connections: i32 = "maximum_connections" ["1000"],
    /// Most output, in kbit/s; -1 for no limit.
    maximum_bandwidth: i32 = "maximum_bandwidth" ["102400"],
    /// Root directory of the media.
    movie_folder: String = "movie_folder" ["/usr/local/movies/"],
    /// Addresses to listen on; 0 for every address.
    bind_ip_addr: Vec<String> = "bind_ip_addr" ["0"],
    /// Stop in the debugger at a failed assertion.
    break_on_assert: bool = "break_on_assert" ["false"] unused "there is no debugger to stop in",
    /// Whether the parent process restarts a server that died.
    auto_restart: bool = "auto_restart" ["true"],
    /// Time between updates of the byte statistics, in seconds.
    total_bytes_update: u32 = "total_bytes_update" ["1"],
    /// Time over which bandwidth is averaged, in seconds.
    average_bandwidth_update: u32 = "average_bandwidth_update" ["60"],
    /// Age at which a session is safe from being cut for exceeding the bandwidth limit, in seconds.
    safe_play_duration: u32 = "safe_play_duration" ["600"],
    /// Directory of the dynamic modules.
    module_folder: String = "module_folder" ["/usr/local/sbin/StreamingServerModules/"],
    /// Name of the error log without its suffix.
    error_logfile_name: String = "error_logfile_name" ["Error"],
    /// Directory of the error log, of the status file, and by default of the other logs.
    error_logfile_dir: String = "error_logfile_dir" ["/var/streaming/logs/"],
    /// Age at which the error log is rolled, in days; 0 never.
    error_logfile_interval: u32 = "error_logfile_interval" ["7"],
    /// Size at which the error log is rolled, in bytes; 0 never.
    error_logfile_size: u32 = "error_logfile_size" ["256000"],
    /// Least severe level that is logged: 0 fatal, 1 warning, 2 info, 3 assert, 4 debug.
    error_logfile_verbosity: u32 = "error_logfile_verbosity" ["2"],
    /// Copy error log entries to standard output.
    screen_logging: bool = "screen_logging" ["true"],
    /// Write the error log file.
    error_logging: bool = "error_logging" ["true"],
    /// Lateness beyond which video packets are dropped, in milliseconds.
    drop_all_video_delay: i32 = "drop_all_video_delay" ["1750"],
    /// Lateness at which thinning may begin, in milliseconds.
    start_thinning_delay: i32 = "start_thinning_delay" ["0"],
    /// Reliable UDP window for high bit rates, in KB.
    large_window_size: u32 = "large_window_size" ["64"],
    /// Bit rate above which the medium reliable UDP window is used, in kbit/s.
    window_size_threshold: u32 = "window_size_threshold" ["200"],
    /// Smallest send buffer of a TCP connection, in bytes.
    min_tcp_buffer_size: u32 = "min_tcp_buffer_size" ["8192"],
    /// Largest send buffer of a TCP connection, in bytes.
    max_tcp_buffer_size: u32 = "max_tcp_buffer_size" ["200000"],
    /// Media that a TCP send buffer should hold, in seconds.
    tcp_seconds_to_buffer: f32 = "tcp_seconds_to_buffer" [".5"],
    /// Add x-server-ip-address to the answer of a tunnel's GET.
    do_report_http_connection_ip_address: bool = "do_report_http_connection_ip_address" ["false"],
    /// Realm of the challenges.
    default_authorization_realm: String = "default_authorization_realm" ["Streaming Server"],
    /// Account to run as after the start.
    run_user_name: String = "run_user_name" ["qtss"],
    /// Group to run as after the start.
    run_group_name: String = "run_group_name" ["qtss"],
    /// Name the source address in Transport answers.
    append_source_addr_in_transport: bool = "append_source_addr_in_transport" ["false"],
    /// TCP ports to listen on.
    rtsp_port: Vec<u16> = "rtsp_port" ["554", "7070", "8000", "8001"],
    /// Longest time between looks for packets to send again, in milliseconds.
    max_retransmit_delay: u32 = "max_retransmit_delay" ["500"],
    /// Reliable UDP window for low bit rates, in KB.
    small_window_size: u32 = "small_window_size" ["24"],
    /// Write a debug log of reliable UDP acknowledgements.
    ack_logging_enabled: bool = "ack_logging_enabled" ["false"],
    /// Time between polls for RTCP, in milliseconds.
    rtcp_poll_interval: u32 = "rtcp_poll_interval" ["100"] unused "RTCP is read when it arrives",
    /// Receive buffer of RTCP sockets, in KB.
    rtcp_rcv_buf_size: u32 = "rtcp_rcv_buf_size" ["768"],
    /// Shortest time between sending runs of a session, in milliseconds.
    send_interval: u32 = "send_interval" ["50"],
    /// Lateness below which full quality returns at once, in milliseconds (negative: ahead of time).
    thick_all_the_way_delay: i32 = "thick_all_the_way_delay" ["-2000"],
    /// Address to name as source in Transport answers instead of the own one; empty for the own.
    alt_transport_src_ipaddr: String = "alt_transport_src_ipaddr" [""],
    /// Media that may be sent ahead of time, in seconds.
    max_send_ahead_time: u32 = "max_send_ahead_time" ["25"],
    /// Use slow start for reliable UDP.
    reliable_udp_slow_start: bool = "reliable_udp_slow_start" ["true"],
    /// Delete announced SDP files when the broadcast ends.
    auto_delete_sdp_files: bool = "auto_delete_sdp_files" ["false"],
    /// Scheme of the challenges: none, basic or digest, in lower case.
    authentication_scheme: String = "authentication_scheme" ["digest"],
    /// Time between clean-ups of SDP files, in seconds.
    sdp_file_delete_interval_seconds: u32 = "sdp_file_delete_interval_seconds" ["10"],
    /// Start the server at boot.
    auto_start: bool = "auto_start" ["false"] unused "only the start-up script of Mac OS X looked at it",
    /// Allow reliable UDP.
    reliable_udp: bool = "reliable_udp" ["true"],
    /// Path prefixes for which reliable UDP is allowed, compared in any letter case.
    reliable_udp_dirs: Vec<String> = "reliable_udp_dirs" ["/"],
    /// Print reliable UDP statistics to standard output.
    reliable_udp_printfs: bool = "reliable_udp_printfs" ["false"],
    /// Lateness beyond which any packet is dropped, in milliseconds.
    drop_all_packets_delay: i32 = "drop_all_packets_delay" ["2500"],
    /// Lateness at which thinning goes to the maximum, in milliseconds.
    thin_all_the_way_delay: i32 = "thin_all_the_way_delay" ["1500"],
    /// Lateness at which thinning always begins, in milliseconds.
    always_thin_delay: i32 = "always_thin_delay" ["750"],
    /// Lateness below which quality may rise, in milliseconds.
    start_thicking_delay: i32 = "start_thicking_delay" ["250"],
    /// Time between quality decisions, in milliseconds.
    quality_check_interval: u32 = "quality_check_interval" ["1000"],
    /// Send a text body with RTSP errors.
    rtsp_error_message: bool = "RTSP_error_message" ["false"],
    /// Print requests and answers to standard output.
    rtsp_debug_printfs: bool = "RTSP_debug_printfs" ["false"],
    /// Write the status file.
    enable_monitor_stats_file: bool = "enable_monitor_stats_file" ["false"],
    /// Time between writes of the status file, in seconds; 0 never.
    monitor_stats_file_interval_seconds: u32 = "monitor_stats_file_interval_seconds" ["10"],
    /// Name of the status file in error_logfile_dir, or a full path.
    monitor_stats_file_name: String = "monitor_stats_file_name" ["server_status"],
    /// Print packet headers to standard output.
    enable_packet_header_printfs: bool = "enable_packet_header_printfs" ["false"],
    /// Kinds of packets to print, each followed by a semicolon.
    packet_header_printf_options: String = "packet_header_printf_options" ["rtp;rr;sr;app;ack;"],
    /// Sending speed while overbuffering, as a multiple of the play speed.
    overbuffer_rate: f32 = "overbuffer_rate" ["2.0"],
    /// Reliable UDP window for medium bit rates, in KB.
    medium_window_size: u32 = "medium_window_size" ["48"],
    /// Bit rate above which the large reliable UDP window is used, in kbit/s.
    window_size_max_threshold: u32 = "window_size_max_threshold" ["1000"],
    /// Send the Server header.
    rtsp_server_info: bool = "RTSP_server_info" ["true"],
    /// Number of worker threads; 0 chooses by the number of processors.
    run_num_threads: u32 = "run_num_threads" ["0"],
    /// Path of the pid file.
    pid_file: String = "pid_file" ["/var/run/DarwinStreamingServer.pid"],
    /// Open and close log files for each line.
    force_logs_close_on_write: bool = "force_logs_close_on_write" ["false"],
    /// Never thin streams.
    disable_thinning: bool = "disable_thinning" ["false"],
    /// User-Agent parts of players that need sequence and time in RTP-Info.
    player_requires_rtp_header_info: Vec<String> = "player_requires_rtp_header_info" ["Nokia", "Real"],
    /// User-Agent parts of players whose SDP bandwidth is adjusted.
    player_requires_bandwidth_adjustment: Vec<String> = "player_requires_bandwidth_adjustment" ["Nokia", "Real"],
    /// User-Agent parts of players whose timestamps are not shifted by pauses.
    player_requires_no_pause_time_adjustment: Vec<String> = "player_requires_no_pause_time_adjustment" ["Nokia", "Real", "PVPlayer"],
    /// Offer the 3GPP release 6 features.
    enable_3gpp_protocol: bool = "enable_3gpp_protocol" ["true"],
    /// Offer 3GPP rate adaptation.
    enable_3gpp_protocol_rate_adaptation: bool = "enable_3gpp_protocol_rate_adaptation" ["true"],
    /// Report frequency asked of 3GPP players, 1 to 9.
    three_gpp_protocol_rate_adaptation_report_frequency: u16 = "3gpp_protocol_rate_adaptation_report_frequency" ["1"],
    /// Quality level a stream begins with; 0 is the best.
    default_stream_quality: u16 = "default_stream_quality" ["0"],
    /// User-Agent parts of players whose RTP start is delayed.
    player_requires_rtp_start_time_adjust: Vec<String> = "player_requires_rtp_start_time_adjust" ["Real"],
    /// Print the state of 3GPP rate adaptation to standard output.
    enable_3gpp_debug_printfs: bool = "enable_3gpp_debug_printfs" ["false"],
    /// Copy outgoing RTP to the monitor address.
    enable_udp_monitor_stream: bool = "enable_udp_monitor_stream" ["false"],
    /// UDP port of the monitor for video.
    udp_monitor_video_port: u16 = "udp_monitor_video_port" ["5002"],
    /// UDP port of the monitor for audio.
    udp_monitor_audio_port: u16 = "udp_monitor_audio_port" ["5004"],
    /// Address of the monitor.
    udp_monitor_dest_ip: String = "udp_monitor_dest_ip" ["127.0.0.1"],
    /// Client address whose streams are copied, with `*` wildcards; 0.0.0.0 for all.
    udp_monitor_src_ip: String = "udp_monitor_src_ip" ["0.0.0.0"],
    /// Let everyone in where no qtaccess file applies; otherwise any valid user.
    enable_allow_guest_default: bool = "enable_allow_guest_default" ["true"],
    /// Number of threads for blocking work; 0 counts as 1.
    run_num_rtsp_threads: u32 = "run_num_rtsp_threads" ["1"],
    /// User-Agent parts of players without 3GPP rate adaptation.
    player_requires_disable_3gpp_rate_adapt: Vec<String> = "player_requires_disable_3gpp_rate_adapt" [""],
    /// User-Agent parts of players with a fixed 3GPP target time.
    player_requires_3gpp_target_time: Vec<String> = "player_requires_3gpp_target_time" [""],
    /// That target time, in milliseconds.
    three_gpp_target_time_milliseconds: u32 = "3gpp_target_time_milliseconds" ["3000"],
    /// User-Agent parts of players whose streams are never thinned.
    player_requires_disable_thinning: Vec<String> = "player_requires_disable_thinning" [""],
}

impl Default for ServerPrefs {
    /// All defaults.
    fn default() -> Self {
        Self::from_values(|def| def.default_values(b""))
    }
}

impl ServerPrefs {
    /// Reads the SERVER element. Missing preferences and those of a wrong type have their defaults; the findings say so in
    /// DSS's words, and name values that look wrong.
    pub fn from_document(document: &Document) -> (Self, Vec<Finding>) {
        let section = Section::of(document, &Place::server());
        let mut findings = Vec::new();
        let prefs = Self::from_values(|def| section.resolve(def, b"", &mut findings));
        (prefs, findings)
    }
}

/// The server preference of that name.
pub fn server_pref(name: &str) -> Option<&'static PrefDef> {
    SERVER_PREFS.iter().find(|def| def.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_ninety_preferences_with_different_names() {
        assert_eq!(SERVER_PREFS.len(), 90);
        let mut names: Vec<_> = SERVER_PREFS.iter().map(|def| def.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 90);
    }

    #[test]
    fn defaults_have_their_types() {
        let prefs = ServerPrefs::default();
        assert_eq!(prefs.rtsp_port, [554, 7070, 8000, 8001]);
        assert_eq!(prefs.tcp_seconds_to_buffer, 0.5);
        assert_eq!(prefs.thick_all_the_way_delay, -2000);
        assert_eq!(prefs.player_requires_no_pause_time_adjustment, ["Nokia", "Real", "PVPlayer"]);
        assert_eq!(prefs.player_requires_disable_thinning, [""]);
        assert!(prefs.enable_allow_guest_default);
        assert_eq!(prefs.pid_file, "/var/run/DarwinStreamingServer.pid");
    }
}
