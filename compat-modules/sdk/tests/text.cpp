// SPDX-License-Identifier: MIT OR Apache-2.0
// Texts: pieces, parser, formatters, translators.

#include <string.h>
#include <vector>
#include "ConfParser.h"
#include "DateTranslator.h"
#include "GetWord.h"
#include "OS.h"
#include "QueryParamList.h"
#include "ResizeableStringFormatter.h"
#include "SDPUtils.h"
#include "StringFormatter.h"
#include "StringParser.h"
#include "StringTranslator.h"
#include "Trim.h"
#include "UserAgentParser.h"
#include "base64.h"
#include "harness.h"
#include "md5.h"
#include "md5digest.h"

using harness::Buffer;
using harness::Own;
using harness::Str;

// ---- StrPtrLen ----

TEST(str_ptr_len_compares_exactly) {
    StrPtrLen text("PLAY");
    CHECK(text.Len == 4);
    CHECK(text.Equal("PLAY") && text.Equal(StrPtrLen("PLAYING", 4)));
    CHECK(!text.Equal("PLA") && !text.Equal("play") && !text.Equal("PLAYS"));
    CHECK(StrPtrLen().Equal(StrPtrLen()) && StrPtrLen().Equal(static_cast<const char*>(NULL)));
    CHECK(!StrPtrLen().Equal("") && !StrPtrLen("").Equal(StrPtrLen()));
}

TEST(str_ptr_len_compares_without_case) {
    StrPtrLen text("Content-Type: audio");
    CHECK(text.EqualIgnoreCase("content-TYPE: AUDIO", 19));
    CHECK(!text.EqualIgnoreCase("content-type", 12));
    CHECK(text.NumEqualIgnoreCase("CONTENT", 7));
    CHECK(!StrPtrLen("ab").NumEqualIgnoreCase("abc", 3));
    CHECK(!StrPtrLen("[").EqualIgnoreCase("{", 1)); // 32 apart, but no letters
}

TEST(str_ptr_len_finds_inside_its_length_only) {
    StrPtrLen text("abcdef", 4);
    StrPtrLen result("x");
    CHECK(text.FindString("cd", &result) == text.Ptr + 2);
    CHECK_TEXT(Str(result), "cd");
    CHECK(text.FindString("de", &result) == NULL);
    CHECK(result.Ptr == NULL && result.Len == 0);
    CHECK(text.FindString("CD") == NULL && text.FindStringIgnoreCase("CD") == text.Ptr + 2);
    StrPtrLen query("bc");
    CHECK(text.FindString(&query) == text.Ptr + 1 && text.FindString(query) == text.Ptr + 1);
    CHECK(text.FindString(query, &query) == text.Ptr + 1 && query.Ptr == text.Ptr + 1);
    CHECK(StrPtrLen("ab\0cd", 5).FindString("cd") == NULL); // the search ends at a zero byte
    CHECK(StrPtrLen().FindString("a") == NULL && StrPtrLen("").FindString("a") == NULL);
}

TEST(str_ptr_len_copies_are_terminated) {
    CHECK_TEXT(Own(StrPtrLen("abcdef", 3).GetAsCString()), "abc");
    CHECK_TEXT(Own(StrPtrLen().GetAsCString()), "");
    StrPtrLen owned(StrPtrLen("x").GetAsCString());
    owned.Delete();
    CHECK(owned.Ptr == NULL && owned.Len == 0);
    StrPtrLenDel guard(StrPtrLen("freed at the end").GetAsCString());
    CHECK(guard.Len == 16);
}

TEST(str_ptr_len_trims_and_compacts) {
    Buffer text(" \ta b\tc \t");
    text.Piece().TrimWhitespace();
    CHECK_TEXT(Str(text.Piece()), "a b\tc");
    CHECK(text.Piece().RemoveWhitespace() == 3);
    CHECK_TEXT(Str(text.Piece()), "abc");
    text.Piece().ToUpper();
    CHECK_TEXT(Str(text.Piece()), "ABC");
    Buffer blank("   ");
    CHECK(blank.Piece().TrimLeadingWhitespace() == 0);
    StrPtrLen none;
    CHECK(none.TrimLeadingWhitespace() == 0 && none.TrimTrailingWhitespace() == 0 && none.RemoveWhitespace() == 0);
}

// ---- StringParser ----

