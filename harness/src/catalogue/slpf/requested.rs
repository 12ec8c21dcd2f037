//! Responses: to which commands they come (2.2, 3.2.1.7), and what `query features` tells (2.3.3.1, 3.2.1.8).

use super::support::{
    FILTERED, Parts, SLPF, WHEN_COMMAND, WHEN_SLPF, allow, deny, firewall, obliging, parts, received,
};
use crate::catalogue::openc2::support::{
    Answer, actuator, answer, at, deviates, features, forbidden_args, interim_only, is, misfit, no_status,
    response_requested, result, status, too_early, unanswered, well_formed,
};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::openc2::schema::same;
use crate::evidence::openc2::{Message, Node};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, Observation, Setting, Silence};
use crate::iut::Role;
use crate::judge::{Check, Ledger, Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};
use std::sync::Arc;

/// Whether it is a command of the profile's own pairs, `query features` aside.
fn own(parts: &Parts<'_>) -> bool {
    parts.is_rule() || parts.is_delete() || parts.is_update()
}

/// Whether a command of the profile is declared, whatever Response it asks for.
fn declared(message: &Message, setting: &Setting) -> bool {
    parts(message).is_some_and(|parts| own(&parts))
        && well_formed(message)
        && setting.pics.commands.iter().any(|command| is(message, command))
}

fn asking(value: &str) -> Value {
    deny(&json!({"response_requested": value}))
}

/// A declared command, answered so.
fn answered(s: &mut Sketch, command: Value, response: Value) {
    firewall(s, &[]);
    s.command("c1", command);
    s.respond("c1", response);
}

requirement! {
    /// A Consumer implements the Response of every action that it implements.
    ///
    /// # Interpretation
    /// What the vendor declares, it implements. Commands without `response_requested` are judged by
    /// slpf/requested-absent, those that ask for no Response by slpf/requested-none.
    ///
    /// # Judged
    /// On each declared command of the profile, addressed to the IUT, that asks for an acknowledgement, its status or
    /// completion: a Response comes, with whatever status.
    RESPONSE {
        id: "slpf/response-implemented",
        rows: &["S-05"],
        clause: "2.2",
        roles: &[Role::Consumer],
        when: Some(WHEN_COMMAND),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            let message = obliging(exchange, setting).filter(|m| declared(m, setting))?;
            response_requested(message)?;
            let what = "A declared command of the profile";
            match answer(exchange) {
                Answer::Silent => Some(unanswered(exchange, format!("{what} was not answered"), "a Response")),
                Answer::Open => Some(too_early(what)),
                _ => Some(Ruling::Met),
            }
        }),
        examples: Examples {
            conforming: &[|s| answered(s, asking("complete"), json!({"status": 501}))],
            violating: &[|s| {
                firewall(s, &[]);
                s.command("c1", asking("ack"));
                s.sentinel();
            }],
            silent: &[
                |s| answered(s, allow(&json!({"response_requested": "complete"})), json!({"status": 200})),
                |s| answered(s, deny(&json!({})), json!({"status": 200})),
            ],
        },
    }
}

requirement! {
    /// A command with `response_requested` none is processed and not answered.
    ///
    /// # Interpretation
    /// This overrides whatever else the profile says of Responses, refusals included; the language has it as SHOULD NOT.
    /// `query features` is the subject of slpf/requested-none-query-features.
    ///
    /// # Judged
    /// On each allow, deny, delete and update of the profile with that argument, addressed to the IUT. Silence counts
    /// when a later command shows that the IUT was still there after the time to answer.
    NONE {
        id: "slpf/requested-none",
        rows: &["S-22"],
        clause: "3.2.1.7.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_COMMAND),
        trigger: Trigger::Tester,
        implies: &["openc2/requested-none"],
        judged: Judged::Exchange(|exchange, setting| {
            let message = received(exchange, setting).filter(|m| parts(m).is_some_and(|parts| own(&parts)))?;
            (response_requested(message) == Some("none"))
                .then(|| silent(exchange, "A command with response_requested none"))
        }),
        examples: Examples {
            conforming: &[|s| {
                firewall(s, &[]);
                s.command("c1", asking("none"));
                s.sentinel();
            }],
            violating: &[|s| answered(s, asking("none"), json!({"status": 200}))],
            silent: &[
                |s| {
                    firewall(s, &[]);
                    s.command("c1", asking("none"));
                },
                |s| answered(s, deny(&json!({})), json!({"status": 200})),
            ],
        },
    }
}

/// Judges a command that is due no Response.
pub(super) fn silent(exchange: &Exchange, what: &str) -> Ruling {
    match (exchange.distinct().next(), &exchange.silence) {
        (Some(response), _) => {
            let actual = status(response).map_or("a Response".to_owned(), |code| format!("status {code}"));
            let said = format!("{what} was answered with {actual}");
            deviates(Witness::packet(&response.packet), said, "no Response", actual)
        }
        (None, Silence::Proven { .. }) => Ruling::Met,
        (None, _) => too_early(what),
    }
}

