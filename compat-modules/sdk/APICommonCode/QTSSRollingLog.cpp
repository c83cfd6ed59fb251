// SPDX-License-Identifier: MIT OR Apache-2.0
#include "QTSSRollingLog.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "OS.h"
#include "OSArrayObjectDeleter.h"
#include "OSMemory.h"
#include "ResizeableStringFormatter.h"

Bool16 QTSSRollingLog::closesAfterLine_ = true;

namespace {

const SInt64 kSecondsInDay = 24 * 60 * 60;
const char kDateFormat[] = "#Log File Created On: %m/%d/%Y %H:%M:%S\n";

bool Exists(const char* path) {
    struct stat info;
    return ::stat(path, &info) == 0;
}

} // namespace

QTSSRollingLog::QTSSRollingLog()
    : file_(NULL), born_(-1), path_(NULL), dotLog_(true), enabled_(true) {
    SetTaskName("QTSSRollingLog");
}

QTSSRollingLog::~QTSSRollingLog() {
    this->CloseLog();
    delete[] path_;
}

void QTSSRollingLog::SetCloseOnWrite(Bool16 closeOnWrite) { closesAfterLine_ = closeOnWrite; }

Bool16 QTSSRollingLog::IsLogEnabled() {
    OSMutexLocker locker(&mutex_);
    return closesAfterLine_ || file_ != NULL;
}

char* QTSSRollingLog::LogPath() {
    OSCharArrayDeleter folder(this->GetLogDir());
    OSCharArrayDeleter name(this->GetLogName());
    ResizeableStringFormatter path;
    path.PutFilePath(folder.GetObject(), name.GetObject());
    if (dotLog_)
        path.Put(".log");
    return path.GetAsCString();
}

void QTSSRollingLog::EnableLog(Bool16 appendDotLog) {
    this->Signal(Task::kStartEvent);
    OSMutexLocker locker(&mutex_);
    dotLog_ = appendDotLog;
    if (!enabled_)
        return;
    this->CloseLog(false);
    delete[] path_;
    path_ = this->LogPath();

    bool isNew = !Exists(path_);
    if (isNew) {
        OSCharArrayDeleter folder(this->GetLogDir());
        (void)OS::RecursiveMakeDir(folder.GetObject());
    }
    file_ = ::fopen(path_, "a+");
    if (file_ != NULL)
        born_ = isNew ? this->WriteLogHeader(file_) : this->ReadLogHeader(file_);
}

void QTSSRollingLog::CloseLog(Bool16 leaveEnabled) {
    OSMutexLocker locker(&mutex_);
    if (leaveEnabled)
        closesAfterLine_ = true;
    if (file_ != NULL)
        (void)::fclose(file_);
    file_ = NULL;
}

void QTSSRollingLog::WriteToLog(const char* logData, Bool16 allowLogToRoll) {
    OSMutexLocker locker(&mutex_);
    if (!enabled_)
        return;
    if (closesAfterLine_ && file_ == NULL)
        this->EnableLog(dotLog_);
    if (allowLogToRoll)
        (void)this->CheckRollLog();
    if (file_ != NULL) {
        (void)::fputs(logData, file_);
        (void)::fflush(file_);
    }
    if (closesAfterLine_)
        this->CloseLog(false);
}

Bool16 QTSSRollingLog::RollLog() {
    OSMutexLocker locker(&mutex_);
    this->CloseLog(false);
    if (!enabled_ || !this->PutAside())
        return false;
    this->EnableLog(dotLog_);
    return true;
}

Bool16 QTSSRollingLog::CheckRollLog() {
    OSMutexLocker locker(&mutex_);
    if (file_ == NULL || !(this->IsTooOld() || this->IsTooLarge()))
        return true;
    return this->RollLog();
}

// Days begin at midnight.
bool QTSSRollingLog::IsTooOld() {
    UInt32 days = this->GetRollIntervalInDays();
    struct tm begun;
    if (days == 0 || born_ == -1 || qtss_localtime(&born_, &begun) == NULL)
        return false;
    begun.tm_hour = 0;
    begun.tm_min = 0;
    begun.tm_sec = 0;
    return static_cast<SInt64>(::time(NULL)) - static_cast<SInt64>(::mktime(&begun)) > days * kSecondsInDay;
}

bool QTSSRollingLog::IsTooLarge() {
    UInt32 limit = this->GetMaxLogBytes();
    struct stat info;
    if (limit == 0 || ::fstat(::fileno(file_), &info) != 0)
        return false;
    return static_cast<UInt64>(info.st_size) > limit;
}

bool QTSSRollingLog::PutAside() {
    const int kNumbers = 1000;
    if (path_ == NULL)
        return false;
    time_t begun = born_ == -1 ? ::time(NULL) : born_;
    struct tm date;
    char day[16] = "";
    if (qtss_localtime(&begun, &date) != NULL)
        (void)::strftime(day, sizeof(day), ".%y%m%d", &date);

    OSCharArrayDeleter folder(this->GetLogDir());
    OSCharArrayDeleter name(this->GetLogName());
    for (int number = 0; number <= kNumbers; number++) {
        ResizeableStringFormatter path;
        path.PutFilePath(folder.GetObject(), name.GetObject());
        path.Put(day);
        if (number < kNumbers)
            path.PutFmtStr("%03d.log", number);
        else
            path.Put("---.log"); // the day is full: this one is written over
        path.PutTerminator();
        if (number == kNumbers || !Exists(path.GetBufPtr()))
            return ::rename(path_, path.GetBufPtr()) == 0;
    }
    return false;
}

time_t QTSSRollingLog::WriteLogHeader(FILE* file) {
    time_t now = ::time(NULL);
    struct tm date;
    char line[128];
    if (qtss_localtime(&now, &date) == NULL || ::strftime(line, sizeof(line), kDateFormat, &date) == 0)
        return -1;
    (void)::fputs(line, file);
    (void)::fflush(file);
    return now;
}

time_t QTSSRollingLog::ReadLogHeader(FILE* file) {
    char line[500];
    ::rewind(file);
    bool hasLine = ::fgets(line, sizeof(line), file) != NULL;
    (void)::fseek(file, 0, SEEK_END);
    struct tm date;
    ::memset(&date, 0, sizeof(date));
    if (!hasLine || ::sscanf(line, "#Log File Created On: %d/%d/%d %d:%d:%d", &date.tm_mon, &date.tm_mday, &date.tm_year,
                             &date.tm_hour, &date.tm_min, &date.tm_sec) != 6)
        return -1;
    date.tm_mon--;
    date.tm_year -= 1900;
    date.tm_isdst = -1; // let mktime find out
    return ::mktime(&date);
}

SInt64 QTSSRollingLog::Run() {
    const SInt64 kCheckInterval = 60 * 1000; // ms
    const EventFlags events = GetEvents();
    if ((events & kKillEvent) != 0)
        return -1;
    OSMutexLocker locker(&mutex_);
    if (file_ != NULL && this->IsTooOld())
        (void)this->RollLog();
    return kCheckInterval;
}

Bool16 QTSSRollingLog::FormatDate(char* dateBuffer, Bool16 logTimeInGMT) {
    time_t now = ::time(NULL);
    struct tm date;
    struct tm* found = logTimeInGMT ? qtss_gmtime(&now, &date) : qtss_localtime(&now, &date);
    if (found == NULL)
        return false;
    return ::strftime(dateBuffer, kMaxDateBufferSizeInBytes, "%Y-%m-%d %H:%M:%S", found) > 0;
}
