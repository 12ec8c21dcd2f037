//! Points of access (6.6).

use super::support::sent;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::onem2m::{Operation, Primitive};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Node, PacketSeen, Setting, Value};
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::json;

fn registers(s: &mut Sketch, points: serde_json::Value) {
    s.ready_ae();
    let ae = json!({"api": "N.app", "rr": true, "srv": ["3"], "poa": points});
    s.request("r1", json!({"to": "cse-in", "ty": 2, "pc": {"m2m:ae": ae}}));
}

fn shows(s: &mut Sketch, points: serde_json::Value) {
    s.ready_cse();
    s.ask("r1", json!({}));
    s.reply("r1", 2000, json!({"pc": {"m2m:cb": {"poa": points}}}));
}

requirement! {
    /// A point of access over MQTT is `mqtt://` or `mqtts://`, then the host and perhaps the port of the server.
    ///
    /// # Interpretation
    /// Text A says so of one scheme each, text B of the list in `poa`. Later texts let a path follow: one that does is not judged,
    /// nor are points of access with other schemes.
    ///
    /// # Judged
    /// On `poa` of the AE that the IUT creates or updates, and of the CSEBase that it shows as a CSE: each item that begins with
    /// `mqtt:` or `mqtts:`.
    FORM {
        id: "ts0010/poa-form",
        rows: &["T-059"],
        clause: "6.6",
        level: Level::Guidance,
        trigger: Trigger::IutOption("point-of-access"),
        judged: Judged::Packet(form),
        examples: Examples {
            conforming: &[
                |s| registers(s, json!(["http://a:8080", "mqtt://broker.example:1883"])),
                |s| registers(s, json!(["mqtts://[2001:db8::1]"])),
                |s| shows(s, json!(["mqtt://127.0.0.1"])),
            ],
            violating: &[
                |s| registers(s, json!(["mqtt:broker.example"])),
                |s| registers(s, json!(["mqtt://broker.example:"])),
                |s| registers(s, json!(["mqtt://:1883"])),
                |s| shows(s, json!(["mqtt://127.0.0.1:70000"])),
            ],
            silent: &[
                |s| registers(s, json!(["http://a:8080"])),
                |s| registers(s, json!(["mqtt://a:1883/b/c"])),
                |s| registers(s, json!([])),
                |s| {
                    // What others have told it.
                    s.ready_cse();
                    s.ask("r1", json!({"to": "cse-in/ae"}));
                    s.reply("r1", 2000, json!({"pc": {"m2m:ae": {"poa": ["mqtt:x"]}}}));
                },
            ],
        },
    }
}

/// The points of access that are the implementation's own.
fn points<'a>(primitive: &'a Primitive, setting: &Setting) -> Option<&'a Node> {
    let (name, resource) = primitive.content()?;
    let own = match setting.role {
        Role::Cse => primitive.rsc().is_some() && name == "m2m:cb",
        _ => matches!(primitive.operation(), Some(Operation::Create | Operation::Update)) && name == "m2m:ae",
    };
    resource.get("poa").filter(|_| own)
}

fn form(packet: &PacketSeen, setting: &Setting) -> Option<Ruling> {
    let (publish, primitive) = sent(packet).filter(|(_, p)| p.whole_text())?;
    let points = points(primitive, setting)?;
    let items: Vec<&str> = match &points.value {
        Value::Array(items) => items.iter().filter_map(Node::as_text).collect(),
        // A list in XML.
        Value::Text(text) => text.split_ascii_whitespace().collect(),
        _ => return None,
    };
    let mut met = None;
    for item in items {
        let Some(rest) = after_scheme(item) else { continue };
        match sound(rest) {
            Some(true) => met = Some(Ruling::Met),
            None => {}
            Some(false) => {
                let span = points.span.shifted(publish.payload.span.start);
                let said = "Point of access that names no server";
                let expected = "mqtt:// or mqtts://, host, and perhaps a port";
                return Some(Ruling::broken_at(packet, span, said, expected, crate::evidence::quoted(item)));
            }
        }
    }
    met
}

/// What follows the scheme of a point of access over MQTT.
fn after_scheme(item: &str) -> Option<&str> {
    let (scheme, rest) = item.split_once(':')?;
    (scheme.eq_ignore_ascii_case("mqtt") || scheme.eq_ignore_ascii_case("mqtts")).then_some(rest)
}

/// Whether `//`, an authority and nothing else follow; nothing where something follows that this does not judge.
fn sound(rest: &str) -> Option<bool> {
    let Some(rest) = rest.strip_prefix("//") else { return Some(false) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, more) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    // The colons of an address in brackets are no port.
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let good = !name.is_empty()
        && !name.chars().any(|c| c.is_whitespace() || c.is_control())
        && port.is_none_or(|port| {
            port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
    match (good, more.is_empty()) {
        (false, _) => Some(false),
        (true, true) => Some(true),
        (true, false) => None,
    }
}
