//! The files of a package as one archive: written, hashed, compressed.

use super::{FileEntry, INDEX, LEVEL, PackageError, SIGNATURE, io_error};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// What an archive is made of.
#[derive(Debug)]
pub(super) struct Content<'c> {
    /// The bytes of `package.json`.
    pub index: &'c [u8],
    /// The bytes of its signature.
    pub signature: Option<&'c [u8]>,
    /// The run's files, in the order of the index.
    pub files: &'c [FileEntry],
    /// The directory they are in.
    pub dir: &'c Path,
}

impl Content<'_> {
    /// Writes the archive, uncompressed. Owners, times and modes are the same for everybody.
    fn archive(&self, to: impl Write) -> Result<(), PackageError> {
        let mut archive = tar::Builder::new(to);
        let head = |error| io_error(Path::new(INDEX))(error);
        append(&mut archive, INDEX, self.index.len() as u64, self.index).map_err(head)?;
        if let Some(signature) = self.signature {
            append(&mut archive, SIGNATURE, signature.len() as u64, signature).map_err(head)?;
        }
        for entry in self.files {
            let path = self.dir.join(&entry.path);
            let file = File::open(&path).map_err(io_error(&path))?;
            let mut file = Hashing::new(file.take(entry.bytes));
            append(&mut archive, &entry.path, entry.bytes, &mut file).map_err(io_error(&path))?;
            // One that shrank would have broken the archive; one that was written to is not the file in the index.
            if file.hex() != entry.sha256 {
                return Err(PackageError::Changing { path });
            }
        }
        archive.finish().map_err(head)
    }

    /// Writes the package; answers the hash of the archive in it.
    pub fn compressed<W: Write>(&self, to: W) -> Result<(String, W), PackageError> {
        let failed = |error| io_error(Path::new("the package"))(error);
        let mut encoder = zstd::Encoder::new(to, LEVEL).map_err(failed)?;
        encoder.include_checksum(true).map_err(failed)?;
        let mut archive = Hashing::new(encoder);
        self.archive(&mut archive)?;
        let (hash, encoder) = archive.into_parts();
        Ok((hash, encoder.finish().map_err(failed)?))
    }
}

fn append(archive: &mut tar::Builder<impl Write>, path: &str, bytes: u64, from: impl Read) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(tar::EntryType::Regular);
    archive.append_data(&mut header, path, from)
}

/// Files of a directory, with lengths and hashes, in the order of their paths.
pub(super) fn entries(dir: &Path, paths: Vec<String>) -> Result<Vec<FileEntry>, PackageError> {
    let mut entries = Vec::new();
    for path in paths {
        let full = dir.join(&path);
        let mut hash = Hashing::new(io::sink());
        let copied = File::open(&full).and_then(|mut file| io::copy(&mut file, &mut hash));
        let bytes = copied.map_err(io_error(&full))?;
        entries.push(FileEntry { path, bytes, sha256: hash.hex() });
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hashes what goes through it.
pub(super) struct Hashing<T> {
    inner: T,
    hash: Sha256,
}

impl<T> Hashing<T> {
    pub fn new(inner: T) -> Hashing<T> {
        Hashing { inner, hash: Sha256::new() }
    }

    /// The hash, in hex, and what it was taken of.
    pub fn into_parts(self) -> (String, T) {
        let Hashing { inner, hash } = self;
        (hex(&hash.finalize()), inner)
    }

    /// The hash so far, in hex.
    pub fn hex(self) -> String {
        self.into_parts().0
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}
