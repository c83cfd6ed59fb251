// SPDX-License-Identifier: MIT OR Apache-2.0
// The classes of APICommonCode, RTPMetaInfoLib and QTFileLib.

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "QTAccessFile.h"
#include "QTFile.h"
#include "QTSS3GPPModuleUtils.h"
#include "QTSSMemoryDeleter.h"
#include "QTSSModuleUtils.h"
#include "QTSSRollingLog.h"
#include "RTPMetaInfoPacket.h"
#include "SDPSourceInfo.h"
#include "SocketUtils.h"
#include "fake_server.h"
#include "harness.h"

using harness::Own;
using harness::Str;

namespace {

// A server, its messages and its log, known to QTSSModuleUtils.
struct World {
    World() {
        QTSSModuleUtils::Initialize(&messages, &server, &log);
        messages.SetText(qtssMsgNoMessage, "%s%s");
        messages.SetText(qtssServerPrefMissing, "missing %s, using %s");
        messages.SetText(qtssServerPrefWrongType, "wrong type %s, using %s");
        request.Set(qtssRTSPReqUserProfile, static_cast<QTSS_Object>(&profile));
        fake::files.clear();
        fake::fileReadError = QTSS_NoErr;
    }
    ~World() { QTSSModuleUtils::Initialize(NULL, NULL, NULL); }

    fake::Object messages, server, log, request, profile, prefs;
};

template <class T>
T As(const std::string& bytes) {
    T value = T();
    if (bytes.size() == sizeof(value))
        ::memcpy(&value, bytes.data(), sizeof(value));
    return value;
}

} // namespace

// ---- QTSSModuleUtils ----

TEST(preferences_are_read_added_and_mended) {
    World world;
    UInt32 value = 0, standard = 7;
    world.prefs.Name("there", 1, qtssAttrDataTypeUInt32);
    world.prefs.Set(1, UInt32(42));
    QTSSModuleUtils::GetAttribute(&world.prefs, "there", qtssAttrDataTypeUInt32, &value, &standard, sizeof(value));
    CHECK(value == 42 && world.log.written.empty());

    QTSSModuleUtils::GetAttribute(&world.prefs, "absent", qtssAttrDataTypeUInt32, &value, &standard, sizeof(value));
    CHECK(value == 7);
    CHECK_TEXT(world.log.written, "missing absent, using 7");
    QTSS_AttributeID added = QTSSModuleUtils::GetAttrID(&world.prefs, "absent");
    CHECK(added != static_cast<QTSS_AttributeID>(qtssIllegalAttrID) && As<UInt32>(world.prefs.Get(added)) == 7);

    world.log.written.clear();
    world.prefs.Name("text", 2, qtssAttrDataTypeCharArray);
    world.prefs.SetText(2, "12abc");
    value = 9;
    QTSSModuleUtils::GetIOAttribute(&world.prefs, "text", qtssAttrDataTypeUInt32, &value, sizeof(value));
    CHECK(value == 9);
    CHECK_TEXT(world.log.written, "wrong type text, using 9");
    CHECK(world.prefs.attributes[QTSSModuleUtils::GetAttrID(&world.prefs, "text")].type == qtssAttrDataTypeUInt32);

    world.log.written.clear(); // without default: added without value or line
    QTSSModuleUtils::GetAttribute(&world.prefs, "empty", qtssAttrDataTypeUInt32, &value, NULL, 0);
    CHECK(value == 9 && world.log.written.empty() && world.prefs.names.count("empty") == 1);
    CHECK(QTSSModuleUtils::GetAttrID(&world.prefs, "none") == static_cast<QTSS_AttributeID>(qtssIllegalAttrID));
}

TEST(string_preferences_are_copies) {
    World world;
    world.prefs.Name("there", 1, qtssAttrDataTypeCharArray);
    world.prefs.SetText(1, "value");
    QTSSCharArrayDeleter there(QTSSModuleUtils::GetStringAttribute(&world.prefs, "there", "default"));
    CHECK_TEXT(std::string(there.GetObject()), "value");
    CHECK_TEXT(Own(QTSSModuleUtils::GetStringAttribute(&world.prefs, "absent", "default")), "default");
    CHECK_TEXT(world.log.written, "missing absent, using default");
    CHECK(QTSSModuleUtils::GetStringAttribute(&world.prefs, "null", NULL) == NULL);
    CHECK_TEXT(Own(QTSSModuleUtils::GetStringAttribute(&world.prefs, "blank", "")), "");
    QTSS_ErrorVerbosity before = QTSSModuleUtils::GetMisingPrefLogVerbosity();
    CHECK(before == qtssMessageVerbosity);
    QTSSModuleUtils::SetMisingPrefLogVerbosity(before);
}

