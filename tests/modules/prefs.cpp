// SPDX-License-Identifier: MIT OR Apache-2.0
// Preferences as modules of the SDK read and write them, and what they see after a reread.
#include "probe.h"
#include "QTSSModuleUtils.h"

static QTSS_ModuleObject sModule;
static QTSS_AttributeID sKeptID, sTypedID;

static bool is_true(QTSS_Object inPrefs, const char* inName)
{
    Bool16 theValue = 7;
    UInt32 theLen = sizeof(theValue);
    QTSS_AttributeID theID = QTSSModuleUtils::GetAttrID(inPrefs, inName);
    return QTSS_GetValue(inPrefs, theID, 0, &theValue, &theLen) == QTSS_NoErr && theLen == 2 && theValue == 1;
}

static bool has_text(QTSS_Object inPrefs, const char* inName, UInt32 inIndex, const char* inExpected)
{
    char* theText = NULL;
    if (QTSS_GetValueAsString(inPrefs, QTSSModuleUtils::GetAttrID(inPrefs, inName), inIndex, &theText) != QTSS_NoErr)
        return false;
    bool isSame = strcmp(theText, inExpected) == 0;
    QTSS_Delete(theText);
    return isSame;
}

// The configuration as it is on the disk at this moment.
static bool file_has(const char* inText)
{
    static char sContent[200000];
    FILE* theFile = fopen(getenv("PROBE_CONFIG"), "r");
    size_t theLen = theFile == NULL ? 0 : fread(sContent, 1, sizeof(sContent) - 1, theFile);
    if (theFile != NULL)
        fclose(theFile);
    sContent[theLen] = 0;
    return strstr(sContent, inText) != NULL;
}

static void set_number(QTSS_Object inPrefs, const char* inName, UInt32 inValue)
{
    (void)QTSS_SetValue(inPrefs, QTSSModuleUtils::GetAttrID(inPrefs, inName), 0, &inValue, sizeof(inValue));
}

static void do_initialize(QTSS_Initialize_Params* inParams)
{
    QTSSModuleUtils::Initialize(inParams->inMessages, inParams->inServer, inParams->inErrorLogStream);
    sModule = inParams->inModule;
    QTSS_ModulePrefsObject thePrefs = QTSSModuleUtils::GetModulePrefsObject(sModule);
    CHECK(23, is_true(thePrefs, "bool_true"));
    CHECK(23, is_true(thePrefs, "bool_capitals"));
    CHECK(23, !is_true(thePrefs, "bool_one"));
    CHECK(23, !is_true(thePrefs, "bool_yes"));
    CHECK(23, !is_true(thePrefs, "bool_on"));
    CHECK(24, number_pref(thePrefs, "number_junk", 99) == 12);
    CHECK(24, number_pref(thePrefs, "number_blanks", 99) == 13);
    UInt32 theNumber = 42, theDefault = 7, theLen = sizeof(theNumber);
    CHECK(24, QTSS_StringToValue("none", qtssAttrDataTypeUInt32, &theNumber, &theLen) == QTSS_NoErr && theNumber == 42);
    // Without a TYPE it is text: the SDK takes it away and puts the default there.
    theNumber = 0;
    QTSSModuleUtils::GetAttribute(thePrefs, "untyped", qtssAttrDataTypeUInt32, &theNumber, &theDefault, sizeof(theNumber));
    CHECK(25, theNumber == 7);
    CHECK(25, file_has("<PREF NAME=\"untyped\" TYPE=\"UInt32\" >7</PREF>"));
    CHECK(25, !file_has("<PREF NAME=\"untyped\" >5</PREF>"));
    theNumber = 0;
    QTSSModuleUtils::GetAttribute(thePrefs, "missing", qtssAttrDataTypeUInt32, &theNumber, &theDefault, sizeof(theNumber));
    CHECK(13, theNumber == 7 && file_has("<PREF NAME=\"missing\" TYPE=\"UInt32\" >7</PREF>"));
    CHECK(26, has_text(thePrefs, "raw", 0, "a & b"));
    CHECK(26, has_text(thePrefs, "entity", 0, "a & b")); // unlike DSS: what is written as an entity is read as one
    CHECK(26, has_text(thePrefs, "blanks", 0, "  both sides  "));
    CHECK(26, has_text(thePrefs, "list", 0, "one") && has_text(thePrefs, "list", 1, "") && has_text(thePrefs, "list", 2, "three"));
    CHECK(27, file_has(">12abc</PREF>"));
    set_number(thePrefs, "number_junk", 21);
    CHECK(27, file_has("<PREF NAME=\"number_junk\" TYPE=\"UInt32\" >21</PREF>"));
    CHECK(27, !file_has(">12abc</PREF>"));
    sKeptID = QTSSModuleUtils::GetAttrID(thePrefs, "kept");
    sTypedID = QTSSModuleUtils::GetAttrID(thePrefs, "typed");
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    QTSS_ModulePrefsObject thePrefs = sModule == NULL ? NULL : QTSSModuleUtils::GetModulePrefsObject(sModule);
    switch (inRole)
    {
        case QTSS_Register_Role:
            (void)QTSS_AddRole(QTSS_Initialize_Role);
            (void)QTSS_AddRole(QTSS_RereadPrefs_Role);
            (void)QTSS_AddRole(QTSS_RTSPFilter_Role);
            break;
        case QTSS_Initialize_Role: do_initialize(&inParams->initParams); break;
        case QTSS_RTSPFilter_Role:
            note("kept is %d", (int)number_pref(thePrefs, "kept", 0));
            set_number(thePrefs, "number_junk", number_pref(thePrefs, "number_junk", 0) + 1);
            break;
        case QTSS_RereadPrefs_Role:
        {
            char* theText = NULL;
            UInt32 theLen = 0;
            CHECK(29, inParams == NULL);
            CHECK(29, QTSSModuleUtils::GetAttrID(thePrefs, "kept") == sKeptID);
            CHECK(29, number_pref(thePrefs, "kept", 0) == 32);
            CHECK(29, QTSSModuleUtils::GetAttrID(thePrefs, "gone") == qtssIllegalAttrID);
            CHECK(29, QTSSModuleUtils::GetAttrID(thePrefs, "typed") != sTypedID);
            CHECK(29, QTSS_GetValue(thePrefs, sTypedID, 0, NULL, &theLen) != QTSS_NoErr);
            CHECK(29, QTSS_GetValueAsString(thePrefs, QTSSModuleUtils::GetAttrID(thePrefs, "typed"), 0, &theText) == QTSS_NoErr
                          && strcmp(theText, "now text") == 0);
            QTSS_Delete(theText);
            note("reread");
            break;
        }
    }
    return QTSS_NoErr;
}

ENTRY(Prefs)
