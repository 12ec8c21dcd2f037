//! The WebSocket layer of a connection of the IUT, both ways.

use touchstone_fixtures::recording::{ConnectionId, Direction, Nanos};
use touchstone_fixtures::wire::websocket::{Frame, Head, Item, What};

/// One item of the WebSocket layer: the head of the upgrade, or a frame. Bytes are counted from its first.
#[derive(Clone, Debug)]
pub struct WsSeen {
    /// The connection.
    pub conn: ConnectionId,
    /// When its last byte was recorded.
    pub at: Nanos,
    /// Wireshark's number of the frame that holds its last byte.
    pub frame: u32,
    /// [`Direction::FromIut`] or [`Direction::ToIut`].
    pub direction: Direction,
    /// What it is.
    pub item: Item,
}

impl WsSeen {
    /// Whether the IUT sent it.
    pub fn from_iut(&self) -> bool {
        self.direction == Direction::FromIut
    }

    /// The frame, if it is one.
    pub fn as_frame(&self) -> Option<&Frame> {
        match &self.item.what {
            What::Frame(frame) => Some(frame),
            _ => None,
        }
    }

    /// The head of the upgrade, if it is that.
    pub fn as_head(&self) -> Option<&Head> {
        match &self.item.what {
            What::Head(head) => Some(head),
            _ => None,
        }
    }
}
