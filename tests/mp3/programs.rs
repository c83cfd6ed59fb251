//! The programs that people broadcast and listen with, where they are installed.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::common::eventually;
use crate::radio::{PASSWORD, Radio};

/// Whether a program runs; says so if not.
fn has(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let works = status.is_ok_and(|status| status.success());
    if !works {
        eprintln!("skipped: {program} does not run here");
    }
    works
}

/// A program that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(program: &str, arguments: &[&str]) -> Running {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Running(command.spawn().unwrap())
}

/// Two minutes of a tone as MP3, or AAC where no MP3 encoder is built in. The file's name.
fn tone(folder: &Path) -> Option<(String, &'static str)> {
    for (encoder, name, format) in [("libmp3lame", "tone.mp3", "mp3"), ("aac", "tone.aac", "adts")] {
        let path = folder.join(name).display().to_string();
        let source = ["-loglevel", "error", "-y", "-f", "lavfi", "-i", "sine=frequency=440:duration=120"];
        let arguments = [&source[..], &["-c:a", encoder, "-b:a", "64k", "-f", format, &path]].concat();
        if has("ffmpeg", &arguments) {
            return Some((path, format));
        }
    }
    None
}

#[test]
fn ffmpeg_broadcasts_and_listens() {
    let radio = Radio::new();
    let Some((file, format)) = tone(&radio.site.path("movies")) else { return };
    let kind = if format == "mp3" { "audio/mpeg" } else { "audio/aac" };
    let password = PASSWORD.replace('&', "%26");
    for (mount, legacy) in [("put", "0"), ("source", "1")] {
        let to = format!("icecast://source:{password}@{}/{mount}", radio.address());
        let _source = start(
            "ffmpeg",
            &[
                "-loglevel",
                "error",
                "-re",
                "-i",
                &file,
                "-c",
                "copy",
                "-content_type",
                kind,
                "-ice_name",
                "A Tone",
                "-legacy_icecast",
                legacy,
                "-f",
                format,
                &to,
            ],
        );
        let url = format!("http://{}/{mount}", radio.address());
        eventually("the broadcast has begun", || {
            radio.answer("HEAD", &format!("/{mount}"), "").contains(" 200 OK\r\n")
        });
        let arguments =
            ["-v", "error", "-show_entries", "stream=codec_name", "-show_entries", "format_tags", "-of", "flat", &url];
        if !has("ffprobe", &["-version"]) {
            return;
        }
        let mut said = String::new();
        eventually("ffprobe has recognised the broadcast", || {
            let output = Command::new("ffprobe").args(arguments).stdin(Stdio::null()).output().unwrap();
            said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            said.contains("codec_name=") && said.contains("A Tone")
        });
        let codec = if format == "mp3" { "\"mp3\"" } else { "\"aac\"" };
        assert!(said.contains(codec), "{said}");
    }
}

#[test]
fn curl_broadcasts_a_file_and_listens() {
    if !has("curl", &["--version"]) {
        return;
    }
    let radio = Radio::new();
    let music: Vec<u8> = crate::radio::frames(0..300);
    let file = radio.site.path("music.mp3");
    std::fs::write(&file, &music).unwrap();
    let file = file.display().to_string();
    for (mount, expect) in [("/with", "Expect: 100-continue"), ("/without", "Expect:")] {
        let url = format!("http://{}{mount}", radio.address());
        let user = format!("source:{PASSWORD}");
        // On a busy machine, a short broadcast may be over before anybody listens.
        let broadcast = || {
            let mut source = start(
                "curl",
                &[
                    "-s",
                    "-f",
                    "--limit-rate",
                    "60k",
                    "-T",
                    &file,
                    "-u",
                    &user,
                    "-H",
                    expect,
                    "-H",
                    "Content-Type: audio/mpeg",
                    &url,
                ],
            );
            eventually("the broadcast has begun", || {
                radio.answer("HEAD", mount, "").contains(" 200 OK\r\n") || source.0.try_wait().unwrap().is_some()
            });
            let listen = ["-s", "-f", "-m", "60", &url];
            let heard = Command::new("curl").args(listen).stdin(Stdio::null()).output().unwrap().stdout;
            assert!(source.0.wait().unwrap().success(), "{mount}");
            heard
        };
        let heard = (0..10).map(|_| broadcast()).find(|heard| !heard.is_empty()).unwrap_or_default();
        assert!(!heard.is_empty() && music.ends_with(&heard), "{mount}: {} bytes", heard.len());
        assert_eq!(heard[..4], [0xff, 0xfb, 0x90, 0x00], "from a frame on");
    }
}
