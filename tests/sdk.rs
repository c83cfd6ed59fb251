//! The C++ helper classes that module sources compile against, and the modules of `compat-modules/`.
//!
//! Needs a C++ compiler, nm and make; what cannot be found is named, and then what needs it is not tested. With the compiler's
//! sanitizers where it has them.

#[path = "common/sources.rs"]
mod sources;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use sources::{CLOSED_SET, STUB, compat_modules, copy_authors_tree, is_there, make_flags, sdk, skipped};
use tempfile::TempDir;

const FLAGS: [&str; 6] = ["-Wall", "-Wextra", "-Werror", "-g", "-D_REENTRANT", "-fPIC"];
const INCLUDES: [&str; 7] = [
    ".",
    "CommonUtilitiesLib",
    "APICommonCode",
    "APIStubLib",
    "RTPMetaInfoLib",
    "QTFileLib",
    "APIModules/OSMemory_Modules",
];
/// The C++ compilers of this machine, the one called c++ first.
fn compilers() -> &'static [&'static str] {
    static FOUND: OnceLock<Vec<&'static str>> = OnceLock::new();
    FOUND.get_or_init(|| ["c++", "g++", "clang++"].into_iter().filter(|name| is_there(name)).collect())
}

/// The first of the C++ compilers; `None`, with a word, where it or another of the programs is missing.
fn tools(others: &[&str]) -> Option<&'static str> {
    if let Some(missing) = others.iter().find(|name| !is_there(name)) {
        skipped(&format!("{missing} cannot be run"));
        return None;
    }
    if compilers().is_empty() {
        skipped("none of c++, g++ and clang++ can be run");
    }
    compilers().first().copied()
}

/// The compiler's sanitizers as options; none, with a word, where it has none or its programs do not run.
fn sanitizers(compiler_name: &str) -> &'static [&'static str] {
    const OPTIONS: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let folder = TempDir::new().expect("a folder");
    let (source, program) = (folder.path().join("empty.cpp"), folder.path().join("empty"));
    fs::write(&source, "int main() { return 0; }\n").expect("a source");
    let built = Command::new(compiler_name).args(OPTIONS).arg("-o").arg(&program).arg(&source).output();
    let runs = || unshuffled(&program).output().is_ok_and(|output| output.status.success());
    if built.is_ok_and(|output| output.status.success()) && runs() {
        return OPTIONS;
    }
    skipped(&format!("{compiler_name} has no sanitizers that work here; the tests run without"));
    &[]
}

/// A program at the same addresses each time, where that may be asked for: the sanitizers of some compilers do not start on
/// kernels that scatter more than they expect.
fn unshuffled(program: &Path) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    // SAFETY: a system call without pointers, between fork and exec; a refusal changes nothing.
    unsafe {
        command.pre_exec(|| {
            libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong);
            Ok(())
        })
    };
    command
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn run_well(command: &mut Command) -> Output {
    let output = run(command);
    let text = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    assert!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    output
}

/// A compiler's command in the SDK's folder.
fn compiler(name: &str, standard: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(sdk()).arg(format!("-std={standard}")).args(FLAGS);
    command.args(["-include", "PlatformHeader.h"]).args(INCLUDES.map(|folder| format!("-I{folder}")));
    command
}

/// Files of an SDK folder with an extension, in order, as paths from the SDK's folder.
fn files(folder: &str, extension: &str) -> Vec<String> {
    let entries = fs::read_dir(sdk().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| format!("{folder}/{}", path.file_name().expect("a file name").to_string_lossy()))
        .collect();
    names.sort();
    names
}

fn sources() -> Vec<String> {
    let folders = [
        "CommonUtilitiesLib",
        "APICommonCode",
        "SafeStdLib",
        "RTPMetaInfoLib",
        "QTFileLib",
        "APIModules/OSMemory_Modules",
    ];
    folders.iter().flat_map(|folder| files(folder, "cpp")).collect()
}

/// The C++ files of a module.
fn sources_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a module's folder").map(|entry| entry.expect("a folder entry").path());
    entries.filter(|path| path.extension().is_some_and(|found| found == "cpp")).collect()
}

