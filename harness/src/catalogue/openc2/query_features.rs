//! The mandatory command (LS 4.1).

use super::support::{
    Answer, answer, at, at_status, deviates, interim_only, misfit, no_status, query_features, repeats, result,
    too_early, unanswered,
};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::Node;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, ResponseSeen, Setting};
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::json;

/// The Response with status 200 that a command is due, or the ruling that its absence is.
pub(super) fn ok<'a>(exchange: &'a Exchange, what: &str) -> Result<&'a ResponseSeen, Ruling> {
    match answer(exchange) {
        Answer::Final(response, 200) => Ok(response),
        Answer::Final(response, code) => Err(misfit(response, Some(code), what, "status 200")),
        Answer::NoStatus(response) => Err(misfit(response, None, what, "status 200")),
        Answer::Silent => Err(unanswered(exchange, format!("{what} was not answered"), "a Response with status 200")),
        Answer::Unreadable => Err(no_status(what)),
        Answer::Interim(_) => Err(interim_only(what)),
        Answer::Open => Err(too_early(what)),
    }
}

/// Judges a `query features` that names `feature` (once, like all others): 200, and the result it asks for.
fn feature(
    exchange: &Exchange,
    setting: &Setting,
    feature: &str,
    filled: fn(&Node) -> Result<(), String>,
    expected: &str,
) -> Option<Ruling> {
    let (_, names) = query_features(exchange, setting)?;
    if !names.contains(&feature) || repeats(&names) {
        return None;
    }
    let what = format!("query features with {feature:?}");
    Some(match ok(exchange, &what) {
        Err(ruling) => ruling,
        Ok(response) => populated(response, &what, feature, filled, expected),
    })
}

/// Judges the result that was asked for.
fn populated(
    response: &ResponseSeen,
    what: &str,
    name: &str,
    filled: fn(&Node) -> Result<(), String>,
    expected: &str,
) -> Ruling {
    let message = response.packet.message();
    let Some(node) = message.and_then(|m| result(m, name)) else {
        let place = at(response, |m| m.results().or(m.content.as_ref()));
        return deviates(place, format!("{what} was answered without results.{name}"), expected, "none");
    };
    match filled(node) {
        Ok(()) => Ruling::Met,
        Err(actual) => deviates(
            at(response, |m| result(m, name)),
            format!("{what} was answered with {actual} in results.{name}"),
            expected,
            actual,
        ),
    }
}

fn something(node: &Node) -> Result<(), String> {
    match node.as_array() {
        Some([]) => Err("an empty array".to_owned()),
        _ => Ok(()),
    }
}

/// `query` with `features`, at least. A shape that holds no names is left to `openc2/results-pairs`.
fn includes_itself(node: &Node) -> Result<(), String> {
    let Some(targets) = node.get("query") else { return Err("no action \"query\"".to_owned()) };
    let named = targets.as_array().is_some_and(|items| items.iter().any(|item| item.as_text() == Some("features")))
        || targets.as_text() == Some("features");
    if named { Ok(()) } else { Err("no target \"features\" for \"query\"".to_owned()) }
}

requirement! {
    /// A Consumer implements `query features`.
    ///
    /// # Interpretation
    /// LS 4.1 requires it of every Consumer, LS 5.4-1 makes that a condition of conformance. Status 501 and
    /// silence say that it is not implemented; other codes than 200 are judged by the requirements for each feature.
    ///
    /// # Judged
    /// On each sound `query features` without forbidden arguments or repeated features that is addressed to the
    /// IUT. Silence counts when a later command shows that the IUT was still there after the time to answer.
    IMPLEMENTED {
        id: "openc2/query-features-implemented",
        rows: &["L-064", "L-083"],
        clause: "4.1",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        implies: &[
            "openc2/query-features-empty",
            "openc2/query-features-versions",
            "openc2/query-features-profiles",
            "openc2/query-features-pairs",
            "openc2/query-features-rate-limit",
            "openc2/query-features-duplicates",
            "openc2/json-supported",
            "openc2/requested-complete",
            "openc2/requested-absent",
        ],
        judged: Judged::Exchange(|exchange, setting| {
            query_features(exchange, setting).filter(|(_, names)| !repeats(names))?;
            match answer(exchange) {
                Answer::Final(_, 200) => Some(Ruling::Met),
                Answer::Final(response, 501) => Some(deviates(
                    at_status(response),
                    "query features was answered with status 501, Not Implemented",
                    "an implementation of query features",
                    "status 501",
                )),
                Answer::Silent => {
                    Some(unanswered(exchange, "query features was not answered", "an answer to query features"))
                }
                Answer::Open => Some(too_early("query features")),
                Answer::Final(..) | Answer::NoStatus(_) | Answer::Unreadable | Answer::Interim(_) => None,
            }
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["versions"]));
                s.respond("q1", json!({"status": 200, "results": {"versions": ["1.0"]}}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": 501}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.sentinel();
                },
            ],
            silent: &[
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                },
                |s| {
                    // Addressed to another device.
                    let command = json!({"action": "query", "target": {"features": []}});
                    s.ready();
                    s.deliver("oc2/cmd/device/other", Sketch::request_payload("q1", command));
                    s.respond("q1", json!({"status": 501}));
                },
            ],
        },
    }
}

