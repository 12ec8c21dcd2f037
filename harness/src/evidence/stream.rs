//! One direction of one connection: bytes back into control packets, with frame numbers and times.

use std::collections::VecDeque;
use touchstone_fixtures::recording::Nanos;
use touchstone_fixtures::wire::mqtt311::{ControlPacket, Frame, Framer, Sender, decode};

/// Nothing longer can be declared (2.2.3), and what is buffered is bounded by the capture itself.
const NO_LIMIT: u32 = 268_435_455;

/// Where a recorded chunk ends in its stream.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    end: u64,
    frame: u32,
    at: Nanos,
}

/// A packet and where it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub packet: ControlPacket,
    /// Offset of its first byte in the stream.
    pub start: u64,
    /// Offset one past its last byte.
    pub end: u64,
    /// Frame of its last byte.
    pub frame: u32,
    /// When its first byte was recorded.
    pub at: Nanos,
    /// When its last byte was recorded.
    pub end_at: Nanos,
}

/// Reassembles one direction.
#[derive(Debug)]
pub(super) struct Stream {
    sender: Sender,
    framer: Framer,
    chunks: VecDeque<Chunk>,
    received: u64,
    consumed: u64,
}

impl Stream {
    pub fn new(sender: Sender) -> Stream {
        Stream { sender, framer: Framer::new(NO_LIMIT), chunks: VecDeque::new(), received: 0, consumed: 0 }
    }

    pub fn push(&mut self, data: &[u8], frame: u32, at: Nanos) {
        self.framer.push(data);
        self.received += data.len() as u64;
        self.chunks.push_back(Chunk { end: self.received, frame, at });
    }

    /// Bytes seen so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The next complete packet. What cannot be framed comes once, as it stands.
    pub fn next(&mut self) -> Option<Found> {
        let raw = match self.framer.next_frame()? {
            Frame::Packet(raw) | Frame::Malformed(raw) | Frame::TooLarge { head: raw, .. } => raw,
        };
        let length = raw.len() as u64;
        Some(self.found(decode(raw, self.sender), length))
    }

    /// What is left when the connection is over: a packet that never became whole.
    pub fn rest(&mut self) -> Option<Found> {
        let rest = self.framer.rest();
        if rest.is_empty() {
            return None;
        }
        let raw = bytes::Bytes::copy_from_slice(rest);
        let length = raw.len() as u64;
        let mut packet = decode(raw, self.sender);
        packet.truncated = true;
        Some(self.found(packet, length))
    }

    fn found(&mut self, packet: ControlPacket, length: u64) -> Found {
        let start = self.consumed;
        let end = start + length;
        self.consumed = end;
        while self.chunks.front().is_some_and(|chunk| chunk.end <= start) {
            self.chunks.pop_front();
        }
        let first = self.chunks.front().copied();
        let last = self.chunks.iter().find(|chunk| chunk.end >= end).copied().or(first);
        let (at, (frame, end_at)) = match (first, last) {
            (Some(first), Some(last)) => (first.at, (last.frame, last.at)),
            _ => (Nanos(0), (0, Nanos(0))),
        };
        Found { packet, start, end, frame, at, end_at }
    }
}