/// Builds the unit tests with sanitizers, those of our modules among them, and runs them.
fn unit_tests_pass(compiler_name: &str, standard: &str) {
    let folder = TempDir::new().expect("a folder");
    let program = folder.path().join("tests");
    let plain = folder.path().join("plain.o");
    let mut c_compiler = Command::new("cc");
    c_compiler.current_dir(sdk()).args(FLAGS).args(["-c", "-o"]).arg(&plain);
    c_compiler.args(INCLUDES.map(|folder| format!("-I{folder}"))).arg("../QTSSPlainCModule/QTSSPlainCModule.c");
    run_well(&mut c_compiler);

    let mut command = compiler(compiler_name, standard);
    command.args(sanitizers(compiler_name)).args(["-Itests", "-o"]).arg(&program);
    command.args(module_folders(&compat_modules()).iter().flat_map(|folder| sources_of(folder))).arg(&plain);
    // The module's own operator new brings OSMemory with it.
    command.args(sources().iter().filter(|source| !source.ends_with("/OSMemory.cpp")));
    command.args(files("tests", "cpp")).args(["-x", "c++"]).args(files("CommonUtilitiesLib", "c"));
    command.args(["-x", "none", "-lpthread"]);
    run_well(&mut command);
    let output = run_well(unshuffled(&program).current_dir(folder.path()));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(" tests, 0 failed checks"), "{text}");
}

#[test]
fn helper_classes_do_as_documented_in_cpp_98() {
    let Some(compiler) = tools(&["cc"]) else { return };
    unit_tests_pass(compiler, "gnu++98");
}

#[test]
fn helper_classes_do_as_documented_in_cpp_20() {
    let Some(compiler) = tools(&["cc"]) else { return };
    unit_tests_pass(compiler, "c++20");
}

#[test]
fn helper_classes_do_as_documented_with_clang() {
    if compilers().contains(&"clang++") && is_there("cc") {
        unit_tests_pass("clang++", "c++17");
    }
}

#[test]
fn every_header_compiles_alone_and_all_of_them_with_the_standard_library() {
    let Some(first) = tools(&[]) else { return };
    let folder = TempDir::new().expect("a folder");
    let folders = ["CommonUtilitiesLib", "APICommonCode", "APIStubLib", "RTPMetaInfoLib", "QTFileLib"];
    let headers: Vec<String> = folders.iter().flat_map(|name| files(name, "h")).collect();
    assert!(headers.len() > 40, "{headers:?}");
    let mut sources = Vec::new();
    let mut all = String::new();
    for header in &headers {
        let name = header.rsplit('/').next().expect("a name");
        let source = folder.path().join(format!("{name}.cpp"));
        fs::write(&source, format!("#include \"{name}\"\n#include \"{name}\"\n")).expect("a source");
        sources.push(source);
        all += &format!("#include \"{name}\"\n");
    }
    run_well(compiler(first, "c++17").arg("-fsyntax-only").args(&sources));

    // Before and behind: neither may disturb the other.
    let mixed = folder.path().join("mixed.cpp");
    let text = format!("#include <map>\n#include <string>\n{all}#include <algorithm>\n#include <vector>\n{all}");
    fs::write(&mixed, text).expect("a source");
    for standard in ["gnu++98", "c++11", "c++14", "c++20"] {
        for name in compilers() {
            run_well(compiler(name, standard).arg("-fsyntax-only").arg(&mixed));
        }
    }
}

#[test]
fn headers_marked_for_c_compile_as_c() {
    let Some(_) = tools(&["cc"]) else { return };
    let folder = TempDir::new().expect("a folder");
    let source = folder.path().join("all.c");
    let names =
        ["atomic.h", "base64.h", "ev.h", "GetWord.h", "md5.h", "MyAssert.h", "SafeStdLib.h", "Trim.h", "QTSS.h"];
    let text: String = names.iter().map(|name| format!("#include \"{name}\"\n")).collect();
    fs::write(&source, text + "int unused;\n").expect("a source");
    let mut command = Command::new("cc");
    command.current_dir(sdk()).args(["-std=gnu99", "-fsyntax-only"]).args(FLAGS);
    command.args(["-include", "PlatformHeader.h"]).args(INCLUDES.map(|folder| format!("-I{folder}")));
    run_well(command.arg(&source));
    run_well(Command::new("cc").current_dir(sdk()).args(["-std=gnu99", "-fsyntax-only"]).args(FLAGS).args([
        "-ICommonUtilitiesLib",
        "CommonUtilitiesLib/base64.c",
        "CommonUtilitiesLib/GetWord.c",
        "CommonUtilitiesLib/md5.c",
        "CommonUtilitiesLib/Trim.c",
    ]));
}

