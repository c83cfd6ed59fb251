// SPDX-License-Identifier: MIT OR Apache-2.0
// Locks, threads, tasks, time, sockets, files.

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "IdleTask.h"
#include "MyAssert.h"
#include "OS.h"
#include "OSCond.h"
#include "OSFileSource.h"
#include "OSMutex.h"
#include "OSMutexRW.h"
#include "OSThread.h"
#include "SafeStdLib.h"
#include "Socket.h"
#include "SocketUtils.h"
#include "TCPListenerSocket.h"
#include "TCPSocket.h"
#include "Task.h"
#include "TimeoutTask.h"
#include "UDPSocket.h"
#include "UDPSocketPool.h"
#include "atomic.h"
#include "harness.h"

namespace {

// A number that one thread sets and another waits for.
class Flag {
public:
    Flag() : fValue(0) {}
    void Add(int n = 1) {
        OSMutexLocker locker(&fMutex);
        fValue += n;
        fCond.Broadcast();
    }
    int Get() {
        OSMutexLocker locker(&fMutex);
        return fValue;
    }
    // False after ten seconds.
    bool WaitFor(int value) {
        SInt64 until = OS::Milliseconds() + 10000;
        OSMutexLocker locker(&fMutex);
        while (fValue < value && OS::Milliseconds() < until)
            fCond.Wait(&fMutex, 100);
        return fValue >= value;
    }

private:
    OSMutex fMutex;
    OSCond fCond;
    int fValue;
};

class Runner : public OSThread {
public:
    explicit Runner(void (*function)(void*), void* argument) : fFunction(function), fArgument(argument) { Start(); }
    virtual ~Runner() { this->StopAndWaitForThread(); }
    virtual void Entry() { fFunction(fArgument); }

private:
    void (*fFunction)(void*);
    void* fArgument;
};

void TryIt(void* mutex) {
    OSMutex* lock = static_cast<OSMutex*>(mutex);
    CHECK(!lock->TryLock());
    lock->Unlock(); // not its own: nothing happens
    CHECK(!lock->TryLock());
}

struct Counter {
    Counter() : value(0) {}
    OSMutex mutex;
    int value;
};

void CountUp(void* argument) {
    Counter* counter = static_cast<Counter*>(argument);
    for (int i = 0; i < 10000; i++) {
        OSMutexLocker outer(&counter->mutex);
        OSMutexLocker inner(&counter->mutex);
        counter->value++;
    }
}

} // namespace

TEST(mutex_is_recursive_and_excludes_others) {
    OSMutex mutex;
    mutex.Lock();
    CHECK(mutex.TryLock());
    mutex.Unlock();
    { Runner other(TryIt, &mutex); }
    mutex.Unlock();
    mutex.Unlock(); // once too often: nothing happens
    CHECK(mutex.TryLock());
    mutex.Unlock();
    OSMutexLocker none(NULL);
    none.Unlock();

    Counter counter;
    {
        Runner a(CountUp, &counter);
        Runner b(CountUp, &counter);
    }
    CHECK(counter.value == 20000);
}

namespace {

struct Meeting {
    Meeting() : arrived(false) {}
    OSMutex mutex;
    OSCond cond;
    bool arrived;
};

void Arrive(void* argument) {
    Meeting* meeting = static_cast<Meeting*>(argument);
    OSMutexLocker locker(&meeting->mutex);
    meeting->arrived = true;
    meeting->cond.Signal();
}

} // namespace

TEST(waiting_frees_a_lock_that_was_taken_twice) {
    Meeting meeting;
    OSMutexLocker outer(&meeting.mutex);
    OSMutexLocker inner(&meeting.mutex);
    Runner other(Arrive, &meeting);
    while (!meeting.arrived)
        meeting.cond.Wait(&meeting.mutex, 1000);
    CHECK(meeting.arrived);
}

