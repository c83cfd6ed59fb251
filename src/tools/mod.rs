//! What the command line tools in src/bin are made of.

pub mod load;
pub mod qtpasswd;
