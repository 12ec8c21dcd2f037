//! The `touchstone` program once more, for the end-to-end tests: a test binary can only find the programs
//! of its own package.

use std::process::ExitCode;

fn main() -> ExitCode {
    touchstone::cli::main()
}
