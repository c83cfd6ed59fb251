//! The server preferences object.

use super::table::*;

attribute_table! {
    /// Server preferences; there is one object. Names are those of the configuration file.
    PREFS {
        /// RTSP timeout in seconds advertised in Session headers; 0 advertises none.
        qtssPrefsRTSPTimeout = 0, "rtsp_timeout", UInt32, RW, Field, One;
        /// Seconds before an idle RTSP connection is dropped; 0 never.
        qtssPrefsRealRTSPTimeout = 1, "real_rtsp_timeout", UInt32, RW, Field, One;
        /// Seconds before an idle client session is dropped; 0 never.
        qtssPrefsRTPTimeout = 2, "rtp_timeout", UInt32, RW, Field, One;
        /// Limit on client sessions; -1 unlimited.
        qtssPrefsMaximumConnections = 3, "maximum_connections", SInt32, RW, Field, One;
        /// Limit on output in kbit/s; -1 unlimited.
        qtssPrefsMaximumBandwidth = 4, "maximum_bandwidth", SInt32, RW, Field, One;
        /// Media root directory.
        qtssPrefsMovieFolder = 5, "movie_folder", CharArray, RW, Value, One;
        /// Addresses to listen on; 0 means all.
        qtssPrefsRTSPIPAddr = 6, "bind_ip_addr", CharArray, RW, Value, Many;
        /// Stop in the debugger on assertion instead of logging it.
        qtssPrefsBreakOnAssert = 7, "break_on_assert", Bool16, RW, Field, One;
        /// Parent process restarts the server after a crash.
        qtssPrefsAutoRestart = 8, "auto_restart", Bool16, RW, Field, One;
        /// Seconds between statistics updates.
        qtssPrefsTotalBytesUpdate = 9, "total_bytes_update", UInt32, RW, Field, One;
        /// Seconds between average bandwidth computations.
        qtssPrefsAvgBandwidthUpdate = 10, "average_bandwidth_update", UInt32, RW, Field, One;
        /// When over the bandwidth limit, only sessions younger than this many seconds may be disconnected.
        qtssPrefsSafePlayDuration = 11, "safe_play_duration", UInt32, RW, Field, One;
        /// Directory scanned for dynamic modules.
        qtssPrefsModuleFolder = 12, "module_folder", CharArray, RW, Value, One;
        /// Error log file name without suffix.
        qtssPrefsErrorLogName = 13, "error_logfile_name", CharArray, RW, Value, One;
        /// Error log directory; also the default directory of other logs and of the stats file.
        qtssPrefsErrorLogDir = 14, "error_logfile_dir", CharArray, RW, Value, One;
        /// Days between error log rolls.
        qtssPrefsErrorRollInterval = 15, "error_logfile_interval", UInt32, RW, Field, One;
        /// Error log size in bytes that triggers a roll.
        qtssPrefsMaxErrorLogSize = 16, "error_logfile_size", UInt32, RW, Field, One;
        /// Highest verbosity that is logged.
        qtssPrefsErrorLogVerbosity = 17, "error_logfile_verbosity", UInt32, RW, Field, One;
        /// Echo error log lines on standard output.
        qtssPrefsScreenLogging = 18, "screen_logging", Bool16, RW, Field, One;
        /// Write the error log file.
        qtssPrefsErrorLogEnabled = 19, "error_logging", Bool16, RW, Field, One;
        /// Lateness in ms beyond which video packets are dropped.
        qtssPrefsDropVideoAllPacketsDelayInMsec = 20, "drop_all_video_delay", SInt32, RW, Field, One;
        /// Lateness in ms at which thinning may begin.
        qtssPrefsStartThinningDelayInMsec = 21, "start_thinning_delay", SInt32, RW, Field, One;
        /// Reliable UDP window in KB for high bit rates.
        qtssPrefsLargeWindowSizeInK = 22, "large_window_size", UInt32, RW, Field, One;
        /// Kbit/s above which the medium window is used.
        qtssPrefsWindowSizeThreshold = 23, "window_size_threshold", UInt32, RW, Field, One;
        /// Smallest TCP send buffer in bytes.
        qtssPrefsMinTCPBufferSizeInBytes = 24, "min_tcp_buffer_size", UInt32, RW, Field, One;
        /// Largest TCP send buffer in bytes.
        qtssPrefsMaxTCPBufferSizeInBytes = 25, "max_tcp_buffer_size", UInt32, RW, Field, One;
        /// Seconds of media that the TCP send buffer should hold.
        qtssPrefsTCPSecondsToBuffer = 26, "tcp_seconds_to_buffer", Float32, RW, Field, One;
        /// Add the server address header to the tunnel GET reply.
        qtssPrefsDoReportHTTPConnectionAddress = 27, "do_report_http_connection_ip_address", Bool16, RW, Field, One;
        /// Realm used in challenges.
        qtssPrefsDefaultAuthorizationRealm = 28, "default_authorization_realm", CharArray, RW, Value, One;
        /// Account to switch to after start.
        qtssPrefsRunUserName = 29, "run_user_name", CharArray, RW, Value, One;
        /// Group to switch to after start.
        qtssPrefsRunGroupName = 30, "run_group_name", CharArray, RW, Value, One;
        /// Add the source address to Transport replies.
        qtssPrefsSrcAddrInTransport = 31, "append_source_addr_in_transport", Bool16, RW, Field, One;
        /// TCP ports to listen on.
        qtssPrefsRTSPPorts = 32, "rtsp_port", UInt16, RW, Value, Many;
        /// Upper bound in ms between retransmission checks.
        qtssPrefsMaxRetransDelayInMsec = 33, "max_retransmit_delay", UInt32, RW, Field, One;
        /// Reliable UDP window in KB for low bit rates.
        qtssPrefsSmallWindowSizeInK = 34, "small_window_size", UInt32, RW, Field, One;
        /// Debug log of reliable UDP acks.
        qtssPrefsAckLoggingEnabled = 35, "ack_logging_enabled", Bool16, RW, Field, One;
        /// RTCP poll period in ms.
        qtssPrefsRTCPPollIntervalInMsec = 36, "rtcp_poll_interval", UInt32, RW, Field, One;
        /// RTCP socket receive buffer in KB.
        qtssPrefsRTCPSockRcvBufSizeInK = 37, "rtcp_rcv_buf_size", UInt32, RW, Field, One;
        /// Smallest time in ms between packet send runs.
        qtssPrefsSendInterval = 38, "send_interval", UInt32, RW, Field, One;
        /// Lateness in ms at which full quality is restored at once.
        qtssPrefsThickAllTheWayDelayInMsec = 39, "thick_all_the_way_delay", SInt32, RW, Field, One;
        /// Address to report as source in Transport instead of the own one.
        qtssPrefsAltTransportIPAddr = 40, "alt_transport_src_ipaddr", CharArray, RW, Value, One;
        /// Seconds of media that may be sent ahead to overbuffering clients.
        qtssPrefsMaxAdvanceSendTimeInSec = 41, "max_send_ahead_time", UInt32, RW, Field, One;
        /// Use slow start for reliable UDP.
        qtssPrefsReliableUDPSlowStart = 42, "reliable_udp_slow_start", Bool16, RW, Field, One;
        /// Delete announced SDP files when the broadcast ends.
        qtssPrefsAutoDeleteSDPFiles = 43, "auto_delete_sdp_files", Bool16, RW, Field, One;
        /// None, basic or digest.
        qtssPrefsAuthenticationScheme = 44, "authentication_scheme", CharArray, RW, Value, One;
        /// Period of the SDP clean-up.
        qtssPrefsDeleteSDPFilesInterval = 45, "sdp_file_delete_interval_seconds", UInt32, RW, Field, One;
        /// Hint for boot scripts to start the server.
        qtssPrefsAutoStart = 46, "auto_start", Bool16, RW, Field, One;
        /// Allow reliable UDP.
        qtssPrefsReliableUDP = 47, "reliable_udp", Bool16, RW, Field, One;
        /// Path prefixes for which reliable UDP may be used.
        qtssPrefsReliableUDPDirs = 48, "reliable_udp_dirs", CharArray, RW, Value, Many;
        /// Print reliable UDP statistics.
        qtssPrefsReliableUDPPrintfs = 49, "reliable_udp_printfs", Bool16, RW, Field, One;
        /// Lateness in ms beyond which any packet is dropped.
        qtssPrefsDropAllPacketsDelayInMsec = 50, "drop_all_packets_delay", SInt32, RW, Field, One;
        /// Lateness in ms at which thinning goes to the maximum.
        qtssPrefsThinAllTheWayDelayInMsec = 51, "thin_all_the_way_delay", SInt32, RW, Field, One;
        /// Lateness in ms at which thinning always starts.
        qtssPrefsAlwaysThinDelayInMsec = 52, "always_thin_delay", SInt32, RW, Field, One;
        /// Lateness in ms below which quality may be raised.
        qtssPrefsStartThickingDelayInMsec = 53, "start_thicking_delay", SInt32, RW, Field, One;
        /// Ms between quality decisions.
        qtssPrefsQualityCheckIntervalInMsec = 54, "quality_check_interval", UInt32, RW, Field, One;
        /// Send an explanatory body with RTSP errors.
        qtssPrefsEnableRTSPErrorMessage = 55, "RTSP_error_message", Bool16, RW, Field, One;
        /// Print requests and responses.
        qtssPrefsEnableRTSPDebugPrintfs = 56, "RTSP_debug_printfs", Bool16, RW, Field, One;
        /// Write the stats file.
        qtssPrefsEnableMonitorStatsFile = 57, "enable_monitor_stats_file", Bool16, RW, Field, One;
        /// Stats file period.
        qtssPrefsMonitorStatsFileIntervalSec = 58, "monitor_stats_file_interval_seconds", UInt32, RW, Field, One;
        /// Stats file name.
        qtssPrefsMonitorStatsFileName = 59, "monitor_stats_file_name", CharArray, RW, Value, One;
        /// Print packet headers.
        qtssPrefsEnablePacketHeaderPrintfs = 60, "enable_packet_header_printfs", Bool16, RW, Field, One;
        /// Which packet kinds to print.
        qtssPrefsPacketHeaderPrintfOptions = 61, "packet_header_printf_options", CharArray, RW, Value, One;
        /// Send rate multiplier used for overbuffering.
        qtssPrefsOverbufferRate = 62, "overbuffer_rate", Float32, RW, Field, One;
        /// Reliable UDP window in KB for medium bit rates.
        qtssPrefsMediumWindowSizeInK = 63, "medium_window_size", UInt32, RW, Field, One;
        /// Kbit/s above which the large window is used.
        qtssPrefsWindowSizeMaxThreshold = 64, "window_size_max_threshold", UInt32, RW, Field, One;
        /// Include the Server header in responses.
        qtssPrefsEnableRTSPServerInfo = 65, "RTSP_server_info", Bool16, RW, Field, One;
        /// Short-task thread count, 0 picks by processor count (at most 2).
        qtssPrefsRunNumThreads = 66, "run_num_threads", UInt32, RW, Field, One;
        /// Pid file path.
        qtssPrefsPidFile = 67, "pid_file", CharArray, RW, Value, One;
        /// Close log files after every write.
        qtssPrefsCloseLogsOnWrite = 68, "force_logs_close_on_write", Bool16, RW, Field, One;
        /// Switch thinning off.
        qtssPrefsDisableThinning = 69, "disable_thinning", Bool16, RW, Field, One;
        /// User-agent fragments of players that need sequence and time in RTP-Info.
        qtssPrefsPlayersReqRTPHeader = 70, "player_requires_rtp_header_info", CharArray, RW, Value, Many;
        /// User-agent fragments of players whose SDP bandwidth is adjusted.
        qtssPrefsPlayersReqBandAdjust = 71, "player_requires_bandwidth_adjustment", CharArray, RW, Value, Many;
        /// User-agent fragments of players that must not get pause-shifted timestamps.
        qtssPrefsPlayersReqNoPauseTimeAdjust = 72, "player_requires_no_pause_time_adjustment", CharArray, RW, Value, Many;
        /// Enable 3GPP release 6 features.
        qtssPrefsEnable3gppProtocol = 73, "enable_3gpp_protocol", Bool16, RW, Field, One;
        /// Enable 3GPP rate adaptation.
        qtssPrefsEnable3gppProtocolRateAdapt = 74, "enable_3gpp_protocol_rate_adaptation", Bool16, RW, Field, One;
        /// Requested report frequency, 1 to 9.
        qtssPrefs3gppRateAdaptReportFrequency = 75, "3gpp_protocol_rate_adaptation_report_frequency", UInt16, RW, Field, One;
        /// Initial quality level, 0 best.
        qtssPrefsDefaultStreamQuality = 76, "default_stream_quality", UInt16, RW, Field, One;
        /// User-agent fragments of players whose RTP start is delayed.
        qtssPrefsPlayersReqRTPStartTimeAdjust = 77, "player_requires_rtp_start_time_adjust", CharArray, RW, Value, Many;
        /// Print 3GPP adaptation state.
        qtssPrefsEnable3gppDebugPrintfs = 78, "enable_3gpp_debug_printfs", Bool16, RW, Field, One;
        /// Copy outgoing RTP to the monitor address.
        qtssPrefsEnableUDPMonitor = 79, "enable_udp_monitor_stream", Bool16, RW, Field, One;
        /// Monitor port for video.
        qtssPrefsUDPMonitorAudioPort = 80, "udp_monitor_video_port", UInt16, RW, Field, One;
        /// Monitor port for audio.
        qtssPrefsUDPMonitorVideoPort = 81, "udp_monitor_audio_port", UInt16, RW, Field, One;
        /// Monitor destination address.
        qtssPrefsUDPMonitorDestIPAddr = 82, "udp_monitor_dest_ip", CharArray, RW, Value, One;
        /// Only monitor this client address, with wildcards.
        qtssPrefsUDPMonitorSourceIPAddr = 83, "udp_monitor_src_ip", CharArray, RW, Value, One;
        /// Default authorization verdict when no module decides.
        qtssPrefsEnableAllowGuestDefault = 84, "enable_allow_guest_default", Bool16, RW, Field, One;
        /// Blocking-task thread count, 0 becomes 1.
        qtssPrefsNumRTSPThreads = 85, "run_num_rtsp_threads", UInt32, RW, Field, One;
        /// User-agent fragments of players without rate adaptation.
        qtssPrefsPlayersReqDisable3gppRateAdapt = 86, "player_requires_disable_3gpp_rate_adapt", CharArray, RW, Value, Many;
        /// User-agent fragments of players with a fixed target time.
        qtssPrefsPlayersReq3GPPTargetTime = 87, "player_requires_3gpp_target_time", CharArray, RW, Value, Many;
        /// That fixed target time.
        qtssPrefs3GPPTargetTime = 88, "3gpp_target_time_milliseconds", UInt32, RW, Field, One;
        /// User-agent fragments of players without thinning.
        qtssPrefsPlayersReqDisableThinning = 89, "player_requires_disable_thinning", CharArray, RW, Value, Many;
    }
}
