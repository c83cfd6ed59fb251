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
    static void SetAccessFileName(const char* qtAccessFileName);
    static char* GetAccessFileName() { return fileName_; }
    // Copies from new[].
    static char* GetUserNameCopy(QTSS_UserProfileObject userProfile);
    // Path of the access file for a movie: in its folder or the next one upwards, not above the root; NULL
    // if there is none.
    static char* GetAccessFile_Copy(const char* movieRootDir, const char* dirPath);
    // What an access file says about the action: paths from new[] or NULL, and the scheme, or qtssAuthNone.
    static QTSS_AuthScheme FindUsersAndGroupsFilesAndAuthScheme(const char* accessFilePath, QTSS_ActionFlags givenAction,
                                                                char** usersFilePath, char** groupsFilePath);

    // Whether an access file lets a user do something. Without content it lets everybody. The realm is
    // written, terminated, into the text of that length.
    Bool16 AccessAllowed(char* user, char** groupArray, UInt32 numGroups, StrPtrLen* accessFileBufPtr,
                         QTSS_ActionFlags flags, StrPtrLen* realmNameStr, Bool16* allowAnyUserPtr,
                         void* extra = NULL);
    // The whole of it, for an Authorize role: finds the file, asks AccessAllowed, and sets the request's
    // realm and what is known about the user. `noAction`: actions that are none of this file's business.
    // Without access file any user is allowed, or any valid one.
    QTSS_Error AuthorizeRequest(QTSS_StandardRTSP_Params* params, Bool16 allowNoAccessFiles,
                                QTSS_ActionFlags noAction, QTSS_ActionFlags authorizeAction, Bool16* authorizedPtr,
                                Bool16* allowAnyUserPtr = NULL);

    // What AccessAllowed asks, for subclasses with users and groups of their own.
    virtual Bool16 HaveUser(char* user, void* extra);
    virtual Bool16 HaveGroups(char** groupArray, UInt32 numGroups, void* extra);
    virtual Bool16 HaveRealm(char* user, StrPtrLen* realmNameStr, void* extraData);
    virtual Bool16 TestUser(StrPtrLen* accessUser, char* user, void* extra);
    virtual Bool16 TestGroup(StrPtrLen* accessGroup, char* user, char** groupArray, UInt32 numGroups,
                             void* extra);
    // For words behind "require" that are not known here.
    virtual Bool16 TestExtraData(StrPtrLen* wordPtr, StringParser* lineParserPtr, void* extra);
    virtual void GetRealm(StrPtrLen* accessRealm, StrPtrLen* realmNameStr, char* user, void* extra);
    virtual Bool16 ValidUser(char* /*user*/, void* /*extra*/) { return false; }

private:
    Bool16 Requires(StringParser* line, char* user, char** groupArray, UInt32 numGroups,
                    Bool16* allowAnyUserPtr, void* extra);

    static char* fileName_;
    static bool ownsName_;
    static OSMutex* nameGuard_;
};

// Users and groups of the operating system.
class DSAccessFile : public QTAccessFile {
public:
    virtual ~DSAccessFile() {}

    virtual Bool16 HaveGroups(char** groupArray, UInt32 numGroups, void* extra);
    virtual Bool16 TestGroup(StrPtrLen* accessGroup, char* user, char** groupArray, UInt32 numGroups,
                             void* extra);
    virtual Bool16 ValidUser(char* user, void* extra);
    bool CheckGroupMembership(const char* username, const char* groupName);
};

#endif
