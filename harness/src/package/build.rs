//! Packs a run.

use super::content::{Content, entries};
use super::{Compressor, FORMAT, Facts, Index, LARGEST, LARGEST_FILE, PackageError, Redacted, io_error, key, redact};
use crate::bounded;
use crate::compare::compare;
use crate::manifest::{self, Manifest};
use crate::run_dir::{self, REPORTS};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use touchstone_reports::from_json;

/// A package that was written.
#[derive(Debug)]
pub struct Packed {
    /// What it says of itself.
    pub index: Index,
    /// Whether it is signed.
    pub signed: bool,
    /// Its length, in bytes.
    pub bytes: u64,
    /// Files of the directory that are no part of the run, and were left out.
    pub left_out: Vec<String>,
}

/// How a run is packed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'r> {
    /// The private key that signs.
    pub sign: Option<&'r Path>,
    /// Whether passwords and TLS secrets are made unreadable.
    pub redact: bool,
}

/// Packs the run in `dir` into `out`, which must not be there yet. The reports of a redacted run are those that its redacted
/// evidence gives to this program, which calls itself `program`.
///
/// # Errors
/// When the directory is no complete run of ours, the key is none, redacting would change a verdict, or something cannot be read
/// or written; then there is no package.
pub fn pack(dir: &Path, out: &Path, request: Request<'_>, program: &str) -> Result<Packed, PackageError> {
    if out.symlink_metadata().is_ok() {
        return Err(PackageError::Exists { path: out.to_owned() });
    }
    let manifest = Manifest::read(dir)?;
    if let Some(file) = REPORTS.into_iter().find(|file| dir.join(file).symlink_metadata().is_err()) {
        return Err(PackageError::NoReport { dir: dir.to_owned(), file: file.to_owned() });
    }
    let (_, left_out) = files(dir, &manifest)?;
    // Nobody could derive anything from them again.
    if let Some(error) = run_dir::unreadable(dir, &manifest) {
        return Err(error.into());
    }
    if !request.redact {
        return packed(dir, out, request.sign, &manifest, None, left_out);
    }
    run_dir::check_catalogues(dir)?;
    let copy = tempfile::Builder::new().prefix("touchstone-redact-").tempdir().map_err(io_error(out))?;
    let redacted = redact::copy(dir, copy.path(), &manifest)?;
    let manifest = Manifest::read(copy.path())?;
    let report = run_dir::assess(copy.path(), None, program)?.report;
    run_dir::write_reports(copy.path(), &report)?;
    let path = dir.join(REPORTS[0]);
    let before = bounded::text(&path).map_err(io_error(&path))?;
    let before = from_json(&before).map_err(|error| PackageError::Damaged { path, reason: error.to_string() })?;
    let comparison = compare(&before, &report);
    if !comparison.agrees() {
        return Err(PackageError::Derived(comparison.text(80)));
    }
    packed(copy.path(), out, request.sign, &manifest, Some(redacted), left_out)
}

fn packed(
    dir: &Path,
    out: &Path,
    sign: Option<&Path>,
    manifest: &Manifest,
    redacted: Option<Redacted>,
    left_out: Vec<String>,
) -> Result<Packed, PackageError> {
    let (paths, _) = files(dir, manifest)?;
    let files = entries(dir, paths)?;
    if let Some(file) = files.iter().find(|file| file.bytes > LARGEST_FILE) {
        return Err(PackageError::TooLarge { path: dir.join(&file.path), bytes: file.bytes, most: LARGEST_FILE });
    }
    // Room for what stands around the files is left.
    let bytes = files.iter().map(|file| file.bytes).sum();
    if bytes > LARGEST - LARGEST / 8 {
        return Err(PackageError::TooLarge { path: dir.to_owned(), bytes, most: LARGEST - LARGEST / 8 });
    }
    let index =
        Index { format: FORMAT.to_owned(), compressor: Compressor::own(), run: Facts::of(manifest), redacted, files };
    let text = to_json(&index);
    let signature = sign.map(|path| key::sign(path, text.as_bytes())).transpose()?;
    let content = Content { index: text.as_bytes(), signature: signature.as_deref(), files: &index.files, dir };
    let bytes = written(&content, out)?;
    Ok(Packed { signed: signature.is_some(), index, bytes, left_out })
}

