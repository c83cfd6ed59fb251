// SPDX-License-Identifier: MIT OR Apache-2.0
// Version of the plug-in interface's reference server, as modules print it.
#ifndef QTSS_SDK_REVISION_H
#define QTSS_SDK_REVISION_H

#define kVersionString "6.0.3"
#define kBuildString "526.3"
#define kCommentString "Release/Darwin Streaming Server; State/Development; "

#endif
