// SPDX-License-Identifier: MIT OR Apache-2.0
// The modules of compat-modules/, each with its roles called by hand.

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "OS.h"
#include "OSMutex.h"
#include "QTSSModuleUtils.h"
#include "fake_server.h"
#include "harness.h"
#include "md5.h"
#include "md5digest.h"

extern "C" {
QTSS_Error QTSSAddressListModule_Main(void*);
QTSS_Error QTSSAttributeWalkerModule_Main(void*);
QTSS_Error QTSSConnectionLimitModule_Main(void*);
QTSS_Error QTSSHomeFolderModule_Main(void*);
QTSS_Error QTSSHttpCallbackModule_Main(void*);
QTSS_Error QTSSOverlayFileModule_Main(void*);
QTSS_Error QTSSPlainCModule_Main(void*);
QTSS_Error QTSSRawAnswerModule_Main(void*);
QTSS_Error QTSSReferenceMovieModule_Main(void*);
QTSS_Error QTSSToneSourceModule_Main(void*);
QTSS_Error QTSSUrlSignatureModule_Main(void*);
}

namespace {

// A connection with its client session and one request at a time.
struct Client {
    explicit Client(const char* address = "10.0.0.1") {
        connection.SetText(qtssRTSPSesRemoteAddrStr, address);
        connection.Set(qtssRTSPSesRemoteAddr, UInt32(0x0A000001));
    }
    void Ask(QTSS_RTSPMethod method, const char* path, const char* query = "") {
        request = fake::Object();
        request.Set(qtssRTSPReqMethod, method);
        request.SetText(qtssRTSPReqFilePath, path);
        request.SetText(qtssRTSPReqAbsoluteURL, std::string("rtsp://host") + path);
        request.SetText(qtssRTSPReqLocalPath, std::string("/movies") + path);
        if (query[0] != '\0')
            request.SetText(qtssRTSPReqQueryString, query);
    }
    fake::Object connection, request, headers, session;
};

// A module that was registered and initialised.
class Module {
public:
    explicit Module(QTSS_Error (*main)(void*)) {
        fake::files.clear();
        fake::events = 0;
        messages.SetText(qtssMsgNoMessage, "%s%s");
        module.Set(qtssModPrefs, static_cast<QTSS_Object>(&prefs));
        serverPrefs.SetText(qtssPrefsMovieFolder, "/movies/");
        main(NULL);
        Clear();
        CHECK(Call(QTSS_Register_Role) == QTSS_NoErr);
        Initialize();
    }
    ~Module() { QTSSModuleUtils::Initialize(NULL, NULL, NULL); }

    void Initialize() {
        Clear();
        params.initParams.inServer = &server;
        params.initParams.inPrefs = &serverPrefs;
        params.initParams.inMessages = &messages;
        params.initParams.inErrorLogStream = &log;
        params.initParams.inModule = &module;
        CHECK(Call(QTSS_Initialize_Role) == QTSS_NoErr);
    }
    QTSS_Error Call(QTSS_Role role) { return fake::dispatch(role, &params); }
    void Clear() { ::memset(&params, 0, sizeof(params)); }

    // A preference, and the module is told.
    template <class T>
    void Set(const char* name, T value) {
        prefs.Set(QTSSModuleUtils::GetAttrID(&prefs, name), value);
        Call(QTSS_RereadPrefs_Role);
    }
    void SetText(const char* name, const char* value, UInt32 index = 0) {
        prefs.SetText(QTSSModuleUtils::GetAttrID(&prefs, name), value, index);
        Call(QTSS_RereadPrefs_Role);
    }

    // What the module wrote; empty if it left the request to others.
    std::string Ask(QTSS_Role role, Client* client) {
        CHECK(fake::roles.count(role) == 1);
        client->request.written.clear();
        Again(role, client);
        return client->request.written;
    }
    QTSS_Error Again(QTSS_Role role, Client* client) {
        Clear();
        params.rtspRequestParams.inRTSPSession = &client->connection;
        params.rtspRequestParams.inRTSPRequest = &client->request;
        params.rtspRequestParams.inClientSession = &client->session;
        if (role == QTSS_RTSPFilter_Role)
            params.rtspFilterParams.outNewRequest = NULL;
        else
            params.rtspRequestParams.inRTSPHeaders = &client->headers;
        return Call(role);
    }
    void Close(Client* client) {
        Clear();
        params.clientSessionClosingParams.inClientSession = &client->session;
        if (fake::roles.count(QTSS_ClientSessionClosing_Role) == 1)
            Call(QTSS_ClientSessionClosing_Role);
        Clear();
        params.rtspSessionClosingParams.inRTSPSession = &client->connection;
        if (fake::roles.count(QTSS_RTSPSessionClosing_Role) == 1)
            Call(QTSS_RTSPSessionClosing_Role);
    }

