//! Makes passwords and TLS secrets unreadable in a copy of a run, so that it still gives the same verdicts.
//!
//! A password is what stands in the password field of a CONNECT, or behind an option of a command line that names one; it becomes
//! as many asterisks. So does one that an upgrade to WebSocket carried (`Authorization`). Where it is long enough to be told from
//! other words, it does so wherever else it stands, in any of its [`spellings`]: in other packets, in frames of WebSocket (under
//! their masks), in events and in what the implementation printed. Secrets of TLS are left out of captures, and in what was printed
//! (the lines of a key log) they become asterisks, too.

use super::found::{HEADERS, bare, credentials, fields, key_log, passwords_of};
use super::spelling::{is_base64, spellings};
use super::{PackageError, Redacted, io_error};
use crate::judge::secrets::EMBEDDED;
use crate::manifest::{self, Manifest};
use crate::run_dir::CAPTURE;
use aho_corasick::{AhoCorasick, MatchKind};
use bytes::Bytes;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use touchstone_fixtures::recording::{
    ConnectionId, Direction, Event, ProcessChange, Recorded, Recording, RewriteError, read, rewrite,
};
use touchstone_fixtures::wire::websocket;

/// Copies a run's manifest and evidence from `from` to `to`, without what is secret.
pub(super) fn copy(from: &Path, to: &Path, manifest: &Manifest) -> Result<Redacted, PackageError> {
    let captures: Vec<&str> = manifest.scenarios.iter().map(|s| s.evidence.as_str()).collect();
    let mut known = Secrets::default();
    for folder in &captures {
        let path = from.join(folder).join(CAPTURE);
        if path.exists() {
            let recording = read(&path).map_err(|error| unreadable(&path, error.to_string()))?;
            known.look_into(&recording);
        }
    }
    known.ready().map_err(|reason| unreadable(from, reason))?;
    let mut redacted = Redacted::default();
    for folder in captures {
        let (source, target) = (from.join(folder), to.join(folder));
        let Ok(entries) = fs::read_dir(&source) else { continue };
        fs::create_dir_all(&target).map_err(io_error(&target))?;
        for entry in entries {
            let entry = entry.map_err(io_error(&source))?;
            if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
                continue;
            }
            let (path, new) = (entry.path(), target.join(entry.file_name()));
            if entry.file_name() == CAPTURE {
                let mut count = Ok(0);
                let left_out = rewrite(&path, &new, |recording| count = known.redact(recording));
                redacted.tls_secrets += left_out.map_err(|error| match error {
                    RewriteError::Read(error) => unreadable(&path, error.to_string()),
                    error => unreadable(&new, error.to_string()),
                })?;
                redacted.passwords += count.map_err(|reason| unreadable(&path, reason))?;
            } else {
                let mut bytes = fs::read(&path).map_err(io_error(&path))?;
                redacted.passwords += known.everywhere(&mut bytes);
                redacted.tls_secrets += key_log(&mut bytes);
                fs::write(&new, bytes).map_err(io_error(&new))?;
            }
        }
    }
    let mut value = serde_json::to_value(manifest).expect("a manifest has only text keys and finite numbers");
    redacted.passwords += known.within(&mut value);
    let mut copied: Manifest = serde_json::from_value(value)
        .map_err(|error| PackageError::Ordinary { path: from.join(manifest::FILE), reason: error.to_string() })?;
    if (&manifest.binding, &manifest.role, &manifest.tool) != (&copied.binding, &copied.role, &copied.tool) {
        let reason = format!("binding {:?}, role {:?}", manifest.binding, manifest.role);
        return Err(PackageError::Ordinary { path: from.join(manifest::FILE), reason });
    }
    for (old, new) in manifest.scenarios.iter().zip(&mut copied.scenarios) {
        // Folders and ids are names of files, too: what is not as it was cannot be found any more.
        if (&old.evidence, &old.id) != (&new.evidence, &new.id) {
            let reason = format!("scenario {:?}", old.id);
            return Err(PackageError::Ordinary { path: from.join(manifest::FILE), reason });
        }
        // A text that held a password has another hash without it.
        if let Some(hash) = known.texts.get(&new.id) {
            new.sha256.clone_from(hash);
        }
    }
    crate::run_dir::write_manifest(to, &copied)?;
    Ok(redacted)
}

fn unreadable(path: &Path, reason: String) -> PackageError {
    PackageError::Damaged { path: path.to_owned(), reason }
}

