// SPDX-License-Identifier: MIT OR Apache-2.0
// Guards that delete what they hold when they go out of scope.
#ifndef QTSS_SDK_OS_ARRAY_OBJECT_DELETER_H
#define QTSS_SDK_OS_ARRAY_OBJECT_DELETER_H

#include "MyAssert.h"

// For arrays from new[].
template <class T>
class OSArrayObjectDeleter {
public:
    OSArrayObjectDeleter() : owned_(NULL) {}
    OSArrayObjectDeleter(T* victim) : owned_(victim) {}
    ~OSArrayObjectDeleter() { delete[] owned_; }

    // Gives the array up without deleting it.
    void ClearObject() { owned_ = NULL; }
    // Only while nothing is held.
    void SetObject(T* victim) {
        Assert(owned_ == NULL);
        owned_ = victim;
    }
    T* GetObject() { return owned_; }
    operator T*() { return owned_; }

private:
    OSArrayObjectDeleter(const OSArrayObjectDeleter&);
    OSArrayObjectDeleter& operator=(const OSArrayObjectDeleter&);

    T* owned_;
};

// For single objects from new.
template <class T>
class OSPtrDeleter {
public:
    OSPtrDeleter() : owned_(NULL) {}
    OSPtrDeleter(T* victim) : owned_(victim) {}
    ~OSPtrDeleter() { delete owned_; }

    void ClearObject() { owned_ = NULL; }
    void SetObject(T* victim) {
        Assert(owned_ == NULL);
        owned_ = victim;
    }
    T* GetObject() { return owned_; }

private:
    OSPtrDeleter(const OSPtrDeleter&);
    OSPtrDeleter& operator=(const OSPtrDeleter&);

    T* owned_;
};

typedef OSArrayObjectDeleter<char> OSCharArrayDeleter;
// The array goes, what its entries point to stays.
typedef OSArrayObjectDeleter<char*> OSCharPointerArrayDeleter;

#endif
