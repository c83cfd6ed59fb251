// SPDX-License-Identifier: MIT OR Apache-2.0
#include "QTSS3GPPModuleUtils.h"

#include "OSMemory.h"
#include "QTSSModuleUtils.h"

QTSS_PrefsObject QTSS3GPPModuleUtils::serverPrefs_ = NULL;
Bool16 QTSS3GPPModuleUtils::enabled_ = false;
Bool16 QTSS3GPPModuleUtils::rateAdaptationEnabled_ = false;
UInt16 QTSS3GPPModuleUtils::reportFrequency_ = 1;

void QTSS3GPPModuleUtils::Initialize(QTSS_Initialize_Params* given) {
    if (given != NULL)
        serverPrefs_ = given->inPrefs;
}

void QTSS3GPPModuleUtils::ReadPrefs() {
    static const char kFrequencyPref[] = "3gpp_protocol_rate_adaptation_report_frequency";
    const Bool16 enabled = true;
    const UInt16 frequency = 1;
    QTSSModuleUtils::GetAttribute(serverPrefs_, "enable_3gpp_protocol", qtssAttrDataTypeBool16, &enabled_, &enabled,
                                  sizeof(enabled_));
    QTSSModuleUtils::GetAttribute(serverPrefs_, "enable_3gpp_protocol_rate_adaptation", qtssAttrDataTypeBool16,
                                  &rateAdaptationEnabled_, &enabled, sizeof(rateAdaptationEnabled_));
    QTSSModuleUtils::GetAttribute(serverPrefs_, kFrequencyPref, qtssAttrDataTypeUInt16, &reportFrequency_, &frequency,
                                  sizeof(reportFrequency_));
    if (reportFrequency_ >= 1 && reportFrequency_ <= 9)
        return;
    QTSSModuleUtils::LogPrefErrorStr(qtssWarningVerbosity, kFrequencyPref,
                                     "has an invalid value: valid range is [1..9]");
    reportFrequency_ = reportFrequency_ < 1 ? 1 : 9;
}

SDPContainer* QTSS3GPPModuleUtils::Get3GPPSDPFeatureListCopy(ResizeableStringFormatter& buffer) {
    SDPContainer* lines = NEW SDPContainer;
    if (!enabled_ || !rateAdaptationEnabled_)
        return lines;
    buffer.Reset();
    buffer.PutFmtStr("a=3GPP-Adaptation-Support:%u\r\n", static_cast<unsigned int>(reportFrequency_));
    StrPtrLen line(buffer.GetBufPtr(), buffer.GetCurrentOffset());
    (void)lines->AddHeaderLine(&line);
    return lines;
}
