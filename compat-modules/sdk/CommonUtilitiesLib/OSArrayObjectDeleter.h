// SPDX-License-Identifier: MIT OR Apache-2.0
// Guards that delete what they hold when they go out of scope.
#ifndef QTSS_SDK_OS_ARRAY_OBJECT_DELETER_H
#define QTSS_SDK_OS_ARRAY_OBJECT_DELETER_H

#include "MyAssert.h"

// For arrays from new[].
template <class T>
class OSArrayObjectDeleter {
public:
    OSArrayObjectDeleter() : fT(NULL) {}
    OSArrayObjectDeleter(T* victim) : fT(victim) {}
    ~OSArrayObjectDeleter() { delete[] fT; }

    // Gives the array up without deleting it.
    void ClearObject() { fT = NULL; }
    // Only while nothing is held.
    void SetObject(T* victim) {
        Assert(fT == NULL);
        fT = victim;
    }
    T* GetObject() { return fT; }
    operator T*() { return fT; }

private:
    OSArrayObjectDeleter(const OSArrayObjectDeleter&);
    OSArrayObjectDeleter& operator=(const OSArrayObjectDeleter&);

    T* fT;
};

// For single objects from new.
template <class T>
class OSPtrDeleter {
public:
    OSPtrDeleter() : fT(NULL) {}
    OSPtrDeleter(T* victim) : fT(victim) {}
    ~OSPtrDeleter() { delete fT; }

    void ClearObject() { fT = NULL; }
    void SetObject(T* victim) {
        Assert(fT == NULL);
        fT = victim;
    }
    T* GetObject() { return fT; }

private:
    OSPtrDeleter(const OSPtrDeleter&);
    OSPtrDeleter& operator=(const OSPtrDeleter&);

    T* fT;
};

typedef OSArrayObjectDeleter<char> OSCharArrayDeleter;
// The array goes, what its entries point to stays.
typedef OSArrayObjectDeleter<char*> OSCharPointerArrayDeleter;

#endif
