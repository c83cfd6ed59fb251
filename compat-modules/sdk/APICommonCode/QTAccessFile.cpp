// SPDX-License-Identifier: MIT OR Apache-2.0
#include "QTAccessFile.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>
#include "OSArrayObjectDeleter.h"
#include "OSMemory.h"
#include "QTSSMemoryDeleter.h"
#include "QTSSModuleUtils.h"
#include "ResizeableStringFormatter.h"

UInt8 QTAccessFile::sWhitespaceAndGreaterThanMask[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};

char* QTAccessFile::fileName_ = const_cast<char*>("qtaccess");
bool QTAccessFile::ownsName_ = false;
OSMutex* QTAccessFile::nameGuard_ = NULL;

namespace {

// The lines of an access file that are about an action, without blanks in front, comments and limits.
class LineReader {
public:
    LineReader(StrPtrLen* file, QTSS_ActionFlags action)
        : fParser(file), fAction(action), fLimit(qtssActionFlagsRead) {}

    // The line's first word; the rest is in the parser, which the caller deletes by leaving its scope.
    bool Next(StrPtrLen* foundWord, StrPtrLen* foundRest) {
        while (fParser.GetDataRemaining() > 0) {
            StrPtrLen line;
            (void)fParser.GetThruEOL(&line);
            StringParser words(&line);
            words.ConsumeWhitespace();
            if (words.PeekFast() == '#' || words.PeekFast() == '\0')
                continue;
            words.ConsumeUntilWhitespace(foundWord);
            if (foundWord->Equal("<Limit")) {
                ReadLimit(&words);
                continue;
            }
            if (foundWord->Equal("</Limit>"))
                fLimit = qtssActionFlagsRead;
            if ((fLimit & fAction) == 0)
                continue;
            words.ConsumeWhitespace();
            foundRest->Set(words.GetCurrentPosition(), words.GetDataRemaining());
            return true;
        }
        return false;
    }

private:
    void ReadLimit(StringParser* words) {
        fLimit = qtssActionFlagsNoFlags;
        for (;;) {
            StrPtrLen word;
            words->ConsumeWhitespace();
            words->ConsumeUntil(&word, QTAccessFile::sWhitespaceAndGreaterThanMask);
            if (word.Len == 0)
                break;
            if (word.Equal("READ"))
                fLimit |= qtssActionFlagsRead;
            else if (word.Equal("WRITE"))
                fLimit |= qtssActionFlagsWrite;
        }
    }

    StringParser fParser;
    QTSS_ActionFlags fAction;
    QTSS_ActionFlags fLimit;
};

bool FileExists(char* path) {
    QTSS_Object file = NULL;
    if (QTSS_OpenFileObject(path, qtssOpenFileNoFlags, &file) != QTSS_NoErr)
        return false;
    (void)QTSS_CloseFileObject(file);
    return true;
}

void ReplaceText(char** text, const StrPtrLen& value) {
    delete[] *text;
    *text = value.GetAsCString();
}

} // namespace

void QTAccessFile::Initialize() {
    if (nameGuard_ == NULL)
        nameGuard_ = NEW OSMutex;
}

void QTAccessFile::SetAccessFileName(const char* qtAccessFileName) {
    OSMutexLocker locker(nameGuard_);
    if (qtAccessFileName == NULL)
        return;
    if (ownsName_)
        delete[] fileName_;
    fileName_ = StrPtrLen(qtAccessFileName).GetAsCString();
    ownsName_ = true;
}

char* QTAccessFile::GetUserNameCopy(QTSS_UserProfileObject userProfile) {
    return QTSSModuleUtils::GetUserName_Copy(userProfile);
}