TEST(waiting_ends_on_time) {
    OSMutex mutex;
    OSCond cond;
    OSMutexLocker locker(&mutex);
    SInt64 start = OS::Milliseconds();
    cond.Wait(&mutex, 30);
    SInt64 waited = OS::Milliseconds() - start;
    CHECK(waited >= 25 && waited < 5000);
}

TEST(readers_share_and_writers_do_not) {
    OSMutexRW lock;
    lock.LockRead();
    CHECK(lock.TryLockRead() == 0 && lock.TryLockWrite() == EBUSY);
    lock.Unlock();
    lock.Unlock();
    CHECK(lock.TryLockWrite() == 0 && lock.TryLockRead() == EBUSY && lock.TryLockWrite() == EBUSY);
    lock.Unlock();
    {
        OSMutexWriteLocker writer(&lock);
        CHECK(lock.TryLockRead() == EBUSY);
    }
    OSMutexReadLocker none(NULL);
}

namespace {

void Remember(void* argument) {
    OSThread* current = OSThread::GetCurrent();
    CHECK(current != NULL);
    int data = 0;
    current->SetThreadData(&data);
    CHECK(OSThread::GetCurrent()->GetThreadData() == &data);
    { OSThreadDataSetter setter(argument, NULL); }
    CHECK(current->GetThreadData() == NULL);
    while (!current->IsStopRequested())
        OSThread::Sleep(1);
    static_cast<Flag*>(argument)->Add();
}

class NeverStarted : public OSThread {
public:
    virtual ~NeverStarted() {}
    virtual void Entry() {}
};

} // namespace

TEST(threads_start_stop_and_know_themselves) {
    CHECK(OSThread::GetCurrent() == NULL); // not one of ours
    OSThreadDataSetter harmless(NULL, NULL);
    Flag flag;
    Runner thread(Remember, &flag);
    thread.StopAndWaitForThread();
    CHECK(flag.Get() == 1);
    thread.Join(); // again: nothing happens
    NeverStarted idle;
    idle.Join();
}

// ---- Tasks ----

namespace {

class Worker : public Task {
public:
    Worker(Flag* runs, Flag* deaths) : fRuns(runs), fDeaths(deaths), fEvents(0) {
        this->SetTaskName("Worker");
    }
    virtual ~Worker() { fDeaths->Add(); }
    virtual SInt64 Run() {
        fEvents = this->GetEvents();
        fRuns->Add();
        if ((fEvents & kKillEvent) != 0)
            return -1;
        if ((fEvents & kUpdateEvent) != 0)
            return this->CallLocked();
        return (fEvents & kStartEvent) != 0 ? 15 : 0;
    }

private:
    Flag* fRuns;
    Flag* fDeaths;
    EventFlags fEvents;
};

class Idler : public IdleTask {
public:
    Idler(Flag* runs, Flag* deaths) : fRuns(runs), fDeaths(deaths) {}
    virtual ~Idler() { fDeaths->Add(); }
    virtual SInt64 Run() {
        EventFlags events = this->GetEvents();
        if ((events & kKillEvent) != 0)
            return -1;
        if ((events & (kIdleEvent | kTimeoutEvent)) != 0)
            fRuns->Add();
        return 0;
    }

private:
    Flag* fRuns;
    Flag* fDeaths;
};

void KillAndWait(Task* task, Flag* deaths) {
    task->Signal(Task::kKillEvent);
    CHECK(deaths->WaitFor(1));
}

} // namespace

