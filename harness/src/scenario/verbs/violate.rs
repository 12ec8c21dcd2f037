//! `violate`: bytes that no conforming server sends, on a connection of their own.
//!
//! Whoever meets a violation closes the connection, so one step is the whole life of one: the bytes are written, the
//! IUT gets the time to answer, and it is back and ready when the step is over.

use super::await_packet::margin;
use super::await_ready::AwaitReady;
use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::pattern::{hex, packet_type};
use crate::scenario::stage::{Ended, Stage};
use touchstone_fixtures::edge::faults::{Action, Match};
use touchstone_fixtures::recording::{ConnectionId, Party};
use touchstone_fixtures::wire::mqtt311::PacketType;

/// Breaks the protocol once.
#[derive(Clone, Debug)]
pub struct Violate {
    bytes: Vec<u8>,
    /// In place of the next packet of that type, on a new connection.
    instead_of: Option<PacketType>,
    /// Where the packet identifier of that packet goes.
    id_at: Option<usize>,
}

impl Violate {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Violate> {
        fields.required("hex", "\"d1 00\"")?;
        let bytes = hex(fields, "hex")?;
        let instead_of = match fields.has("packet") {
            true => Some(packet_type(fields)?),
            false => None,
        };
        let id_at = fields.integer("id_at", 0, 65_535).and_then(|n| usize::try_from(n.value).ok());
        if id_at.is_some() && instead_of.is_none() {
            fields.document.wrong(fields.key_span("id_at"), "`id_at` needs `packet`", "", None);
        }
        if let Some(at) = id_at.filter(|at| at.saturating_add(2) > bytes.len()) {
            let title = format!("`id_at` = {at} leaves no two bytes of `hex`");
            fields.document.wrong(fields.key_span("id_at"), title, "", None);
        }
        Some(Violate { bytes, instead_of, id_at })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let mark = stage.recorder.log().len();
        let startup = stage.iut.timing.startup;
        if let Some(packet_type) = self.instead_of {
            let what = Match { party: Party::Iut, from_client: false, packet_type, topic: None };
            let action = match self.id_at {
                Some(at) => Action::ReplaceKeepingId(self.bytes.clone(), at),
                None => Action::Replace(self.bytes.clone()),
            };
            if packet_type == PacketType::Suback {
                // Without a session the IUT subscribes again: now, and once more when it comes back.
                for _ in 0..2 {
                    let forget = stage.edge.faults().forget_session();
                    stage.take_back_later(forget);
                }
            }
            stage.arm_unlawful("replace", what, action);
            // It begins anew; one that is not connected does so by itself.
            stage.edge.faults().cut(Party::Iut).await;
        } else if !stage.edge.faults().inject("inject", Party::Iut, &self.bytes, false).await {
            return Ended::Failed("the implementation has no open connection".to_owned());
        }
        let deadline = stage.deadline(startup);
        let fired = match stage.wait(deadline, true, |view| view.violated_since(mark)).await {
            Ok(conn) => conn,
            Err(ended) => {
                let waited = || {
                    let name = self.instead_of.map_or("packet", PacketType::name);
                    format!(
                        "waited for the implementation to connect again and ask for the {name} that is to be replaced"
                    )
                };
                return stage.ended(Err(ended), waited);
            }
        };
        ends(stage, fired).await
    }
}

/// Waits until the IUT ends a connection on which it was sent what it has to end it for, cuts it if it does not, and waits
/// until the IUT is back.
pub(super) async fn ends(stage: &mut Stage<'_>, conn: ConnectionId) -> Ended {
    let deadline = stage.deadline(margin(stage.iut.timing.response));
    let closed = stage.wait(deadline, true, |view| (!view.is_open(conn)).then_some(())).await;
    let note = match closed {
        Ok(()) => "closed",
        Err(Ended::TimedOut(_)) => {
            // What comes next gets a connection of its own.
            stage.edge.faults().cut(Party::Iut).await;
            "not closed"
        }
        Err(ended) => return ended,
    };
    match (AwaitReady { within: None }).carry_out(stage).await {
        Ended::Done(_) => Ended::Done(note.to_owned()),
        ended => ended,
    }
}

impl Act for Violate {
    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
