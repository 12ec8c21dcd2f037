//! What an AE writes into the resources that it creates (TS-0004 7.4).

use super::support::request;
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::onem2m::{AE, Operation};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Node, PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::{Value, json};

/// Attributes of every resource that the Hosting CSE alone gives it.
const GIVEN: [&str; 4] = ["ri", "pi", "ct", "lt"];

/// A CREATE of a resource of that type.
fn creates(s: &mut Sketch, ty: u32, content: Value) {
    s.ready_ae();
    s.request("r1", json!({"ty": ty, "pc": content}));
}

fn registers(s: &mut Sketch, over: Value) {
    let mut ae = json!({"rn": "a", "api": "N.app", "rr": true, "srv": ["3"]});
    if let (Some(members), Value::Object(over)) = (ae.as_object_mut(), over) {
        members.extend(over);
        members.retain(|_, value| !value.is_null());
    }
    creates(s, 2, json!({"m2m:ae": ae}));
}

fn registered(s: &mut Sketch) {
    registers(s, json!({}));
}

fn contains(s: &mut Sketch) {
    creates(s, 3, json!({"m2m:cnt": {"rn": "c", "mni": 3}}));
}

fn retrieves(s: &mut Sketch) {
    s.ready_ae();
    s.request("r1", json!({"op": 2, "ty": null, "pc": null}));
}

/// The resource that a CREATE of this type holds.
fn created<'a>(packet: &'a PacketSeen, ty: i128, name: &str) -> Option<&'a Node> {
    let request = request(packet)?;
    let (found, resource) = request.content()?;
    let fits = request.operation() == Some(Operation::Create) && request.whole("ty") == Some(ty) && found == name;
    fits.then_some(resource)
}

/// Judges a resource by what it must and must not have.
fn judged(packet: &PacketSeen, resource: &Node, what: &str, needs: &[&str], lacks: &[&str]) -> Option<Ruling> {
    let start = packet.packet.publish()?.payload.span.start;
    if let Some(name) = needs.iter().find(|name| resource.get(name).is_none()) {
        let said = format!("{what} created without a mandatory attribute");
        let span = resource.span.shifted(start);
        return Some(Ruling::broken_at(packet, span, said, *name, "nothing of that name"));
    }
    if let Some((name, node)) = lacks.iter().find_map(|name| Some((name, resource.get(name)?))) {
        let said = format!("{what} created with an attribute that is for its Hosting CSE to give");
        let span = node.span.shifted(start);
        return Some(Ruling::broken_at(packet, span, said, format!("no {name}"), node.describe()));
    }
    Some(Ruling::Met)
}

requirement! {
    /// An AE registers with its App-ID and whether it can be reached, and without what its registrar gives it.
    ///
    /// # Judged
    /// On every CREATE of an AE by the IUT that can be read whole: `api` and `rr` are there, `aei`, `ri`, `pi`, `ct` and `lt` are
    /// not.
    AE_ATTRIBUTES {
        id: "onem2m/ae-attributes",
        rows: &["M-042"],
        clause: "7.4.5.1",
        roles: &[Role::Ae],
        judged: Judged::Packet(ae_attributes),
        examples: Examples {
            conforming: &[registered],
            violating: &[
                |s| registers(s, json!({"api": null})),
                |s| registers(s, json!({"rr": null})),
                |s| registers(s, json!({"aei": "Cae1"})),
            ],
            silent: &[contains, retrieves],
        },
    }
}

fn ae_attributes(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let ae = created(packet, AE, "m2m:ae")?;
    judged(packet, ae, "AE", &["api", "rr"], &["aei", "ri", "pi", "ct", "lt"])
}

requirement! {
    /// An AE registers with the release versions that it supports.
    ///
    /// # Interpretation
    /// The attribute is younger than the texts of TS-0010 that are tested here: guidance.
    ///
    /// # Judged
    /// On every CREATE of an AE by the IUT that can be read whole: `srv` is there.
    AE_RELEASES {
        id: "onem2m/ae-srv",
        rows: &["M-042"],
        clause: "7.4.5.1",
        level: Level::Guidance,
        roles: &[Role::Ae],
        judged: Judged::Packet(ae_releases),
        examples: Examples {
            conforming: &[registered],
            violating: &[|s| registers(s, json!({"srv": null}))],
            silent: &[contains, retrieves],
        },
    }
}

