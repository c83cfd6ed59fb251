// SPDX-License-Identifier: MIT OR Apache-2.0
#include "SocketUtils.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <string.h>

SocketUtils::Entry* SocketUtils::table_ = NULL;
UInt32 SocketUtils::count_ = 0;

Bool16 SocketUtils::IsMulticastIPAddr(UInt32 givenAddress) { return (givenAddress & 0xF0000000U) == 0xE0000000U; }

void SocketUtils::ConvertAddrToString(const struct in_addr& addr, StrPtrLen* foundAddr) {
    foundAddr->Ptr[0] = '\0';
    (void)::inet_ntop(AF_INET, &addr, foundAddr->Ptr, INET_ADDRSTRLEN);
    foundAddr->Len = static_cast<UInt32>(::strlen(foundAddr->Ptr));
}

UInt32 SocketUtils::ConvertStringToAddr(const char* givenAddr) { return givenAddr == NULL ? 0 : ntohl(::inet_addr(givenAddr)); }

void SocketUtils::Add(const struct sockaddr_in& address, bool lookupName) {
    Entry& info = table_[count_];
    char text[INET_ADDRSTRLEN] = "";
    (void)::inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
    char name[NI_MAXHOST] = "";
    bool named = lookupName && ::getnameinfo(reinterpret_cast<const struct sockaddr*>(&address), sizeof(address), name,
                                             sizeof(name), NULL, 0, NI_NAMEREQD) == 0;
    info.fAddress = ntohl(address.sin_addr.s_addr);
    info.fText.Set(StrPtrLen(text).GetAsCString());
    info.fName.Set(StrPtrLen(named ? name : text).GetAsCString());
    count_++;
}

void SocketUtils::Initialize(Bool16 lookupDNSName) {
    if (table_ != NULL)
        return;
    struct ifaddrs* interfaces = NULL;
    if (::getifaddrs(&interfaces) != 0)
        return;
    size_t count = 0;
    for (struct ifaddrs* at = interfaces; at != NULL; at = at->ifa_next)
        count++;
    table_ = new Entry[count + 1];
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

Bool16 SocketUtils::IsLocalIPAddr(UInt32 givenAddress) {
    for (UInt32 i = 0; i < count_; i++) {
        if (table_[i].fAddress == givenAddress)
            return true;
    }
    return false;
}

UInt32 SocketUtils::GetIPAddr(UInt32 addrIndex) {
    Assert(addrIndex < count_);
    return table_[addrIndex].fAddress;
}

StrPtrLen* SocketUtils::GetIPAddrStr(UInt32 addrIndex) {
    Assert(addrIndex < count_);
    return &table_[addrIndex].fText;
}

StrPtrLen* SocketUtils::GetDNSNameStr(UInt32 dnsIndex) {
    Assert(dnsIndex < count_);
    return &table_[dnsIndex].fName;
}
