// SPDX-License-Identifier: MIT OR Apache-2.0
#include "QTFile.h"

#include <string.h>

namespace {

const int kMaxDepth = 12;
const UInt32 kMaxAtoms = 100000;

const OSType kContainers[] = {
    FOUR_CHARS_TO_INT('m', 'o', 'o', 'v'), FOUR_CHARS_TO_INT('t', 'r', 'a', 'k'), FOUR_CHARS_TO_INT('m', 'd', 'i', 'a'),
    FOUR_CHARS_TO_INT('m', 'i', 'n', 'f'), FOUR_CHARS_TO_INT('s', 't', 'b', 'l'), FOUR_CHARS_TO_INT('d', 'i', 'n', 'f'),
    FOUR_CHARS_TO_INT('t', 'r', 'e', 'f'), FOUR_CHARS_TO_INT('e', 'd', 't', 's'), FOUR_CHARS_TO_INT('u', 'd', 't', 'a'),
    FOUR_CHARS_TO_INT('r', 'm', 'r', 'a'), FOUR_CHARS_TO_INT('r', 'm', 'd', 'a'), FOUR_CHARS_TO_INT('h', 'n', 't', 'i'),
    FOUR_CHARS_TO_INT('g', 'm', 'h', 'd'),
};

bool IsContainer(OSType type) {
    for (size_t i = 0; i < sizeof(kContainers) / sizeof(kContainers[0]); i++) {
        if (kContainers[i] == type)
            return true;
    }
    return false;
}

UInt64 Number(const char* bytes, int count) {
    UInt64 value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

} // namespace

QTFile::QTFile(Bool16 /*Debug*/, Bool16 /*DeepDebug*/)
    : moviePath_(NULL), first_(NULL), last_(NULL), numAtoms_(0), numTracks_(0), timeScale_(0), duration_(0) {}

QTFile::~QTFile() {
    while (first_ != NULL) {
        AtomTOCEntry* next = first_->NextOrdAtom;
        delete first_;
        first_ = next;
    }
    delete[] moviePath_;
}

QTFile::ErrorCode QTFile::Open(const char* MoviePath) {
    Assert(moviePath_ == NULL);
    moviePath_ = StrPtrLen(MoviePath).GetAsCString();
    file_.Set(MoviePath);
    if (!file_.IsValid())
        return errFileNotFound;
    modDateBuffer_.Update(this->GetModDate());
    if (!ReadAtoms(0, file_.GetLength(), NULL, 0))
        return errInvalidQuickTimeFile;
    AtomTOCEntry* header = NULL;
    if (!FindTOCEntry("moov:mvhd", &header) || !ReadMovieHeader(header))
        return errInvalidQuickTimeFile;
    for (AtomTOCEntry* track = NULL; FindTOCEntry("moov:trak", &track, track);)
        numTracks_++;
    return errNoError;
}

bool QTFile::ReadAtoms(UInt64 from, UInt64 to, AtomTOCEntry* parent, int depth) {
    const UInt32 kShortHeader = 8;
    const UInt32 kLongHeader = 16;
    AtomTOCEntry* previous = NULL;
    while (to - from >= kShortHeader) {
        char header[kLongHeader];
        if (!Read(from, header, kShortHeader))
            return false;
        UInt64 size = Number(header, 4);
        UInt32 headerSize = kShortHeader;
        if (size == 1) {
            if (to - from < kLongHeader || !Read(from, header, kLongHeader))
                return false;
            size = Number(header + kShortHeader, 8);
            headerSize = kLongHeader;
        } else if (size == 0) {
            if (parent != NULL)
                break; // a user data list ends like that
            size = to - from;
        }
        if (size < headerSize || size > to - from || ++numAtoms_ > kMaxAtoms)
            return false;

        AtomTOCEntry* atom = new AtomTOCEntry;
        atom->TOCID = numAtoms_ - 1;
        atom->AtomType = static_cast<OSType>(Number(header + 4, 4));
        atom->AtomDataPos = from + headerSize;
        atom->AtomDataLength = size - headerSize;
        atom->AtomHeaderSize = headerSize;
        atom->NextOrdAtom = NULL;
        atom->PrevAtom = previous;
        atom->NextAtom = NULL;
        atom->Parent = parent;
        atom->FirstChild = NULL;
        (last_ == NULL ? first_ : last_->NextOrdAtom) = atom;
        last_ = atom;
        if (previous != NULL)
            previous->NextAtom = atom;
        else if (parent != NULL)
            parent->FirstChild = atom;
        previous = atom;
        if (IsContainer(atom->AtomType) && depth < kMaxDepth &&
            !ReadAtoms(atom->AtomDataPos, from + size, atom, depth + 1))
            return false;
        from += size;
    }
    return true;
}

// mvhd: version and flags, dates, time scale, duration; dates and duration are 8 bytes in version 1.
bool QTFile::ReadMovieHeader(AtomTOCEntry* header) {
    char data[32];
    if (header->AtomDataLength < sizeof(data) || !Read(header->AtomDataPos, data, sizeof(data)))
        return false;
    bool longer = data[0] == 1;
    timeScale_ = static_cast<Float64>(Number(data + (longer ? 20 : 12), 4));
    duration_ = static_cast<Float64>(longer ? Number(data + 24, 8) : Number(data + 16, 4));
    return timeScale_ > 0;
}

Float64 QTFile::GetDurationInSeconds() { return timeScale_ > 0 ? duration_ / timeScale_ : 0; }

SInt64 QTFile::GetModDate() { return static_cast<SInt64>(file_.GetModDate()) * 1000; }

// The first atom from this one on among its siblings that has the path.
QTFile::AtomTOCEntry* QTFile::FindBelow(AtomTOCEntry* first, const char* path) {
    if (::strlen(path) < 4)
        return NULL;
    const OSType type = static_cast<OSType>(Number(path, 4));
    const char* rest = path[4] == ':' ? path + 5 : NULL;
    for (AtomTOCEntry* atom = first; atom != NULL; atom = atom->NextAtom) {
        if (atom->AtomType != type)
            continue;
        AtomTOCEntry* found = rest == NULL ? atom : FindBelow(atom->FirstChild, rest);
        if (found != NULL)
            return found;
    }
    return NULL;
}

Bool16 QTFile::FindTOCEntry(const char* AtomPath, AtomTOCEntry** TOCEntry, AtomTOCEntry* LastFoundTOCEntry) {
    AtomTOCEntry* found;
    if (AtomPath[0] == ':') {
        found = LastFoundTOCEntry == NULL ? NULL : FindBelow(LastFoundTOCEntry->FirstChild, AtomPath + 1);
    } else if (LastFoundTOCEntry != NULL) {
        const char* last = ::strrchr(AtomPath, ':');
        found = FindBelow(LastFoundTOCEntry->NextAtom, last == NULL ? AtomPath : last + 1);
    } else {
        found = FindBelow(first_, AtomPath);
    }
    if (found != NULL && TOCEntry != NULL)
        *TOCEntry = found;
    return found != NULL;
}

Bool16 QTFile::Read(UInt64 Offset, char* const Buffer, UInt32 Length) {
    OSMutexLocker locker(&mutex_);
    UInt32 received = 0;
    return file_.Read(Offset, Buffer, Length, &received) == OS_NoErr && received == Length;
}
