//! The headers, as C and C++ compilers see them: the tables of `tests/data` become a source full of assertions that is
//! compiled in every standard, for both data models.
//!
//! The data model that is not the machine's own is compiled freestanding, which takes no C library.

mod common;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use common::compiler::{Language, Model, compile, compilers, models, standards};

/// Assertions for every standard: the language's own where it has one, else an array of negative size.
const PROLOGUE: &str = r#"
#define QTSS_OLDROUTINENAMES 1
#include "QTSS_Private.h"
#if defined(__cplusplus) && __cplusplus >= 201103L
#define CHECK(name, condition) static_assert(condition, name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define CHECK(name, condition) _Static_assert(condition, name)
#else
#define CHECK_LINE(condition, line) typedef char check_in_line_##line[(condition) ? 1 : -1]
#define CHECK_AT(condition, line) CHECK_LINE(condition, line)
#define CHECK(name, condition) CHECK_AT(condition, __LINE__)
#endif
"#;

/// Prints one value of each kind; the compiler checks the formats. C89 itself knows no 64-bit conversion.
const FORMATS: &str = r#"
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L)
extern int format(char* out, const char* text, ...) __attribute__((format(printf, 2, 3)));
int print(char* out, SInt32 s32, UInt32 u32, SInt64 s64, UInt64 u64, PointerSizedInt sp, PointerSizedUInt up);
int print(char* out, SInt32 s32, UInt32 u32, SInt64 s64, UInt64 u64, PointerSizedInt sp, PointerSizedUInt up)
{
    return format(out, "%" _S32BITARG_ " %" _U32BITARG_ " %" _S64BITARG_ " %" _U64BITARG_ " %" _SPOINTERSIZEARG_
        " %" _UPOINTERSIZEARG_, s32, u32, s64, u64, sp, up);
}
#endif
"#;

fn c_type(name: &str) -> &str {
    if name == "iovec" { "struct iovec" } else { name }
}

/// A value as a C constant: the smallest int has no literal, and one beyond int is unsigned.
fn literal(value: &str) -> String {
    match common::number(value) {
        v if v == i64::from(i32::MIN) => "(-2147483647 - 1)".to_owned(),
        v if v > i64::from(i32::MAX) => format!("{v}U"),
        v => v.to_string(),
    }
}

fn layout_checks(model: &str, out: &mut String) {
    let columns = ["name", "sign", &format!("{model}_size"), &format!("{model}_align")];
    for [name, sign, size, align] in common::types().select(columns) {
        let of = c_type(name);
        writeln!(out, "CHECK(\"size of {name}\", sizeof({of}) == {size});").unwrap();
        writeln!(out, "struct align_{name} {{ char first; {of} second; }};").unwrap();
        writeln!(out, "CHECK(\"alignment of {name}\", __builtin_offsetof(struct align_{name}, second) == {align});")
            .unwrap();
        if !sign.is_empty() {
            let unsigned = u8::from(sign == "unsigned");
            writeln!(out, "CHECK(\"sign of {name}\", (({of})-1 > ({of})0) == {unsigned});").unwrap();
        }
    }
    let columns = ["struct", "field", &format!("{model}_offset"), &format!("{model}_size")];
    for [s, field, offset, size] in common::fields().select(columns) {
        let of = c_type(s);
        writeln!(out, "CHECK(\"offset of {s}.{field}\", __builtin_offsetof({of}, {field}) == {offset});").unwrap();
        writeln!(out, "CHECK(\"size of {s}.{field}\", sizeof((({of}*)0)->{field}) == {size});").unwrap();
    }
}

fn constant_checks(out: &mut String) {
    for [name, value] in common::constants().select(["name", "value"]) {
        if value.parse::<i64>().is_ok() {
            writeln!(out, "CHECK(\"value of {name}\", {name} == {});", literal(value)).unwrap();
        } else {
            writeln!(out, "CHECK(\"length of {name}\", sizeof({name}) == sizeof(\"{value}\"));").unwrap();
        }
    }
    for [index, constant] in common::callbacks().select(["index", "constant"]) {
        writeln!(out, "CHECK(\"slot of {constant}\", {constant} == {index});").unwrap();
    }
}

