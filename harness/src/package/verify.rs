//! Checks a package: that it is whole, that it is unchanged, and that its verdicts follow from its captures.

use super::build::to_json;
use super::content::{Content, Hashing, entries};
use super::{Compressor, FORMAT, Facts, FileEntry, INDEX, Index, PackageError, SIGNATURE, io_error, key};
use crate::compare::{Comparison, compare};
use crate::manifest::{self, Manifest};
use crate::run_dir::{self, REPORTS};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Component, Path};
use touchstone_reports::model::Report;
use touchstone_reports::{from_json, to_html, to_json as report_json, to_junit};

/// Most files of a package.
const FILES: usize = 200_000;
/// Largest package when unpacked, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024 * 1024;
/// Largest index or signature.
const LARGEST_INDEX: u64 = 64 * 1024 * 1024;

/// What was found.
#[derive(Debug)]
pub struct Checked {
    /// What the package says of itself.
    pub index: Index,
    /// The report in it.
    pub report: Report,
    /// Whether its signature is by the key that was given; `None` when none was.
    pub signed: Option<bool>,
    /// Whether there is a signature at all.
    pub signature: bool,
    /// What is not as it was packed.
    pub changed: Vec<String>,
    /// How the verdicts, derived again from the captures, compare with those in the report.
    pub derived: Comparison,
    /// What could not be looked at, and why.
    pub notes: Vec<String>,
}

impl Checked {
    /// Whether nothing is wrong with it.
    pub fn sound(&self) -> bool {
        self.changed.is_empty() && self.derived.agrees() && !self.derived.details && self.signed != Some(false)
    }
}

/// Checks a package, against a public key when there is one. Nothing is written but temporary files.
///
/// # Errors
/// When it cannot be read, is no package, or is damaged so that there is nothing to judge.
pub fn verify(package: &Path, public: Option<&Path>, program: &str) -> Result<Checked, PackageError> {
    let damaged = |reason: String| PackageError::Damaged { path: package.to_owned(), reason };
    let dir = tempfile::Builder::new().prefix("touchstone-verify-").tempdir().map_err(io_error(package))?;
    let unpacked = unpack(package, dir.path())?;
    let index: Index = read_index(&unpacked.index).map_err(damaged)?;
    let mut changed = Vec::new();
    let mut notes = Vec::new();

    let found = entries(dir.path(), unpacked.paths).map_err(|(path, source)| PackageError::Io { path, source })?;
    differences(&index.files, &found, &mut changed);
    let manifest = Manifest::read(dir.path()).map_err(|error| damaged(inside(&error.to_string(), dir.path())))?;
    if Facts::of(&manifest) != index.run {
        changed.push(format!("{INDEX} says otherwise of the run than {}", manifest::FILE));
    }
    if to_json(&index).as_bytes() != unpacked.index {
        changed.push(format!("{INDEX} is not written as this program writes it"));
    }

    // The archive holds nothing but what was compared so far, if it comes out the same when it is made again.
    let content =
        Content { index: &unpacked.index, signature: unpacked.signature.as_deref(), files: &found, dir: dir.path() };
    let mut archive = Hashing::new(io::sink());
    content.archive(&mut archive).map_err(io_error(package))?;
    if archive.hex() != unpacked.archive {
        changed.push("the archive around the files".to_owned());
    } else if index.compressor == Compressor::own() {
        let compressed = content.compressed(Hashing::new(io::sink())).map_err(io_error(package))?;
        if compressed.hex() != unpacked.package {
            changed.push("the compressed bytes, though what they hold is the same".to_owned());
        }
    } else {
        let Compressor { name, version, level, .. } = &index.compressor;
        notes.push(format!(
            "compressed by {name} {version} at level {level}, which this program does not have: the compressed bytes were not \
             made again"
        ));
    }

    let signed = match (public, &unpacked.signature) {
        (Some(path), Some(signature)) => Some(key::signed_by(path, &unpacked.index, signature)?),
        (Some(path), None) => {
            // A key that is none is told even so.
            key::signed_by(path, &[], &[])?;
            Some(false)
        }
        (None, _) => None,
    };

    let packed = fs::read_to_string(dir.path().join(REPORTS[0]))
        .map_err(|e| e.to_string())
        .and_then(|text| from_json(&text).map_err(|e| e.to_string()))
        .map_err(|reason| damaged(format!("its {} cannot be read: {reason}", REPORTS[0])))?;
    let derived = run_dir::assess(dir.path(), None, program)
        .map_err(|error| damaged(inside(&error.to_string(), dir.path())))?
        .report;
    if packed.run.tool == program {
        for (name, text) in REPORTS.into_iter().zip([report_json(&derived), to_junit(&derived), to_html(&derived)]) {
            if fs::read(dir.path().join(name)).is_ok_and(|bytes| bytes != text.as_bytes()) {
                changed.push(format!("{name} is not what the captures give"));
            }
        }
    } else {
        let by = &packed.run.tool;
        notes.push(format!("judged by version {by}: its reports were compared by their verdicts, not by their bytes"));
    }
    let signature = unpacked.signature.is_some();
    let derived = compare(&packed, &derived);
    Ok(Checked { index, report: packed, signed, signature, changed, derived, notes })
}

