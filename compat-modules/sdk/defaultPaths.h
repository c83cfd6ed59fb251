// SPDX-License-Identifier: MIT OR Apache-2.0
// Folders that the server uses unless its preferences say otherwise. All end with a separator.
#ifndef QTSS_SDK_DEFAULT_PATHS_H
#define QTSS_SDK_DEFAULT_PATHS_H

#define DEFAULTPATHS_DIRECTORY_SEPARATOR "/"
#define DEFAULTPATHS_ETC_DIR "/etc/streaming/"
#define DEFAULTPATHS_ETC_DIR_OLD "/etc/"
#define DEFAULTPATHS_SSM_DIR "/usr/local/sbin/StreamingServerModules/"
#define DEFAULTPATHS_LOG_DIR "/var/streaming/logs/"
#define DEFAULTPATHS_MOVIES_DIR "/usr/local/movies/"
#define DEFAULTPATHS_PID_DIR "/var/run/"

#endif