TEST(modules_and_their_objects_are_found) {
    World world;
    fake::Object first, second, attributes;
    first.SetText(qtssModName, "First");
    second.SetText(qtssModName, "Second");
    second.Set(qtssModPrefs, static_cast<QTSS_Object>(&world.prefs));
    second.Set(qtssModAttributes, static_cast<QTSS_Object>(&attributes));
    fake::Object* modules[] = {&first, &second};
    for (UInt32 i = 0; i < 2; i++)
        QTSS_SetValue(&world.server, qtssSvrModuleObjects, i, &modules[i], sizeof(modules[i]));
    CHECK(QTSSModuleUtils::GetModuleObjectByName("Second") == &second);
    CHECK(QTSSModuleUtils::GetModuleObjectByName("Third") == NULL);
    CHECK(QTSSModuleUtils::GetModulePrefsObject(&second) == &world.prefs);
    CHECK(QTSSModuleUtils::GetModuleAttributesObject(&second) == &attributes);
    CHECK(QTSSModuleUtils::GetModulePrefsObject(&first) == NULL);

    QTSS_RTSPMethod methods[] = {qtssDescribeMethod, qtssSetupMethod};
    world.server.Set(qtssSvrHandledMethods, QTSS_RTSPMethod(qtssPlayMethod));
    QTSSModuleUtils::SetupSupportedMethods(&world.server, methods, 2);
    CHECK(world.server.attributes[qtssSvrHandledMethods].values.size() == 3);
    CHECK(As<QTSS_RTSPMethod>(world.server.Get(qtssSvrHandledMethods, 2)) == qtssSetupMethod);
}

TEST(log_lines_are_formatted_with_strings_only) {
    World world;
    world.messages.SetText(3, "a %s, 100%% %d of %s%s");
    QTSSModuleUtils::LogError(qtssWarningVerbosity, 3, 0, "one", "%s%n");
    CHECK_TEXT(world.log.written, "a one, 100% %d of %s%n");
    world.log.written.clear();
    QTSSModuleUtils::LogError(qtssWarningVerbosity, 99, 0, "fallback");
    QTSSModuleUtils::LogErrorStr(qtssWarningVerbosity, "; plain");
    QTSSModuleUtils::LogErrorStr(qtssWarningVerbosity, NULL);
    QTSSModuleUtils::LogPrefErrorStr(qtssWarningVerbosity, "; x", "is bad");
    CHECK_TEXT(world.log.written, "fallback; plainServer preference ; x is bad");
}

TEST(error_answers_have_a_body_only_when_allowed) {
    World world;
    world.messages.SetText(5, "no %s here: %s");
    StrPtrLen argument("movie");
    world.request.Set(qtssRTSPReqRespKeepAlive, Bool16(true));
    CHECK(QTSSModuleUtils::SendErrorResponse(&world.request, qtssClientNotFound, 5, &argument) == QTSS_RequestFailed);
    CHECK_TEXT(world.request.written, "[headers]");
    CHECK(As<UInt32>(world.request.Get(qtssRTSPReqStatusCode)) == qtssClientNotFound);
    CHECK(As<Bool16>(world.request.Get(qtssRTSPReqRespKeepAlive)) == false);

    QTSSModuleUtils::SetEnableRTSPErrorMsg(true);
    world.request.written.clear();
    QTSSModuleUtils::SendErrorResponse(&world.request, qtssClientNotFound, 5, &argument);
    CHECK(world.request.written.find(":17]") != std::string::npos);
    CHECK(world.request.written.find("[headers]no movie here: %s") != std::string::npos);
    CHECK_TEXT(world.request.Get(qtssRTSPReqRespMsg), "no movie here: %s");
    world.request.written.clear();
    QTSSModuleUtils::SendErrorResponse(&world.request, qtssClientNotFound, 5);
    CHECK(world.request.written.find("[headers]no %s here: %s") != std::string::npos);
    StrPtrLen text("given");
    world.request.written.clear();
    QTSSModuleUtils::SendErrorResponseWithMessage(&world.request, qtssClientBadRequest, &text);
    CHECK(world.request.written.find("[headers]given") != std::string::npos);
    QTSSModuleUtils::SetEnableRTSPErrorMsg(false);
}

TEST(http_errors_are_pages) {
    World world;
    world.request.Set(qtssRTSPReqRealStatusCode, UInt32(404));
    world.server.SetText(qtssSvrRTSPServerHeader, "Server: X");
    CHECK(QTSSModuleUtils::SendHTTPErrorResponse(&world.request, qtssClientNotFound, true, "gone") ==
          QTSS_RequestFailed);
    const std::string& page = world.request.written;
    CHECK(page.find("HTTP/1.1 404 error\r\nServer: X\r\nDate: ") == 0);
    CHECK(page.find("GMT\r\nContent-Type: text/html\r\nContent-Length: 42\r\nConnection: close\r\n\r\n<html>") !=
          std::string::npos);
    CHECK(page.substr(page.size() - 42) == "<html><body>\n<h1>gone</h1>\n</body></html>\n");
    world.request.written.clear();
    QTSSModuleUtils::SendHTTPErrorResponse(&world.request, qtssClientNotFound, false, NULL);
    CHECK(page.find("Content-Length") == std::string::npos);
    CHECK(page.substr(page.size() - 23) == "\r\nConnection: close\r\n\r\n");
}

