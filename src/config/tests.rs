//! Tests of whole files: reading, keeping, editing, saving.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// A file with the oddities of the sample that came in DSS's source tree, and a few of those found in the field.
const ODD: &str = "<?xml version =\"1.0\"?>\n<!-- by hand -->\n<!DOCTYPE CONFIGURATION [\n<!ELEMENT CONFIGURATION (SERVER)>\n\
<!-- <x> --->\n<!ATTLIST PREF TYPE (UInt8|Bool8|char) \"char\">\n]>\n<FOO>\n\t<SERVER>\n\
\t\t<PREF NAME=\"movie_folder\" >/srv/R&B/</PREF>\n\
\t\t<LIST-PREF NAME=\"rtsp_port\" TYPE=\"uint16\" >\n\t\t\t<VALUE>7070</VALUE>\n\t\t\t<VALUE>554</VALUE>\n\t\t</LIST-PREF>\n\
\t\t<PREF NAME=\"auto_restart\" TYPE=\"Bool16\" >disabled</PREF>\n\
\t\t<PREF NAME=\"run_user_name\" ></PREF>\n\
\t\t<PREF NAME='rtp_timeout' TYPE=\"Bool16\" >60</PREF>\n\
\t\t<PREF NAME=\"maximum_connections\" TYPE=\"SInt32\" >abc</PREF>\n\
\t\t<PREF NAME=\"my_own\" TYPE=\"char\" >1 &lt; 2</PREF> <!-- mine -->\n\
\t\t<PREF NAME=\"pid_file\"/>\n\
\t\t<PREF NAME=\"default_authorization_realm\" >First</PREF>\n\
\t\t<PREF NAME=\"default_authorization_realm\" >Second</PREF>\n\
\t</SERVER>\n\t<MODULE NAME=\"MyModule\" >\n\t\t<PREF NAME=\"a\" TYPE=\"UInt32\" >1</PREF>\n\t</MODULE>\n\
</FOO>\ntrailing </nonsense> & <\n";

fn odd() -> Document {
    Document::parse(ODD.as_bytes()).unwrap()
}

fn values(document: &Document, place: &Place, name: &str) -> Vec<String> {
    let entry = document.entry(place, name).unwrap();
    entry.values.iter().map(|value| text_of_bytes(value).into_owned()).collect()
}

fn text(document: &Document) -> String {
    String::from_utf8(document.to_bytes()).unwrap()
}

fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn an_unchanged_document_is_written_byte_for_byte() {
    assert_eq!(text(&odd()), ODD);
    let with_mark = format!("\u{feff}{ODD}").replace('\n', "\r\n");
    assert_eq!(text(&Document::parse(with_mark.as_bytes()).unwrap()), with_mark);
}

#[test]
fn trap_53_the_quirks_of_the_sample_configuration_load() {
    let (prefs, findings) = ServerPrefs::from_document(&odd());
    assert_eq!(prefs.movie_folder, "/srv/R&B/");
    assert_eq!(prefs.rtsp_port, [7070, 554]);
    assert!(!prefs.auto_restart, "disabled is false");
    assert_eq!(prefs.run_user_name, "");
    assert_eq!(prefs.rtp_timeout, 120, "wrong type");
    assert_eq!(prefs.maximum_connections, 0, "no number");
    assert_eq!(prefs.pid_file, "/var/run/DarwinStreamingServer.pid", "self-closed counts as missing");
    assert_eq!(prefs.default_authorization_realm, "First");
    let texts: Vec<_> =
        findings.iter().map(|finding| (finding.severity, finding.line, finding.text.as_str())).collect();
    for expected in [
        (Severity::Warning, 17, "The following pref, rtp_timeout, has the wrong type. Using a default value of: 120"),
        (Severity::Info, 0, "The following pref, real_rtsp_timeout, wasn't found. Using a default value of: 180"),
        (Severity::Warning, 18, "The value \"abc\" of the pref maximum_connections is no number and counts as 0"),
        (
            Severity::Warning,
            15,
            "The value \"disabled\" of the pref auto_restart is neither true nor false and counts as false",
        ),
    ] {
        assert!(texts.contains(&expected), "{expected:?} in {texts:#?}");
    }
    assert!(
        !texts.iter().any(|(_, _, text)| text.contains("alt_transport_src_ipaddr")),
        "empty defaults are not logged"
    );
}

