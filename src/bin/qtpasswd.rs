//! qtpasswd: creates and changes users and groups files.

fn main() {
    std::process::exit(dss::tools::qtpasswd::main());
}
