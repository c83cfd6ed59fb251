// SPDX-License-Identifier: MIT OR Apache-2.0
// Guard for memory that the server gave away: QTSS_Delete when it goes out of scope.
#ifndef QTSS_SDK_QTSS_MEMORY_DELETER_H
#define QTSS_SDK_QTSS_MEMORY_DELETER_H

#include "MyAssert.h"
#include "QTSS.h"

template <class T>
class QTSSMemoryDeleter {
public:
    QTSSMemoryDeleter(T* victim) : fT(victim) {}
    ~QTSSMemoryDeleter() { QTSS_Delete(fT); }

    // Gives the memory up without deleting it.
    void ClearObject() { fT = NULL; }
    // Only while nothing is held.
    void SetObject(T* victim) {
        Assert(fT == NULL);
        fT = victim;
    }
    T* GetObject() { return fT; }
    operator T*() { return fT; }

private:
    QTSSMemoryDeleter(const QTSSMemoryDeleter&);
    QTSSMemoryDeleter& operator=(const QTSSMemoryDeleter&);

    T* fT;
};

typedef QTSSMemoryDeleter<char> QTSSCharArrayDeleter;

#endif
