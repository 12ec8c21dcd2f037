//! What is remembered of the IUT.

use crate::iut::Serialization;
use std::collections::BTreeSet;
use std::sync::Arc;
use touchstone_fixtures::recording::{ConnectionId, Nanos};
use touchstone_fixtures::wire::mqtt311::ControlPacket;

/// A packet of the IUT.
#[derive(Debug)]
pub(in crate::scenario) struct Seen {
    pub index: u64,
    pub conn: ConnectionId,
    pub packet: ControlPacket,
    /// A PUBLISH under a packet identifier that one of the IUT had before.
    pub again: bool,
}

/// A response of the IUT to a request of ours.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Answer {
    /// Its status, when it can be read.
    pub status: Option<i128>,
    /// What later steps may need to know of it, by name.
    pub learned: Vec<(&'static str, String)>,
}

/// A command that the IUT sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scenario) struct Command {
    pub(super) index: u64,
    pub(super) topic: String,
    /// Its payload; empty when that is not worth keeping.
    pub(super) payload: Arc<[u8]>,
    /// Its `request_id`, when it can be read.
    pub request_id: Option<String>,
    /// Serialization it was sent in; JSON when it cannot be told.
    pub serialization: Serialization,
}

impl Command {
    /// One on that topic, with that payload.
    #[cfg(test)]
    pub fn of(topic: &str, payload: &[u8]) -> Command {
        let (index, topic, payload) = (0, topic.to_owned(), payload.into());
        Command { index, topic, payload, request_id: None, serialization: Serialization::Json }
    }

    /// The topic it came on.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Its payload; empty when it was longer than anything that is worth answering.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// How far the IUT got with its newest connection.
#[derive(Clone, Debug, Default)]
pub(in crate::scenario) struct Readiness {
    /// It is open, and its CONNECT was accepted.
    pub accepted: bool,
    /// Filters the session holds.
    pub granted: BTreeSet<String>,
    /// When it last sent or was sent something that matters to a session.
    pub last: Nanos,
    /// When it last sent a SUBSCRIBE or was sent a CONNACK.
    pub subscribed_at: Option<Nanos>,
    /// Keep alive of its CONNECT, in seconds.
    pub keep_alive: Option<u16>,
}

/// How the IUT's process ended by itself.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Died {
    /// In words.
    pub how: String,
}

/// What the IUT made of the server on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario) enum Settled {
    /// It sent an alert, went on, or sent a packet.
    Said,
    /// The connection was closed before any of that.
    Closed,
}