TEST(tasks_run_when_signalled_after_timers_and_die) {
    Flag runs, deaths;
    Worker* worker = new Worker(&runs, &deaths);
    worker->Signal(Task::kReadEvent); // kept: there are no threads yet
    CHECK(worker->Valid());
    TaskThreadPool::SetNumShortTaskThreads(1);
    TaskThreadPool::SetNumBlockingTaskThreads(1);
    TaskThreadPool::AddThreads(2);
    CHECK(TaskThreadPool::GetNumThreads() == 2 && TaskThreadPool::GetThread(1) != NULL);
    CHECK(TaskThreadPool::GetThread(2) == NULL);
    worker->Signal(Task::kWriteEvent);
    CHECK(runs.WaitFor(1));
    worker->Signal(Task::kStartEvent); // and again after the timer
    CHECK(runs.WaitFor(3));
    worker->Signal(Task::kUpdateEvent); // and again alone
    CHECK(runs.WaitFor(5));
    worker->SetThreadPicker(Task::GetBlockingTaskThreadPicker());
    worker->Signal(Task::kReadEvent);
    CHECK(runs.WaitFor(6));
    KillAndWait(worker, &deaths);

    IdleTask::Initialize();
    TimeoutTask::Initialize();
    Flag idles, timeouts, idlerDeaths, timedDeaths;
    Idler* idler = new Idler(&idles, &idlerDeaths);
    idler->SetIdleTimer(100000);
    idler->CancelTimeout();
    idler->SetIdleTimer(10);
    CHECK(idles.WaitFor(1));
    Idler* timed = new Idler(&timeouts, &timedDeaths);
    {
        TimeoutTask timeout(timed, 10);
        CHECK(timeouts.WaitFor(1));
        timeout.SetTimeout(0);
        timeout.RefreshTimeout();
        timeout.SetTask(NULL);
    }
    KillAndWait(idler, &idlerDeaths);
    KillAndWait(timed, &timedDeaths);
    TaskThreadPool::RemoveThreads();
    CHECK(TaskThreadPool::GetNumThreads() == 0);
}

TEST(atomics_return_old_or_new_values) {
    unsigned int value = 5;
    CHECK(atomic_add(&value, 3) == 8 && atomic_sub(&value, 2) == 6 && atomic_or(&value, 9) == 6 && value == 15);
    CHECK(compare_and_store(15, 1, &value) == 1 && compare_and_store(15, 2, &value) == 0 && value == 1);
}

// ---- Time and machine ----

TEST(time_is_unix_time_also_without_initialize) {
    SInt64 now = OS::Milliseconds();
    SInt64 unixNow = static_cast<SInt64>(::time(NULL)) * 1000;
    CHECK(now >= unixNow - 1000 && now <= unixNow + 2000);
    CHECK(OS::UnixTime_Secs() == OS::TimeMilli_To_UnixTimeSecs(OS::Milliseconds()));
    OS::Initialize();
    CHECK(OS::InitialMSec() >= now && OS::StartTimeMilli_Int() >= 0 && OS::Microseconds() >= 0);
}

TEST(fixed_point_times) {
    CHECK(OS::TimeMilli_To_Fixed64Secs(1500) == (1LL << 32) + (1LL << 31));
    CHECK(OS::Fixed64Secs_To_TimeMilli((1LL << 32) + (1LL << 31)) == 1500);
    UInt64 ntp = static_cast<UInt64>(OS::TimeMilli_To_1900Fixed64Secs(0));
    CHECK(ntp >> 32 == 2208988800U);
    SInt64 when = 1700000000250LL;
    CHECK(OS::Time1900Fixed64Secs_To_TimeMilli(OS::TimeMilli_To_1900Fixed64Secs(when)) == when);
    CHECK(OS::Time1900Fixed64Secs_To_UnixTimeSecs(OS::TimeMilli_To_1900Fixed64Secs(when)) == 1700000000);
}

TEST(byte_order_and_bits) {
    SInt64 ordered = OS::HostToNetworkSInt64(0x0102030405060708LL);
    CHECK(::memcmp(&ordered, "\1\2\3\4\5\6\7\10", 8) == 0);
    CHECK(OS::NetworkToHostSInt64(ordered) == 0x0102030405060708LL);
    char odd[5] = {0, 1, 0, 0, 0};
    UInt32 expected;
    ::memcpy(&expected, odd + 1, 4);
    CHECK(OS::GetUInt32FromMemory(odd + 1) == expected);
    CHECK(OS::Min(-1, 2) == -1 && OS::GetNumProcessors() >= 1 && OS::ThreadSafe());
    CHECK(OS::GetGMTOffset() >= -12 && OS::GetGMTOffset() <= 14);
    CHECK(OS::GetCurrentCPULoadPercent() >= 0 && OS::GetCurrentCPULoadPercent() <= 100);
    OSMutexLocker locker(OS::GetStdLibMutex());
}

