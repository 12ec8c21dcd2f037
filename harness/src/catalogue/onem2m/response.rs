//! The parameters of responses (TS-0004 7.2.1.2), alone and beside their requests.

use super::support::{held, response};
use crate::catalogue::{Examples, Judged, Level};
use crate::evidence::onem2m::{Operation, Primitive};
use crate::evidence::payload::Kind;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, Observation, PacketSeen, Setting};
use crate::judge::{Check, Deviation, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};

/// Where requests to the CSE of the examples go.
const REQUESTS: &str = "/oneM2M/req/CAdmin/in-cse/json";

fn retrieved(s: &mut Sketch, over: Value) {
    s.ready_cse();
    s.ask("r1", json!({}));
    s.reply("r1", 2000, over);
}

fn sound(s: &mut Sketch) {
    retrieved(s, json!({"pc": {"m2m:cb": {"rn": "cse-in"}}}));
}

fn refused(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({"to": "nowhere"}));
    s.reply("r1", 4004, json!({}));
}

fn notified(s: &mut Sketch) {
    s.ready_ae();
    s.notify("n1", json!({}));
    s.notified("n1", 2000, json!({}));
}

fn unanswered(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({}));
}

fn only_asks(s: &mut Sketch) {
    s.ready_ae();
    s.request("r1", json!({}));
    s.grant("r1", 2001, json!({}));
}

/// Something that is answered, without what nobody could read in it.
fn unreadable(s: &mut Sketch, payload: &str) {
    s.ready_cse();
    s.deliver(REQUESTS, payload);
    s.reply("", 4000, json!({"rqi": null, "rvi": null}));
}

/// A parameter that a response takes from its request. Where a request has none that can be read, nobody can repeat it, and
/// nothing tells which response answers that request.
struct Repeated {
    name: &'static str,
    row: &'static str,
    said: &'static str,
    excused: bool,
}

impl Repeated {
    fn new(name: &'static str, row: &'static str, said: &'static str) -> Repeated {
        Repeated { name, row, said, excused: false }
    }
}

impl Check for Repeated {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        let Observation::Packet(packet) = observation else { return };
        if !packet.from_iut() {
            let readable = packet.primitive().is_some_and(|p| p.whole_text() && p.text(self.name).is_some());
            let response = packet.primitive().is_some_and(|p| p.kind == Some(Kind::Response));
            self.excused |= packet.packet.publish().is_some() && !readable && !response;
            return;
        }
        match judged(packet, self.row, self.said) {
            Some(Ruling::Broken(_)) if self.excused => {}
            Some(ruling) => ledger.enter(Witness::packet(packet), ruling),
            None => {}
        }
    }
}

fn judged(packet: &PacketSeen, row: &str, said: &str) -> Option<Ruling> {
    held(packet, response(packet)?, row, said, true)
}

requirement! {
    /// A response has a status code in `rsc`.
    ///
    /// # Judged
    /// On every response of the IUT that can be read whole: a number from 1000 to 6999. One that is no number is judged by
    /// `onem2m/types`.
    STATUS {
        id: "onem2m/response-rsc",
        rows: &["M-020"],
        clause: "7.2.1.2",
        judged: Judged::Packet(|p, _| judged(p, "M-020", "Response without a status code that there is")),
        examples: Examples {
            conforming: &[sound, refused, notified],
            violating: &[
                |s| retrieved(s, json!({"rsc": 200})),
                |s| {
                    s.ready_cse();
                    s.ask("r1", json!({}));
                    let text = "<m2m:rsp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><rqi>r1</rqi></m2m:rsp>";
                    s.send_raw("/oneM2M/resp/CAdmin/in-cse/xml", text);
                },
            ],
            silent: &[unanswered, only_asks],
        },
    }
}

requirement! {
    /// A response has the identifier of its request in `rqi`.
    ///
    /// # Judged
    /// On every response of the IUT that can be read whole: that there is one. Whose it is, is judged apart. One without
    /// decides nothing once a message has come whose `rqi` nobody can read: it may answer that.
    REQUEST_ID {
        id: "onem2m/response-rqi",
        rows: &["M-021"],
        clause: "7.2.1.2",
        judged: Judged::Machine(|| Box::new(Repeated::new("rqi", "M-021", "Response without `rqi`"))),
        examples: Examples {
            conforming: &[sound, refused, notified],
            violating: &[
                |s| retrieved(s, json!({"rqi": null})),
                |s| {
                    // It can be read, and so can what is wrong with it.
                    s.ready_cse();
                    s.ask("r1", json!({"fr": 7}));
                    s.reply("", 4000, json!({"rqi": null}));
                },
            ],
            silent: &[unanswered, only_asks, |s| unreadable(s, "x-touchstone"), |s| {
                unreadable(s, "{\"op\":2,\"to\":\"cse-in\",\"fr\":\"CAdmin\",\"rvi\":\"3\"}");
            }],
        },
    }
}

