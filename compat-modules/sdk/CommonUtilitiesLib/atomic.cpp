// SPDX-License-Identifier: MIT OR Apache-2.0
#include "atomic.h"

unsigned int compare_and_store(unsigned int oval, unsigned int nval, unsigned int* area) {
    return __sync_bool_compare_and_swap(area, oval, nval) ? 1 : 0;
}

unsigned int atomic_add(unsigned int* area, int val) {
    return __sync_add_and_fetch(area, static_cast<unsigned int>(val));
}

unsigned int atomic_sub(unsigned int* area, int val) {
    return __sync_sub_and_fetch(area, static_cast<unsigned int>(val));
}

unsigned int atomic_or(unsigned int* area, unsigned int mask) { return __sync_fetch_and_or(area, mask); }
