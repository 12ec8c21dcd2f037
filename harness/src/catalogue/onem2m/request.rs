//! The parameters of requests (TS-0004 7.2.1.1).

use super::support::{held, request};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::onem2m::Operation;
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::judge::Ruling;
use crate::requirement;
use serde_json::{Value, json};

/// An AE that sends one request.
fn sends(s: &mut Sketch, over: Value) {
    s.ready_ae();
    s.request("r1", over);
}

fn create(s: &mut Sketch) {
    sends(s, json!({}));
}

/// What CREATE needs and RETRIEVE has not.
fn bare(op: u8) -> Value {
    json!({"op": op, "ty": null, "pc": null})
}

fn retrieve(s: &mut Sketch) {
    sends(s, bare(2));
}

fn update(s: &mut Sketch) {
    sends(s, json!({"op": 3, "ty": null}));
}

fn delete(s: &mut Sketch) {
    sends(s, bare(4));
}

/// A CSE that notifies an AE.
fn notifies(s: &mut Sketch, over: Value) {
    s.ready_cse();
    let mut request = json!({"op": 5, "to": "Cae1", "fr": "/in-cse", "rqi": "n1", "rvi": "3",
        "pc": {"m2m:sgn": {"sur": "cse-in/c/s"}}});
    if let (Some(members), Value::Object(over)) = (request.as_object_mut(), over) {
        members.extend(over);
    }
    s.send_raw("/oneM2M/req/in-cse/Cae1/json", request.to_string());
}

fn notify(s: &mut Sketch) {
    notifies(s, json!({}));
}

/// An AE to which nothing but responses and notifications come, and that answers them.
fn answers(s: &mut Sketch) {
    s.ready_ae();
    s.notify("n1", json!({}));
    s.notified("n1", 2000, json!({}));
}

