//! Programs and files that some tests use and that no crate brings. `.ci/run` installs them; where one is missing, the
//! tests that need it say so and are skipped.

use super::root;
use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `.ci/run` puts tools that are no packages of the system.
fn folder() -> PathBuf {
    root().join("target/tools")
}

/// A program, called by that name in one of the folders of tools or in PATH.
pub fn program(name: &str) -> Option<PathBuf> {
    let own = ["venv/bin", "node_modules/.bin"].map(|bin| folder().join(bin));
    let path = env::var_os("PATH").unwrap_or_default();
    let found = own.into_iter().chain(env::split_paths(&path)).map(|bin| bin.join(name)).find(|path| runnable(path));
    missing_unless(found, name)
}

/// A file of a package that npm installed, by its path in `node_modules`.
pub fn module(path: &str) -> Option<PathBuf> {
    let file = folder().join("node_modules").join(path);
    missing_unless(file.is_file().then_some(file), path)
}

/// A Python that has a module: that of the folder of tools, or the one in PATH.
pub fn python(module: &str) -> Option<PathBuf> {
    let pythons = [folder().join("venv/bin/python3"), PathBuf::from("python3")];
    let has = |python: &PathBuf| {
        let imported = Command::new(python).args(["-c", &format!("import {module}")]).output();
        imported.is_ok_and(|output| output.status.success())
    };
    missing_unless(pythons.into_iter().find(has), &format!("{module}, a module of Python,"))
}

fn runnable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// What was found; says that a test is skipped where it was not, past the harness of tests, which shows nothing that a passing test prints.
fn missing_unless<T>(found: Option<T>, what: &str) -> Option<T> {
    if found.is_none() {
        // Where even that cannot be written nobody is there to read it.
        let _ = writeln!(io::stderr(), "skipped: {what} is not installed");
    }
    found
}
