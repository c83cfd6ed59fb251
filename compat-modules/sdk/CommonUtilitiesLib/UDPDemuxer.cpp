// SPDX-License-Identifier: MIT OR Apache-2.0
#include "UDPDemuxer.h"

#include <errno.h>

OS_Error UDPDemuxer::RegisterTask(UInt32 remoteAddr, UInt16 remotePort, UDPDemuxerTask* taskP) {
    OSMutexLocker locker(&guard_);
    if (this->GetTask(remoteAddr, remotePort) != NULL)
        return EPERM;
    taskP->remoteAddr_ = remoteAddr;
    taskP->remotePort_ = remotePort;
    tasks_.Add(taskP);
    return OS_NoErr;
}

OS_Error UDPDemuxer::UnregisterTask(UInt32 remoteAddr, UInt16 remotePort, UDPDemuxerTask* taskP) {
    OSMutexLocker locker(&guard_);
    if (taskP == NULL || this->GetTask(remoteAddr, remotePort) != taskP)
        return EPERM;
    tasks_.Remove(taskP);
    return OS_NoErr;
}

UDPDemuxerTask* UDPDemuxer::GetTask(UInt32 remoteAddr, UInt16 remotePort) {
    OSMutexLocker locker(&guard_);
    UDPDemuxerKey key(remoteAddr, remotePort);
    return tasks_.Map(&key);
}
