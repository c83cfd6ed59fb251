//! The stub library forwards every function to its slot: a C++ program made from the table of callbacks links it, fills a
//! callback table with functions that know what they should be given, and calls everything once.

mod common;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use common::compiler::{Language, compile, compilers, links, models, standards};

const PROLOGUE: &str = r#"
#define QTSS_OLDROUTINENAMES 1
#include "QTSS_Private.h"

// A value that no other argument of any slot has. Each of its bytes counts.
template <typename T> struct Value
{
    static T of(int slot, int argument)
    {
        return static_cast<T>(0x5a96c3d2e1b48778ULL ^ (static_cast<unsigned>(slot) << 4 | static_cast<unsigned>(argument)));
    }
};
template <typename T> struct Value<T*>
{
    static T* of(int slot, int argument)
    {
        return reinterpret_cast<T*>(Value<PointerSizedUInt>::of(slot, argument));
    }
};

static int calls[kLastCallback];
static int complaints = 0;
static void expect(bool condition, const char* what)
{
    if (!condition)
    {
        complaints++;
        fprintf(stderr, "%s\n", what);
    }
}
static QTSS_Error dispatch(QTSS_Role, QTSS_RoleParamPtr)
{
    return QTSS_NoErr;
}
"#;

/// The three functions whose slot takes other arguments than they do.
const SPECIAL_SLOTS: &str = r#"
static void slot_2(SInt64* now)
{
    calls[2]++;
    *now = Value<SInt64>::of(2, 0);
}
static void slot_3(SInt64* milliseconds, time_t* seconds)
{
    calls[3]++;
    expect(*milliseconds == Value<SInt64>::of(3, 0), "QTSS_MilliSecsTo1970Secs: argument");
    *seconds = Value<time_t>::of(3, 1);
}
static QTSS_Error slot_32(QTSS_StreamRef stream)
{
    calls[32]++;
    expect(stream == Value<QTSS_StreamRef>::of(32, 0), "QTSS_SignalStream: argument");
    return -132;
}
"#;

const SPECIAL_CALLS: &str = r#"
    expect(QTSS_Milliseconds() == Value<SInt64>::of(2, 0), "QTSS_Milliseconds: result");
    expect(QTSS_MilliSecsTo1970Secs(Value<SInt64>::of(3, 0)) == Value<time_t>::of(3, 1), "QTSS_MilliSecsTo1970Secs: result");
    expect(QTSS_SignalStream(Value<QTSS_StreamRef>::of(32, 0), QTSS_ReadableEvent) == -132, "QTSS_SignalStream: result");
"#;

const SPECIAL: [&str; 3] = ["QTSS_Milliseconds", "QTSS_MilliSecsTo1970Secs", "QTSS_SignalStream"];

/// `("UInt32", "inLen")` of each `UInt32 inLen`.
fn split_parameters(list: &str) -> Vec<(&str, &str)> {
    list.split(", ").filter(|p| !p.is_empty()).map(|p| p.rsplit_once(' ').expect(p)).collect()
}

/// What the slot of an index returns, as C++.
fn result(returns: &str, index: &str) -> Option<String> {
    match returns {
        "void" => None,
        "QTSS_Error" => Some(format!("-(100 + {index})")),
        other => Some(format!("Value<{other}>::of({index}, 15)")),
    }
}

fn slot(index: &str, function: &str, returns: &str, parameters: &str) -> String {
    let types: Vec<_> = parameters.split(", ").filter(|p| !p.is_empty()).collect();
    let list: Vec<_> = types.iter().enumerate().map(|(i, t)| format!("{t} a{i}")).collect();
    let mut out = format!("static {returns} slot_{index}({})\n{{\n    calls[{index}]++;\n", list.join(", "));
    for (i, t) in types.iter().enumerate() {
        writeln!(out, "    expect(a{i} == Value<{t}>::of({index}, {i}), \"{function}: argument {i}\");").unwrap();
    }
    if let Some(value) = result(returns, index) {
        writeln!(out, "    return {value};").unwrap();
    }
    out + "}\n"
}

fn call(index: &str, function: &str, returns: &str, parameters: &str) -> String {
    let arguments: Vec<_> = split_parameters(parameters)
        .iter()
        .enumerate()
        .map(|(i, (t, _))| format!("Value<{t}>::of({index}, {i})"))
        .collect();
    let call = format!("{function}({})", arguments.join(", "));
    match result(returns, index) {
        Some(value) => format!("    expect({call} == {value}, \"{function}: result\");\n"),
        None => format!("    {call};\n"),
    }
}