/// Every password of a run.
#[derive(Debug, Default)]
struct Secrets {
    known: BTreeSet<Vec<u8>>,
    /// Finds those that can be told from other words, all at once: an implementation may send a new one each time it connects.
    searcher: Option<AhoCorasick>,
    /// Of each pattern of it, whether the characters around it hold some of its bits.
    around: Vec<(bool, bool)>,
    /// Hashes of the texts of scenarios that were changed, by the ids of these.
    texts: BTreeMap<String, String>,
}

/// One direction of a layer of a connection.
type StreamId = (ConnectionId, Direction);

/// The bytes of a stream, and the entries they stand in.
#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    entries: Vec<usize>,
}

fn streams(recording: &Recording, of: Layer) -> BTreeMap<StreamId, Stream> {
    let mut streams: BTreeMap<StreamId, Stream> = BTreeMap::new();
    for (number, entry) in recording.entries.iter().enumerate() {
        if let Some((id, data)) = of(&entry.event) {
            let stream = streams.entry(id).or_default();
            stream.bytes.extend_from_slice(data);
            stream.entries.push(number);
        }
    }
    streams
}

fn of_mqtt(event: &Event) -> Option<(StreamId, &Bytes)> {
    match event {
        Event::Bytes { conn, direction, data } => Some(((*conn, *direction), data)),
        _ => None,
    }
}

fn of_tls(event: &Event) -> Option<(StreamId, &Bytes)> {
    match event {
        Event::TlsBytes { conn, direction, data } => Some(((*conn, *direction), data)),
        _ => None,
    }
}

fn of_websocket(event: &Event) -> Option<(StreamId, &Bytes)> {
    match event {
        Event::WsBytes { conn, direction, data } => Some(((*conn, *direction), data)),
        _ => None,
    }
}

/// Puts bytes back where they came from.
fn put_back(entries: &mut [Recorded], stream: Stream) {
    let mut rest = Bytes::from(stream.bytes);
    for number in stream.entries {
        if let Event::Bytes { data, .. } | Event::TlsBytes { data, .. } | Event::WsBytes { data, .. } =
            &mut entries[number].event
        {
            *data = rest.split_to(data.len());
        }
    }
}

impl Secrets {
    /// Notes every password of a recording.
    fn look_into(&mut self, recording: &Recording) {
        let mut found: BTreeSet<Vec<u8>> = BTreeSet::new();
        let mqtt = streams(recording, of_mqtt).into_iter();
        let layers = || [of_tls as Layer, of_websocket].into_iter().flat_map(|of| streams(recording, of));
        for ((_, direction), stream) in mqtt.chain(layers().filter(|(_, stream)| bare(&stream.bytes))) {
            if direction.from_client() {
                let spans = fields(&stream.bytes).into_iter();
                found.extend(spans.filter_map(|span| Some(stream.bytes.get(span)?.to_vec())));
            }
        }
        found.extend(streams(recording, of_websocket).into_values().flat_map(|stream| credentials(&stream.bytes)));
        for entry in &recording.entries {
            if let Event::Process { change: ProcessChange::Spawn { command, .. }, .. } = &entry.event {
                found.extend(passwords_of(command).map(|word| word.as_bytes().to_vec()));
            }
        }
        self.known.extend(found.into_iter().filter(|secret| secret.iter().any(|byte| *byte != b'*')));
    }

    /// Called when all are noted.
    fn ready(&mut self) -> Result<(), String> {
        let long = self.known.iter().filter(|secret| secret.len() >= EMBEDDED);
        let all: BTreeSet<_> = long.flat_map(|secret| spellings(secret)).collect();
        if !all.is_empty() {
            let searcher =
                AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(all.iter().map(|s| &s.text));
            self.searcher = Some(searcher.map_err(|error| format!("its passwords cannot be looked for: {error}"))?);
            self.around = all.iter().map(|spelling| spelling.around).collect();
        }
        Ok(())
    }

    /// Replaces passwords in a recording; answers how many. `Err`: why it would be no recording then.
    fn redact(&mut self, recording: &mut Recording) -> Result<u64, String> {
        let mut count = 0;
        for ((_, direction), mut stream) in streams(recording, of_mqtt) {
            count += self.packets(&mut stream.bytes, direction);
            put_back(&mut recording.entries, stream);
        }
        for ((_, direction), mut stream) in streams(recording, of_tls) {
            // What is not unwrapped is nobody's to read; what never was wrapped is.
            count += if bare(&stream.bytes) {
                self.packets(&mut stream.bytes, direction)
            } else {
                self.everywhere(&mut stream.bytes)
            };
            put_back(&mut recording.entries, stream);
        }
        for ((_, direction), mut stream) in streams(recording, of_websocket) {
            if bare(&stream.bytes) {
                count += self.packets(&mut stream.bytes, direction);
                put_back(&mut recording.entries, stream);
                continue;
            }
            count += self.frames(&mut stream.bytes, direction);
            put_back(&mut recording.entries, stream);
        }
        for entry in &mut recording.entries {
            let before = match &entry.event {
                Event::Context(context) => Some(context.scenario_text.clone()),
                _ => None,
            };
            count += self.event(&mut entry.event)?;
            if let (Some(before), Event::Context(context)) = (before, &entry.event)
                && before != context.scenario_text
            {
                let hash = crate::run_dir::hash(context.scenario_text.as_bytes());
                self.texts.insert(context.scenario.clone(), hash);
            }
        }
        Ok(count)
    }