    QTSS_RoleParams params;
    fake::Object server, serverPrefs, prefs, messages, log, module;
};

template <class T>
T As(const std::string& bytes) {
    T value = T();
    if (bytes.size() == sizeof(value))
        ::memcpy(&value, bytes.data(), sizeof(value));
    return value;
}

UInt32 StatusOf(Client& client) { return As<UInt32>(client.request.Get(qtssRTSPReqStatusCode)); }

bool Refused(Module& module, QTSS_Role role, Client& client, UInt32 status) {
    return module.Ask(role, &client) == "[headers]" && StatusOf(client) == status;
}

// HMAC-MD5 by its definition, for keys up to 64 bytes.
std::string Hmac(std::string key, const std::string& text) {
    std::string digest(16, '\0');
    key.resize(64, '\0');
    for (int round = 0; round < 2; round++) {
        std::string data(key);
        for (size_t i = 0; i < data.size(); i++)
            data[i] = static_cast<char>(data[i] ^ (round == 0 ? 0x36 : 0x5c));
        data += round == 0 ? text : digest;
        MD5_CTX context;
        MD5_Init(&context);
        MD5_Update(&context, reinterpret_cast<const unsigned char*>(data.data()), static_cast<unsigned int>(data.size()));
        MD5_Final(reinterpret_cast<unsigned char*>(&digest[0]), &context);
    }
    StrPtrLenDel hex;
    HashToString(reinterpret_cast<unsigned char*>(&digest[0]), &hex);
    return hex.Ptr;
}

} // namespace

TEST(signed_urls_are_let_through) {
    Module module(QTSSUrlSignatureModule_Main);
    Client client;
    client.Ask(qtssDescribeMethod, "/a.mov");
    CHECK(module.Ask(QTSS_RTSPAuthorize_Role, &client).empty()); // off until somebody turns it on
    module.SetText("secret", "key");
    module.Set("enabled", Bool16(true));
    CHECK(Refused(module, QTSS_RTSPAuthorize_Role, client, qtssClientForbidden));

    CHECK_TEXT(Hmac("Jefe", "what do ya want for nothing?"), "750c783e6ab0b503eaa86e310a5db738"); // RFC 2202
    std::string signature = Hmac("key", "/a.mov|4000000000");
    client.Ask(qtssDescribeMethod, "/a.mov", ("expires=4000000001&sig=" + signature).c_str());
    CHECK(Refused(module, QTSS_RTSPAuthorize_Role, client, qtssClientForbidden));
    client.Ask(qtssDescribeMethod, "/a.mov", ("expires=1000&sig=" + Hmac("key", "/a.mov|1000")).c_str());
    CHECK(Refused(module, QTSS_RTSPAuthorize_Role, client, qtssClientForbidden));
    client.Ask(qtssDescribeMethod, "/a.mov", ("expires=4000000000&sig=" + signature).c_str());
    CHECK(module.Ask(QTSS_RTSPAuthorize_Role, &client).empty());
    client.Ask(qtssSetupMethod, "/a.mov/trackID=1"); // the connection remembers
    CHECK(module.Ask(QTSS_RTSPAuthorize_Role, &client).empty());
    client.Ask(qtssDescribeMethod, "/a.mov2");
    CHECK(Refused(module, QTSS_RTSPAuthorize_Role, client, qtssClientForbidden));
}

