// SPDX-License-Identifier: MIT OR Apache-2.0
// The path delimiter macros live in OSHeaders.h.
#ifndef QTSS_SDK_PATH_DELIMITER_H
#define QTSS_SDK_PATH_DELIMITER_H

#include "OSHeaders.h"

#endif
