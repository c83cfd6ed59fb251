/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A module that lets every request through: what is left is what it costs to ask it. */
#include "QTSS.h"
#include "QTSS_Private.h"

QTSS_Error AuthorizeModule_Main(void* inPrivateArgs);

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    (void)inParams;
    return inRole == QTSS_Register_Role ? QTSS_AddRole(QTSS_RTSPAuthorize_Role) : QTSS_NoErr;
}

QTSS_Error AuthorizeModule_Main(void* inPrivateArgs)
{
    return _stublibrary_main(inPrivateArgs, dispatch);
}
