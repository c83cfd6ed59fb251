// SPDX-License-Identifier: MIT OR Apache-2.0
#include "fake_server.h"

#include <iterator>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

std::map<std::string, std::string> fake::files;
QTSS_TimeVal fake::fileDate = 1000;
QTSS_Error fake::fileReadError = QTSS_NoErr;
int fake::openFiles = 0;
QTSS_DispatchFuncPtr fake::dispatch = NULL;
std::set<QTSS_Role> fake::roles;
int fake::events = 0;
int fake::signals = 0;
int fake::streams = 0;
SInt64 fake::idle = 0;
SInt64 fake::now = 0;
fake::Object* fake::stream = NULL;

namespace {

fake::Object* Of(QTSS_Object object) { return static_cast<fake::Object*>(object); }

std::string* Value(QTSS_Object object, QTSS_AttributeID id, UInt32 index) {
    if (object == NULL || id == static_cast<QTSS_AttributeID>(qtssIllegalAttrID))
        return NULL;
    std::map<QTSS_AttributeID, fake::Attribute>::iterator found = Of(object)->attributes.find(id);
    if (found == Of(object)->attributes.end() || index >= found->second.values.size())
        return NULL;
    return &found->second.values[index];
}

char* Copy(const std::string& text) {
    char* copy = static_cast<char*>(::malloc(text.size() + 1));
    ::memcpy(copy, text.c_str(), text.size() + 1);
    return copy;
}

// Takes a packet a second before it is due.
QTSS_Error TakePacket(fake::Object* stream, const void* buffer, UInt32 length) {
    const SInt64 kAhead = 1000;
    QTSS_PacketStruct* packet = static_cast<QTSS_PacketStruct*>(const_cast<void*>(buffer));
    packet->suggestedWakeupTime = -1;
    if (packet->packetTransmitTime > fake::now + kAhead) {
        packet->suggestedWakeupTime = packet->packetTransmitTime - kAhead;
        return QTSS_WouldBlock;
    }
    stream->written.append(static_cast<const char*>(packet->packetData), length);
    return QTSS_NoErr;
}

std::map<std::string, QTSS_AttributeID> sStaticIDs;

} // namespace

