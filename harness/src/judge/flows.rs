//! What a vendor declares of QoS, held against the packets: who declares to keep away from deliveries above QoS 0 owes
//! nothing about them, unless a recording shows that it does not.

use super::{JudgedScenario, Witness};
use crate::binding::Binding;
use crate::catalogue::{Flow, Requirement};
use crate::evidence::{Evidence, Observation};
use crate::iut::Pics;
use std::collections::BTreeMap;
use touchstone_fixtures::wire::mqtt311::Body;

/// The first packet of a recording by which the implementation took part, for each [`Flow`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowsSeen(BTreeMap<Flow, Witness>);

impl FlowsSeen {
    /// What it published and subscribed to.
    pub(super) fn of(evidence: &Evidence) -> FlowsSeen {
        let mut seen = FlowsSeen::default();
        for observation in &evidence.observations {
            let Observation::Packet(p) = observation else { continue };
            if !p.from_iut() {
                continue;
            }
            let (published, qos) = match &p.packet.body {
                Body::Publish(publish) if publish.qos <= 2 => (true, publish.qos),
                Body::Subscribe(subscribe) => {
                    let asked = subscribe.subscriptions.iter().filter_map(|s| s.requested_qos.as_ref());
                    (false, asked.map(|qos| qos.value).filter(|qos| *qos <= 2).max().unwrap_or(0))
                }
                _ => continue,
            };
            for flow in Flow::ALL.into_iter().filter(|flow| flow.shown_by(published, qos)) {
                seen.0.entry(flow).or_insert_with(|| Witness::packet(p));
            }
        }
        seen
    }
}

/// What the declarations say of a requirement's flows.
pub(super) enum Involvement {
    /// It has a part in one of them, or does not say.
    Has,
    /// It declares to have none, and no packet shows one; why the requirement binds others only.
    HasNone(String),
    /// It declares to have none, and a packet of that scenario shows one; what that is.
    HasAfterAll(usize, Witness, String),
}

/// The part that an implementation has in what a requirement is about.
pub(super) fn involvement(
    pics: &Pics,
    binding: &Binding,
    requirement: &Requirement,
    scenarios: &[JudgedScenario],
) -> Involvement {
    let away = |flow: &Flow| flow.declared_away(pics, binding);
    let Some(declared) = requirement.flows.iter().map(away).collect::<Option<Vec<_>>>().filter(|d| !d.is_empty())
    else {
        return Involvement::Has;
    };
    for flow in requirement.flows {
        for scenario in scenarios {
            if let Some(witness) = scenario.flows.0.get(flow) {
                let declared = flow.declared_away(pics, binding).unwrap_or_default();
                let said =
                    format!("The IUT file declares `{declared}`, but it {} here: this applies after all", flow.words());
                return Involvement::HasAfterAll(scenario.index, witness.clone(), said);
            }
        }
    }
    let words: Vec<&str> = requirement.flows.iter().map(|flow| flow.words()).collect();
    let declared: Vec<String> = declared.into_iter().map(|declared| format!("`{declared}`")).collect();
    Involvement::HasNone(format!(
        "applies only to who {}; the IUT file declares {}",
        words.join(" or "),
        declared.join(" and ")
    ))
}
