//! Compiled-in texts of the text messages object.

/// Text of a message that has neither an entry in the operator's message file nor a compiled-in text.
pub const NO_MESSAGE: &str = "No Message";

/// The compiled-in text of a message, by attribute name; [`NO_MESSAGE`] where there is none.
///
/// Texts are print formats: error log texts take two string arguments, RTSP error bodies one.
pub fn default_text(name: &str) -> &'static str {
    TEXTS.iter().find(|(n, _)| *n == name).map_or(NO_MESSAGE, |(_, text)| text)
}

/// Message name and text, for the server's own messages and those of the built-in modules.
const TEXTS: &[(&str, &str)] = &[
    ("qtssMsgNoMessage", "%s%s"),
    ("qtssMsgNoURLInRequest", "There was no URL contained in the following request: %s"),
    ("qtssMsgBadRTSPMethod", "The following RTSP method: %s, was not understood by the server"),
    ("qtssMsgNoRTSPVersion", "There is no RTSP version in the following request: %s"),
    ("qtssMsgURLTooLong", "The following URL is too long to be processed by the server: %s"),
    ("qtssMsgURLInBadFormat", "The following URL is not in proper URL format: %s"),
    ("qtssMsgNoColonAfterHeader", "There was no colon after a header in the following request: %s"),
    ("qtssMsgNoEOLAfterHeader", "There was no EOL after a header in the following request: %s"),
    ("qtssMsgRequestTooLong", "That request is too long to be processed by the server."),
    ("qtssMsgNoModuleFolder", "No module folder exists."),
    ("qtssMsgInitFailed", "The module %s failed to Initialize."),
    ("qtssMsgNotConfiguredForIP", "This machine is currently not configured for IP."),
    ("qtssMsgDefaultRTSPAddrUnavail", "The specified RTSP listening IP address doesn't exist."),
    ("qtssMsgBadModule", "The module %s is not a compatible QTSS API module."),
    ("qtssMsgRegFailed", "The module %s failed to Register."),
    ("qtssMsgRefusingConnections", "Streaming Server is currently refusing new connections"),
    ("qtssMsgTooManyClients", "Too many clients connected"),
    ("qtssMsgTooMuchThruput", "Too much bandwidth being served"),
    ("qtssMsgFileNameTooLong", "Specified file name is too long to be handled by the server."),
    ("qtssMsgNoClientPortInTransport", "No client port pair found in transport header"),
    ("qtssMsgRTPPortMustBeEven", "Reported client RTP port is not an even number"),
    ("qtssMsgOutOfPorts", "Streaming Server couldn't find any available UDP ports"),
    ("qtssMsgNoModuleForRequest", "There is no QTSS API module installed to process this request."),
    ("qtssMsgAltDestNotAllowed", "Not allowed to specify an alternate destination address"),
    ("qtssMsgCantSetupMulticast", "Can't setup multicast."),
    ("qtssListenPortInUse", "Another process is already using the following RTSP port: %s"),
    ("qtssListenPortAccessDenied", "You must be root to use the following RTSP port: %s"),
    ("qtssListenPortError", "An error occurred when attempting to listen on the following RTSP port: %s"),
    ("qtssMsgBadBase64", "The base64 you just sent to the server is corrupt!"),
    ("qtssMsgSomePortsFailed", "Streaming Server failed to listen on all requested RTSP port(s)."),
    ("qtssMsgNoPortsSucceeded", "Streaming Server is not listening for RTSP on any ports."),
    ("qtssMsgCannotSetRunUser", "Error switching to user %s: %s"),
    ("qtssMsgCannotSetRunGroup", "Error switching to group %s: %s"),
    ("qtssMsgNoSesIDOnDescribe", "A DESCRIBE request cannot contain the Session header"),
    ("qtssServerPrefMissing", "The following pref, %s, wasn't found. Using a default value of: %s"),
    ("qtssServerPrefWrongType", "The following pref, %s, has the wrong type. Using a default value of: %s"),
    ("QTSSReflectorModuleCantBindReflectorSocket", "Can't bind reflector sockets"),
    ("QTSSReflectorModuleCantJoinMulticastGroup", "Reflector sockets couldn't join multicast"),
    ("QTSSFileModuleSeekToNonExistentTime", "Couldn't seek to specified time."),
    ("QTSSFileModuleNoSDPFileFound", "No SDP file found for the following URL: %s"),
    ("QTSSFileModuleBadQTFile", "The requested file is not a movie file."),
    ("QTSSFileModuleFileIsNotHinted", "Requested movie hasn't been hinted."),
    ("QTSSFileModuleExpectedDigitFilename", "Expected a digit at the end of the following URL: %s"),
    ("QTSSFileModuleTrackDoesntExist", "Specified trackID doesn't exist in the movie"),
    ("QTSSReflectorModuleExpectedDigitFilename", "Expected a digit at the end of the following URL: %s"),
    ("QTSSSpamDefenseModuleTooManyConnections", "Too many connections from your IP address!"),
    ("QTSSReflectorModuleBadTrackID", "TrackID doesn't match any trackID for this ReflectorSession"),
    (
        "QTSSAccessModuleBadAccessFileName",
        "Invalid config value for qtaccessfilename: name contains %s. Now using default name:%s",
    ),
    ("QTSSReflectorModuleDuplicateBroadcastStream", "A broadcast stream is already setup for this URL"),
    ("QTSSAccessModuleUsersFileNotFound", "No users file found at %s."),
    ("QTSSAccessModuleGroupsFileNotFound", "No groups file found at %s."),
    ("QTSSAccessModuleBadUsersFile", "Unable to read the users file at %s. It may be corrupted."),
    ("QTSSAccessModuleBadGroupsFile", "Unable to read the groups file at %s. It may be corrupted."),
    ("QTSSReflectorModuleAnnounceRequiresSDPSuffix", "The Announced file does not end with .sdp"),
    ("QTSSReflectorModuleAnnounceDisabled", "The Announce feature is disabled. Your request is denied."),
    (
        "QTSSReflectorModuleSDPPortMinimumPort",
        "The SDP file's static port %s is less than the QTSSReflectorModule's minimum_static_sdp_port preference.",
    ),
    (
        "QTSSReflectorModuleSDPPortMaximumPort",
        "The SDP file's static port %s is greater than the QTSSReflectorModule's maximum_static_sdp_port preference.",
    ),
    (
        "QTSSReflectorModuleStaticPortsConflict",
        "The QTSSReflectorModule's minimum_static_sdp_port and maximum_static_sdp_port preferences conflict with the client and dynamic broadcast port range= %s to %s.",
    ),
    (
        "QTSSReflectorModuleStaticPortPrefsBadRange",
        "The QTSSReflectorModule's minimum_static_sdp_port and maximum_static_sdp_port preferences define an invalid range (min=%s > max=%s).",
    ),
    (
        "QTSSRelayModulePrefParseError",
        "The QTSSRelayModule encountered an error while parsing the relay config file. No relays setup in relayconfig.xml.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_never_ask_for_more_than_two_string_arguments() {
        for (name, text) in TEXTS {
            let percents = text.matches('%').count();
            assert_eq!(percents, text.matches("%s").count(), "{name}");
            assert!(percents <= 2, "{name}");
        }
    }

    #[test]
    fn a_message_without_text_says_no_message() {
        assert_eq!(default_text("qtssMsgCouldntListen"), "No Message");
        assert_eq!(default_text("qtssMsgRegFailed"), "The module %s failed to Register.");
    }

    #[test]
    fn server_messages_with_a_text_are_attributes() {
        let builtin = crate::qtss::attr::TEXT_MESSAGES;
        let server = TEXTS.iter().filter(|(n, _)| n.starts_with("qtss")).count();
        assert_eq!(server, TEXTS.iter().filter(|(n, _)| builtin.iter().any(|a| a.name == *n)).count());
    }
}