#[test]
fn the_files_for_modules_outside_the_tree_need_no_others() {
    let Some(first) = tools(&[]) else { return };
    let folder = TempDir::new().expect("a folder");
    let mut command = compiler(first, "gnu++98");
    command
        .args(CLOSED_SET)
        .args([STUB, "-shared", "-Wl,-z,defs", "-lpthread", "-o"])
        .arg(folder.path().join("module"));
    run_well(&mut command);
}

// ---- Builds by make ----

/// A copy of what an author has: the interface's headers and `compat-modules/`.
struct Tree {
    folder: TempDir,
}

impl Tree {
    /// `None`, with a word, where nothing can be built.
    fn new() -> Option<Self> {
        tools(&["cc", "make", "nm"])?;
        let folder = TempDir::new().expect("a folder");
        copy_authors_tree(folder.path());
        Some(Self { folder })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("compat-modules")
    }

    /// Undefined symbols are errors here; at run time they would make the module fail to load.
    fn build(&self, folder: &Path, arguments: &[&str]) {
        let mut command = Command::new("./build");
        command.env("MODULE_LIBS", "-Wl,-z,defs").env("MAKEFLAGS", make_flags());
        let output = run_well(command.current_dir(folder).args(arguments));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!errors.contains("warning:"), "{}: {errors}", folder.display());
    }
}

/// Names of the functions and variables that a shared object shows.
fn exports(file: &Path) -> Vec<String> {
    let output = run_well(Command::new("nm").args(["-D", "--defined-only"]).arg(file));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter_map(|line| line.split_whitespace().nth(2)).map(str::to_owned).collect()
}

fn module_folders(tree: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(tree).expect("the modules' folder");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.join("Makefile.POSIX").is_file())
        .collect();
    folders.sort();
    folders
}

#[test]
fn our_modules_build_by_their_own_scripts_and_show_their_entry_only() {
    let Some(tree) = Tree::new() else { return };
    run_well(Command::new(tree.path().join("sdk/Buildit")).env("MAKEFLAGS", make_flags()));
    let folders = module_folders(&tree.path());
    assert!(!folders.is_empty());
    for folder in folders {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        tree.build(&folder, &[]);
        let module = folder.join(&name);
        // Operator new and delete are C++'s own exception: they are shown however they are built.
        let shown: Vec<String> = exports(&module).into_iter().filter(|name| !name.starts_with("_Z")).collect();
        assert_eq!(shown, [format!("{name}_Main")], "{name}");
        tree.build(&folder, &["clean"]);
        assert!(!module.exists(), "{name}");
    }
}

/// Where symbols are unique in the process, two modules share the statics of equal inline functions, however they are loaded.
#[test]
fn statics_of_inline_functions_stay_the_modules_own() {
    let Some(_) = tools(&["nm"]) else { return };
    let folder = TempDir::new().expect("a folder");
    let source = folder.path().join("counter.cpp");
    let text = "template <class T> T* Counter() { static T sCount = 0; return &sCount; }\n\
                extern \"C\" int* Of() { return Counter<int>(); }\n";
    fs::write(&source, text).expect("a source");
    for name in compilers() {
        let module = folder.path().join(name);
        let script = "sdk=. ; . ./environment; $CPLUS $COMPILER_FLAGS -shared -o \"$1\" \"$2\"";
        let mut command = Command::new("sh");
        command.current_dir(sdk()).args(["-euc", script, "sh"]).arg(&module).arg(&source).env("CPLUS", name);
        run_well(&mut command);
        let output = run_well(Command::new("nm").arg(&module));
        let symbols = String::from_utf8_lossy(&output.stdout);
        let count = symbols.lines().find(|line| line.contains("sCount")).expect("the static");
        assert!(!count.contains(" u "), "{name}: {count}");
    }
}

