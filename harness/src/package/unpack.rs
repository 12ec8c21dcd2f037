//! Takes a package apart. It may come from anybody: nothing in it decides how much memory, disk or time that takes, or where
//! something is written.

use super::content::{Hashing, hex};
use super::{FileEntry, INDEX, Index, LARGEST, LARGEST_FILE, LARGEST_INDEX, PackageError, SIGNATURE, io_error};
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Component, Path};
use std::rc::Rc;

/// Largest window of a frame that is read, as a power of two: four times what packages of this program need.
const WINDOW: u32 = 24;
/// Longest path of an entry: what the system takes.
const LONGEST: u64 = 4096;
/// What an archive may hold beyond the files that its index names: what was added should be told by its name.
const SPARE: u64 = 1024 * 1024;
/// A block of an archive.
const BLOCK: u64 = 512;

/// What was in a package.
#[derive(Debug)]
pub(super) struct Unpacked {
    pub index: Index,
    /// The bytes of `package.json`.
    pub text: Vec<u8>,
    pub signature: Option<Vec<u8>>,
    /// The other files, in their order; those that the index names are now below the directory.
    pub found: Vec<FileEntry>,
    /// Hash of the archive.
    pub archive: String,
    /// Hash of the package.
    pub package: String,
}

/// Takes `package` apart into `dir`.
///
/// # Errors
/// When it is no package of ours, or damaged so that the rest cannot be relied on for anything.
pub(super) fn unpack(package: &Path, dir: &Path) -> Result<Unpacked, PackageError> {
    let damaged = |reason: String| PackageError::Damaged { path: package.to_owned(), reason };
    let broken = |error: io::Error| damaged(format!("it is damaged: {error}"));
    if !fs::metadata(package).map_err(io_error(package))?.is_file() {
        return Err(damaged("it is no file; give the package itself".to_owned()));
    }
    let mut file = File::open(package).map_err(io_error(package))?;
    let mut head = Vec::new();
    file.by_ref().take(BLOCK).read_to_end(&mut head).map_err(io_error(package))?;
    if let Some(what) = foreign(&head) {
        return Err(damaged(format!("it is no package of ours, but {what}; `touchstone pack` makes packages")));
    }
    let compressed = Hashing::new(BufReader::new(io::Cursor::new(head).chain(file)));
    let mut decoder = zstd::Decoder::with_buffer(BufReader::new(compressed)).map_err(broken)?.single_frame();
    decoder.window_log_max(WINDOW).map_err(broken)?;
    let left = Rc::new(Cell::new(LARGEST_INDEX + SPARE));
    let mut archive = tar::Archive::new(Hashing::new(Limited { inner: decoder, left: Rc::clone(&left) }));
    let Taken { index, text, signature, found } = entries(&mut archive, dir, &left).map_err(|error| match error {
        Fault::Read(error) => broken(error),
        Fault::Held(reason) => damaged(reason),
        Fault::Write(error) => error,
    })?;
    let mut archive = archive.into_inner();
    // What stands behind the last file belongs to it, too: the end of the archive, the checksum, and nothing else.
    io::copy(&mut archive, &mut io::sink()).map_err(broken)?;
    let (archive, Limited { inner: decoder, .. }) = archive.into_parts();
    let mut rest = decoder.finish();
    let behind = io::copy(&mut rest, &mut io::sink()).map_err(broken)?;
    if behind > 0 {
        return Err(damaged(format!("{behind} bytes stand behind its end")));
    }
    Ok(Unpacked { index, text, signature, found, archive, package: rest.into_inner().hex() })
}

/// What a file is that begins so, where it is no compressed archive.
fn foreign(head: &[u8]) -> Option<&'static str> {
    match head {
        [] => Some("an empty file"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => None,
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some("a file that begins with a skippable frame"),
        [0x1f, 0x8b, ..] => Some("a gzip file"),
        [b'P', b'K', 3 | 5, ..] => Some("a zip file"),
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => Some("a capture (pcapng)"),
        [b'{', ..] => Some("JSON"),
        _ if head.get(257..262) == Some(b"ustar") => Some("an archive that is not compressed"),
        _ => Some("something else"),
    }
}

/// Why the entries could not be taken.
enum Fault {
    Read(io::Error),
    Held(String),
    Write(PackageError),
}

/// What the entries of an archive are.
struct Taken {
    index: Index,
    text: Vec<u8>,
    signature: Option<Vec<u8>>,
    found: Vec<FileEntry>,
}

