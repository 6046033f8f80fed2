//! The command line's door: arguments in, exit code out.

fn main() {}
