// SPDX-License-Identifier: MIT OR Apache-2.0
// A log file that is put aside and begun anew when it is old or large enough. Subclasses say where and when.
//
// A file begins with the line "#Log File Created On: mm/dd/yyyy hh:mm:ss", local time, from which its age is
// counted. An old file is renamed to NAME.yymmddNNN.log, with the day it was begun and a number from 000.
//
// The check of the age without a write needs the tasks of Task.h, which a module has only if it starts them.
#ifndef QTSS_SDK_QTSS_ROLLING_LOG_H
#define QTSS_SDK_QTSS_ROLLING_LOG_H

#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include "OSHeaders.h"
#include "OSMutex.h"
#include "Task.h"

const Bool16 kAllowLogToRoll = true;

class QTSSRollingLog : public Task {
public:
    enum { kMaxDateBufferSizeInBytes = 30, kMaxFilenameLengthInBytes = 31 };

    QTSSRollingLog();

    // Closes the file, and deletes the object if the module runs tasks.
    void Delete() {
        CloseLog(false);
        this->Signal(Task::kKillEvent);
    }

    // Opens the file, named with or without ".log"; folder and file are created.
    void EnableLog(Bool16 appendDotLog = true);
    void CloseLog(Bool16 leaveEnabled = false);
    // Writes the text as it is; with kAllowLogToRoll the file may be rolled before.
    void WriteToLog(const char* logData, Bool16 allowLogToRoll);
    // Put the file aside in any case, or if it is due. False if that failed.
    Bool16 RollLog();
    Bool16 CheckRollLog();

    Bool16 IsLogEnabled();
    Bool16 IsLogging() { return enabled_; }
    void SetLoggingEnabled(Bool16 logState) { enabled_ = logState; }
    // For all logs of a module: whether a file is closed after each write. It is, unless this is called.
    static void SetCloseOnWrite(Bool16 close);

    // "yyyy-mm-dd hh:mm:ss", now, into a buffer of kMaxDateBufferSizeInBytes.
    static Bool16 FormatDate(char* dateBuffer, Bool16 logTimeInGMT);

protected:
    virtual ~QTSSRollingLog();

    // Texts from new[], which this class deletes.
    virtual char* GetLogName() = 0;
    virtual char* GetLogDir() = 0;
    // 0 for no limit.
    virtual UInt32 GetRollIntervalInDays() = 0;
    virtual UInt32 GetMaxLogBytes() = 0;

    // Writes the first lines of a new file and returns when it was begun. Overrides call this one first.
    virtual time_t WriteLogHeader(FILE* file);
    // When the file was begun, from its first line; -1 if that is something else.
    time_t ReadLogHeader(FILE* file);

private:
    virtual SInt64 Run();
    char* LogPath();
    bool IsTooOld();
    bool IsTooLarge();
    bool PutAside();

    static Bool16 closesAfterLine_;

    FILE* file_;
    time_t born_;
    char* path_;
    Bool16 dotLog_;
    Bool16 enabled_;
    OSMutex mutex_;
};

#endif