/// An error about a file of the package, without the temporary directory it was unpacked to.
fn inside(error: &str, dir: &Path) -> String {
    error.replace(&format!("{}/", dir.display()), "").replace(&dir.display().to_string(), "the package")
}

/// What was in a package.
struct Unpacked {
    index: Vec<u8>,
    signature: Option<Vec<u8>>,
    /// Paths of the other files, now below the directory.
    paths: Vec<String>,
    /// Hashes of the archive and of the package.
    archive: String,
    package: String,
}

fn unpack(package: &Path, dir: &Path) -> Result<Unpacked, PackageError> {
    let damaged = |reason: String| PackageError::Damaged { path: package.to_owned(), reason };
    let broken = |error: io::Error| damaged(format!("it is damaged, or no package of ours: {error}"));
    let file = File::open(package).map_err(io_error(package))?;
    let compressed = Hashing::new(BufReader::new(file));
    let decoder = zstd::Decoder::with_buffer(BufReader::new(compressed)).map_err(broken)?.single_frame();
    let mut archive = tar::Archive::new(Hashing::new(decoder));
    let (mut index, mut signature, mut paths) = (None, None, Vec::new());
    let mut total = 0_u64;
    for (number, entry) in archive.entries().map_err(broken)?.enumerate() {
        let mut entry = entry.map_err(broken)?;
        let name = entry.path().map_err(broken)?.to_string_lossy().into_owned();
        total = total.saturating_add(entry.size());
        if total > LARGEST || number > FILES {
            return Err(damaged("it holds more than any run of ours".to_owned()));
        }
        match (number, name.as_str()) {
            (0, INDEX) => index = Some(small(&mut entry, &name).map_err(damaged)?),
            (0, _) => return Err(damaged(format!("it is no package of ours: its first entry is not {INDEX}"))),
            (1, SIGNATURE) => signature = Some(small(&mut entry, &name).map_err(damaged)?),
            _ => {
                let path = Path::new(&name);
                let below = path.components().all(|part| matches!(part, Component::Normal(_)));
                if !below || entry.header().entry_type() != tar::EntryType::Regular {
                    return Err(damaged(format!("its entry {name:?} is not a file within it")));
                }
                let target = dir.join(path);
                if target.symlink_metadata().is_ok() {
                    return Err(damaged(format!("it holds {name:?} twice")));
                }
                if let Some(parent) = target.parent() {
                    fs::create_dir_all(parent).map_err(io_error(parent))?;
                }
                let mut out = File::create(&target).map_err(io_error(&target))?;
                io::copy(&mut entry, &mut out).map_err(broken)?;
                paths.push(name);
            }
        }
    }
    let mut archive = archive.into_inner();
    // What stands behind the last file belongs to it, too: the end of the archive, the checksum, and nothing else.
    io::copy(&mut archive, &mut io::sink()).map_err(broken)?;
    let (archive, decoder) = archive.into_parts();
    let mut rest = decoder.finish();
    let behind = io::copy(&mut rest, &mut io::sink()).map_err(broken)?;
    if behind > 0 {
        return Err(damaged(format!("{behind} bytes stand behind its end")));
    }
    let index = index.ok_or_else(|| damaged("it is empty".to_owned()))?;
    Ok(Unpacked { index, signature, paths, archive, package: rest.into_inner().hex() })
}

fn small(entry: &mut impl Read, name: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    entry.take(LARGEST_INDEX + 1).read_to_end(&mut bytes).map_err(|error| format!("its {name} is damaged: {error}"))?;
    if bytes.len() as u64 > LARGEST_INDEX {
        return Err(format!("its {name} is larger than any of ours"));
    }
    Ok(bytes)
}

fn read_index(bytes: &[u8]) -> Result<Index, String> {
    let unread = |error: serde_json::Error| format!("its {INDEX} cannot be read: {error}");
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(unread)?;
    match value.get("format").and_then(|format| format.as_str()) {
        Some(FORMAT) => serde_json::from_value(value).map_err(unread),
        Some(other) => Err(format!("its format is {other:?}; this program reads {FORMAT:?}")),
        None => Err(format!("its {INDEX} states no format")),
    }
}

/// Names files that are missing, additional or changed.
fn differences(named: &[FileEntry], found: &[FileEntry], changed: &mut Vec<String>) {
    for file in named {
        match found.iter().find(|other| other.path == file.path) {
            None => changed.push(format!("{} is missing", file.path)),
            Some(other) if other != file => {
                changed.push(format!("{}: SHA-256 {}, not {}", file.path, other.sha256, file.sha256));
            }
            Some(_) => {}
        }
    }
    for file in found.iter().filter(|file| !named.iter().any(|other| other.path == file.path)) {
        changed.push(format!("{} was added", file.path));
    }
}
