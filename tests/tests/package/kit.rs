//! What tests of packages share: a recorded run, and packages made by hand.

use crate::common::{Ended, IutFile, call, scratch};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;
use touchstone::iut::Role;
use touchstone::package::{Checked, PackageError, verify as check};
use touchstone::run_dir::hash;

/// Runs an IUT through a few scenarios below `dir`; answers the output directory.
pub fn run(dir: &Path, file: &IutFile) -> PathBuf {
    let iut = file.write(dir);
    let out = dir.join("out");
    let chosen = ["*/connection-refused-4", "*/session-cut-at-publish", "*/connack-withheld"];
    let mut arguments: Vec<&OsStr> = vec!["run".as_ref(), "--iut".as_ref(), iut.as_os_str()];
    arguments.extend(["--out".as_ref(), out.as_os_str()]);
    arguments.extend(chosen.iter().flat_map(|s| [OsStr::new("--scenario"), OsStr::new(s)]));
    let ended = call(arguments);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    out
}

/// A run of the reference Consumer, recorded once for all tests. Copy it before you change it.
pub fn recorded() -> &'static Path {
    static RUN: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    &RUN.get_or_init(|| {
        let dir = scratch();
        let out = run(dir.path(), &IutFile::reference_of(Role::Consumer, None));
        (dir, out)
    })
    .1
}

/// A copy of it.
pub fn copied(dir: &Path) -> PathBuf {
    let copy = dir.join("run");
    copy_all(recorded(), &copy);
    copy
}

pub fn copy_all(from: &Path, to: &Path) {
    let copied = Command::new("cp").args(["-r".as_ref(), from.as_os_str(), to.as_os_str()]).status();
    assert!(copied.expect("cp runs").success());
}

pub fn pack(out: &Path, package: &Path, further: &[&str]) -> Ended {
    let mut arguments: Vec<&OsStr> = vec!["pack".as_ref(), out.as_os_str(), "-o".as_ref(), package.as_os_str()];
    arguments.extend(further.iter().map(OsStr::new));
    call(arguments)
}

pub fn packed(out: &Path, package: &Path, further: &[&str]) {
    let ended = pack(out, package, further);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

pub fn verify(package: &Path) -> Ended {
    call(["verify".as_ref(), package.as_os_str()])
}

/// Verifies what is damaged; answers what was said.
pub fn refused(package: &Path) -> String {
    let ended = verify(package);
    assert_eq!(ended.code, 2, "{}\n{}", ended.stdout, ended.stderr);
    format!("{}{}", ended.stdout, ended.stderr)
}

/// Checks a package as the program does, in this process.
pub fn checked(package: &Path) -> Result<Checked, PackageError> {
    check(package, None, touchstone::cli::VERSION)
}

/// What is said against a package; empty where nothing is.
pub fn against(package: &Path) -> String {
    match checked(package) {
        Err(error) => error.to_string(),
        Ok(checked) if checked.sound() => String::new(),
        Ok(checked) => {
            let derived = checked.derived.map(|d| d.text(80)).unwrap_or_default();
            format!("{}\n{derived}", checked.changed.join("\n"))
        }
    }
}

pub type Entries = Vec<(String, Vec<u8>)>;

pub fn unpacked(package: &Path) -> Entries {
    let decoder = zstd::Decoder::new(fs::File::open(package).expect("the package")).expect("zstd");
    let mut archive = tar::Archive::new(decoder);
    let entries = archive.entries().expect("an archive").map(|entry| {
        let mut entry = entry.expect("an entry");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        (entry.path().expect("a path").to_string_lossy().into_owned(), bytes)
    });
    entries.collect()
}

/// Packs entries as the program does, whatever they hold.
pub fn repacked(package: &Path, entries: &Entries) {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(tar::EntryType::Regular);
        archive.append_data(&mut header, path, bytes.as_slice()).expect("appended");
    }
    compressed(package, &archive.into_inner().expect("finished"));
}

/// Compresses an archive as the program does.
pub fn compressed(package: &Path, archive: &[u8]) {
    let mut encoder = zstd::Encoder::new(fs::File::create(package).expect("a file"), 9).expect("zstd");
    encoder.include_checksum(true).expect("zstd");
    std::io::copy(&mut &*archive, &mut encoder).expect("compressed");
    encoder.finish().expect("finished");
}

/// Makes the index fit the other entries, as whoever forges a package would.
pub fn fitted(entries: &mut Entries) {
    let mut index: Value = serde_json::from_slice(&entries[0].1).expect("JSON");
    let manifest: Value = entries
        .iter()
        .find(|(path, _)| path == "manifest.json")
        .and_then(|(_, bytes)| serde_json::from_slice(bytes).ok())
        .unwrap_or_default();
    for key in ["tool", "binding", "role", "iut", "iut_file", "pics", "catalogues", "policy", "waivers"] {
        if !manifest[key].is_null() {
            index[key] = manifest[key].clone();
        }
    }
    if let Some(scenarios) = manifest["scenarios"].as_array() {
        let hashed = |s: &Value| serde_json::json!({"path": s["id"], "sha256": s["sha256"]});
        index["scenarios"] = scenarios.iter().map(hashed).collect();
    }
    let files = entries
        .iter()
        .skip(1)
        .filter(|(path, _)| path != "package.sig")
        .map(|(path, bytes)| serde_json::json!({"path": path, "bytes": bytes.len(), "sha256": hash(bytes)}));
    index["files"] = files.collect();
    entries[0].1 = format!("{}\n", serde_json::to_string_pretty(&index).expect("JSON")).into_bytes();
}

/// Changes a JSON file of a package or of a directory, and writes it as the program does.
pub fn changed_json(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(bytes).expect("JSON");
    change(&mut value);
    format!("{}\n", serde_json::to_string_pretty(&value).expect("JSON")).into_bytes()
}

/// The same for a file on disk.
pub fn change_file(path: &Path, change: impl FnOnce(&mut Value)) {
    let bytes = fs::read(path).expect("the file");
    fs::write(path, changed_json(&bytes, change)).expect("written");
}

/// Hashes of everything in a directory, by path.
pub fn snapshot(dir: &Path) -> Vec<(String, String)> {
    let listed = Command::new("find").arg(dir).args(["-type", "f"]).output().expect("find runs");
    let mut files: Vec<_> = String::from_utf8_lossy(&listed.stdout)
        .lines()
        .map(|path| (path.to_owned(), hash(&fs::read(path).expect("a file"))))
        .collect();
    files.sort();
    files
}

/// One line for people, with exit code 2 and nothing on standard output.
pub fn told(ended: &Ended) -> &str {
    assert_eq!(ended.code, 2, "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stdout, "");
    assert_eq!(ended.stderr.trim_end().lines().count(), 1, "{}", ended.stderr);
    ended.stderr.trim_end()
}