TEST(signatures_can_be_bound_to_addresses_and_settings_change_while_running) {
    Module module(QTSSUrlSignatureModule_Main);
    module.SetText("secret", "key");
    module.Set("enabled", Bool16(true));
    module.Set("bind_to_address", Bool16(true));
    Client client, other("10.0.0.2");
    std::string query = "expires=4000000000&sig=" + Hmac("key", "/a|4000000000|10.0.0.1");
    other.Ask(qtssDescribeMethod, "/a", query.c_str());
    CHECK(Refused(module, QTSS_RTSPAuthorize_Role, other, qtssClientForbidden));
    client.Ask(qtssDescribeMethod, "/a", query.c_str());
    CHECK(module.Ask(QTSS_RTSPAuthorize_Role, &client).empty());
    module.SetText("trusted_address", "10.0.0.*", 1);
    CHECK(module.Ask(QTSS_RTSPAuthorize_Role, &other).empty());
    module.SetText("trusted_address", "x", 1);
    module.SetText("protected_folder", "/private/");
    CHECK(module.Ask(QTSS_RTSPAuthorize_Role, &other).empty());
    module.SetText("protected_folder", "/");
    module.SetText("secret", ""); // without secret nothing is signed
    Client fresh;
    fresh.Ask(qtssDescribeMethod, "/a", ("expires=4000000000&sig=" + Hmac("", "/a|4000000000|10.0.0.1")).c_str());
    CHECK(Refused(module, QTSS_RTSPAuthorize_Role, fresh, qtssClientForbidden));
    module.Clear(); // QTSS_Authorize asks without connection
    module.params.rtspAuthParams.inRTSPRequest = &fresh.request;
    CHECK(module.Call(QTSS_RTSPAuthorize_Role) == QTSS_NoErr);
}

TEST(home_folders_are_routed_and_have_quotas) {
    Module module(QTSSHomeFolderModule_Main);
    Client first, second;
    first.Ask(qtssDescribeMethod, "/~ann/a.mov");
    CHECK(module.Ask(QTSS_RTSPRoute_Role, &first).empty() && first.request.Get(qtssRTSPReqRootDir).empty());
    module.Set("enabled", Bool16(true));
    module.Ask(QTSS_RTSPRoute_Role, &first);
    CHECK_TEXT(first.request.Get(qtssRTSPReqRootDir), "/home" "/ann/Streaming");
    CHECK_TEXT(first.request.Get(qtssRTSPReqFilePath), "/a.mov");
    const char* bad[] = {"/~/a", "/~../a", "/~a%b/a", "/~ann"};
    for (int i = 0; i < 4; i++) {
        first.Ask(qtssDescribeMethod, bad[i]);
        CHECK(Refused(module, QTSS_RTSPRoute_Role, first, qtssClientNotFound));
    }
    module.Set("max_num_conns_per_home_directory", UInt32(1));
    for (int track = 0; track < 2; track++) { // both tracks are one session
        first.Ask(qtssSetupMethod, "/~ann/a.mov/trackID=1");
        CHECK(module.Ask(QTSS_RTSPRoute_Role, &first).empty());
    }
    second.Ask(qtssSetupMethod, "/~ann/b.mov/trackID=1");
    CHECK(Refused(module, QTSS_RTSPRoute_Role, second, qtssClientNotEnoughBandwidth));
    second.Ask(qtssSetupMethod, "/~bob/b.mov/trackID=1");
    CHECK(module.Ask(QTSS_RTSPRoute_Role, &second).empty());
    module.Set("max_num_conns_per_home_directory", UInt32(0));
    module.Set("max_bandwidth_kbps_per_home_directory", UInt32(100));
    first.session.Set(qtssCliSesCurrentBitRate, UInt32(100000));
    Client third;
    third.Ask(qtssSetupMethod, "/~ann/b.mov/trackID=1");
    CHECK(Refused(module, QTSS_RTSPRoute_Role, third, qtssClientNotEnoughBandwidth));
    module.Close(&first);
    third.Ask(qtssSetupMethod, "/~ann/b.mov/trackID=1");
    CHECK(module.Ask(QTSS_RTSPRoute_Role, &third).empty());
    module.Close(&second);
    module.Close(&third);
}

TEST(address_lists_allow_and_deny) {
    Module module(QTSSAddressListModule_Main);
    Client client;
    client.Ask(qtssDescribeMethod, "/a");
    CHECK(module.Ask(QTSS_RTSPRoute_Role, &client).empty());
    module.SetText("allowed_address", "192.168.*");
    CHECK(Refused(module, QTSS_RTSPRoute_Role, client, qtssClientForbidden));
    module.SetText("allowed_address", "10.0.0.1", 1);
    CHECK(module.Ask(QTSS_RTSPRoute_Role, &client).empty());
    module.SetText("denied_address", "10.*");
    CHECK(Refused(module, QTSS_RTSPRoute_Role, client, qtssClientForbidden));
}

