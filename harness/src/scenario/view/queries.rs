//! What waits ask for.

use super::{Answer, Command, Died, Readiness, Seen, Settled, View, since};
use touchstone_fixtures::recording::{ConnectionId, Nanos};

impl View {
    /// Packets of the IUT recorded at or after `mark`.
    pub fn packets_since(&self, mark: u64) -> impl Iterator<Item = &Seen> {
        self.packets.iter().filter(move |seen| seen.index >= mark)
    }

    /// Packet identifiers of the newest PUBLISHes of the IUT at that QoS, oldest first; at most 64.
    pub fn published(&self, qos: u8) -> Vec<u16> {
        self.published.iter().filter(|(of, _)| *of == qos).map(|(_, id)| *id).collect()
    }

    /// Whether a connection was opened at or after `mark`.
    pub fn opened_since(&self, conn: ConnectionId, mark: u64) -> bool {
        self.connections.get(&conn).is_some_and(|c| c.opened >= mark)
    }

    pub fn opens_since(&self, mark: u64) -> u64 {
        since(&self.opens, mark)
    }

    pub fn closes_since(&self, mark: u64) -> u64 {
        since(&self.closes, mark)
    }

    /// Whether the test system was late at or after `mark`, so that times taken there may be blurred.
    pub fn lagged_since(&self, mark: u64) -> bool {
        self.lagged.is_some_and(|at| at >= mark)
    }

    /// Packets withheld since `withhold` was last armed.
    pub fn withheld(&self) -> u64 {
        self.withheld
    }

    pub fn exits_since(&self, mark: u64) -> u64 {
        since(&self.exits, mark)
    }

    /// What the IUT made of the server on a connection opened at or after `mark`, as soon as it did.
    pub fn settled_since(&self, mark: u64) -> Option<Settled> {
        self.connections.values().filter(|c| c.opened >= mark).find_map(|c| c.settled)
    }

    /// Responses to a request that was announced with [`View::ask`].
    pub fn answers(&self, request_id: &str) -> &[Answer] {
        self.asked.get(request_id).map_or(&[], Vec::as_slice)
    }

    /// Commands that the IUT sent at or after `mark`.
    pub fn commands_since(&self, mark: u64) -> impl Iterator<Item = &Command> {
        self.commands.iter().filter(move |command| command.index >= mark)
    }

    /// Whether the process is to be given time to warm up: once after each start.
    pub fn warms_up(&mut self) -> bool {
        std::mem::take(&mut self.cold)
    }

    /// Whether a message went to the IUT after the last command it sent.
    pub fn delivered_last(&self) -> bool {
        self.delivered > self.commands.back().map_or(0, |command| command.index)
    }

    /// Whether it has ended a connection with Clean Session 1 in order, at or after `mark`.
    pub fn left_since(&self, mark: u64) -> bool {
        self.left.is_some_and(|at| at >= mark)
    }

    /// When a message last went either way.
    pub fn published_at(&self) -> Option<Nanos> {
        self.published_at
    }

    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// How the process ended unasked, since it was last started.
    pub fn died(&self) -> Option<&Died> {
        self.died.as_ref()
    }

    /// Whether the IUT owes an acknowledgement on an open connection.
    pub fn owes_acknowledgement(&self) -> bool {
        self.connections.values().any(|connection| connection.open && !connection.unacknowledged.is_empty())
    }

    /// The connection on which a fault that no conforming server causes fired at or after `mark`.
    pub fn violated_since(&self, mark: u64) -> Option<ConnectionId> {
        self.violated.filter(|(index, _)| *index >= mark).map(|(_, conn)| conn)
    }

    /// Whether that connection of the IUT is open.
    pub fn is_open(&self, conn: ConnectionId) -> bool {
        self.connections.get(&conn).is_some_and(|connection| connection.open)
    }

    /// Whether the IUT has an open connection.
    pub fn connected(&self) -> bool {
        self.connections.values().any(|c| c.open)
    }

    /// When bytes last went to the IUT.
    pub fn last_to_iut(&self) -> Option<Nanos> {
        self.last_to_iut
    }
}
