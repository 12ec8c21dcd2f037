//! Targets that are not there, or not for everybody (TS-0004 6.6.3).

use super::history::{History, last, sound};
use super::receiver::refusal_of;
use super::registered::Later;
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::onem2m::Operation;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, Setting};
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::{Value, json};

fn ready(s: &mut Sketch) {
    s.ready_cse();
}

fn done(s: &mut Sketch, rqi: &str, request: Value, rsc: u32, content: Value) {
    s.ask(rqi, request);
    s.reply(rqi, rsc, json!({"pc": content}));
}

/// A container that was there, and is no more.
fn deleted(s: &mut Sketch) {
    s.ready_cse();
    done(
        s,
        "c1",
        json!({"op": 1, "ty": 3, "pc": {"m2m:cnt": {"rn": "x"}}}),
        2001,
        json!({"m2m:cnt": {"rn": "x", "ri": "c7"}}),
    );
    done(s, "d1", json!({"op": 4, "to": "cse-in/x"}), 2002, json!(null));
}

fn retrieves(s: &mut Sketch, to: &str, rsc: u32) {
    done(s, "r1", json!({"to": to}), rsc, json!({"m2m:dbg": "?"}));
}

requirement! {
    /// A request for a resource that does not exist is answered with 4004.
    ///
    /// # Judged
    /// On every answer to a sound RETRIEVE by the originator with all rights whose target the CSE had confirmed to have deleted
    /// before the request was sent, and which nobody has asked it to create since. The newest and the oldest instance and
    /// other targets that stand for something else are left out.
    MISSING {
        id: "onem2m/not-found",
        rows: &["M-058"],
        clause: "6.6.3",
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Later::check(missing)),
        examples: Examples {
            conforming: &[|s| {
                deleted(s);
                retrieves(s, "cse-in/x", 4004);
            }],
            violating: &[|s| {
                deleted(s);
                retrieves(s, "cse-in/x", 2000);
            }, |s| {
                deleted(s);
                retrieves(s, "cse-in/x", 4000);
            }],
            silent: &[ready, deleted, |s| {
                // It is there again.
                deleted(s);
                s.ask("c2", json!({"op": 1, "ty": 3, "pc": {"m2m:cnt": {"rn": "x"}}}));
                retrieves(s, "cse-in/x", 2000);
            }, |s| {
                s.ready_cse();
                done(s, "d1", json!({"op": 4, "to": "cse-in/x/la"}), 2002, json!(null));
                retrieves(s, "cse-in/x/la", 2000);
            }, |s| {
                deleted(s);
                done(s, "r1", json!({"to": "cse-in/x", "fr": "Cother"}), 4106, json!({"m2m:dbg": "?"}));
            }],
        },
    }
}

/// Names of virtual resources, which stand for others.
const VIRTUAL: [&str; 5] = ["la", "ol", "fopt", "pcu", "latest"];

fn missing(exchange: &Exchange, history: &History, setting: &Setting) -> Option<Ruling> {
    let request = sound(exchange).filter(|p| p.operation() == Some(Operation::Retrieve))?;
    let to = request.text("to")?;
    let admin = setting.pics.onem2m.originator.as_deref()?;
    let gone = history.deleted.get(to).is_some_and(|since| *since < exchange.request.frame);
    if !gone || request.text("fr") != Some(admin) || VIRTUAL.contains(&last(to)) {
        return None;
    }
    refusal_of(exchange, |rsc| {
        Some(if rsc == 4004 {
            Ok(())
        } else {
            Err(("Deleted resource not missing when it is asked for", "rsc 4004".to_owned()))
        })
    })
}