TEST(raw_answers_wait_for_room) {
    Module module(QTSSRawAnswerModule_Main);
    Client client;
    client.Ask(qtssDescribeMethod, "/a");
    CHECK(module.Ask(QTSS_RTSPPreProcessor_Role, &client).empty());
    std::string raw(40000, 'x');
    fake::files["/movies/a.raw"] = raw;
    client.connection.room = 10;
    int calls = 0;
    do {
        module.Again(QTSS_RTSPPreProcessor_Role, &client);
        CHECK(fake::events == calls + 1 || client.connection.written.size() == raw.size());
        client.connection.room = 15000;
        calls++;
    } while (client.connection.written.size() < raw.size() && calls < 10);
    CHECK(client.connection.written == raw && calls == 4 && fake::openFiles == 0);
    CHECK(As<Bool16>(client.request.Get(qtssRTSPReqRespKeepAlive)) == false);

    Client gone;
    gone.Ask(qtssDescribeMethod, "/a");
    gone.connection.room = 0;
    module.Again(QTSS_RTSPPreProcessor_Role, &gone);
    CHECK(fake::openFiles == 1);
    module.Close(&gone);
    CHECK(fake::openFiles == 0);

    fake::files["/movies/b.redirect"] = " rtsp://elsewhere/b \n";
    client.Ask(qtssDescribeMethod, "/b");
    CHECK(module.Ask(QTSS_RTSPPreProcessor_Role, &client).find(":rtsp://elsewhere/b][headers]") != std::string::npos);
    CHECK(StatusOf(client) == qtssRedirectTempMoved);
    client.Ask(qtssSetupMethod, "/b");
    CHECK(module.Ask(QTSS_RTSPPreProcessor_Role, &client).empty());
}

TEST(connections_of_one_address_are_limited) {
    Module module(QTSSConnectionLimitModule_Main);
    Client clients[3];
    Client* elsewhere = new Client("10.0.0.2");
    elsewhere->connection.Set(qtssRTSPSesRemoteAddr, UInt32(0x0A000002));
    module.Set("num_conns_per_ip_addr", UInt32(2));
    for (int round = 0; round < 2; round++) { // a second request is no second connection
        CHECK(module.Ask(QTSS_RTSPRoute_Role, &clients[0]).empty());
        CHECK(module.Ask(QTSS_RTSPRoute_Role, &clients[1]).empty());
    }
    CHECK(Refused(module, QTSS_RTSPRoute_Role, clients[2], qtssClientNotEnoughBandwidth));
    CHECK(module.Ask(QTSS_RTSPRoute_Role, elsewhere).empty());
    module.Close(&clients[2]); // was never counted
    CHECK(Refused(module, QTSS_RTSPRoute_Role, clients[2], qtssClientNotEnoughBandwidth));
    module.Close(&clients[0]);
    CHECK(module.Ask(QTSS_RTSPRoute_Role, &clients[2]).empty());
    module.Close(&clients[1]);
    module.Close(&clients[2]);
    module.Close(elsewhere);
    delete elsewhere;
}

TEST(browsers_get_reference_movies) {
    Module module(QTSSReferenceMovieModule_Main);
    Client client;
    client.connection.SetText(qtssRTSPSesLocalAddrStr, "1.2.3.4");
    client.connection.Set(qtssRTSPSesLocalPort, UInt16(554));
    client.request.SetText(qtssRTSPReqFullRequest, "GET /a.mov?x HTTP/1.1\r\nhost:  example.com:80 \r\n\r\n");
    std::string answer = module.Ask(QTSS_RTSPFilter_Role, &client);
    CHECK(answer.find("HTTP/1.0 200 OK\r\n") == 0 && answer.find("Content-Type: video/quicktime\r\n") != std::string::npos);
    CHECK(answer.find("Content-Length: 39\r\n") != std::string::npos);
    CHECK_TEXT(answer.substr(answer.find("\r\n\r\n") + 4), "rtsptext\r\nrtsp://example.com:80/a.mov\r\n");
    client.request.SetText(qtssRTSPReqFullRequest, "GET /a.mp4 HTTP/1.0\r\n\r\n");
    answer = module.Ask(QTSS_RTSPFilter_Role, &client);
    CHECK_TEXT(answer.substr(answer.find("\r\n\r\n") + 4), "rtsptext\r\nrtsp://1.2.3.4:554/a.mp4\r\n");
    const char* others[] = {"GET /a.html HTTP/1.0\r\n\r\n", "DESCRIBE rtsp://h/a.mov RTSP/1.0\r\n\r\n", "GET ", ""};
    for (int i = 0; i < 4; i++) {
        client.request.SetText(qtssRTSPReqFullRequest, others[i]);
        CHECK(module.Ask(QTSS_RTSPFilter_Role, &client).empty());
    }
    module.Set("refmovie_xfer_enabled", Bool16(false));
    client.request.SetText(qtssRTSPReqFullRequest, "GET /a.mov HTTP/1.0\r\n\r\n");
    CHECK(module.Ask(QTSS_RTSPFilter_Role, &client).empty());
}