requirement! {
    /// A `query features` with an empty list is answered with status 200.
    ///
    /// # Judged
    /// On each sound one, without forbidden arguments, that is addressed to the IUT.
    EMPTY {
        id: "openc2/query-features-empty",
        rows: &["L-068"],
        clause: "4.1",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            let (_, names) = query_features(exchange, setting)?;
            if !names.is_empty() {
                return None;
            }
            Some(ok(exchange, "query features with an empty list").map_or_else(|ruling| ruling, |_| Ruling::Met))
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 102}));
                s.respond("q1", json!({"status": 200}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": 400}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.sentinel();
                },
            ],
            silent: &[
                |s| {
                    s.ready();
                    s.query("q1", json!(["versions"]));
                    s.respond("q1", json!({"status": 400}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": 102}));
                },
            ],
        },
    }
}

requirement! {
    /// A `query features` that names `versions` is answered with status 200 and the versions of the language.
    ///
    /// # Judged
    /// On each sound one, without forbidden arguments or repeated features, that is addressed to the IUT:
    /// `results.versions` is there and not empty. Its form is judged by `openc2/results-versions`.
    VERSIONS {
        id: "openc2/query-features-versions",
        rows: &["L-069"],
        clause: "4.1",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        implies: &["openc2/query-features-duplicates"],
        judged: Judged::Exchange(|exchange, setting| {
            feature(exchange, setting, "versions", something, "results.versions with the supported versions")
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["profiles", "versions"]));
                s.respond("q1", json!({"status": 200, "results": {"versions": ["1.0"], "profiles": ["alpha"]}}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!(["versions"]));
                    s.respond("q1", json!({"status": 200}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!(["versions"]));
                    s.respond("q1", json!({"status": 404}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!(["versions"]));
                    s.sentinel();
                },
            ],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!(["profiles"]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// A `query features` that names `profiles` is answered with status 200 and the supported profiles.
    ///
    /// # Interpretation
    /// A Consumer without a profile to name answers with an empty array; the field is there all the same.
    ///
    /// # Judged
    /// On each sound one, without forbidden arguments or repeated features, that is addressed to the IUT:
    /// `results.profiles` is there. Its form is judged by `openc2/results-profiles`.
    PROFILES {
        id: "openc2/query-features-profiles",
        rows: &["L-070"],
        clause: "4.1",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        implies: &["openc2/query-features-duplicates"],
        judged: Judged::Exchange(|exchange, setting| {
            feature(exchange, setting, "profiles", |_| Ok(()), "results.profiles with the supported profiles")
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["profiles"]));
                s.respond("q1", json!({"status": 200, "results": {"profiles": ["alpha", "iota"]}}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!(["profiles"]));
                    s.respond("q1", json!({"status": 200, "results": {"versions": ["1.0"]}}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!(["profiles"]));
                    s.respond("q1", json!({"status": 500}));
                },
            ],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!(["versions"]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// A `query features` that names `pairs` is answered with status 200 and the pairs of action and target that are valid.
    ///
    /// # Interpretation
    /// Every Consumer implements `query features`, so `query` with `features` is among them.
    ///
    /// # Judged
    /// On each sound one, without forbidden arguments or repeated features, that is addressed to the IUT:
    /// `results.pairs` is there and holds `features` under `query`. Its form is judged by `openc2/results-pairs`.
    PAIRS {
        id: "openc2/query-features-pairs",
        rows: &["L-071"],
        clause: "4.1",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        implies: &["openc2/query-features-duplicates"],
        judged: Judged::Exchange(|exchange, setting| {
            feature(exchange, setting, "pairs", includes_itself, "results.pairs with at least query: features")
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": ["features"]}}}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!(["pairs"]));
                    s.respond("q1", json!({"status": 200}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!(["pairs"]));
                    s.respond("q1", json!({"status": 200, "results": {"pairs": {"deny": ["ipv4_net"]}}}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!(["pairs"]));
                    s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": ["file"]}}}));
                },
            ],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!(["versions"]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// A `query features` that names `rate_limit` is answered with status 200, with the rate limit or without it.
    ///
    /// # Interpretation
    /// LS 4.1 recommends to fill the field, and allows status 200 without it: both pass.
    ///
    /// # Judged
    /// On each sound one, without forbidden arguments or repeated features, that is addressed to the IUT.
    RATE_LIMIT {
        id: "openc2/query-features-rate-limit",
        rows: &["L-072", "L-073"],
        clause: "4.1",
        level: Level::Should,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            let (_, names) = query_features(exchange, setting)?;
            if !names.contains(&"rate_limit") || repeats(&names) {
                return None;
            }
            Some(ok(exchange, "query features with \"rate_limit\"").map_or_else(|ruling| ruling, |_| Ruling::Met))
        }),
        examples: Examples {
            conforming: &[
                |s| {
                    s.ready();
                    s.query("q1", json!(["rate_limit"]));
                    s.respond("q1", json!({"status": 200, "results": {"rate_limit": 30}}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!(["rate_limit"]));
                    s.respond("q1", json!({"status": 200}));
                },
            ],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!(["rate_limit"]));
                s.respond("q1", json!({"status": 400}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 400}));
            }],
        },
    }
}
