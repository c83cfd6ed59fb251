//! Darwin Streaming Server's successor: the server binary.
#![allow(non_snake_case)] // the binary's name is what operators' scripts start

fn main() {}