namespace {

// A web server that answers one connection at a time, when told to.
class WebServer {
public:
    WebServer() : fListener(::socket(AF_INET, SOCK_STREAM, 0)), port(0) {
        struct sockaddr_in address;
        socklen_t length = sizeof(address);
        ::memset(&address, 0, sizeof(address));
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK(::bind(fListener, reinterpret_cast<struct sockaddr*>(&address), sizeof(address)) == 0);
        CHECK(::listen(fListener, 5) == 0);
        CHECK(::getsockname(fListener, reinterpret_cast<struct sockaddr*>(&address), &length) == 0);
        port = ntohs(address.sin_port);
    }
    ~WebServer() { ::close(fListener); }
    // The request.
    std::string Answer(const char* text) {
        int connection = ::accept(fListener, NULL, NULL);
        char data[1024];
        ssize_t count = ::recv(connection, data, sizeof(data), 0);
        CHECK(::send(connection, text, ::strlen(text), MSG_NOSIGNAL) == static_cast<ssize_t>(::strlen(text)));
        ::close(connection);
        return count > 0 ? std::string(data, static_cast<size_t>(count)) : std::string();
    }

private:
    int fListener;

public:
    UInt16 port;
};

// Calls the role until it has made up its mind, five seconds at most.
bool Decide(Module& module, Client& client) {
    for (int i = 0; i < 500; i++) {
        module.Again(QTSS_RTSPAuthorize_Role, &client);
        if (fake::streams == 0)
            return true;
        ::usleep(10000);
    }
    return false;
}

} // namespace

TEST(web_servers_are_asked_without_waiting) {
    Module module(QTSSHttpCallbackModule_Main);
    WebServer web;
    Client client;
    client.Ask(qtssDescribeMethod, "/a b");
    CHECK(module.Ask(QTSS_RTSPAuthorize_Role, &client).empty() && fake::streams == 0); // nobody to ask
    module.Set("callback_port", web.port);
    CHECK(module.Ask(QTSS_RTSPAuthorize_Role, &client).empty());
    CHECK(fake::streams == 1 && fake::events > 0 && fake::idle > 0 && fake::idle <= 3000);
    for (int i = 0; i < 20 && fake::streams == 1; i++) { // spurious wake-ups
        ::usleep(1000);
        module.Again(QTSS_RTSPAuthorize_Role, &client);
    }
    std::string request = web.Answer("HTTP/1.0 200 OK\r\n\r\n");
    CHECK(request.find("GET /authorize?url=rtsp://host/a%20b&client=10.0.0.1 HTTP/1.0\r\n") == 0);
    CHECK(Decide(module, client) && client.request.written.empty());
    CHECK(module.Ask(QTSS_RTSPAuthorize_Role, &client).empty() && fake::streams == 0); // the session remembers

    Client other;
    other.Ask(qtssDescribeMethod, "/a");
    CHECK(module.Ask(QTSS_RTSPAuthorize_Role, &other).empty());
    module.Again(QTSS_RTSPAuthorize_Role, &other);
    web.Answer("HTTP/1.0 403 no\r\n\r\n");
    CHECK(Decide(module, other));
    CHECK_TEXT(other.request.written, "[headers]");
    CHECK(StatusOf(other) == qtssClientForbidden);
}

TEST(web_servers_that_keep_silent_decide_nothing) {
    Module module(QTSSHttpCallbackModule_Main);
    WebServer web;
    Client client;
    client.Ask(qtssDescribeMethod, "/a");
    module.Set("timeout_msec", UInt32(30));
    module.Set("callback_port", web.port);
    CHECK(Decide(module, client) && StatusOf(client) == qtssClientForbidden);
    module.Set("allow_on_failure", Bool16(true));
    client.Ask(qtssDescribeMethod, "/a");
    CHECK(Decide(module, client) && client.request.written.empty());

    Client gone;
    gone.Ask(qtssDescribeMethod, "/a");
    module.Again(QTSS_RTSPAuthorize_Role, &gone);
    CHECK(fake::streams == 1);
    module.Close(&gone);
    CHECK(fake::streams == 0);
}

