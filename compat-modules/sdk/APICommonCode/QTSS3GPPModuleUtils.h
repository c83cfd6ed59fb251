// SPDX-License-Identifier: MIT OR Apache-2.0
// 3GPP rate adaptation in descriptions (TS 26.234 5.3.3.5): the server's preferences, and the SDP line.
#ifndef QTSS_SDK_QTSS_3GPP_MODULE_UTILS_H
#define QTSS_SDK_QTSS_3GPP_MODULE_UTILS_H

#include <stdlib.h>
#include "QTSS.h"
#include "SDPUtils.h"
#include "SafeStdLib.h"
#include "StrPtrLen.h"

class QTSS3GPPModuleUtils {
public:
    // After QTSSModuleUtils::Initialize; then ReadPrefs, and again whenever preferences are reread.
    static void Initialize(QTSS_Initialize_Params* given);
    static void ReadPrefs();
    // The lines for media sections, with their line ends, from new. They point into the buffer, which must
    // outlive them; there are none if 3GPP or rate adaptation is off.
    static SDPContainer* Get3GPPSDPFeatureListCopy(ResizeableStringFormatter& buffer);

private:
    static QTSS_PrefsObject serverPrefs_;
    static Bool16 enabled_;
    static Bool16 rateAdaptationEnabled_;
    static UInt16 reportFrequency_; // in RTCP packets, 1 to 9
};

#endif