#[test]
fn bytes_that_are_no_utf8_survive() {
    let source = b"<C><SERVER><PREF NAME=\"movie_folder\" >/Filme/M\xFCller</PREF></SERVER></C>";
    let mut document = Document::parse(source).unwrap();
    let (prefs, _) = ServerPrefs::from_document(&document);
    assert_eq!(prefs.movie_folder, "/Filme/M\u{fc}ller");
    let section = Section::of(&document, &Place::server());
    assert_eq!(section.bytes("movie_folder"), Some(&b"/Filme/M\xFCller"[..]));
    document.set_values(&Place::server(), "rtsp_timeout", PrefType::UInt32, &bytes(&["1"])).unwrap();
    let written = document.to_bytes();
    assert!(written.windows(5).any(|window| window == b"M\xFClle"));
}

#[test]
fn a_dtd_may_contain_anything_a_dtd_may() {
    let source =
        "<!DOCTYPE C [\n<!-- a -> b, it's <unbalanced ]> -->\n<!ENTITY x \"1>0 ]\">\n<?pi ]> ?>\n]>\n<C>\n</D>";
    let error = Document::parse(source.as_bytes()).unwrap_err();
    assert_eq!((error.line, error.column), (7, 1), "{error}");
    let source = source.replace("</D>", "</C>");
    assert_eq!(text(&Document::parse(source.as_bytes()).unwrap()), source);
    assert!(Document::parse(b"<!DOCTYPE C [ <!-- ").is_err());
}

#[test]
fn values_longer_than_dss_could_hold_are_read() {
    let long = "x".repeat(100_000);
    let source = format!("<C><SERVER><PREF NAME=\"movie_folder\">{long}</PREF></SERVER></C>");
    let (prefs, _) = ServerPrefs::from_document(&Document::parse(source.as_bytes()).unwrap());
    assert_eq!(prefs.movie_folder, long);
}

#[test]
fn malformed_files_are_refused_in_dss_words_with_their_place() {
    for (source, line, column, message) in [
        ("", 1, 1, "Couldn't find a valid tag"),
        ("just text", 1, 10, "Couldn't find a valid tag"),
        ("<!-- x -->\n</A>", 2, 1, "End tag with no begin tag on line 2"),
        ("<A>\n<B>\n", 3, 1, "Reached end of file without end for tag <B> declared on line 2"),
        ("<A>\n <B>\n  </C></A>", 3, 3, "End tag </C> on line 3 doesn't match tag <B> declared on line 2"),
        ("<A>\n<PREF NAME=x>y</PREF></A>", 2, 12, "Attribute NAME value not in quotes on line 2"),
        ("<A>\n<PREF NAME \"x\">y</PREF></A>", 2, 12, "Missing '=' after attribute NAME on line 2"),
        ("<A>\n<B", 2, 1, "Couldn't find a valid tag: no '>' before the end of the file"),
    ] {
        let error = Document::parse(source.as_bytes()).unwrap_err();
        assert_eq!((error.line, error.column, error.message.as_str()), (line, column, message), "{source:?}");
    }
    let deep = "<A>".repeat(xml::MAX_DEPTH + 1);
    assert!(Document::parse(deep.as_bytes()).unwrap_err().message.contains("nested"));
}

#[test]
fn trap_55_completing_adds_what_is_missing_and_keeps_the_rest_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("streamingserver.xml");
    fs::write(&path, ODD).unwrap();
    let mut prefs = Prefs::load(&path).unwrap().prefs;
    prefs.complete();
    assert!(prefs.save().unwrap());
    let written = fs::read_to_string(&path).unwrap();
    for kept in [
        "<!-- by hand -->",
        ">/srv/R&B/<",
        "TYPE=\"char\" >1 &lt; 2</PREF> <!-- mine -->",
        ">First</PREF>\n\t\t<PREF NAME=\"default_authorization_realm\" >Second</PREF>",
        "<MODULE NAME=\"MyModule\" >\n\t\t<PREF NAME=\"a\" TYPE=\"UInt32\" >1</PREF>\n\t</MODULE>",
        "trailing </nonsense> & <\n",
        "<FOO>",
    ] {
        assert!(written.contains(kept), "{kept} in {written}");
    }
    assert!(
        written.contains("\t\t<PREF NAME=\"rtp_timeout\" TYPE=\"UInt32\" >120</PREF>\n\t\t<PREF NAME=\"maximum_conn")
    );
    assert!(written.contains("\t\t<PREF NAME=\"pid_file\" >/var/run/DarwinStreamingServer.pid</PREF>\n"));
    assert!(
        written.contains("\t\t<LIST-PREF NAME=\"player_requires_rtp_header_info\" >\n\t\t\t<VALUE>Nokia</VALUE>\n")
    );
    assert!(written.contains("\t<MODULE NAME=\"QTSSPosixFileSysModule\" >\n\t</MODULE>\n"));
    let again = Prefs::load(&path).unwrap();
    let noted = |finding: &Finding| finding.text.contains("wasn't found") || finding.text.contains("wrong type");
    assert!(!again.findings.iter().any(noted), "{:#?}", again.findings);
    let mut prefs = again.prefs;
    prefs.complete();
    assert!(!prefs.save().unwrap(), "nothing to write the second time");
}

