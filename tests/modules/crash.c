/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A module that is fine until somebody asks for a movie called "crash": then it dies in the Authorize role. */
#include <signal.h>
#include "probe.h"

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    char thePath[256];
    UInt32 theLen = sizeof(thePath) - 1;

    switch (inRole)
    {
        case QTSS_Register_Role:
            return QTSS_AddRole(QTSS_RTSPAuthorize_Role);
        case QTSS_RTSPAuthorize_Role:
            if (QTSS_GetValue(inParams->rtspRequestParams.inRTSPRequest, qtssRTSPReqFilePath, 0, thePath, &theLen)
                != QTSS_NoErr)
                return QTSS_NoErr;
            thePath[theLen] = '\0';
            if (strstr(thePath, "crash") != NULL)
                raise(SIGSEGV);
            break;
    }
    return QTSS_NoErr;
}

ENTRY_OF(QTSSCrashModule)
