//! Commands that no Consumer can carry out: unknown, unsupported or malformed. LS binds no status code to them;
//! what stands here follows from the meanings of the codes (LS 3.3.2.1), and is guidance.

use super::faults::{Fault, Unsupported, fault, unsupported_profile};
use super::support::{Answer, answer, answerable, misfit, not_ok};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::{Exchange, Setting};
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use serde_json::json;

/// Judges a Command with that fault: not 200.
fn refused(exchange: &Exchange, setting: &Setting, wanted: Fault) -> Option<Ruling> {
    let found = fault(answerable(exchange, setting)?)?;
    (found == wanted).then(|| not_ok(exchange, wanted.name()))
}

requirement! {
    /// A Command with an unknown action does not succeed.
    ///
    /// # Interpretation
    /// The list of actions is closed, so a name outside it means nothing to anybody. Silence is accepted.
    ///
    /// # Judged
    /// On each such Command, sound otherwise and addressed to the IUT: its status is not 200.
    UNKNOWN_ACTION {
        id: "openc2/unknown-action-refused",
        rows: &["LS-3.3.2.1-action"],
        clause: "3.3.2.1",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| refused(exchange, setting, Fault::Action)),
        examples: Examples {
            conforming: &[
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "frobnicate", "target": {"features": []}}));
                    s.respond("c1", json!({"status": 400}));
                },
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "frobnicate", "target": {"features": []}}));
                    s.sentinel();
                },
            ],
            violating: &[|s| {
                s.ready();
                s.command("c1", json!({"action": "frobnicate", "target": {"features": []}}));
                s.respond("c1", json!({"status": 200}));
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
    /// A Command whose pair of action and target the Consumer does not support does not succeed.
    ///
    /// # Interpretation
    /// Not supported is a pair that the IUT leaves out of the `pairs` it reports, and, where it has reported none,
    /// one with a target under the NSID `x-touchstone`; unless the vendor declares a command with it. Silence is
    /// accepted.
    ///
    /// # Judged
    /// On each such Command, sound and addressed to the IUT: its status is not 200.
    UNSUPPORTED_PAIR {
        id: "openc2/unsupported-pair-refused",
        rows: &["LS-3.3.2.1-pair"],
        clause: "3.3.2.1",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| Box::new(Unsupported::pairs(|exchange| Some(not_ok(exchange, "A Command with an unsupported pair"))))),
        examples: Examples {
            conforming: &[
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "query", "target": {"x-touchstone:nothing": {}}}));
                    s.respond("c1", json!({"status": 501}));
                },
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "query", "target": {"file": {"name": "a"}}}));
                    s.respond("c1", json!({"status": 501}));
                    s.query("q1", json!(["pairs"]));
                    s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": ["features"]}}}));
                },
            ],
            violating: &[
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "query", "target": {"x-touchstone:nothing": {}}}));
                    s.respond("c1", json!({"status": 200}));
                },
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "query", "target": {"file": {"name": "a"}}}));
                    s.respond("c1", json!({"status": 200}));
                    s.query("q1", json!(["pairs"]));
                    s.respond("q1", json!({"status": 200, "results": {"pairs": {"query": ["features"]}}}));
                },
            ],
            silent: &[|s| {
                // Nothing says that the pair is not supported.
                s.ready();
                s.command("c1", json!({"action": "query", "target": {"file": {"name": "a"}}}));
                s.respond("c1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// A Command for a profile that the Consumer does not have does not succeed.
    ///
    /// # Interpretation
    /// The actuator of a Command says who is to carry it out. Silence is accepted: it was meant for somebody else.
    ///
    /// # Judged
    /// On each Command, sound and addressed to the IUT, with an actuator under the NSID `x-touchstone`: its status
    /// is not 200.
    UNKNOWN_PROFILE {
        id: "openc2/unknown-profile-refused",
        rows: &["LS-3.3.2.1-profile"],
        clause: "3.3.2.1",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            unsupported_profile(exchange, setting)?;
            Some(not_ok(exchange, "A Command for a profile that the Consumer does not have"))
        }),
        examples: Examples {
            conforming: &[
                |s| {
                    s.ready();
                    s.command(
                        "c1",
                        json!({"action": "query", "target": {"features": []}, "actuator": {"x-touchstone": {}}}),
                    );
                    s.respond("c1", json!({"status": 501}));
                },
                |s| {
                    s.ready();
                    s.command(
                        "c1",
                        json!({"action": "query", "target": {"features": []}, "actuator": {"x-touchstone": {}}}),
                    );
                    s.sentinel();
                },
            ],
            violating: &[|s| {
                s.ready();
                s.command(
                    "c1",
                    json!({"action": "query", "target": {"features": []}, "actuator": {"x-touchstone": {}}}),
                );
                s.respond("c1", json!({"status": 200}));
            }],
            silent: &[|s| {
                s.ready();
                s.command("c1", json!({"action": "query", "target": {"features": []}, "actuator": {"alpha": {}}}));
                s.respond("c1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// A Command without a target, or with several, does not succeed.
    ///
    /// # Judged
    /// On each Command whose target is an object without or with several members, sound otherwise and addressed
    /// to the IUT: its status is not 200. Silence is accepted.
    TWO_TARGETS {
        id: "openc2/two-targets-refused",
        rows: &["LS-3.3.2.1-targets"],
        clause: "3.3.2.1",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| refused(exchange, setting, Fault::Targets)),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.command("c1", json!({"action": "query", "target": {"features": [], "x-touchstone:a": 1}}));
                s.respond("c1", json!({"status": 400}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "query", "target": {"features": [], "x-touchstone:a": 1}}));
                    s.respond("c1", json!({"status": 200}));
                },
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "query", "target": {}}));
                    s.respond("c1", json!({"status": 200}));
                },
            ],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}

