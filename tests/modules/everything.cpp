// SPDX-License-Identifier: MIT OR Apache-2.0
// The calls that the other probes leave out, each with its error cases, and abuse: stale, foreign and garbage objects,
// calls from foreign threads. C++20.
#define QTSS_OLDROUTINENAMES 1
#include "probe.h"
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace
{

QTSS_Object sServer, sRequest, sSession;
QTSS_AttributeID sUnknownAttr = qtssIllegalAttrID;
UInt32 sCounter = 5;

QTSS_Object garbage(int inIndex)
{
    static int sLocal;
    switch (inIndex)
    {
        case 0: return nullptr;
        case 1: return reinterpret_cast<QTSS_Object>(1);
        case 2: return reinterpret_cast<QTSS_Object>(0x7fffffff);
        case 3: return reinterpret_cast<QTSS_Object>(~static_cast<size_t>(0));
        default: return &sLocal;
    }
}

// Every call that takes an object answers BadArgument to what is none.
void abuse(QTSS_Object inObject)
{
    void* thePtr = nullptr;
    char* theText = nullptr;
    UInt32 theLen = 4, theValue = 0;
    QTSS_Object theOut = nullptr;
    Bool16 isAllowed = 0;
    QTSS_PacketStruct thePacket = {};
    CHECK(81, QTSS_GetValuePtr(inObject, 0, 0, &thePtr, &theLen) == QTSS_BadArgument);
    CHECK(81, QTSS_GetValue(inObject, 0, 0, &theValue, &theLen) == QTSS_BadArgument);
    CHECK(81, QTSS_SetValue(inObject, 0, 0, &theValue, 4) == QTSS_BadArgument);
    CHECK(81, QTSS_SetValuePtr(inObject, 0, &theValue, 4) == QTSS_BadArgument);
    CHECK(81, QTSS_GetValueAsString(inObject, 0, 0, &theText) == QTSS_BadArgument);
    CHECK(81, QTSS_GetNumValues(inObject, 0, &theLen) == QTSS_BadArgument);
    CHECK(81, QTSS_RemoveValue(inObject, 0, 0) == QTSS_BadArgument);
    CHECK(81, QTSS_GetNumAttributes(inObject, &theLen) == QTSS_BadArgument);
    CHECK(81, QTSS_AddInstanceAttribute(inObject, (char*)"x", nullptr, qtssAttrDataTypeUInt32) == QTSS_BadArgument);
    CHECK(81, QTSS_RemoveInstanceAttribute(inObject, 0) == QTSS_BadArgument);
    CHECK(81, QTSS_GetAttrInfoByIndex(inObject, 0, &theOut) == QTSS_BadArgument);
    CHECK(81, QTSS_GetAttrInfoByName(inObject, (char*)"x", &theOut) == QTSS_BadArgument);
    CHECK(81, QTSS_GetAttrInfoByID(inObject, 0, &theOut) == QTSS_BadArgument);
    CHECK(81, QTSS_CreateObjectValue(inObject, 0, qtssDynamicObjectType, &theLen, &theOut) == QTSS_BadArgument);
    CHECK(81, QTSS_LockObject(inObject) == QTSS_BadArgument && QTSS_UnlockObject(inObject) == QTSS_BadArgument);
    CHECK(81, QTSS_Write(inObject, &thePacket, 4, &theLen, qtssWriteFlagsIsRTP) == QTSS_BadArgument);
    CHECK(81, QTSS_WriteV(inObject, nullptr, 0, 0, &theLen) == QTSS_BadArgument);
    CHECK(81, QTSS_Flush(inObject) == QTSS_BadArgument && QTSS_Read(inObject, &theValue, 4, &theLen) == QTSS_BadArgument);
    CHECK(81, QTSS_Seek(inObject, 0) == QTSS_BadArgument && QTSS_Advise(inObject, 0, 4) == QTSS_BadArgument);
    CHECK(81, QTSS_RequestEvent(inObject, QTSS_ReadableEvent) == QTSS_BadArgument);
    CHECK(81, QTSS_DestroySocketStream(inObject) == QTSS_BadArgument && QTSS_CloseFileObject(inObject) == QTSS_BadArgument);
    CHECK(81, QTSS_SendRTSPHeaders(inObject) == QTSS_BadArgument);
    CHECK(81, QTSS_AppendRTSPHeader(inObject, 0, "x", 1) == QTSS_BadArgument);
    CHECK(81, QTSS_SendStandardRTSPResponse(inObject, sServer, 0) == QTSS_BadArgument);
    CHECK(81, QTSS_AddRTPStream(inObject, inObject, &theOut, 0) == QTSS_BadArgument);
    CHECK(81, QTSS_Play(inObject, nullptr, 0) == QTSS_BadArgument && QTSS_Pause(inObject) == QTSS_BadArgument);
    CHECK(81, QTSS_Teardown(inObject) == QTSS_BadArgument && QTSS_RefreshTimeOut(inObject) == QTSS_BadArgument);
    CHECK(81, QTSS_Authenticate("u", "/p", "/m", qtssActionFlagsRead, qtssAuthBasic, inObject) == QTSS_BadArgument);
    CHECK(81, QTSS_Authorize(inObject, &theText, &isAllowed) == QTSS_BadArgument);
}

void conversions()
{
    char* theText = nullptr;
    QTSS_AttrDataType theType = 99;
    UInt32 theSize = 2, theNumber = 42;
    CHECK(82, QTSS_TypeToTypeString(qtssAttrDataTypeBool16, &theText) == QTSS_NoErr && std::string_view(theText) == "Bool16");
    CHECK(82, QTSS_TypeToTypeString(4711, &theText) == QTSS_NoErr && std::string_view(theText) == "Unknown");
    CHECK(82, QTSS_TypeToTypeString(qtssAttrDataTypeBool16, nullptr) == QTSS_BadArgument);
    CHECK(82, QTSS_TypeStringToType("uint32", &theType) == QTSS_NoErr && theType == qtssAttrDataTypeUInt32);
    CHECK(82, QTSS_TypeStringToType("no such type", &theType) == QTSS_NoErr && theType == qtssAttrDataTypeUnknown);
    CHECK(82, QTSS_TypeStringToType(nullptr, &theType) == QTSS_BadArgument);
    CHECK(82, QTSS_StringToValue("7", qtssAttrDataTypeUInt32, &theNumber, &theSize) == QTSS_NotEnoughSpace && theSize == 4);
    CHECK(82, QTSS_StringToValue("7", qtssAttrDataTypeUInt32, &theNumber, &theSize) == QTSS_NoErr && theNumber == 7);
    CHECK(82, QTSS_StringToValue("none", qtssAttrDataTypeUInt32, &theNumber, &theSize) == QTSS_NoErr && theNumber == 7);
    CHECK(82, QTSS_StringToValue(nullptr, qtssAttrDataTypeUInt32, &theNumber, &theSize) == QTSS_BadArgument);
    CHECK(82, QTSS_ValueToString(&theNumber, 4, qtssAttrDataTypeUInt32, &theText) == QTSS_NoErr && std::string_view(theText) == "7");
    QTSS_Delete(theText);
    CHECK(82, QTSS_ValueToString(nullptr, 4, qtssAttrDataTypeUInt32, &theText) == QTSS_BadArgument);
}

void objects(QTSS_Object inAttributes, QTSS_Object inPrefs)
{
    QTSS_ObjectType theType = 0;
    QTSS_Object theChild = nullptr, theInfo = nullptr;
    QTSS_AttributeID theID = 0;
    UInt32 theIndex = 99, theLen = sizeof(theID), theSeconds = 0;
    char* theText = nullptr;
    CHECK(83, QTSS_CreateObjectType(&theType) == QTSS_NoErr && theType >= 19 && theType < 600);
    CHECK(83, QTSS_CreateObjectType(nullptr) == QTSS_BadArgument);
    // A connected user: made, bound to a counter of ours, found, removed.
    CHECK(83, QTSS_CreateObjectValue(sServer, qtssSvrConnectedUsers, qtssConnectedUserObjectType, &theIndex, &theChild) == QTSS_NoErr);
    CHECK(83, theIndex == 0 && theChild != nullptr);
    CHECK(83, QTSS_SetValuePtr(theChild, qtssConnectionBytesSent, &sCounter, sizeof(sCounter)) != QTSS_ReadOnly || true);
    CHECK(83, QTSS_SetValue(theChild, qtssConnectionHostName, 0, "host", 4) == QTSS_NoErr);
    CHECK(83, QTSS_GetValueAsString(theChild, qtssConnectionHostName, 0, &theText) == QTSS_NoErr && std::string_view(theText) == "host");
    delete theText;
    CHECK(83, QTSS_CreateObjectValue(sServer, qtssSvrConnectedUsers, 0x12345678, &theIndex, &theChild) == QTSS_BadArgument);
    CHECK(83, QTSS_RemoveValue(sServer, qtssSvrConnectedUsers, 7) == QTSS_BadIndex);
    CHECK(83, QTSS_RemoveValue(sServer, qtssSvrConnectedUsers, 0) == QTSS_NoErr);
    CHECK(83, QTSS_GetNumAttributes(theChild, &theLen) == QTSS_BadArgument); // it died with its value
    // Instance attributes come and go.
    CHECK(83, QTSS_AddInstanceAttribute(inAttributes, (char*)"counter", nullptr, qtssAttrDataTypeUInt32) == QTSS_NoErr);
    CHECK(83, QTSS_GetAttrInfoByName(inAttributes, (char*)"counter", &theInfo) == QTSS_NoErr);
    theLen = sizeof(theID);
    (void)QTSS_GetValue(theInfo, qtssAttrID, 0, &theID, &theLen);
    CHECK(83, (static_cast<UInt32>(theID) & 0x80000000u) != 0 && QTSS_GetAttrInfoByID(inAttributes, theID, &theInfo) == QTSS_NoErr);
    CHECK(83, QTSS_SetValuePtr(inAttributes, theID, &sCounter, sizeof(sCounter)) == QTSS_NoErr);
    sCounter = 77;
    theLen = sizeof(theSeconds);
    CHECK(83, QTSS_GetValue(inAttributes, theID, 0, &theSeconds, &theLen) == QTSS_NoErr && theSeconds == 77);
    CHECK(83, QTSS_SetValuePtr(inAttributes, theID, &sCounter, sizeof(sCounter)) == QTSS_BadArgument);
    CHECK(83, QTSS_RemoveInstanceAttribute(inAttributes, theID) == QTSS_NoErr);
    CHECK(83, QTSS_GetAttrInfoByName(inAttributes, (char*)"counter", &theInfo) == QTSS_AttrDoesntExist);
    CHECK(83, QTSS_GetValue(inAttributes, theID, 0, &theSeconds, &theLen) == QTSS_ValueNotFound);
    CHECK(83, QTSS_RemoveInstanceAttribute(inAttributes, 0) == QTSS_BadArgument);
    // A preference of our own reaches the file.
    CHECK(83, QTSS_AddInstanceAttribute(inPrefs, (char*)"written", nullptr, qtssAttrDataTypeUInt32) == QTSS_NoErr);
    (void)QTSS_GetAttrInfoByName(inPrefs, (char*)"written", &theInfo);
    theLen = sizeof(theID);
    (void)QTSS_GetValue(theInfo, qtssAttrID, 0, &theID, &theLen);
    CHECK(83, QTSS_SetValue(inPrefs, theID, 0, &sCounter, sizeof(sCounter)) == QTSS_NoErr);
}

QTSS_Error do_register()
{
    for (QTSS_Role theRole : {QTSS_Initialize_Role, QTSS_RTSPFilter_Role, QTSS_RTSPAuthenticate_Role, QTSS_RTSPPreProcessor_Role,
             QTSS_Interval_Role, QTSS_ClientSessionClosing_Role})
        (void)QTSS_AddRole(theRole);
    CHECK(82, QTSS_AddAttribute(qtssServerObjectType, "OldStyle", nullptr) == QTSS_NoErr);
    CHECK(82, QTSS_AddAttribute(qtssServerObjectType, "OldStyle", nullptr) == QTSS_AttrNameExists);
    CHECK(82, QTSS_AddStaticAttribute(qtssServerObjectType, (char*)std::string(65, 'x').c_str(), nullptr, qtssAttrDataTypeUInt32) == QTSS_BadArgument);
    CHECK(82, QTSS_AddStaticAttribute(0x12345678, (char*)"x", nullptr, qtssAttrDataTypeUInt32) == QTSS_BadArgument);
    CHECK(82, QTSS_AddStaticAttribute(qtssServerObjectType, nullptr, nullptr, qtssAttrDataTypeUInt32) == QTSS_BadArgument);
    CHECK(82, QTSS_AddService(nullptr, nullptr) == QTSS_BadArgument && QTSS_AddService("Null", nullptr) == QTSS_BadArgument);
    return QTSS_IDForAttr(qtssServerObjectType, "OldStyle", &sUnknownAttr);
}

void do_initialize(QTSS_Initialize_Params* inParams)
{
    QTSS_Object theAttributes = nullptr;
    UInt32 theLen = sizeof(theAttributes);
    sServer = inParams->inServer;
    (void)QTSS_GetValue(inParams->inModule, qtssModAttributes, 0, &theAttributes, &theLen);
    conversions();
    objects(theAttributes, prefs_of(inParams->inModule));
    for (int i = 0; i < 5; i++)
        abuse(garbage(i));
    QTSS_LockStdLib();
    QTSS_LockStdLib();
    QTSS_UnlockStdLib();
    QTSS_UnlockStdLib();
    CHECK(82, QTSS_RequestGlobalLock() == QTSS_OutOfState && QTSS_GlobalUnLock() == QTSS_OutOfState);
    std::thread([] {
        abuse(garbage(2));
        CHECK(82, QTSS_RequestGlobalLock() == QTSS_RequestFailed && QTSS_IsGlobalLocked() == 0);
        auto theBlock = std::unique_ptr<void, void (*)(void*)>(QTSS_New(0, 100000), QTSS_Delete);
        CHECK(82, theBlock != nullptr && reinterpret_cast<size_t>(theBlock.get()) % 16 == 0);
    }).join();
}

void do_filter(QTSS_Filter_Params* inParams)
{
    static int sStep = 0;
    sRequest = inParams->inRTSPRequest;
    if (sStep == 0)
        CHECK(84, QTSS_IsGlobalLocked() == 0 && QTSS_RequestGlobalLock() == QTSS_NoErr);
    else if (sStep == 1)
    {
        CHECK(84, QTSS_IsGlobalLocked() == 1);
        char* theRoot = nullptr;
        (void)QTSS_GetValueAsString(sRequest, qtssRTSPReqRootDir, 0, &theRoot);
        CHECK(84, QTSS_GlobalUnLock() == QTSS_NoErr && QTSS_IsGlobalLocked() == 0);
        CHECK(84, QTSS_Authenticate("somebody", "/local/path", "/movies", qtssActionFlagsRead, qtssAuthBasic, sRequest) == QTSS_NoErr);
        CHECK(84, QTSS_Authenticate(nullptr, "/p", "/m", qtssActionFlagsRead, qtssAuthBasic, sRequest) == QTSS_BadArgument);
        CHECK(84, QTSS_Authenticate("u", "/p", "/m", qtssActionFlagsNoFlags, qtssAuthBasic, sRequest) == QTSS_BadArgument);
        CHECK(84, QTSS_Authenticate("u", "/p", "/m", qtssActionFlagsRead, qtssAuthNone, sRequest) == QTSS_BadArgument);
        (void)QTSS_SetValue(sRequest, qtssRTSPReqRootDir, 0, theRoot, strlen(theRoot));
        free(theRoot);
    }
    sStep++;
}

void do_authenticate(QTSS_RTSPAuth_Params* inParams)
{
    static bool isFirst = true;
    QTSS_Object theProfile = nullptr;
    UInt32 theLen = sizeof(theProfile);
    char *theName = nullptr, *thePath = nullptr;
    if (!isFirst)
        return;
    isFirst = false;
    CHECK(84, QTSS_GetValue(inParams->inRTSPRequest, qtssRTSPReqUserProfile, 0, &theProfile, &theLen) == QTSS_NoErr);
    CHECK(84, QTSS_GetValueAsString(theProfile, qtssUserName, 0, &theName) == QTSS_NoErr && std::string_view(theName) == "somebody");
    CHECK(84, QTSS_GetValueAsString(inParams->inRTSPRequest, qtssRTSPReqLocalPath, 0, &thePath) == QTSS_NoErr && std::string_view(thePath) == "/local/path");
    CHECK(84, QTSS_SetValue(theProfile, qtssUserPassword, 0, "secret", 6) == QTSS_NoErr);
    CHECK(84, QTSS_SetValue(theProfile, qtssUserName, 0, "x", 1) == QTSS_ReadOnly);
    free(theName);
    free(thePath);
}

QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    static bool isOver = false;
    switch (inRole)
    {
        case QTSS_Register_Role: return do_register();
        case QTSS_Initialize_Role: do_initialize(&inParams->initParams); break;
        case QTSS_RTSPFilter_Role: do_filter(&inParams->rtspFilterParams); break;
        case QTSS_RTSPAuthenticate_Role: do_authenticate(&inParams->rtspAthnParams); break;
        case QTSS_RTSPPreProcessor_Role:
            sSession = inParams->rtspPreProcessorParams.inClientSession;
            CHECK(82, QTSS_RefreshTimeOut(sSession) == QTSS_NoErr && QTSS_RefreshTimeOut(nullptr) == QTSS_BadArgument);
            CHECK(82, QTSS_Pause(sSession) == QTSS_NoErr);
            CHECK(82, QTSS_Play(sSession, nullptr, 0) == QTSS_RequestFailed);
            break;
        case QTSS_ClientSessionClosing_Role:
            if (!isOver) // some time later all of it is stale
                std::thread([] {
                    usleep(300000);
                    abuse(sRequest);
                    abuse(sSession);
                    note("stale handles tried");
                }).detach();
            isOver = true;
            break;
    }
    return QTSS_NoErr;
}

} // namespace

ENTRY(Everything)