TEST(descriptions_go_out_behind_the_servers_vector) {
    World world;
    char a[] = "v=0\r\n", b[] = "s=x\r\n";
    iovec vectors[3] = {{NULL, 0}, {a, 5}, {b, 5}};
    QTSSModuleUtils::SendDescribeResponse(&world.request, NULL, vectors, 3, 10);
    CHECK(world.request.written.find(":10][standard]v=0\r\ns=x\r\n") != std::string::npos);
    char* all = QTSSModuleUtils::CoalesceVectors(vectors, 3, 10);
    CHECK(::memcmp(all, "v=0\r\ns=x\r\n", 10) == 0);
    delete[] all;
    CHECK(QTSSModuleUtils::CoalesceVectors(vectors, 3, 0) == NULL);
}

TEST(files_are_read_whole_when_newer) {
    World world;
    fake::files["/f"] = "content";
    StrPtrLenDel data;
    QTSS_TimeVal date = 0;
    CHECK(QTSSModuleUtils::ReadEntireFile("/f", &data, -1, &date) == QTSS_NoErr && date == fake::fileDate);
    CHECK(data.Len == 7 && data.Ptr[7] == '\0' && data.Equal("content"));
    StrPtrLenDel none;
    CHECK(QTSSModuleUtils::ReadEntireFile("/f", &none, date) == QTSS_NoErr && none.Ptr == NULL);
    CHECK(QTSSModuleUtils::ReadEntireFile("/absent", &none) == QTSS_FileNotFound);
    fake::fileReadError = QTSS_RequestFailed;
    CHECK(QTSSModuleUtils::ReadEntireFile("/f", &none) == QTSS_RequestFailed && none.Ptr == NULL);
    CHECK(fake::openFiles == 0);
}

TEST(full_paths_have_one_slash_between) {
    World world;
    UInt32 length = 0;
    StrPtrLen suffix(".sdp");
    world.request.SetText(qtssRTSPReqRootDir, "/movies/");
    world.request.SetText(qtssRTSPReqFilePath, "//a");
    CHECK_TEXT(Own(QTSSModuleUtils::GetFullPath(&world.request, qtssRTSPReqFilePath, &length, &suffix)), "/movies/a.sdp");
    CHECK(length == 13);
    world.request.SetText(qtssRTSPReqRootDir, "/movies");
    CHECK_TEXT(Own(QTSSModuleUtils::GetFullPath(&world.request, qtssRTSPReqFilePath, &length)), "/movies//a");
    CHECK_TEXT(Own(QTSSModuleUtils::GetFullPath(&world.request, qtssRTSPReqFilePathTrunc, &length)), "/movies");
}

TEST(users_and_their_groups) {
    World world;
    CHECK(QTSSModuleUtils::GetUserProfileObject(&world.request) == &world.profile);
    UInt32 count = 9;
    CHECK(QTSSModuleUtils::GetGroupsArray_Copy(&world.profile, &count) == NULL && count == 0);
    CHECK(!QTSSModuleUtils::UserInGroup(&world.profile, "staff", 5));
    world.profile.SetText(qtssUserName, "ann");
    world.profile.SetText(qtssUserGroups, "staff", 0);
    world.profile.SetText(qtssUserGroups, "wheel", 1);
    CHECK_TEXT(Own(QTSSModuleUtils::GetUserName_Copy(&world.profile)), "ann");
    char** groups = QTSSModuleUtils::GetGroupsArray_Copy(&world.profile, &count);
    CHECK(count == 2 && std::string(groups[1]) == "wheel");
    delete[] groups;
    CHECK(QTSSModuleUtils::UserInGroup(&world.profile, "wheels", 5));
    CHECK(!QTSSModuleUtils::UserInGroup(&world.profile, "whee", 4));
    CHECK(!QTSSModuleUtils::UserInGroup(NULL, "wheel", 5));
    world.request.Set(qtssRTSPReqAction, QTSS_ActionFlags(qtssActionFlagsWrite));
    CHECK(QTSSModuleUtils::GetRequestActions(&world.request) == qtssActionFlagsWrite);
    CHECK(QTSSModuleUtils::GetLocalPath_Copy(&world.request) == NULL);
    Bool16 yes = true;
    CHECK(QTSSModuleUtils::AuthorizeRequest(&world.request, &yes, NULL, &yes) == QTSS_NoErr);
    CHECK(As<Bool16>(world.request.Get(qtssRTSPReqUserAllowed)) == true);
    CHECK(world.request.Get(qtssRTSPReqUserFound).empty());
}

