// SPDX-License-Identifier: MIT OR Apache-2.0
// The error log, files, services, sockets, and answers put together by hand. C++, with the library's own containers.
#include "probe.h"
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <vector>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

static std::vector<std::string>* sLines = new std::vector<std::string>; // an allocation before the entry function
static QTSS_ErrorLogStream sLog;
static pthread_mutex_t sMutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static QTSS_AttributeID sMessage = qtssIllegalAttrID, sOwnMessage = qtssIllegalAttrID;
static int sSockets[2];
static QTSS_StreamRef sSocketStream;
static std::string sFolder;

static QTSS_Error seven(QTSS_ServiceFunctionArgsPtr inArgs)
{
    return inArgs == NULL ? -1 : *(int*)inArgs;
}

static void log_text(const char* inText, UInt32 inLength, UInt32 inVerbosity)
{
    (void)QTSS_Write(sLog, (void*)inText, inLength, NULL, inVerbosity);
}

static void services()
{
    QTSS_ServiceID theID = -1;
    int theNumber = 7;
    CHECK(66, QTSS_IDForService("ProbeSeven", &theID) == QTSS_NoErr);
    CHECK(66, QTSS_DoService(theID, (QTSS_ServiceFunctionArgsPtr)&theNumber) == 7);
    CHECK(66, QTSS_DoService(4711, NULL) == QTSS_IllegalService);
    CHECK(66, QTSS_IDForService("NoSuchService", &theID) == QTSS_AttrDoesntExist);
    CHECK(66, QTSS_IDForService(QTSS_REREAD_PREFS_SERVICE, &theID) == QTSS_NoErr);
}

static void files()
{
    QTSS_Object theFile = (QTSS_Object)4711;
    std::string theEmpty = sFolder + "/empty", theFull = sFolder + "/full";
    char theBuffer[16] = {0};
    UInt32 theLen = 0;
    fclose(fopen(theEmpty.c_str(), "w"));
    FILE* theWriter = fopen(theFull.c_str(), "w");
    fputs("0123456789", theWriter);
    fclose(theWriter);
    CHECK(61, QTSS_OpenFileObject((char*)theEmpty.c_str(), 0, &theFile) == QTSS_FileNotFound && theFile == (QTSS_Object)4711);
    CHECK(61, QTSS_OpenFileObject((char*)"/no/such/file", 0, &theFile) == QTSS_FileNotFound);
    CHECK(61, QTSS_OpenFileObject(NULL, 0, &theFile) == QTSS_BadArgument);
    CHECK(61, QTSS_OpenFileObject((char*)theFull.c_str(), 0, &theFile) == QTSS_NoErr);
    CHECK(10, QTSS_Read(theFile, theBuffer, 4, &theLen) == QTSS_NoErr && theLen == 4 && memcmp(theBuffer, "0123", 4) == 0);
    CHECK(61, QTSS_Seek(theFile, 8) == QTSS_NoErr && QTSS_Seek(theFile, 11) == QTSS_RequestFailed);
    CHECK(61, QTSS_Advise(theFile, 0, 10) == QTSS_NoErr);
    CHECK(61, QTSS_Read(theFile, theBuffer, 16, &theLen) == QTSS_NoErr && theLen == 2);
    CHECK(61, QTSS_Read(theFile, theBuffer, 16, &theLen) == QTSS_NoErr && theLen == 0);
    CHECK(61, QTSS_CloseFileObject(theFile) == QTSS_NoErr);
    CHECK(61, QTSS_Read(theFile, theBuffer, 16, &theLen) == QTSS_BadArgument);
    CHECK(61, QTSS_CloseFileObject(theFile) == QTSS_BadArgument);
    if (QTSS_OpenFileObject((char*)sFolder.c_str(), 0, &theFile) == QTSS_NoErr)
    {
        CHECK(61, QTSS_Read(theFile, theBuffer, 16, &theLen) == QTSS_RequestFailed);
        (void)QTSS_CloseFileObject(theFile);
    }
}