requirement! {
    /// A response names its release version in `rvi`.
    ///
    /// # Interpretation
    /// As for `onem2m/request-rvi`: guidance. Towards somebody who names none, and so may be of Release 1, there is none.
    ///
    /// # Judged
    /// On every response of the IUT that can be read whole. One without decides nothing once a message has come in which nobody
    /// can read one.
    RELEASE {
        id: "onem2m/response-rvi",
        rows: &["M-022"],
        clause: "7.2.1.2",
        level: Level::Guidance,
        judged: Judged::Machine(|| Box::new(Repeated::new("rvi", "M-022", "Response without `rvi`"))),
        examples: Examples {
            conforming: &[sound, refused, notified],
            violating: &[|s| retrieved(s, json!({"rvi": null}))],
            silent: &[unanswered, only_asks, |s| unreadable(s, "x-touchstone"), |s| {
                s.ready_cse();
                s.ask("r1", json!({"rvi": null}));
                s.reply("r1", 2000, json!({"rvi": null}));
            }],
        },
    }
}

requirement! {
    /// A response says nothing in `op`: that tells requests from responses.
    ///
    /// # Judged
    /// On every response of the IUT that can be read whole, and on what has both an operation and a status.
    NO_OPERATION {
        id: "onem2m/response-no-op",
        rows: &["M-024"],
        clause: "8.2.1",
        judged: Judged::Packet(no_operation),
        examples: Examples {
            conforming: &[sound, refused, notified],
            violating: &[|s| retrieved(s, json!({"op": 2}))],
            silent: &[unanswered, only_asks],
        },
    }
}

fn no_operation(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let primitive = super::support::sent(packet).filter(|p| p.whole_text())?;
    let shown = response(packet).is_some();
    held(packet, primitive, "M-024", "Primitive with an operation and a status", shown)
}

/// The operation of a request that reads whole, and each response to it that does.
fn answers(exchange: &Exchange) -> Option<(Operation, impl Iterator<Item = (&PacketSeen, &Primitive)>)> {
    let request = exchange.request.primitive().filter(|p| p.whole_text() && p.defects.is_empty())?;
    let responses = exchange.distinct().filter_map(|seen| Some((&*seen.packet, response(&seen.packet)?)));
    Some((request.operation()?, responses))
}

requirement! {
    /// The status code of success is the one of the operation: 2001 for CREATE, 2000 for RETRIEVE and NOTIFY, 2004 for UPDATE,
    /// 2002 for DELETE.
    ///
    /// # Judged
    /// On every response with a status from 2000 to 2999 to a sound request, unless it is for the members of a group: a group
    /// answers for them with 2000.
    SUCCESS {
        id: "onem2m/success-rsc",
        rows: &["M-025"],
        clause: "7.3.3.12",
        judged: Judged::Exchange(success),
        examples: Examples {
            conforming: &[sound, notified],
            violating: &[|s| {
                s.ready_cse();
                s.ask("r1", json!({}));
                s.reply("r1", 2001, json!({"pc": {"m2m:cb": {}}}));
            }],
            silent: &[unanswered, refused, |s| {
                s.ready_cse();
                s.ask("r1", json!({"op": 4, "to": "cse-in/group/fopt"}));
                s.reply("r1", 2000, json!({"pc": {"m2m:agr": {}}}));
            }],
        },
    }
}

fn success(exchange: &Exchange, _: &Setting) -> Option<Ruling> {
    let (operation, responses) = answers(exchange)?;
    // The members of a group are asked in its place, and it answers for all of them with 2000.
    if exchange.request.primitive()?.text("to")?.split('/').any(|part| part == "fopt") {
        return None;
    }
    let mut met = None;
    for (packet, response) in responses {
        let Some(rsc) = response.rsc().filter(|rsc| (2000..3000).contains(rsc)) else { continue };
        if rsc != operation.success() {
            return Some(Ruling::Broken(Deviation {
                witness: Some(Witness::packet(packet)),
                said: format!("{} answered with the success of another operation", operation.as_str()),
                expected: format!("rsc {}", operation.success()),
                actual: format!("rsc {rsc}"),
            }));
        }
        met = Some(Ruling::Met);
    }
    met
}

requirement! {
    /// A RETRIEVE that succeeds is answered with content in `pc`.
    ///
    /// # Judged
    /// On every response with status 2000 to a sound RETRIEVE that does not ask for nothing (`rcn` 0), nor for what fits some
    /// criteria (`fc`), which may be nothing.
    CONTENT {
        id: "onem2m/retrieve-pc",
        rows: &["M-023"],
        clause: "7.2.1.2",
        roles: &[crate::iut::Role::Cse],
        judged: Judged::Exchange(content),
        examples: Examples {
            conforming: &[sound],
            violating: &[|s| retrieved(s, json!({}))],
            silent: &[unanswered, refused, |s| {
                s.ready_cse();
                s.ask("r1", json!({"rcn": 0}));
                s.reply("r1", 2000, json!({}));
            }],
        },
    }
}

fn content(exchange: &Exchange, _: &Setting) -> Option<Ruling> {
    let (operation, responses) = answers(exchange)?;
    let request = exchange.request.primitive()?;
    // Filters may find nothing.
    let wanted = request.whole("rcn") != Some(0) && request.get("fc").is_none();
    if operation != Operation::Retrieve || !wanted {
        return None;
    }
    let mut met = None;
    for (packet, response) in responses.filter(|(_, response)| response.rsc() == Some(operation.success())) {
        if response.get("pc").is_none() {
            return Some(Ruling::Broken(Deviation {
                witness: Some(Witness::packet(packet)),
                said: "RETRIEVE answered with success and without `pc`".to_owned(),
                expected: "pc".to_owned(),
                actual: "nothing of that name".to_owned(),
            }));
        }
        met = Some(Ruling::Met);
    }
    met
}
