// SPDX-License-Identifier: MIT OR Apache-2.0
// IPv4 addresses, as numbers in host byte order, and this machine's own.
#ifndef QTSS_SDK_SOCKET_UTILS_H
#define QTSS_SDK_SOCKET_UTILS_H

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "MyAssert.h"
#include "OSHeaders.h"
#include "OSMutex.h"
#include "StrPtrLen.h"
#include "ev.h"

class SocketUtils {
public:
    static Bool16 IsMulticastIPAddr(UInt32 givenAddress);
    // Writes the dotted form, terminated, into the buffer of at least 16 bytes and sets the length.
    static void ConvertAddrToString(const struct in_addr& addr, StrPtrLen* foundAddr);
    // 0 for NULL; 255.255.255.255 for what is no address.
    static UInt32 ConvertStringToAddr(const char* givenAddr);

    // Fills the table of this machine's addresses, once; a module calls it before it uses the rest.
    // Loopback comes last. Without look-up a name is the address's text.
    static void Initialize(Bool16 lookupDNSName = true);
    static Bool16 IsLocalIPAddr(UInt32 givenAddress);
    static UInt32 GetNumIPAddrs() { return count_; }
    static UInt32 GetIPAddr(UInt32 addrIndex);
    static StrPtrLen* GetIPAddrStr(UInt32 addrIndex);
    static StrPtrLen* GetDNSNameStr(UInt32 dnsIndex);

private:
    struct Entry {
        UInt32 fAddress;
        StrPtrLen fText;
        StrPtrLen fName;
    };

    static void Add(const struct sockaddr_in& address, bool lookupName);

    static Entry* table_;
    static UInt32 count_;
};

#endif
