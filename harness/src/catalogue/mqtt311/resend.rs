//! What copies of a PUBLISH or PUBREL, and copies that did not come, say: as [`Resends`] tells it, and as requirements rule on it.

use super::resends::Resends;
use crate::evidence::{PacketSeen, Setting};
use crate::judge::{Check, Deviation, Ruling, Witness};
use touchstone_fixtures::recording::ConnectionId;

/// A PUBLISH of the IUT above QoS 0, as it was first seen.
#[derive(Clone, Debug)]
pub(super) struct First {
    /// Where it stands.
    pub witness: Witness,
    /// Its connection.
    pub conn: ConnectionId,
    /// Its position there.
    pub ordinal: u32,
    /// Its identifier.
    pub id: u16,
    /// Its QoS.
    pub qos: u8,
    /// Whether it carries a message of the binding.
    pub message: bool,
    /// Whether its PUBREL was sent: then that is what is owed.
    pub released: bool,
}

impl First {
    /// Where it stands, for people.
    pub fn place(&self) -> String {
        format!("packet {} of connection {}", self.ordinal, self.conn)
    }
}

/// Where a copy stands among those of its connection.
pub(super) enum Place {
    /// It is the first, or its place says nothing.
    Alone,
    /// After those that were first sent before it.
    InOrder,
    /// After this one, which was first sent later.
    After(First),
}

/// A copy under an identifier that is not the original one.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    pub witness: Witness,
    pub id: u16,
    pub dup: bool,
}

/// What an observation means for what is sent again.
pub(super) enum Resend<'a> {
    /// A PUBLISH came again under its identifier.
    Again {
        packet: &'a PacketSeen,
        first: First,
        dup: bool,
        /// Whether it came on another connection than before, to the same session.
        resumed: bool,
        place: Place,
    },
    /// A PUBREL came again, on another connection, to the same session.
    Pubrel { packet: &'a PacketSeen, first: First },
    /// A PUBLISH came again though its PUBREL had been sent.
    AfterPubrel { packet: &'a PacketSeen, first: First },
    /// A PUBLISH of a session came again under another ClientId.
    OtherClient { packet: &'a PacketSeen, first: First },
    /// Something of an earlier session came again after Clean Session 1 had ended it.
    Discarded { packet: &'a PacketSeen, first: First },
    /// A connection with Clean Session 1 took nothing of the earlier session.
    Renewed { connect: Witness },
    /// What came again before its CONNACK was indeed for the same session.
    Early { copy: Witness, first: First },
    /// What is owed did not come again in `lived` nanoseconds, `granted` being granted.
    Missing { first: First, moved: Option<Moved>, lived: u64, granted: u64, births_known: bool },
    /// The connection ended before that could be told.
    CutShort { first: First, lived: u64 },
    /// More than can be followed.
    Overflow(&'a PacketSeen),
}

/// Decides what a [`Resend`] is worth.
pub(super) type Judge = fn(&Resend<'_>, &Setting) -> Option<(Witness, Ruling)>;

/// A place where copies of something are judged by whether they came.
pub(super) fn came_again(resend: &Resend<'_>, of: impl Fn(&First) -> bool) -> Option<(Witness, Ruling)> {
    match resend {
        Resend::Again { packet, first, resumed: true, .. } | Resend::Pubrel { packet, first } if of(first) => {
            Some((Witness::packet(packet), Ruling::Met))
        }
        Resend::Early { copy, first } if of(first) => Some((copy.clone(), Ruling::Met)),
        Resend::Missing { first, moved, lived, granted, births_known } if of(first) => {
            let name = if first.released { "PUBREL" } else { "PUBLISH" };
            let ruling = if *births_known {
                Ruling::Broken(Deviation {
                    witness: None,
                    said: format!(
                        "{name} with packet identifier {} not acknowledged, and not sent again after the reconnect",
                        first.id
                    ),
                    expected: format!("the {name} again, with packet identifier {}", first.id),
                    actual: match moved {
                        Some(moved) => format!("the same content with packet identifier {}", moved.id),
                        None => format!("none in {} ms ({} ms are granted)", lived / 1_000_000, granted / 1_000_000),
                    },
                })
            } else {
                Ruling::Undecided(format!(
                    "{name} with packet identifier {} not sent again after the reconnect; the implementation may have \
                     been started anew unseen",
                    first.id
                ))
            };
            Some((first.witness.clone(), ruling))
        }
        Resend::CutShort { first, lived } if of(first) => {
            let why = format!(
                "packet identifier {} was not sent again in the {} ms before the connection ended, or while the IUT waited",
                first.id,
                lived / 1_000_000
            );
            Some((first.witness.clone(), Ruling::CutShort(why)))
        }
        Resend::Overflow(p) => Some((Witness::packet(p), overflow())),
        _ => None,
    }
}

/// Rules on the DUP bit of what came again, `of` interest.
pub(super) fn has_dup(resend: &Resend<'_>, of: impl Fn(&First) -> bool) -> Option<(Witness, Ruling)> {
    match resend {
        Resend::Again { packet, first, dup: true, .. } if of(first) => Some((Witness::packet(packet), Ruling::Met)),
        Resend::Again { packet, first, dup: false, .. } if of(first) => {
            let ruling = Ruling::broken_bits(
                packet,
                0,
                0x08,
                format!("PUBLISH with packet identifier {} sent again with DUP=0", first.id),
                "DUP 1",
                format!("DUP 0, though {} holds the first copy", first.place()),
            );
            Some((Witness::packet(packet), ruling))
        }
        Resend::Overflow(p) => Some((Witness::packet(p), overflow())),
        _ => None,
    }
}

/// A check of the DUP bit on messages of the binding that come again, for the catalogues of bindings.
pub(in crate::catalogue) fn copies_of_messages() -> Box<dyn Check> {
    Resends::check(|resend, _| has_dup(resend, |first| first.message))
}

pub(super) fn overflow() -> Ruling {
    Ruling::Undecided(
        "the IUT used more client identifiers, connections or packet identifiers than can be followed".to_owned(),
    )
}