fn probe() -> String {
    let columns =
        ["index", "function", "callback_returns", "callback_parameters", "function_returns", "function_parameters"];
    let (mut slots, mut fill, mut calls) = (String::new(), String::new(), String::new());
    for [index, function, slot_returns, slot_parameters, returns, parameters] in common::callbacks().select(columns) {
        writeln!(fill, "    table.addr[{index}] = reinterpret_cast<QTSS_CallbackProcPtr>(").unwrap();
        writeln!(fill, "        reinterpret_cast<void (*)(void)>(static_cast<{function}ProcPtr>(slot_{index})));")
            .unwrap();
        if !SPECIAL.contains(&function) {
            slots += &slot(index, function, slot_returns, slot_parameters);
            calls += &call(index, function, returns, parameters);
        }
    }
    format!(
        "{PROLOGUE}{SPECIAL_SLOTS}{slots}
int main()
{{
    void* early = QTSS_New(0, 64);
    expect(early != 0, \"QTSS_New before the module is set up\");
    QTSS_Delete(early);

    static QTSS_Callbacks table;
{fill}
    QTSS_PrivateArgs arguments = {{QTSS_API_VERSION, &table, 0, 0, 0}};
    expect(_stublibrary_main(&arguments, dispatch) == QTSS_NoErr, \"_stublibrary_main: result\");
    expect(arguments.outStubLibraryVersion == 0x00050000, \"_stublibrary_main: version\");
    expect(arguments.outDispatchFunction == dispatch, \"_stublibrary_main: dispatch function\");
{SPECIAL_CALLS}{calls}
    for (int i = 0; i < kLastCallback; i++)
        expect(calls[i] == 1, \"a slot was not called exactly once\");
    return complaints == 0 ? 0 : 1;
}}
"
    )
}

fn stub_source() -> PathBuf {
    common::project_dir().join("compat-modules/sdk/APIStubLib/QTSS_Private.cpp")
}

#[test]
fn every_function_reaches_its_slot_with_its_arguments() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let source = folder.path().join("probe.cpp");
    fs::write(&source, probe()).expect("source is written");
    for compiler in compilers(Language::Cpp) {
        for model in models() {
            if !model.native && !links(&compiler, model, folder.path()) {
                common::say(&format!("{compiler} has no C++ library for {}: its stub is not run", model.name));
                continue;
            }
            for standard in ["-std=gnu++98", "-std=c++20"] {
                let program = folder.path().join(format!("probe-{}", model.name));
                let out = program.to_str().expect("path is UTF-8");
                let mut flags: Vec<_> = model.flag.into_iter().collect();
                flags.extend([standard, "-O2", "-o", out]);
                compile(&compiler, &flags, &[source.clone(), stub_source()]).expect("the probe compiles");
                let output = Command::new(&program).output().expect("the probe runs");
                let words = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(output.status.success(), "{compiler} {model:?} {standard}: {:?}\n{words}", output.status);
            }
        }
    }
}

#[test]
fn the_stub_compiles_without_warnings_in_every_standard() {
    for compiler in compilers(Language::Cpp) {
        for standard in standards(Language::Cpp) {
            for optimisation in ["-O0", "-O3"] {
                let mut flags = vec!["-fPIC", optimisation, "-c", "-o", "/dev/null"];
                flags.extend(*standard);
                compile(&compiler, &flags, &[stub_source()]).expect("the stub compiles");
            }
        }
    }
}

#[test]
fn functions_of_the_stub_stay_inside_the_module() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let source = folder.path().join("QTSSTinyModule.cpp");
    let text = "#include \"QTSS.h\"
static QTSS_Error dispatch(QTSS_Role, QTSS_RoleParamPtr) { return QTSS_AddRole(QTSS_Initialize_Role); }
extern \"C\" QTSS_Error QTSSTinyModule_Main(void* args) { return _stublibrary_main(args, dispatch); }
";
    fs::write(&source, text).expect("source is written");
    let module = folder.path().join("QTSSTinyModule");
    let out = module.to_str().expect("path is UTF-8");
    for compiler in compilers(Language::Cpp) {
        compile(&compiler, &["-shared", "-fPIC", "-o", out], &[source.clone(), stub_source()]).expect("it compiles");
        let Ok(output) = Command::new("nm").args(["-D", "--defined-only", out]).output() else {
            common::say("nm does not run here, what the module exports is not looked at");
            return;
        };
        let symbols = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(symbols.contains(" QTSSTinyModule_Main"), "{symbols}");
        assert!(!symbols.contains(" QTSS_") && !symbols.contains("_stublibrary_main"), "{symbols}");
    }
}