TEST(folders_are_made_with_their_parents) {
    char root[] = "/tmp/sdk-dir-XXXXXX";
    CHECK(::mkdtemp(root) != NULL);
    std::string path = std::string(root) + "/a/b/c";
    CHECK(OS::RecursiveMakeDir(&path[0]) == OS_NoErr && OS::RecursiveMakeDir(&path[0]) == OS_NoErr);
    struct stat info;
    CHECK(::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode));
    std::string file = std::string(root) + "/file";
    ::fclose(::fopen(file.c_str(), "w"));
    CHECK(OS::MakeDir(file.c_str()) == EEXIST);
    CHECK(OS::MakeDir((std::string(root) + "/no/such").c_str()) == ENOENT);
    ::remove(file.c_str());
    const char* const folders[] = {"/a/b/c", "/a/b", "/a", ""};
    for (int i = 0; i < 4; i++)
        CHECK(::rmdir((std::string(root) + folders[i]).c_str()) == 0);
}

TEST(reentrant_library_calls) {
    char buffer[64];
    time_t when = 0;
    struct tm date;
    CHECK(qtss_gmtime(&when, &date) == &date && date.tm_year == 70);
    CHECK(qtss_localtime(&when, &date) == &date);
    CHECK_TEXT(std::string(qtss_asctime(qtss_gmtime(&when, &date), buffer, 11)), "Thu Jan  1");
    CHECK(qtss_ctime(&when, buffer, sizeof(buffer)) == buffer && ::strlen(buffer) > 20);
    CHECK_TEXT(std::string(qtss_strerror(ENOENT, buffer, sizeof(buffer))), ::strerror(ENOENT));
    qtss_snprintf(buffer, sizeof(buffer), "%" _S32BITARG_ " %" _U64BITARG_, SInt32(-1), UInt64(7));
    CHECK_TEXT(std::string(buffer), "-1 7");
    UInt32 limit = qtss_getmaxprintfcharsinK();
    qtss_setmaxprintfcharsinK(0);
    CHECK(qtss_maxprintf("x") == 1 && qtss_maxprintf("x") == -1);
    qtss_setmaxprintfcharsinK(limit);
    CHECK(qtss_maxprintf("\n") == 1);
}

namespace {

class Collector : public AssertLogger {
public:
    virtual void LogAssert(char* inMessage) { fText = inMessage; }
    std::string fText;
};

} // namespace

TEST(failed_asserts_go_to_the_logger_or_end_the_process) {
    Collector collector;
    SetAssertLogger(&collector);
    Assert(1 + 1 == 3);
    CHECK(collector.fText.find("_Assert: ") == 0 && collector.fText.find("threads.cpp") != std::string::npos);
    AssertV(false, 42);
    CHECK(collector.fText.find("(42)") != std::string::npos);
    collector.fText = "";
    Assert(true);
    CHECK(collector.fText.empty());
    SetAssertLogger(NULL);
    ::fflush(stdout);
    pid_t child = ::fork();
    if (child == 0) {
        (void)::close(1);
        Assert(false);
        ::_exit(0);
    }
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child && WIFSIGNALED(status));
}

// ---- Files and sockets ----