    /// In the MQTT bytes of one direction.
    fn packets(&self, stream: &mut [u8], direction: Direction) -> u64 {
        let mut count = 0;
        if direction.from_client() {
            for span in fields(stream) {
                if let Some(field) = stream.get_mut(span).filter(|field| !field.is_empty()) {
                    field.fill(b'*');
                    count += 1;
                }
            }
        }
        count + self.everywhere(stream)
    }

    /// In the WebSocket bytes of one direction: its upgrade, and what its frames carry under their masks.
    fn frames(&self, stream: &mut [u8], direction: Direction) -> u64 {
        let mut count = 0;
        let head = match websocket::Reader::default().push(stream).into_iter().next() {
            Some(websocket::Item { length, what: websocket::What::Head(head), .. }) => {
                for field in head.fields.iter().filter(|f| HEADERS.iter().any(|h| f.name.eq_ignore_ascii_case(h))) {
                    let value = stream.get_mut(field.at..).unwrap_or_default();
                    let end = value.iter().position(|byte| b"\r\n".contains(byte)).unwrap_or(value.len());
                    value[..end].fill(b'*');
                    count += 1;
                }
                usize::try_from(length).unwrap_or(usize::MAX)
            }
            // No upgrade: no frames.
            _ => stream.len(),
        };
        count += self.everywhere(&mut stream[..head]);
        let (mut places, mut plain) = (Vec::new(), Vec::new());
        let mut at = head;
        while let Some((frame, mask)) = stream.get(at..).and_then(websocket::parse_header) {
            let begin = at + frame.header;
            let length = usize::try_from(frame.payload).unwrap_or(usize::MAX);
            let end = begin.saturating_add(length).min(stream.len());
            if !frame.is_control() {
                for (n, place) in (begin..end).enumerate() {
                    let mask = mask.map_or(0, |mask| mask[n % 4]);
                    places.push((place, mask));
                    plain.push(stream[place] ^ mask);
                }
            }
            at = end;
        }
        count += self.packets(&mut plain, direction);
        for ((place, mask), byte) in places.into_iter().zip(plain) {
            stream[place] = byte ^ mask;
        }
        count
    }

    /// In everything an event says.
    fn event(&self, event: &mut Event) -> Result<u64, String> {
        let mut count = 0;
        match event {
            Event::Bytes { .. } | Event::TlsBytes { .. } | Event::WsBytes { .. } => return Ok(0),
            Event::Process { change: ProcessChange::Spawn { command, .. }, .. } => {
                let words: Vec<String> = passwords_of(command).map(str::to_owned).collect();
                for word in command.iter_mut() {
                    for secret in &words {
                        let stands = word == secret || word.split_once('=').is_some_and(|(_, value)| value == secret);
                        if stands && !secret.is_empty() {
                            let at = word.len() - secret.len();
                            word.replace_range(at.., &"*".repeat(secret.len()));
                            count += 1;
                        }
                    }
                }
            }
            Event::Fault { packet, .. } => {
                if let Some(mut bytes) = unhex(packet) {
                    count += self.packets(&mut bytes, Direction::FromIut);
                    *packet = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                }
            }
            _ => {}
        }
        let mut value = serde_json::to_value(&*event).expect("events other than bytes serialize");
        let found = self.within(&mut value);
        if found > 0 {
            // An implementation chooses its passwords: one may be a word that recordings are made of.
            *event = serde_json::from_value(value).map_err(|_| {
                "a password is also a word of the recording itself, so it cannot be made unreadable".to_owned()
            })?;
        }
        Ok(count + found)
    }

    /// In every text of a JSON value.
    fn within(&self, value: &mut Value) -> u64 {
        match value {
            Value::String(text) => {
                let mut bytes = std::mem::take(text).into_bytes();
                let count = self.everywhere(&mut bytes);
                // Asterisks in the middle of a character leave no text; the password was none, then.
                *text = String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
                count
            }
            Value::Array(items) => items.iter_mut().map(|item| self.within(item)).sum(),
            Value::Object(members) => members.iter_mut().map(|(_, member)| self.within(member)).sum(),
            _ => 0,
        }
    }