/// The text of `package.json`.
pub(super) fn to_json(index: &Index) -> String {
    let mut text = serde_json::to_string_pretty(index).expect("an index has only text keys and finite numbers");
    text.push('\n');
    text
}

/// A reader never sees half a package: written beside, then given its name.
fn written(content: &Content<'_>, out: &Path) -> Result<u64, PackageError> {
    let parent = out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = io_error(out);
    let beside = tempfile::Builder::new()
        .prefix(".touchstone-")
        // As any other file: the mask of the process takes its part.
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(parent)
        .map_err(io_error(parent))?;
    let (_, mut file) = content.compressed(beside)?;
    file.flush().map_err(&failed)?;
    let bytes = file.as_file().metadata().map_err(&failed)?.len();
    let kept = file.persist_noclobber(out).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => PackageError::Exists { path: out.to_owned() },
        _ => failed(error.error),
    })?;
    drop(kept);
    Ok(bytes)
}

/// The paths of a run's files, and of the others in its directory. The run's own are the reports, the manifest and every file in
/// a folder of evidence, whoever put it there.
fn files(dir: &Path, manifest: &Manifest) -> Result<(Vec<String>, Vec<String>), PackageError> {
    let mut paths: Vec<String> = REPORTS.into_iter().chain([manifest::FILE]).map(str::to_owned).collect();
    for path in &paths {
        plain(&dir.join(path), true)?;
    }
    for scenario in &manifest.scenarios {
        // What is judged is what stands here, not what something here points at.
        let mut folder = dir.to_owned();
        let parts = Path::new(&scenario.evidence).components();
        let there = parts.into_iter().try_for_each(|part| {
            folder.push(part);
            plain(&folder, false)
        });
        match there {
            // A scenario that was never recorded has no folder; the verdict says so.
            Err(PackageError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => continue,
            there => there?,
        }
        for entry in fs::read_dir(&folder).map_err(io_error(&folder))? {
            let entry = entry.map_err(io_error(&folder))?;
            // Another scenario may have its folder here; whatever else stands in one is told.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            plain(&entry.path(), true)?;
            let name = entry
                .file_name()
                .into_string()
                .map_err(|_| PackageError::Unfit { path: entry.path(), what: "a file whose name is no UTF-8" })?;
            paths.push(format!("{}/{name}", scenario.evidence));
        }
    }
    paths.sort();
    let mut left_out = Vec::new();
    strays(dir, dir, &paths, &mut left_out)?;
    left_out.sort();
    Ok((paths, left_out))
}

/// Refuses what is neither a file nor, where one is due, a directory.
fn plain(path: &Path, file: bool) -> Result<(), PackageError> {
    let kind = path.symlink_metadata().map_err(io_error(path))?.file_type();
    let what = match kind {
        _ if kind.is_file() && file || kind.is_dir() && !file => return Ok(()),
        _ if kind.is_symlink() => "a symbolic link",
        _ if kind.is_dir() => "a directory",
        _ if kind.is_file() => "no directory",
        _ if kind.is_fifo() => "a pipe",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(PackageError::Unfit { path: path.to_owned(), what })
}

/// Whatever else there is, empty directories too, which end in `/`.
fn strays(dir: &Path, folder: &Path, known: &[String], found: &mut Vec<String>) -> Result<(), PackageError> {
    let mut empty = true;
    for entry in fs::read_dir(folder).map_err(io_error(folder))? {
        let entry = entry.map_err(io_error(folder))?;
        empty = false;
        let path: PathBuf = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            strays(dir, &path, known, found)?;
            continue;
        }
        let name = relative(dir, &path);
        if known.binary_search(&name).is_err() {
            found.push(name);
        }
    }
    if empty && folder != dir {
        found.push(format!("{}/", relative(dir, folder)));
    }
    Ok(())
}

fn relative(dir: &Path, path: &Path) -> String {
    path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned()
}