requirement! {
    /// A command without `response_requested` is processed and answered as one that asks for completion.
    ///
    /// # Judged
    /// On each declared command of the profile without that argument, addressed to the IUT: a Response with another
    /// status than 102 comes. After 102 alone nothing is decided: no time is set for the completion of a command.
    ABSENT {
        id: "slpf/requested-absent",
        rows: &["S-23"],
        clause: "3.2.1.7.2",
        roles: &[Role::Consumer],
        when: Some(WHEN_COMMAND),
        trigger: Trigger::Tester,
        implies: &["openc2/requested-absent"],
        judged: Judged::Exchange(|exchange, setting| {
            let message = obliging(exchange, setting).filter(|m| declared(m, setting))?;
            if response_requested(message).is_some() {
                return None;
            }
            let what = "A command without response_requested";
            Some(match answer(exchange) {
                Answer::Final(..) => Ruling::Met,
                Answer::NoStatus(_) | Answer::Unreadable => no_status(what),
                Answer::Silent => {
                    unanswered(exchange, format!("{what} was not answered"), "a Response when it is completed")
                }
                Answer::Interim(_) => interim_only(what),
                Answer::Open => too_early(what),
            })
        }),
        examples: Examples {
            conforming: &[|s| {
                firewall(s, &[]);
                s.command("c1", deny(&json!({})));
                s.respond("c1", json!({"status": 102}));
                s.respond("c1", json!({"status": 200}));
            }],
            violating: &[|s| {
                firewall(s, &[]);
                s.command("c1", deny(&json!({})));
                s.sentinel();
            }],
            silent: &[
                |s| {
                    firewall(s, &[]);
                    s.command("c1", deny(&json!({})));
                },
                |s| answered(s, deny(&json!({})), json!({"status": 102})),
                |s| answered(s, asking("complete"), json!({"status": 200})),
            ],
        },
    }
}

requirement! {
    /// `response_requested` is a valid argument of every command.
    ///
    /// # Interpretation
    /// Refusing it shows where the same command with another value of it, or without it, succeeds later. `status` on an
    /// update is left out: 2.3.5.1 does not list it.
    ///
    /// # Judged
    /// On each sound allow, deny, delete and update with that argument that was answered with status 400 or 501, where
    /// the same command, differing in that argument only, was sent later and answered with status 102 or 200; met by
    /// each that was answered with 102 or 200 itself.
    VALID {
        id: "slpf/response-requested-valid",
        rows: &["S-21"],
        clause: "3.2.1.7",
        roles: &[Role::Consumer],
        when: Some(WHEN_COMMAND),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::<Valid>::default()),
        examples: Examples {
            conforming: &[|s| answered(s, asking("ack"), json!({"status": 102}))],
            violating: &[|s| {
                answered(s, asking("status"), json!({"status": 501}));
                s.command("c2", deny(&json!({})));
                s.respond("c2", json!({"status": 200}));
            }],
            silent: &[
                |s| answered(s, asking("status"), json!({"status": 501})),
                |s| {
                    // A number in use later on is another matter.
                    answered(s, deny(&json!({})), json!({"status": 200}));
                    s.command("c2", asking("status"));
                    s.respond("c2", json!({"status": 501}));
                },
            ],
        },
    }
}

/// Most commands that are compared.
const COMPARED: usize = 256;

#[derive(Default)]
struct Valid {
    commands: Vec<Arc<Exchange>>,
    full: bool,
}

impl Check for Valid {
    fn observe(&mut self, observation: &Observation, setting: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Exchange(exchange) => {
                let concerns = obliging(exchange, setting)
                    .is_some_and(|m| well_formed(m) && parts(m).is_some_and(|parts| own(&parts)));
                if concerns && self.commands.len() < COMPARED {
                    self.commands.push(Arc::clone(exchange));
                } else if concerns {
                    self.full = true;
                }
            }
            Observation::End { .. } => {
                for (n, exchange) in self.commands.iter().enumerate() {
                    if let Some(ruling) = self.ruling(exchange, self.commands.get(n + 1..).unwrap_or_default()) {
                        ledger.enter(Witness::packet(&exchange.request), ruling);
                    }
                }
                if self.full {
                    let nowhere = Witness { connection: None, packet: None, frame: None, bytes: None, bits: 0 };
                    ledger.enter(nowhere, Ruling::Undecided("There were too many commands to compare".to_owned()));
                }
            }
            _ => {}
        }
    }
}

impl Valid {
    fn ruling(&self, exchange: &Exchange, later: &[Arc<Exchange>]) -> Option<Ruling> {
        let message = exchange.message()?;
        let wanted = response_requested(message)?;
        if wanted == "status" && parts(message).is_some_and(|parts| parts.is_update()) {
            return None;
        }
        let succeeded = |e: &Exchange| e.distinct().any(|r| matches!(status(r), Some(102 | 200)));
        if succeeded(exchange) {
            return Some(Ruling::Met);
        }
        let Answer::Final(response, code @ (400 | 501)) = answer(exchange) else { return None };
        let other = later.iter().find(|other| {
            other.message().is_some_and(|m| alike(message, m) && response_requested(m) != Some(wanted))
                && succeeded(other)
        })?;
        let what = format!(
            "A command with response_requested {wanted}, which succeeded otherwise (packet {}),",
            other.request.ordinal
        );
        Some(misfit(response, Some(code), &what, "status 102 or 200"))
    }
}

