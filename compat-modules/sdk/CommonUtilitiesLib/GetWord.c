/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "GetWord.h"
#include "Trim.h"

char* GetWord(char* toWordPtr, char* fromStrPtr, SInt32 limit) {
    char* at = TrimLeft(fromStrPtr);
    while (limit > 0 && (unsigned char)*at > ' ') {
        *toWordPtr++ = *at++;
        limit--;
    }
    *toWordPtr = '\0';
    return at;
}

char* GetQuotedWord(char* toWordPtr, char* fromStrPtr, SInt32 limit) {
    char* at = TrimLeft(fromStrPtr);
    if (*at == '"') {
        at++;
        while (limit > 0 && *at != '\0') {
            if (*at == '"') {
                at++;
                if (*at != '"')
                    break;
            }
            *toWordPtr++ = *at++;
            limit--;
        }
    }
    *toWordPtr = '\0';
    return at;
}
