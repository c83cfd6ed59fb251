/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "Trim.h"

char* TrimLeft(char* fromStrPtr) {
    while (*fromStrPtr != '\0' && (unsigned char)*fromStrPtr <= ' ')
        fromStrPtr++;
    return fromStrPtr;
}
