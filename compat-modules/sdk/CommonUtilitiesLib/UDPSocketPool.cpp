// SPDX-License-Identifier: MIT OR Apache-2.0
#include "UDPSocketPool.h"

namespace {

const UInt32 kLowestPort = 6970;
const UInt32 kHighestPort = 65534; // of the even ones

bool ServesOnly(UDPDemuxer* demuxer, UInt32 addr, UInt16 port) {
    return demuxer == NULL || (!demuxer->AddrInMap(0, 0) && !demuxer->AddrInMap(addr, port));
}

} // namespace

UDPSocketPair* UDPSocketPool::GetUDPSocketPair(UInt32 ipAddr, UInt16 givenPort, UInt32 srcIPAddr, UInt16 srcPort) {
    OSMutexLocker locker(&guard_);
    bool shareable = srcIPAddr != 0 || srcPort != 0;
    for (OSQueueIter iter(&pairs_); shareable && !iter.IsDone(); iter.Next()) {
        UDPSocketPair* pair = static_cast<UDPSocketPair*>(iter.GetCurrent()->GetEnclosingObject());
        bool fits = pair->first_->GetLocalAddr() == ipAddr &&
                    (givenPort == 0 || pair->first_->GetLocalPort() == givenPort);
        if (!fits)
            continue;
        if (ServesOnly(pair->second_->GetDemuxer(), srcIPAddr, srcPort)) {
            pair->users_++;
            return pair;
        }
        if (givenPort != 0)
            return NULL;
    }
    return this->CreateUDPSocketPair(ipAddr, givenPort);
}

void UDPSocketPool::ReleaseUDPSocketPair(UDPSocketPair* givenPair) {
    OSMutexLocker locker(&guard_);
    givenPair->users_--;
    if (givenPair->users_ > 0)
        return;
    pairs_.Remove(&givenPair->place_);
    this->DestructUDPSocketPair(givenPair);
}

UDPSocketPair* UDPSocketPool::TryPort(UInt32 addr, UInt16 port, bool* foundGiveUp) {
    UDPSocketPair* pair = this->ConstructUDPSocketPair();
    *foundGiveUp = pair->first_->Open() != OS_NoErr || pair->second_->Open() != OS_NoErr;
    if (!*foundGiveUp) {
        this->SetUDPSocketOptions(pair);
        if (pair->first_->Bind(addr, port) == OS_NoErr &&
            pair->second_->Bind(addr, static_cast<UInt16>(port + 1)) == OS_NoErr) {
            pairs_.EnQueue(&pair->place_);
            pair->users_++;
            return pair;
        }
    }
    this->DestructUDPSocketPair(pair);
    return NULL;
}

UDPSocketPair* UDPSocketPool::CreateUDPSocketPair(UInt32 givenAddr, UInt16 givenPort) {
    OSMutexLocker locker(&guard_);
    bool giveUp = false;
    if (givenPort != 0)
        return givenPort > kHighestPort ? NULL : TryPort(givenAddr, givenPort, &giveUp);
    for (UInt32 port = kLowestPort; port <= kHighestPort && !giveUp; port += 2) {
        UDPSocketPair* pair = TryPort(givenAddr, static_cast<UInt16>(port), &giveUp);
        if (pair != NULL)
            return pair;
    }
    return NULL;
}
