//! Texts that may come from anybody, read within bounds.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Largest text that is read: a hundred times what a complete run writes.
const MOST: u64 = 128 * 1024 * 1024;

/// The text of a file. A pipe or a device may never end, so it is none.
///
/// # Errors
/// When it is no file, too large, no UTF-8, or cannot be read.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    // Before it is opened: opening a pipe waits for somebody to write.
    if !fs::metadata(path)?.is_file() {
        return Err(wrong("it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(wrong("it is larger than any of ours"));
    }
    String::from_utf8(bytes).map_err(|_| wrong("it is no text (UTF-8)"))
}
