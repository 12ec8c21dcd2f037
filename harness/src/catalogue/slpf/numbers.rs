//! Numbers of rules: which one a rule gets, and that it is told (2.1.3.2, 2.3.1, 2.2.2).

use super::rules::{Known, Rules, number_of};
use super::support::{
    SLPF, WHEN_CYCLE, WHEN_RULE_AND_DELETE, WHEN_TWO_RULES, allow, deletes, deny, firewall, numbered, obliging, parts,
};
use crate::catalogue::openc2::support::{
    Answer, answer, at, at_status, deviates, in_packet, response, response_requested, result, well_formed,
};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::openc2::{Message, Node};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, PacketSeen, ResponseSeen, Setting};
use crate::iut::Role;
use crate::judge::{Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};

fn complete() -> Value {
    json!({"response_requested": "complete"})
}

fn inserting() -> Value {
    deny(&json!({"response_requested": "complete", "slpf": {"insert_rule": 7}}))
}

/// A rule, answered so.
fn made(s: &mut Sketch, command: Value, response: Value) {
    firewall(s, &[]);
    s.command("c1", command);
    s.respond("c1", response);
}

/// The exchange, when it is a sound allow or deny that was answered with status 200.
fn rule<'a>(exchange: &'a Exchange, setting: &Setting) -> Option<(&'a Message, &'a ResponseSeen)> {
    let message = obliging(exchange, setting).filter(|m| well_formed(m))?;
    parts(message).filter(|parts| parts.is_rule())?;
    match answer(exchange) {
        Answer::Final(response, 200) => Some((message, response)),
        _ => None,
    }
}

fn place(response: &ResponseSeen) -> Witness {
    at(response, |m| result(m, SLPF).and_then(|own| own.get("rule_number")))
}

requirement! {
    /// A number belongs to one rule: no other rule gets it while it exists.
    ///
    /// # Interpretation
    /// Numbers count for one Producer and one Consumer. The same command again may be the same rule. A number that the
    /// command asks for is another requirement's business (slpf/rule-number-in-use-refused).
    ///
    /// # Judged
    /// On each number that the answer to an allow or deny tells: no rule of another command of that Producer has it, one
    /// that none has deleted.
    UNIQUE {
        id: "slpf/rule-number-unique",
        rows: &["S-01"],
        clause: "2.1.3.2",
        roles: &[Role::Consumer],
        when: Some(WHEN_TWO_RULES),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(unique)),
        examples: Examples {
            conforming: &[|s| {
                made(s, deny(&complete()), numbered(7));
                s.command("c2", allow(&complete()));
                s.respond("c2", numbered(8));
            }],
            violating: &[|s| {
                made(s, deny(&complete()), numbered(7));
                s.command("c2", allow(&complete()));
                s.respond("c2", numbered(7));
            }],
            silent: &[|s| made(s, deny(&complete()), json!({"status": 200})), |s| {
                made(s, deny(&complete()), json!({"status": 501}));
            }],
        },
    }
}

fn unique(exchange: &Exchange, known: Known) -> Option<Ruling> {
    let response = exchange.final_response()?;
    match known {
        Known::Fresh => Some(Ruling::Met),
        Known::Clash(number) => Some(deviates(
            place(response),
            format!("A rule got the number {number}, which another rule has"),
            "a number that no other rule has",
            number.to_string(),
        )),
        Known::Fails(_) => None,
    }
}