TEST(parser_cuts_a_request_line) {
    Buffer text("DESCRIBE rtsp://host/a?b RTSP/1.0\r\nCSeq: 12\r\n\r\n");
    StringParser parser(&text);
    StrPtrLen piece;
    parser.ConsumeWord(&piece);
    CHECK_TEXT(Str(piece), "DESCRIBE");
    parser.ConsumeWhitespace();
    parser.ConsumeUntil(&piece, StringParser::sEOLWhitespaceQueryMask);
    CHECK_TEXT(Str(piece), "rtsp://host/a");
    CHECK(parser.Expect('?') && !parser.Expect('?'));
    parser.ConsumeUntilWhitespace(&piece);
    CHECK_TEXT(Str(piece), "b");
    CHECK(parser.GetThruEOL(&piece));
    CHECK_TEXT(Str(piece), " RTSP/1.0");
    CHECK(parser.GetCurrentLineNumber() == 2);
    CHECK(parser.GetThru(&piece, ':'));
    CHECK_TEXT(Str(piece), "CSeq");
    parser.ConsumeUntilDigit();
    CHECK(parser.ConsumeInteger(&piece) == 12);
    CHECK_TEXT(Str(piece), "12");
    CHECK(parser.ExpectEOL() && parser.ExpectEOL() && !parser.ExpectEOL());
    CHECK(parser.GetDataRemaining() == 0);
    CHECK(parser.GetDataParsedLen() == parser.GetDataReceivedLen());
}

TEST(parser_at_the_end_gives_nothing) {
    std::vector<char> exact(2, 'a'); // no byte behind
    StrPtrLen text(&exact[0], 2);
    StringParser parser(&text);
    parser.ConsumeLength(NULL, 2);
    StrPtrLen piece("x");
    parser.ConsumeUntil(&piece, 'z');
    CHECK(piece.Len == 0);
    CHECK(parser.PeekFast() == '\0' && parser.ConsumeInteger() == 0 && parser.ConsumeFloat() == 0);
    CHECK(parser.ConsumeNPT() == 0 && !parser.Expect('a') && !parser.GetThru(NULL, 'a') && !parser.GetThruEOL(NULL));
    exact[1] = '\r'; // a CR as the last byte is a line end
    StringParser again(&text);
    CHECK(again.GetThruEOL(&piece) && again.GetCurrentLineNumber() == 2);
}

TEST(parser_over_nothing_gives_nothing) {
    StrPtrLen none;
    StringParser parser(&none);
    StrPtrLen piece("x");
    CHECK(parser.ParserIsEmpty(&piece) && piece.Ptr == NULL);
    parser.ConsumeUntil(&piece, ' ');
    CHECK(piece.Len == 0 && parser.GetDataRemaining() == 0 && parser.PeekFast() == '\0');
    StringParser nowhere(NULL);
    CHECK(!nowhere.Expect('a') && nowhere.GetStream() == NULL);
}

TEST(parser_goes_back_and_not_too_far) {
    Buffer text("abcdef");
    StringParser parser(&text);
    StrPtrLen piece;
    parser.ConsumeLength(&piece, 4);
    CHECK_TEXT(Str(piece), "abcd");
    parser.ConsumeLength(NULL, -2);
    CHECK(parser.PeekFast() == 'c' && parser[1] == 'd');
    parser.ConsumeLength(&piece, -100);
    CHECK(parser.GetDataParsedLen() == 0 && piece.Len == 0);
    parser.ConsumeLength(&piece, 100);
    CHECK_TEXT(Str(piece), "abcdef");
}

TEST(parser_reads_numbers) {
    Buffer text("3.25;1:02:03.5;65.5;4294967296");
    StringParser parser(&text);
    CHECK(parser.ConsumeFloat() == 3.25f && parser.Expect(';'));
    CHECK(parser.ConsumeNPT() == 3723.5f && parser.Expect(';'));
    CHECK(parser.ConsumeNPT() == 65.5f && parser.Expect(';'));
    CHECK(parser.ConsumeInteger() == 0); // no overflow check
}

TEST(parser_takes_any_line_end) {
    Buffer text("a\rb\nc\r\nd");
    StringParser parser(&text);
    StrPtrLen piece;
    CHECK(parser.GetThruEOL(&piece) && parser.GetThruEOL(&piece));
    CHECK_TEXT(Str(piece), "b");
    parser.ConsumeLength(NULL, 1);
    parser.ConsumeEOL(&piece);
    CHECK(piece.Len == 2);
    CHECK(!parser.GetThruEOL(&piece));
    CHECK_TEXT(Str(piece), "d");
    CHECK(parser.GetCurrentLineNumber() == 4);
}

