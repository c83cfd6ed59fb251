//! What is compiled in tests: where the sources of the module SDK lie, copies of folders to build in, whether a tool is there.
#![allow(clippy::print_stderr)] // what is not tested is said aloud
#![allow(dead_code)] // each test program uses its own part

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a module compiles that stands beside the SDK's tree instead of in it; these files must need nothing else.
pub const CLOSED_SET: [&str; 11] = [
    "APICommonCode/QTSSModuleUtils.cpp",
    "CommonUtilitiesLib/StringParser.cpp",
    "SafeStdLib/InternalStdLib.cpp",
    "CommonUtilitiesLib/MyAssert.cpp",
    "CommonUtilitiesLib/StrPtrLen.cpp",
    "CommonUtilitiesLib/StringFormatter.cpp",
    "CommonUtilitiesLib/ResizeableStringFormatter.cpp",
    "CommonUtilitiesLib/DateTranslator.cpp",
    "RTPMetaInfoLib/RTPMetaInfoPacket.cpp",
    "CommonUtilitiesLib/OS.cpp",
    "CommonUtilitiesLib/OSMutex.cpp",
];

/// The stub library, which every module brings along.
pub const STUB: &str = "APIStubLib/QTSS_Private.cpp";

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn compat_modules() -> PathBuf {
    root().join("compat-modules")
}

pub fn sdk() -> PathBuf {
    compat_modules().join("sdk")
}

/// Says what is not tested, and why.
pub fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// Can it be run?
pub fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

/// `MAKEFLAGS` with which make uses all cores, or some if there are many.
pub fn make_flags() -> String {
    format!("-j{}", std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4)))
}

/// Copies a folder without what builds leave behind.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let path = entry.expect("a folder entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else if !path.extension().is_some_and(|found| found == "o" || found == "a") {
            fs::copy(&path, &target).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}

/// A copy of what a module's author has, in a folder: the interface's headers and `compat-modules/`.
pub fn copy_authors_tree(to: &Path) {
    for folder in ["compat-modules", "include"] {
        copy(&root().join(folder), &to.join(folder));
    }
}
