// SPDX-License-Identifier: MIT OR Apache-2.0
#include "UDPDemuxer.h"

#include <errno.h>

OS_Error UDPDemuxer::RegisterTask(UInt32 inRemoteAddr, UInt16 inRemotePort, UDPDemuxerTask* inTaskP) {
    OSMutexLocker locker(&fMutex);
    if (this->GetTask(inRemoteAddr, inRemotePort) != NULL)
        return EPERM;
    inTaskP->fRemoteAddr = inRemoteAddr;
    inTaskP->fRemotePort = inRemotePort;
    fHashTable.Add(inTaskP);
    return OS_NoErr;
}

OS_Error UDPDemuxer::UnregisterTask(UInt32 inRemoteAddr, UInt16 inRemotePort, UDPDemuxerTask* inTaskP) {
    OSMutexLocker locker(&fMutex);
    if (inTaskP == NULL || this->GetTask(inRemoteAddr, inRemotePort) != inTaskP)
        return EPERM;
    fHashTable.Remove(inTaskP);
    return OS_NoErr;
}

UDPDemuxerTask* UDPDemuxer::GetTask(UInt32 inRemoteAddr, UInt16 inRemotePort) {
    OSMutexLocker locker(&fMutex);
    UDPDemuxerKey key(inRemoteAddr, inRemotePort);
    return fHashTable.Map(&key);
}
