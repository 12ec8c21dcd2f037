//! What `response_requested` asks for (LS 3.3.1.4).

use super::support::{
    Answer, answer, declared, declares_commands, deviates, interim_only, misfit, no_status, query_features, readable,
    repeats, response_requested, status, too_early, unanswered,
};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::Message;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, Setting, Silence};
use crate::iut::{Command, Pics, Role};
use crate::judge::{Ruling, Witness};
use crate::requirement;
use serde_json::json;

/// Why some of these need a declared command: LS 4.1 forbids these values on `query features`.
const WHEN: (&str, fn(&Pics) -> bool) = ("a command other than `query features` is declared", declares_commands);

/// The request of an exchange, when it is a declared command that asks for `wanted`.
fn asks<'a>(exchange: &'a Exchange, setting: &Setting, wanted: &str) -> Option<&'a Message> {
    declared(exchange, setting).filter(|message| response_requested(message) == Some(wanted))
}

/// Judges a command that is due a final Response.
fn completed(exchange: &Exchange, what: &str) -> Ruling {
    match answer(exchange) {
        Answer::Final(..) => Ruling::Met,
        Answer::NoStatus(_) | Answer::Unreadable => no_status(what),
        Answer::Silent => {
            unanswered(exchange, format!("{what} was not answered"), "a Response when the command is completed")
        }
        Answer::Interim(_) => interim_only(what),
        Answer::Open => too_early(what),
    }
}

/// Whether an exchange is about a command that the IUT is to carry out and answer, and what it asks for.
fn carried_out<'a>(exchange: &'a Exchange, setting: &Setting) -> Option<Option<&'a str>> {
    let known = query_features(exchange, setting).filter(|(_, names)| !repeats(names)).map(|(message, _)| message);
    known.or_else(|| declared(exchange, setting)).map(response_requested)
}

/// An IUT that declares a command.
fn locks(s: &mut Sketch) {
    s.pics.commands.push(Command {
        action: "query".into(),
        target: json!({"x-acme:door": {"id": 4}}),
        ..Command::default()
    });
    s.ready();
}

/// That command, with an argument.
fn door(s: &mut Sketch, request_id: &str, response_requested: &str) {
    s.command(
        request_id,
        json!({
            "action": "query",
            "target": {"x-acme:door": {"id": 4}},
            "args": {"response_requested": response_requested},
        }),
    );
}

requirement! {
    /// A command with `response_requested` none is not answered.
    ///
    /// # Interpretation
    /// LS 3.3.1.4 makes no exception for errors (later drafts do). On `query features` the argument is forbidden,
    /// so it is judged on declared commands only.
    ///
    /// # Judged
    /// On each declared command, addressed to the IUT, with that argument. Silence counts when a later command
    /// shows that the IUT was still there after the time to answer.
    NONE {
        id: "openc2/requested-none",
        rows: &["L-022"],
        clause: "3.3.1.4",
        level: Level::Should,
        roles: &[Role::Consumer],
        when: Some(WHEN),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            asks(exchange, setting, "none")?;
            let what = "A command with response_requested none";
            Some(match (exchange.distinct().next(), &exchange.silence) {
                (Some(response), _) => {
                    let actual = status(response).map_or("a Response".to_owned(), |code| format!("status {code}"));
                    deviates(
                        Witness::packet(&response.packet),
                        format!("{what} was answered with {actual}"),
                        "no Response",
                        actual,
                    )
                }
                (None, Silence::Proven { .. }) => Ruling::Met,
                (None, _) => too_early(what),
            })
        }),
        examples: Examples {
            conforming: &[|s| {
                locks(s);
                door(s, "c1", "none");
                s.sentinel();
            }],
            violating: &[|s| {
                locks(s);
                door(s, "c1", "none");
                s.respond("c1", json!({"status": 200}));
            }],
            silent: &[
                |s| {
                    locks(s);
                    door(s, "c1", "none");
                },
                |s| {
                    locks(s);
                    door(s, "c1", "complete");
                    s.respond("c1", json!({"status": 200}));
                },
            ],
        },
    }
}

