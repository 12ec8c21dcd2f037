//! Commands that must not succeed, by clause.

use super::reason::Reason;
use super::rules::{Known, Rules};
use super::support::{
    WHEN_CYCLE, WHEN_DELETE, WHEN_MISSING, WHEN_NO_DELETE, WHEN_NO_DIRECTION, WHEN_NO_PAIR, WHEN_NO_UPDATE, WHEN_RULE,
    WHEN_UPDATE, allow, delete, deny, firewall, numbered, obliging, parts, update, with_args,
};
use crate::catalogue::openc2::support::{
    Answer, answer, misfit, no_status, not_ok, too_early, unanswered, well_formed,
};
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::Exchange;
use crate::evidence::sketch::Sketch;
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::{Value, json};

/// Not 200, for one reason.
fn refused(exchange: &Exchange, known: Known, wanted: Reason) -> Option<Ruling> {
    (known == Known::Fails(wanted)).then(|| not_ok(exchange, wanted.what()))
}

/// Status 500, for one reason.
fn internal_error(exchange: &Exchange, known: Known, wanted: Reason) -> Option<Ruling> {
    if known != Known::Fails(wanted) {
        return None;
    }
    let (what, expected) = (wanted.what(), "a Response with status 500");
    match answer(exchange) {
        Answer::Final(_, 500) => Some(Ruling::Met),
        // Others may be turned away before anybody looks.
        Answer::Final(_, 401 | 403 | 503) | Answer::Interim(_) => None,
        Answer::Final(response, code) => Some(misfit(response, Some(code), what, expected)),
        Answer::NoStatus(_) | Answer::Unreadable => Some(no_status(what)),
        Answer::Silent => Some(unanswered(exchange, format!("{what} was not answered"), expected)),
        Answer::Open => Some(too_early(what)),
    }
}

/// This command, answered so.
fn answered(s: &mut Sketch, options: &[&str], command: Value, response: Value) {
    firewall(s, options);
    s.command("c1", command);
    s.respond("c1", response);
}

fn one_way() -> Value {
    deny(&json!({"slpf": {"direction": "ingress"}}))
}

fn inserting() -> Value {
    deny(&json!({"response_requested": "complete", "slpf": {"insert_rule": 7}}))
}

/// A rule was inserted as number 7.
fn inserted(s: &mut Sketch) {
    firewall(s, &[]);
    s.command("c1", inserting());
    s.respond("c1", numbered(7));
}

/// Rule 7 was inserted and deleted.
fn deleted(s: &mut Sketch) {
    inserted(s);
    s.command("c2", delete(&json!(7)));
    s.respond("c2", json!({"status": 200}));
}

fn plain(s: &mut Sketch) {
    answered(s, &[], deny(&json!({})), json!({"status": 200}));
}