#[test]
fn a_module_in_the_old_place_builds_with_the_copied_script_and_the_libraries_come_along() {
    let Some(tree) = Tree::new() else { return };
    let folder = tree.path().join("sdk/APIModules/QTSSOldStyleModule");
    fs::create_dir(&folder).expect("a folder");
    fs::copy(tree.path().join("sdk/APIModules/build"), folder.join("build")).expect("the script");
    fs::write(folder.join("QTSSOldStyleModule.cpp"), OLD_STYLE_SOURCE).expect("a source");
    fs::write(folder.join("Makefile.POSIX"), OLD_STYLE_MAKEFILE).expect("a makefile");
    run_well(Command::new("./build").current_dir(&folder).env("MODULE_LIBS", "-Wl,-z,defs"));
    assert!(folder.join("QTSSOldStyleModule").is_file());
    assert!(tree.path().join("sdk/CommonUtilitiesLib/libCommonUtilitiesLib.a").is_file());
}

/// The habits that headers have to bear: literals for `char*`, `register`, a format macro without blank, a jump
/// over an initialisation, virtual functions with the old signatures.
const OLD_STYLE_SOURCE: &str = r#"
#include "QTSSRollingLog.h"
#include "QTSSModuleUtils.h"
#include "OSArrayObjectDeleter.h"
#include "OSMemory.h"
#include "StringFormatter.h"

extern "C" { EXPORT QTSS_Error QTSSOldStyleModule_Main(void* inPrivateArgs); }

class Log : public QTSSRollingLog
{
    virtual char* GetLogName() { char* name = NEW char[2]; ::strcpy(name, "x"); return name; }
    virtual char* GetLogDir() { return this->GetLogName(); }
    virtual UInt32 GetRollIntervalInDays() { return 0; }
    virtual UInt32 GetMaxLogBytes() { return 0; }
};

static char* sText = "literal";

static QTSS_Error Dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    register UInt32 number = 1;
    char buffer[32];
    StringFormatter formatter(buffer, 32);
    if (inRole == QTSS_Shutdown_Role)
        goto done;
    qtss_sprintf(buffer, "%"_U32BITARG_"", number);
    formatter.Put(sText);
    Assert(formatter.GetBytesWritten() > 0)
    QTSSModuleUtils::LogErrorStr(qtssMessageVerbosity, "text");
done:
    return QTSS_NoErr;
}

QTSS_Error QTSSOldStyleModule_Main(void* inPrivateArgs)
{
    return _stublibrary_main(inPrivateArgs, Dispatch);
}
"#;

const OLD_STYLE_MAKEFILE: &str = "
FLAGS = $(COMPILER_FLAGS) $(INCLUDE_FLAG) ../../PlatformHeader.h -O1 -I. -I../../APIStubLib -I../../APICommonCode \\
\t-I../../CommonUtilitiesLib -I../../RTPMetaInfoLib
SOURCES = QTSSOldStyleModule.cpp ../OSMemory_Modules/OSMemory_Modules.cpp ../../APIStubLib/QTSS_Private.cpp \\
\t../../APICommonCode/QTSSModuleUtils.cpp ../../APICommonCode/QTSSRollingLog.cpp \\
\t../../RTPMetaInfoLib/RTPMetaInfoPacket.cpp
LIBRARY = ../../CommonUtilitiesLib/libCommonUtilitiesLib.a

QTSSOldStyleModule: $(SOURCES:.cpp=.o) $(LIBRARY)
\t$(LINKER) -o $@ $(SOURCES:.cpp=.o) $(COMPILER_FLAGS) $(CORE_LINK_LIBS) $(SHARED) $(MODULE_LIBS) $(LIBRARY)

.SUFFIXES: .cpp .o
.cpp.o:
\t$(CPLUS) -c -o $*.o $(FLAGS) $*.cpp
";
