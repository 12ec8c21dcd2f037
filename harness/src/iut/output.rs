//! Standard output and error of the IUT: kept up to a cap, always drained.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use touchstone_fixtures::recording::Recorder;

/// Largest iut.out or iut.err, in bytes.
pub const CAP: u64 = 16 * 1024 * 1024;

/// Where a process's output and events go. Can be pointed elsewhere while it runs: one process may serve several
/// scenarios. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sink {
    inner: Arc<Mutex<Target>>,
}

#[derive(Debug)]
struct Target {
    recorder: Recorder,
    files: [Capped; 2],
    /// A text that is waited for, until it has come.
    awaited: Option<Awaited>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Out = 0,
    Err = 1,
}

impl Sink {
    /// Appends to iut.out and iut.err in `folder`; events go to `recorder`.
    ///
    /// # Errors
    /// When a file cannot be opened.
    pub fn open(recorder: Recorder, folder: &Path) -> io::Result<Sink> {
        Sink::with_cap(recorder, folder, CAP)
    }

    pub(super) fn with_cap(recorder: Recorder, folder: &Path, cap: u64) -> io::Result<Sink> {
        let files = [Capped::open(&folder.join("iut.out"), cap)?, Capped::open(&folder.join("iut.err"), cap)?];
        Ok(Sink { inner: Arc::new(Mutex::new(Target { recorder, files, awaited: None })) })
    }

    /// From now on, everything goes where `other` goes.
    pub fn follow(&self, other: Sink) {
        let target = match Arc::try_unwrap(other.inner) {
            Ok(target) => target.into_inner().unwrap_or_else(PoisonError::into_inner),
            // Somebody else holds it as well: nothing is redirected, and nothing is lost.
            Err(_) => return,
        };
        *self.target() = target;
    }

    pub(super) fn write(&self, stream: Stream, data: &[u8]) {
        let mut target = self.target();
        target.files[stream as usize].write(data);
        if target.awaited.as_mut().is_some_and(|awaited| awaited.came(stream, data)) {
            target.awaited = None;
        }
    }

    /// Whether that text comes on either stream from now on. Nothing else is waited for any more.
    pub fn expect(&self, text: &str) -> watch::Receiver<bool> {
        let (said, heard) = watch::channel(text.is_empty());
        self.target().awaited = Some(Awaited { text: text.as_bytes().to_vec(), last: Default::default(), said });
        heard
    }

    /// The recorder, and how many bytes stand in iut.out and iut.err.
    pub(super) fn state(&self) -> (Recorder, u64, u64) {
        let target = self.target();
        (target.recorder.clone(), target.files[0].written, target.files[1].written)
    }

    fn target(&self) -> std::sync::MutexGuard<'_, Target> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text that an implementation writes when it can be asked.
#[derive(Debug)]
struct Awaited {
    text: Vec<u8>,
    /// The end of each stream so far, shorter than the text.
    last: [Vec<u8>; 2],
    said: watch::Sender<bool>,
}

impl Awaited {
    fn came(&mut self, stream: Stream, data: &[u8]) -> bool {
        let last = &mut self.last[stream as usize];
        last.extend_from_slice(data);
        if last.windows(self.text.len().max(1)).any(|part| part == self.text) {
            self.said.send_replace(true);
            return true;
        }
        let kept = self.text.len().saturating_sub(1);
        last.drain(..last.len().saturating_sub(kept));
        false
    }
}

#[derive(Debug)]
struct Capped {
    file: File,
    written: u64,
    cap: u64,
    full: bool,
}

impl Capped {
    fn open(path: &Path, cap: u64) -> io::Result<Capped> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let written = file.metadata()?.len();
        Ok(Capped { file, written, cap, full: written > cap })
    }

    fn write(&mut self, data: &[u8]) {
        if self.full {
            return;
        }
        let room = usize::try_from(self.cap.saturating_sub(self.written)).unwrap_or(usize::MAX);
        let part = &data[..data.len().min(room)];
        // A full disk shows in the recording, whose own writes fail too; here the output is only cut.
        let kept = self.file.write_all(part).is_ok();
        self.written += part.len() as u64;
        if !kept || part.len() < data.len() {
            self.full = true;
            let note = format!("\n[touchstone: cut after {} bytes]\n", self.written);
            if self.file.write_all(note.as_bytes()).is_ok() {
                self.written += note.len() as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchstone_fixtures::recording::Limits;

    #[test]
    fn output_is_cut_at_the_cap_and_says_so() {
        let folder = tempfile::tempdir().expect("directory");
        let sink = Sink::with_cap(Recorder::in_memory(Limits::default()), folder.path(), 10).expect("opened");
        sink.write(Stream::Out, b"12345678");
        sink.write(Stream::Out, b"12345678");
        sink.write(Stream::Out, b"more");
        let text = std::fs::read_to_string(folder.path().join("iut.out")).expect("read");
        assert_eq!(text, "1234567812\n[touchstone: cut after 10 bytes]\n");
        assert_eq!(sink.state().1, text.len() as u64);
    }

    #[test]
    fn a_text_is_heard_in_pieces_too_and_on_one_stream() {
        let folder = tempfile::tempdir().expect("directory");
        let sink = Sink::open(Recorder::in_memory(Limits::default()), folder.path()).expect("opened");
        sink.write(Stream::Out, b"CSE started");
        let heard = sink.expect("CSE started");
        for (stream, data) in
            [(Stream::Out, "... CSE st"), (Stream::Err, "arted"), (Stream::Err, " CSE"), (Stream::Out, "arte")]
        {
            sink.write(stream, data.as_bytes());
            assert!(!*heard.borrow(), "{data}");
        }
        sink.write(Stream::Out, b"d CSE starte");
        assert!(*heard.borrow());
        assert!(sink.target().awaited.is_none());
        let heard = sink.expect("d");
        sink.write(Stream::Err, b"abcdef");
        assert!(*heard.borrow());
    }
}
