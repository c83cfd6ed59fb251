/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A file system: it serves what lies below /virtual from another folder. With REPLACES it takes the place of the disk and
   has no other file at all. With its own events: reads of an asynchronous file block once and are signalled. */
#include "probe.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

static QTSS_AttributeID sFileAttr;
static QTSS_StreamRef sStream;
static int sBlocks, sIsWaiting;

static QTSS_Error do_open(QTSS_OpenFile_Params* inParams)
{
    char* theName = strstr(inParams->inPath, "/virtual/");
    char thePath[1024];
    struct stat theStat;
    QTSS_TimeVal theDate;
    UInt64 theLength;
    int theFile;

    note("open %s flags %d", strrchr(inParams->inPath, '/'), (int)inParams->inFlags);
    if (theName == NULL)
        return QTSS_FileNotFound;
    snprintf(thePath, sizeof(thePath), "%s/%s", getenv("PROBE_FOLDER"), theName + strlen("/virtual/"));
    theFile = open(thePath, O_RDONLY);
    if (theFile < 0)
        return QTSS_FileNotFound;
    fstat(theFile, &theStat);
    theLength = (UInt64)theStat.st_size;
    theDate = (QTSS_TimeVal)theStat.st_mtime * 1000;
    (void)QTSS_SetValue(inParams->inFileObject, qtssFlObjLength, 0, &theLength, sizeof(theLength));
    (void)QTSS_SetValue(inParams->inFileObject, qtssFlObjModDate, 0, &theDate, sizeof(theDate));
    (void)QTSS_SetValue(inParams->inFileObject, sFileAttr, 0, &theFile, sizeof(theFile));
    sBlocks = 1;
    return QTSS_NoErr;
}

static int file_of(QTSS_Object inFile)
{
    int theFile = -1;
    UInt32 theLen = sizeof(theFile);
    (void)QTSS_GetValue(inFile, sFileAttr, 0, &theFile, &theLen);
    return theFile;
}

static QTSS_Error do_read(QTSS_ReadFile_Params* inParams)
{
    ssize_t theCount;
    if (sIsWaiting && sBlocks)
        return QTSS_WouldBlock;
    theCount = pread(file_of(inParams->inFileObject), inParams->ioBuffer, inParams->inBufLen, (off_t)inParams->inFilePosition);
    if (theCount < 0)
        return QTSS_RequestFailed;
    *inParams->outLenRead = (UInt32)theCount;
    return QTSS_NoErr;
}

static void* signal_it(void* inUnused)
{
    (void)inUnused;
    usleep(100000);
    sBlocks = 0;
    note("readable");
    (void)QTSS_SignalStream(sStream, QTSS_ReadableEvent);
    return NULL;
}

/* The other side: a request for /async reads a virtual file that blocks at first. */
static QTSS_Error do_filter(QTSS_Filter_Params* inParams)
{
    static QTSS_Object sFile = NULL;
    char theBuffer[8];
    UInt32 theLen = 0;
    QTSS_Error theError;
    if (strncmp(full_request(inParams->inRTSPRequest), "GET /async", 10) != 0)
        return QTSS_NoErr;
    if (sFile == NULL)
    {
        CHECK(63, QTSS_OpenFileObject((char*)"/virtual/movie.mp4", qtssOpenFileAsync, &sFile) == QTSS_NoErr);
        sIsWaiting = 1;
    }
    theError = QTSS_Read(sFile, theBuffer, sizeof(theBuffer), &theLen);
    if (theError == QTSS_WouldBlock)
    {
        note("blocked");
        CHECK(63, QTSS_RequestEvent(sFile, QTSS_ReadableEvent) == QTSS_NoErr);
        return QTSS_NoErr;
    }
    CHECK(63, theError == QTSS_NoErr && theLen == 8);
    CHECK(63, QTSS_CloseFileObject(sFile) == QTSS_NoErr);
    sIsWaiting = 0;
    (void)QTSS_Write(inParams->inRTSPRequest, "HTTP/1.0 200 OK\r\n\r\n", 19, NULL, 0);
    return QTSS_NoErr;
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    pthread_t theThread;
    switch (inRole)
    {
        case QTSS_Register_Role:
#ifdef REPLACES
            CHECK(62, QTSS_AddRole(QTSS_OpenFile_Role) == QTSS_NoErr);
            CHECK(62, QTSS_AddRole(QTSS_OpenFilePreProcess_Role) == QTSS_RequestFailed);
#else
            CHECK(62, QTSS_AddRole(QTSS_OpenFilePreProcess_Role) == QTSS_NoErr);
#endif
            (void)QTSS_AddRole(QTSS_RTSPFilter_Role);
            (void)QTSS_AddStaticAttribute(qtssFileObjectType, "ProbeFile", NULL, qtssAttrDataTypeSInt32);
            (void)QTSS_IDForAttr(qtssFileObjectType, "ProbeFile", &sFileAttr);
            break;
        case QTSS_OpenFilePreProcess_Role:
        case QTSS_OpenFile_Role: return do_open(&inParams->openFileParams);
        case QTSS_ReadFile_Role: return do_read(&inParams->readFileParams);
        case QTSS_CloseFile_Role:
            note("close");
            close(file_of(inParams->closeFileParams.inFileObject));
            break;
        case QTSS_RequestEventFile_Role:
            sStream = inParams->reqEventFileParams.inFileObject;
            pthread_create(&theThread, NULL, signal_it, NULL);
            pthread_detach(theThread);
            break;
        case QTSS_RTSPFilter_Role: return do_filter(&inParams->rtspFilterParams);
    }
    return QTSS_NoErr;
}

ENTRY(Files)
