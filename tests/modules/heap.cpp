// SPDX-License-Identifier: MIT OR Apache-2.0
// One heap: each way in which memory crosses the border, many times over. Without an allocator of its own.
#include "probe.h"
#include <new>

static int sReplacements;

static char* replacement(const char* inText)
{
    size_t theLen = strlen(inText) + 1;
    char* theNew = NULL;
    switch (sReplacements++ % 3)
    {
        case 0: theNew = (char*)QTSS_New(0, (UInt32)theLen); break;
        case 1: theNew = new char[theLen]; break;
        default: theNew = (char*)malloc(theLen); break;
    }
    memcpy(theNew, inText, theLen);
    return theNew;
}

static void strings(QTSS_Object inObject, QTSS_AttributeID inID)
{
    int isGood = 1;
    for (int i = 0; i < 4000; i++)
    {
        char* theText = NULL;
        UInt32 theValue = (UInt32)i;
        isGood &= QTSS_GetValueAsString(inObject, inID, 0, &theText) == QTSS_NoErr && strlen(theText) > 0;
        switch (i % 4)
        {
            case 0: QTSS_Delete(theText); break;
            case 1: delete theText; break;
            case 2: delete[] theText; break;
            default: free(theText); break;
        }
        isGood &= QTSS_ValueToString(&theValue, sizeof(theValue), qtssAttrDataTypeUInt32, &theText) == QTSS_NoErr && atoi(theText) == i;
        if (i % 2)
            delete[] theText;
        else
            QTSS_Delete(theText);
        void* theBlock = QTSS_New(0, 1 + (UInt32)i % 700);
        isGood &= (size_t)theBlock % 16 == 0;
        if (i % 3)
            QTSS_Delete(theBlock);
        else
            free(theBlock);
        QTSS_Delete(malloc(64));
        QTSS_Delete(NULL);
    }
    CHECK(8, isGood);
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    char *theRealm = NULL, *theText = NULL;
    Bool16 isAllowed = 0;
    UInt32 theLen = 0;
    switch (inRole)
    {
        case QTSS_Register_Role:
            (void)QTSS_AddRole(QTSS_Initialize_Role);
            (void)QTSS_AddRole(QTSS_RTSPFilter_Role);
            (void)QTSS_AddRole(QTSS_RTSPPreProcessor_Role);
            break;
        case QTSS_Initialize_Role: strings(inParams->initParams.inModule, qtssModName); break;
        case QTSS_RTSPFilter_Role:
            if (QTSS_GetValuePtr(inParams->rtspFilterParams.inRTSPRequest, qtssRTSPReqFullRequest, 0, (void**)&theText, &theLen) != QTSS_NoErr)
                break;
            *inParams->rtspFilterParams.outNewRequest = replacement(theText);
            break;
        case QTSS_RTSPPreProcessor_Role:
            CHECK(8, QTSS_Authorize(inParams->rtspPreProcessorParams.inRTSPRequest, &theRealm, &isAllowed) == QTSS_NoErr && theRealm != NULL);
            delete[] theRealm;
            note("replaced %d", sReplacements);
            break;
    }
    return QTSS_NoErr;
}

ENTRY(Heap)
