//! However much happened, the file can be opened and sent.

use super::*;

#[test]
fn many_scenarios_stay_within_two_megabytes() {
    let page = to_html(&sample::large(200, 2));
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

/// The same where nearly everything is broken, again and again: the first of each requirement are told, and how many
/// more there are.
#[test]
fn thousands_of_findings_stay_within_two_megabytes() {
    let mut report = sample::large(200, 12);
    let scenarios: Vec<String> = report.scenarios.iter().map(|s| s.id.clone()).collect();
    let model = report.requirements.clone();
    let mut broken = 0;
    for n in 0..120 {
        let mut next = model[n % model.len()].clone();
        next.id = format!("{}-again-{n}", next.id);
        report.requirements.push(next);
    }
    for (n, requirement) in report.requirements.iter_mut().filter(|r| r.state == State::Applicable).enumerate() {
        requirement.outcome = "broken".into();
        requirement.verdict = Verdict::Fail;
        requirement.findings = (0..20u32)
            .map(|m| Finding {
                at: Witness {
                    scenario: scenarios[(n * 7 + m as usize) % scenarios.len()].clone(),
                    connection: Some(1),
                    packet: Some(5 + m),
                    frame: Some(20 + m),
                    bytes: Some([0, 2]),
                    bits: None,
                },
                outcome: "broken".into(),
                expected: Some("RETAIN 0".into()),
                actual: Some("RETAIN 1".into()),
                message: format!(
                    "Response {m} published with RETAIN=1; WD04 3.1.3 requires 0. Packet {}, byte 0, bit 0.",
                    5 + m
                ),
                because: None,
            })
            .collect();
        broken += 1;
    }
    let page = to_html(&report);
    check(&page);
    assert!(broken > 150 && page.len() < 2_000_000, "{broken} broken, {} bytes", page.len());
    let items = texts(&page, |n| n.has_tag_name("li") && n.attribute("class") == Some("fail"));
    assert_eq!(items.len(), broken);
    assert!(items.iter().all(|item| item.contains("19 more findings") && item.contains("more are in report.json")));
}
