// SPDX-License-Identifier: MIT OR Apache-2.0
#include "SocketUtils.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <string.h>

SocketUtils::Entry* SocketUtils::sTable = NULL;
UInt32 SocketUtils::sCount = 0;

Bool16 SocketUtils::IsMulticastIPAddr(UInt32 inAddress) { return (inAddress & 0xF0000000U) == 0xE0000000U; }

void SocketUtils::ConvertAddrToString(const struct in_addr& theAddr, StrPtrLen* outAddr) {
    outAddr->Ptr[0] = '\0';
    (void)::inet_ntop(AF_INET, &theAddr, outAddr->Ptr, INET_ADDRSTRLEN);
    outAddr->Len = static_cast<UInt32>(::strlen(outAddr->Ptr));
}

UInt32 SocketUtils::ConvertStringToAddr(const char* inAddr) { return inAddr == NULL ? 0 : ntohl(::inet_addr(inAddr)); }

void SocketUtils::Add(const struct sockaddr_in& address, bool lookupName) {
    Entry& info = sTable[sCount];
    char text[INET_ADDRSTRLEN] = "";
    (void)::inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
    char name[NI_MAXHOST] = "";
    bool named = lookupName && ::getnameinfo(reinterpret_cast<const struct sockaddr*>(&address), sizeof(address), name,
                                             sizeof(name), NULL, 0, NI_NAMEREQD) == 0;
    info.fAddress = ntohl(address.sin_addr.s_addr);
    info.fText.Set(StrPtrLen(text).GetAsCString());
    info.fName.Set(StrPtrLen(named ? name : text).GetAsCString());
    sCount++;
}

void SocketUtils::Initialize(Bool16 lookupDNSName) {
    if (sTable != NULL)
        return;
    struct ifaddrs* interfaces = NULL;
    if (::getifaddrs(&interfaces) != 0)
        return;
    size_t count = 0;
    for (struct ifaddrs* at = interfaces; at != NULL; at = at->ifa_next)
        count++;
    sTable = new Entry[count + 1];
    for (int loopback = 0; loopback < 2; loopback++) {
        for (struct ifaddrs* at = interfaces; at != NULL; at = at->ifa_next) {
            bool fits = at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_INET &&
                        (at->ifa_flags & IFF_LOOPBACK) == (loopback != 0 ? static_cast<unsigned int>(IFF_LOOPBACK) : 0u);
            if (!fits)
                continue;
            struct sockaddr_in address;
            ::memcpy(&address, at->ifa_addr, sizeof(address));
            Add(address, lookupDNSName != 0);
        }
    }
    ::freeifaddrs(interfaces);
}

Bool16 SocketUtils::IsLocalIPAddr(UInt32 inAddress) {
    for (UInt32 i = 0; i < sCount; i++) {
        if (sTable[i].fAddress == inAddress)
            return true;
    }
    return false;
}

UInt32 SocketUtils::GetIPAddr(UInt32 inAddrIndex) {
    Assert(inAddrIndex < sCount);
    return sTable[inAddrIndex].fAddress;
}

StrPtrLen* SocketUtils::GetIPAddrStr(UInt32 inAddrIndex) {
    Assert(inAddrIndex < sCount);
    return &sTable[inAddrIndex].fText;
}

StrPtrLen* SocketUtils::GetDNSNameStr(UInt32 inDNSIndex) {
    Assert(inDNSIndex < sCount);
    return &sTable[inDNSIndex].fName;
}
