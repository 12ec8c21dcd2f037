//! Tiny recordings told in a few words: the examples of requirements.
use touchstone_fixtures::recording::{ConnectionId, Direction, Recorder};

/// Builds a recording on a clock that stands still unless told to move. The IUT is a Consumer with
/// device id `zulu`, profiles `alpha` and `iota`, identity `zulu` unless the PICS is changed.
pub struct Sketch {
    /// Where it all goes.
    pub recorder: Recorder,
    /// The connection that `iut` and `edge` speak on; [`Sketch::open`] makes a new one.
    pub conn: ConnectionId,
    /// What the example's IUT declares.
    pub pics: crate::iut::Pics,
}

impl Sketch {
    /// Raw bytes from the IUT.
    pub fn iut(&mut self, bytes: &[u8]) {
        self.recorder.bytes(self.conn, Direction::FromIut, bytes);
    }

    /// Raw bytes to the IUT.
    pub fn edge(&mut self, bytes: &[u8]) {
        self.recorder.bytes(self.conn, Direction::ToIut, bytes);
    }
}
