//! `cut`: the IUT's connection is reset.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::scenario::model::Key;
use crate::scenario::pattern::{End, end, flow, packet_type};
use crate::scenario::stage::{Ended, Stage};
use touchstone_fixtures::edge::faults::{Action, Match};
use touchstone_fixtures::recording::Party;
use touchstone_fixtures::wire::mqtt311::PacketType;

/// Cuts now, or at the next such packet.
#[derive(Clone, Debug)]
pub struct Cut {
    at: Option<(PacketType, End)>,
    after: bool,
}

impl Cut {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Cut> {
        let after = fields.boolean("after");
        if !fields.has("packet") {
            for key in ["from", "after"] {
                if fields.has(key) {
                    let help = Some("name a `packet`, or remove it: without one the cut comes at once".to_owned());
                    fields.document.wrong(fields.key_span(key), format!("`{key}` needs `packet`"), "", help);
                }
            }
            return Some(Cut { at: None, after: false });
        }
        let packet = packet_type(fields);
        let from = end(fields);
        Some(Cut { at: Some((packet?, from?)), after: after.is_some_and(|a| a.value) })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let Some((packet_type, from)) = self.at else {
            return match stage.edge.faults().cut(Party::Iut).await {
                true => Ended::Done(String::new()),
                false => Ended::Failed("the implementation has no open connection".to_owned()),
            };
        };
        let what = Match { party: Party::Iut, from_client: from == End::Iut, packet_type, topic: None };
        stage.arm("cut", what, if self.after { Action::CutAfter } else { Action::Cut }, 1);
        Ended::Done(String::new())
    }
}

impl Act for Cut {
    fn needs(&self) -> Vec<Key> {
        self.at.and_then(|(packet, from)| flow(packet, from)).into_iter().collect()
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
