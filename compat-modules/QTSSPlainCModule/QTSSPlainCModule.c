/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Counts the requests that clients have sent, in the server attribute QTSSPlainCModuleRequests, and logs the
   number when the server ends.

   The lesson: a module needs nothing but QTSS.h and the stub. This one is plain C. */

#include <stdio.h>
#include <string.h>
#include "QTSS.h"

QTSS_Error QTSSPlainCModule_Main(void* inPrivateArgs);

static char sCountName[] = "QTSSPlainCModuleRequests";
static QTSS_AttributeID sCountID;
static QTSS_ServerObject sServer;
static QTSS_StreamRef sErrorLog;

static QTSS_Error AskForRoles(void) {
    QTSS_Error error;
    (void)QTSS_AddRole(QTSS_Shutdown_Role);
    (void)QTSS_AddRole(QTSS_RTSPFilter_Role);
    (void)QTSS_AddRole(QTSS_Initialize_Role);
    error = QTSS_AddStaticAttribute(qtssServerObjectType, sCountName, NULL, qtssAttrDataTypeUInt32);
    if (error != QTSS_NoErr && error != QTSS_AttrNameExists)
        return error;
    return QTSS_IDForAttr(qtssServerObjectType, sCountName, &sCountID);
}

static UInt32 Count(void) {
    UInt32 count = 0;
    UInt32 length = sizeof(count);
    (void)QTSS_GetValue(sServer, sCountID, 0, &count, &length);
    return count;
}

/* Two connections may be served at once, hence the lock. */
static void AddOne(void) {
    UInt32 count;
    (void)QTSS_LockObject(sServer);
    count = Count() + 1;
    (void)QTSS_SetValue(sServer, sCountID, 0, &count, sizeof(count));
    (void)QTSS_UnlockObject(sServer);
}

static void LogCount(void) {
    char line[64];
    sprintf(line, "QTSSPlainCModule: %lu requests", (unsigned long)Count());
    (void)QTSS_Write(sErrorLog, line, (UInt32)strlen(line), NULL, qtssMessageVerbosity);
}

static QTSS_Error Dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams) {
    switch (inRole) {
    case QTSS_Register_Role:
        return AskForRoles();

    case QTSS_Initialize_Role:
        sServer = inParams->initParams.inServer;
        sErrorLog = inParams->initParams.inErrorLogStream;
        return QTSS_NoErr;
    case QTSS_RTSPFilter_Role:
        AddOne();
        return QTSS_NoErr;
    case QTSS_Shutdown_Role:
        LogCount();
        return QTSS_NoErr;
    default:
        return QTSS_NoErr;
    }
}

QTSS_Error QTSSPlainCModule_Main(void* inPrivateArgs) { return _stublibrary_main(inPrivateArgs, Dispatch); }