/// Takes every entry. Headers are read one by one, as they stand: whatever describes the next entry otherwise (a link, a sparse
/// file, POSIX extensions), `pack` does not write, and nobody takes its word.
fn entries<R: Read>(archive: &mut tar::Archive<R>, dir: &Path, left: &Cell<u64>) -> Result<Taken, Fault> {
    let mut index: Option<(Index, Vec<u8>)> = None;
    let (mut signature, mut found) = (None, Vec::new());
    let mut named: BTreeMap<String, u64> = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut long: Option<Vec<u8>> = None;
    for entry in archive.entries().map_err(Fault::Read)?.raw(true) {
        let mut entry = entry.map_err(Fault::Read)?;
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() && long.is_none() && index.is_some() {
            let mut path = small(&mut entry, LONGEST + 1)
                .map_err(Fault::Read)?
                .ok_or_else(|| Fault::Held(format!("it holds a path of {} bytes", entry.size())))?;
            path.pop_if(|last| *last == 0);
            long = Some(path);
            continue;
        }
        let name = long.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        let name = String::from_utf8(name).map_err(|error| {
            Fault::Held(format!("its entry {:?} has no name in UTF-8", String::from_utf8_lossy(error.as_bytes())))
        })?;
        let Some((known, _)) = &index else {
            if name != INDEX || kind != tar::EntryType::Regular {
                return Err(Fault::Held(format!(
                    "it is no package of ours: its first entry is not {INDEX}; `touchstone pack` makes packages"
                )));
            }
            let text = small(&mut entry, LARGEST_INDEX).map_err(Fault::Read)?;
            let text = text.ok_or_else(|| Fault::Held(format!("its {INDEX} is larger than any of ours")))?;
            let read = read_index(&text).map_err(Fault::Held)?;
            let total = check(&read, dir)?;
            left.set(total);
            named = read.files.iter().map(|file| (file.path.clone(), file.bytes)).collect();
            index = Some((read, text));
            continue;
        };
        if kind != tar::EntryType::Regular {
            return Err(Fault::Held(format!("its entry {name:?} is not a file within it")));
        }
        if name == SIGNATURE && found.is_empty() && signature.is_none() {
            let bytes = small(&mut entry, SPARE).map_err(Fault::Read)?;
            signature = Some(bytes.ok_or_else(|| Fault::Held(format!("its {SIGNATURE} is larger than any of ours")))?);
            continue;
        }
        if !within(&name) {
            return Err(Fault::Held(format!("its entry {name:?} is not a file within it")));
        }
        if !seen.insert(name.clone()) {
            return Err(Fault::Held(format!("it holds {name:?} twice")));
        }
        if found.len() > known.files.len().saturating_add(SPARE as usize / BLOCK as usize) {
            return Err(Fault::Held(format!("it holds more files than its {INDEX} names")));
        }
        // Read as far as the limit lets it be; kept only where the index vouches for it.
        let mut hash = Sha256::new();
        let kept = named.contains_key(&name).then(|| dir.join(&name));
        let mut out = match &kept {
            Some(path) => {
                let parent = path.parent().unwrap_or(dir);
                fs::create_dir_all(parent).map_err(io_error(parent)).map_err(Fault::Write)?;
                Some(File::create_new(path).map_err(io_error(path)).map_err(Fault::Write)?)
            }
            None => None,
        };
        let mut bytes = 0_u64;
        let mut chunk = [0; 16 * 1024];
        loop {
            let read = entry.read(&mut chunk).map_err(|error| match error.kind() {
                io::ErrorKind::FileTooLarge => {
                    Fault::Held(format!("it holds more than its {INDEX} names: {name:?}, of {} bytes", entry.size()))
                }
                _ => Fault::Read(error),
            })?;
            if read == 0 {
                break;
            }
            bytes += read as u64;
            hash.update(&chunk[..read]);
            if let (Some(out), Some(path)) = (&mut out, &kept) {
                io::Write::write_all(out, &chunk[..read]).map_err(io_error(path)).map_err(Fault::Write)?;
            }
        }
        if bytes != entry.size() {
            return Err(Fault::Held(format!("it ends in the middle of {name:?}")));
        }
        let sha256 = hex(&hash.finalize());
        found.push(FileEntry { path: name, bytes, sha256 });
    }
    let (index, text) = index.ok_or_else(|| Fault::Held("it is an empty archive".to_owned()))?;
    Ok(Taken { index, text, signature, found })
}

/// The whole of an entry, unless it is larger than that.
fn small(entry: &mut impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    entry.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

fn read_index(bytes: &[u8]) -> Result<Index, String> {
    /// The format alone: what else there is depends on it.
    #[derive(serde::Deserialize)]
    struct Format {
        format: Option<String>,
    }
    let unread = |error: serde_json::Error| format!("its {INDEX} cannot be read: {error}");
    let Format { format } = serde_json::from_slice(bytes).map_err(unread)?;
    match format.as_deref() {
        Some(super::FORMAT) => serde_json::from_slice(bytes).map_err(unread),
        Some(other) => Err(format!("its format is {other:?}; this program reads {:?}", super::FORMAT)),
        None => Err(format!("its {INDEX} states no format")),
    }
}

/// Whether what the index announces can be taken at all; answers how long the rest of the archive may be.
fn check(index: &Index, dir: &Path) -> Result<u64, Fault> {
    let mut total = 2 * SPARE;
    for file in &index.files {
        if file.bytes > LARGEST_FILE {
            return Err(Fault::Held(format!(
                "its {INDEX} announces {:?} with {} bytes; no file of a run is larger than {LARGEST_FILE}",
                file.path, file.bytes
            )));
        }
        // Its header, its content, what fills the last block, and a path that stands in blocks of its own.
        total += 5 * BLOCK + file.bytes + file.path.len() as u64;
    }
    if total > LARGEST {
        return Err(Fault::Held(format!("its {INDEX} announces {total} bytes; no package holds more than {LARGEST}")));
    }
    let free =
        nix::sys::statvfs::statvfs(dir).map_or(u64::MAX, |fs| fs.blocks_available().saturating_mul(fs.fragment_size()));
    if total > free {
        return Err(Fault::Held(format!(
            "unpacked it takes {total} bytes, and {} has {free} left; set TMPDIR to a directory with more",
            dir.parent().unwrap_or(dir).display()
        )));
    }
    Ok(total)
}

/// Whether a name is that of a file below the directory, spelled in the one way that `pack` spells it.
fn within(name: &str) -> bool {
    let parts: Vec<&str> = Path::new(name)
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    !name.is_empty() && !name.contains('\0') && parts.join("/") == name
}

/// Reads no more than it may.
struct Limited<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        let left = self
            .left
            .get()
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "it holds more than its index names"))?;
        self.left.set(left);
        Ok(read)
    }
}
