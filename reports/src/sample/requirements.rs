//! A made-up catalogue, all kept.

use crate::model::{Finding, Measure, Measured, Requirement, State, Verdict, Witness};

/// A small catalogue, with one requirement of every kind and state; those that are judged are kept.
pub(super) fn requirements() -> Vec<Requirement> {
    let unjudged = |mut r: Requirement, state: State, reason: &str| {
        r.state = state;
        r.reason = Some(reason.into());
        r.outcome = "none".into();
        r.verdict = Verdict::None;
        r.gating = false;
        r.met = 0;
        r.witnesses.clear();
        r
    };
    let mut quiet =
        kept("wd04/notification-topic", "wd04", "2.2", "may", "A notification has no topic in the table of topics.");
    quiet.outcome = "undecided".into();
    quiet.verdict = Verdict::Undecided;
    quiet.gating = false;
    quiet.met = 0;
    quiet.witnesses.clear();
    vec![
        kept("mqtt311/connect-first", "mqtt311", "3.1.0-1", "must", "The first packet on a connection is CONNECT."),
        kept(
            "mqtt311/puback-answers",
            "mqtt311",
            "4.3.2-2",
            "must",
            "A PUBLISH at QoS 1 is answered by a PUBACK with its packet id.",
        ),
        unjudged(
            kept("mqtt311/pubrel-flags", "mqtt311", "3.6.1-1", "must", "PUBREL has the fixed flags 0010."),
            State::OptionNotTaken,
            "QoS 2 was offered and not used, and `qos2` is not declared.",
        ),
        kept("openc2/response-status", "openc2", "3.3.2", "must", "A response has a status of the listed values."),
        {
            let statement = "`query features` with `profiles` answers the list of profiles that are supported.";
            kept("openc2/features-profiles", "openc2", "4.1", "should", statement)
        },
        unjudged(
            kept("openc2/actuator-specifiers", "openc2", "3.3.1.4", "may", "An actuator can be named by specifiers."),
            State::NotApplicable,
            "No actuator profile with specifiers is declared.",
        ),
        kept(
            "wd04/publish-retain",
            "wd04",
            "3.1.3",
            "must",
            "RETAIN is 0 in every PUBLISH that carries an OpenC2 message.",
        ),
        kept(
            "wd04/publish-qos",
            "wd04",
            "3.1.3",
            "must",
            "An OpenC2 message is published at QoS 1, unless 2 was chosen for the environment.",
        ),
        {
            let statement = "A response repeats the request_id of the request that it answers.";
            let mut r = kept("wd04/response-request-id", "wd04", "2.3.2", "guidance", statement);
            r.interop = true;
            r
        },
        {
            let statement = "PINGREQ is sent when 95 % of the keep alive passed with nothing else.";
            let mut r = kept("wd04/keep-alive-95", "wd04", "3.1.12", "must", statement);
            r.measured = Some(measured());
            r
        },
        {
            let statement = "Keep alive is below 300 seconds; 300 exactly is allowed by 2.6 and not by the table.";
            let mut r = kept("wd04/keep-alive-300", "wd04", "3.1.1", "must", statement);
            r.contradiction = Some("2.6 recommends 300 seconds; the table of 3.1.1 wants fewer".into());
            r
        },
        quiet,
        unjudged(
            kept("wd04/dup-on-resend", "wd04", "3.1.3", "must", "DUP is 1 in a PUBLISH that is sent again."),
            State::NotYetTested,
            "Needs a cut connection.",
        ),
        unjudged(
            kept("wd04/tls-minimum", "wd04", "4", "guidance", "Operational connections use TLS 1.2 or higher."),
            State::NotYetTested,
            "Needs the TLS listener.",
        ),
        unjudged(
            kept("wd04/leakage-weighed", "wd04", "4", "guidance", "Leakage of information is weighed."),
            State::Untestable,
            "A consideration of the designers leaves no trace on the wire.",
        ),
        unjudged(
            kept("wd04/unsubscribe", "wd04", "3.1.10", "guidance", "Whoever unsubscribes uses UNSUBSCRIBE."),
            State::NotSelected,
            "No selected scenario exercises it.",
        ),
        {
            let mut r = kept(
                "harness/survives",
                "harness",
                "1",
                "guidance",
                "The implementation is still there at the end of a scenario.",
            );
            r.interop = true;
            r
        },
    ]
}

fn kept(id: &str, catalogue: &str, clause: &str, level: &str, statement: &str) -> Requirement {
    let cite = match catalogue {
        "mqtt311" => format!("MQTT-{clause}"),
        "openc2" => format!("OpenC2 {clause}"),
        "wd04" => format!("WD04 {clause}"),
        _ => format!("Touchstone {clause}"),
    };
    Requirement {
        id: id.into(),
        rows: vec![if catalogue == "mqtt311" { cite.clone() } else { format!("ROW-{:03}", id.len()) }],
        catalogue: catalogue.into(),
        cite,
        clause: clause.into(),
        level: level.into(),
        interop: false,
        contradiction: None,
        statement: statement.into(),
        state: State::Applicable,
        reason: None,
        outcome: "met".into(),
        verdict: Verdict::Pass,
        gating: level == "must" || catalogue == "harness",
        met: 4,
        broken: 0,
        findings: Vec::new(),
        measured: None,
        witnesses: vec![
            witness("wd04/consumer/connect-subscribe", 1, 1, 4, None, None),
            witness("wd04/consumer/query-features-all", 1, 1, 4, None, None),
        ],
    }
}

/// Times that were measured.
fn measured() -> Measured {
    let at = |packet, frame| witness("wd04/consumer/connect-subscribe", 1, packet, frame, None, None);
    Measured {
        count: 7,
        shortest: Measure { ms: 3_602, at: at(9, 40) },
        longest: Measure { ms: 3_650, at: at(13, 52) },
        limit_ms: 3_800,
        tolerance_ms: 100,
        lag_ms: 23,
    }
}

/// Adds a finding, and makes the requirement fail.
pub(super) fn fail(requirement: &mut Requirement, at: Witness, said: &str, expected: &str, actual: &str) {
    requirement.outcome = "broken".into();
    requirement.verdict = Verdict::Fail;
    requirement.broken += 1;
    requirement.findings.push(Finding {
        at,
        outcome: "broken".into(),
        expected: Some(expected.into()),
        actual: Some(actual.into()),
        message: said.into(),
        because: None,
    });
}

/// A place in a scenario.
pub(super) fn witness(
    scenario: &str,
    connection: u32,
    packet: u32,
    frame: u32,
    bytes: Option<[u32; 2]>,
    bits: Option<Vec<u8>>,
) -> Witness {
    Witness {
        scenario: scenario.into(),
        connection: Some(connection),
        packet: Some(packet),
        frame: Some(frame),
        bytes,
        bits,
    }
}