static void process()
{
    struct sigaction theAction;
    sigset_t theMask;
    int thePipe[2];
    char theText[64] = {0};
    (void)sigaction(SIGPIPE, NULL, &theAction);
    CHECK(76, theAction.sa_handler != SIG_DFL);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &theMask);
    CHECK(76, !sigismember(&theMask, SIGCHLD) && !sigismember(&theMask, SIGALRM));
    CHECK(76, pipe(thePipe) == 0 && close(thePipe[0]) == 0 && write(thePipe[1], "x", 1) == -1 && errno == EPIPE);
    close(thePipe[1]);
    FILE* theShell = popen("echo from a shell", "r");
    CHECK(76, theShell != NULL && fgets(theText, sizeof(theText), theShell) != NULL && strcmp(theText, "from a shell\n") == 0);
    CHECK(76, pclose(theShell) == 0);
}

static void do_initialize(QTSS_Initialize_Params* inParams)
{
    char* theText = NULL;
    UInt32 theLen = 0;
    sLog = inParams->inErrorLogStream;
    sFolder = getenv("PROBE_FOLDER");
    // A module that holds a lock and takes it again in its own ErrorLog role.
    pthread_mutex_lock(&sMutex);
    log_text("nested", 6, qtssMessageVerbosity);
    pthread_mutex_unlock(&sMutex);
    CHECK(41, !sLines->empty() && sLines->back() == "nested");
    char theUnterminated[8] = {'e', 'x', 'a', 'c', 't', 'J', 'N', 'K'};
    log_text(theUnterminated, 5, qtssWarningVerbosity);
    CHECK(57, sLines->back() == "exact");
    log_text("short text", 400, qtssWarningVerbosity);
    CHECK(57, sLines->back() == "short text");
    log_text("no length", 0, qtssWarningVerbosity);
    CHECK(57, sLines->back() == "no length");
    log_text("an info in initialize", 21, qtssMessageVerbosity);
    log_text("a debug line", 12, qtssDebugVerbosity);
    CHECK(59, sLines->back() == "a debug line");
    CHECK(57, QTSS_Flush(sLog) == QTSS_Unimplemented && QTSS_Read(sLog, theUnterminated, 8, &theLen) == QTSS_Unimplemented);
    CHECK(60, QTSS_GetValuePtr(inParams->inMessages, sOwnMessage, 0, (void**)&theText, &theLen) == QTSS_NoErr);
    CHECK(60, strcmp(theText, "No Message") == 0);
    CHECK(60, QTSS_GetValuePtr(inParams->inMessages, qtssMsgRegFailed, 0, (void**)&theText, &theLen) == QTSS_NoErr);
    CHECK(60, strstr(theText, "%s") != NULL && theText[theLen] == 0);
    services();
    files();
    process();
}

static void do_answer(QTSS_StandardRTSP_Params* inParams)
{
    QTSS_Object theRequest = inParams->inRTSPRequest;
    char* thePath = NULL;
    if (QTSS_GetValueAsString(theRequest, qtssRTSPReqFilePath, 0, &thePath) != QTSS_NoErr)
        return;
    std::string theName(thePath);
    delete[] thePath; // one heap
    UInt32 theStatus = qtssClientForbidden;
    Bool16 isKept = 0;
    if (theName == "/refused") // as SendErrorResponse of the SDK does
    {
        (void)QTSS_SetValue(theRequest, qtssRTSPReqStatusCode, 0, &theStatus, sizeof(theStatus));
        (void)QTSS_SetValue(theRequest, qtssRTSPReqRespKeepAlive, 0, &isKept, sizeof(isKept));
        CHECK(56, QTSS_SendRTSPHeaders(theRequest) == QTSS_NoErr);
        CHECK(56, QTSS_Write(theRequest, NULL, 0, NULL, 0) == QTSS_NoErr);
        CHECK(56, QTSS_SetValue(theRequest, qtssRTSPReqRespMsg, 0, NULL, 0) == QTSS_NoErr);
    }
    if (theName == "/toolate")
    {
        CHECK(54, QTSS_AppendRTSPHeader(theRequest, qtssLocationHeader, "rtsp://else/where", 17) == QTSS_NoErr);
        (void)QTSS_SetValue(theRequest, qtssRTSPReqStatusCode, 0, &theStatus, sizeof(theStatus));
        CHECK(53, QTSS_AppendRTSPHeader(theRequest, qtssNumHeaders, "x", 1) == QTSS_BadArgument);
        CHECK(53, QTSS_AppendRTSPHeader(theRequest, qtssLocationHeader, NULL, 0) == QTSS_BadArgument);
        (void)QTSS_SendRTSPHeaders(theRequest);
        (void)QTSS_SendRTSPHeaders(theRequest);
    }
    if (theName == "/fatal")
        log_text("the end", 7, qtssFatalVerbosity);
    if (theName == "/throw")
        throw std::runtime_error("out of the module");
    if (theName == "/crash")
        raise(SIGSEGV);
    if (theName == "/abort")
        abort();
    if (theName == "/exit")
        exit(3);
    if (theName == "/where")
    {
        char theFolder[1024] = "";
        mode_t theMask = umask(022);
        umask(theMask);
        note("in %s umask %03o", getcwd(theFolder, sizeof(theFolder)), (unsigned)theMask);
    }
}

