/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Notes every call of the request roles: module, role, method, whether there is a client session. Compiled under several
   names. What the URL says is done: answers and waits. */
#include "probe.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

static int url_has(QTSS_Object inRequest, const char* inWord)
{
    char* theText = full_request(inRequest);
    char* theEnd = strstr(theText, "\r\n");
    char* theWord = strstr(theText, inWord);
    return theWord != NULL && theWord < theEnd;
}

static void write_text(QTSS_Object inStream, const char* inText)
{
    UInt32 theLen = 0;
    (void)QTSS_Write(inStream, inText, strlen(inText), &theLen, 0);
}

static QTSS_Error do_filter(QTSS_RoleParamPtr inParams)
{
    QTSS_Object theRequest = inParams->rtspFilterParams.inRTSPRequest;
    Bool16 isKept = 0;
    if (url_has(theRequest, "/answer-close") || url_has(theRequest, "/answer-keep"))
    {
        isKept = url_has(theRequest, "/answer-keep") ? 1 : 0;
        (void)QTSS_SetValue(theRequest, qtssRTSPReqRespKeepAlive, 0, &isKept, sizeof(isKept));
        write_text(theRequest, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    }
    if (url_has(theRequest, "/union"))
    {
        /* As modules in the wild do: the standard member of the union. */
        char* theText = NULL;
        UInt32 theLen = 0;
        CHECK(35, inParams->rtspRequestParams.inRTSPSession == inParams->rtspFilterParams.inRTSPSession);
        CHECK(35, inParams->rtspRequestParams.inRTSPRequest == theRequest);
        CHECK(35, QTSS_GetValueAsString(inParams->rtspRequestParams.inRTSPHeaders, qtssCSeqHeader, 0, &theText) == QTSS_BadArgument);
        CHECK(35, QTSS_GetNumValues(inParams->rtspRequestParams.inRTSPHeaders, 0, &theLen) == QTSS_BadArgument);
    }
    if (url_has(theRequest, "/replace"))
    {
        const char* theText = "ANNOUNCE rtsp://h/replaced.sdp RTSP/1.0\r\nCSeq: 77\r\nContent-Length: 13\r\n\r\nafter the NUL";
        size_t theLen = strstr(theText, "after") - theText;
        char* theNew = (char*)QTSS_New(0, theLen + 20);
        strcpy(theNew, theText);
        theNew[theLen] = 0;
        *inParams->rtspFilterParams.outNewRequest = theNew;
    }
    return QTSS_NoErr;
}

/* 13 bytes in pieces of 5. */
static void read_body(QTSS_Object inRequest)
{
    char theBuffer[6] = {0};
    UInt32 theLen = 0;
    int i;
    for (i = 0; i < 3; i++)
    {
        CHECK(36, QTSS_Read(inRequest, theBuffer, 5, &theLen) == QTSS_NoErr);
        CHECK(36, theLen == (i < 2 ? 5u : 3u));
        note("body %.*s", (int)theLen, theBuffer);
    }
    theLen = 4711;
    CHECK(36, QTSS_Read(inRequest, theBuffer, 5, &theLen) == QTSS_NoMoreData && theLen == 4711);
}

static QTSS_Error do_preprocess(QTSS_StandardRTSP_Params* inParams)
{
    if (url_has(inParams->inRTSPRequest, "/error-code"))
        return QTSS_RequestFailed;
    if (url_has(inParams->inRTSPRequest, "/one-byte"))
        write_text(inParams->inRTSPRequest, "x");
    if (url_has(inParams->inRTSPRequest, "replaced.sdp"))
    {
        read_body(inParams->inRTSPRequest);
        write_text(inParams->inRTSPRequest, "RTSP/1.0 200 OK\r\nCseq: 77\r\n\r\n");
    }
    if (url_has(inParams->inRTSPRequest, "/by-session"))
        (void)QTSS_Write(inParams->inRTSPSession, "RTSP/1.0 299 Yes\r\n\r\n", 20, NULL, 0);
    return QTSS_NoErr;
}

static void trace(QTSS_Role inRole, QTSS_Object inRequest, QTSS_Object inSession)
{
    char* theText = full_request(inRequest);
    note("%s %s %.*s %s", TEXT(PROBE_NAME), role_text(inRole), (int)strcspn(theText, "\r\n"), theText, inSession ? "session" : "-");
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    static const QTSS_Role sRoles[] = {QTSS_RTSPFilter_Role, QTSS_RTSPRoute_Role, QTSS_RTSPAuthenticate_Role, QTSS_RTSPAuthorize_Role,
        QTSS_RTSPPreProcessor_Role, QTSS_RTSPPostProcessor_Role, QTSS_RTSPSessionClosing_Role};
    unsigned i;
    switch (inRole)
    {
        case QTSS_Register_Role:
            for (i = 0; i < sizeof(sRoles) / sizeof(sRoles[0]); i++)
                (void)QTSS_AddRole(sRoles[i]);
            break;
        case QTSS_RTSPFilter_Role:
            trace(inRole, inParams->rtspFilterParams.inRTSPRequest, NULL);
#ifdef PROBE_ACTS
            return do_filter(inParams);
#else
            break;
#endif
        case QTSS_RTSPAuthenticate_Role: trace(inRole, inParams->rtspAthnParams.inRTSPRequest, NULL); break;
        case QTSS_RTSPPreProcessor_Role:
            trace(inRole, inParams->rtspPreProcessorParams.inRTSPRequest, inParams->rtspPreProcessorParams.inClientSession);
#ifdef PROBE_ACTS
            return do_preprocess(&inParams->rtspPreProcessorParams);
#else
            break;
#endif
        case QTSS_RTSPSessionClosing_Role: note("%s sesc", TEXT(PROBE_NAME)); break;
        default: trace(inRole, inParams->rtspRouteParams.inRTSPRequest, inParams->rtspRouteParams.inClientSession); break;
    }
    (void)do_filter;
    (void)do_preprocess;
    return QTSS_NoErr;
}

ENTRY_OF(PROBE_NAME)
