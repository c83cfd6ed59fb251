//! The C and C++ compilers of the machine.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{include_dir, say};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    C,
    Cpp,
}

/// A data model this machine's compilers can be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Prefix of its columns in the tables.
    pub name: &'static str,
    /// What selects it.
    pub flag: Option<&'static str>,
    /// Whether it is the one programs of this machine have, with a C library that is surely there.
    pub native: bool,
}

/// The data models to check: on x86-64 both, elsewhere the machine's own.
pub fn models() -> Vec<Model> {
    if cfg!(target_arch = "x86_64") {
        vec![
            Model { name: "lp64", flag: Some("-m64"), native: true },
            Model { name: "ilp32", flag: Some("-m32"), native: false },
        ]
    } else {
        let name = if cfg!(target_pointer_width = "64") { "lp64" } else { "ilp32" };
        say(&format!("this machine is no x86-64: only the {name} layouts are compiled"));
        vec![Model { name, flag: None, native: true }]
    }
}

/// The compilers for a language: the system's (or `$CC`, `$CXX`) and clang's. What is missing is said.
pub fn compilers(language: Language) -> Vec<String> {
    let (variable, system, clang) = match language {
        Language::C => ("CC", "cc", "clang"),
        Language::Cpp => ("CXX", "c++", "clang++"),
    };
    let system = env::var(variable).unwrap_or_else(|_| system.to_owned());
    let mut found = Vec::new();
    for compiler in [system, clang.to_owned()] {
        if runs(&compiler) {
            found.push(compiler);
        } else {
            say(&format!("{compiler} is missing and compiles nothing here"));
        }
    }
    found
}

fn runs(compiler: &str) -> bool {
    Command::new(compiler).arg("--version").output().is_ok_and(|o| o.status.success())
}

/// The standards sources of a language are compiled as; an empty one is the compiler's default.
pub fn standards(language: Language) -> &'static [&'static [&'static str]] {
    match language {
        Language::C => &[&[], &["-std=c89"], &["-std=c99"], &["-std=c11"], &["-std=c17"]],
        Language::Cpp => &[&[], &["-std=gnu++98", "-fpermissive"], &["-std=c++11"], &["-std=c++17"], &["-std=c++20"]],
    }
}

/// Runs a compiler with all its warnings as errors; the answer is what it had to say when it failed.
pub fn compile(compiler: &str, flags: &[&str], sources: &[PathBuf]) -> Result<(), String> {
    let mut command = Command::new(compiler);
    command.args(["-Wall", "-Wextra", "-Werror", "-I"]).arg(include_dir()).args(flags).args(sources);
    let output = command.output().map_err(|e| e.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}\n{}", words.lines().take(20).collect::<Vec<_>>().join("\n")))
}

/// True when programs of the model can be linked here, which takes a C library for it.
pub fn links(compiler: &str, model: Model, folder: &Path) -> bool {
    let source = folder.join("links.cpp");
    std::fs::write(&source, "#include <cstdlib>\nint main() { return EXIT_SUCCESS; }\n").expect("source is written");
    let program = folder.join("links");
    let out = program.to_str().expect("path is UTF-8");
    let mut flags: Vec<_> = model.flag.into_iter().collect();
    flags.extend(["-o", out]);
    compile(compiler, &flags, &[source]).is_ok()
}
