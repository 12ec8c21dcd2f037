//! With which status, and in which words, commands of the profile are refused.

use super::reason::{Reason, unknown_argument};
use super::rules::{Known, Rules};
use super::support::{WHEN_DELETE, WHEN_RULE, delete, deny, firewall};
use crate::catalogue::openc2::support::{Answer, answer, at, deviates, misfit};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::Exchange;
use crate::evidence::openc2::Node;
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::json;

/// Judges the status of a refusal. A success is another requirement's, and silence says nothing; 401, 403 and 503 are for
/// who asks, and when.
fn code(exchange: &Exchange, reason: Reason, fitting: &[i128], expected: &str) -> Option<Ruling> {
    match answer(exchange) {
        Answer::Final(_, 200 | 401 | 403 | 503) => None,
        Answer::Final(_, code) if fitting.contains(&code) => Some(Ruling::Met),
        Answer::Final(response, code) => Some(misfit(response, Some(code), reason.what(), expected)),
        _ => None,
    }
}

requirement! {
    /// A command that is not supported, or whose rule number is in use, is refused with status 501.
    ///
    /// # Interpretation
    /// Status 500 is allowed each time. An argument that the profile does not know may be a parsing error as well, which
    /// is status 400.
    ///
    /// # Judged
    /// On the final Response, other than 200, to each command that one of slpf/direction-unsupported-refused,
    /// slpf/unsupported-argument-refused, slpf/unsupported-target-refused, slpf/rule-number-in-use-refused,
    /// slpf/unsupported-delete-refused and slpf/unsupported-update-refused is about.
    NOT_IMPLEMENTED {
        id: "slpf/refused-with-501",
        rows: &["S-02", "S-06", "S-10", "S-12", "S-16", "S-19"],
        clause: "2.3.1",
        level: Level::Should,
        roles: &[Role::Consumer],
        when: Some(WHEN_RULE),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(not_implemented)),
        examples: Examples {
            conforming: &[
                |s| {
                    firewall(s, &[]);
                    s.command("c1", deny(&json!({"slpf": {"x-touchstone": true}})));
                    s.respond("c1", json!({"status": 501, "status_text": "Option not supported"}));
                },
                |s| {
                    firewall(s, &["slpf-no-ipv4-net"]);
                    s.command("c1", deny(&json!({})));
                    s.respond("c1", json!({"status": 500, "status_text": "Target type not supported"}));
                },
            ],
            violating: &[
                |s| {
                    firewall(s, &[]);
                    s.command("c1", deny(&json!({"slpf": {"x-touchstone": true}})));
                    s.respond("c1", json!({"status": 404, "status_text": "Option not supported"}));
                },
                |s| {
                    firewall(s, &["slpf-no-delete"]);
                    s.command("c1", delete(&json!(7)));
                    s.respond("c1", json!({"status": 400}));
                },
            ],
            silent: &[|s| {
                firewall(s, &[]);
                s.command("c1", deny(&json!({"slpf": {"x-touchstone": true}})));
                s.respond("c1", json!({"status": 200}));
            }],
        },
    }
}

fn not_implemented(exchange: &Exchange, known: Known) -> Option<Ruling> {
    let Known::Fails(reason) = known else { return None };
    let fitting: &[i128] = match reason {
        Reason::Argument if exchange.message().is_some_and(unknown_argument) => &[501, 500, 400],
        Reason::Argument
        | Reason::Direction
        | Reason::Pair
        | Reason::InUse
        | Reason::DeleteUnsupported
        | Reason::UpdateUnsupported => &[501, 500],
        Reason::DeleteMalformed | Reason::UpdateMalformed | Reason::Gone | Reason::FileMissing => return None,
    };
    code(exchange, reason, fitting, "status 501")
}

