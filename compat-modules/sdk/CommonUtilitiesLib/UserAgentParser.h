// SPDX-License-Identifier: MIT OR Apache-2.0
// Fields of a QuickTime client's User-Agent: "QTS (qtver=6.1;os=Windows NT 5.1 SP1)".
#ifndef QTSS_SDK_USER_AGENT_PARSER_H
#define QTSS_SDK_USER_AGENT_PARSER_H

#include "StrPtrLen.h"
#include "StringFormatter.h"
#include "StringParser.h"

class UserAgentParser {
public:
    enum { eMaxAttributeSize = 60 };
    enum { eQtid = 0, eQtver = 1, eLang = 2, eOs = 3, eOsver = 4, eCpu = 5, eNumAttributes = 6 };

    struct UserAgentData {
        UserAgentData() : fFound(false) {}
        StrPtrLen fData;
        bool fFound;
    };

    // NULL leaves all fields empty.
    UserAgentParser(StrPtrLen* stream) {
        if (stream != NULL)
            Parse(stream);
    }

    // The fields point into the text. An os field like "Mac%20OS%2010.2" is split at its first %XX if there
    // is no osver field: what follows is the version.
    void Parse(StrPtrLen* stream);

    StrPtrLen* GetUserID() { return &fieldData_[eQtid].fData; }
    StrPtrLen* GetUserVersion() { return &fieldData_[eQtver].fData; }
    StrPtrLen* GetUserLanguage() { return &fieldData_[eLang].fData; }
    StrPtrLen* GetrUserOS() { return &fieldData_[eOs].fData; }
    StrPtrLen* GetUserOSVersion() { return &fieldData_[eOsver].fData; }
    StrPtrLen* GetUserCPU() { return &fieldData_[eCpu].fData; }

    UserAgentData fieldData_[eNumAttributes];
};

#endif
