//! What holds between a request and its responses (2.3.2).

use super::support::in_packet;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::Message;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Delivery, Exchange, Observation, PacketSeen, Setting, Silence};
use crate::iut::Role;
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::json;

fn ready(s: &mut Sketch) {
    s.ready();
}

/// A query with this `to` list.
fn addressed(s: &mut Sketch, to: &[&str]) {
    let record = json!({
        "content": {"request": {"action": "query", "target": {"features": []}}},
        "request_id": "r1",
        "from": "producer-1",
        "to": to,
    });
    s.ready();
    s.deliver("oc2/cmd/all", [&[0x90, 0x01], record.to_string().as_bytes()].concat());
}

requirement! {
    /// The `to` list of a request says for whom it is, more finely than the topic does.
    ///
    /// # Interpretation
    /// A Consumer that is not named does not answer. The text gives the list as a possibility of the Producer's, so
    /// this is reported as guidance.
    ///
    /// # Judged
    /// On every request delivered with a list that does not hold the declared identity: an answer breaks it; silence
    /// meets it once a later command was answered after the time granted.
    TO {
        id: "wd04/message-to",
        rows: &["W4-060"],
        clause: "2.3.2",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        when: Some(("it declares the value of `from` (`identity`)", |pics| pics.identity.is_some())),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(to),
        examples: Examples {
            conforming: &[|s| {
                addressed(s, &["yankee"]);
                s.sentinel();
            }],
            violating: &[|s| {
                addressed(s, &["yankee"]);
                s.respond("r1", json!({"status": 200}));
            }],
            silent: &[
                ready,
                |s| addressed(s, &["yankee"]),
                |s| {
                    addressed(s, &["yankee", "zulu"]);
                    s.respond("r1", json!({"status": 200}));
                },
                |s| {
                    addressed(s, &[]);
                    s.respond("r1", json!({"status": 200}));
                },
            ],
        },
    }
}

fn to(exchange: &Exchange, setting: &Setting) -> Option<Ruling> {
    let identity = setting.pics.identity.as_ref()?;
    let message = exchange.message()?;
    let named = message.to.as_ref().filter(|to| !to.is_empty() && !to.contains(identity))?;
    if exchange.delivery != Delivery::Delivered {
        return None;
    }
    match (exchange.responses.first(), &exchange.silence) {
        (Some(response), _) => Some(Ruling::Broken(Deviation {
            witness: Some(Witness::packet(&response.packet)),
            said: format!("Response to a request that names {} and not `{identity}`", list(named)),
            expected: "no response of a Consumer that `to` does not name".to_owned(),
            actual: "a response".to_owned(),
        })),
        (None, Silence::Proven { answered: true, .. }) => Some(Ruling::Met),
        (None, _) => None,
    }
}

fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 3 { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}

requirement! {
    /// A Producer may name the recipients of a request in `to`.
    TO_REQUEST {
        id: "wd04/message-to-request",
        rows: &["W4-060"],
        clause: "2.3.2",
        level: Level::Guidance,
        roles: &[Role::Producer],
        judged: Judged::Untestable("a possibility of the Producer's: using it and leaving it out both conform"),
    }
}

requirement! {
    /// The request_id of a request is copied into its responses.
    ///
    /// # Judged
    /// On every response of the IUT: met where its request_id is that of a request sent to it, broken where it is
    /// missing or belongs to no request. That is not held against it once a message was sent to it whose request_id
    /// is absent or which is no sound message in a serialization that it declares: refusing to read such a message,
    /// and taking either of two request_ids, both conform. It is undecided where a session began before the recording.
    REQUEST_ID {
        id: "wd04/request-id-copied",
        rows: &["W4-073"],
        clause: "2.3.2",
        implies: &["openc2/request-id-copied"],
        level: Level::Guidance,
        interop: true,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::<Copied>::default()),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("r1", json!([]));
                s.respond("r1", json!({"status": 200}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("r1", json!([]));
                    s.respond("r2", json!({"status": 200}));
                },
                |s| {
                    s.ready();
                    s.query("r1", json!([]));
                    s.respond_raw(b"\x91\x01{\"content\":{\"response\":{\"status\":200}},\"from\":\"zulu\"}");
                },
            ],
            silent: &[ready, |s| {
                s.ready();
                s.deliver("oc2/cmd/all", b"\x90\x01{\"content\":");
                s.respond_raw(b"\x91\x01{\"content\":{\"response\":{\"status\":400}},\"from\":\"zulu\"}");
            }, |s| {
                s.ready();
                // Bytes behind the message: to some parsers there is no message then.
                s.deliver("oc2/cmd/all", b"\x90\x01{\"content\":{\"request\":{\"action\":\"query\",\"target\":{\"features\":[]}}},\"request_id\":\"r1\"}}");
                s.respond_raw(b"\x91\x01{\"content\":{\"response\":{\"status\":400}},\"from\":\"zulu\"}");
            }, |s| {
                s.ready();
                s.deliver("oc2/cmd/all", b"\x90\x01{\"request_id\":\"r1\",\"content\":{\"request\":{\"action\":\"query\",\"target\":{\"features\":[]}}},\"request_id\":\"r2\"}");
                s.respond_raw(b"\x91\x01{\"content\":{\"response\":{\"status\":200}},\"from\":\"zulu\",\"request_id\":\"r2\"}");
            }],
        },
    }
}

#[derive(Default)]
struct Copied {
    /// Whether a message was sent to the IUT whose request_id it may not have been able to read, or has read otherwise.
    loose: bool,
}

impl Check for Copied {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Packet(p) if !p.from_iut() => {
                let readable = |m: &Message| {
                    m.whole()
                        && m.beyond_doubt()
                        && m.request_id.is_some()
                        && m.serialization.is_some_and(|s| setting.pics.speaks(s))
                };
                self.loose |= p.packet.publish().is_some() && !p.message().is_some_and(readable);
            }
            Observation::Stray(p) => {
                if let Some(ruling) = self.stray(p, setting) {
                    ledger.enter(Witness::packet(p), ruling);
                }
            }
            Observation::Exchange(exchange) if exchange.request_id.is_some() => {
                for response in &exchange.responses {
                    ledger.enter(Witness::packet(&response.packet), Ruling::Met);
                }
            }
            _ => {}
        }
    }
}

impl Copied {
    fn stray(&self, p: &PacketSeen, setting: &Setting) -> Option<Ruling> {
        let message = p.message()?;
        let publish = p.packet.publish()?;
        if self.loose || !message.whole() || p.packet.truncated {
            return None;
        }
        if !setting.births_known {
            let why = "A response belongs to no request of this recording, and may answer an earlier one";
            return Some(Ruling::Undecided(why.to_owned()));
        }
        let root = message.root.as_ref()?;
        let span = root.get("request_id").map_or(root.span, |node| node.span);
        let (said, actual) = match &message.request_id {
            Some(id) => (format!("Response published with request_id `{id}`, which no request had"), format!("`{id}`")),
            None => ("Response published without the request_id of its request".to_owned(), "none".to_owned()),
        };
        let expected = "the request_id of the request";
        Some(Ruling::broken_at(p, in_packet(publish, span), said, expected, actual))
    }
}