char* QTAccessFile::GetAccessFile_Copy(const char* movieRootDir, const char* dirPath) {
    OSMutexLocker locker(nameGuard_);
    size_t rootLength = ::strlen(movieRootDir);
    StrPtrLen folder(dirPath);
    for (;;) {
        // Take off the file's name, or the folder that was tried.
        while (folder.Len > 0 && folder.Ptr[folder.Len - 1] != kPathDelimiterChar)
            folder.Len--;
        if (folder.Len == 0)
            return NULL;
        folder.Len--;
        bool above = folder.Len < rootLength && !(folder.Len + 1 == rootLength && movieRootDir[rootLength - 1] == '/');
        if (above)
            return NULL;
        ResizeableStringFormatter path;
        path.Put(folder);
        path.Put(kPathDelimiterString);
        path.Put(fileName_);
        path.PutTerminator();
        if (FileExists(path.GetBufPtr()))
            return path.GetAsCString();
    }
}

QTSS_AuthScheme QTAccessFile::FindUsersAndGroupsFilesAndAuthScheme(const char* accessFilePath,
                                                                   QTSS_ActionFlags givenAction, char** usersFilePath,
                                                                   char** groupsFilePath) {
    QTSS_AuthScheme scheme = qtssAuthNone;
    if (accessFilePath == NULL)
        return scheme;
    *usersFilePath = NULL;
    *groupsFilePath = NULL;
    StrPtrLenDel file;
    (void)QTSSModuleUtils::ReadEntireFile(accessFilePath, &file);
    LineReader lines(&file, givenAction);
    StrPtrLen word;
    StrPtrLen value;
    while (lines.Next(&word, &value)) {
        StringParser::UnQuote(&value);
        if (word.Equal("AuthUserFile"))
            ReplaceText(usersFilePath, value);
        else if (word.Equal("AuthGroupFile"))
            ReplaceText(groupsFilePath, value);
        else if (word.Equal("AuthScheme") && value.Equal("basic"))
            scheme = qtssAuthBasic;
        else if (word.Equal("AuthScheme") && value.Equal("digest"))
            scheme = qtssAuthDigest;
    }
    return scheme;
}

// One "require" line.
Bool16 QTAccessFile::Requires(StringParser* line, char* userName, char** groupArray, UInt32 numGroups,
                              Bool16* allowAnyUserPtr, void* extraDataPtr) {
    StrPtrLen kind;
    line->ConsumeUntilWhitespace(&kind);
    if (kind.Equal("any-user")) {
        *allowAnyUserPtr = true;
        return true;
    }
    if (!HaveUser(userName, extraDataPtr))
        return false;
    if (kind.Equal("valid-user"))
        return true;
    bool users = kind.Equal("user") != 0;
    bool groups = kind.Equal("group") && HaveGroups(groupArray, numGroups, extraDataPtr);
    if (!users && !groups)
        return TestExtraData(&kind, line, extraDataPtr);
    for (;;) {
        StrPtrLen name;
        line->ConsumeWhitespace();
        line->ConsumeUntilWhitespace(&name);
        if (name.Len == 0)
            return false;
        if (users ? TestUser(&name, userName, extraDataPtr)
                  : TestGroup(&name, userName, groupArray, numGroups, extraDataPtr))
            return true;
    }
}

Bool16 QTAccessFile::AccessAllowed(char* userName, char** groupArray, UInt32 numGroups, StrPtrLen* accessFileBufPtr,
                                   QTSS_ActionFlags flags, StrPtrLen* realmNameStr, Bool16* allowAnyUserPtr,
                                   void* extraDataPtr) {
    if (accessFileBufPtr == NULL || accessFileBufPtr->Ptr == NULL || accessFileBufPtr->Len == 0)
        return true;
    const StrPtrLen realm = realmNameStr == NULL ? StrPtrLen() : *realmNameStr;
    if (realm.Ptr != NULL && realm.Len > 0)
        realm.Ptr[0] = '\0';
    *allowAnyUserPtr = false;
    const bool wantsRealm = HaveRealm(userName, realmNameStr, extraDataPtr) != 0;

    LineReader lines(accessFileBufPtr, flags);
    StrPtrLen word;
    StrPtrLen rest;
    while (lines.Next(&word, &rest)) {
        if (wantsRealm && word.Equal("AuthName")) {
            StringParser::UnQuote(&rest);
            GetRealm(&rest, realmNameStr, userName, extraDataPtr);
        } else if (word.Equal("require")) {
            StringParser parser(&rest);
            if (Requires(&parser, userName, groupArray, numGroups, allowAnyUserPtr, extraDataPtr))
                return true;
        }
    }
    return false;
}