requirement! {
    /// A command with `response_requested` ack is answered with status 102.
    ///
    /// # Interpretation
    /// A final Response may follow the acknowledgement, but does not stand for it.
    ///
    /// # Judged
    /// On each declared command, addressed to the IUT, with that argument: its first Response has status 102.
    ACK {
        id: "openc2/requested-ack",
        rows: &["L-023"],
        clause: "3.3.1.4",
        level: Level::Should,
        roles: &[Role::Consumer],
        when: Some(WHEN),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            asks(exchange, setting, "ack")?;
            let what = "A command with response_requested ack";
            let expected = "a Response with status 102";
            Some(match (exchange.distinct().next(), &exchange.silence) {
                (Some(first), _) => match status(first) {
                    Some(102) => Ruling::Met,
                    None if !readable(first) => no_status(what),
                    code => misfit(first, code, what, expected),
                },
                (None, Silence::Proven { .. }) => unanswered(exchange, format!("{what} was not answered"), expected),
                (None, _) => too_early(what),
            })
        }),
        examples: Examples {
            conforming: &[|s| {
                locks(s);
                door(s, "c1", "ack");
                s.respond("c1", json!({"status": 102}));
                s.respond("c1", json!({"status": 200}));
            }],
            violating: &[
                |s| {
                    locks(s);
                    door(s, "c1", "ack");
                    s.respond("c1", json!({"status": 200}));
                },
                |s| {
                    locks(s);
                    door(s, "c1", "ack");
                    s.sentinel();
                },
            ],
            silent: &[|s| {
                locks(s);
                door(s, "c1", "complete");
                s.respond("c1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// A command with `response_requested` status is answered with its present status.
    ///
    /// # Interpretation
    /// Any status code says how far the command has come; whether it says the truth cannot be seen.
    ///
    /// # Judged
    /// On each declared command, addressed to the IUT, with that argument.
    STATUS {
        id: "openc2/requested-status",
        rows: &["L-024"],
        clause: "3.3.1.4",
        level: Level::Should,
        roles: &[Role::Consumer],
        when: Some(WHEN),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            asks(exchange, setting, "status")?;
            let what = "A command with response_requested status";
            let expected = "a Response with the present status";
            Some(match (exchange.distinct().next(), &exchange.silence) {
                (Some(first), _) if status(first).is_some() => Ruling::Met,
                (Some(first), _) if readable(first) => misfit(first, None, what, expected),
                (Some(_), _) => no_status(what),
                (None, Silence::Proven { .. }) => unanswered(exchange, format!("{what} was not answered"), expected),
                (None, _) => too_early(what),
            })
        }),
        examples: Examples {
            conforming: &[
                |s| {
                    locks(s);
                    door(s, "c1", "status");
                    s.respond("c1", json!({"status": 102}));
                },
                |s| {
                    locks(s);
                    door(s, "c1", "status");
                    s.respond("c1", json!({"status": 200}));
                },
            ],
            violating: &[|s| {
                locks(s);
                door(s, "c1", "status");
                s.sentinel();
            }],
            silent: &[|s| {
                locks(s);
                door(s, "c1", "none");
                s.sentinel();
            }],
        },
    }
}

requirement! {
    /// A command with `response_requested` complete is answered when it is completed.
    ///
    /// # Judged
    /// On each sound `query features` and each declared command, addressed to the IUT, with that argument: a
    /// Response with another status than 102 comes. After 102 alone nothing is decided: LS sets no time for the
    /// completion of a command.
    COMPLETE {
        id: "openc2/requested-complete",
        rows: &["L-025"],
        clause: "3.3.1.4",
        level: Level::Should,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            (carried_out(exchange, setting)? == Some("complete"))
                .then(|| completed(exchange, "A command with response_requested complete"))
        }),
        examples: Examples {
            conforming: &[
                |s| {
                    locks(s);
                    door(s, "c1", "complete");
                    s.respond("c1", json!({"status": 102}));
                    s.respond("c1", json!({"status": 200}));
                },
                |s| {
                    s.ready();
                    s.command(
                        "q1",
                        json!({
                            "action": "query",
                            "target": {"features": []},
                            "args": {"response_requested": "complete"},
                        }),
                    );
                    s.respond("q1", json!({"status": 200}));
                },
            ],
            violating: &[|s| {
                locks(s);
                door(s, "c1", "complete");
                s.sentinel();
            }],
            silent: &[
                |s| {
                    locks(s);
                    door(s, "c1", "complete");
                    s.respond("c1", json!({"status": 102}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": 200}));
                },
            ],
        },
    }
}

requirement! {
    /// A command without `response_requested` is answered as if it asked for complete.
    ///
    /// # Judged
    /// On each sound `query features` and each declared command, addressed to the IUT, without that argument: a
    /// Response with another status than 102 comes. After 102 alone nothing is decided.
    ABSENT {
        id: "openc2/requested-absent",
        rows: &["L-026"],
        clause: "3.3.1.4",
        level: Level::Should,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            carried_out(exchange, setting)?
                .is_none()
                .then(|| completed(exchange, "A command without response_requested"))
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.sentinel();
            }],
            silent: &[
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                },
                |s| {
                    locks(s);
                    door(s, "c1", "complete");
                    s.respond("c1", json!({"status": 200}));
                },
            ],
        },
    }
}
