// SPDX-License-Identifier: MIT OR Apache-2.0
// Answers a DESCRIBE of "movie" from a file beside it: "movie.redirect" holds a URL that the client is sent
// to, "movie.raw" a whole answer that goes out byte by byte as it stands.
//
// The lesson: writing more than a connection takes at once. The module writes what fits, asks to be called
// again when there is room, and keeps its place in an attribute of the connection.

#include <string>
#include "QTSS.h"
#include "QTSSMemoryDeleter.h"
#include "QTSSModuleUtils.h"
#include "StringParser.h"

extern "C" {
EXPORT QTSS_Error QTSSRawAnswerModule_Main(void* inPrivateArgs);
}

namespace {

char sJobName[] = "QTSSRawAnswerModuleJob";
QTSS_AttributeID sJobID = static_cast<QTSS_AttributeID>(qtssIllegalAttrID);

// A file on its way to a client.
struct Job {
    Job() : file(NULL), filled(0), sent(0) {}
    ~Job() {
        if (file != NULL)
            (void)QTSS_CloseFileObject(file);
    }
    QTSS_Object file;
    char buffer[16 * 1024];
    UInt32 filled;
    UInt32 sent;
};

Job* JobOf(QTSS_RTSPSessionObject session) {
    Job* job = NULL;
    UInt32 length = sizeof(job);
    return QTSS_GetValue(session, sJobID, 0, &job, &length) == QTSS_NoErr ? job : NULL;
}

void SetJob(QTSS_RTSPSessionObject session, Job* job) { (void)QTSS_SetValue(session, sJobID, 0, &job, sizeof(job)); }

void EndJob(QTSS_RTSPSessionObject session) {
    delete JobOf(session);
    SetJob(session, NULL);
}

// True when all is sent or lost; false when the module is to be called again.
bool Send(Job* job, QTSS_RTSPSessionObject session) {
    for (;;) {
        if (job->sent == job->filled) {
            job->sent = 0;
            job->filled = 0;
            QTSS_Error error = QTSS_Read(job->file, job->buffer, sizeof(job->buffer), &job->filled);
            if (error != QTSS_NoErr || job->filled == 0)
                return true;
        }
        UInt32 written = 0;
        QTSS_Error error =
            QTSS_Write(session, job->buffer + job->sent, job->filled - job->sent, &written, qtssWriteFlagsNoFlags);
        if (error == QTSS_WouldBlock) {
            (void)QTSS_RequestEvent(session, QTSS_WriteableEvent);
            return false;
        }
        if (error != QTSS_NoErr)
            return true;
        job->sent += written;
    }
}

bool Redirect(QTSS_RTSPRequestObject request, const std::string& path) {
    StrPtrLenDel text;
    if (QTSSModuleUtils::ReadEntireFile(path.c_str(), &text) != QTSS_NoErr)
        return false;
    StrPtrLen url(text);
    StringParser line(&url);
    line.ConsumeWhitespace();
    line.ConsumeUntilWhitespace(&url);
    const QTSS_RTSPStatusCode status = qtssRedirectTempMoved;
    (void)QTSS_SetValue(request, qtssRTSPReqStatusCode, 0, &status, sizeof(status));
    (void)QTSS_AppendRTSPHeader(request, qtssLocationHeader, url.Ptr, url.Len);
    (void)QTSS_SendRTSPHeaders(request);
    return true;
}

QTSS_Error Answer(QTSS_StandardRTSP_Params* params) {
    Job* job = JobOf(params->inRTSPSession);
    if (job == NULL) {
        QTSS_RTSPMethod method = qtssIllegalMethod;
        UInt32 length = sizeof(method);
        (void)QTSS_GetValue(params->inRTSPRequest, qtssRTSPReqMethod, 0, &method, &length);
        QTSSCharArrayDeleter local(QTSSModuleUtils::GetLocalPath_Copy(params->inRTSPRequest));
        if (method != qtssDescribeMethod || local.GetObject() == NULL)
            return QTSS_NoErr;
        const std::string path = local.GetObject();
        if (Redirect(params->inRTSPRequest, path + ".redirect"))
            return QTSS_NoErr;
        std::string rawPath = path + ".raw";
        QTSS_Object file = NULL;
        if (QTSS_OpenFileObject(&rawPath[0], qtssOpenFileNoFlags, &file) != QTSS_NoErr)
            return QTSS_NoErr;
        const Bool16 no = false; // the end of the answer is the end of the connection
        (void)QTSS_SetValue(params->inRTSPRequest, qtssRTSPReqRespKeepAlive, 0, &no, sizeof(no));
        job = new Job;
        job->file = file;
        SetJob(params->inRTSPSession, job);
    }
    if (Send(job, params->inRTSPSession))
        EndJob(params->inRTSPSession);
    return QTSS_NoErr;
}

QTSS_Error Dispatch(QTSS_Role role, QTSS_RoleParamPtr params) {
    switch (role) {
    case QTSS_Register_Role:
        (void)QTSS_AddRole(QTSS_RTSPSessionClosing_Role);
        (void)QTSS_AddRole(QTSS_RTSPPreProcessor_Role);
        (void)QTSS_AddRole(QTSS_Initialize_Role);
        (void)QTSS_AddStaticAttribute(qtssRTSPSessionObjectType, sJobName, NULL, qtssAttrDataTypeVoidPointer);
        return QTSS_IDForAttr(qtssRTSPSessionObjectType, sJobName, &sJobID);
    case QTSS_Initialize_Role:
        QTSSModuleUtils::Initialize(params->initParams.inMessages, params->initParams.inServer,
                                    params->initParams.inErrorLogStream);
        return QTSS_NoErr;
    case QTSS_RTSPPreProcessor_Role: return Answer(&params->rtspPreProcessorParams);
    // The client may be gone in the middle of a file.
    case QTSS_RTSPSessionClosing_Role: EndJob(params->rtspSessionClosingParams.inRTSPSession); return QTSS_NoErr;
    default: return QTSS_NoErr;
    }
}

} // namespace

QTSS_Error QTSSRawAnswerModule_Main(void* inPrivateArgs) { return _stublibrary_main(inPrivateArgs, Dispatch); }