#[test]
fn a_generated_file_has_every_default_in_dss_layout_and_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.xml");
    let loaded = Prefs::generate_default(&path).unwrap();
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.starts_with("<?xml version =\"1.0\"?>\n<!--"));
    assert!(written.contains("<!DOCTYPE CONFIGURATION ["));
    let mut at = 0;
    for def in SERVER_PREFS {
        let tag = format!("NAME=\"{}\"", def.name);
        at += written[at..].find(&tag).unwrap_or_else(|| panic!("{tag} is missing or not in its place"));
    }
    for line in [
        "\t\t<PREF NAME=\"rtsp_timeout\" TYPE=\"UInt32\" >0</PREF>\n",
        "\t\t<PREF NAME=\"tcp_seconds_to_buffer\" TYPE=\"Float32\" >.5</PREF>\n",
        "\t\t<PREF NAME=\"authentication_scheme\" >digest</PREF>\n",
        "\t\t<LIST-PREF NAME=\"rtsp_port\" TYPE=\"UInt16\" >\n\t\t\t<VALUE>554</VALUE>\n",
        "\t\t<PREF NAME=\"player_requires_disable_thinning\" ></PREF>\n",
        "\t\t<PREF NAME=\"mp3_broadcast_password\" > </PREF>\n",
        "\t\t<PREF NAME=\"request_logfile_dir\" >/var/streaming/logs/</PREF>\n",
        "\t<MODULE NAME=\"QTSSPosixFileSysModule\" >\n\t</MODULE>\n",
    ] {
        assert!(written.contains(line), "{line} in {written}");
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(*loaded.prefs.server, ServerPrefs::default());
    assert_eq!(check_file(&path), [], "a generated file is beyond reproach");
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "no temporary file stays behind");
}

#[test]
fn opening_checks_in_dss_order_and_generates_a_missing_or_empty_file() {
    let folder = tempfile::tempdir().unwrap();
    let error = Prefs::open(folder.path(), None, false).unwrap_err();
    assert_eq!(error.message, "Directory located at location where streaming server prefs file should be.");
    let error = Prefs::open(&folder.path().join("no/such.xml"), None, false).unwrap_err();
    assert_eq!(error.os_error, Some(2));
    assert!(error.message.starts_with("Couldn't read xml file"));
    let path = folder.path().join("empty.xml");
    fs::write(&path, "").unwrap();
    let legacy = folder.path().join("old.conf");
    fs::write(&legacy, "maximum_connections 77\n").unwrap();
    let loaded = Prefs::open(&path, Some(&legacy), false).unwrap();
    assert_eq!(loaded.prefs.server.maximum_connections, 77);
    assert!(loaded.findings.iter().any(|finding| finding.text.starts_with("Generating a new prefs file at ")));
}

#[test]
fn trap_1_starting_afresh_discards_the_content_but_leaves_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.xml");
    fs::write(&path, "<not even XML").unwrap();
    let loaded = Prefs::open(&path, None, true).unwrap();
    assert_eq!(*loaded.prefs.server, ServerPrefs::default());
    let is_copy = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("s.xml.2");
    let copy = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).find(is_copy).unwrap();
    assert_eq!(fs::read_to_string(copy).unwrap(), "<not even XML");
}

