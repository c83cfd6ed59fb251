// SPDX-License-Identifier: MIT OR Apache-2.0
// Access files: who may see the movies of a folder.
//
// Lines are "AuthName realm", "AuthUserFile path", "AuthGroupFile path", "AuthScheme basic|digest",
// "require user NAMES", "require group NAMES", "require valid-user", "require any-user" and # comments.
// Those between <Limit READ WRITE> and </Limit> are for these actions, all others for reading.
#ifndef QTSS_SDK_QT_ACCESS_FILE_H
#define QTSS_SDK_QT_ACCESS_FILE_H

#include <stdlib.h>
#include "OSHeaders.h"
#include "OSMutex.h"
#include "QTSS.h"
#include "SafeStdLib.h"
#include "StrPtrLen.h"
#include "StringParser.h"

class QTAccessFile {
public:
    static UInt8 sWhitespaceAndGreaterThanMask[];

    virtual ~QTAccessFile() {}

    // Before SetAccessFileName is called from several threads.
    static void Initialize();
    // "qtaccess" if it is never called.
    static void SetAccessFileName(const char* inQTAccessFileName);
    static char* GetAccessFileName() { return sQTAccessFileName; }
    // Copies from new[].
    static char* GetUserNameCopy(QTSS_UserProfileObject inUserProfile);
    // Path of the access file for a movie: in its folder or the next one upwards, not above the root; NULL
    // if there is none.
    static char* GetAccessFile_Copy(const char* movieRootDir, const char* dirPath);
    // What an access file says about the action: paths from new[] or NULL, and the scheme, or qtssAuthNone.
    static QTSS_AuthScheme FindUsersAndGroupsFilesAndAuthScheme(const char* inAccessFilePath, QTSS_ActionFlags inAction,
                                                                char** outUsersFilePath, char** outGroupsFilePath);

    // Whether an access file lets a user do something. Without content it lets everybody. The realm is
    // written, terminated, into the text of that length.
    Bool16 AccessAllowed(char* userName, char** groupArray, UInt32 numGroups, StrPtrLen* accessFileBufPtr,
                         QTSS_ActionFlags inFlags, StrPtrLen* ioRealmNameStr, Bool16* outAllowAnyUserPtr,
                         void* extraDataPtr = NULL);
    // The whole of it, for an Authorize role: finds the file, asks AccessAllowed, and sets the request's
    // realm and what is known about the user. `noAction`: actions that are none of this file's business.
    // Without access file any user is allowed, or any valid one.
    QTSS_Error AuthorizeRequest(QTSS_StandardRTSP_Params* inParams, Bool16 allowNoAccessFiles,
                                QTSS_ActionFlags noAction, QTSS_ActionFlags authorizeAction, Bool16* outAuthorizedPtr,
                                Bool16* outAllowAnyUserPtr = NULL);

    // What AccessAllowed asks, for subclasses with users and groups of their own.
    virtual Bool16 HaveUser(char* userName, void* extraDataPtr);
    virtual Bool16 HaveGroups(char** groupArray, UInt32 numGroups, void* extraDataPtr);
    virtual Bool16 HaveRealm(char* userName, StrPtrLen* ioRealmNameStr, void* extraData);
    virtual Bool16 TestUser(StrPtrLen* accessUser, char* userName, void* extraDataPtr);
    virtual Bool16 TestGroup(StrPtrLen* accessGroup, char* userName, char** groupArray, UInt32 numGroups,
                             void* extraDataPtr);
    // For words behind "require" that are not known here.
    virtual Bool16 TestExtraData(StrPtrLen* wordPtr, StringParser* lineParserPtr, void* extraDataPtr);
    virtual void GetRealm(StrPtrLen* accessRealm, StrPtrLen* ioRealmNameStr, char* userName, void* extraDataPtr);
    virtual Bool16 ValidUser(char* /*userName*/, void* /*extraDataPtr*/) { return false; }

private:
    Bool16 Requires(StringParser* line, char* userName, char** groupArray, UInt32 numGroups,
                    Bool16* outAllowAnyUserPtr, void* extraDataPtr);

    static char* sQTAccessFileName;
    static bool sAllocatedName;
    static OSMutex* sAccessFileMutex;
};

// Users and groups of the operating system.
class DSAccessFile : public QTAccessFile {
public:
    virtual ~DSAccessFile() {}

    virtual Bool16 HaveGroups(char** groupArray, UInt32 numGroups, void* extraDataPtr);
    virtual Bool16 TestGroup(StrPtrLen* accessGroup, char* userName, char** groupArray, UInt32 numGroups,
                             void* extraDataPtr);
    virtual Bool16 ValidUser(char* userName, void* extraDataPtr);
    bool CheckGroupMembership(const char* inUsername, const char* inGroupName);
};

#endif
