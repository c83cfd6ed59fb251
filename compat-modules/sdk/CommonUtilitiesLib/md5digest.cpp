// SPDX-License-Identifier: MIT OR Apache-2.0
#include "md5digest.h"

#include "md5.h"

namespace {

// A hash over pieces of text.
class Hash {
public:
    Hash() { MD5_Init(&fContext); }
    Hash& Add(const void* data, size_t length) {
        MD5_Update(&fContext, static_cast<const unsigned char*>(data), static_cast<unsigned int>(length));
        return *this;
    }
    Hash& Add(const StrPtrLen& text) { return text.Ptr == NULL ? *this : Add(text.Ptr, text.Len); }
    // With the colon that comes before.
    Hash& AddField(const StrPtrLen& text) { return Add(":", 1).Add(text); }
    void Finish(unsigned char digest[kHashLen]) { MD5_Final(digest, &fContext); }

private:
    MD5_CTX fContext;
};

void HashOfUser(const StrPtrLen& user, const StrPtrLen& realm, const StrPtrLen& password,
                unsigned char digest[kHashLen]) {
    Hash().Add(user).AddField(realm).AddField(password).Finish(digest);
}

void HashOfSession(const unsigned char a1[kHashLen], const StrPtrLen& nonce, const StrPtrLen& clientNonce,
                   StrPtrLen* result) {
    unsigned char digest[kHashLen];
    Hash().Add(a1, kHashLen).AddField(nonce).AddField(clientNonce).Finish(digest);
    HashToString(digest, result);
}

const char kPasswordMark[] = "$dufr$";
const size_t kPasswordMarkLen = sizeof(kPasswordMark) - 1;
const size_t kMaxSaltLen = 8;

} // namespace

void HashToString(unsigned char aHash[kHashLen], StrPtrLen* hashStr) {
    static const char kDigits[] = "0123456789abcdef";
    char* text = new char[kHashHexLen + 1];
    for (int i = 0; i < kHashLen; i++) {
        text[2 * i] = kDigits[aHash[i] >> 4];
        text[2 * i + 1] = kDigits[aHash[i] & 0xF];
    }
    text[kHashHexLen] = '\0';
    hashStr->Set(text, kHashHexLen);
}

void CalcMD5HA1(StrPtrLen* userName, StrPtrLen* realm, StrPtrLen* userPassword, StrPtrLen* ha1) {
    unsigned char* digest = new unsigned char[kHashLen];
    HashOfUser(*userName, *realm, *userPassword, digest);
    ha1->Set(reinterpret_cast<char*>(digest), kHashLen);
}

void CalcHA1(StrPtrLen* algorithm, StrPtrLen* userName, StrPtrLen* realm, StrPtrLen* userPassword, StrPtrLen* nonce,
             StrPtrLen* clientNonce, StrPtrLen* hA1) {
    unsigned char digest[kHashLen];
    HashOfUser(*userName, *realm, *userPassword, digest);
    if (algorithm->Equal("md5-sess"))
        HashOfSession(digest, *nonce, *clientNonce, hA1);
    else
        HashToString(digest, hA1);
}

void CalcHA1Md5Sess(StrPtrLen* ha1, StrPtrLen* nonce, StrPtrLen* clientNonce, StrPtrLen* hA1) {
    Assert(ha1->Len == kHashLen);
    HashOfSession(reinterpret_cast<unsigned char*>(ha1->Ptr), *nonce, *clientNonce, hA1);
}

void CalcRequestDigest(StrPtrLen* hA1, StrPtrLen* nonce, StrPtrLen* nonceCount, StrPtrLen* clientNonce, StrPtrLen* qop,
                       StrPtrLen* method, StrPtrLen* digestUri, StrPtrLen* hEntity, StrPtrLen* requestDigest) {
    unsigned char digest[kHashLen];
    Hash request;
    request.Add(*method).AddField(*digestUri);
    if (qop->Equal("auth-int"))
        request.AddField(*hEntity);
    request.Finish(digest);
    StrPtrLenDel hA2;
    HashToString(digest, &hA2);

    Hash response;
    response.Add(*hA1).AddField(*nonce);
    if (qop->Ptr != NULL)
        response.AddField(*nonceCount).AddField(*clientNonce).AddField(*qop);
    response.AddField(hA2).Finish(digest);
    HashToString(digest, requestDigest);
}

void to64(char* s, SInt32 v, int n) {
    static const char kDigits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (UInt32 left = static_cast<UInt32>(v); n > 0; n--) {
        *s++ = kDigits[left & 63];
        left >>= 6;
    }
}

// The md5 scheme of BSD's crypt() with another mark.
void MD5Encode(const char* pw, const char* salt, char* result, int nbytes) {
    const size_t length = ::strlen(pw);
    if (::strncmp(salt, kPasswordMark, kPasswordMarkLen) == 0)
        salt += kPasswordMarkLen;
    size_t saltLength = ::strcspn(salt, "$");
    if (saltLength > kMaxSaltLen)
        saltLength = kMaxSaltLen;

    unsigned char digest[kHashLen];
    Hash().Add(pw, length).Add(salt, saltLength).Add(pw, length).Finish(digest);
    Hash first;
    first.Add(pw, length).Add(kPasswordMark, kPasswordMarkLen).Add(salt, saltLength);
    for (size_t left = length; left > 0; left -= left > kHashLen ? size_t(kHashLen) : left)
        first.Add(digest, left > kHashLen ? size_t(kHashLen) : left);
    for (size_t bits = length; bits != 0; bits >>= 1)
        first.Add((bits & 1) != 0 ? "" : pw, 1); // a zero byte or the first letter
    first.Finish(digest);

    for (int i = 0; i < 1000; i++) {
        Hash round;
        if (i % 2 != 0)
            round.Add(pw, length);
        else
            round.Add(digest, kHashLen);
        if (i % 3 != 0)
            round.Add(salt, saltLength);
        if (i % 7 != 0)
            round.Add(pw, length);
        if (i % 2 != 0)
            round.Add(digest, kHashLen);
        else
            round.Add(pw, length);
        round.Finish(digest);
    }

    static const int kOrder[5][3] = {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}};
    char text[kPasswordMarkLen + kMaxSaltLen + 1 + 22 + 1];
    char* at = text;
    ::memcpy(at, kPasswordMark, kPasswordMarkLen);
    at += kPasswordMarkLen;
    ::memcpy(at, salt, saltLength);
    at += saltLength;
    *at++ = '$';
    for (int group = 0; group < 5; group++, at += 4)
        to64(at, digest[kOrder[group][0]] << 16 | digest[kOrder[group][1]] << 8 | digest[kOrder[group][2]], 4);
    to64(at, digest[11], 2);
    at[2] = '\0';
    if (nbytes > 0)
        ::snprintf(result, static_cast<size_t>(nbytes), "%s", text);
}