#[test]
fn trap_5_a_broken_file_at_a_reread_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.xml");
    let broken = "<C>\n<SERVER>\n<PREF NAME=\"movie_folder\">x\n</C>\n";
    fs::write(&path, broken).unwrap();
    let error = Prefs::load(&path).unwrap_err();
    assert_eq!((error.line, error.column), (4, 1));
    assert!(
        error.to_string().contains("s.xml:4:1: End tag </C> on line 4 doesn't match tag <PREF> declared on line 3")
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), broken);
}

#[test]
fn saving_keeps_mode_and_link_and_notices_another_writer() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.xml"), folder.path().join("link.xml"));
    fs::write(&real, "<C><SERVER></SERVER></C>").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o604)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let mut prefs = Prefs::load(&link).unwrap().prefs;
    assert!(!prefs.changed_on_disk().unwrap());
    prefs.complete();
    prefs.save().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o604);
    let by_hand = fs::read_to_string(&real).unwrap().replace(">1000<", ">5<");
    fs::write(&real, by_hand).unwrap();
    assert!(prefs.changed_on_disk().unwrap());
    prefs.document.remove_pref(&Place::server(), "auto_start").unwrap();
    assert!(matches!(prefs.save(), Err(SaveError::ChangedOnDisk(_))));
}

#[test]
fn trap_56_an_update_keeps_what_was_edited_by_hand_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.xml");
    let mut prefs = Prefs::generate_default(&path).unwrap().prefs;
    let by_hand = fs::read_to_string(&path).unwrap().replace(">1000<", ">5<");
    fs::write(&path, &by_hand).unwrap();
    let server = Place::server();
    prefs.update(|document| document.set_value(&server, "movie_folder", 0, b"/m&m/")).unwrap();
    assert_eq!(prefs.server.maximum_connections, 5);
    assert_eq!(prefs.server.movie_folder, "/m&m/");
    assert_eq!(fs::read_to_string(&path).unwrap(), by_hand.replace("/usr/local/movies/", "/m&amp;m/"));
    fs::write(&path, "<broken").unwrap();
    let update = prefs.update(|document| document.set_value(&server, "movie_folder", 0, b"/x/"));
    assert!(matches!(update, Err(SaveError::Broken(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "<broken");
    assert_eq!(prefs.server.movie_folder, "/m&m/");
}

#[test]
fn of_a_file_that_others_wrote_one_copy_is_kept_before_it_is_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.xml");
    let copies = || {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("s.xml.")).collect::<Vec<_>>()
    };
    let mut prefs = Prefs::generate_default(&path).unwrap().prefs;
    let server = Place::server();
    prefs.update(|document| document.set_value(&server, "movie_folder", 0, b"/a/")).unwrap();
    assert!(copies().is_empty(), "all of it is ours");
    let theirs = "<C><SERVER><!-- theirs --></SERVER></C>";
    fs::write(&path, theirs).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    for _ in 0..2 {
        let mut prefs = Prefs::load(&path).unwrap().prefs;
        prefs.complete();
        prefs.save().unwrap();
        prefs.update(|document| document.set_value(&server, "movie_folder", 0, b"/b/")).unwrap();
        let found = copies();
        assert_eq!(found.len(), 1, "{found:?}");
        let copy = folder.path().join(&found[0]);
        assert_eq!(fs::read_to_string(&copy).unwrap(), theirs);
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o604);
    }
}

#[test]
fn trap_57_a_list_reduced_to_one_value_becomes_a_pref_and_back() {
    let (mut document, server) = (odd(), Place::server());
    document.remove_value(&server, "rtsp_port", 0).unwrap();
    let single = "\t\t<PREF NAME=\"rtsp_port\" TYPE=\"UInt16\" >554</PREF>\n";
    assert!(text(&document).contains(single));
    document.set_value(&server, "rtsp_port", 1, b"7070").unwrap();
    let list = "\t\t<LIST-PREF NAME=\"rtsp_port\" TYPE=\"UInt16\" >\n\t\t\t<VALUE>554</VALUE>\n\t\t\t<VALUE>7070</VALUE>\n\
        \t\t</LIST-PREF>\n";
    assert!(text(&document).contains(list));
    document.remove_value(&server, "rtsp_port", 1).unwrap();
    document.remove_value(&server, "rtsp_port", 0).unwrap();
    assert!(text(&document).contains("\t\t<EMPTY-OBJECT NAME=\"rtsp_port\" TYPE=\"UInt16\" ></EMPTY-OBJECT>\n"));
    assert_eq!(ServerPrefs::from_document(&document).0.rtsp_port, [554, 7070, 8000, 8001]);
}