QTSS_Error QTAccessFile::AuthorizeRequest(QTSS_StandardRTSP_Params* params, Bool16 allowNoAccessFiles,
                                          QTSS_ActionFlags noAction, QTSS_ActionFlags authorizeAction,
                                          Bool16* authorizedPtr, Bool16* allowAnyUserPtr) {
    const UInt32 kRealmSize = 512;
    if (params == NULL || params->inRTSPRequest == NULL || allowAnyUserPtr == NULL || authorizedPtr == NULL)
        return QTSS_RequestFailed;
    *allowAnyUserPtr = false;
    *authorizedPtr = false;
    QTSS_RTSPRequestObject request = params->inRTSPRequest;
    const QTSS_ActionFlags action = QTSSModuleUtils::GetRequestActions(request);
    if (action == qtssActionFlagsNoFlags)
        return QTSS_RequestFailed;
    if ((action & noAction) != 0)
        return QTSS_NoErr;

    QTSSCharArrayDeleter path(QTSSModuleUtils::GetLocalPath_Copy(request));
    QTSSCharArrayDeleter root(QTSSModuleUtils::GetMoviesRootDir_Copy(request));
    QTSS_UserProfileObject profile = QTSSModuleUtils::GetUserProfileObject(request);
    if (path.GetObject() == NULL || root.GetObject() == NULL || profile == NULL)
        return QTSS_RequestFailed;
    QTSSCharArrayDeleter user(QTSSModuleUtils::GetUserName_Copy(profile));
    UInt32 numGroups = 0;
    OSCharPointerArrayDeleter groups(QTSSModuleUtils::GetGroupsArray_Copy(profile, &numGroups));

    StrPtrLenDel content;
    OSCharArrayDeleter file(QTAccessFile::GetAccessFile_Copy(root.GetObject(), path.GetObject()));
    if (file.GetObject() != NULL)
        (void)QTSSModuleUtils::ReadEntireFile(file.GetObject(), &content);
    StrPtrLen rules(content);
    if (rules.Len == 0)
        rules.Set(allowNoAccessFiles ? "require any-user\n" : "require valid-user\n");

    char realmText[kRealmSize] = "";
    StrPtrLen realm(realmText, kRealmSize - 1);
    Bool16 allowed = this->AccessAllowed(user.GetObject(), groups.GetObject(), numGroups, &rules, authorizeAction,
                                         &realm, allowAnyUserPtr);
    *authorizedPtr = allowed;

    // With Basic the file's realm counts; with Digest the one that the user's hash was made for.
    QTSS_AuthScheme scheme = qtssAuthNone;
    UInt32 length = sizeof(scheme);
    QTSS_Error error = QTSS_GetValue(request, qtssRTSPReqAuthScheme, 0, &scheme, &length);
    if (error != QTSS_NoErr)
        return error;
    char* userRealm = NULL;
    bool useFileRealm = scheme == qtssAuthBasic && realmText[0] != '\0';
    if (!useFileRealm)
        (void)QTSS_GetValueAsString(profile, qtssUserRealm, 0, &userRealm);
    QTSSCharArrayDeleter userRealmDeleter(userRealm);
    StrPtrLen chosen(useFileRealm ? realmText : userRealm);
    if (chosen.Ptr != NULL)
        (void)QTSS_SetValue(request, qtssRTSPReqURLRealm, 0, chosen.Ptr, chosen.Len);

    // A user that is known but not allowed is left to the modules behind, and so is a file that lets anybody.
    Bool16 found = this->HaveUser(user.GetObject(), NULL);
    Bool16 handled = true;
    if ((allowed != 0) == (found != 0))
        error = QTSSModuleUtils::AuthorizeRequest(request, &allowed, &found, &handled);
    return error;
}

