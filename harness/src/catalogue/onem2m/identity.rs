//! Identifiers (TS-0004 6.2.3, TS-0001 7.2).

use super::support::request;
use crate::catalogue::{Examples, Judged};
use crate::evidence::onem2m::topic::{is_ae_stem, is_id};
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::{Value, json};

fn sends(s: &mut Sketch, over: Value) {
    s.ready_ae();
    s.request("r1", over);
}

/// A request to create an AE.
fn registers(s: &mut Sketch, from: Value) {
    sends(s, json!({"ty": 2, "to": "cse-in", "fr": from, "pc": {"m2m:ae": {"api": "N.a", "rr": true, "srv": ["3"]}}}));
}

fn notifies(s: &mut Sketch, from: &str) {
    s.ready_cse();
    let request = json!({"op": 5, "to": "Cae1", "fr": from, "rqi": "n1", "rvi": "3", "pc": {"m2m:sgn": {}}});
    s.send_raw("/oneM2M/req/in-cse/Cae1/json", request.to_string());
}

fn answers(s: &mut Sketch) {
    s.ready_ae();
    s.notify("n1", json!({}));
    s.notified("n1", 2000, json!({}));
}

requirement! {
    /// The identifier in `fr` has the form of identifiers: letters, digits, `-`, `.`, `_` and `~`, a slash in front of a CSE-ID, two
    /// in front of the name of a service provider, one between a CSE-ID and the stem of an AE-ID.
    ///
    /// # Judged
    /// On every request of the IUT that can be read whole and has an `fr` that is not empty.
    FORM {
        id: "onem2m/fr-form",
        rows: &["M-040"],
        clause: "6.2.3",
        implies: &["onem2m/fr-stem"],
        judged: Judged::Packet(form),
        examples: Examples {
            conforming: &[
                |s| sends(s, json!({})),
                |s| registers(s, json!("S")),
                |s| notifies(s, "/in-cse"),
                |s| notifies(s, "//sp.example/in-cse"),
            ],
            violating: &[
                |s| sends(s, json!({"fr": "C my ae"})),
                |s| sends(s, json!({"fr": "Cae1/"})),
                |s| notifies(s, "/in+cse"),
            ],
            silent: &[answers, |s| registers(s, json!(null))],
        },
    }
}

fn form(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let request = request(packet)?;
    let node = request.get("fr")?;
    let from = node.as_text().filter(|from| !from.is_empty())?;
    if is_id(from) {
        return Some(Ruling::Met);
    }
    let span = node.span.shifted(packet.packet.publish()?.payload.span.start);
    Some(Ruling::broken_at(
        packet,
        span,
        "`fr` that is no identifier",
        "the identifier of an AE or a CSE",
        node.describe(),
    ))
}

requirement! {
    /// An AE names itself in `fr` by the stem of its AE-ID: S or C, and what follows.
    ///
    /// # Interpretation
    /// An AE that registers may say no more than S or C, or nothing.
    ///
    /// # Judged
    /// On every request of an AE that can be read whole and has an `fr` that is not empty.
    STEM {
        id: "onem2m/fr-stem",
        rows: &["M-041"],
        clause: "7.2 of TS-0001",
        roles: &[Role::Ae],
        judged: Judged::Packet(stem),
        examples: Examples {
            conforming: &[|s| sends(s, json!({})), |s| registers(s, json!("C")), |s| registers(s, json!("Snew"))],
            violating: &[
                |s| sends(s, json!({"fr": "/in-cse/Cae1"})),
                |s| sends(s, json!({"fr": "ae1"})),
                |s| sends(s, json!({"fr": "C"})),
            ],
            silent: &[answers, |s| registers(s, json!(null))],
        },
    }
}

fn stem(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let request = request(packet)?;
    let node = request.get("fr")?;
    let from = node.as_text().filter(|from| !from.is_empty())?;
    if is_ae_stem(from) || (request.registers_ae() && matches!(from, "S" | "C")) {
        return Some(Ruling::Met);
    }
    let span = node.span.shifted(packet.packet.publish()?.payload.span.start);
    Some(Ruling::broken_at(
        packet,
        span,
        "`fr` of an AE that is no stem of an AE-ID",
        "S or C, and more",
        node.describe(),
    ))
}