TEST(parser_takes_quotes_off) {
    StrPtrLen text("\"realm\"");
    StringParser::UnQuote(&text);
    CHECK_TEXT(Str(text), "realm");
    text.Set("'x");
    StringParser::UnQuote(&text);
    CHECK_TEXT(Str(text), "x");
    text.Set("\"");
    StringParser::UnQuote(&text);
    CHECK_TEXT(Str(text), "\"");
}

TEST(parser_tables_are_inverse_or_alike) {
    for (int i = 0; i < 256; i++) {
        CHECK(StringParser::sWordMask[i] != StringParser::sNonWordMask[i]);
        CHECK(StringParser::sWhitespaceMask[i] != StringParser::sEOLWhitespaceMask[i]);
    }
    CHECK(StringParser::sWordMask[45] && StringParser::sWordMask[95] && !StringParser::sWordMask[49]);
    CHECK(StringParser::sEOLWhitespaceQueryMask[63] && !StringParser::sEOLWhitespaceMask[63]);
}

// ---- Formatters ----

TEST(formatter_puts_all_kinds) {
    char buffer[64];
    StringFormatter out(buffer, sizeof(buffer));
    out.Put("a");
    out.PutSpace();
    out.Put(static_cast<SInt32>(-12));
    out.Put(StrPtrLen("xyz", 2));
    CHECK(out.PutFmtStr("%s=%d", "n", 7));
    out.PutEOL();
    out.PutTerminator();
    CHECK_TEXT(std::string(buffer), "a -12xyn=7\r\n");
    CHECK(out.GetCurrentOffset() == 13 && out.GetBytesWritten() == 13);
    CHECK(out.GetSpaceLeft() == 51 && out.GetTotalBufferSize() == 64 && out.GetBufPtr() == buffer);
    out.Reset(2);
    CHECK(out.GetCurrentPtr() == buffer + 2 && out.GetBytesWritten() == 13);
    CHECK_TEXT(Own(out.GetAsCString()), "a ");
}

TEST(formatter_that_is_full_keeps_one_byte_free) {
    char buffer[5];
    StringFormatter out(buffer, sizeof(buffer));
    out.Put("abcdefgh");
    CHECK(out.GetCurrentOffset() == 4);
    out.PutTerminator();
    CHECK_TEXT(std::string(buffer), "abcd");
    out.PutChar('x'); // no room at all
    CHECK(out.GetBytesWritten() == 5);
    out.Set(buffer, sizeof(buffer));
    CHECK(!out.PutFmtStr("%s", "123456") && out.GetCurrentOffset() == 4);
    StringFormatter none(NULL, 0);
    none.Put("abc");
    CHECK(none.GetBytesWritten() == 0);
}

TEST(formatter_joins_paths) {
    char buffer[64];
    StringFormatter out(buffer, sizeof(buffer));
    out.PutFilePath("/movies", "a.mov");
    out.PutChar(' ');
    out.PutFilePath("/movies/", "a.mov");
    out.PutChar(' ');
    out.PutFilePath(static_cast<char*>(NULL), "a");
    out.PutTerminator();
    CHECK_TEXT(std::string(buffer), "/movies/a.mov /movies/a.mov a");
}

TEST(resizeable_formatter_grows_from_64) {
    ResizeableStringFormatter out;
    out.Put("a");
    CHECK(out.GetTotalBufferSize() == 64);
    std::string expected("a");
    for (int i = 0; i < 100; i++) {
        out.Put("0123456789");
        expected += "0123456789";
    }
    CHECK(out.GetTotalBufferSize() == 1024);
    CHECK_TEXT(std::string(out.GetBufPtr(), out.GetCurrentOffset()), expected);
    CHECK(out.PutFmtStr("%2000s", "x") && out.GetCurrentOffset() == 3001);
}

TEST(resizeable_formatter_leaves_the_callers_buffer_alone) {
    char first[8];
    char* given;
    {
        ResizeableStringFormatter out(first, sizeof(first));
        out.Put("0123456789");
        CHECK(out.GetBufPtr() != first);
        out.PutTerminator();
        given = out.GetBufPtr();
        out.Set(NULL, 0); // ours now
    }
    CHECK_TEXT(Own(given), "0123456789");
}

// ---- Translators ----

