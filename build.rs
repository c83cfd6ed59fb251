//! Lets the server's executable export what modules look for in it: the functions of the module API by name, the C++
//! allocation operators, helpers of the SDK. `src/abi/exports.list` has the names.

fn main() {
    let list = "src/abi/exports.list";
    println!("cargo:rerun-if-changed={list}");
    println!("cargo:rerun-if-changed=build.rs");
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo:rustc-link-arg-bins=-Wl,--dynamic-list={root}/{list}");
}
