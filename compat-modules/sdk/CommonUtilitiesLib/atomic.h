/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Atomic operations on unsigned integers, for C and C++. */
#ifndef QTSS_SDK_ATOMIC_H
#define QTSS_SDK_ATOMIC_H

#ifdef __cplusplus
extern "C" {
#endif

/* Store `nval` if the area holds `oval`; 1 if it did, otherwise 0. */
unsigned int compare_and_store(unsigned int oval, unsigned int nval, unsigned int* area);

/* Return the new value. */
unsigned int atomic_add(unsigned int* area, int val);
unsigned int atomic_sub(unsigned int* area, int val);

/* Returns the old value. */
unsigned int atomic_or(unsigned int* area, unsigned int mask);

#ifdef __cplusplus
}
#endif

#endif
