// SPDX-License-Identifier: MIT OR Apache-2.0
#include "UDPSocketPool.h"

namespace {

const UInt32 kLowestPort = 6970;
const UInt32 kHighestPort = 65534; // of the even ones

bool ServesOnly(UDPDemuxer* demuxer, UInt32 addr, UInt16 port) {
    return demuxer == NULL || (!demuxer->AddrInMap(0, 0) && !demuxer->AddrInMap(addr, port));
}

} // namespace

UDPSocketPair* UDPSocketPool::GetUDPSocketPair(UInt32 inIPAddr, UInt16 inPort, UInt32 inSrcIPAddr, UInt16 inSrcPort) {
    OSMutexLocker locker(&fMutex);
    bool shareable = inSrcIPAddr != 0 || inSrcPort != 0;
    for (OSQueueIter iter(&fPairs); shareable && !iter.IsDone(); iter.Next()) {
        UDPSocketPair* pair = static_cast<UDPSocketPair*>(iter.GetCurrent()->GetEnclosingObject());
        bool fits = pair->fSocketA->GetLocalAddr() == inIPAddr &&
                    (inPort == 0 || pair->fSocketA->GetLocalPort() == inPort);
        if (!fits)
            continue;
        if (ServesOnly(pair->fSocketB->GetDemuxer(), inSrcIPAddr, inSrcPort)) {
            pair->fRefCount++;
            return pair;
        }
        if (inPort != 0)
            return NULL;
    }
    return this->CreateUDPSocketPair(inIPAddr, inPort);
}

void UDPSocketPool::ReleaseUDPSocketPair(UDPSocketPair* inPair) {
    OSMutexLocker locker(&fMutex);
    inPair->fRefCount--;
    if (inPair->fRefCount > 0)
        return;
    fPairs.Remove(&inPair->fElem);
    this->DestructUDPSocketPair(inPair);
}

UDPSocketPair* UDPSocketPool::TryPort(UInt32 addr, UInt16 port, bool* outGiveUp) {
    UDPSocketPair* pair = this->ConstructUDPSocketPair();
    *outGiveUp = pair->fSocketA->Open() != OS_NoErr || pair->fSocketB->Open() != OS_NoErr;
    if (!*outGiveUp) {
        this->SetUDPSocketOptions(pair);
        if (pair->fSocketA->Bind(addr, port) == OS_NoErr &&
            pair->fSocketB->Bind(addr, static_cast<UInt16>(port + 1)) == OS_NoErr) {
            fPairs.EnQueue(&pair->fElem);
            pair->fRefCount++;
            return pair;
        }
    }
    this->DestructUDPSocketPair(pair);
    return NULL;
}

UDPSocketPair* UDPSocketPool::CreateUDPSocketPair(UInt32 inAddr, UInt16 inPort) {
    OSMutexLocker locker(&fMutex);
    bool giveUp = false;
    if (inPort != 0)
        return inPort > kHighestPort ? NULL : TryPort(inAddr, inPort, &giveUp);
    for (UInt32 port = kLowestPort; port <= kHighestPort && !giveUp; port += 2) {
        UDPSocketPair* pair = TryPort(inAddr, static_cast<UInt16>(port), &giveUp);
        if (pair != NULL)
            return pair;
    }
    return NULL;
}