#[test]
fn one_edit_changes_only_its_value() {
    let (mut document, server) = (odd(), Place::server());
    document.set_value(&server, "rtsp_port", 1, b"8554").unwrap();
    document.set_value(&server, "my_own", 0, b"a<b&c").unwrap();
    // A type that does not exist becomes text, whose type is left out.
    let expected = ODD
        .replace("<VALUE>554<", "<VALUE>8554<")
        .replace("\"my_own\" TYPE=\"char\" >1 &lt; 2", "\"my_own\" >a&lt;b&amp;c");
    assert_eq!(text(&document), expected);
    assert_eq!(values(&document, &server, "my_own"), ["a<b&c"]);
}

#[test]
fn removing_a_pref_removes_its_line_and_its_doubles() {
    let (mut document, server) = (odd(), Place::server());
    document.remove_pref(&server, "default_authorization_realm").unwrap();
    let expected = ODD
        .replace("\t\t<PREF NAME=\"default_authorization_realm\" >First</PREF>\n", "")
        .replace("\t\t<PREF NAME=\"default_authorization_realm\" >Second</PREF>\n", "");
    assert_eq!(text(&document), expected);
    assert_eq!(document.remove_pref(&server, "nothing"), Err(EditError::NoSuchPref("nothing".into())));
}

#[test]
fn new_prefs_and_modules_take_the_files_own_layout() {
    let source = "<C>\r\n  <SERVER>\r\n    <PREF NAME=\"a\" >1</PREF>\r\n  </SERVER>\r\n  <MODULE NAME=\"M\"/>\r\n</C>";
    let mut document = Document::parse(source.as_bytes()).unwrap();
    document.set_values(&Place::server(), "b", PrefType::CharArray, &bytes(&["2"])).unwrap();
    document.set_values(&Place::module("M"), "c", PrefType::UInt32, &bytes(&["3"])).unwrap();
    document.ensure_module("N");
    let expected = "<C>\r\n  <SERVER>\r\n    <PREF NAME=\"a\" >1</PREF>\r\n    <PREF NAME=\"b\" >2</PREF>\r\n  </SERVER>\r\n  \
        <MODULE NAME=\"M\">\r\n\t\t<PREF NAME=\"c\" TYPE=\"UInt32\" >3</PREF>\r\n\t</MODULE>\r\n  \
        <MODULE NAME=\"N\" >\r\n  </MODULE>\r\n</C>";
    let written = text(&document);
    assert_eq!(written, expected);
    assert_eq!(Document::parse(written.as_bytes()).unwrap().modules(), ["M", "N"]);
}

#[test]
fn object_prefs_are_added_reached_and_removed() {
    let mut document = Document::skeleton().unwrap();
    let module = Place::module("QTSSRelayModule");
    assert_eq!(document.add_object(&module, "relay"), Ok(0));
    assert_eq!(document.add_object(&module, "relay"), Ok(1));
    let second = module.clone().object("relay", 1);
    document.set_values(&second, "port", PrefType::UInt16, &bytes(&["9"])).unwrap();
    assert_eq!(values(&document, &second, "port"), ["9"]);
    let again = Document::parse(&document.to_bytes()).unwrap();
    assert_eq!(again.entry(&module, "relay").unwrap().objects, 2);
    document.remove_object(&module, "relay", 0).unwrap();
    assert_eq!(values(&document, &module.clone().object("relay", 0), "port"), ["9"]);
    document.remove_object(&module, "relay", 0).unwrap();
    assert!(document.entry(&module, "relay").is_none());
    let nowhere = module.object("nothing", 0);
    assert!(document.set_values(&nowhere, "x", PrefType::CharArray, &bytes(&["1"])).is_err());
}

