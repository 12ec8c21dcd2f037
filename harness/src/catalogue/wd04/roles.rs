//! Who publishes what (2.1).

use super::support::{sent, subscriptions};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::ContentKind;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Observation, PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::mqtt311::build;

fn no_message(s: &mut Sketch) {
    s.ready();
    s.iut(build::publish("weather", 0, 0, "rain"));
}

/// A Producer that publishes nothing of OpenC2's.
fn nothing_commanded(s: &mut Sketch) {
    s.ready_producer();
    s.iut(build::publish("weather", 0, 0, "rain"));
}

fn query() -> Vec<u8> {
    Sketch::request_payload("r1", json!({"action": "query", "target": {"features": []}}))
}

requirement! {
    /// A Consumer publishes responses and subscribes to requests, a Producer the reverse.
    ///
    /// # Interpretation
    /// A client that is subscribed to `oc2/rsp` is a Producer, too, and may publish requests.
    ///
    /// # Judged
    /// On every PUBLISH of a Consumer with an OpenC2 message whose content can be read: broken by a request of a
    /// client that has not subscribed to responses. Where sessions may be older than the recording, such a request
    /// decides nothing.
    ROLE_CONSUMER {
        id: "wd04/role-consumer",
        rows: &["W4-050"],
        clause: "2.1",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| part(Role::Consumer)),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("r1", json!([]));
                s.respond("r1", json!({"status": 200}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("r1", json!([]));
                s.iut(build::publish("oc2/rsp", 1, 9, query()));
            }],
            silent: &[no_message, |s| {
                s.ready();
                s.subscribe(&[("oc2/rsp", 1)]);
                s.send_raw("oc2/cmd/device/yankee", query());
            }],
        },
    }
}

requirement! {
    /// A Producer publishes requests and subscribes to responses.
    ///
    /// # Interpretation
    /// A client that is subscribed to command topics is a Consumer, too, and may publish responses.
    ///
    /// # Judged
    /// On every PUBLISH of a Producer with an OpenC2 message whose content can be read: broken by a response of a
    /// client that has not subscribed to commands. Where sessions may be older than the recording, such a response
    /// decides nothing.
    ROLE_PRODUCER {
        id: "wd04/role-producer",
        rows: &["W4-050"],
        clause: "2.1",
        level: Level::Guidance,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| part(Role::Producer)),
        examples: Examples {
            conforming: &[|s| {
                s.ready_producer();
                s.send_raw("oc2/cmd/all", query());
            }],
            violating: &[|s| {
                s.ready_producer();
                s.send_raw("oc2/cmd/all", Sketch::response_payload("r1", json!({"status": 200})));
            }],
            silent: &[nothing_commanded, |s| {
                s.ready_producer();
                s.subscribe(&[("oc2/cmd/all", 1)]);
                s.respond("r1", json!({"status": 200}));
            }, |s| {
                s.births_known = false;
                s.producer();
                s.reconnect();
                s.respond("r1", json!({"status": 200}));
            }],
        },
    }
}

/// The check of one role, in whichever draft.
pub(in crate::catalogue) fn part(role: Role) -> Box<dyn Check> {
    Box::new(Part { role, both: false })
}

/// Looks for messages of the other role.
struct Part {
    role: Role,
    /// Whether the client has subscribed to what the other role subscribes to.
    both: bool,
}

impl Part {
    fn subscribed(&mut self, packet: &PacketSeen) {
        let responses = |filter: &[u8]| filter == b"oc2/rsp" || filter == b"oc2/#";
        let commands = |filter: &[u8]| filter.starts_with(b"oc2/cmd/") || filter == b"oc2/#";
        self.both |= subscriptions(packet).is_some_and(|all| {
            let producer = self.role == Role::Producer;
            all.iter().any(|s| if producer { commands(&s.filter.bytes) } else { responses(&s.filter.bytes) })
        });
    }

    fn published(&self, packet: &PacketSeen, setting: &Setting) -> Option<Ruling> {
        let (publish, message) = sent(packet)?;
        let (said, expected, actual) = match (message.kind?, self.role == Role::Producer) {
            (ContentKind::Response, false) | (ContentKind::Request, true) => return Some(Ruling::Met),
            (ContentKind::Notification, _) => return None,
            _ if self.both || !setting.births_known => return None,
            (ContentKind::Request, false) => ("A Consumer published a request", "responses only", "a request"),
            (ContentKind::Response, true) => ("A Producer published a response", "requests only", "a response"),
        };
        Some(Ruling::broken_at(packet, publish.payload.span, said, expected, actual))
    }
}

impl Check for Part {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        let Observation::Packet(p) = observation else { return };
        self.subscribed(p);
        if let Some(ruling) = self.published(p, setting) {
            ledger.enter(Witness::packet(p), ruling);
        }
    }
}
