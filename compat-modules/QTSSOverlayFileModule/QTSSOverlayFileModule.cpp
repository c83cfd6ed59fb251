// SPDX-License-Identifier: MIT OR Apache-2.0
// Lays a second folder over the movie folder: a file that is in the preference overlay_folder is served
// instead of the one of that path in the movie folder. Empty, nothing changes.
//
// The lesson: a file system of one's own. OpenFilePreProcess claims a file or passes it on; the roles for
// reading and closing then come to the module that claimed it, from any thread.

#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include "OSMutex.h"
#include "QTSS.h"
#include "QTSSMemoryDeleter.h"
#include "QTSSModuleUtils.h"

extern "C" {
EXPORT QTSS_Error QTSSOverlayFileModule_Main(void* inPrivateArgs);
}

namespace {

char sDescriptorName[] = "QTSSOverlayFileModuleDescriptor";
QTSS_AttributeID sDescriptorID = static_cast<QTSS_AttributeID>(qtssIllegalAttrID);
QTSS_PrefsObject sServerPrefs = NULL;
QTSS_ModulePrefsObject sPrefs = NULL;
OSMutex sMutex;
std::string sOverlay;
std::string sMovies; // both without a slash at the end

std::string WithoutSlash(std::string path) {
    while (!path.empty() && path[path.size() - 1] == '/')
        path.erase(path.size() - 1);
    return path;
}

void ReadPrefs() {
    QTSSCharArrayDeleter overlay(QTSSModuleUtils::GetStringAttribute(sPrefs, "overlay_folder", ""));
    char* movies = NULL;
    (void)QTSS_GetValueAsString(sServerPrefs, qtssPrefsMovieFolder, 0, &movies);
    QTSSCharArrayDeleter moviesDeleter(movies);
    OSMutexLocker locker(&sMutex);
    sOverlay = WithoutSlash(overlay.GetObject());
    sMovies = movies == NULL ? std::string() : WithoutSlash(movies);
}

// The place of a movie in the overlay; empty for all other files.
std::string OverlayPath(const std::string& path) {
    OSMutexLocker locker(&sMutex);
    bool inside = !sOverlay.empty() && !sMovies.empty() && path.compare(0, sMovies.size() + 1, sMovies + "/") == 0;
    return inside ? sOverlay + path.substr(sMovies.size()) : std::string();
}

int DescriptorOf(QTSS_Object file) {
    SInt32 descriptor = -1;
    UInt32 length = sizeof(descriptor);
    return QTSS_GetValue(file, sDescriptorID, 0, &descriptor, &length) == QTSS_NoErr ? descriptor : -1;
}

// QTSS_FileNotFound leaves the file to the next module and in the end to the disk.
QTSS_Error Open(QTSS_OpenFile_Params* params) {
    const std::string path = OverlayPath(params->inPath);
    if (path.empty())
        return QTSS_FileNotFound;
    SInt32 descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor == -1)
        return QTSS_FileNotFound;
    struct stat info;
    if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) {
        (void)::close(descriptor);
        return QTSS_FileNotFound;
    }
    const UInt64 length = static_cast<UInt64>(info.st_size);
    const QTSS_TimeVal date = static_cast<QTSS_TimeVal>(info.st_mtime) * 1000;
    (void)QTSS_SetValue(params->inFileObject, qtssFlObjLength, 0, &length, sizeof(length));
    (void)QTSS_SetValue(params->inFileObject, qtssFlObjModDate, 0, &date, sizeof(date));
    return QTSS_SetValue(params->inFileObject, sDescriptorID, 0, &descriptor, sizeof(descriptor));
}

QTSS_Error Read(QTSS_ReadFile_Params* params) {
    ssize_t count = ::pread(DescriptorOf(params->inFileObject), params->ioBuffer, params->inBufLen,
                            static_cast<off_t>(params->inFilePosition));
    *params->outLenRead = count < 0 ? 0 : static_cast<UInt32>(count);
    return count < 0 ? QTSS_RequestFailed : QTSS_NoErr;
}

QTSS_Error Dispatch(QTSS_Role role, QTSS_RoleParamPtr params) {
    switch (role) {
    case QTSS_Register_Role:
        (void)QTSS_AddRole(QTSS_RequestEventFile_Role);
        (void)QTSS_AddRole(QTSS_CloseFile_Role);
        (void)QTSS_AddRole(QTSS_ReadFile_Role);
        (void)QTSS_AddRole(QTSS_OpenFilePreProcess_Role);
        (void)QTSS_AddRole(QTSS_RereadPrefs_Role);
        (void)QTSS_AddRole(QTSS_Initialize_Role);
        (void)QTSS_AddStaticAttribute(qtssFileObjectType, sDescriptorName, NULL, qtssAttrDataTypeSInt32);
        return QTSS_IDForAttr(qtssFileObjectType, sDescriptorName, &sDescriptorID);
    case QTSS_Initialize_Role:
        QTSSModuleUtils::Initialize(params->initParams.inMessages, params->initParams.inServer,
                                    params->initParams.inErrorLogStream);
        sServerPrefs = params->initParams.inPrefs;
        sPrefs = QTSSModuleUtils::GetModulePrefsObject(params->initParams.inModule);
        ReadPrefs();
        return QTSS_NoErr;
    case QTSS_RereadPrefs_Role: ReadPrefs(); return QTSS_NoErr;
    case QTSS_OpenFilePreProcess_Role: return Open(&params->openFilePreProcessParams);
    case QTSS_ReadFile_Role: return Read(&params->readFileParams);
    case QTSS_CloseFile_Role: (void)::close(DescriptorOf(params->closeFileParams.inFileObject)); return QTSS_NoErr;
    // A file on disk is always ready: whoever wants to wait for it is woken at once.
    case QTSS_RequestEventFile_Role:
        return QTSS_SignalStream(params->reqEventFileParams.inFileObject, params->reqEventFileParams.inEventMask);
    default: return QTSS_NoErr;
    }
}

} // namespace

QTSS_Error QTSSOverlayFileModule_Main(void* inPrivateArgs) { return _stublibrary_main(inPrivateArgs, Dispatch); }
