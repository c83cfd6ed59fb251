// SPDX-License-Identifier: MIT OR Apache-2.0
// As much of the server as the helper classes call, in memory. It defines QTSS_* itself, without the stub.
#ifndef QTSS_SDK_TESTS_FAKE_SERVER_H
#define QTSS_SDK_TESTS_FAKE_SERVER_H

#include <map>
#include <set>
#include <string>
#include <vector>
#include "QTSS.h"

namespace fake {

struct Attribute {
    Attribute() : type(qtssAttrDataTypeUnknown) {}
    QTSS_AttrDataType type;
    std::vector<std::string> values; // the bytes
};

class Object {
public:
    void SetText(QTSS_AttributeID id, const std::string& text, UInt32 index = 0) { Put(id, index, text); }
    template <class T>
    void Set(QTSS_AttributeID id, T value) {
        Put(id, 0, std::string(reinterpret_cast<const char*>(&value), sizeof(value)));
    }
    std::string Get(QTSS_AttributeID id, UInt32 index = 0) {
        Attribute& attribute = attributes[id];
        return index < attribute.values.size() ? attribute.values[index] : std::string();
    }
    void Put(QTSS_AttributeID id, UInt32 index, const std::string& bytes) {
        Attribute& attribute = attributes[id];
        if (attribute.values.size() <= index)
            attribute.values.resize(index + 1);
        attribute.values[index] = bytes;
    }
    void Name(const char* name, QTSS_AttributeID id, QTSS_AttrDataType type) {
        names[name] = id;
        attributes[id].type = type;
    }

    std::map<QTSS_AttributeID, Attribute> attributes;
    std::map<std::string, QTSS_AttributeID> names;
    std::string written; // by QTSS_Write and what sends headers; what was done to a session, in brackets
    std::string content; // of a file
    size_t readAt;
    size_t room; // bytes that QTSS_Write takes before it would block

    Object() : readAt(0), room(static_cast<size_t>(-1)) {}
};

// Files that QTSS_OpenFileObject finds: path and content. All are of the date below.
extern std::map<std::string, std::string> files;
extern QTSS_TimeVal fileDate;
extern QTSS_Error fileReadError;
extern int openFiles;

// What the module did that was started last, and its dispatch function.
extern QTSS_DispatchFuncPtr dispatch;
extern std::set<QTSS_Role> roles;
extern int events;     // asked for
extern int signals;    // given to streams
extern int streams;    // made of sockets and not destroyed
extern SInt64 idle;    // asked for, ms
extern SInt64 now;     // of QTSS_Milliseconds
extern Object* stream; // what QTSS_AddRTPStream gives

} // namespace fake

#endif