TEST(file_source_reads_by_position) {
    char path[] = "/tmp/sdk-file-XXXXXX";
    int fd = ::mkstemp(path);
    CHECK(::write(fd, "0123456789", 10) == 10);
    ::close(fd);
    OSFileSource file(path);
    CHECK(file.IsValid() && !file.IsDir() && file.GetLength() == 10 && file.GetModDate() > 0);
    char data[16];
    UInt32 length = 0;
    CHECK(file.Read(data, 4, &length) == OS_NoErr && length == 4);
    CHECK(file.Read(data, 4, &length) == OS_NoErr && ::memcmp(data, "4567", 4) == 0 && file.GetCurOffset() == 8);
    CHECK(file.Read(9, data, 4, &length) == OS_NoErr && length == 1);
    CHECK(file.Read(100, data, 4, &length) == OS_NoErr && length == 0);
    file.Seek(1);
    file.Advise(0, 10);
    CHECK(file.Read(data, 1, &length) == OS_NoErr && data[0] == '1');
    ::remove(path);
    file.Set(path);
    CHECK(!file.IsValid() && file.GetLength() == 0 && file.Read(data, 1, &length) == EBADF);
    OSFileSource folder("/tmp");
    CHECK(folder.IsDir());
}

TEST(addresses_as_numbers) {
    CHECK(SocketUtils::ConvertStringToAddr("1.2.3.4") == 0x01020304);
    CHECK(SocketUtils::ConvertStringToAddr(NULL) == 0 && SocketUtils::ConvertStringToAddr("x") == 0xFFFFFFFFU);
    CHECK(SocketUtils::IsMulticastIPAddr(0xE0000001U) && SocketUtils::IsMulticastIPAddr(0xEF000000U));
    CHECK(!SocketUtils::IsMulticastIPAddr(0x7F000001U) && !SocketUtils::IsMulticastIPAddr(0xF0000000U));
    struct in_addr address;
    address.s_addr = htonl(0x0A000001);
    char buffer[20];
    StrPtrLen text(buffer, sizeof(buffer));
    SocketUtils::ConvertAddrToString(address, &text);
    CHECK_TEXT(harness::Str(text), "10.0.0.1");
    SocketUtils::Initialize(false);
    for (UInt32 i = 0; i < SocketUtils::GetNumIPAddrs(); i++) {
        CHECK(SocketUtils::IsLocalIPAddr(SocketUtils::GetIPAddr(i)));
        CHECK(SocketUtils::ConvertStringToAddr(SocketUtils::GetIPAddrStr(i)->Ptr) == SocketUtils::GetIPAddr(i));
    }
}

TEST(udp_sockets_send_and_receive) {
    UDPSocket receiver(NULL, UDPSocket::kWantsDemuxer);
    UDPSocket sender(NULL, Socket::kNonBlockingSocketType);
    CHECK(receiver.Open() == OS_NoErr && receiver.Bind(INADDR_LOOPBACK, 0) == OS_NoErr && receiver.IsBound());
    CHECK(receiver.GetDemuxer() != NULL && sender.GetDemuxer() == NULL);
    CHECK(sender.Open() == OS_NoErr && sender.Bind(INADDR_LOOPBACK, 0) == OS_NoErr);
    CHECK_TEXT(harness::Str(*receiver.GetLocalAddrStr()), "127.0.0.1");
    CHECK(receiver.SetTtl(3) == OS_NoErr);
    UInt32 addr = 0, length = 0;
    UInt16 port = 0;
    char data[16];
    CHECK(sender.RecvFrom(&addr, &port, data, sizeof(data), &length) == EAGAIN);
    CHECK(sender.SendTo(INADDR_LOOPBACK, receiver.GetLocalPort(), "abc", 3) == OS_NoErr);
    CHECK(receiver.RecvFrom(&addr, &port, data, sizeof(data), &length) == OS_NoErr);
    CHECK(length == 3 && addr == INADDR_LOOPBACK && port == sender.GetLocalPort());
}

namespace {

class Pool : public UDPSocketPool {
    virtual UDPSocketPair* ConstructUDPSocketPair() {
        return new UDPSocketPair(new UDPSocket(NULL, UDPSocket::kWantsDemuxer),
                                 new UDPSocket(NULL, UDPSocket::kWantsDemuxer));
    }
    virtual void DestructUDPSocketPair(UDPSocketPair* pair) {
        delete pair->GetSocketA();
        delete pair->GetSocketB();
        delete pair;
    }
};

} // namespace

