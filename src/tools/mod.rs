//! What the command line tools in src/bin are made of.
