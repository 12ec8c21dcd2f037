use super::onem2m::Primitive;
use super::openc2::Message;
use super::payload::Payload;
use super::{TlsSeen, WsSeen};
use crate::binding::{Binding, Part};
use crate::iut::{Pics, Role};
use std::sync::Arc;
use touchstone_fixtures::recording::{
    CloseHow, Closer, ConnectionId, Direction, FaultState, Nanos, ProcessChange, SessionChange, Tester, Tolerances,
    WindowState,
};
use touchstone_fixtures::wire::mqtt311::ControlPacket;

/// What checks may know besides the observations: the declarations and the tolerances of the recording.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What is tested against.
    pub binding: &'static Binding,
    /// Role under test.
    pub role: Role,
    /// What the vendor declares.
    pub pics: Pics,
    /// Tolerances, in nanoseconds, already scaled.
    pub tolerances: Tolerances,
    /// Whether every session of the IUT began within this recording.
    pub births_known: bool,
    /// The wall clock at the beginning of the recording, in nanoseconds since 1970.
    pub anchor_unix_nanos: u64,
    /// Scenario id.
    pub scenario: String,
    /// Seed of everything random in the scenario.
    pub seed: u64,
    /// The user name that the IUT was given, if it was given one.
    pub user_name: Option<String>,
}

impl Setting {
    /// What the harness has to know of the role.
    ///
    /// # Panics
    /// Never: no recording is judged whose role its binding does not have.
    pub fn part(&self) -> &'static Part {
        self.binding.part(self.role).expect("the role is one of the binding's")
    }
}

/// One control packet on a connection of the IUT.
#[derive(Clone, Debug)]
pub struct PacketSeen {
    /// The connection.
    pub conn: ConnectionId,
    /// Position on the connection, from 1, both directions counted together.
    pub ordinal: u32,
    /// Wireshark's number of the frame that holds its last byte.
    pub frame: u32,
    /// When its first byte was recorded.
    pub at: Nanos,
    /// When its last byte was recorded.
    pub end_at: Nanos,
    /// [`Direction::FromIut`] or [`Direction::ToIut`].
    pub direction: Direction,
    /// The packet, decoded strictly.
    pub packet: ControlPacket,
    /// The message of the binding's language in it: set for a PUBLISH whose topic is one of the binding's, or whose payload
    /// is recognisably such a message.
    pub payload: Option<Arc<Payload>>,
    /// For bytes to the IUT: written by a fault, past the core.
    pub injected: bool,
    /// For injected bytes: whether a conforming server may send them.
    pub lawful: bool,
}

impl PacketSeen {
    /// Whether the IUT sent it.
    pub fn from_iut(&self) -> bool {
        self.direction == Direction::FromIut
    }

    /// The OpenC2 message in it.
    pub fn message(&self) -> Option<&Message> {
        self.payload.as_ref().and_then(|payload| payload.openc2())
    }

    /// The oneM2M primitive in it.
    pub fn primitive(&self) -> Option<&Primitive> {
        self.payload.as_ref().and_then(|payload| payload.onem2m())
    }

    /// What a response repeats of its request.
    pub fn correlation(&self) -> Option<&str> {
        self.payload.as_ref().and_then(|payload| payload.facts().correlation())
    }

    /// The topic of a PUBLISH, made fit to be shown.
    pub fn topic(&self) -> String {
        self.packet
            .publish()
            .and_then(|publish| publish.topic.as_ref())
            .map(|topic| topic.display())
            .unwrap_or_default()
    }
}

/// How far a request travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The IUT acknowledged it, or its connection lived on through the quiet window.
    Delivered,
    /// The connection ended too soon, or the recording did: it obliges nobody.
    Unknown,
}

/// What silence after a request is worth.
#[derive(Clone, Debug)]
pub enum Silence {
    /// There was an answer.
    Answered,
    /// No answer, and the IUT acknowledged or answered a later command after the time to answer had passed.
    Proven {
        /// The packet that shows it was alive and listening: its acknowledgement of the later command, or its answer.
        sentinel: Arc<PacketSeen>,
        /// Whether a later command was not only acknowledged but answered: a Consumer that must ignore a message
        /// is shown to have ignored it only then.
        answered: bool,
    },
    /// No answer so far, and nothing that proves there will be none.
    Open,
}

/// One response of the IUT within an exchange.
#[derive(Clone, Debug)]
pub struct ResponseSeen {
    /// The PUBLISH; its `payload` is set.
    pub packet: Arc<PacketSeen>,
    /// Whether it repeats an earlier PUBLISH (DUP=1, same packet id).
    pub redelivery: bool,
    /// Whether it is an earlier response once more: a redelivery, or the same content on a later connection, where no
    /// acknowledgement of the earlier one had arrived.
    pub resent: bool,
}

