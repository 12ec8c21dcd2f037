//! Sample reports, made up, to try readers and writers on: behind the feature `sample`.

mod packets;
mod requirements;

use crate::model::*;
use packets::{Talk, consumer_talk};
use requirements::{fail, requirements, witness};

/// A clean run: everything judged was kept.
pub fn passing() -> Report {
    finish(Report {
        requirements: requirements(),
        scenarios: vec![
            scenario("wd04/consumer/connect-subscribe", "Connect and subscribe", false),
            scenario("wd04/consumer/query-features-all", "Query features, all Consumers", false),
        ],
        ..blank()
    })
}

/// A run with everything a report can say: failures (one a cascade), a warning, undecided ones, a waiver that
/// was used and one that was not, every state, scenarios that ended early, and a tester error.
pub fn failing() -> Report {
    let mut report = Report {
        requirements: requirements(),
        scenarios: vec![
            scenario("wd04/consumer/connect-subscribe", "Connect and subscribe", false),
            scenario("wd04/consumer/query-features-all", "Query features, all Consumers", true),
            early(
                "wd04/consumer/oversize-message",
                "A message of 1 MiB",
                "aborted",
                "the IUT closed the connection in step 4",
            ),
            early("wd04/consumer/burst", "A burst of 100 commands", "error", "the router canary was not answered"),
        ],
        waivers: vec![
            waiver("wd04/publish-qos", "Firmware 2.2 will publish at QoS 1; ticket HW-311", true),
            waiver("wd04/unsubscribe", "Kept from the last certification", false),
        ],
        ..blank()
    };
    let all = "wd04/consumer/query-features-all";
    let reply =
        report.scenarios[1].trace.iter().position(Talk::is_reply).map_or(9, |at| report.scenarios[1].trace[at].frame);
    for requirement in &mut report.requirements {
        match requirement.id.as_str() {
            "wd04/publish-retain" => {
                let at = witness(all, 1, 7, reply, Some([0, 1]), Some(vec![0]));
                let said = "Response published with RETAIN=1; WD04 3.1.3 requires 0. Packet 7, byte 0, bit 0.";
                fail(requirement, at, said, "RETAIN 0", "RETAIN 1");
                let other = witness("wd04/consumer/oversize-message", 1, 9, 31, Some([0, 1]), Some(vec![0]));
                let said = "Response published with RETAIN=1; WD04 3.1.3 requires 0. Packet 9, byte 0, bit 0.";
                fail(requirement, other, said, "RETAIN 0", "RETAIN 1");
            }
            "wd04/response-request-id" => {
                let at = witness(all, 1, 7, reply, Some([13, 15]), None);
                let said = "Response carries no `request_id`; WD04 2.3.2 has every response repeat the one it answers. Packet 7, bytes 13 to 15.";
                fail(requirement, at, said, "request_id \"5f0c\u{2026}\"", "none");
            }
            "mqtt311/puback-answers" => {
                let at = witness("wd04/consumer/oversize-message", 1, 9, 31, None, None);
                let said = "PUBLISH with packet id 9 was never acknowledged; MQTT-4.3.2-2 requires a PUBACK. Packet 9.";
                fail(requirement, at, said, "PUBACK 9", "nothing within 2 s");
                for finding in &mut requirement.findings {
                    finding.because = Some("harness/survives".into());
                }
            }
            "openc2/features-profiles" => {
                let at = witness(all, 1, 7, reply, None, None);
                let said = "`profiles` lists the same name twice; OpenC2 4.1 describes a set. Packet 7.";
                fail(requirement, at, said, "each profile once", "[\"slpf\", \"slpf\"]");
                requirement.verdict = Verdict::Warn;
            }
            "wd04/keep-alive-95" => {
                requirement.outcome = "undecided".into();
                requirement.verdict = Verdict::Undecided;
                requirement.met = 0;
                requirement.witnesses.clear();
                requirement.findings = vec![Finding {
                    at: Witness {
                        scenario: "wd04/consumer/burst".into(),
                        connection: None,
                        packet: None,
                        frame: Some(12),
                        bytes: None,
                        bits: None,
                    },
                    outcome: "undecided".into(),
                    expected: None,
                    actual: None,
                    message: "The scenario ended before three gaps had been seen; WD04 3.1.12 stays undecided.".into(),
                    because: None,
                }];
            }
            "wd04/publish-qos" => {
                let at = witness(all, 1, 7, reply, Some([0, 1]), Some(vec![2, 1]));
                let said = "Response published at QoS 2, which is not declared; WD04 3.1.3 requires 1. Packet 7, byte 0, bits 2 to 1.";
                fail(requirement, at, said, "QoS 1", "QoS 2");
                requirement.state = State::Waived;
                requirement.reason = Some("Firmware 2.2 will publish at QoS 1; ticket HW-311".into());
            }
            "harness/survives" => {
                requirement.outcome = "error".into();
                requirement.verdict = Verdict::Error;
                requirement.findings = vec![Finding {
                    at: witness("wd04/consumer/burst", 1, 2, 7, None, None),
                    outcome: "error".into(),
                    expected: None,
                    actual: None,
                    message: "The router did not answer its canary, so nothing can be said about this recording."
                        .into(),
                    because: None,
                }];
            }
            _ => {}
        }
    }
    finish(report)
}