#[test]
fn modules_fall_back_to_their_defaults_and_logs_to_the_error_logs_folder() {
    let source = "<C><SERVER><PREF NAME=\"error_logfile_dir\">/logs</PREF></SERVER><MODULE NAME=\"QTSSFileModule\">\
        <PREF NAME=\"max_allowed_speed\" TYPE=\"Float32\">2.5</PREF><PREF NAME=\"mine\">x</PREF></MODULE></C>";
    let document = Document::parse(source.as_bytes()).unwrap();
    let file = document.module("QTSSFileModule");
    assert_eq!(file.f32("max_allowed_speed"), 2.5);
    assert!(file.bool("enable_player_compatibility"));
    assert_eq!(file.i64("compatibility_adjust_rtp_start_time_milli"), 500);
    assert_eq!(file.string("mine"), "x");
    assert_eq!(file.u32("nobody_knows_this"), 0);
    assert_eq!(document.module("QTSSAccessLogModule").string("request_logfile_dir"), "/logs");
    assert_eq!(document.module("QTSSAdminModule").list("IPAccessList"), ["127.0.0.*"]);
}

#[test]
fn the_check_names_the_line_of_everything_odd() {
    let source = "<C>\n<SERVER>\n<PREF NAME=\"rtsp_ports\">1</PREF>\n<PREF NAME=\"authentication_scheme\">Digest</PREF>\n\
        <PREF NAME=\"rtsp_timeout\" TYPE=\"UInt32\">1</PREF>\n<PREF NAME=\"rtsp_timeout\" TYPE=\"UInt32\">2</PREF>\n\
        <PREF TYPE=\"UInt32\">2</PREF>\n<pref NAME=\"x\">1</pref>\n</SERVER>\n<SERVER/>\n<MODULE NAME=\"QTSSFileModule\">\n\
        <PREF NAME=\"shared_buffer_unit_k_size\" TYPE=\"UInt32\">1</PREF>\n</MODULE>\n<MODULE/>\n</C>";
    let findings = check(source.as_bytes());
    for (line, piece) in [
        (3, "rtsp_ports is not known; it is kept (is rtsp_port meant?)"),
        (4, "The authentication scheme Digest is none of"),
        (6, "rtsp_timeout is there twice; the one in line 5 counts"),
        (7, "PREF without NAME"),
        (8, "The element pref is ignored"),
        (10, "A second SERVER"),
        (12, "shared_buffer_unit_k_size has no effect"),
        (14, "MODULE without NAME"),
    ] {
        let found = findings.iter().any(|finding| finding.line == line && finding.text.contains(piece));
        assert!(found, "{line}: {piece} in {findings:#?}");
    }
    let broken = check(b"<C>\n</D>");
    assert_eq!(broken.len(), 1);
    assert_eq!((broken[0].severity, broken[0].line, broken[0].column), (Severity::Error, 2, 1));
}

#[test]
fn unknown_entities_and_cdata_are_read_sensibly() {
    let source = "<C><SERVER><PREF NAME=\"a\">x&nbsp;y<![CDATA[<&amp;>]]><!-- no -->z</PREF></SERVER></C>";
    let document = Document::parse(source.as_bytes()).unwrap();
    assert_eq!(values(&document, &Place::server(), "a"), ["x&nbsp;y<&amp;>z"]);
}

#[test]
fn a_file_in_a_folder_that_takes_no_new_files_is_overwritten_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.xml");
    fs::write(&path, "<C><SERVER></SERVER></C>").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let written = store::write_atomically(&path, b"<C/>");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Root may write anywhere, so for root this takes the other way; both must leave the new content.
    written.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "<C/>");
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_or_refused_and_parsed_ones_are_kept(source in "[<>/a-c\"'= &;!\\-\\?\\[\\]\n]{0,80}") {
        if let Ok(document) = Document::parse(source.as_bytes()) {
            prop_assert_eq!(document.to_bytes(), source.as_bytes());
        }
        check(source.as_bytes());
    }

    #[test]
    fn any_prolog_is_parsed_or_refused_and_parsed_ones_are_kept(middle in "[<>\\[\\]\"'!?\\- a]{0,30}") {
        let source = format!("<!DOCTYPE C [{middle}]><C>{middle}</C>");
        if let Ok(document) = Document::parse(source.as_bytes()) {
            prop_assert_eq!(document.to_bytes(), source.as_bytes());
        }
    }

    #[test]
    fn any_values_survive_being_written_and_read(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..4)) {
        let mut document = odd();
        let place = Place::module("MyModule");
        document.set_values(&place, "list", PrefType::CharArray, &values).unwrap();
        let again = Document::parse(&document.to_bytes()).unwrap();
        prop_assert_eq!(again.entry(&place, "list").unwrap().values, values);
    }
}