TEST(addresses_match_with_stars) {
    IPComponentStr address("10.1.2.3"), part("10.1.*.3"), tail("10.1.*"), all("*"), other("10.1.2.4"), bad("10.1.2");
    CHECK(address.Equal(&part) && address.Equal(&tail) && address.Equal(&all) && part.Equal(&address));
    CHECK(!address.Equal(&other) && !address.Equal(&bad) && !bad.Valid() && !address.Equal(NULL));
    CHECK(!address.IsLocal() && IPComponentStr("127.0.0.1").IsLocal());
    CHECK(Str(*address.GetComponent(3)) == "3" && address.GetComponent(4) == NULL);

    World world;
    world.prefs.SetText(1, "192.168.0.*", 0);
    world.prefs.SetText(1, "10.*", 1);
    StrPtrLen inside("10.1.2.3"), outside("11.1.2.3"), nonsense("x");
    CHECK(QTSSModuleUtils::AddressInList(&world.prefs, 1, &inside));
    CHECK(!QTSSModuleUtils::AddressInList(&world.prefs, 1, &outside));
    CHECK(!QTSSModuleUtils::AddressInList(&world.prefs, 1, &nonsense));
}

TEST(player_profiles_are_parts_of_the_user_agent) {
    World world;
    fake::Object session;
    QTSS_StandardRTSP_Params params;
    ::memset(&params, 0, sizeof(params));
    params.inClientSession = &session;
    session.SetText(qtssCliSesFirstUserAgent, "Real (10.1)");
    world.prefs.SetText(qtssPrefsPlayersReqBandAdjust, "Nokia", 0);
    world.prefs.SetText(qtssPrefsPlayersReqBandAdjust, "Real", 1);
    world.prefs.SetText(qtssPrefsPlayersReqDisableThinning, "*", 0);
    CHECK(QTSSModuleUtils::HavePlayerProfile(&world.prefs, &params, QTSSModuleUtils::kAdjustBandwidth));
    CHECK(QTSSModuleUtils::HavePlayerProfile(&world.prefs, &params, QTSSModuleUtils::kDisableThinning));
    CHECK(!QTSSModuleUtils::HavePlayerProfile(&world.prefs, &params, QTSSModuleUtils::kRequiresRTPInfoSeqAndTime));
    CHECK(!QTSSModuleUtils::HavePlayerProfile(&world.prefs, &params, 99));
    session.SetText(qtssCliSesFirstUserAgent, "");
    CHECK(!QTSSModuleUtils::HavePlayerProfile(&world.prefs, &params, QTSSModuleUtils::kDisableThinning));
}

// ---- RTP meta info ----

TEST(meta_info_packets_are_taken_apart) {
    StrPtrLen header("tt;md=2;xx;sq=1");
    RTPMetaInfoPacket::FieldID ids[RTPMetaInfoPacket::kNumFields];
    RTPMetaInfoPacket::ConstructFieldIDArrayFromHeader(&header, ids);
    CHECK(ids[RTPMetaInfoPacket::kTransTimeField] == RTPMetaInfoPacket::kUncompressed);
    CHECK(ids[RTPMetaInfoPacket::kMediaDataField] == 2 && ids[RTPMetaInfoPacket::kSeqNumField] == 1);
    CHECK(ids[RTPMetaInfoPacket::kFrameTypeField] == RTPMetaInfoPacket::kFieldNotUsed);

    const char bytes[] = "0123456789AB"
                         "tt\0\10\0\0\0\0\0\0\1\0"
                         "\x81\2\0\5"
                         "\x82\4DATA";
    std::string packet(bytes, sizeof(bytes) - 1);
    UInt8* start = reinterpret_cast<UInt8*>(&packet[0]);
    RTPMetaInfoPacket info;
    CHECK(info.ParsePacket(start, static_cast<UInt32>(packet.size()), ids));
    CHECK(info.GetTransmitTime() == 256 && info.GetSeqNum() == 5 && info.GetMediaDataLen() == 4);
    UInt32 length = 0;
    UInt8* rtp = info.MakeRTPPacket(&length);
    CHECK(length == 16 && ::memcmp(rtp, "0123456789ABDATA", 16) == 0);

    std::string cut = std::string(bytes, sizeof(bytes) - 2);
    RTPMetaInfoPacket bad;
    CHECK(!bad.ParsePacket(reinterpret_cast<UInt8*>(&cut[0]), static_cast<UInt32>(cut.size()), ids));
    std::string wrong("0123456789ABtt\0\2xx", 18);
    CHECK(!bad.ParsePacket(reinterpret_cast<UInt8*>(&wrong[0]), 18, ids));
    RTPMetaInfoPacket none;
    CHECK(none.ParsePacket(start, 4, NULL) && none.MakeRTPPacket(NULL) == NULL);
}

TEST(meta_info_header_is_the_common_part) {
    World world;
    StrPtrLen wanted("tt;xx;md;pn");
    RTPMetaInfoPacket::FieldID ids[] = {0, RTPMetaInfoPacket::kUncompressed, 2, RTPMetaInfoPacket::kFieldNotUsed, 4, 5};
    CHECK(QTSSModuleUtils::AppendRTPMetaInfoHeader(&world.request, &wanted, ids) == QTSS_NoErr);
    CHECK(world.request.written.find(":tt;md=5]") != std::string::npos);
    CHECK(ids[RTPMetaInfoPacket::kPacketPosField] == RTPMetaInfoPacket::kFieldNotUsed);
    CHECK(ids[RTPMetaInfoPacket::kMediaDataField] == 5);
    StrPtrLen none("xx");
    CHECK(QTSSModuleUtils::AppendRTPMetaInfoHeader(&world.request, &none, ids) == QTSS_ValueNotFound);
}