fn ae_releases(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let ae = created(packet, AE, "m2m:ae")?;
    judged(packet, ae, "AE", &["srv"], &[])
}

requirement! {
    /// The App-ID of an AE begins with R or r, where it is registered with an authority, or with N.
    ///
    /// # Judged
    /// On every CREATE of an AE by the IUT that can be read whole and has a text in `api`.
    APP_ID {
        id: "onem2m/app-id",
        rows: &["M-044"],
        clause: "7.4.5.2.1",
        roles: &[Role::Ae],
        judged: Judged::Packet(app_id),
        examples: Examples {
            conforming: &[registered, |s| registers(s, json!({"api": "R1.2.3"}))],
            violating: &[|s| registers(s, json!({"api": "my-app"})), |s| registers(s, json!({"api": ""}))],
            silent: &[contains, retrieves, |s| registers(s, json!({"api": null}))],
        },
    }
}

fn app_id(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let ae = created(packet, AE, "m2m:ae")?;
    let node = ae.get("api")?;
    if node.as_text()?.starts_with(['R', 'r', 'N']) {
        return Some(Ruling::Met);
    }
    let span = node.span.shifted(packet.packet.publish()?.payload.span.start);
    Some(Ruling::broken_at(
        packet,
        span,
        "AE created with an App-ID of no kind",
        "R, r or N, and more",
        node.describe(),
    ))
}

/// A type of resource that an AE may be made to create besides itself.
struct Type {
    number: i128,
    name: &'static str,
    what: &'static str,
    /// What it must have.
    needs: &'static [&'static str],
    /// What its Hosting CSE gives it, beside what every resource is given.
    given: &'static [&'static str],
}

const TYPES: [Type; 3] = [
    Type { number: 3, name: "m2m:cnt", what: "Container", needs: &[], given: &["st", "cni", "cbs"] },
    Type { number: 4, name: "m2m:cin", what: "ContentInstance", needs: &["con"], given: &["st", "cs"] },
    Type { number: 23, name: "m2m:sub", what: "Subscription", needs: &["nu"], given: &[] },
];

requirement! {
    /// Containers, contentInstances and subscriptions are created with what they must have, and without what their Hosting CSE gives
    /// them.
    ///
    /// # Judged
    /// On every such CREATE of an AE that can be read whole: a contentInstance has `con`, a subscription `nu`; none has `ri`, `pi`,
    /// `ct` or `lt`, a container no `st`, `cni` or `cbs`, a contentInstance no `st` or `cs`.
    ATTRIBUTES {
        id: "onem2m/create-attributes",
        rows: &["M-043"],
        clause: "7.4",
        roles: &[Role::Ae],
        trigger: Trigger::IutOption("create"),
        judged: Judged::Packet(attributes),
        examples: Examples {
            conforming: &[
                contains,
                |s| creates(s, 4, json!({"m2m:cin": {"con": "21"}})),
                |s| creates(s, 23, json!({"m2m:sub": {"nu": ["Cae1"]}})),
            ],
            violating: &[
                |s| creates(s, 4, json!({"m2m:cin": {}})),
                |s| creates(s, 23, json!({"m2m:sub": {"rn": "s"}})),
                |s| creates(s, 3, json!({"m2m:cnt": {"ri": "c1"}})),
                |s| creates(s, 4, json!({"m2m:cin": {"con": "21", "cs": 2}})),
            ],
            silent: &[registered, retrieves, |s| creates(s, 28, json!({"hd:lamp": {}}))],
        },
    }
}

fn attributes(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (ty, resource) =
        TYPES.iter().find_map(|ty| created(packet, ty.number, ty.name).map(|resource| (ty, resource)))?;
    match judged(packet, resource, ty.what, ty.needs, &GIVEN)? {
        Ruling::Met => judged(packet, resource, ty.what, &[], ty.given),
        broken => Some(broken),
    }
}