static std::string Decoded(const char* url, SInt32 room = 200) {
    char buffer[200];
    SInt32 length = StringTranslator::DecodeURL(url, static_cast<SInt32>(::strlen(url)), buffer, room);
    if (length == OS_BadURLFormat)
        return "bad";
    return length == OS_NotEnoughSpace ? "space" : std::string(buffer, static_cast<size_t>(length));
}

TEST(urls_are_decoded) {
    CHECK_TEXT(Decoded("/Hello%23%20 I"), "/Hello#  I");
    CHECK_TEXT(Decoded("no/slash"), "bad");
    CHECK_TEXT(Decoded("/%2"), "bad");
    CHECK_TEXT(Decoded("/%2h"), "bad");
    CHECK_TEXT(Decoded("/abc", 3), "space");
    CHECK_TEXT(Decoded("/abc", 4), "/abc");
    CHECK_TEXT(Decoded("/%41", 2), "/A");
    CHECK(StringTranslator::DecodeURL("/a\0b", 4, NULL, 0) == OS_NotEnoughSpace);
    char small[4];
    CHECK(StringTranslator::DecodeURL("/a\0b", 4, small, 4) == OS_BadURLFormat);
}

TEST(dot_segments_are_dropped_from_urls) {
    CHECK_TEXT(Decoded("/a/../b"), "/a/b");
    CHECK_TEXT(Decoded("/../../etc"), "/etc");
    CHECK_TEXT(Decoded("/a/./b/."), "/a/b/");
    CHECK_TEXT(Decoded("/a/%2e%2e/b"), "/a/b");
    CHECK_TEXT(Decoded("/a/.."), "/a/");
    CHECK_TEXT(Decoded("/a/.../b/.c/d."), "/a/.../b/.c/d.");
    CHECK_TEXT(Decoded("/a?x=/../y"), "/a?x=/../y");
    CHECK_TEXT(Decoded("/..?x"), "/?x");
}

TEST(urls_are_encoded) {
    char buffer[64];
    SInt32 length = StringTranslator::EncodeURL("/a b\xE9\n", 6, buffer, sizeof(buffer));
    CHECK_TEXT(std::string(buffer, static_cast<size_t>(length)), "/a%20b%E9%0A");
    CHECK(StringTranslator::EncodeURL("  ", 2, buffer, 5) == OS_NotEnoughSpace);
    CHECK(StringTranslator::EncodeURL("  ", 2, buffer, 6) == 6);
}

TEST(dates_go_both_ways) {
    DateBuffer buffer;
    CHECK(buffer.GetDateBuffer()[0] == '\0');
    buffer.Update(930892963000LL);
    CHECK_TEXT(std::string(buffer.GetDateBuffer()), "Fri, 02 Jul 1999 05:22:43 GMT");
    StrPtrLen text(buffer.GetDateBuffer());
    CHECK(text.Len == DateBuffer::kDateBufferLen);
    CHECK(DateTranslator::ParseDate(&text) == 930892963000LL);
    StrPtrLen bad("Fri, 02 Xyz 1999 05:22:43 GMT");
    CHECK(DateTranslator::ParseDate(&bad) == 0);
    StrPtrLen tooShort("02 Jul 1999");
    CHECK(DateTranslator::ParseDate(&tooShort) == 0);
    buffer.InexactUpdate();
    text.Set(buffer.GetDateBuffer());
    SInt64 age = OS::Milliseconds() - DateTranslator::ParseDate(&text);
    CHECK(age >= 0 && age < 60000);
}

TEST(user_agent_fields_are_found) {
    StrPtrLen text("QTS (qtver=6.1; os=Mac%20OS; lang=en;cpu=PPC)");
    UserAgentParser agent(&text);
    CHECK_TEXT(Str(*agent.GetUserVersion()), "6.1");
    CHECK_TEXT(Str(*agent.GetUserLanguage()), "en");
    CHECK_TEXT(Str(*agent.GetUserCPU()), "PPC");
    CHECK_TEXT(Str(*agent.GetrUserOS()), "Mac");
    CHECK_TEXT(Str(*agent.GetUserOSVersion()), "OS");
    CHECK(agent.GetUserID()->Len == 0);
    StrPtrLen other("VLC media player (LIVE555)");
    agent.Parse(&other);
    CHECK(agent.GetUserVersion()->Len == 0);
    UserAgentParser nobody(NULL);
    CHECK(nobody.GetUserVersion()->Ptr == NULL);
}

// ---- SDP ----

