/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* To be preloaded: the date is as many seconds off as the 8 bytes of the file say that CLOCK_STEP names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*sReal)(clockid_t, struct timespec*);
static volatile long long* sStep;

__attribute__((constructor)) static void begin(void)
{
    const char* thePath = getenv("CLOCK_STEP");
    int theFile = thePath == NULL ? -1 : open(thePath, O_RDONLY | O_CLOEXEC);
    void* theMemory;

    sReal = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
    if (theFile < 0)
        return;
    theMemory = mmap(NULL, sizeof(*sStep), PROT_READ, MAP_SHARED, theFile, 0);
    if (theMemory != MAP_FAILED)
        sStep = (volatile long long*)theMemory;
    close(theFile);
}

int clock_gettime(clockid_t inClock, struct timespec* outTime)
{
    int theResult = sReal(inClock, outTime);
    if (theResult == 0 && sStep != NULL && (inClock == CLOCK_REALTIME || inClock == CLOCK_REALTIME_COARSE))
        outTime->tv_sec += *sStep;
    return theResult;
}

int gettimeofday(struct timeval* outTime, void* inZone)
{
    struct timespec theTime;
    (void)inZone;
    (void)clock_gettime(CLOCK_REALTIME, &theTime);
    outTime->tv_sec = theTime.tv_sec;
    outTime->tv_usec = theTime.tv_nsec / 1000;
    return 0;
}

time_t time(time_t* outTime)
{
    struct timespec theTime;
    (void)clock_gettime(CLOCK_REALTIME, &theTime);
    if (outTime != NULL)
        *outTime = theTime.tv_sec;
    return theTime.tv_sec;
}