extern "C" {

QTSS_Error _stublibrary_main(void*, QTSS_DispatchFuncPtr inDispatchFunc) {
    fake::dispatch = inDispatchFunc;
    fake::roles.clear();
    return QTSS_NoErr;
}

QTSS_Error QTSS_AddRole(QTSS_Role inRole) {
    fake::roles.insert(inRole);
    return QTSS_NoErr;
}

QTSS_Error QTSS_AddStaticAttribute(QTSS_ObjectType, char* inAttrName, void*, QTSS_AttrDataType) {
    if (sStaticIDs.count(inAttrName) != 0)
        return QTSS_AttrNameExists;
    QTSS_AttributeID id = static_cast<QTSS_AttributeID>(10000 + sStaticIDs.size());
    sStaticIDs[inAttrName] = id;
    return QTSS_NoErr;
}

QTSS_Error QTSS_IDForAttr(QTSS_ObjectType, const char* inAttributeName, QTSS_AttributeID* outID) {
    if (sStaticIDs.count(inAttributeName) == 0)
        return QTSS_AttrDoesntExist;
    *outID = sStaticIDs[inAttributeName];
    return QTSS_NoErr;
}

QTSS_Error QTSS_GetNumAttributes(QTSS_Object inObject, UInt32* outNumAttributes) {
    *outNumAttributes = static_cast<UInt32>(Of(inObject)->names.size());
    return QTSS_NoErr;
}

QTSS_Error QTSS_GetAttrInfoByIndex(QTSS_Object inObject, UInt32 inIndex, QTSS_AttrInfoObject* outInfo) {
    std::map<std::string, QTSS_AttributeID>::iterator name = Of(inObject)->names.begin();
    std::advance(name, static_cast<long>(inIndex));
    QTSS_Error error = QTSS_GetAttrInfoByName(inObject, const_cast<char*>(name->first.c_str()), outInfo);
    if (error == QTSS_NoErr)
        Of(*outInfo)->SetText(qtssAttrName, name->first);
    return error;
}

QTSS_Error QTSS_TypeToTypeString(const QTSS_AttrDataType inType, char** outTypeString) {
    *outTypeString = const_cast<char*>(inType == qtssAttrDataTypeCharArray ? "CharArray" : "other");
    return QTSS_NoErr;
}

QTSS_Error QTSS_RequestEvent(QTSS_StreamRef, QTSS_EventType) {
    fake::events++;
    return QTSS_NoErr;
}

QTSS_Error QTSS_SignalStream(QTSS_StreamRef, QTSS_EventType) {
    fake::signals++;
    return QTSS_NoErr;
}

QTSS_Error QTSS_SetIdleTimer(SInt64 inIdleMsec) {
    fake::idle = inIdleMsec;
    return QTSS_NoErr;
}

QTSS_TimeVal QTSS_Milliseconds(void) { return fake::now; }

QTSS_Error QTSS_CreateStreamFromSocket(int inFileDesc, QTSS_SocketStream* outStream) {
    *outStream = new int(inFileDesc);
    fake::streams++;
    return QTSS_NoErr;
}

QTSS_Error QTSS_DestroySocketStream(QTSS_SocketStream inStream) {
    int* descriptor = static_cast<int*>(inStream);
    ::close(*descriptor);
    delete descriptor;
    fake::streams--;
    return QTSS_NoErr;
}

QTSS_Error QTSS_AddRTPStream(QTSS_ClientSessionObject, QTSS_RTSPRequestObject, QTSS_RTPStreamObject* outStream,
                             QTSS_AddStreamFlags) {
    if (fake::stream == NULL)
        return QTSS_RequestFailed;
    *outStream = fake::stream;
    return QTSS_NoErr;
}

QTSS_Error QTSS_Play(QTSS_ClientSessionObject inSession, QTSS_RTSPRequestObject, QTSS_PlayFlags) {
    Of(inSession)->written += "[play]";
    return QTSS_NoErr;
}

QTSS_Error QTSS_Pause(QTSS_ClientSessionObject inSession) {
    Of(inSession)->written += "[pause]";
    return QTSS_NoErr;
}

QTSS_Error QTSS_Teardown(QTSS_ClientSessionObject inSession) {
    Of(inSession)->written += "[teardown]";
    return QTSS_NoErr;
}

void* QTSS_New(FourCharCode, UInt32 inSize) { return ::malloc(inSize); }

void QTSS_Delete(void* inMemory) { ::free(inMemory); }

QTSS_Error QTSS_GetValuePtr(QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, void** outBuffer,
                            UInt32* outLen) {
    std::string* value = Value(inObject, inID, inIndex);
    *outLen = value == NULL ? 0 : static_cast<UInt32>(value->size());
    if (value == NULL)
        return QTSS_ValueNotFound;
    *outBuffer = &(*value)[0];
    return QTSS_NoErr;
}

QTSS_Error QTSS_GetValue(QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, void* ioBuffer, UInt32* ioLen) {
    std::string* value = Value(inObject, inID, inIndex);
    if (value == NULL)
        return QTSS_ValueNotFound; // the length stays as it is
    UInt32 length = static_cast<UInt32>(value->size());
    if (length <= *ioLen)
        ::memcpy(ioBuffer, value->data(), length);
    *ioLen = length;
    return QTSS_NoErr;
}

QTSS_Error QTSS_GetValueAsString(QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, char** outString) {
    std::string* value = Value(inObject, inID, inIndex);
    if (value == NULL)
        return QTSS_ValueNotFound;
    *outString = Copy(*value);
    return QTSS_NoErr;
}

QTSS_Error QTSS_SetValue(QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, const void* inBuffer,
                         UInt32 inLen) {
    std::string bytes = inLen == 0 ? std::string() : std::string(static_cast<const char*>(inBuffer), inLen);
    Of(inObject)->Put(inID, inIndex, bytes);
    return QTSS_NoErr;
}

QTSS_Error QTSS_GetNumValues(QTSS_Object inObject, QTSS_AttributeID inID, UInt32* outNumValues) {
    *outNumValues = static_cast<UInt32>(Of(inObject)->attributes[inID].values.size());
    return QTSS_NoErr;
}

QTSS_Error QTSS_AddInstanceAttribute(QTSS_Object inObject, char* inAttrName, void*, QTSS_AttrDataType inType) {
    fake::Object* object = Of(inObject);
    if (object->names.count(inAttrName) != 0)
        return QTSS_AttrNameExists;
    object->Name(inAttrName, static_cast<QTSS_AttributeID>(0x80000000U + object->names.size()), inType);
    return QTSS_NoErr;
}

QTSS_Error QTSS_RemoveInstanceAttribute(QTSS_Object inObject, QTSS_AttributeID inID) {
    fake::Object* object = Of(inObject);
    object->attributes.erase(inID);
    std::map<std::string, QTSS_AttributeID>::iterator name = object->names.begin();
    while (name != object->names.end() && name->second != inID)
        ++name;
    if (name == object->names.end())
        return QTSS_AttrDoesntExist;
    object->names.erase(name);
    return QTSS_NoErr;
}

QTSS_Error QTSS_GetAttrInfoByName(QTSS_Object inObject, char* inAttrName, QTSS_AttrInfoObject* outInfo) {
    static fake::Object sInfo;
    fake::Object* object = Of(inObject);
    std::map<std::string, QTSS_AttributeID>::iterator name = object->names.find(inAttrName);
    if (name == object->names.end())
        return QTSS_AttrDoesntExist;
    sInfo.Set(qtssAttrID, name->second);
    sInfo.Set(qtssAttrDataType, object->attributes[name->second].type);
    *outInfo = &sInfo;
    return QTSS_NoErr;
}

QTSS_Error QTSS_LockObject(QTSS_Object) { return QTSS_NoErr; }

QTSS_Error QTSS_UnlockObject(QTSS_Object) { return QTSS_NoErr; }

QTSS_Error QTSS_ValueToString(const void* inValue, const UInt32 inValueLen, const QTSS_AttrDataType inType,
                              char** outString) {
    char text[32] = "?";
    UInt32 number = 0;
    if (inType == qtssAttrDataTypeCharArray) {
        *outString = Copy(std::string(static_cast<const char*>(inValue), inValueLen));
        return QTSS_NoErr;
    }
    if (inValueLen == sizeof(number)) {
        ::memcpy(&number, inValue, sizeof(number));
        ::snprintf(text, sizeof(text), "%lu", static_cast<unsigned long>(number));
    }
    *outString = Copy(text);
    return QTSS_NoErr;
}

QTSS_Error QTSS_Write(QTSS_StreamRef inRef, const void* inBuffer, UInt32 inLen, UInt32* outWritten,
                      QTSS_WriteFlags inFlags) {
    fake::Object* stream = Of(inRef);
    if ((inFlags & qtssWriteFlagsIsRTP) != 0 && stream == fake::stream)
        return TakePacket(stream, inBuffer, inLen);
    if (stream->room == 0)
        return QTSS_WouldBlock;
    size_t part = inLen < stream->room ? inLen : stream->room;
    if (part > 0)
        stream->written.append(static_cast<const char*>(inBuffer), part);
    if (stream->room != static_cast<size_t>(-1))
        stream->room -= part;
    if (outWritten != NULL)
        *outWritten = static_cast<UInt32>(part);
    return QTSS_NoErr;
}

QTSS_Error QTSS_WriteV(QTSS_StreamRef inRef, struct iovec* inVec, UInt32 inNumVectors, UInt32, UInt32*) {
    for (UInt32 i = 1; i < inNumVectors; i++) // 0 is the server's
        Of(inRef)->written.append(static_cast<const char*>(inVec[i].iov_base), inVec[i].iov_len);
    return QTSS_NoErr;
}

QTSS_Error QTSS_SendRTSPHeaders(QTSS_RTSPRequestObject inRef) {
    Of(inRef)->written += "[headers]";
    return QTSS_NoErr;
}

QTSS_Error QTSS_SendStandardRTSPResponse(QTSS_RTSPRequestObject inRef, QTSS_Object, UInt32) {
    Of(inRef)->written += "[standard]";
    return QTSS_NoErr;
}

QTSS_Error QTSS_AppendRTSPHeader(QTSS_RTSPRequestObject inRef, QTSS_RTSPHeader inHeader, const char* inValue,
                                 UInt32 inLen) {
    char number[16];
    ::snprintf(number, sizeof(number), "[%u:", static_cast<unsigned int>(inHeader));
    Of(inRef)->written += number + std::string(inValue, inLen) + "]";
    return QTSS_NoErr;
}

QTSS_Error QTSS_OpenFileObject(char* inPath, QTSS_OpenFileFlags, QTSS_Object* outFileObject) {
    std::map<std::string, std::string>::iterator found = fake::files.find(inPath);
    if (found == fake::files.end())
        return QTSS_FileNotFound;
    fake::Object* file = new fake::Object;
    file->content = found->second;
    file->Set(qtssFlObjLength, static_cast<UInt64>(found->second.size()));
    file->Set(qtssFlObjModDate, fake::fileDate);
    *outFileObject = file;
    fake::openFiles++;
    return QTSS_NoErr;
}

QTSS_Error QTSS_Read(QTSS_StreamRef inRef, void* ioBuffer, UInt32 inBufLen, UInt32* outLengthRead) {
    if (fake::fileReadError != QTSS_NoErr)
        return fake::fileReadError;
    std::string part = Of(inRef)->content.substr(Of(inRef)->readAt, inBufLen);
    Of(inRef)->readAt += part.size();
    ::memcpy(ioBuffer, part.data(), part.size());
    *outLengthRead = static_cast<UInt32>(part.size());
    return QTSS_NoErr;
}

QTSS_Error QTSS_CloseFileObject(QTSS_Object inFileObject) {
    delete Of(inFileObject);
    fake::openFiles--;
    return QTSS_NoErr;
}

} // extern "C"