requirement! {
    /// A delete or an update that cannot be understood is refused with status 400.
    ///
    /// # Interpretation
    /// Status 500 is allowed, too.
    ///
    /// # Judged
    /// On the final Response, other than 200, to each command that slpf/malformed-delete-refused or
    /// slpf/malformed-update-refused is about.
    BAD_REQUEST {
        id: "slpf/malformed-answered-400",
        rows: &["S-15", "S-19"],
        clause: "2.3.4.1",
        level: Level::Should,
        roles: &[Role::Consumer],
        when: Some(WHEN_DELETE),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(|exchange, known| match known {
            Known::Fails(reason @ (Reason::DeleteMalformed | Reason::UpdateMalformed)) => {
                code(exchange, reason, &[400, 500], "status 400")
            }
            _ => None,
        })),
        examples: Examples {
            conforming: &[|s| {
                firewall(s, &[]);
                s.command("c1", delete(&json!("seven")));
                s.respond("c1", json!({"status": 400}));
            }],
            violating: &[|s| {
                firewall(s, &[]);
                s.command("c1", delete(&json!("seven")));
                s.respond("c1", json!({"status": 501}));
            }],
            silent: &[|s| {
                firewall(s, &[]);
                s.command("c1", delete(&json!(7)));
                s.respond("c1", json!({"status": 500}));
            }],
        },
    }
}

requirement! {
    /// The status text of a refusal says why, in the words of the profile.
    ///
    /// # Interpretation
    /// The words may stand among others, in whatever case. For an update that is not supported, those of Annex A.3 do as
    /// well.
    ///
    /// # Judged
    /// On the final Response with status 500 or 501 to each command that must fail and for which the profile has words:
    /// see slpf/refused-with-501, slpf/delete-failed-500 and slpf/update-file-missing-500.
    TEXT {
        id: "slpf/refused-with-text",
        rows: &["S-06", "S-10", "S-12", "S-16", "S-17", "S-19", "S-20"],
        clause: "2.3.1",
        level: Level::Should,
        roles: &[Role::Consumer],
        when: Some(WHEN_RULE),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(text)),
        examples: Examples {
            conforming: &[|s| {
                firewall(s, &[]);
                s.command("c1", deny(&json!({"slpf": {"x-touchstone": true}})));
                s.respond("c1", json!({"status": 501, "status_text": "option NOT supported: x-touchstone"}));
            }],
            violating: &[
                |s| {
                    firewall(s, &[]);
                    s.command("c1", deny(&json!({"slpf": {"x-touchstone": true}})));
                    s.respond("c1", json!({"status": 501, "status_text": "no"}));
                },
                |s| {
                    firewall(s, &["slpf-no-delete"]);
                    s.command("c1", delete(&json!(7)));
                    s.respond("c1", json!({"status": 501}));
                },
            ],
            silent: &[|s| {
                firewall(s, &[]);
                s.command("c1", deny(&json!({"slpf": {"x-touchstone": true}})));
                s.respond("c1", json!({"status": 400}));
            }],
        },
    }
}

fn text(exchange: &Exchange, known: Known) -> Option<Ruling> {
    let Known::Fails(reason) = known else { return None };
    let phrase = reason.phrases().first()?;
    let Answer::Final(response, 500 | 501) = answer(exchange) else { return None };
    let message = response.packet.message()?;
    let text = message.content.as_ref().and_then(|c| c.get("status_text")).and_then(Node::as_text);
    let said = text.map(str::to_lowercase).unwrap_or_default();
    if reason.phrases().iter().any(|phrase| said.contains(phrase)) {
        return Some(Ruling::Met);
    }
    let actual = match text {
        Some(text) => format!("`{}`", text.chars().take(80).collect::<String>()),
        None => "no status text".to_owned(),
    };
    let place = at(response, |m| m.content.as_ref().and_then(|c| c.get("status_text")));
    Some(deviates(
        place,
        format!("{} was refused with {actual}", reason.what()),
        format!("a status text with `{phrase}`"),
        actual,
    ))
}
