/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Small modules for the loader, chosen by a macro. */
#include "probe.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

/* An equally named global in each: with global symbol scope they would be one. */
int gProbeGlobal = 0;

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    (void)inParams;
    note("%s %s", TEXT(PROBE_NAME), role_text(inRole));
    switch (inRole)
    {
        case QTSS_Register_Role:
            (void)QTSS_AddRole(QTSS_Initialize_Role);
            (void)QTSS_AddRole(QTSS_RTSPFilter_Role);
#ifdef FAIL_REGISTER
            return QTSS_RequestFailed;
#endif
            gProbeGlobal++;
            break;
        case QTSS_Initialize_Role:
            CHECK(9, gProbeGlobal == 1);
#ifdef FAIL_INITIALIZE
            return QTSS_RequestFailed;
#endif
            break;
    }
    return QTSS_NoErr;
}

#ifdef NULL_DISPATCH
QTSS_Error PROBE_MAIN(void* inArgs)
{
    QTSS_Error theResult = _stublibrary_main(inArgs, dispatch);
    ((QTSS_PrivateArgs*)inArgs)->outDispatchFunction = NULL;
    return theResult;
}
#elif defined(NEWER_VERSION)
QTSS_Error PROBE_MAIN(void* inArgs)
{
    QTSS_Error theResult = _stublibrary_main(inArgs, dispatch);
    ((QTSS_PrivateArgs*)inArgs)->outStubLibraryVersion = ((QTSS_PrivateArgs*)inArgs)->inServerAPIVersion + 1;
    return theResult;
}
#else
ENTRY_OF(PROBE_NAME)
#endif
