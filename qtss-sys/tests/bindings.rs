//! The checked-in bindings are what bindgen makes of `include/` today.

mod common;

use std::env;
use std::fs;
use std::path::Path;

use bindgen::{Builder, EnumVariation, Formatter, MacroTypeVariation, RustEdition, RustTarget};

const TARGETS: [(&str, &str); 2] =
    [("bindings.rs", "x86_64-unknown-linux-gnu"), ("bindings_32.rs", "i686-unknown-linux-gnu")];

/// Lines above the generated code.
const PREAMBLE: &str = "\
// Made by bindgen from the headers in include/; do not edit. See lib.rs.
#![allow(
    clippy::all,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals
)]";

/// The headers as a freestanding compiler sees them: no file of the machine's C library takes part.
fn generate(target: &str) -> String {
    let include = common::include_dir();
    let bindings = Builder::default()
        .header(include.join("QTSS_Private.h").to_str().expect("path is UTF-8"))
        .clang_args([&format!("--target={target}"), "-ffreestanding", "-DQTSS_OLDROUTINENAMES=1"])
        .allowlist_file(format!("{}/.*", include.display()))
        .blocklist_var("TRUE|FALSE|EOL|k[SU]Int.*_Max|QT_.*|_.*BITARG_|_.POINTERSIZEARG_")
        .default_enum_style(EnumVariation::Consts)
        .default_macro_constant_type(MacroTypeVariation::Unsigned)
        .translate_enum_integer_types(true)
        .rust_target(RustTarget::stable(85, 0).unwrap_or_else(|_| panic!("bindgen knows Rust 1.85")))
        .rust_edition(RustEdition::Edition2024)
        .use_core()
        .disable_header_comment()
        .formatter(Formatter::Prettyplease)
        .generate()
        .expect("bindgen reads the headers");
    format!("{PREAMBLE}\n\n{bindings}")
}

#[test]
fn checked_in_bindings_are_those_of_the_headers() {
    if let Err(reason) = clang_sys::load() {
        common::say(&format!("skipped checked_in_bindings_are_those_of_the_headers: libclang is missing ({reason})"));
        return;
    }
    for (file, target) in TARGETS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
        let fresh = generate(target);
        if env::var_os("QTSS_SYS_BLESS").is_some() {
            fs::write(&path, &fresh).expect("bindings can be written");
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        if let Some((number, (old, new))) =
            (1..).zip(kept.lines().zip(fresh.lines())).find(|(_, (old, new))| old != new)
        {
            panic!("{file}:{number} has drifted from include/ (see lib.rs)\n  kept:  {old}\n  fresh: {new}");
        }
        assert_eq!(kept.lines().count(), fresh.lines().count(), "{file} has drifted from include/: lengths differ");
    }
}