requirement! {
    /// A command with a direction is not answered with status 200 by a Consumer that does not support directions.
    ///
    /// # Interpretation
    /// That directions are not supported, the implementer declares (`slpf-no-direction`). `both` is what applies anyway.
    ///
    /// # Judged
    /// On each sound allow or deny of the profile with direction ingress or egress, addressed to the IUT, unless it asks
    /// for no Response.
    DIRECTION {
        id: "slpf/direction-unsupported-refused",
        rows: &["S-02"],
        clause: "2.1.3.2",
        roles: &[Role::Consumer],
        when: Some(WHEN_NO_DIRECTION),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(|e, k| refused(e, k, Reason::Direction))),
        examples: Examples {
            conforming: &[|s| answered(s, &["slpf-no-direction"], one_way(), json!({"status": 501, "status_text": "Option not supported"}))],
            violating: &[|s| answered(s, &["slpf-no-direction"], one_way(), json!({"status": 200}))],
            silent: &[plain, |s| answered(s, &[], one_way(), json!({"status": 200})), |s| {
                let none = deny(&json!({"response_requested": "none", "slpf": {"direction": "ingress"}}));
                answered(s, &["slpf-no-direction"], none, json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// An allow or deny with an argument that is not supported is not answered with status 200.
    ///
    /// # Interpretation
    /// Not supported by anybody is an argument under `slpf` that the profile does not have, and drop_process on allow,
    /// for which Table 2.3-2 has no place.
    ///
    /// # Judged
    /// On each sound allow or deny with such an argument, addressed to the IUT, unless it asks for no Response.
    ARGUMENT {
        id: "slpf/unsupported-argument-refused",
        rows: &["S-06"],
        clause: "2.3.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_RULE),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(|e, k| refused(e, k, Reason::Argument))),
        examples: Examples {
            conforming: &[|s| {
                answered(s, &[], deny(&json!({"slpf": {"x-touchstone": true}})), json!({"status": 501, "status_text": "Option not supported"}));
            }],
            violating: &[
                |s| answered(s, &[], deny(&json!({"slpf": {"x-touchstone": true}})), json!({"status": 200})),
                |s| answered(s, &[], allow(&json!({"slpf": {"drop_process": "none"}})), json!({"status": 200})),
            ],
            silent: &[plain, |s| {
                answered(s, &[], deny(&json!({"slpf": {"drop_process": "none"}})), json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// A rule whose number is in use is not inserted: the command is not answered with status 200.
    ///
    /// # Interpretation
    /// In use is the number of a rule that a command of the same Producer made and none deleted, also when the command
    /// is the same: the clause makes no exception. Numbers of rules that end by themselves are not followed.
    ///
    /// # Judged
    /// On each sound allow or deny with insert_rule that was sent after another command with that number, or one whose
    /// answer told it, had been answered with status 200.
    IN_USE {
        id: "slpf/rule-number-in-use-refused",
        rows: &["S-10"],
        clause: "2.3.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_CYCLE),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(|e, k| refused(e, k, Reason::InUse))),
        examples: Examples {
            conforming: &[|s| {
                inserted(s);
                s.command("c2", inserting());
                s.respond("c2", json!({"status": 501, "status_text": "Rule number currently in use"}));
            }],
            violating: &[|s| {
                inserted(s);
                s.command("c2", inserting());
                s.respond("c2", numbered(7));
            }, |s| {
                firewall(s, &[]);
                s.command("c1", allow(&json!({"response_requested": "complete"})));
                s.respond("c1", numbered(7));
                s.command("c2", inserting());
                s.respond("c2", numbered(7));
            }],
            silent: &[inserted, |s| {
                deleted(s);
                s.command("c3", inserting());
                s.respond("c3", numbered(7));
            }, |s| {
                // The second one was sent before the first was answered.
                firewall(s, &[]);
                s.command("c1", inserting());
                s.command("c2", inserting());
                s.respond("c2", numbered(7));
                s.respond("c1", json!({"status": 501}));
            }],
        },
    }
}

requirement! {
    /// An allow or deny of a target that is not implemented is not answered with status 200.
    ///
    /// # Interpretation
    /// That a target is not implemented, the implementer declares (`slpf-no-ipv6-net`, ...).
    ///
    /// # Judged
    /// On each sound allow or deny of such a target, addressed to the IUT, unless it asks for no Response.
    PAIR {
        id: "slpf/unsupported-target-refused",
        rows: &["S-12"],
        clause: "2.3.1.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_NO_PAIR),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(|e, k| refused(e, k, Reason::Pair))),
        examples: Examples {
            conforming: &[|s| answered(s, &["slpf-no-ipv4-net"], deny(&json!({})), json!({"status": 501, "status_text": "Target type not supported"}))],
            violating: &[|s| answered(s, &["slpf-no-ipv4-net"], deny(&json!({})), json!({"status": 200}))],
            silent: &[plain, |s| answered(s, &["slpf-no-ipv6-net"], deny(&json!({})), json!({"status": 200}))],
        },
    }
}

requirement! {
    /// A delete of a rule that cannot be understood is not answered with status 200.
    ///
    /// # Judged
    /// On each delete of `slpf:rule_number` whose number is no integer or whose arguments are not those of the language,
    /// addressed to the IUT, unless deleting is declared not to be supported.
    DELETE_MALFORMED {
        id: "slpf/malformed-delete-refused",
        rows: &["S-15"],
        clause: "2.3.4.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_DELETE),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(|e, k| refused(e, k, Reason::DeleteMalformed))),
        examples: Examples {
            conforming: &[|s| answered(s, &[], delete(&json!("seven")), json!({"status": 400}))],
            violating: &[|s| answered(s, &[], delete(&json!("seven")), json!({"status": 200})), |s| {
                let odd = with_args(delete(&json!(7)), &json!({"response_requested": "x-touchstone"}));
                answered(s, &[], odd, json!({"status": 200}));
            }],
            silent: &[|s| answered(s, &[], delete(&json!(7)), json!({"status": 200}))],
        },
    }
}

requirement! {
    /// A delete of a rule is not answered with status 200 by a Consumer that does not support it.
    ///
    /// # Interpretation
    /// That it is not supported, the implementer declares (`slpf-no-delete`).
    ///
    /// # Judged
    /// On each sound delete of a rule, addressed to the IUT, unless it asks for no Response.
    DELETE_UNSUPPORTED {
        id: "slpf/unsupported-delete-refused",
        rows: &["S-16"],
        clause: "2.3.4.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_NO_DELETE),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(|e, k| refused(e, k, Reason::DeleteUnsupported))),
        examples: Examples {
            conforming: &[|s| answered(s, &["slpf-no-delete"], delete(&json!(7)), json!({"status": 501, "status_text": "target not supported"}))],
            violating: &[|s| answered(s, &["slpf-no-delete"], delete(&json!(7)), json!({"status": 200}))],
            silent: &[|s| answered(s, &[], delete(&json!(7)), json!({"status": 200}))],
        },
    }
}

requirement! {
    /// A delete of a rule is answered with status 200 when the rule was removed, and with 500 when it was not.
    ///
    /// # Interpretation
    /// Status 400 is for what could not be understood or processed (the clause says so), 401, 403 and 503 for who asks and
    /// when; they are not judged here. Whether the rule was removed cannot be seen.
    ///
    /// # Judged
    /// On each final Response to a sound delete of a rule, where deleting is supported.
    DELETE_STATUS {
        id: "slpf/delete-answered-200-or-500",
        rows: &["S-17"],
        clause: "2.3.4.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_DELETE),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            let message = obliging(exchange, setting).filter(|m| well_formed(m))?;
            parts(message).filter(|p| p.is_delete() && p.value.as_whole().is_some())?;
            match answer(exchange) {
                _ if setting.pics.elects("slpf-no-delete") => None,
                Answer::Final(_, 200 | 500) => Some(Ruling::Met),
                Answer::Final(_, 400 | 401 | 403 | 503) => None,
                Answer::Final(response, code) => {
                    Some(misfit(response, Some(code), "A delete of a rule", "status 200 or 500"))
                }
                _ => None,
            }
        }),
        examples: Examples {
            conforming: &[deleted, |s| answered(s, &[], delete(&json!(7)), json!({"status": 500}))],
            violating: &[|s| answered(s, &[], delete(&json!(7)), json!({"status": 404}))],
            silent: &[plain, |s| answered(s, &[], delete(&json!(7)), json!({"status": 400}))],
        },
    }
}

requirement! {
    /// A delete of a rule that is not there is answered with status 500, and not with 200.
    ///
    /// # Interpretation
    /// A rule that was deleted before cannot be removed again.
    ///
    /// # Judged
    /// On each sound delete of a rule that was sent after a delete of the same number had been answered with status 200,
    /// with no rule made in between that may have got that number.
    DELETE_FAILED {
        id: "slpf/delete-failed-500",
        rows: &["S-17"],
        clause: "2.3.4.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_CYCLE),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(|e, k| internal_error(e, k, Reason::Gone))),
        examples: Examples {
            conforming: &[|s| {
                deleted(s);
                s.command("c3", delete(&json!(7)));
                s.respond("c3", json!({"status": 500, "status_text": "firewall rule not removed or updated"}));
            }],
            violating: &[|s| {
                deleted(s);
                s.command("c3", delete(&json!(7)));
                s.respond("c3", json!({"status": 200}));
            }, |s| {
                deleted(s);
                s.command("c3", delete(&json!(7)));
                s.respond("c3", json!({"status": 404}));
            }],
            silent: &[deleted, |s| {
                deleted(s);
                s.command("c3", deny(&json!({})));
                s.respond("c3", json!({"status": 200}));
                s.command("c4", delete(&json!(7)));
                s.respond("c4", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// An update that cannot be understood is not answered with status 200.
    ///
    /// # Judged
    /// On each update of a file that departs from the grammar of the language, addressed to the IUT, unless updates are
    /// declared not to be supported.
    UPDATE_MALFORMED {
        id: "slpf/malformed-update-refused",
        rows: &["S-19"],
        clause: "2.3.5.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_UPDATE),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(|e, k| refused(e, k, Reason::UpdateMalformed))),
        examples: Examples {
            conforming: &[|s| {
                answered(s, &[], with_args(update("a"), &json!({"response_requested": "x"})), json!({"status": 400}));
            }],
            violating: &[|s| {
                answered(s, &[], with_args(update("a"), &json!({"response_requested": "x"})), json!({"status": 200}));
            }],
            silent: &[|s| answered(s, &[], update("a"), json!({"status": 200}))],
        },
    }
}

requirement! {
    /// An update is not answered with status 200 by a Consumer that does not support it.
    ///
    /// # Interpretation
    /// That it is not supported, the implementer declares (`slpf-no-update`).
    ///
    /// # Judged
    /// On each sound update of a file, addressed to the IUT, unless it asks for no Response.
    UPDATE_UNSUPPORTED {
        id: "slpf/unsupported-update-refused",
        rows: &["S-19"],
        clause: "2.3.5.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_NO_UPDATE),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(|e, k| refused(e, k, Reason::UpdateUnsupported))),
        examples: Examples {
            conforming: &[|s| answered(s, &["slpf-no-update"], update("a"), json!({"status": 501, "status_text": "Command not supported"}))],
            violating: &[|s| answered(s, &["slpf-no-update"], update("a"), json!({"status": 200}))],
            silent: &[|s| answered(s, &[], update("a"), json!({"status": 200}))],
        },
    }
}

requirement! {
    /// An update with a file that cannot be accessed is answered with status 500.
    ///
    /// # Interpretation
    /// A file whose name begins with `x-touchstone` does not exist. The harness sends such an update only when it is
    /// declared.
    ///
    /// # Judged
    /// On each sound update of such a file, addressed to the IUT, unless it asks for no Response.
    FILE_MISSING {
        id: "slpf/update-file-missing-500",
        rows: &["S-20"],
        clause: "2.3.5.1",
        roles: &[Role::Consumer],
        when: Some(WHEN_MISSING),
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Rules::check(|e, k| internal_error(e, k, Reason::FileMissing))),
        examples: Examples {
            conforming: &[|s| answered(s, &[], update("x-touchstone-missing"), json!({"status": 500, "status_text": "cannot access file"}))],
            violating: &[|s| answered(s, &[], update("x-touchstone-missing"), json!({"status": 200})), |s| {
                answered(s, &[], update("x-touchstone-missing"), json!({"status": 404}));
            }],
            silent: &[|s| answered(s, &[], update("rules"), json!({"status": 404}))],
        },
    }
}