// ---- Broadcasts ----

TEST(sdp_sources_are_parsed) {
    const char sdp[] = "v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=x\r\nc=IN IP4 225.0.0.1/20\r\n"
                       "t=3155673600 3155760000\r\na=x-broadcastcontrol:TIME\r\n"
                       "m=audio 5000 RTP/AVP 96\r\na=rtpmap:96 MPEG4-GENERIC/44100/2\r\na=control:trackID=7\r\n"
                       "m=video 5002 RTP/AVP/TCP 97\r\nc=IN IP4 10.0.0.1\r\na=x-bufferdelay:4.5\r\n";
    SDPSourceInfo info(sdp, sizeof(sdp) - 1);
    CHECK(info.GetNumStreams() == 2);
    SourceInfo::StreamInfo* audio = info.GetStreamInfo(0);
    CHECK(audio->fDestIPAddr == 0xE1000001U && audio->fTimeToLive == 20 && audio->fPort == 5000);
    CHECK(audio->fPayloadType == qtssAudioPayloadType && audio->fTrackID == 7 && !audio->fIsTCP);
    CHECK_TEXT(Str(audio->fPayloadName), "MPEG4-GENERIC/44100/2");
    SourceInfo::StreamInfo* video = info.GetStreamInfoByTrackID(2);
    CHECK(video != NULL && video->fIsTCP && video->fDestIPAddr == 0x0A000001 && video->fTimeToLive == 15);
    CHECK(audio->fBufferDelay == 4.5f && info.HasTCPStreams() && !info.IsRTSPControlled());
    CHECK(info.GetStreamInfo(2) == NULL && info.GetStreamInfoByTrackID(9) == NULL);
    CHECK(info.GetStartTimeUnixSecs() == 946684800 && info.GetEndTimeUnixSecs() == 946771200);
    CHECK(info.IsActiveTime(946684800) && !info.IsActiveTime(946684799) && !info.IsActiveNow());
    CHECK(info.GetDurationSecs() == 0 && !info.IsPermanentSource() && info.IsReflectable());

    SDPSourceInfo copy(info), other("m=audio 0 RTP/AVP 96\r\n", 22);
    CHECK(copy.SourceInfo::Equal(&info) && !other.Equal(&info) && !other.IsReflectable());
    SourceInfo::StreamInfo* copied = copy.GetStreamInfo(0);
    CHECK(copied->fPayloadName.Ptr != audio->fPayloadName.Ptr && copied->fPayloadName.Equal(audio->fPayloadName));
    copied->Copy(*copied);
    CHECK(copied->fPayloadName.Equal(audio->fPayloadName) && copied->fTrackID == audio->fTrackID);
    copied->Copy(SourceInfo::StreamInfo());
    CHECK(copied->fPayloadName.Ptr == NULL && copied->fPayloadName.Len == 0 && copied->fPort == 0);
    UInt32 length = 0;
    CHECK_TEXT(Own(info.GetLocalSDP(&length)),
               "v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=x\r\nc=IN IP4 0.0.0.0\r\nt=3155673600 3155760000\r\n"
               "a=x-broadcastcontrol:TIME\r\na=control:*\r\n"
               "m=audio 0 RTP/AVP 96\r\na=rtpmap:96 MPEG4-GENERIC/44100/2\r\na=control:trackID=7\r\n"
               "m=video 0 RTP/AVP/TCP 97\r\na=x-bufferdelay:4.5\r\n");
}

TEST(source_times_and_outputs) {
    SourceInfo info;
    CHECK(!info.IsActiveTime(100) && info.SetActiveNTPTimes(0, 0) && info.IsActiveTime(100));
    CHECK(info.GetDurationSecs() == ~UInt32(0));
    CHECK(!info.SetActiveNTPTimes(3155760000U, 3155673600U) && !info.SetActiveNTPTimes(0, 5));
    CHECK(info.UnixSecs_to_NTPSecs(0) == 2208988800U && info.NTPSecs_to_UnixSecs(2208988800U) == 0);
    SourceInfo::OutputInfo a, b;
    a.fNumPorts = 2;
    a.fPortArray = new UInt16[2];
    a.fPortArray[0] = 4;
    a.fPortArray[1] = 6;
    b.Copy(a);
    b.Copy(b);
    CHECK(a.Equal(b) && b.fPortArray != a.fPortArray && b.fNumPorts == 2 && b.fPortArray[1] == 6);
    b.fPortArray[0] = 5;
    CHECK(!a.Equal(b));
    b.fDestAddr = 1;
    CHECK(!b.Equal(a) && info.GetOutputInfo(0) == NULL && info.GetNumNewOutputs() == 0);
}