/// Whether two commands differ in `response_requested` only.
fn alike(a: &Message, b: &Message) -> bool {
    let member = |m: &Message, name: &str| m.content.as_ref().and_then(|c| c.get(name)).cloned();
    let equal = |a: Option<Node>, b: Option<Node>| match (a, b) {
        (Some(a), Some(b)) => same(&a, &b),
        (a, b) => a.is_none() && b.is_none(),
    };
    let arg = |m: &Message, name: &str| m.args().and_then(|args| args.get(name)).cloned();
    ["action", "target", "actuator"].iter().all(|name| equal(member(a, name), member(b, name)))
        && ["start_time", "stop_time", "duration", SLPF].iter().all(|name| equal(arg(a, name), arg(b, name)))
}

requirement! {
    /// `query features` is implemented as the language has it, for the profile as well.
    ///
    /// # Interpretation
    /// The actuator `slpf` without specifiers asks every implementation of the profile.
    ///
    /// # Judged
    /// On each sound `query features` with that actuator and without other arguments than completion, addressed to the
    /// IUT: it is answered with status 200.
    QUERY_FEATURES {
        id: "slpf/query-features",
        rows: &["S-13"],
        clause: "2.3.3.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_SLPF),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            let message = obliging(exchange, setting).filter(|m| well_formed(m))?;
            features(message)?;
            if actuator(message) != Some(SLPF) || forbidden_args(message) {
                return None;
            }
            let what = "query features for the profile";
            let expected = "a Response with status 200";
            Some(match answer(exchange) {
                Answer::Final(_, 200) => Ruling::Met,
                Answer::Final(response, code) => misfit(response, Some(code), what, expected),
                Answer::NoStatus(_) | Answer::Unreadable => no_status(what),
                Answer::Silent => unanswered(exchange, format!("{what} was not answered"), expected),
                Answer::Interim(_) => interim_only(what),
                Answer::Open => too_early(what),
            })
        }),
        examples: Examples {
            conforming: &[|s| answered(s, query(), json!({"status": 200}))],
            violating: &[|s| answered(s, query(), json!({"status": 501})), |s| {
                firewall(s, &[]);
                s.command("c1", query());
                s.sentinel();
            }],
            silent: &[
                |s| {
                    firewall(s, &[]);
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": 500}));
                },
                |s| {
                    let mut command = query();
                    command["actuator"] = json!({"slpf": {"asset_id": "30"}});
                    answered(s, command, json!({"status": 501}));
                },
            ],
        },
    }
}

fn query() -> Value {
    json!({"action": "query", "target": {"features": []}, "actuator": {"slpf": {}}})
}

/// A query for pairs, answered with these.
fn reported(s: &mut Sketch, pairs: Value) {
    firewall(s, &[]);
    s.query("q1", json!(["pairs"]));
    s.respond("q1", json!({"status": 200, "results": {"pairs": pairs}}));
}

requirement! {
    /// A Consumer supports allow and deny for at least one of the targets of the profile.
    ///
    /// # Interpretation
    /// What it supports is what it reports as `pairs`. The targets are ipv4_connection, ipv6_connection, ipv4_net and
    /// ipv6_net.
    ///
    /// # Judged
    /// On each Response with status 200 and `pairs` to a `query features`: some target stands both under allow and
    /// under deny.
    BASELINE {
        id: "slpf/baseline-pairs",
        rows: &["S-24"],
        clause: "3.2.1.8",
        roles: &[Role::Consumer],
        when: Some(WHEN_SLPF),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            features(obliging(exchange, setting)?)?;
            let Answer::Final(response, 200) = answer(exchange) else { return None };
            let pairs = result(response.packet.message()?, "pairs")?;
            pairs.as_map()?;
            let listed = |action: &str, target: &str| {
                let targets = pairs.get(action).and_then(Node::as_array).unwrap_or_default();
                targets.iter().any(|t| t.as_text() == Some(target))
            };
            if FILTERED.iter().any(|target| listed("allow", target) && listed("deny", target)) {
                return Some(Ruling::Met);
            }
            Some(deviates(
                at(response, |m| result(m, "pairs")),
                "The pairs of a firewall have no target under both allow and deny",
                format!("one of {} under allow and deny", FILTERED.join(", ")),
                "none",
            ))
        }),
        examples: Examples {
            conforming: &[|s| {
                reported(s, json!({"query": ["features"], "allow": ["ipv4_net"], "deny": ["ipv6_net", "ipv4_net"]}));
            }],
            violating: &[
                |s| reported(s, json!({"query": ["features"], "deny": ["ipv4_net"]})),
                |s| reported(s, json!({"query": ["features"], "allow": ["ipv4_net"], "deny": ["ipv6_net"]})),
            ],
            silent: &[|s| {
                firewall(s, &[]);
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}