requirement! {
    /// A Consumer that supports delete tells the number of a rule when the command asks for completion.
    ///
    /// # Interpretation
    /// Delete is supported where such a command is declared, without the option `slpf-no-delete`. The clause names
    /// commands with `response_requested` complete; of those without it, whose answers are alike otherwise, it says
    /// nothing, and the profile's own example leaves the number out.
    ///
    /// # Judged
    /// On each Response with status 200 to an allow or deny with that argument: results.slpf.rule_number is there.
    RETURNED {
        id: "slpf/rule-number-returned",
        rows: &["S-09"],
        clause: "2.3.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_RULE_AND_DELETE),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(returned),
        examples: Examples {
            conforming: &[|s| made(s, deny(&complete()), numbered(7))],
            violating: &[
                |s| made(s, deny(&complete()), json!({"status": 200})),
                |s| made(s, allow(&complete()), json!({"status": 200, "results": {"slpf": {}}})),
            ],
            silent: &[
                |s| made(s, deny(&json!({})), json!({"status": 200})),
                |s| made(s, deny(&complete()), json!({"status": 501})),
            ],
        },
    }
}

fn returned(exchange: &Exchange, setting: &Setting) -> Option<Ruling> {
    let (message, response) = rule(exchange, setting)?;
    if response_requested(message) != Some("complete") || !deletes(&setting.pics) {
        return None;
    }
    let own = response.packet.message().and_then(|m| result(m, SLPF));
    if own.is_some_and(|own| own.get("rule_number").is_some()) {
        return Some(Ruling::Met);
    }
    Some(deviates(
        at_status(response),
        "A rule was made, and its number was not told",
        "results.slpf.rule_number",
        "none",
    ))
}

requirement! {
    /// A rule gets the number that the command asks for with insert_rule.
    ///
    /// # Judged
    /// On each Response with status 200 to an allow or deny with insert_rule that tells a number: it is that one.
    ASSIGNED {
        id: "slpf/insert-rule-assigned",
        rows: &["S-10"],
        clause: "2.3.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_CYCLE),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            let (message, response) = rule(exchange, setting)?;
            let wanted = parts(message)?.insert_rule()?;
            let told = number_of(response)?;
            if wanted == told {
                return Some(Ruling::Met);
            }
            let said = format!("A rule to be inserted as number {wanted} got number {told}");
            Some(deviates(place(response), said, format!("rule_number {wanted}"), format!("rule_number {told}")))
        }),
        examples: Examples {
            conforming: &[|s| made(s, inserting(), numbered(7))],
            violating: &[|s| made(s, inserting(), numbered(8))],
            silent: &[
                |s| made(s, inserting(), json!({"status": 200})),
                |s| made(s, deny(&complete()), numbered(8)),
                |s| made(s, inserting(), json!({"status": 501})),
            ],
        },
    }
}

requirement! {
    /// Results of the profile are a rule_number, an integer.
    ///
    /// # Judged
    /// On each Response of the IUT with results under `slpf`: their one member is rule_number, and an integer.
    FORM {
        id: "slpf/results-form",
        rows: &["SLPF-2.2.2"],
        clause: "2.2.2",
        roles: &[Role::Consumer],
        when: Some(WHEN_RULE_AND_DELETE),
        trigger: Trigger::Tester,
        judged: Judged::Packet(form),
        examples: Examples {
            conforming: &[|s| made(s, deny(&complete()), numbered(7))],
            violating: &[
                |s| made(s, deny(&complete()), json!({"status": 200, "results": {"slpf": {"rule_number": "7"}}})),
                |s| made(s, deny(&complete()), json!({"status": 200, "results": {"slpf": {"rule": 7}}})),
            ],
            silent: &[|s| made(s, deny(&complete()), json!({"status": 200}))],
        },
    }
}

fn form(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let message = response(packet).filter(|m| m.whole())?;
    let own = result(message, SLPF)?;
    let odd = own.as_map()?.iter().find_map(|(key, value)| match key.as_text() {
        Some("rule_number") if value.as_whole().is_some() => None,
        Some("rule_number") => Some((value, "rule_number as an integer")),
        _ => Some((key, "no results but rule_number")),
    });
    Some(match odd {
        None => Ruling::Met,
        Some((node, expected)) => deviates(
            Witness::bytes(packet, in_packet(packet, node.span)),
            format!("Response with {} among the results of the profile", Node::describe(node)),
            expected,
            node.describe(),
        ),
    })
}