TEST(three_gpp_lines_follow_the_preferences) {
    World world;
    QTSS_Initialize_Params params;
    ::memset(&params, 0, sizeof(params));
    params.inPrefs = &world.prefs;
    QTSS3GPPModuleUtils::Initialize(&params);
    const char frequency[] = "3gpp_protocol_rate_adaptation_report_frequency";
    world.prefs.Name(frequency, 1, qtssAttrDataTypeUInt16);
    world.prefs.Set(1, UInt16(20));
    QTSS3GPPModuleUtils::ReadPrefs();
    CHECK(world.log.written.find("invalid value") != std::string::npos);
    ResizeableStringFormatter buffer;
    SDPContainer* lines = QTSS3GPPModuleUtils::Get3GPPSDPFeatureListCopy(buffer);
    CHECK_TEXT(Str(*lines->GetLine(0)), "a=3GPP-Adaptation-Support:9\r\n");
    delete lines;
    world.prefs.Set(QTSSModuleUtils::GetAttrID(&world.prefs, "enable_3gpp_protocol"), Bool16(false));
    QTSS3GPPModuleUtils::ReadPrefs();
    lines = QTSS3GPPModuleUtils::Get3GPPSDPFeatureListCopy(buffer);
    CHECK(lines->GetNumLines() == 0);
    delete lines;
}

// ---- Access files ----

namespace {

const char kRules[] = "# who may\nAuthName \"The Realm\"\nAuthUserFile /users\nAuthScheme digest\nrequire user ann bob\n"
                      "require group staff\n<Limit WRITE>\nAuthGroupFile \"/groups\"\nrequire user carl\n</Limit>\n";

bool Allowed(const char* user, const char* group, QTSS_ActionFlags action, const char* rules = kRules) {
    QTAccessFile file;
    StrPtrLen text(rules);
    char realm[8] = "";
    StrPtrLen realmText(realm, sizeof(realm));
    Bool16 any = false;
    char* groups[1] = {const_cast<char*>(group)};
    bool allowed = file.AccessAllowed(const_cast<char*>(user), groups, group == NULL ? 0 : 1, &text, action, &realmText,
                                      &any) != 0;
    if (std::string(rules) == kRules && action == qtssActionFlagsRead)
        CHECK_TEXT(std::string(realm), "The Rea");
    return allowed;
}

} // namespace

TEST(access_files_are_obeyed) {
    CHECK(Allowed("ann", NULL, qtssActionFlagsRead) && Allowed("bob", NULL, qtssActionFlagsRead));
    CHECK(!Allowed("carl", NULL, qtssActionFlagsRead) && Allowed("carl", "staff", qtssActionFlagsRead));
    CHECK(!Allowed(NULL, NULL, qtssActionFlagsRead) && !Allowed("", NULL, qtssActionFlagsRead));
    CHECK(Allowed("carl", NULL, qtssActionFlagsWrite) && !Allowed("ann", NULL, qtssActionFlagsWrite));
    CHECK(Allowed("x", NULL, qtssActionFlagsRead, "require valid-user\r\n"));
    CHECK(!Allowed(NULL, NULL, qtssActionFlagsRead, "require valid-user"));
    CHECK(Allowed(NULL, NULL, qtssActionFlagsRead, "  require any-user"));
    CHECK(!Allowed("x", NULL, qtssActionFlagsRead, "require nonsense"));
    CHECK(Allowed("x", NULL, qtssActionFlagsRead, ""));
}

TEST(access_files_are_found_upwards_and_read) {
    World world;
    QTAccessFile::Initialize();
    CHECK_TEXT(std::string(QTAccessFile::GetAccessFileName()), "qtaccess");
    CHECK(QTAccessFile::GetAccessFile_Copy("/movies", "/movies/a/b.mov") == NULL);
    fake::files["/qtaccess"] = "above the root";
    CHECK(QTAccessFile::GetAccessFile_Copy("/movies", "/movies/a/b.mov") == NULL);
    fake::files["/movies/qtaccess"] = kRules;
    CHECK_TEXT(Own(QTAccessFile::GetAccessFile_Copy("/movies", "/movies/a/b.mov")), "/movies/qtaccess");
    CHECK_TEXT(Own(QTAccessFile::GetAccessFile_Copy("/movies/", "/movies/b.mov")), "/movies/qtaccess");
    char* users = NULL;
    char* groups = NULL;
    CHECK(QTAccessFile::FindUsersAndGroupsFilesAndAuthScheme("/movies/qtaccess", qtssActionFlagsRead, &users,
                                                             &groups) == qtssAuthDigest);
    CHECK_TEXT(Own(users), "/users");
    CHECK(groups == NULL);
    CHECK(QTAccessFile::FindUsersAndGroupsFilesAndAuthScheme("/movies/qtaccess", qtssActionFlagsWrite, &users,
                                                             &groups) == qtssAuthNone);
    CHECK_TEXT(Own(groups), "/groups");
    CHECK(users == NULL && fake::openFiles == 0);
}

