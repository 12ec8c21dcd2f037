//! Results of a Response (LS 3.3.2.2).

use super::support::{grammar, result};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::Message;
use crate::evidence::openc2::schema::response as row;
use crate::iut::Role;
use crate::requirement;
use serde_json::json;

/// Results with something in them.
fn filled(message: &Message) -> bool {
    message.results().and_then(|r| r.as_map()).is_some_and(|members| !members.is_empty())
}

/// Targets somewhere in `pairs`.
fn targets(message: &Message) -> bool {
    result(message, "pairs")
        .and_then(|pairs| pairs.as_map())
        .is_some_and(|members| members.iter().any(|(_, targets)| targets.as_array().is_some_and(|t| !t.is_empty())))
}

requirement! {
    /// The `results` of a Response are an object with at least one member.
    ///
    /// # Interpretation
    /// LS 3.3.2.2 gives Results the multiplicity {1..*}: a Response with nothing to report leaves `results` out.
    ///
    /// # Judged
    /// In each Response that has `results`.
    RESULTS_NOT_EMPTY {
        id: "openc2/results-not-empty",
        rows: &["LS-3.3.2.2"],
        clause: "3.3.2.2",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| grammar(packet, row::RESULTS, "Response has results that are ", |m| m.results().is_some())),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["versions"]));
                s.respond("q1", json!({"status": 200, "results": {"versions": ["1.0"]}}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200, "results": {}}));
            },
|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200, "results": ["1.0"]}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// Members of `results` are `versions`, `profiles`, `pairs`, `rate_limit`, and objects under the NSID of a profile.
    ///
    /// # Interpretation
    /// LS 3.1.4 lets profiles extend results in one way: a member named by the NSID, the results inside it. An NSID has 1 to
    /// 16 characters (LS 3.4.2.12). Whether a profile exists is not judged.
    ///
    /// # Judged
    /// In each Response whose results have members.
    RESULTS_MEMBERS {
        id: "openc2/results-members",
        rows: &["L-030", "L-036"],
        clause: "3.1.4",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| grammar(packet, row::RESULTS_MEMBERS, "Response has results with ", filled)),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200, "results": {"rate_limit": 30, "x-acme": {"level": 3}}}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200, "results": {"a-profile-with-a-long-name": {}}}));
            },
|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200, "results": {"x-acme": 3}}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200, "results": {}}));
            }],
        },
    }
}

requirement! {
    /// `versions` is an array of one or more different strings.
    ///
    /// # Interpretation
    /// The field is `Version unique 0..*`: left out, or an array of at least one (LS 3.1.3).
    ///
    /// # Judged
    /// In each Response whose results have `versions`.
    RESULTS_VERSIONS {
        id: "openc2/results-versions",
        rows: &["LS-3.3.2.2-versions"],
        clause: "3.3.2.2",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| grammar(packet, row::VERSIONS, "Response breaks the form of versions: ", |m| result(m, "versions").is_some())),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["versions"]));
                s.respond("q1", json!({"status": 200, "results": {"versions": ["1.0", "1.1"]}}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!(["versions"]));
                s.respond("q1", json!({"status": 200, "results": {"versions": "1.0"}}));
            },
|s| {
                s.ready();
                s.query("q1", json!(["versions"]));
                s.respond("q1", json!({"status": 200, "results": {"versions": []}}));
            },
|s| {
                s.ready();
                s.query("q1", json!(["versions"]));
                s.respond("q1", json!({"status": 200, "results": {"versions": ["1.0", "1.0"]}}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// Each version reads Major.Minor.
    ///
    /// # Interpretation
    /// Only the Description column of LS 3.4.2.17 says so, and descriptions do not bind (LS 3.1.1).
    ///
    /// # Judged
    /// In each Response whose results have a version that is a string.
    RESULTS_VERSION_FORM {
        id: "openc2/results-version-form",
        rows: &["LS-3.4.2.17"],
        clause: "3.4.2.17",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| grammar(packet, row::VERSION_FORM, "Response names the version ", |m| {
            result(m, "versions").and_then(|v| v.as_array()).is_some_and(|v| v.iter().any(|v| v.as_text().is_some()))
        })),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["versions"]));
                s.respond("q1", json!({"status": 200, "results": {"versions": ["1.0"]}}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!(["versions"]));
                s.respond("q1", json!({"status": 200, "results": {"versions": ["v1"]}}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!(["versions"]));
                s.respond("q1", json!({"status": 200, "results": {"versions": [1.0]}}));
            }],
        },
    }
}