/// A container that a policy keeps for two others, and an AE that is registered.
fn guarded(s: &mut Sketch) {
    s.ready_cse();
    let ae = json!({"rn": "a", "api": "N.a", "rr": true, "srv": ["3"]});
    let answer = json!({"m2m:ae": {"rn": "a", "aei": "Cnew", "ri": "Cnew"}});
    done(s, "a1", json!({"op": 1, "ty": 2, "fr": "Cnew", "pc": {"m2m:ae": ae}}), 2001, answer);
    let rules = json!({"acr": [{"acor": ["CAdmin", "Cfriend"], "acop": 63}]});
    let policy = json!({"m2m:acp": {"rn": "p", "pv": rules, "pvs": rules}});
    done(s, "p1", json!({"op": 1, "ty": 1, "pc": policy}), 2001, json!({"m2m:acp": {"rn": "p", "ri": "acp1"}}));
    let container = json!({"m2m:cnt": {"rn": "x", "acpi": ["cse-in/p"]}});
    done(s, "c1", json!({"op": 1, "ty": 3, "pc": container}), 2001, json!({"m2m:cnt": {"rn": "x", "ri": "c7"}}));
}

fn asks_as(s: &mut Sketch, from: &str, rsc: u32) {
    done(s, "r1", json!({"to": "cse-in/x", "fr": from}), rsc, json!({"m2m:dbg": "?"}));
}

requirement! {
    /// An originator without the privilege for what it asks is refused with 4103.
    ///
    /// # Interpretation
    /// Whose privileges nobody has written down, the policy of the CSE itself says. Judged are resources that name their
    /// policies, where these are known to the letter.
    ///
    /// # Judged
    /// On every answer to a sound request of an AE, registered with the CSE by its own word, for a resource that somebody else
    /// made, all of whose policies were made in this recording and name neither the AE nor everybody nor anything that is no
    /// plain identifier; and nobody has asked to change any of them since. Met by 4103, broken by a status of success. Other
    /// errors may come first, and show nothing.
    PRIVILEGE {
        id: "onem2m/refuses-no-privilege",
        rows: &["M-059", "T-067"],
        clause: "6.6.3",
        roles: &[Role::Cse],
        trigger: Trigger::IutOption("access-control-policies"),
        judged: Judged::Machine(|| Later::check(privilege)),
        examples: Examples {
            conforming: &[|s| {
                guarded(s);
                asks_as(s, "Cnew", 4103);
            }],
            violating: &[|s| {
                guarded(s);
                asks_as(s, "Cnew", 2000);
            }],
            silent: &[ready, guarded, |s| {
                guarded(s);
                asks_as(s, "Cfriend", 2000);
            }, |s| {
                guarded(s);
                asks_as(s, "Cstranger", 2000);
            }, |s| {
                guarded(s);
                done(s, "u1", json!({"op": 3, "to": "cse-in/p", "pc": {"m2m:acp": {}}}), 2004, json!(null));
                asks_as(s, "Cnew", 2000);
            }, |s| {
                guarded(s);
                asks_as(s, "Cnew", 4106);
            }],
        },
    }
}

fn privilege(exchange: &Exchange, history: &History, _: &Setting) -> Option<Ruling> {
    let request = sound(exchange).filter(|p| p.operation() != Some(Operation::Create) || !p.registers_ae())?;
    let (from, at) = (request.text("fr")?, exchange.request.frame);
    history.registered.get(from).filter(|ae| ae.since < at)?;
    let target = history.kept.get(request.text("to")?).filter(|kept| kept.since < at && kept.creator != from)?;
    if target.policies.is_empty() {
        return None;
    }
    for policy in &target.policies {
        let policy = history.kept.get(policy).filter(|kept| kept.since < at)?;
        let names = policy.allowed.as_ref()?;
        let plain = |name: &String| crate::evidence::onem2m::topic::is_id(name) && name != "all" && last(name) != from;
        if !names.iter().all(plain) {
            return None;
        }
    }
    refusal_of(exchange, |rsc| match rsc {
        4103 => Some(Ok(())),
        1000..3000 => {
            Some(Err(("Request carried out for an AE that no policy of its target names", "rsc 4103".to_owned())))
        }
        _ => None,
    })
}