    /// Wherever one stands that can be told from other words; answers how many.
    fn everywhere(&self, bytes: &mut [u8]) -> u64 {
        let Some(searcher) = &self.searcher else { return 0 };
        let found: Vec<_> = searcher.find_iter(&*bytes).map(|found| (found.pattern(), found.range())).collect();
        let count = found.len() as u64;
        for (pattern, mut range) in found {
            let (before, behind) = self.around.get(pattern.as_usize()).copied().unwrap_or_default();
            if before && range.start > 0 && is_base64(bytes[range.start - 1]) {
                range.start -= 1;
            }
            if behind && bytes.get(range.end).is_some_and(|byte| is_base64(*byte)) {
                range.end += 1;
            }
            bytes[range].fill(b'*');
        }
        count
    }
}

/// Which layer is looked at.
type Layer = fn(&Event) -> Option<(StreamId, &Bytes)>;

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchstone_fixtures::recording::Nanos;

    fn noted(password: &str) -> Secrets {
        let mut secrets = Secrets { known: [password.as_bytes().to_vec()].into(), ..Secrets::default() };
        secrets.ready().expect("it can be looked for");
        secrets
    }

    fn operator(prompt: &str) -> Event {
        Event::Operator { prompt: prompt.to_owned(), answer: None }
    }

    #[test]
    fn a_password_that_recordings_are_made_of_is_told() {
        let mut event = operator("say hunter2");
        assert_eq!(noted("hunter2").event(&mut event), Ok(1));
        assert_eq!(event, operator("say *******"));
        assert!(
            noted("operator").event(&mut event).expect_err("no event any more").contains("a word of the recording")
        );
    }

    /// A client that speaks MQTT where TLS or WebSocket is due tells its password all the same.
    #[test]
    fn what_was_never_wrapped_is_redacted() {
        let connect = Bytes::from_static(b"\x10\x1b\0\x04MQTT\x04\xc2\0\x3c\0\x01c\0\x01u\0\x09battery-5");
        let (conn, direction) = (ConnectionId(3), Direction::FromIut);
        let events = [
            Event::TlsBytes { conn, direction, data: connect.clone() },
            Event::WsBytes { conn, direction, data: connect.clone() },
            operator("it says battery-5, and YmF0dGVyeS01"),
        ];
        let entry = |(index, event)| Recorded { index: index as u64, frame: 1, at: Nanos(0), event };
        let entries = events.into_iter().enumerate().map(entry).collect();
        let mut recording = Recording { entries, truncated: false };
        let mut secrets = Secrets::default();
        secrets.look_into(&recording);
        secrets.ready().expect("it can be looked for");
        assert_eq!(secrets.redact(&mut recording), Ok(4));
        for entry in &recording.entries {
            match &entry.event {
                Event::TlsBytes { data, .. } | Event::WsBytes { data, .. } => {
                    assert_eq!(data.len(), connect.len());
                    assert!(data.ends_with(b"\0\x09*********"), "{data:?}");
                }
                event => assert_eq!(*event, operator("it says *********, and ************")),
            }
        }
    }

    /// Name and password stand in the head of an upgrade, and the password elsewhere.
    #[test]
    fn credentials_of_an_upgrade_are_redacted() {
        let head = "GET /mqtt HTTP/1.1\r\nHost: h\r\nauthorization: Basic dTpiYXR0ZXJ5LTU=\r\nCookie: a=b\r\n\r\n";
        let data = Bytes::from(head);
        let (conn, direction) = (ConnectionId(3), Direction::FromIut);
        let events = [Event::WsBytes { conn, direction, data }, operator("battery-5")];
        let entry = |(index, event)| Recorded { index: index as u64, frame: 1, at: Nanos(0), event };
        let mut recording =
            Recording { entries: events.into_iter().enumerate().map(entry).collect(), truncated: false };
        let mut secrets = Secrets::default();
        secrets.look_into(&recording);
        secrets.ready().expect("it can be looked for");
        secrets.redact(&mut recording).expect("it can be redacted");
        let Event::WsBytes { data, .. } = &recording.entries[0].event else { panic!("it was another") };
        let text = String::from_utf8_lossy(data);
        let (auth, cookie) = ("*".repeat("Basic dTpiYXR0ZXJ5LTU=".len()), "***");
        assert_eq!(text, format!("GET /mqtt HTTP/1.1\r\nHost: h\r\nauthorization: {auth}\r\nCookie: {cookie}\r\n\r\n"));
        assert_eq!(recording.entries[1].event, operator("*********"));
    }
}
