/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A module without the stub library: it finds the functions of the API, and helpers of the SDK, in the server. */
#include "probe.h"

extern int qtss_snprintf(char* outText, size_t inSize, const char* inFormat, ...);
extern char* qtss_strerror(int inError, char* outText, int inLen);

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    char theText[32], theError[64], *theName = NULL;
    switch (inRole)
    {
        case QTSS_Register_Role: return QTSS_AddRole(QTSS_Initialize_Role);
        case QTSS_Initialize_Role:
            (void)qtss_snprintf(theText, sizeof(theText), "%s %d %.1f", "text", 12, 1.5);
            CHECK(9, strcmp(theText, "text 12 1.5") == 0);
            CHECK(9, strcmp(qtss_strerror(2, theError, sizeof(theError)), "No such file or directory") == 0);
            CHECK(9, QTSS_GetValueAsString(inParams->initParams.inModule, qtssModName, 0, &theName) == QTSS_NoErr);
            CHECK(9, strcmp(theName, "Unlinked") == 0 && QTSS_Milliseconds() > 0);
            QTSS_Delete(theName);
            break;
    }
    return QTSS_NoErr;
}

QTSS_Error Unlinked_Main(void* inArgs)
{
    QTSS_PrivateArgs* theArgs = (QTSS_PrivateArgs*)inArgs;
    theArgs->outStubLibraryVersion = 0x00040000; /* older ones are fine */
    theArgs->outDispatchFunction = dispatch;
    return QTSS_NoErr;
}
