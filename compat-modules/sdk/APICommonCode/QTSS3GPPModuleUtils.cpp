// SPDX-License-Identifier: MIT OR Apache-2.0
#include "QTSS3GPPModuleUtils.h"

#include "OSMemory.h"
#include "QTSSModuleUtils.h"

QTSS_PrefsObject QTSS3GPPModuleUtils::sServerPrefs = NULL;
Bool16 QTSS3GPPModuleUtils::sEnabled = false;
Bool16 QTSS3GPPModuleUtils::sRateAdaptationEnabled = false;
UInt16 QTSS3GPPModuleUtils::sReportFrequency = 1;

void QTSS3GPPModuleUtils::Initialize(QTSS_Initialize_Params* initParams) {
    if (initParams != NULL)
        sServerPrefs = initParams->inPrefs;
}

void QTSS3GPPModuleUtils::ReadPrefs() {
    static const char kFrequencyPref[] = "3gpp_protocol_rate_adaptation_report_frequency";
    const Bool16 enabled = true;
    const UInt16 frequency = 1;
    QTSSModuleUtils::GetAttribute(sServerPrefs, "enable_3gpp_protocol", qtssAttrDataTypeBool16, &sEnabled, &enabled,
                                  sizeof(sEnabled));
    QTSSModuleUtils::GetAttribute(sServerPrefs, "enable_3gpp_protocol_rate_adaptation", qtssAttrDataTypeBool16,
                                  &sRateAdaptationEnabled, &enabled, sizeof(sRateAdaptationEnabled));
    QTSSModuleUtils::GetAttribute(sServerPrefs, kFrequencyPref, qtssAttrDataTypeUInt16, &sReportFrequency, &frequency,
                                  sizeof(sReportFrequency));
    if (sReportFrequency >= 1 && sReportFrequency <= 9)
        return;
    QTSSModuleUtils::LogPrefErrorStr(qtssWarningVerbosity, kFrequencyPref,
                                     "has an invalid value: valid range is [1..9]");
    sReportFrequency = sReportFrequency < 1 ? 1 : 9;
}

SDPContainer* QTSS3GPPModuleUtils::Get3GPPSDPFeatureListCopy(ResizeableStringFormatter& buffer) {
    SDPContainer* lines = NEW SDPContainer;
    if (!sEnabled || !sRateAdaptationEnabled)
        return lines;
    buffer.Reset();
    buffer.PutFmtStr("a=3GPP-Adaptation-Support:%u\r\n", static_cast<unsigned int>(sReportFrequency));
    StrPtrLen line(buffer.GetBufPtr(), buffer.GetCurrentOffset());
    (void)lines->AddHeaderLine(&line);
    return lines;
}
