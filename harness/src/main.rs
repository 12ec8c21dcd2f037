//! The `touchstone` program. Everything it does is in the library: see [`touchstone::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    touchstone::cli::main()
}
