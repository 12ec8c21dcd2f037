//! A command is answered once.

use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, ResponseSeen, Setting};
use crate::iut::Role;
use crate::judge::{Deviation, Ruling, Witness};
use crate::requirement;
use serde_json::json;
use touchstone_fixtures::wire::mqtt311::build;

fn ready(s: &mut Sketch) {
    s.ready();
}

fn asked(s: &mut Sketch) {
    s.ready();
    s.query("r1", json!([]));
}

fn answer() -> serde_json::Value {
    json!({"status": 200})
}

requirement! {
    /// A request is answered with at most one final response.
    ///
    /// # Interpretation
    /// This is a rule of this program: who gets two final answers to one request cannot tell which of them
    /// holds. Interim responses (OpenC2 status 102) may come before the final one. A request that MQTT delivers again may be
    /// answered again, and a response that MQTT delivers again (DUP 1, same packet identifier, same content) is the
    /// same response. So is one with the same content on a later connection, when no acknowledgement of the first had
    /// arrived: whether DUP and packet identifier are right is judged elsewhere, and where the server has lost the session
    /// they may be new.
    ///
    /// # Judged
    /// On every request with an identifier, at the end of the recording: broken by a second response that is not
    /// interim, or by one more than the copies of the request that were sent.
    ONE_FINAL_RESPONSE {
        id: "harness/one-final-response",
        rows: &["TS-002"],
        clause: "rule 2",
        level: Level::Guidance,
        interop: true,
        roles: &[Role::Consumer, Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(one_final_response),
        examples: Examples {
            conforming: &[
                |s| {
                    asked(s);
                    s.respond("r1", json!({"status": 102}));
                    s.respond("r1", answer());
                },
                |s| {
                    // The response is delivered again.
                    asked(s);
                    let payload = Sketch::response_payload("r1", answer());
                    s.iut(build::publish("oc2/rsp", 1, 9, &payload));
                    s.iut(build::publish_flags(true, 1, false, "oc2/rsp", 9, &payload));
                },
                |s| {
                    // The server has lost the session: the response comes as a new message.
                    asked(s);
                    let payload = Sketch::response_payload("r1", answer());
                    s.iut(build::publish("oc2/rsp", 1, 9, &payload));
                    s.cut();
                    s.connect();
                    s.iut(build::publish("oc2/rsp", 1, 1, &payload));
                },
                |s| {
                    // The request is delivered again.
                    s.ready();
                    let query = json!({"action": "query", "target": {"features": []}});
                    let payload = Sketch::request_payload("r1", query);
                    let id = s.push("oc2/cmd/all", 1, &payload);
                    s.edge(build::publish_flags(true, 1, false, "oc2/cmd/all", id, &payload));
                    s.respond("r1", answer());
                    s.respond("r1", answer());
                },
            ],
            violating: &[
                |s| {
                    asked(s);
                    s.respond("r1", answer());
                    s.respond("r1", answer());
                },
                |s| {
                    // The first had been acknowledged.
                    asked(s);
                    let payload = Sketch::response_payload("r1", answer());
                    s.iut(build::publish("oc2/rsp", 1, 9, &payload));
                    s.edge(build::puback(9));
                    s.wait(500);
                    s.cut();
                    s.connect();
                    s.iut(build::publish("oc2/rsp", 1, 1, &payload));
                },
                |s| {
                    asked(s);
                    s.respond("r1", json!({"status": 500}));
                    s.respond("r1", json!({"status": 102}));
                    s.respond("r1", answer());
                },
            ],
            silent: &[ready, asked, |s| {
                asked(s);
                s.respond("r1", json!({"status": 102}));
            }],
        },
    }
}

fn one_final_response(exchange: &Exchange, _: &Setting) -> Option<Ruling> {
    let id = exchange.request_id.as_ref()?;
    let allowed = usize::try_from(exchange.copies.max(1)).unwrap_or(usize::MAX);
    let finals: Vec<&ResponseSeen> =
        exchange.responses.iter().filter(|response| !response.resent && is_final(response)).collect();
    match finals.get(allowed) {
        Some(surplus) => Some(Ruling::Broken(Deviation {
            witness: Some(Witness::packet(&surplus.packet)),
            said: format!("Request `{id}` answered with {} final responses", finals.len()),
            expected: "at most one final response".to_owned(),
            actual: format!("{} final responses", finals.len()),
        })),
        None => (!finals.is_empty()).then_some(Ruling::Met),
    }
}

fn is_final(response: &ResponseSeen) -> bool {
    response.packet.payload.as_ref().is_some_and(|payload| payload.facts().is_final())
}