TEST(requests_are_authorized_by_access_file) {
    World world;
    fake::files["/movies/qtaccess"] = kRules;
    world.request.SetText(qtssRTSPReqLocalPath, "/movies/a.mov");
    world.request.SetText(qtssRTSPReqRootDir, "/movies");
    world.request.Set(qtssRTSPReqAction, QTSS_ActionFlags(qtssActionFlagsRead));
    world.request.Set(qtssRTSPReqAuthScheme, QTSS_AuthScheme(qtssAuthBasic));
    world.profile.SetText(qtssUserName, "ann");
    QTSS_StandardRTSP_Params params;
    ::memset(&params, 0, sizeof(params));
    params.inRTSPRequest = &world.request;
    Bool16 allowed = false, any = true;
    QTAccessFile file;
    CHECK(file.AuthorizeRequest(&params, true, qtssActionFlagsWrite, qtssActionFlagsRead, &allowed, &any) == QTSS_NoErr);
    CHECK(allowed && !any && As<Bool16>(world.request.Get(qtssRTSPReqUserAllowed)) == true);
    CHECK_TEXT(world.request.Get(qtssRTSPReqURLRealm), "The Realm");
    world.profile.SetText(qtssUserName, "");
    file.AuthorizeRequest(&params, true, qtssActionFlagsWrite, qtssActionFlagsRead, &allowed, &any);
    CHECK(!allowed && As<Bool16>(world.request.Get(qtssRTSPReqUserAllowed)) == false);
    world.request.Set(qtssRTSPReqAuthScheme, QTSS_AuthScheme(qtssAuthDigest));
    world.profile.SetText(qtssUserRealm, "his realm");
    file.AuthorizeRequest(&params, true, qtssActionFlagsWrite, qtssActionFlagsRead, &allowed, &any);
    CHECK_TEXT(world.request.Get(qtssRTSPReqURLRealm), "his realm");
    fake::files.clear();
    file.AuthorizeRequest(&params, true, qtssActionFlagsWrite, qtssActionFlagsRead, &allowed, &any);
    CHECK(allowed && any);
    file.AuthorizeRequest(&params, false, qtssActionFlagsWrite, qtssActionFlagsRead, &allowed, &any);
    CHECK(!allowed && !any);
    CHECK(file.AuthorizeRequest(&params, true, qtssActionFlagsRead, qtssActionFlagsRead, &allowed, &any) == QTSS_NoErr);
    CHECK(!allowed);
    CHECK(file.AuthorizeRequest(NULL, true, 0, 0, &allowed, &any) == QTSS_RequestFailed);
}

TEST(system_users_and_groups) {
    DSAccessFile file;
    char root[] = "root", nobody[] = "no such user here";
    CHECK(file.ValidUser(root, NULL) && !file.ValidUser(nobody, NULL));
    CHECK(file.CheckGroupMembership("root", "root") && !file.CheckGroupMembership("root", "no such group"));
    CHECK(!file.CheckGroupMembership(nobody, "root") && file.HaveGroups(NULL, 0, NULL));
    StrPtrLen group("root");
    CHECK(file.TestGroup(&group, root, NULL, 0, NULL));
}

// ---- Rolling log ----

namespace {

class Log : public QTSSRollingLog {
public:
    explicit Log(const std::string& folder) : days(0), bytes(0), fFolder(folder) {}
    virtual ~Log() {}
    virtual char* GetLogName() { return StrPtrLen("Test").GetAsCString(); }
    virtual char* GetLogDir() { return StrPtrLen(fFolder.c_str()).GetAsCString(); }
    virtual UInt32 GetRollIntervalInDays() { return days; }
    virtual UInt32 GetMaxLogBytes() { return bytes; }
    virtual time_t WriteLogHeader(FILE* file) {
        time_t begun = QTSSRollingLog::WriteLogHeader(file);
        ::fputs("#second line\n", file);
        return begun;
    }
    UInt32 days, bytes;

private:
    std::string fFolder;
};

std::string Content(const std::string& path) {
    std::string content;
    FILE* file = ::fopen(path.c_str(), "r");
    for (int c = file == NULL ? EOF : ::fgetc(file); c != EOF; c = ::fgetc(file))
        content += static_cast<char>(c);
    if (file != NULL)
        ::fclose(file);
    return content;
}

std::string RolledName(const std::string& folder, time_t begun, const char* number) {
    char day[16];
    struct tm date;
    ::strftime(day, sizeof(day), ".%y%m%d", ::localtime_r(&begun, &date));
    return folder + "/Test" + day + number + ".log";
}

} // namespace