requirement! {
    /// `profiles` is an array of NSIDs, strings of 1 to 16 characters.
    ///
    /// # Interpretation
    /// The array may be empty: LS 3.1.3 leaves the meaning of an empty optional array open, and a Consumer may have no
    /// profile to name.
    ///
    /// # Judged
    /// In each Response whose results have `profiles`.
    RESULTS_PROFILES {
        id: "openc2/results-profiles",
        rows: &["LS-3.3.2.2-profiles", "LS-3.4.2.12"],
        clause: "3.3.2.2",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| grammar(packet, row::PROFILES, "Response breaks the form of profiles: ", |m| result(m, "profiles").is_some())),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["profiles"]));
                s.respond("q1", json!({"status": 200, "results": {"profiles": ["slpf", "x-acme"]}}));
            },
|s| {
                s.ready();
                s.query("q1", json!(["profiles"]));
                s.respond("q1", json!({"status": 200, "results": {"profiles": []}}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!(["profiles"]));
                s.respond("q1", json!({"status": 200, "results": {"profiles": "slpf"}}));
            },
|s| {
                s.ready();
                s.query("q1", json!(["profiles"]));
                s.respond("q1", json!({"status": 200, "results": {"profiles": ["a-profile-with-a-long-name"]}}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// `pairs` is an object of one or more actions, each with an array of one or more different names of targets.
    ///
    /// # Judged
    /// In each Response whose results have `pairs`. Which names there may be is judged by `openc2/pairs-actions` and
    /// `openc2/pairs-targets`.
    RESULTS_PAIRS {
        id: "openc2/results-pairs",
        rows: &["LS-3.3.2.2-pairs", "LS-3.4.2.1"],
        clause: "3.4.2.1",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| grammar(packet, row::PAIRS, "Response breaks the form of pairs: ", |m| result(m, "pairs").is_some())),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": ["features"]}}}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": [["query", "features"]]}}));
            },
|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": "features"}}}));
            },
|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": ["features", "features"]}}}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// Each action in `pairs` is one of the twenty of LS 3.3.1.1.
    ///
    /// # Interpretation
    /// The list of actions is not extended by profiles (LS 3.1.4).
    ///
    /// # Judged
    /// In each Response whose results have `pairs` with members.
    PAIRS_ACTIONS {
        id: "openc2/pairs-actions",
        rows: &["L-032"],
        clause: "3.1.4",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| grammar(packet, row::PAIRS_ACTIONS, "Response offers, in pairs, the action ", |m| result(m, "pairs").and_then(|p| p.as_map()).is_some_and(|p| !p.is_empty()))),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": ["features"], "deny": ["ipv4_net"]}}}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": ["features"], "unlock": ["x-acme:door"]}}}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": {}}}));
            }],
        },
    }
}

requirement! {
    /// Each target in `pairs` is one of the eighteen of LS 3.3.1.2, or a profile's, named by NSID, colon and name.
    ///
    /// # Judged
    /// In each Response whose `pairs` name a target.
    PAIRS_TARGETS {
        id: "openc2/pairs-targets",
        rows: &["L-033"],
        clause: "3.1.4",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| grammar(packet, row::PAIRS_TARGETS, "Response offers, in pairs, the target ", targets)),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": ["features"], "delete": ["slpf:rule_number"]}}}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": ["features", "door"]}}}));
            },
|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": {"delete": ["slpf/rule_number"]}}}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!(["pairs"]));
                s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": []}}}));
            }],
        },
    }
}

requirement! {
    /// `rate_limit` is a number that is not negative.
    ///
    /// # Judged
    /// In each Response whose results have `rate_limit`.
    RESULTS_RATE_LIMIT {
        id: "openc2/results-rate-limit",
        rows: &["LS-3.3.2.2-rate-limit"],
        clause: "3.3.2.2",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::IutOption("rate_limit"),
        judged: Judged::Packet(|packet, _| grammar(packet, row::RATE_LIMIT, "Response has the rate_limit ", |m| result(m, "rate_limit").is_some())),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!(["rate_limit"]));
                s.respond("q1", json!({"status": 200, "results": {"rate_limit": 0.5}}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!(["rate_limit"]));
                s.respond("q1", json!({"status": 200, "results": {"rate_limit": "30"}}));
            },
|s| {
                s.ready();
                s.query("q1", json!(["rate_limit"]));
                s.respond("q1", json!({"status": 200, "results": {"rate_limit": -1}}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!(["rate_limit"]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}