static QTSS_Error use_stack()
{
    volatile char theArray[2 << 20];
    for (size_t i = 0; i < sizeof(theArray); i += 4096)
        theArray[i] = 1;
    return theArray[4096] == 1 ? QTSS_NoErr : QTSS_RequestFailed;
}

static void do_filter(QTSS_Filter_Params* inParams)
{
    static int sStep = 0;
    CHECK(75, use_stack() == QTSS_NoErr);
    if (strstr(full_request(inParams->inRTSPRequest), "/socket") == NULL)
        return;
    switch (sStep++)
    {
        case 0:
            CHECK(64, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sSockets) == 0);
            CHECK(64, QTSS_CreateStreamFromSocket(-1, &sSocketStream) == QTSS_BadArgument);
            CHECK(64, QTSS_CreateStreamFromSocket(sSockets[0], &sSocketStream) == QTSS_NoErr);
            CHECK(64, QTSS_Write(sSocketStream, (void*)"x", 1, NULL, 0) == QTSS_Unimplemented);
            CHECK(64, QTSS_RequestEvent(sSocketStream, QTSS_ReadableEvent) == QTSS_NoErr);
            CHECK(64, write(sSockets[1], "now", 3) == 3);
            break;
        case 1:
        {
            char theBuffer[8];
            CHECK(64, read(sSockets[0], theBuffer, sizeof(theBuffer)) == 3);
            CHECK(64, QTSS_DestroySocketStream(sSocketStream) == QTSS_NoErr);
            CHECK(64, fcntl(sSockets[0], F_GETFD) == -1 && errno == EBADF);
            CHECK(64, QTSS_DestroySocketStream(sSocketStream) == QTSS_BadArgument);
            CHECK(64, QTSS_RequestEvent(sSocketStream, QTSS_ReadableEvent) == QTSS_BadArgument);
            close(sSockets[1]);
            break;
        }
    }
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    switch (inRole)
    {
        case QTSS_Register_Role:
            (void)QTSS_AddRole(QTSS_Initialize_Role);
            (void)QTSS_AddRole(QTSS_ErrorLog_Role);
            (void)QTSS_AddRole(QTSS_RTSPFilter_Role);
            (void)QTSS_AddRole(QTSS_RTSPPreProcessor_Role);
            (void)QTSS_AddRole(QTSS_StateChange_Role);
            CHECK(66, QTSS_AddService("ProbeSeven", seven) == QTSS_NoErr);
            CHECK(66, QTSS_AddService("ProbeSeven", seven) == QTSS_AttrNameExists);
            (void)QTSS_AddStaticAttribute(qtssTextMessagesObjectType, (char*)"ProbeMessage", NULL, qtssAttrDataTypeCharArray);
            (void)QTSS_IDForAttr(qtssTextMessagesObjectType, "ProbeMessage", &sOwnMessage);
            break;
        case QTSS_Initialize_Role: do_initialize(&inParams->initParams); break;
        case QTSS_ErrorLog_Role:
            pthread_mutex_lock(&sMutex);
            sLines->push_back(inParams->errorParams.inBuffer);
            if (sLog != NULL)
                log_text("from inside the role", 20, qtssMessageVerbosity); // must not come back here
            pthread_mutex_unlock(&sMutex);
            break;
        case QTSS_RTSPFilter_Role: do_filter(&inParams->rtspFilterParams); break;
        case QTSS_RTSPPreProcessor_Role: do_answer(&inParams->rtspPreProcessorParams); break;
        case QTSS_StateChange_Role: note("state %d", (int)inParams->stateChangeParams.inNewState); break;
    }
    (void)sMessage;
    return QTSS_NoErr;
}

ENTRY(Misc)
