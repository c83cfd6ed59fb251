// SPDX-License-Identifier: MIT OR Apache-2.0
// The atoms of a QuickTime or MP4 file, read by way of OSFileSource.
#ifndef QTSS_SDK_QT_FILE_H
#define QTSS_SDK_QT_FILE_H

#include "DateTranslator.h"
#include "OSFileSource.h"
#include "OSHeaders.h"
#include "OSMutex.h"

class QTFile {
public:
    enum ErrorCode { errNoError = 0, errFileNotFound = 1, errInvalidQuickTimeFile = 2, errInternalError = 100 };

    // One atom. NextOrdAtom goes through all in the order of the file.
    struct AtomTOCEntry {
        UInt32 TOCID; // from 0
        OSType AtomType; // four characters, the first one in the upper byte
        UInt64 AtomDataPos;
        UInt64 AtomDataLength;
        UInt32 AtomHeaderSize;
        AtomTOCEntry* NextOrdAtom;
        AtomTOCEntry* PrevAtom;
        AtomTOCEntry* NextAtom;
        AtomTOCEntry* Parent;
        AtomTOCEntry* FirstChild;
    };

    QTFile(Bool16 verbose = false, Bool16 chatty = false);
    virtual ~QTFile();

    // Once. errInvalidQuickTimeFile if atoms do not fit into the file, or if there is no moov:mvhd.
    ErrorCode Open(const char* MoviePath);

    OSMutex* GetMutex() { return &mutex_; }
    char* GetMoviePath() { return moviePath_; }
    Float64 GetTimeScale() { return timeScale_; } // units a second
    Float64 GetDurationInSeconds();
    SInt64 GetModDate(); // ms since 1970
    char* GetModDateStr() { return modDateBuffer_.GetDateBuffer(); }
    UInt32 GetNumTracks() { return numTracks_; }

    // The first atom of a path like "moov:trak", or the next one behind the one given. A path that starts
    // with a colon is looked up inside the one given. The entry may be NULL, to ask only.
    Bool16 FindTOCEntry(const char* AtomPath, AtomTOCEntry** TOCEntry, AtomTOCEntry* LastFoundTOCEntry = NULL);
    // False if the file ends before.
    Bool16 Read(UInt64 Offset, char* const Buffer, UInt32 Length);

private:
    QTFile(const QTFile&);
    QTFile& operator=(const QTFile&);

    bool ReadAtoms(UInt64 from, UInt64 to, AtomTOCEntry* parent, int depth);
    bool ReadMovieHeader(AtomTOCEntry* header);
    static AtomTOCEntry* FindBelow(AtomTOCEntry* first, const char* path);

    OSFileSource file_;
    OSMutex mutex_;
    DateBuffer modDateBuffer_;
    char* moviePath_;
    AtomTOCEntry* first_;
    AtomTOCEntry* last_; // in the order of the file
    UInt32 numAtoms_;
    UInt32 numTracks_;
    Float64 timeScale_;
    Float64 duration_; // in units
};

#endif
