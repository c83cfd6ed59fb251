//! StreamingLoadTool: drives many RTSP clients against servers that the user names.
#![allow(non_snake_case)] // the binary's name is what operators' scripts start

fn main() {
    std::process::exit(dss::tools::load::main());
}