Bool16 QTAccessFile::HaveUser(char* userName, void* /*extraDataPtr*/) {
    return userName != NULL && userName[0] != '\0';
}

Bool16 QTAccessFile::HaveGroups(char** groupArray, UInt32 numGroups, void* /*extraDataPtr*/) {
    return numGroups > 0 && groupArray != NULL;
}

Bool16 QTAccessFile::HaveRealm(char* /*userName*/, StrPtrLen* realmNameStr, void* /*extraData*/) {
    return realmNameStr != NULL && realmNameStr->Ptr != NULL && realmNameStr->Len > 0;
}

Bool16 QTAccessFile::TestUser(StrPtrLen* accessUser, char* userName, void* /*extraDataPtr*/) {
    return accessUser->Equal(userName);
}

Bool16 QTAccessFile::TestGroup(StrPtrLen* accessGroup, char* /*userName*/, char** groupArray, UInt32 numGroups,
                               void* /*extraDataPtr*/) {
    for (UInt32 i = 0; i < numGroups; i++) {
        if (accessGroup->Equal(groupArray[i]))
            return true;
    }
    return false;
}

Bool16 QTAccessFile::TestExtraData(StrPtrLen* /*wordPtr*/, StringParser* /*lineParserPtr*/, void* /*extraDataPtr*/) {
    return false;
}

void QTAccessFile::GetRealm(StrPtrLen* accessRealm, StrPtrLen* realmNameStr, char* /*userName*/,
                            void* /*extraDataPtr*/) {
    UInt32 length = accessRealm->Len < realmNameStr->Len ? accessRealm->Len : realmNameStr->Len - 1;
    if (length > 0)
        ::memcpy(realmNameStr->Ptr, accessRealm->Ptr, length);
    realmNameStr->Ptr[length] = '\0';
}

Bool16 DSAccessFile::HaveGroups(char** /*groupArray*/, UInt32 /*numGroups*/, void* /*extraDataPtr*/) { return true; }

Bool16 DSAccessFile::TestGroup(StrPtrLen* accessGroup, char* userName, char** /*groupArray*/, UInt32 /*numGroups*/,
                               void* /*extraDataPtr*/) {
    StrPtrLenDel group(accessGroup->GetAsCString());
    return this->CheckGroupMembership(userName, group.Ptr);
}

Bool16 DSAccessFile::ValidUser(char* userName, void* /*extraDataPtr*/) {
    char text[4096];
    struct passwd user;
    struct passwd* found = NULL;
    return userName != NULL && ::getpwnam_r(userName, &user, text, sizeof(text), &found) == 0 && found != NULL;
}

bool DSAccessFile::CheckGroupMembership(const char* username, const char* groupName) {
    const int kMaxGroups = 256;
    char userText[4096];
    char groupText[16384];
    struct passwd user;
    struct passwd* foundUser = NULL;
    struct group group;
    struct group* foundGroup = NULL;
    if (username == NULL || groupName == NULL)
        return false;
    if (::getpwnam_r(username, &user, userText, sizeof(userText), &foundUser) != 0 || foundUser == NULL)
        return false;
    if (::getgrnam_r(groupName, &group, groupText, sizeof(groupText), &foundGroup) != 0 || foundGroup == NULL)
        return false;
    gid_t groups[kMaxGroups];
    int count = kMaxGroups;
    if (::getgrouplist(username, user.pw_gid, groups, &count) < 0)
        count = kMaxGroups;
    for (int i = 0; i < count; i++) {
        if (groups[i] == group.gr_gid)
            return true;
    }
    return false;
}