/// What cannot be read to its end says nothing about what is missing in it.
fn breaks_off(s: &mut Sketch) {
    s.ready_ae();
    s.send_raw("/oneM2M/req/Cae1/in-cse/json", r#"{"op": 1, "#);
}

/// Judges a whole request: held against one row of the parameter table, where `shown` says that it has a say.
fn judged(packet: &PacketSeen, row: &str, said: &str, shown: fn(Operation) -> bool) -> Option<Ruling> {
    let request = request(packet)?;
    held(packet, request, row, said, request.operation().is_some_and(shown))
}

fn always(_: Operation) -> bool {
    true
}

requirement! {
    /// A request says which operation it asks for: a number from 1 to 5.
    ///
    /// # Judged
    /// On every request of the IUT that can be read whole. One whose `op` is no number is judged by `onem2m/types`.
    OPERATION {
        id: "onem2m/request-operation",
        rows: &["M-001"],
        clause: "7.2.1.1",
        judged: Judged::Packet(|p, _| judged(p, "M-001", "Request without an operation that there is", always)),
        examples: Examples {
            conforming: &[create, retrieve, update, delete, notify],
            violating: &[
                |s| sends(s, json!({"op": 6})),
                |s| sends(s, json!({"op": 0})),
                |s| {
                    s.ready_ae();
                    let text = "<m2m:rqp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><to>x</to><rqi>r</rqi></m2m:rqp>";
                    s.send_raw("/oneM2M/req/Cae1/in-cse/xml", text);
                },
            ],
            silent: &[answers, breaks_off],
        },
    }
}

requirement! {
    /// A request names its target in `to`.
    ///
    /// # Judged
    /// On every request of the IUT that can be read whole.
    TO {
        id: "onem2m/request-to",
        rows: &["M-002"],
        clause: "7.2.1.1",
        judged: Judged::Packet(|p, _| judged(p, "M-002", "Request without `to`", always)),
        examples: Examples {
            conforming: &[create, notify],
            violating: &[|s| sends(s, json!({"to": null}))],
            silent: &[answers, breaks_off],
        },
    }
}

requirement! {
    /// A request has an identifier in `rqi`.
    ///
    /// # Interpretation
    /// TS-0010 6.4.5 prints `ri` for it; the short name is `rqi` (TS-0004 8.2.2, TS-0010 6.5.1).
    ///
    /// # Judged
    /// On every request of the IUT that can be read whole.
    REQUEST_ID {
        id: "onem2m/request-rqi",
        rows: &["M-003"],
        clause: "7.2.1.1",
        judged: Judged::Packet(|p, _| judged(p, "M-003", "Request without `rqi`", always)),
        examples: Examples {
            conforming: &[create, notify],
            violating: &[|s| sends(s, json!({"rqi": null})), |s| sends(s, json!({"rqi": null, "ri": "r1"}))],
            silent: &[answers, breaks_off],
        },
    }
}

requirement! {
    /// A request names the release version it is made for in `rvi`.
    ///
    /// # Interpretation
    /// The parameter is younger than the texts of TS-0010 that are tested here, which never mention it, and a receiver takes
    /// its absence for the first release: guidance.
    ///
    /// # Judged
    /// On every request of the IUT that can be read whole.
    RELEASE {
        id: "onem2m/request-rvi",
        rows: &["M-004"],
        clause: "7.2.1.1",
        level: Level::Guidance,
        judged: Judged::Packet(|p, _| judged(p, "M-004", "Request without `rvi`", always)),
        examples: Examples {
            conforming: &[create, notify],
            violating: &[|s| sends(s, json!({"rvi": null}))],
            silent: &[answers, breaks_off],
        },
    }
}

requirement! {
    /// A request names its originator in `fr`, unless it creates an AE.
    ///
    /// # Judged
    /// On every request of the IUT that can be read whole and does not create an AE.
    FROM {
        id: "onem2m/request-fr",
        rows: &["M-005"],
        clause: "7.2.1.1",
        judged: Judged::Packet(from),
        examples: Examples {
            conforming: &[create, retrieve, notify],
            violating: &[|s| sends(s, json!({"fr": null}))],
            silent: &[answers, breaks_off, |s| sends(s, json!({"ty": 2, "fr": null, "pc": {"m2m:ae": {}}}))],
        },
    }
}

fn from(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let request = request(packet)?;
    let shown = request.operation().is_some() && !request.registers_ae();
    held(packet, request, "M-005", "Request without `fr` that creates no AE", shown)
}

requirement! {
    /// A CREATE names the type of the resource in `ty`.
    ///
    /// # Judged
    /// On every CREATE of the IUT that can be read whole.
    RESOURCE_TYPE {
        id: "onem2m/create-ty",
        rows: &["M-006"],
        clause: "7.2.1.1",
        roles: &[crate::iut::Role::Ae],
        judged: Judged::Packet(|p, _| judged(p, "M-006", "CREATE without `ty`", |op| op == Operation::Create)),
        examples: Examples {
            conforming: &[create],
            violating: &[|s| sends(s, json!({"ty": null}))],
            silent: &[answers, retrieve],
        },
    }
}

requirement! {
    /// Only a CREATE names the type of a resource in `ty`.
    ///
    /// # Judged
    /// On every other request of the IUT that can be read whole.
    NO_RESOURCE_TYPE {
        id: "onem2m/no-ty",
        rows: &["M-007"],
        clause: "7.2.1.1",
        judged: Judged::Packet(|p, _| judged(p, "M-007", "Request with `ty` that is no CREATE", |op| op != Operation::Create)),
        trigger: Trigger::Tester,
        examples: Examples {
            conforming: &[retrieve, notify],
            violating: &[|s| sends(s, json!({"op": 2, "pc": null})), |s| notifies(s, json!({"ty": 23}))],
            silent: &[answers, create],
        },
    }
}

requirement! {
    /// A CREATE, an UPDATE and a NOTIFY have content in `pc`.
    ///
    /// # Judged
    /// On every such request of the IUT that can be read whole.
    CONTENT {
        id: "onem2m/request-pc",
        rows: &["M-008"],
        clause: "7.2.1.1",
        judged: Judged::Packet(|p, _| judged(p, "M-008", "Request without `pc` whose operation needs it", with_content)),
        examples: Examples {
            conforming: &[create, update, notify],
            violating: &[|s| sends(s, json!({"pc": null})), |s| sends(s, bare(3)), |s| sends(s, bare(5))],
            silent: &[answers, retrieve],
        },
    }
}

fn with_content(operation: Operation) -> bool {
    matches!(operation, Operation::Create | Operation::Update | Operation::Notify)
}

requirement! {
    /// A DELETE has no content in `pc`.
    ///
    /// # Judged
    /// On every DELETE of the IUT that can be read whole.
    NO_CONTENT {
        id: "onem2m/delete-no-pc",
        rows: &["M-009"],
        clause: "7.2.1.1",
        roles: &[crate::iut::Role::Ae],
        judged: Judged::Packet(|p, _| judged(p, "M-009", "DELETE with `pc`", |op| op == Operation::Delete)),
        trigger: Trigger::IutOption("delete"),
        examples: Examples {
            conforming: &[delete],
            violating: &[|s| sends(s, json!({"op": 4, "ty": null}))],
            silent: &[answers, create],
        },
    }
}

requirement! {
    /// A CREATE and a NOTIFY have no filter criteria in `fc`.
    ///
    /// # Judged
    /// On every such request of the IUT that can be read whole.
    NO_FILTER {
        id: "onem2m/no-fc",
        rows: &["M-010"],
        clause: "7.2.1.1",
        judged: Judged::Packet(|p, _| judged(p, "M-010", "Request with `fc` whose operation has none", unfiltered)),
        examples: Examples {
            conforming: &[create, notify],
            violating: &[|s| sends(s, json!({"fc": {"lim": 1}})), |s| notifies(s, json!({"fc": {"lim": 1}}))],
            silent: &[answers, retrieve],
        },
    }
}

fn unfiltered(operation: Operation) -> bool {
    matches!(operation, Operation::Create | Operation::Notify)
}

requirement! {
    /// A NOTIFY does not say in `rcn` what it wants back.
    ///
    /// # Judged
    /// On every NOTIFY of the IUT that can be read whole.
    NO_RESULT_CONTENT {
        id: "onem2m/notify-no-rcn",
        rows: &["M-011"],
        clause: "7.2.1.1",
        roles: &[crate::iut::Role::Cse],
        judged: Judged::Packet(|p, _| judged(p, "M-011", "NOTIFY with `rcn`", |op| op == Operation::Notify)),
        examples: Examples {
            conforming: &[notify],
            violating: &[|s| notifies(s, json!({"rcn": 1}))],
            silent: &[|s| s.ready_cse()],
        },
    }
}
