// SPDX-License-Identifier: MIT OR Apache-2.0
// Answers a browser's HTTP GET of a movie on the RTSP port with a reference movie: a text that tells
// QuickTime to play the same path by RTSP.
//
// The lesson: other protocols on the server's port. The Filter role sees each request as bytes, before it
// is parsed, and may answer with bytes of its own.

#include <string>
#include "OSMutex.h"
#include "QTSS.h"
#include "QTSSMemoryDeleter.h"
#include "QTSSModuleUtils.h"
#include "ResizeableStringFormatter.h"
#include "StringParser.h"

extern "C" {
EXPORT QTSS_Error QTSSReferenceMovieModule_Main(void* inPrivateArgs);
}

namespace {

QTSS_ModulePrefsObject sPrefs = NULL;
OSMutex sMutex; // for what requests read while RereadPrefs writes
Bool16 sEnabled = false;

void ReadPrefs() {
    Bool16 enabled = false;
    const Bool16 standard = true;
    QTSSModuleUtils::GetAttribute(sPrefs, "refmovie_xfer_enabled", qtssAttrDataTypeBool16, &enabled, &standard, sizeof(enabled));
    OSMutexLocker locker(&sMutex);
    sEnabled = enabled;
}

bool IsEnabled() {
    OSMutexLocker locker(&sMutex);
    return sEnabled != 0;
}

bool EndsWith(const StrPtrLen& text, const char* end) {
    StrPtrLen wanted(end);
    return text.Len >= wanted.Len && StrPtrLen(text.Ptr + text.Len - wanted.Len, wanted.Len).EqualIgnoreCase(wanted);
}

// The value of the Host header; without it the address that the client connected to.
void PutHost(ResizeableStringFormatter* out, StringParser* headers, QTSS_RTSPSessionObject session) {
    StrPtrLen line;
    while (headers->GetDataRemaining() > 0 && headers->GetThruEOL(&line)) {
        StringParser field(&line);
        StrPtrLen name;
        if (!field.GetThru(&name, ':') || !name.EqualIgnoreCase("host", 4))
            continue;
        StrPtrLen value(field.GetCurrentPosition(), field.GetDataRemaining());
        value.TrimWhitespace();
        out->Put(value);
        return;
    }
    char* address = NULL;
    (void)QTSS_GetValueAsString(session, qtssRTSPSesLocalAddrStr, 0, &address);
    QTSSCharArrayDeleter deleter(address);
    UInt16 port = 0;
    UInt32 length = sizeof(port);
    (void)QTSS_GetValue(session, qtssRTSPSesLocalPort, 0, &port, &length);
    out->PutFmtStr("%s:%u", address == NULL ? "" : address, static_cast<unsigned int>(port));
}

QTSS_Error Filter(QTSS_Filter_Params* params) {
    StrPtrLen request;
    void* text = NULL;
    if (!IsEnabled() || QTSS_GetValuePtr(params->inRTSPRequest, qtssRTSPReqFullRequest, 0, &text, &request.Len) != QTSS_NoErr)
        return QTSS_NoErr;
    request.Ptr = static_cast<char*>(text);
    if (!request.NumEqualIgnoreCase("GET ", 4))
        return QTSS_NoErr;

    StringParser parser(&request);
    StrPtrLen path;
    parser.ConsumeLength(NULL, 4);
    parser.ConsumeUntil(&path, StringParser::sEOLWhitespaceQueryMask);
    if (!EndsWith(path, ".mov") && !EndsWith(path, ".mp4"))
        return QTSS_NoErr; // another module's, or nobody's
    (void)parser.GetThruEOL(NULL);

    ResizeableStringFormatter body;
    body.Put("rtsptext\r\nrtsp://");
    PutHost(&body, &parser, params->inRTSPSession);
    body.Put(path);
    body.PutEOL();
    ResizeableStringFormatter answer;
    answer.PutFmtStr("HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Type: video/quicktime\r\nContent-Length: %lu\r\n\r\n",
                     static_cast<unsigned long>(body.GetCurrentOffset()));
    answer.Put(body.GetBufPtr(), body.GetCurrentOffset());

    const Bool16 no = false;
    (void)QTSS_SetValue(params->inRTSPRequest, qtssRTSPReqRespKeepAlive, 0, &no, sizeof(no));
    return QTSS_Write(params->inRTSPRequest, answer.GetBufPtr(), answer.GetCurrentOffset(), NULL, qtssWriteFlagsNoFlags);
}

QTSS_Error Dispatch(QTSS_Role role, QTSS_RoleParamPtr params) {
    switch (role) {
    case QTSS_Register_Role:
        (void)QTSS_AddRole(QTSS_RTSPFilter_Role);
        (void)QTSS_AddRole(QTSS_RereadPrefs_Role);
        (void)QTSS_AddRole(QTSS_Initialize_Role);
        return QTSS_NoErr;
    case QTSS_Initialize_Role:
        QTSSModuleUtils::Initialize(params->initParams.inMessages, params->initParams.inServer,
                                    params->initParams.inErrorLogStream);
        sPrefs = QTSSModuleUtils::GetModulePrefsObject(params->initParams.inModule);
        ReadPrefs();
        return QTSS_NoErr;
    case QTSS_RereadPrefs_Role: ReadPrefs(); return QTSS_NoErr;
    case QTSS_RTSPFilter_Role: return Filter(&params->rtspFilterParams);
    default: return QTSS_NoErr;
    }
}

} // namespace

QTSS_Error QTSSReferenceMovieModule_Main(void* inPrivateArgs) { return _stublibrary_main(inPrivateArgs, Dispatch); }