TEST(a_tone_is_described_set_up_and_sent_on_time) {
    Module module(QTSSToneSourceModule_Main);
    const QTSS_Role role = QTSS_RTSPPreProcessor_Role;
    Client client;
    fake::Object stream;
    stream.Set(qtssRTPStrSSRC, UInt32(0x01020304));
    fake::stream = &stream;
    fake::now = 1000000;
    client.Ask(qtssDescribeMethod, "/tone.sdp");
    CHECK(module.Ask(role, &client).empty());
    module.Set("enabled", Bool16(true));
    CHECK(module.Ask(role, &client).find("[standard]v=0\r\n") != std::string::npos);
    client.Ask(qtssPlayMethod, "/tone.sdp");
    CHECK(module.Ask(role, &client).empty()); // not ours yet
    client.Ask(qtssSetupMethod, "/tone.sdp/trackID=1");
    CHECK_TEXT(module.Ask(role, &client), "[standard]");
    CHECK_TEXT(stream.Get(qtssRTPStrPayloadName), "PCMU/8000");
    client.Ask(qtssPlayMethod, "/tone.sdp");
    CHECK_TEXT(module.Ask(role, &client), "[standard]");
    CHECK_TEXT(client.session.written, "[play]");

    module.Clear();
    module.params.rtpSendPacketsParams.inClientSession = &client.session;
    module.params.rtpSendPacketsParams.inCurrentTime = fake::now;
    CHECK(module.Call(QTSS_RTPSendPackets_Role) == QTSS_NoErr);
    CHECK(stream.written.size() == 51 * 172); // one second ahead
    CHECK(module.params.rtpSendPacketsParams.outNextPacketTime == 20);
    CHECK(stream.written.substr(0, 12) == std::string("\x80\x80\0\0\0\0\0\0\1\2\3\4", 12));
    CHECK(stream.written.substr(172, 8) == std::string("\x80\0\0\1\0\0\0\xA0", 8));
    CHECK(static_cast<unsigned char>(stream.written[12]) == 0xFF); // the sine starts at 0
    fake::now += 20;
    module.params.rtpSendPacketsParams.inCurrentTime = fake::now;
    module.Call(QTSS_RTPSendPackets_Role);
    CHECK(stream.written.size() == 52 * 172);

    client.Ask(qtssPauseMethod, "/tone.sdp");
    module.Ask(role, &client);
    client.Ask(qtssTeardownMethod, "/tone.sdp");
    module.Ask(role, &client);
    CHECK_TEXT(client.session.written, "[play][pause][teardown]");
    module.Close(&client);
    module.Clear();
    module.params.rtpSendPacketsParams.inClientSession = &client.session;
    module.Call(QTSS_RTPSendPackets_Role);
    CHECK(module.params.rtpSendPacketsParams.outNextPacketTime == -1);
    fake::stream = NULL;
    client.Ask(qtssSetupMethod, "/tone.sdp/trackID=1"); // the server has answered already
    CHECK(module.Ask(role, &client).empty());
}

