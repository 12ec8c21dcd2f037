//! Scenarios, and what happened in them.

use serde::{Deserialize, Serialize};

/// One scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Id.
    pub id: String,
    /// `completed`, `aborted` or `error`.
    pub status: String,
    /// Why it did not complete.
    pub reason: Option<String>,
    /// Duration in milliseconds, from the recording.
    pub duration_ms: u64,
    /// Title.
    pub title: String,
    /// Purpose.
    pub purpose: String,
    /// Requirements it exercises.
    pub exercises: Vec<String>,
    /// Folder of its evidence, relative to the report.
    pub evidence: String,
    /// Command that runs it again.
    pub rerun: String,
    /// Whether the implementation was started for it, and what it printed was kept beside the capture.
    #[serde(skip)]
    pub printed: bool,
    /// What happened, for tables and ladder diagrams; not part of report.json.
    #[serde(skip)]
    pub trace: Vec<TraceRow>,
    /// Rows of the trace that were left out for size.
    #[serde(skip)]
    pub trace_omitted: u64,
}

/// One row of a scenario's trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRow {
    /// Nanoseconds since the recording began.
    pub at: u64,
    /// Wireshark's frame number.
    pub frame: u32,
    /// What it is.
    pub what: TraceWhat,
}

/// What a trace row shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceWhat {
    /// A control packet.
    Packet(TracePacket),
    /// Anything else: connection opened or closed, process, step, window, fault.
    Note {
        /// `connection`, `process`, `step`, `window`, `fault`, `tester`.
        kind: String,
        /// One line for people.
        text: String,
    },
}

/// A control packet in a trace, ready to be shown: nothing here needs decoding, passwords are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracePacket {
    /// Connection, from 1.
    pub connection: u32,
    /// Position on it, from 1.
    pub packet: u32,
    /// `from-iut`, `to-iut`, `from-peer`, `to-peer`.
    pub direction: String,
    /// `PUBLISH`.
    pub name: String,
    /// One line: `oc2/rsp, QoS 1, id 7, 143 bytes`.
    pub summary: String,
    /// Its bytes, masked where secret, cut to a bounded length.
    pub bytes: Vec<u8>,
    /// Its full length in bytes.
    pub length: u32,
    /// Its fields, in wire order.
    pub fields: Vec<TraceField>,
    /// The payload as text, when it is text worth showing, cut to a bounded length.
    pub text: Option<String>,
    /// Name shared by a request and its responses, for joining them.
    pub exchange: Option<String>,
}

/// One named field of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceField {
    /// Name.
    pub name: String,
    /// Bytes, half-open.
    pub bytes: [u32; 2],
    /// Mask of bits within one byte, 0 for whole bytes.
    pub bits: u8,
    /// Value, for people.
    pub value: String,
}