/// A run of `scenarios` scenarios with `packets` request and response pairs each, for looking at size.
pub fn large(scenarios: u32, packets: u32) -> Report {
    let mut report = failing();
    let model = scenario("", "A larger scenario", true);
    for n in 0..scenarios {
        let mut next = model.clone();
        next.id = format!("wd04/consumer/case-{n:03}");
        next.title = format!("Case {n} of the larger run");
        next.evidence = format!("evidence/wd04/consumer/case-{n:03}");
        next.rerun = format!("touchstone run --iut iut.toml --out again --scenario '{}' --seed 7", next.id);
        next.trace = consumer_talk(true, packets);
        report.run.hashes.push((format!("{}/capture.pcapng", next.evidence), format!("{:064x}", u64::from(n) * 7_919)));
        report.scenarios.push(next);
    }
    let model = report.requirements.clone();
    for n in 0..scenarios {
        let mut next = model[n as usize % model.len()].clone();
        next.id = format!("{}-{n}", next.id);
        report.requirements.push(next);
    }
    finish(report)
}

/// A failing run whose certificate sheet has to hold as much as real ones may: a long name of the product and of its
/// vendor, six catalogues, six waivers with long reasons, and the hashes of many files.
pub fn crowded() -> Report {
    let mut report = large(10, 2);
    report.iut.name = "Perimeter Protection Gateway, Industrial Series, with Stateless Packet Filtering".into();
    report.iut.vendor = Some("Example Instruments and Control Systems (International) Limited, Springfield".into());
    report.iut.version = Some("2026.11.0-rc.3+build.20261104".into());
    report.run.catalogues.push(catalogue(
        "slpf",
        "OpenC2 profile for Stateless Packet Filtering",
        "SLPF",
        "Version 1.0, Committee Specification 01, 11 July 2019",
        1,
    ));
    report.run.catalogues.push(catalogue(
        "tls",
        "TLS guidance for OpenC2",
        "OpenC2 over HTTPS",
        "Version 1.0, Committee Specification 01, 11 July 2019",
        1,
    ));
    let reason = "The module that publishes is bought from a supplier, who has acknowledged the fault and will deliver a new version; until then the gateway in front of it corrects what leaves the plant (ticket HW-311)";
    report.waivers = report.requirements.iter().take(6).map(|r| waiver(&r.id, reason, r.id.len() % 2 == 0)).collect();
    for waiver in &mut report.waivers {
        waiver.owner = "conformance-and-certification@industrial.example.org".into();
        waiver.version.clone_from(&report.iut.version);
    }
    report
}