/// A request delivered to the IUT, and its responses.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The PUBLISH to the IUT, first copy; its `payload` is set.
    pub request: Arc<PacketSeen>,
    /// Name captured by the scenario, if any.
    pub name: Option<String>,
    /// What responses repeat of the request.
    pub request_id: Option<String>,
    /// How many times it was sent to the IUT (redeliveries included).
    pub copies: u32,
    /// Whether it got there.
    pub delivery: Delivery,
    /// Responses with its `request_id`, in order. Peers' and foreign responses never appear here.
    pub responses: Vec<ResponseSeen>,
    /// What the absence of a response is worth.
    pub silence: Silence,
    /// Whether the IUT's process ended, without being asked to, before it answered.
    pub died: bool,
}

impl Exchange {
    /// The request's OpenC2 message.
    pub fn message(&self) -> Option<&Message> {
        self.request.message()
    }

    /// What the request is, in a few words.
    pub fn words(&self) -> String {
        self.request.payload.as_ref().map(|payload| payload.facts().words().join(" ")).unwrap_or_default()
    }

    /// Responses that are not redeliveries.
    pub fn distinct(&self) -> impl Iterator<Item = &ResponseSeen> {
        self.responses.iter().filter(|r| !r.redelivery)
    }

    /// The first response that is not an interim one.
    pub fn final_response(&self) -> Option<&ResponseSeen> {
        self.distinct().find(|r| r.packet.payload.as_ref().is_some_and(|payload| payload.facts().is_final()))
    }
}

/// What checks see, in recording order.
#[derive(Clone, Debug)]
pub enum Observation {
    /// The IUT opened a connection.
    Opened {
        /// The connection.
        conn: ConnectionId,
        /// When.
        at: Nanos,
        /// Wireshark's frame number.
        frame: u32,
    },
    /// The TLS layer of a connection of the IUT.
    Tls(Arc<TlsSeen>),
    /// The WebSocket layer of a connection of the IUT. What its frames hold comes before them where the edge sent it,
    /// after them where the IUT did.
    WebSocket(Arc<WsSeen>),
    /// A control packet, either direction, of a connection of the IUT.
    Packet(Arc<PacketSeen>),
    /// A packet to the IUT counts as delivered: its connection lived on through the quiet window, or the
    /// IUT acknowledged it. Comes after its `Packet`.
    Delivered(Arc<PacketSeen>),
    /// A response of the IUT whose `request_id` belongs to no request delivered to it.
    Stray(Arc<PacketSeen>),
    /// A connection of the IUT ended. Packets to the IUT without a `Delivered` before this never get one.
    Closed {
        /// The connection.
        conn: ConnectionId,
        /// When.
        at: Nanos,
        /// Who ended it.
        by: Closer,
        /// In which way.
        how: CloseHow,
        /// Why, for people.
        reason: String,
    },
    /// Its process changed state.
    Process {
        /// Which start of the IUT, from 1.
        instance: u32,
        /// What happened.
        change: ProcessChange,
        /// Bytes kept so far of its standard output or error, whichever is longer.
        kept: u64,
        /// When.
        at: Nanos,
        /// Wireshark's frame number.
        frame: u32,
    },
    /// The edge's session state for the IUT changed.
    Session {
        /// The connection.
        conn: ConnectionId,
        /// What happened.
        change: SessionChange,
    },
    /// A fault changed state.
    Fault {
        /// Its number.
        id: u32,
        /// Its kind.
        name: String,
        /// Armed, fired, disarmed.
        state: FaultState,
        /// The connection it fired on.
        conn: Option<ConnectionId>,
        /// Whether a conforming server may do this.
        lawful: bool,
        /// When.
        at: Nanos,
    },
    /// A window of silence.
    Window {
        /// Its name.
        name: String,
        /// Opened or closed.
        state: WindowState,
        /// When.
        at: Nanos,
    },
    /// The IUT was told to do something, and whatever takes that for it accepted. It may have begun with it before.
    Stimulated {
        /// What it was told: one line of JSON.
        line: String,
        /// When that was accepted.
        at: Nanos,
        /// Wireshark's frame number.
        frame: u32,
    },
    /// The test system about itself.
    Tester {
        /// What it says.
        about: Tester,
        /// When.
        at: Nanos,
    },
    /// An exchange, with everything that will ever be known of it. All come right before `End`, in the order
    /// of their requests.
    Exchange(Arc<Exchange>),
    /// The recording is over.
    End {
        /// When.
        at: Nanos,
        /// False when it was aborted, or the file is cut off.
        complete: bool,
    },
}
