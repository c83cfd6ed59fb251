//! The preferences of the modules that came with DSS 6.0.3, in the order in which it wrote them.

use super::defs::{Defaults, ModuleDef, PrefDef, Shipped};
use super::types::PrefField;

/// Why the file buffer preferences have no effect.
const CACHED: &str = "packets are built once and cached for all sessions of a file";

macro_rules! modules {
    (@unused) => { None };
    (@unused $reason:expr) => { Some($reason) };
    ($( $module:ident $shipped:ident {
        $( #[doc = $doc:literal] $name:literal: $ty:ty = $default:ident $(($values:expr))? $(unused $unused:expr)?, )*
    } )*) => {
        /// Every shipped module that has preferences, and the built-in ones that have none: built-in modules in their
        /// order, then the others.
        pub static MODULES: &[ModuleDef] = &[$(
            ModuleDef {
                name: stringify!($module),
                shipped: Shipped::$shipped,
                prefs: &[$(
                    PrefDef {
                        name: $name,
                        ty: <$ty as PrefField>::TYPE,
                        list: <$ty as PrefField>::LIST,
                        defaults: Defaults::$default $(($values))?,
                        doc: $doc,
                        unused: modules!(@unused $($unused)?),
                    },
                )*],
            },
        )*];
    };
}

modules! {
    QTSSErrorLogModule BuiltIn {
        /// Write milliseconds into the dates of the error log.
        "error_log_milliseconds": bool = Text(&["false"]),
        /// Name of a second error log of JSON lines without its suffix, in the folder of the first; empty for none.
        "error_json_logfile_name": String = Text(&[""]),
        /// Send the error log's entries to syslog or journal, too (a colon and a path follow for another socket); empty for neither.
        "system_log": String = Text(&[""]),
    }
    QTSSFileModule BuiltIn {
        /// Time before trying again after flow control, in milliseconds.
        "flow_control_probe_interval": u32 = Text(&["10"]),
        /// Upper limit of the Speed header, as a multiple of the play speed.
        "max_allowed_speed": f32 = Text(&["4.0"]),
        /// Share read buffers between sessions of one file.
        "enable_shared_file_buffers": bool = Text(&["true"]) unused CACHED,
        /// Give each session its own buffers.
        "enable_private_file_buffers": bool = Text(&["false"]) unused CACHED,
        /// Shared buffers added per session.
        "num_shared_buffer_increase_per_session": u32 = Text(&["8"]) unused CACHED,
        /// Size of a shared buffer unit, in KB.
        "shared_buffer_unit_k_size": u32 = Text(&["256"]) unused CACHED,
        /// Size of a private buffer unit, in KB.
        "private_buffer_unit_k_size": u32 = Text(&["256"]) unused CACHED,
        /// Units per shared buffer.
        "num_shared_buffer_units_per_buffer": u32 = Text(&["1"]) unused CACHED,
        /// Units per private buffer.
        "num_private_buffer_units_per_buffer": u32 = Text(&["1"]) unused CACHED,
        /// Largest unit count of a shared buffer.
        "max_shared_buffer_units_per_buffer": u32 = Text(&["8"]) unused CACHED,
        /// Largest unit count of a private buffer.
        "max_private_buffer_units_per_buffer": u32 = Text(&["8"]) unused CACHED,
        /// Time added to the client buffer delay taken from the SDP, in seconds.
        "add_seconds_to_client_buffer_delay": f32 = Text(&["0.0"]),
        /// Write the generated SDP next to the media file.
        "record_movie_file_sdp": bool = Text(&["false"]),
        /// Use an SDP file next to the media file if there is one.
        "enable_movie_file_sdp": bool = Text(&["false"]),
        /// Apply the per-player adjustments.
        "enable_player_compatibility": bool = Text(&["true"]),
        /// SDP bandwidth announced to listed players, in percent, 1 to 100.
        "compatibility_adjust_sdp_media_bandwidth_percent": u32 = Text(&["50"]),
        /// Delay of the RTP start for listed players, in milliseconds.
        "compatibility_adjust_rtp_start_time_milli": i64 = Text(&["500"]),
        /// Play files whose hint tracks have broken references.
        "allow_invalid_hint_track_refs": bool = Text(&["false"]),
        /// URL line text of generated SDP, built from the host name when empty.
        "sdp_url": String = Text(&[""]),
        /// E-mail line text of generated SDP, built from the host name when empty.
        "admin_email": String = Text(&[""]),
    }
    QTSSReflectorModule BuiltIn {
        /// Delay between client buckets, in milliseconds.
        "reflector_bucket_offset_delay_msec": u32 = Text(&["73"]),
        /// Packets kept for overbuffering, in seconds.
        "reflector_buffer_size_sec": u32 = Text(&["10"]),
        /// Packets of a broadcast's track take no more memory than this, in kilobytes, however many seconds that is.
        "reflector_buffer_size_kbytes": u32 = Text(&["32768"]),
        /// How long packets of a broadcast that came by UDP wait for one that is missing before them, in milliseconds.
        "reflector_reorder_msec": u32 = Text(&["20"]),
        /// Where viewers of a broadcast start: keyframe (the newest; without any the newest packets), newest or oldest.
        "reflector_join": String = Text(&["keyframe"]),
        /// Trust the receive time carried in packets.
        "reflector_use_in_packet_receive_time": bool = Text(&["false"]),
        /// How far in the future the receive time in a packet may lie, in seconds.
        "reflector_in_packet_max_receive_sec": u32 = Text(&["60"]),
        /// Offset of the first packet used for RTP-Info, in milliseconds.
        "reflector_rtp_info_offset_msec": u32 = Text(&["500"]),
        /// Leave RTP-Info out of PLAY responses.
        "disable_rtp_play_info": bool = Text(&["false"]),
        /// Look for path.sdp when a path without that suffix is asked for.
        "allow_non_sdp_urls": bool = Text(&["true"]),
        /// Accept ANNOUNCE.
        "enable_broadcast_announce": bool = Text(&["true"]),
        /// Accept pushed streams.
        "enable_broadcast_push": bool = Text(&["true"]),
        /// Longest session time that may be announced, in seconds; 0 for no limit.
        "max_broadcast_announce_duration_secs": u32 = Text(&["0"]),
        /// Let a second broadcaster take over a path.
        "allow_duplicate_broadcasts": bool = Text(&["false"]),
        /// Check ports in static SDP files.
        "enforce_static_sdp_port_range": bool = Text(&["false"]),
        /// Lowest port of that check.
        "minimum_static_sdp_port": u16 = Text(&["20000"]),
        /// Highest port of that check.
        "maximum_static_sdp_port": u16 = Text(&["65535"]),
        /// Disconnect viewers when the broadcaster leaves.
        "kill_clients_when_broadcast_stops": bool = Text(&["false"]),
        /// Accept packets of one source only per stream.
        "use_one_SSRC_per_stream": bool = Text(&["true"]),
        /// Silence after which another source is accepted, in seconds.
        "timeout_stream_SSRC_secs": u32 = Text(&["30"]),
        /// Timeout of broadcaster sessions, in seconds.
        "timeout_broadcaster_session_secs": u32 = Text(&["20"]),
        /// Ask local broadcasters for credentials too.
        "authenticate_local_broadcast": bool = Text(&["false"]),
        /// Send live streams without overbuffering.
        "disable_overbuffering": bool = Text(&["false"]),
        /// Serve broadcasts at all.
        "allow_broadcasts": bool = Text(&["true"]),
        /// Accept the kill suffix on announced paths.
        "allow_announced_kill": bool = Text(&["true"]),
        /// Write a Range header in PLAY responses.
        "enable_play_response_range_header": bool = Text(&["true"]),
        /// Apply the per-player adjustments.
        "enable_player_compatibility": bool = Text(&["true"]),
        /// SDP bandwidth announced to listed players, in percent, 1 to 100.
        "compatibility_adjust_sdp_media_bandwidth_percent": u32 = Text(&["100"]),
        /// Always write sequence and time in RTP-Info.
        "force_rtp_info_sequence_and_time": bool = Text(&["false"]),
        /// Group whose members may broadcast.
        "BroadcasterGroup": String = Text(&["broadcaster"]),
        /// First path component that is redirected, with delimiters trimmed.
        "redirect_broadcast_keyword": String = Text(&[""]),
        /// Root used for redirected paths; relative to the movie folder unless it starts with a delimiter.
        "redirect_broadcasts_dir": String = Text(&[""]),
        /// Directories in which broadcasting is allowed, an empty value allows all.
        "broadcast_dir_list": Vec<String> = Text(&[""]),
        /// Broadcaster addresses accepted without credentials, with wildcards.
        "ip_allow_list": Vec<String> = Text(&["127.0.0.*"]),
    }
    QTSSRelayModule BuiltIn {
        /// Relay configuration file.
        "relay_prefs_file": String = Text(&["/etc/streaming/relayconfig.xml"]),
        /// URL at which relay statistics are served, empty turns them off.
        "relay_stats_url": String = Text(&[""]),
    }
    QTSSAccessLogModule BuiltIn {
        /// Write the access log.
        "request_logging": bool = Text(&["true"]),
        /// Size at which the log is rolled, in bytes; 0 never.
        "request_logfile_size": u32 = Text(&["10240000"]),
        /// Age at which the log is rolled, in days; 0 never.
        "request_logfile_interval": u32 = Text(&["7"]),
        /// Write times in GMT instead of local time.
        "request_logtime_in_gmt": bool = Text(&["true"]),
        /// Directory of the access log.
        "request_logfile_dir": String = ErrorLogDir,
        /// Name of the access log without its suffix.
        "request_logfile_name": String = Text(&["StreamingServer"]),
        /// Write milliseconds into the times of entries.
        "request_logtime_milliseconds": bool = Text(&["false"]),
        /// Write a remark at each play, pause, resume and seek.
        "request_log_events": bool = Text(&["false"]),
        /// Name of a second access log of JSON lines without its suffix, in the folder of the first; empty for none.
        "request_json_logfile_name": String = Text(&[""]),
    }
    QTSSFlowControlModule BuiltIn {
        /// Loss above which a report counts towards thinning, in percent.
        "loss_thin_tolerance": u32 = Text(&["30"]),
        /// Such reports in a row before thinning.
        "num_losses_to_thin": u32 = Text(&["3"]),
        /// Loss below which a report counts towards thickening, in percent.
        "loss_thick_tolerance": u32 = Text(&["5"]),
        /// Such reports in a row before thickening.
        "num_losses_to_thick": u32 = Text(&["6"]),
        /// Getting-worse reports before thinning.
        "num_worses_to_thin": u32 = Text(&["2"]),
        /// Thin UDP streams by receiver reports.
        "flow_control_udp_thinning_module_enabled": bool = Text(&["true"]),
        /// Refuse new viewers while there is much to send and packets leave this late on average, in milliseconds; 0 never.
        "overload_lateness": u32 = Text(&["20"]),
        /// Refuse new viewers while a send thread is at work for this share of its time, in percent; 0 never.
        "overload_busy_percent": u32 = Text(&["90"]),
    }
    QTSSPosixFileSysModule BuiltIn {
    }
    QTSSAdminModule BuiltIn {
        /// Addresses that may use the interface when it is not limited to local access, with wildcards.
        "IPAccessList": Vec<String> = Text(&["127.0.0.*"]),
        /// Ask for credentials.
        "Authenticate": bool = Text(&["true"]),
        /// Loop-back addresses only.
        "LocalAccessOnly": bool = Text(&["true"]),
        /// Shortest time between requests, in milliseconds, at most 1000.
        "RequestTimeIntervalMilli": u32 = Text(&["50"]),
        /// Let remote administrators in when authenticated.
        "enable_remote_admin": bool = Text(&["true"]),
        /// Group whose members may administer.
        "AdministratorGroup": String = Text(&["admin"]),
        /// Access mode of the status file, in octal digits.
        "status_file_mode": String = Text(&["0644"]),
        /// Owner of the status file: user, user:group or :group; empty for the server's own.
        "status_file_owner": String = Text(&[""]),
        /// Answer /metrics (Prometheus), /server_status.json and /server_status over HTTP.
        "status_http_enabled": bool = Text(&["true"]),
        /// To loop-back addresses only.
        "status_http_local_only": bool = Text(&["true"]),
        /// Answer the JSON interface below /api/v1/.
        "json_api_enabled": bool = Text(&["true"]),
        /// File of bearer tokens for it, each line a user's name and the SHA-256 of the token in hex; empty for none.
        "json_api_tokens_file": String = Text(&[""]),
    }
    QTSSMP3StreamingModule BuiltIn {
        /// Name of the MP3 log without its suffix.
        "mp3_request_logfile_name": String = Text(&["mp3_access"]),
        /// Directory of the MP3 log.
        "mp3_request_logfile_dir": String = ErrorLogDir,
        /// Serve MP3 streams.
        "mp3_streaming_enabled": bool = Text(&["true"]),
        /// Password of MP3 broadcasters; the default is a single blank.
        "mp3_broadcast_password": String = Text(&[" "]),
        /// Buffer of a broadcast, in bytes.
        "mp3_broadcast_buffer_size": u32 = Text(&["8192"]),
        /// Time of flow control after which a client is dropped, in milliseconds.
        "mp3_max_flow_control_time": i32 = Text(&["10000"]),
        /// Write the MP3 log.
        "mp3_request_logging": bool = Text(&["true"]),
        /// Size at which the log is rolled, in bytes; 0 never.
        "mp3_request_logfile_size": u32 = Text(&["10240000"]),
        /// Age at which the log is rolled, in days; 0 never.
        "mp3_request_logfile_interval": u32 = Text(&["7"]),
        /// Write times in GMT instead of local time.
        "mp3_request_logtime_in_gmt": bool = Text(&["true"]),
        /// What a new listener gets at once, in milliseconds of the broadcast.
        "mp3_burst_time": u32 = Text(&["3000"]),
        /// Time after which a broadcaster that sends nothing is dropped, in seconds.
        "mp3_source_timeout": u32 = Text(&["60"]),
    }
    QTSSAccessModule BuiltIn {
        /// Check access files.
        "modAccess_enabled": bool = Text(&["true"]),
        /// User file.
        "modAccess_usersfilepath": String = Text(&["/etc/streaming/qtusers"]),
        /// Group file.
        "modAccess_groupsfilepath": String = Text(&["/etc/streaming/qtgroups"]),
        /// Access file name in media directories; a name with a delimiter is refused and the default used.
        "modAccess_qtaccessfilename": String = Text(&["qtaccess"]),
    }
    QTSSHttpFileModule Source {
        /// Serve files over HTTP.
        "http_xfer_enabled": bool = Text(&["false"]),
        /// Write the HTTP log.
        "http_logging": bool = Text(&["false"]),
        /// Size at which the log is rolled, in bytes; 0 never.
        "http_logfile_size": u32 = Text(&["50000000"]),
        /// Age at which the log is rolled, in days; 0 never.
        "http_logfile_interval": u32 = Text(&["7"]),
        /// Log name without suffix.
        "http_logfile_name": String = Text(&["StreamingServerHttp"]),
        /// Log directory.
        "http_logfile_dir": String = ErrorLogDir,
        /// Directory served.
        "http_folder": String = Text(&[""]),
    }
    QTSSWebStatsModule Source {
        /// URL at which the statistics page is served, empty turns it off.
        "web_stats_url": String = Text(&[""]),
    }
    QTSSRefMovieModule Dynamic {
        /// Answer HTTP requests for media with a reference movie.
        "refmovie_xfer_enabled": bool = Text(&["true"]),
        /// Port written into it, 0 uses the port of the request.
        "refmovie_rtsp_port": u16 = Text(&["0"]),
    }
    QTSSHomeDirectoryModule Dynamic {
        /// Serve home directories.
        "enabled": bool = Text(&["false"]),
        /// Directory below a home directory.
        "movies_directory": String = Text(&["/Sites/Streaming/"]),
        /// Connection limit per home directory, 0 none.
        "max_num_conns_per_home_directory": u32 = Text(&["0"]),
        /// Bandwidth limit per home directory, in kbit/s; 0 for none.
        "max_bandwidth_kbps_per_home_directory": u32 = Text(&["0"]),
    }
    QTSSSpamDefenseModule Dynamic {
        /// Connections allowed per client address.
        "num_conns_per_ip_addr": u32 = Text(&["100"]),
    }
    QTSSDemoAuthorizationModule Dynamic {
        /// Act at all.
        "enabled": bool = Text(&["false"]),
        /// Addresses let through.
        "IPAccessList": Vec<String> = Text(&["127.0.0.*"]),
    }
    QTSSDemoRedirectModule Source {
        /// Act at all.
        "enabled": bool = Text(&["true"]),
        /// URL that is redirected.
        "url_to_redirect": String = Text(&["sample"]),
    }
    QTSSDSAuthModule Source {
        /// Check directory service accounts.
        "modDSAuth_enabled": bool = Text(&["true"]),
        /// Access file name in media directories.
        "modDSAuth_dsaccessfilename": String = Text(&["qtaccess"]),
    }
}

/// The shipped module of that name.
pub fn module_def(name: &str) -> Option<&'static ModuleDef> {
    MODULES.iter().find(|module| module.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_modules_come_first_and_in_their_order() {
        let built_in: Vec<_> =
            MODULES.iter().take_while(|module| module.shipped == Shipped::BuiltIn).map(|module| module.name).collect();
        assert_eq!(built_in.first(), Some(&"QTSSErrorLogModule"));
        assert_eq!(built_in.last(), Some(&"QTSSAccessModule"));
        assert_eq!(built_in.len(), 10);
        // DSS 6.0.3's, and those that it did not have: of QTSSAdminModule, the two logs' modules, overload,
        // QTSSReflectorModule (3) and QTSSMP3StreamingModule (2).
        assert_eq!(MODULES.iter().map(|module| module.prefs.len()).sum::<usize>(), 106 + 6 + 6 + 2 + 3 + 2);
    }

    #[test]
    fn no_module_has_a_preference_twice() {
        for module in MODULES {
            let mut names: Vec<_> = module.prefs.iter().map(|def| def.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), module.prefs.len(), "{}", module.name);
        }
    }
}