TEST(logs_begin_with_a_header_and_roll_by_size) {
    char root[] = "/tmp/sdk-log-XXXXXX";
    CHECK(::mkdtemp(root) != NULL);
    std::string folder = std::string(root) + "/sub";
    std::string path = folder + "/Test.log";
    {
        Log log(folder);
        log.WriteToLog("one %s\n", kAllowLogToRoll);
        std::string first = Content(path);
        CHECK(first.find("#Log File Created On: ") == 0 && first.find("#second line\none %s\n") == 42);
        log.bytes = 20;
        log.WriteToLog("two\n", !kAllowLogToRoll);
        CHECK(Content(path) == first + "two\n");
        log.WriteToLog("three\n", kAllowLogToRoll); // rolls first
        time_t now = ::time(NULL);
        CHECK(Content(RolledName(folder, now, "000")) == first + "two\n");
        CHECK(Content(path).find("three\n") != std::string::npos && Content(path).find("two") == std::string::npos);
        log.WriteToLog("four\n", kAllowLogToRoll);
        CHECK(!Content(RolledName(folder, now, "001")).empty());
        log.SetLoggingEnabled(false);
        log.WriteToLog("never\n", kAllowLogToRoll);
        CHECK(!log.RollLog() && !log.IsLogging() && Content(path).find("never") == std::string::npos);
    }
    CHECK(::system((std::string("rm -r ") + root).c_str()) == 0);
}

TEST(logs_roll_by_age_counted_from_their_header) {
    char root[] = "/tmp/sdk-log-XXXXXX";
    CHECK(::mkdtemp(root) != NULL);
    std::string path = std::string(root) + "/Test";
    FILE* old = ::fopen(path.c_str(), "w");
    ::fputs("#Log File Created On: 03/04/2005 12:00:00\nold\n", old);
    ::fclose(old);
    {
        QTSSRollingLog::SetCloseOnWrite(false);
        Log log(root);
        log.EnableLog(false); // without .log
        CHECK(log.IsLogEnabled() && log.CheckRollLog());
        log.days = 1;
        CHECK(log.CheckRollLog());
        CHECK(Content(std::string(root) + "/Test.050304000.log").find("old\n") != std::string::npos);
        log.WriteToLog("new\n", kAllowLogToRoll);
        CHECK(Content(path).find("new\n") != std::string::npos);
        log.CloseLog();
        CHECK(!log.IsLogEnabled());
        log.WriteToLog("lost\n", kAllowLogToRoll);
        CHECK(Content(path).find("lost") == std::string::npos);
        log.CloseLog(true);
        CHECK(log.IsLogEnabled());
    }
    char date[QTSSRollingLog::kMaxDateBufferSizeInBytes];
    CHECK(QTSSRollingLog::FormatDate(date, true) && ::strlen(date) == 19 && date[4] == '-' && date[13] == ':');
    CHECK(::system((std::string("rm -r ") + root).c_str()) == 0);
}

// ---- QuickTime files ----

namespace {

std::string Atom(const char* type, const std::string& data) {
    UInt32 size = static_cast<UInt32>(data.size()) + 8;
    std::string atom;
    for (int shift = 24; shift >= 0; shift -= 8)
        atom += static_cast<char>(size >> shift);
    return atom + type + data;
}

QTFile::ErrorCode OpenBytes(QTFile* file, const std::string& bytes) {
    char path[] = "/tmp/sdk-mov-XXXXXX";
    int fd = ::mkstemp(path);
    CHECK(::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    ::close(fd);
    QTFile::ErrorCode result = file->Open(path);
    ::remove(path);
    return result;
}

} // namespace

TEST(quicktime_atoms_are_found) {
    std::string header(12, '\0');
    header += std::string("\0\0\2\130\0\0\4\260", 8) + std::string(80, '\0'); // 600 units a second, 1200 long
    std::string movie = Atom("moov", Atom("mvhd", header) + Atom("trak", Atom("tkhd", "x")) + Atom("trak", ""));
    QTFile file;
    CHECK(OpenBytes(&file, Atom("ftyp", "qt  ") + movie) == QTFile::errNoError);
    CHECK(file.GetNumTracks() == 2 && file.GetTimeScale() == 600 && file.GetDurationInSeconds() == 2);
    CHECK(::strlen(file.GetModDateStr()) == 29 && file.GetModDate() > 0);
    QTFile::AtomTOCEntry* atom = NULL;
    CHECK(file.FindTOCEntry("moov:trak:tkhd", &atom) && atom->AtomDataLength == 1);
    char data = 0;
    CHECK(file.Read(atom->AtomDataPos, &data, 1) && data == 'x' && !file.Read(100000, &data, 1));
    CHECK(file.FindTOCEntry("moov:trak", &atom) && file.FindTOCEntry(":tkhd", NULL, atom));
    CHECK(file.FindTOCEntry("moov:trak", &atom, atom) && !file.FindTOCEntry(":tkhd", NULL, atom));
    CHECK(!file.FindTOCEntry("moov:trak", &atom, atom) && !file.FindTOCEntry("mdat", NULL));

    QTFile noHeader, cut, absent;
    CHECK(OpenBytes(&noHeader, Atom("moov", "")) == QTFile::errInvalidQuickTimeFile);
    CHECK(OpenBytes(&cut, movie.substr(0, 60)) == QTFile::errInvalidQuickTimeFile);
    CHECK(absent.Open("/no/such/file") == QTFile::errFileNotFound);
}