TEST(udp_socket_pairs_are_even_and_shared) {
    Pool pool;
    UDPSocketPair* first = pool.GetUDPSocketPair(INADDR_LOOPBACK, 0, 0, 0);
    CHECK(first != NULL);
    if (first == NULL)
        return;
    UInt16 port = first->GetSocketA()->GetLocalPort();
    CHECK(port % 2 == 0 && first->GetSocketB()->GetLocalPort() == port + 1);
    UDPSocketPair* shared = pool.GetUDPSocketPair(INADDR_LOOPBACK, port, 0x01020304, 9);
    CHECK(shared == first);
    UDPDemuxerTask task;
    first->GetSocketB()->GetDemuxer()->RegisterTask(0x01020304, 9, &task);
    CHECK(pool.GetUDPSocketPair(INADDR_LOOPBACK, port, 0x01020304, 9) == NULL);
    pool.ReleaseUDPSocketPair(shared);
    CHECK(pool.GetSocketQueue()->GetLength() == 1);
    pool.ReleaseUDPSocketPair(first);
    CHECK(pool.GetSocketQueue()->GetLength() == 0);
}

namespace {

// Answers what it receives, until the peer is gone.
class Echo : public Task {
public:
    explicit Echo(Flag* deaths) : fSocket(NULL, Socket::kNonBlockingSocketType), fDeaths(deaths) {}
    virtual ~Echo() { fDeaths->Add(); }
    virtual SInt64 Run() {
        (void)this->GetEvents();
        char data[64];
        UInt32 length = 0;
        OS_Error error = fSocket.Read(data, sizeof(data), &length);
        if (error == EAGAIN || error == OS_NoErr) {
            if (error == OS_NoErr)
                fSocket.Send(data, length, &length);
            fSocket.RequestEvent(EV_RE);
            return 0;
        }
        return -1;
    }

    TCPSocket fSocket;

private:
    Flag* fDeaths;
};

class Listener : public TCPListenerSocket {
public:
    explicit Listener(Flag* deaths) : fDeaths(deaths) {}
    virtual Task* GetSessionTask(TCPSocket** outSocket) {
        Echo* echo = new Echo(fDeaths);
        *outSocket = &echo->fSocket;
        return echo;
    }

private:
    Flag* fDeaths;
};

} // namespace

TEST(tcp_connections_are_accepted_and_signalled) {
    Flag deaths;
    Socket::Initialize();
    Socket::StartThread();
    TaskThreadPool::AddThreads(1);
    IdleTask::Initialize();
    {
        Listener listener(&deaths);
        CHECK(listener.Initialize(INADDR_LOOPBACK, 0) == OS_NoErr);
        listener.RequestEvent(EV_RE);
        TCPSocket first(NULL, 0), client(NULL, 0);
        UInt32 length = 0;
        CHECK(first.Send("x", 1, &length) == ENOTCONN);
        CHECK(first.Open() == OS_NoErr && first.Connect(INADDR_LOOPBACK, listener.GetLocalPort()) == OS_NoErr);
        client.SnarfSocket(first);
        CHECK(!first.IsConnected() && client.IsConnected() && client.GetRemotePort() == listener.GetLocalPort());
        CHECK_TEXT(harness::Str(*client.GetRemoteAddrStr()), "127.0.0.1");
        CHECK(client.Send("hello", 5, &length) == OS_NoErr && length == 5);
        char data[16];
        CHECK(client.Read(data, sizeof(data), &length) == OS_NoErr && length == 5 && ::memcmp(data, "hello", 5) == 0);
        client.Cleanup();
        CHECK(deaths.WaitFor(1));
    }
    TaskThreadPool::RemoveThreads();
    EventThread* events = Socket::GetEventThread();
    events->StopAndWaitForThread();
}