/// Declares everything a second time; a compiler refuses a second declaration of another type.
fn prototype_checks(out: &mut String) {
    out.push_str("#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    let columns = ["function", "function_returns", "function_parameters", "callback_returns", "callback_parameters"];
    for [function, returns, parameters, slot_returns, slot_parameters] in common::callbacks().select(columns) {
        let or_void = |p: &'static str| if p.is_empty() { "void" } else { p };
        writeln!(out, "extern {returns} {function}({});", or_void(parameters)).unwrap();
        writeln!(out, "extern {function}ProcPtr slot_{function};").unwrap();
        writeln!(out, "extern {slot_returns} (*slot_{function})({});", or_void(slot_parameters)).unwrap();
    }
    out.push_str("extern QTSS_Error _stublibrary_main(void*, QTSS_DispatchFuncPtr);\n");
    out.push_str("#ifdef __cplusplus\n}\n#endif\n");
}

fn checks(model: Model) -> String {
    let mut out = PROLOGUE.to_owned();
    layout_checks(model.name, &mut out);
    constant_checks(&mut out);
    prototype_checks(&mut out);
    out.push_str(FORMATS);
    out
}

fn flags(model: Model, standard: &[&'static str]) -> Vec<&'static str> {
    let mut flags = vec!["-fsyntax-only"];
    flags.extend(model.flag);
    if !model.native {
        flags.push("-ffreestanding");
    }
    if !standard.contains(&"-fpermissive") {
        flags.push("-pedantic");
    }
    flags.extend(standard);
    flags
}

fn compile_everywhere(language: Language, extension: &str) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let platform = common::include_dir().join("PlatformHeader.h");
    let mut complaints = Vec::new();
    for model in models() {
        let source = folder.path().join(format!("{}.{extension}", model.name));
        fs::write(&source, checks(model)).expect("source is written");
        for compiler in compilers(language) {
            for standard in standards(language) {
                let mut flags = flags(model, standard);
                flags.extend(["-include", platform.to_str().expect("path is UTF-8")]);
                complaints.extend(compile(&compiler, &flags, std::slice::from_ref(&source)).err());
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

#[test]
fn c_compilers_agree_with_the_tables_from_c89_to_c17() {
    compile_everywhere(Language::C, "c");
}

#[test]
fn cpp_compilers_agree_with_the_tables_from_98_to_20() {
    compile_everywhere(Language::Cpp, "cpp");
}

#[test]
fn a_wrong_value_would_be_noticed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let wrong = ["CHECK(\"x\", QTSS_BadArgument == -11);", "CHECK(\"x\", sizeof(QTSS_TimeVal) == 4);"];
    for (language, extension) in [(Language::C, "c"), (Language::Cpp, "cpp")] {
        for line in wrong {
            let source = folder.path().join(format!("wrong.{extension}"));
            fs::write(&source, format!("{PROLOGUE}{line}\n")).expect("source is written");
            for standard in standards(language) {
                let mut flags = vec!["-fsyntax-only"];
                flags.extend(*standard);
                for compiler in compilers(language) {
                    assert!(compile(&compiler, &flags, std::slice::from_ref(&source)).is_err(), "{flags:?}: {line}");
                }
            }
        }
    }
}

#[test]
fn every_header_stands_alone() {
    let headers: Vec<PathBuf> = fs::read_dir(common::include_dir())
        .expect("include/ is there")
        .map(|entry| entry.expect("entry is readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "h"))
        .collect();
    assert!(headers.len() >= 5, "{headers:?}");
    let folder = tempfile::tempdir().expect("temporary folder");
    for header in headers {
        let name = header.file_name().expect("a file").to_string_lossy().into_owned();
        for (language, extension) in [(Language::C, "c"), (Language::Cpp, "cpp")] {
            let source = folder.path().join(format!("alone.{extension}"));
            let text = format!("#include \"{name}\"\n#include \"{name}\"\nextern int nothing;\n");
            fs::write(&source, text).expect("source is written");
            for compiler in compilers(language) {
                compile(&compiler, &["-fsyntax-only"], std::slice::from_ref(&source)).expect("header stands alone");
            }
        }
    }
}
