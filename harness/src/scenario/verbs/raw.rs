//! Raw payload bytes, as scenarios write them: `hex`, `text`, `file`, `repeat` times `fill`, `tail`, in that order.

use crate::diagnostic::toml::Fields;
use crate::scenario::ids::REQUEST_ID;
use crate::scenario::pattern::hex;

/// Largest payload a scenario may ask for.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The keys.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Raw {
    head: Vec<u8>,
    text: String,
    file: Vec<u8>,
    repeat: usize,
    fill: u8,
    tail: String,
}

impl Raw {
    pub fn read(fields: &Fields<'_>) -> Option<Raw> {
        let text = fields.string("text").map(|t| t.value).unwrap_or_default();
        let head = hex(fields, "hex").unwrap_or_default();
        let file = read_file(fields);
        let repeat = fields.integer("repeat", 0, LARGEST).and_then(|n| usize::try_from(n.value).ok()).unwrap_or(0);
        let fill = fill(fields)?;
        let tail = fields.string("tail").map(|t| t.value).unwrap_or_default();
        Some(Raw { head, text, file: file?, repeat, fill, tail })
    }

    /// Whether any of the keys is given.
    pub fn written(fields: &Fields<'_>) -> bool {
        ["text", "hex", "file", "repeat", "fill", "tail"].into_iter().any(|key| fields.has(key))
    }

    /// Whether a request_id has to be put in.
    pub fn wants_id(&self) -> bool {
        self.text.contains(REQUEST_ID) || self.tail.contains(REQUEST_ID)
    }

    /// The bytes, with that request_id.
    pub fn bytes(&self, id: &str) -> Vec<u8> {
        let mut payload = self.head.clone();
        payload.extend_from_slice(self.text.replace(REQUEST_ID, id).as_bytes());
        payload.extend_from_slice(&self.file);
        payload.resize(payload.len() + self.repeat, self.fill);
        payload.extend_from_slice(self.tail.replace(REQUEST_ID, id).as_bytes());
        payload
    }
}

/// `fill`: one byte in hex, or one ASCII character; a space when absent.
fn fill(fields: &Fields<'_>) -> Option<u8> {
    let Some(text) = fields.string("fill") else { return Some(b' ') };
    match text.value.as_bytes() {
        [byte] => Some(*byte),
        _ => match hex(fields, "fill")?.as_slice() {
            [byte] => Some(*byte),
            _ => {
                fields.document.wrong(text.span, "`fill` must be one character, or one byte in hex", "", None);
                None
            }
        },
    }
}

/// `file`: its content, read when the scenario is loaded; relative to the scenario file.
fn read_file(fields: &Fields<'_>) -> Option<Vec<u8>> {
    let Some(file) = fields.string("file") else { return Some(Vec::new()) };
    let folder = std::path::Path::new(fields.document.source().name()).parent();
    let path = folder.unwrap_or(std::path::Path::new(".")).join(&file.value);
    let read = std::fs::metadata(&path).and_then(|metadata| {
        if metadata.len() > LARGEST {
            return Err(std::io::Error::other("it is larger than 16 MiB"));
        }
        std::fs::read(&path)
    });
    match read {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            fields.document.wrong(
                file.span,
                format!("cannot read {}: {error}", path.display()),
                "",
                Some("`file` is relative to the scenario file".to_owned()),
            );
            None
        }
    }
}
