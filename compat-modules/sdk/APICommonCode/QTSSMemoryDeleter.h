// SPDX-License-Identifier: MIT OR Apache-2.0
// Guard for memory that the server gave away: QTSS_Delete when it goes out of scope.
#ifndef QTSS_SDK_QTSS_MEMORY_DELETER_H
#define QTSS_SDK_QTSS_MEMORY_DELETER_H

#include "MyAssert.h"
#include "QTSS.h"

template <class T>
class QTSSMemoryDeleter {
public:
    QTSSMemoryDeleter(T* victim) : owned_(victim) {}
    ~QTSSMemoryDeleter() { QTSS_Delete(owned_); }

    // Gives the memory up without deleting it.
    void ClearObject() { owned_ = NULL; }
    // Only while nothing is held.
    void SetObject(T* victim) {
        Assert(owned_ == NULL);
        owned_ = victim;
    }
    T* GetObject() { return owned_; }
    operator T*() { return owned_; }

private:
    QTSSMemoryDeleter(const QTSSMemoryDeleter&);
    QTSSMemoryDeleter& operator=(const QTSSMemoryDeleter&);

    T* owned_;
};

typedef QTSSMemoryDeleter<char> QTSSCharArrayDeleter;

#endif
