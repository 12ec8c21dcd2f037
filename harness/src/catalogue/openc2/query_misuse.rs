//! `query features` that Producers must not send, and what becomes of it (LS 3.4.1.5, 4.1).

use super::query_features::ok;
use super::support::{
    Answer, answer, answerable, at, deviates, features, forbidden_args, misfit, no_status, not_ok, query_features,
    repeats, response_requested, result, too_early, unanswered, well_formed,
};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::Message;
use crate::evidence::{Exchange, Setting};
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::json;

/// The results that a list of features asks for, rate_limit apart.
fn missing(message: &Message, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find(|name| **name != "rate_limit" && result(message, name).is_none())
        .map(|name| format!("results without {name}"))
}

requirement! {
    /// A feature that is named more than once is treated as if it were named once.
    ///
    /// # Interpretation
    /// Producers must not repeat a feature; a Consumer that gets such a list all the same should answer it.
    ///
    /// # Judged
    /// On each `query features`, sound otherwise, with a repeated feature: status 200, with the results of the
    /// features named.
    DUPLICATES {
        id: "openc2/query-features-duplicates",
        rows: &["L-051"],
        clause: "3.4.1.5",
        level: Level::Should,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            let (_, names) = query_features(exchange, setting)?;
            if !repeats(&names) {
                return None;
            }
            let response = match ok(exchange, "query features with a repeated feature") {
                Ok(response) => response,
                Err(ruling) => return Some(ruling),
            };
            let actual = response.packet.message().and_then(|message| missing(message, &names));
            Some(actual.map_or(Ruling::Met, |actual| {
                deviates(
                    at(response, |m| m.results().or(m.content.as_ref())),
                    format!("query features with a repeated feature was answered with {actual}"),
                    "the results of a list without the repetition",
                    actual,
                )
            }))
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["versions", "versions"]));
                s.respond("q1", json!({"status": 200, "results": {"versions": ["1.0"]}}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!(["versions", "versions"]));
                    s.respond("q1", json!({"status": 400}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!(["versions", "versions"]));
                    s.respond("q1", json!({"status": 200}));
                },
            ],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!(["versions", "profiles"]));
                s.respond("q1", json!({"status": 400}));
            }],
        },
    }
}

/// Whether an exchange is about a `query features` that is sound but for an argument that LS 4.1 forbids.
fn with_extra_args<'a>(exchange: &'a Exchange, setting: &Setting) -> Option<&'a Message> {
    let message = answerable(exchange, setting)?;
    features(message)?;
    (well_formed(message) && forbidden_args(message)).then_some(message)
}

requirement! {
    /// A `query features` with any argument but `response_requested: complete` is not answered with status 200.
    ///
    /// # Interpretation
    /// Arguments under the NSID of a profile are arguments, too. Silence is no 200.
    ///
    /// # Judged
    /// On each such command, sound otherwise and addressed to the IUT.
    EXTRA_ARGS {
        id: "openc2/query-features-extra-args",
        rows: &["L-065"],
        clause: "4.1",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        implies: &["openc2/query-features-extra-args-code"],
        judged: Judged::Exchange(|exchange, setting| {
            with_extra_args(exchange, setting)?;
            Some(match (answer(exchange), not_ok(exchange, "query features with a forbidden argument")) {
                // 102 to response_requested ack is an answer, and not 200.
                (Answer::Interim(_), _) => Ruling::Met,
                (_, ruling) => ruling,
            })
        }),
        examples: Examples {
            conforming: &[
                |s| {
                    s.ready();
                    s.command("q1", json!({"action": "query", "target": {"features": []}, "args": {"duration": 5}}));
                    s.respond("q1", json!({"status": 400}));
                },
                |s| {
                    s.ready();
                    s.command(
                        "q1",
                        json!({"action": "query", "target": {"features": []}, "args": {"response_requested": "none"}}),
                    );
                    s.sentinel();
                },
            ],
            violating: &[|s| {
                s.ready();
                s.command("q1", json!({"action": "query", "target": {"features": []}, "args": {"x-touchstone": {}}}));
                s.respond("q1", json!({"status": 200}));
            }],
            silent: &[|s| {
                s.ready();
                s.command(
                    "q1",
                    json!({"action": "query", "target": {"features": []}, "args": {"response_requested": "complete"}}),
                );
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// A `query features` with a forbidden argument is answered with status 400, or with 500.
    ///
    /// # Interpretation
    /// LS 4.1 recommends 400 and allows 500. Where the argument is `response_requested: none`, LS 3.3.1.4 asks
    /// for silence instead: nothing is decided then.
    ///
    /// # Judged
    /// On each such command, sound otherwise and addressed to the IUT.
    EXTRA_ARGS_CODE {
        id: "openc2/query-features-extra-args-code",
        rows: &["L-066", "L-067"],
        clause: "4.1",
        level: Level::Should,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            let message = with_extra_args(exchange, setting)?;
            let what = "query features with a forbidden argument";
            let expected = "status 400 (or 500)";
            let none = response_requested(message) == Some("none");
            Some(match answer(exchange) {
                Answer::Final(_, 400 | 500) => Ruling::Met,
                Answer::Final(response, code) => misfit(response, Some(code), what, expected),
                Answer::Interim(response) => misfit(response, Some(102), what, expected),
                Answer::NoStatus(response) => misfit(response, None, what, expected),
                Answer::Silent | Answer::Open if none => return None,
                Answer::Silent => unanswered(exchange, format!("{what} was not answered"), expected),
                Answer::Unreadable => no_status(what),
                Answer::Open => too_early(what),
            })
        }),
        examples: Examples {
            conforming: &[
                |s| {
                    s.ready();
                    s.command("q1", json!({"action": "query", "target": {"features": []}, "args": {"duration": 5}}));
                    s.respond("q1", json!({"status": 400}));
                },
                |s| {
                    s.ready();
                    s.command("q1", json!({"action": "query", "target": {"features": []}, "args": {"duration": 5}}));
                    s.respond("q1", json!({"status": 500}));
                },
            ],
            violating: &[
                |s| {
                    s.ready();
                    s.command("q1", json!({"action": "query", "target": {"features": []}, "args": {"duration": 5}}));
                    s.respond("q1", json!({"status": 501}));
                },
                |s| {
                    s.ready();
                    s.command(
                        "q1",
                        json!({"action": "query", "target": {"features": []}, "args": {"response_requested": "ack"}}),
                    );
                    s.respond("q1", json!({"status": 102}));
                },
                |s| {
                    s.ready();
                    s.command("q1", json!({"action": "query", "target": {"features": []}, "args": {"duration": 5}}));
                    s.sentinel();
                },
            ],
            silent: &[|s| {
                s.ready();
                s.command(
                    "q1",
                    json!({"action": "query", "target": {"features": []}, "args": {"response_requested": "none"}}),
                );
                s.sentinel();
            }],
        },
    }
}