static const char kSdp[] = "v=0\r\ns=Name\r\na=range:npt=0-1\r\no=- 1 1 IN IP4 1.2.3.4\r\nt=0 0\r\na=range:npt=0-2\r\n"
                           "m=audio 0 RTP/AVP 96\r\nb=AS:100\r\na=x\r\n";

TEST(sdp_container_takes_lines_apart) {
    Buffer text(kSdp);
    SDPContainer lines(2); // grows
    CHECK(lines.SetSDPBuffer(&text) && lines.IsSDPBufferValid());
    CHECK(lines.HasReqLines() && lines.HasLineType('m') && !lines.HasLineType('k'));
    CHECK(lines.GetNumLines() == 9);
    CHECK(lines.FindHeaderLineType('a', 0) == 2 && lines.FindHeaderLineType('a', 3) == 5);
    CHECK_TEXT(Str(*lines.GetNextLine()), "m=audio 0 RTP/AVP 96");
    CHECK(lines.FindHeaderLineType('z', 0) == -1 && lines.GetLine(9) == NULL && lines.GetLine(-1) == NULL);
    lines.SetLine(8);
    CHECK(lines.GetNextLine() == NULL);
    Buffer bad("v=0\r\nq=1\r\n");
    CHECK(!lines.SetSDPBuffer(&bad) && lines.GetNumLines() == 1);
    Buffer blank("v= 0\r\n");
    CHECK(!lines.SetSDPBuffer(&blank));
    CHECK(!lines.SetSDPBuffer(static_cast<StrPtrLen*>(NULL)));
}

TEST(sdp_sorter_orders_the_session_and_scales_bandwidth) {
    Buffer text(kSdp);
    SDPContainer lines;
    lines.SetSDPBuffer(&text);
    SDPContainer inserted;
    StrPtrLen extra("a=3GPP-Adaptation-Support:1\r\n");
    inserted.AddHeaderLine(&extra);
    SDPLineSorter sorter(&lines, 1.5f, &inserted);
    CHECK_TEXT(Own(sorter.GetSortedSDPCopy()),
               "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=Name\r\nt=0 0\r\na=range:npt=0-1\r\n"
               "m=audio 0 RTP/AVP 96\r\nb=AS:150\r\na=3GPP-Adaptation-Support:1\r\na=x\r\n");
    CHECK(sorter.GetMediaHeaders()->Len > 0 && sorter.GetSessionHeaders()->Len > 0);
    SDPLineSorter nothing(NULL);
    CHECK_TEXT(Own(nothing.GetSortedSDPCopy()), "");
}

// ---- Hashes and codes ----

TEST(base64_goes_both_ways) {
    const char* plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    const char* coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"}; // RFC 4648 10
    for (int i = 0; i < 7; i++) {
        std::vector<char> out(static_cast<size_t>(Base64encode_len(i)));
        CHECK(Base64encode(&out[0], plain[i], i) == static_cast<int>(out.size()));
        CHECK_TEXT(std::string(&out[0]), coded[i]);
        std::vector<char> back(static_cast<size_t>(Base64decode_len(coded[i])));
        CHECK(Base64decode(&back[0], coded[i]) == i);
        CHECK_TEXT(std::string(&back[0]), plain[i]);
    }
    char out[8];
    CHECK(Base64encode(out, "\xFF\xFE", 2) == 5);
    CHECK_TEXT(std::string(out), "//4=");
}

static std::string Md5(const std::string& text) {
    MD5_CTX context;
    MD5_Init(&context);
    for (size_t i = 0; i < text.size(); i += 7) // in pieces
        MD5_Update(&context, reinterpret_cast<const unsigned char*>(text.data()) + i,
                   static_cast<unsigned int>(text.size() - i < 7 ? text.size() - i : 7));
    unsigned char digest[16];
    MD5_Final(digest, &context);
    StrPtrLenDel hex;
    HashToString(digest, &hex);
    return std::string(hex.Ptr);
}

TEST(md5_gives_the_values_of_rfc_1321) {
    CHECK_TEXT(Md5(""), "d41d8cd98f00b204e9800998ecf8427e");
    CHECK_TEXT(Md5("abc"), "900150983cd24fb0d6963f7d28e17f72");
    CHECK_TEXT(Md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
               "57edf4a22be3c955ac49da2e2107b67a");
    CHECK_TEXT(Md5(std::string(55, 'a')), "ef1772b6dff9a122358552954ad0df65");
    CHECK_TEXT(Md5(std::string(56, 'a')), "3b0c8ac703f828b04c6c197006d17218");
    CHECK_TEXT(Md5(std::string(64, 'a')), "014842d480b571495a4a0363793f7367");
}

