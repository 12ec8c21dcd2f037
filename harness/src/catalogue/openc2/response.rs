//! The Response (LS 3.3.2).

use super::support::{grammar, response};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::schema::response as row;
use crate::iut::Role;
use crate::requirement;
use serde_json::json;

requirement! {
    /// Every Response has a `status`, and it is one of 102, 200, 400, 401, 403, 404, 500, 501, 503.
    ///
    /// # Interpretation
    /// LS 3.3.2.1 lists nine codes and no way to extend them; 201, 204 or 405 are no status codes of OpenC2. A
    /// number written with a fraction or an exponent counts by its value here: see `openc2/response-status-integer`.
    ///
    /// # Judged
    /// In each Response the IUT publishes, whatever its layout. A Response that breaks off is left to
    /// `openc2/response-ijson`.
    RESPONSE_STATUS {
        id: "openc2/response-status",
        rows: &["L-040"],
        clause: "3.3.2",
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
            "openc2/query-features-extra-args-code",
            "openc2/requested-ack",
            "openc2/requested-status",
            "openc2/malformed-answered-400",
            "openc2/unsupported-answered-501",
        ],
        judged: Judged::Packet(|packet, _| grammar(packet, row::STATUS_VALUE, "Response has ", |_| true)),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status_text": "ok"}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": 204}));
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond("q1", json!({"status": "200"}));
                },
            ],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
            }],
        },
    }
}

requirement! {
    /// The status of a Response is written as an integer, without fraction or exponent.
    ///
    /// # Interpretation
    /// LS 3.1.5 asks for a JSON integer where the type is Enumerated.ID, and for a JSON number where it is Integer;
    /// JSON itself knows only numbers, and 200.0 is the same number as 200.
    ///
    /// # Judged
    /// In each Response whose status has one of the nine values.
    RESPONSE_STATUS_INTEGER {
        id: "openc2/response-status-integer",
        rows: &["LS-3.3.2.1-integer"],
        clause: "3.1.5",
        level: Level::Must,
        contradiction: Some("an Enumerated.ID is a JSON integer (3.1.5), but JSON has numbers only: 200.0 equals 200"),
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| {
            grammar(packet, row::STATUS_INTEGER, "Response has status ", |m| {
                m.status().is_some() && m.content_defects_of(row::STATUS_VALUE).next().is_none()
            })
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
                s.respond("q1", json!({"status": 200.0}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status_text": "ok"}));
            }],
        },
    }
}

requirement! {
    /// A Response has no members but `status`, `status_text` and `results`.
    ///
    /// # Interpretation
    /// The Map of LS 3.3.2 names three members; extensions have their place inside `results` (LS 3.1.4).
    /// `command_id` is a member of Commands only.
    ///
    /// # Judged
    /// In each Response that is an object.
    RESPONSE_MEMBERS {
        id: "openc2/response-members",
        rows: &["LS-3.3.2"],
        clause: "3.3.2",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(|packet, _| {
            grammar(packet, row::MEMBERS, "Response has ", |m| m.content.as_ref().is_some_and(|c| c.as_map().is_some()))
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200, "status_text": "ok", "results": {"versions": ["1.0"]}}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200, "command_id": "c1"}));
            }],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!(200));
            }],
        },
    }
}

requirement! {
    /// The `status_text` of a Response is a string.
    ///
    /// # Judged
    /// In each Response that has one.
    RESPONSE_STATUS_TEXT {
        id: "openc2/response-status-text",
        rows: &["LS-3.3.2-status-text"],
        clause: "3.3.2",
        level: Level::Must,
        roles: &[Role::Consumer],
        trigger: Trigger::IutOption("status_text"),
        judged: Judged::Packet(|packet, _| {
            grammar(packet, row::STATUS_TEXT, "Response has a status_text that is no string: ", |m| {
                m.content.as_ref().is_some_and(|c| c.get("status_text").is_some())
            })
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200, "status_text": ""}));
            }],
            violating: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200, "status_text": ["ok"]}));
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
    /// `created` in a message counts milliseconds since 1970.
    ///
    /// # Interpretation
    /// A number below 10^11 (March 1973 in milliseconds) reads as seconds, one of 10^14 and more (year 5138) as
    /// microseconds or nanoseconds. Whether the moment is right is not judged.
    ///
    /// # Judged
    /// In each Command and Response that has `created` as a non-negative integer; other values break `wd04/message-fields`.
    CREATED_IN_MILLISECONDS {
        id: "openc2/created-in-milliseconds",
        rows: &["L-055"],
        clause: "3.4.2.2",
        level: Level::Guidance,
        trigger: Trigger::IutOption("created"),
        judged: Judged::Packet(|packet, _| {
            let (what, message) = match response(packet) {
                Some(message) => ("Response", message),
                None => ("Command", super::sent::request(packet)?),
            };
            let root = message.root.as_ref()?;
            let node = root.get("created").or_else(|| root.get("headers").and_then(|h| h.get("created")))?;
            let created = node.as_whole().filter(|n| *n >= 0)?;
            let unit = match created {
                0..100_000_000_000 => "seconds",
                100_000_000_000..100_000_000_000_000 => return Some(crate::judge::Ruling::Met),
                _ => "microseconds or nanoseconds",
            };
            Some(crate::judge::Ruling::broken_at(
                packet,
                super::support::in_packet(packet, node.span),
                format!("{what} was created at {created}, which reads as {unit}"),
                "milliseconds since 1970",
                created.to_string(),
            ))
        }),
        examples: Examples {
            conforming: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond("q1", json!({"status": 200}));
            }, super::sent::queries],
            violating: &[
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond_text(r#"{"content":{"response":{"status":200}},"request_id":"q1","created":1606000000}"#);
                },
                |s| {
                    s.ready_producer();
                    s.send_text(r#"{"content":{"request":{"action":"query","target":{"features":[]}}},"request_id":"3b7c9a52-0d4e-4f6a-9c1b-8e2d5f7a6b10","created":1606000000}"#);
                },
                |s| {
                    s.ready();
                    s.query("q1", json!([]));
                    s.respond_text(r#"{"content":{"response":{"status":200}},"request_id":"q1","created":1606000000000000}"#);
                },
            ],
            silent: &[|s| {
                s.ready();
                s.query("q1", json!([]));
                s.respond_text(r#"{"content":{"response":{"status":200}},"request_id":"q1"}"#);
            }],
        },
    }
}