TEST(an_overlay_hides_files_and_leaves_others_alone) {
    char folder[] = "/tmp/sdk-overlay-XXXXXX";
    CHECK(::mkdtemp(folder) != NULL);
    std::string path = std::string(folder) + "/a.mov";
    FILE* out = ::fopen(path.c_str(), "w");
    ::fputs("0123456789", out);
    ::fclose(out);

    Module module(QTSSOverlayFileModule_Main);
    fake::Object file;
    char wanted[] = "/movies/a.mov", absent[] = "/movies/b.mov", outside[] = "/moviesX/a.mov", itself[] = "/movies/";
    module.Clear();
    module.params.openFilePreProcessParams.inFileObject = &file;
    module.params.openFilePreProcessParams.inPath = wanted;
    CHECK(module.Call(QTSS_OpenFilePreProcess_Role) == QTSS_FileNotFound);
    module.SetText("overlay_folder", folder);
    char* others[] = {absent, outside, itself};
    for (int i = 0; i < 3; i++) {
        module.params.openFilePreProcessParams.inPath = others[i];
        CHECK(module.Call(QTSS_OpenFilePreProcess_Role) == QTSS_FileNotFound);
    }
    module.params.openFilePreProcessParams.inPath = wanted;
    CHECK(module.Call(QTSS_OpenFilePreProcess_Role) == QTSS_NoErr);
    CHECK(As<UInt64>(file.Get(qtssFlObjLength)) == 10 && As<SInt64>(file.Get(qtssFlObjModDate)) > 1000000000000LL);

    char data[8];
    UInt32 length = 99;
    module.Clear();
    module.params.readFileParams.inFileObject = &file;
    module.params.readFileParams.inFilePosition = 7;
    module.params.readFileParams.ioBuffer = data;
    module.params.readFileParams.inBufLen = sizeof(data);
    module.params.readFileParams.outLenRead = &length;
    CHECK(module.Call(QTSS_ReadFile_Role) == QTSS_NoErr && length == 3 && ::memcmp(data, "789", 3) == 0);
    module.params.readFileParams.inFilePosition = 100;
    CHECK(module.Call(QTSS_ReadFile_Role) == QTSS_NoErr && length == 0);
    module.Clear();
    module.params.reqEventFileParams.inFileObject = &file;
    fake::signals = 0;
    CHECK(module.Call(QTSS_RequestEventFile_Role) == QTSS_NoErr && fake::signals == 1);
    module.Clear();
    module.params.closeFileParams.inFileObject = &file;
    CHECK(module.Call(QTSS_CloseFile_Role) == QTSS_NoErr);
    module.Clear();
    module.params.readFileParams.inFileObject = &file;
    module.params.readFileParams.ioBuffer = data;
    module.params.readFileParams.inBufLen = 1;
    module.params.readFileParams.outLenRead = &length;
    CHECK(module.Call(QTSS_ReadFile_Role) == QTSS_RequestFailed);
    ::remove(path.c_str());
    ::rmdir(folder);
}

TEST(attributes_are_shown_to_this_machine) {
    Module module(QTSSAttributeWalkerModule_Main);
    Client client("127.0.0.1"), far("10.0.0.1");
    module.server.Name("qtssServerName", 500, qtssAttrDataTypeCharArray);
    module.server.SetText(500, "one", 0);
    module.server.SetText(500, "two", 1);
    module.server.Name("handles", 501, qtssAttrDataTypeQTSS_Object);
    module.server.SetText(501, "secret");
    client.session.Name("url", 1, qtssAttrDataTypeCharArray);
    client.session.SetText(1, "/a");
    module.server.Set(qtssSvrClientSessions, static_cast<QTSS_Object>(&client.session));
    const char request[] = "GET /attributes HTTP/1.0\r\n\r\n";
    client.request.SetText(qtssRTSPReqFullRequest, request);
    far.request.SetText(qtssRTSPReqFullRequest, request);
    CHECK(module.Ask(QTSS_RTSPFilter_Role, &client).empty());
    module.Set("enabled", Bool16(true));
    std::string answer = module.Ask(QTSS_RTSPFilter_Role, &client);
    CHECK(answer.find("qtssServerName (CharArray) = one, two\r\n") != std::string::npos);
    CHECK(answer.find("handles (other)\r\n") != std::string::npos && answer.find("secret") == std::string::npos);
    CHECK(answer.find("client session 0\r\n  url (CharArray) = /a\r\n") != std::string::npos);
    answer = module.Ask(QTSS_RTSPFilter_Role, &far);
    CHECK(answer.find("HTTP/1.1 ") == 0 && answer.find("one") == std::string::npos);
    client.request.SetText(qtssRTSPReqFullRequest, "GET /attributes2 HTTP/1.0\r\n\r\n");
    CHECK(module.Ask(QTSS_RTSPFilter_Role, &client).empty());
}

TEST(a_module_in_plain_c_counts) {
    Module module(QTSSPlainCModule_Main);
    Client client;
    for (int i = 0; i < 3; i++)
        CHECK(module.Ask(QTSS_RTSPFilter_Role, &client).empty());
    QTSS_AttributeID id = 0;
    CHECK(QTSS_IDForAttr(qtssServerObjectType, "QTSSPlainCModuleRequests", &id) == QTSS_NoErr);
    CHECK(As<UInt32>(module.server.Get(id)) == 3);
    module.Clear();
    module.Call(QTSS_Shutdown_Role);
    CHECK_TEXT(module.log.written, "QTSSPlainCModule: 3 requests");
}
