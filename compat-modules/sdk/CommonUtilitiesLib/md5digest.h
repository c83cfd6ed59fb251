// SPDX-License-Identifier: MIT OR Apache-2.0
// Hashes of Digest authentication (RFC 2617 3.2.2), and passwords in the md5 form of users files.
#ifndef QTSS_SDK_MD5_DIGEST_H
#define QTSS_SDK_MD5_DIGEST_H

#include "StrPtrLen.h"

enum {
    kHashHexLen = 32,
    kHashLen = 16
};

// Results are put into a StrPtrLen that is empty before; their memory comes from new[] and is the caller's.
// Those in hex are terminated, which their length does not count.

void HashToString(unsigned char digest[kHashLen], StrPtrLen* text);
// H(user:realm:password), as 16 bytes and in hex. With algorithm "md5-sess" the hash goes over nonces too.
void CalcMD5HA1(StrPtrLen* user, StrPtrLen* realm, StrPtrLen* password, StrPtrLen* ha1);
void CalcHA1(StrPtrLen* algorithm, StrPtrLen* user, StrPtrLen* realm, StrPtrLen* password, StrPtrLen* nonce,
             StrPtrLen* clientNonce, StrPtrLen* result);
// From the 16 bytes of CalcMD5HA1.
void CalcHA1Md5Sess(StrPtrLen* ha1, StrPtrLen* nonce, StrPtrLen* clientNonce, StrPtrLen* result);
// The response value. A qop without text means the older form of RFC 2069, without nonce count and cnonce.
void CalcRequestDigest(StrPtrLen* result, StrPtrLen* nonce, StrPtrLen* nonceCount, StrPtrLen* clientNonce, StrPtrLen* qop,
                       StrPtrLen* method, StrPtrLen* digestUri, StrPtrLen* hEntity, StrPtrLen* requestDigest);

// Lowest six bits first, as crypt() writes numbers; not terminated.
void to64(char* s, SInt32 v, int n);
// A password in the form "$dufr$salt$22 digits", terminated, cut to `nbytes`. At most 8 bytes of salt count;
// a salt may be given as a whole such text.
void MD5Encode(const char* pw, const char* salt, char* result, int nbytes);

#endif