/// A report in which every text of the implementation is an attack.
pub fn hostile() -> Report {
    saying(
        "</script><script>alert(1)</script>\u{202e}drow\u{1b}[2J\u{0}]]><img src=x onerror=alert(1)>\"'& \u{9b}31m\r\njavascript:alert(1) e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    )
}

/// A failing report in which `text` stands wherever free text can stand.
pub fn saying(text: &str) -> Report {
    let mut report = failing();
    let text = text.to_owned();
    report.iut = Iut { name: text.clone(), vendor: Some(text.clone()), version: Some(text.clone()) };
    report.sentence = text.clone();
    report.run.tool = text.clone();
    report.run.pics.push((text.clone(), text.clone()));
    report.run.hashes.push((text.clone(), text.clone()));
    report.run.tolerances.push((text.clone(), text.clone()));
    for waiver in &mut report.waivers {
        waiver.reason.clone_from(&text);
        waiver.owner.clone_from(&text);
        waiver.requirement.clone_from(&text);
    }
    for requirement in &mut report.requirements {
        requirement.reason = requirement.reason.as_ref().map(|_| text.clone());
        for finding in &mut requirement.findings {
            finding.message.clone_from(&text);
            finding.expected = Some(text.clone());
            finding.actual = Some(text.clone());
        }
    }
    for scenario in &mut report.scenarios {
        scenario.reason = Some(text.clone());
        scenario.title.clone_from(&text);
        scenario.purpose.clone_from(&text);
        scenario.rerun.clone_from(&text);
        scenario.evidence.clone_from(&text);
        for row in &mut scenario.trace {
            match &mut row.what {
                TraceWhat::Note { text: note, .. } => note.clone_from(&text),
                TraceWhat::Packet(packet) => {
                    packet.summary.clone_from(&text);
                    packet.text = Some(text.clone());
                    packet.name.clone_from(&text);
                    packet.exchange = Some(text.clone());
                    for field in &mut packet.fields {
                        field.value.clone_from(&text);
                    }
                }
            }
        }
    }
    // A scenario named by somebody else's file.
    report.scenarios.push(Scenario { id: text.clone(), ..report.scenarios[0].clone() });
    report
}

/// A run against a text that requires nothing: a MUST of what it builds on is broken, and that is advice.
pub fn advisory() -> Report {
    let why = "The draft holds no requirement, only guidance";
    let mut report = failing();
    report.waivers.clear();
    for requirement in &mut report.requirements {
        requirement.gating = false;
        requirement.state = if requirement.state == State::Waived { State::Applicable } else { requirement.state };
        requirement.verdict = match requirement.verdict {
            Verdict::Fail => Verdict::Warn,
            Verdict::Error => Verdict::Undecided,
            other => other,
        };
    }
    let mut report = finish(report);
    report.verdict = RunVerdict::Advice;
    report.advice = Some(why.into());
    let counts = &report.counts;
    report.sentence = format!(
        "Advice only: {} of {} points followed, {} warnings (policy certify). {why}: this states no conformance.",
        counts.pass, counts.applicable, counts.warn
    );
    report
}

fn blank() -> Report {
    Report {
        format: FORMAT.into(),
        iut: Iut { name: "Example Consumer".into(), vendor: Some("Example Ltd".into()), version: Some("2.1.0".into()) },
        binding: "openc2-mqtt-wd04".into(),
        role: "consumer".into(),
        policy: "certify".into(),
        verdict: RunVerdict::Pass,
        sentence: String::new(),
        partial: false,
        advice: None,
        counts: Counts::default(),
        run: Run {
            tool: "0.1.0".into(),
            started: "2026-03-01T12:00:00.250Z".into(),
            duration_ms: 4817,
            binding_title: "OpenC2 over MQTT, Working Draft 04".into(),
            catalogues: vec![
                catalogue("mqtt311", "MQTT 3.1.1", "MQTT", "OASIS Standard, 29 October 2014", 1),
                catalogue("openc2", "OpenC2 Language", "OpenC2", "Version 1.0, Committee Specification 02", 1),
                catalogue("wd04", "OpenC2 over MQTT", "WD04", "Working Draft 04, 15 September 2020", 1),
                catalogue("harness", "Rules of this test system", "Touchstone", "2026-03", 1),
            ],
            pics: pairs(&[
                ("device_id", "dev-7"),
                ("actuator_profiles", "slpf"),
                ("serializations", "json, cbor"),
                ("keep_alive", "285 s"),
                ("qos", "1"),
                ("options", "unsubscribe"),
            ]),
            hashes: pairs(&[
                ("manifest.json", "4a1f0f3f6c1e3d0a2b64c2b7f2f0d3f7a5d1c6b2e1908f7a6b5c4d3e2f1a0b9c"),
                (
                    "evidence/wd04/consumer/query-features-all/capture.pcapng",
                    "9c0ffee0b1d2c3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c",
                ),
                (
                    "evidence/wd04/consumer/query-features-all/iut.out",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                ),
            ]),
            seed: 7,
            tolerances: pairs(&[("quiet window", "200 ms"), ("response", "2 s"), ("keep alive", "250 ms")]),
        },
        requirements: Vec::new(),
        scenarios: Vec::new(),
        waivers: Vec::new(),
    }
}

fn scenario(id: &str, title: &str, deviates: bool) -> Scenario {
    Scenario {
        id: id.into(),
        status: "completed".into(),
        reason: None,
        duration_ms: 812,
        title: title.into(),
        purpose: "A Producer asks every Consumer for its features; the Consumer answers on oc2/rsp.".into(),
        exercises: vec!["wd04/publish-retain".into(), "wd04/response-request-id".into()],
        evidence: format!("evidence/{id}"),
        printed: true,
        rerun: format!("touchstone run --iut iut.toml --out again --scenario '{id}' --seed 7"),
        trace: consumer_talk(deviates, 1),
        trace_omitted: 0,
    }
}

fn early(id: &str, title: &str, status: &str, reason: &str) -> Scenario {
    let mut scenario = scenario(id, title, false);
    scenario.status = status.into();
    scenario.reason = Some(reason.into());
    scenario.trace.truncate(6);
    scenario.trace_omitted = 120;
    scenario
}

fn waiver(requirement: &str, reason: &str, used: bool) -> Waiver {
    Waiver {
        requirement: requirement.into(),
        reason: reason.into(),
        owner: "qa@example.org".into(),
        expires: "2026-12-31".into(),
        version: Some("2.1.0".into()),
        used,
    }
}

fn catalogue(id: &str, title: &str, cite: &str, edition: &str, version: u32) -> CatalogueRef {
    CatalogueRef {
        id: id.into(),
        title: title.into(),
        cite: cite.into(),
        edition: edition.into(),
        version,
        sha256: None,
    }
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Counts up, and says the verdict.
fn finish(mut report: Report) -> Report {
    let requirements = &report.requirements;
    let number = |wanted: &dyn Fn(&Requirement) -> bool| -> u32 {
        u32::try_from(requirements.iter().filter(|r| wanted(r)).count()).unwrap_or(u32::MAX)
    };
    let judged = |verdict: Verdict| number(&|r| r.state == State::Applicable && r.verdict == verdict);
    let state = |state: State| number(&|r| r.state == state);
    let scenarios = |wanted: &dyn Fn(&Scenario) -> bool| -> u32 {
        u32::try_from(report.scenarios.iter().filter(|s| wanted(s)).count()).unwrap_or(u32::MAX)
    };
    let counts = Counts {
        requirements: number(&|_| true),
        applicable: state(State::Applicable),
        gating: number(&|r| r.state == State::Applicable && r.gating),
        pass: judged(Verdict::Pass),
        warn: judged(Verdict::Warn),
        fail: judged(Verdict::Fail),
        undecided: judged(Verdict::Undecided),
        error: judged(Verdict::Error),
        waived: state(State::Waived),
        not_applicable: state(State::NotApplicable),
        not_selected: state(State::NotSelected),
        not_yet_tested: state(State::NotYetTested),
        untestable: state(State::Untestable),
        option_not_taken: state(State::OptionNotTaken),
        scenarios: scenarios(&|_| true),
        scenarios_completed: scenarios(&|s| s.status == "completed"),
    };
    (report.verdict, report.sentence) = if counts.fail > 0 {
        let undecided = number(&|r| r.verdict == Verdict::Undecided && r.gating);
        (RunVerdict::Fail, format!("Does not conform: {} broken, {undecided} not decided.", counts.fail))
    } else {
        (
            RunVerdict::Pass,
            format!("Conforms: {} of {} applicable requirements judged, none broken.", counts.pass, counts.applicable),
        )
    };
    report.counts = counts;
    report
}