requirement! {
    /// A Command with empty `args` does not succeed.
    ///
    /// # Interpretation
    /// Args hold at least one element (LS 3.3.1, Map{1..*}): a Producer with no argument leaves `args` out.
    ///
    /// # Judged
    /// On each such Command, sound otherwise and addressed to the IUT: its status is not 200. Silence is accepted.
    EMPTY_ARGS {
        id: "openc2/empty-args-refused",
        rows: &["LS-3.3.2.1-args"],
        clause: "3.3.2.1",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| refused(exchange, setting, Fault::Args)),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.command("c1", json!({"action": "query", "target": {"features": []}, "args": {}}));
                s.respond("c1", json!({"status": 400}));
            }],
            violating: &[|s| {
                s.ready();
                s.command("c1", json!({"action": "query", "target": {"features": []}, "args": {}}));
                s.respond("c1", json!({"status": 200}));
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
    /// A Command that is malformed in another way does not succeed.
    ///
    /// # Interpretation
    /// Without action or target, with members that LS does not have, with values of the wrong type, with unknown
    /// features. Repeated features are judged by `openc2/query-features-duplicates`.
    ///
    /// # Judged
    /// On each such Command in a sound message that is addressed to the IUT: its status is not 200. Silence is
    /// accepted.
    MALFORMED_COMMAND {
        id: "openc2/malformed-command-refused",
        rows: &["LS-3.3.2.1-command"],
        clause: "3.3.2.1",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| refused(exchange, setting, Fault::Other)),
        examples: Examples {
            conforming: &[
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "query"}));
                    s.respond("c1", json!({"status": 400}));
                },
                |s| {
                    s.ready();
                    s.query("c1", json!(["x-touchstone"]));
                    s.respond("c1", json!({"status": 400}));
                },
            ],
            violating: &[
                |s| {
                    s.ready();
                    s.command("c1", json!({"target": {"features": []}}));
                    s.respond("c1", json!({"status": 200}));
                },
                |s| {
                    s.ready();
                    s.query("c1", json!({"versions": true}));
                    s.respond("c1", json!({"status": 200}));
                },
            ],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!(["versions", "versions"]));
                s.respond("q1", json!({"status": 200}));
            }],
        },
    }
}

/// Judges the code of a refusal. A success is another requirement's, and silence says nothing.
fn code(exchange: &Exchange, what: &str, fitting: &[i128], expected: &str) -> Option<Ruling> {
    match answer(exchange) {
        Answer::Final(_, 200) => None,
        Answer::Final(_, code) if fitting.contains(&code) => Some(Ruling::Met),
        Answer::Final(response, code) => Some(misfit(response, Some(code), what, expected)),
        Answer::NoStatus(response) => Some(misfit(response, None, what, expected)),
        _ => None,
    }
}

requirement! {
    /// A malformed Command is refused with status 400.
    ///
    /// # Interpretation
    /// 400 is for what is perceived to be the Producer's error. 500 is accepted, and 501 for an unknown action.
    ///
    /// # Judged
    /// On each refusal of a Command with an unknown action, no or several targets, empty args or other faults of
    /// its grammar, in a sound message that is addressed to the IUT.
    MALFORMED_CODE {
        id: "openc2/malformed-answered-400",
        rows: &["LS-3.3.2.1-400"],
        clause: "3.3.2.1",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|exchange, setting| {
            let found = fault(answerable(exchange, setting)?)?;
            let fitting: &[i128] = if found == Fault::Action { &[400, 500, 501] } else { &[400, 500] };
            code(exchange, found.name(), fitting, "status 400")
        }),
        examples: Examples {
            conforming: &[
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "query", "target": {"features": []}, "args": {}}));
                    s.respond("c1", json!({"status": 400}));
                },
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "frobnicate", "target": {"features": []}}));
                    s.respond("c1", json!({"status": 501}));
                },
            ],
            violating: &[|s| {
                s.ready();
                s.command("c1", json!({"action": "query"}));
                s.respond("c1", json!({"status": 404}));
            }],
            silent: &[|s| {
                s.ready();
                s.command("c1", json!({"action": "query"}));
                s.sentinel();
            }],
        },
    }
}

requirement! {
    /// A sound Command that the Consumer does not support is refused with status 501.
    ///
    /// # Interpretation
    /// 501 is for functionality that is not supported. 404 and 500 are accepted.
    ///
    /// # Judged
    /// On each refusal of a Command with an unsupported pair or for a profile that the Consumer does not have.
    UNSUPPORTED_CODE {
        id: "openc2/unsupported-answered-501",
        rows: &["LS-3.3.2.1-501"],
        clause: "3.3.2.1",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Machine(|| {
            Box::new(Unsupported::pairs_and_profiles(|exchange| {
                code(exchange, "An unsupported Command", &[404, 500, 501], "status 501")
            }))
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.command("c1", json!({"action": "query", "target": {"x-touchstone:nothing": {}}}));
                s.respond("c1", json!({"status": 501}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.command("c1", json!({"action": "query", "target": {"x-touchstone:nothing": {}}}));
                    s.respond("c1", json!({"status": 401}));
                },
                |s| {
                    s.ready();
                    s.command(
                        "c1",
                        json!({"action": "query", "target": {"features": []}, "actuator": {"x-touchstone": {}}}),
                    );
                    s.respond("c1", json!({"status": 503}));
                },
            ],
            silent: &[|s| {
                s.ready();
                s.command("c1", json!({"action": "query", "target": {"x-touchstone:nothing": {}}}));
                s.respond("c1", json!({"status": 200}));
            }],
        },
    }
}