TEST(digests_are_those_of_rfc_2617) {
    StrPtrLen user("Mufasa"), realm("testrealm@host.com"), password("Circle Of Life"), none;
    StrPtrLen nonce("dcd98b7102dd2f0e8b11d0f600bfb0c093"), count("00000001"), cnonce("0a4f113b"), qop("auth");
    StrPtrLen method("GET"), uri("/dir/index.html"), md5("md5"), sess("md5-sess");
    StrPtrLenDel ha1, raw, session, sessionToo, response, older;
    CalcHA1(&md5, &user, &realm, &password, &nonce, &cnonce, &ha1);
    CHECK_TEXT(Str(ha1), "939e7578ed9e3c518a452acee763bce9");
    CalcRequestDigest(&ha1, &nonce, &count, &cnonce, &qop, &method, &uri, &none, &response);
    CHECK_TEXT(Str(response), "6629fae49393a05397450978507c4ef1");
    CalcRequestDigest(&ha1, &nonce, &none, &none, &none, &method, &uri, &none, &older);
    CHECK_TEXT(Str(older), "670fd8c2df070c60b045671b8b24ff02");
    CalcMD5HA1(&user, &realm, &password, &raw);
    CHECK(raw.Len == kHashLen);
    CalcHA1(&sess, &user, &realm, &password, &nonce, &cnonce, &session);
    CalcHA1Md5Sess(&raw, &nonce, &cnonce, &sessionToo);
    CHECK(session.Len == kHashHexLen && session.Equal(sessionToo) && !session.Equal(ha1));
}

TEST(passwords_are_hashed_with_their_salt) {
    char first[64], again[64], cut[8];
    MD5Encode("secret", "saltsaltmore", first, sizeof(first));
    CHECK_TEXT(std::string(first).substr(0, 15), "$dufr$saltsalt$");
    CHECK(::strlen(first) == 15 + 22);
    MD5Encode("secret", first, again, sizeof(again)); // the salt of an entry
    CHECK_TEXT(std::string(again), first);
    MD5Encode("Secret", first, again, sizeof(again));
    CHECK(std::string(again) != first);
    MD5Encode("secret", "s", cut, sizeof(cut));
    CHECK_TEXT(std::string(cut), "$dufr$s");
}

// ---- Words ----

TEST(words_and_quoted_words) {
    char line[] = "  one \"two \"\"2\"\" words\" rest";
    char word[32];
    char* at = GetWord(word, line, 31);
    CHECK_TEXT(std::string(word), "one");
    at = GetQuotedWord(word, at, 31);
    CHECK_TEXT(std::string(word), "two \"2\" words");
    CHECK_TEXT(std::string(TrimLeft(at)), "rest");
    GetWord(word, TrimLeft(at), 2);
    CHECK_TEXT(std::string(word), "re");
}

TEST(query_parameters_are_decoded) {
    QueryParamList list("name=a+b%21&Empty=&flag&x=1&x=2&bad=%zz");
    CHECK_TEXT(std::string(list.DoFindCGIValueForParam("NAME")), "a b!");
    CHECK_TEXT(std::string(list.DoFindCGIValueForParam("empty")), "");
    CHECK_TEXT(std::string(list.DoFindCGIValueForParam("x")), "2");
    CHECK_TEXT(std::string(list.DoFindCGIValueForParam("bad")), "%zz");
    CHECK(list.DoFindCGIValueForParam("flag") == NULL);
}

static Bool16 Collect(const char* name, const char* values[], void* userData) {
    std::string& all = *static_cast<std::string*>(userData);
    all += name;
    for (int i = 0; values[i] != NULL; i++)
        all += std::string("|") + values[i];
    all += "\n";
    return ::strcmp(name, "refused") == 0;
}

TEST(config_files_are_parsed_by_line) {
    char path[] = "/tmp/sdk-conf-XXXXXX";
    int fd = ::mkstemp(path);
    CHECK(fd >= 0);
    FILE* file = ::fdopen(fd, "w");
    ::fputs("# comment\n\nport 554 8554\nname \"two words\"\n", file);
    ::fclose(file);
    std::string all;
    CHECK(ParseConfigFile(false, path, Collect, &all) == 0);
    CHECK_TEXT(all, "port|554|8554\nname|two words\n");
    ::remove(path);
    CHECK(ParseConfigFile(false, path, Collect, &all) == -1);
}
