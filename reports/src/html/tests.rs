use super::*;
use crate::model::{Finding, State, TraceField, TraceRow, TraceWhat, Verdict, Witness};
use crate::sample;
use crate::text::is_hidden;
use proptest::prelude::*;
use std::collections::BTreeSet;

mod size;
mod style;

/// The page as XML: void elements closed, style and script emptied (their text is ours, and no XML).
fn as_xml(page: &str) -> String {
    let page = page.strip_prefix("<!DOCTYPE html>").expect("has a document type");
    assert_eq!(page.matches(STYLE).count(), 1);
    assert_eq!(page.matches(SCRIPT).count(), 1);
    let mut rest = page.replacen(STYLE, "", 1).replacen(SCRIPT, "", 1);
    let mut out = String::new();
    while let Some(at) = ["<meta ", "<input ", "<br>", "<col>"].iter().filter_map(|tag| rest.find(tag)).min() {
        let end = at + rest[at..].find('>').expect("tags end");
        out.push_str(&rest[..end]);
        out.push_str("/>");
        rest = rest[end + 1..].to_owned();
    }
    out.push_str(&rest);
    out
}

/// Whatever the texts are, these hold.
fn check(page: &str) {
    let xml = as_xml(page);
    let doc = roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{error}\n{xml}"));
    let mut ids = BTreeSet::new();
    for id in doc.descendants().filter_map(|n| n.attribute("id")) {
        assert!(ids.insert(id), "the id {id} is there twice");
    }
    let elements = "a abbr b body br button code col colgroup dd details div dl dt footer form h1 h2 h3 h4 head header html i input label li main mark meta nav ol option output p pre script section select small span style summary svg table tbody td tfoot th thead title tr ul use defs symbol path circle rect g text";
    let elements: BTreeSet<&str> = elements.split(' ').collect();
    for node in doc.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(elements.contains(name), "<{name}> is not ours");
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on"), "{} on <{name}>", attribute.name());
            assert!(!matches!(attribute.name(), "src" | "srcdoc" | "action" | "formaction"), "{}", attribute.name());
            if attribute.name() == "href" {
                match attribute.value().strip_prefix('#') {
                    Some(anchor) => assert!(ids.contains(anchor), "nothing has the id {anchor}"),
                    None => {
                        assert!(attribute.value().starts_with("./"), "{}", attribute.value());
                        let up = attribute.value().split('/').any(|segment| segment == "..");
                        assert!(!up, "{}", attribute.value());
                    }
                }
            }
        }
        if name == "th" {
            assert!(node.attribute("scope").is_some(), "a header cell without scope");
        }
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.chars().any(|c| is_hidden(c) && c != '\n' && c != '\t'));
    assert!(page.contains("default-src 'none'"));
}

fn texts(page: &str, wanted: impl Fn(&roxmltree::Node<'_, '_>) -> bool) -> Vec<String> {
    let xml = as_xml(page);
    let doc = roxmltree::Document::parse(&xml).expect("well-formed");
    doc.descendants()
        .filter(wanted)
        .map(|node| node.descendants().filter(roxmltree::Node::is_text).filter_map(|n| n.text()).collect())
        .collect()
}

#[test]
fn samples_hold_together() {
    for report in [
        sample::passing(),
        sample::failing(),
        sample::hostile(),
        sample::advisory(),
        sample::crowded(),
        sample::large(30, 4),
    ] {
        let page = to_html(&report);
        check(&page);
        assert_eq!(page, to_html(&report));
    }
}

/// A diagram for each scenario; what was due and never came is drawn where a finding says that it was.
#[test]
fn scenarios_have_ladders() {
    let mut report = sample::failing();
    let page = to_html(&report);
    let ladders = texts(&page, |node| node.attribute("class") == Some("ladder"));
    assert_eq!(ladders.len(), report.scenarios.iter().filter(|s| !s.trace.is_empty()).count());
    assert!(ladders.iter().any(|text| text.contains("PUBLISH 7 oc2/rsp \u{2013} Fail")), "{ladders:?}");
    let ghosts = |report: &Report| texts(&to_html(report), |node| node.attribute("class") == Some("ghost"));
    assert_eq!(ghosts(&report), Vec::<String>::new());

    let scenario = &mut report.scenarios[0];
    // Its acknowledgement has the same identifier, and goes.
    let of = |row: &TraceRow, direction: &str, name: &str| match &row.what {
        TraceWhat::Packet(p) => (p.direction == direction && p.name == name).then_some((p.connection, p.packet)),
        TraceWhat::Note { .. } => None,
    };
    scenario.trace.retain(|row| of(row, "from-iut", "PUBACK").is_none());
    let blamed = scenario.trace.iter().find_map(|row| of(row, "to-iut", "PUBLISH"));
    let (connection, packet) = blamed.expect("it was sent something");
    let id = scenario.id.clone();
    let finding =
        report.requirements.iter_mut().flat_map(|r| &mut r.findings).find(|f| f.outcome == "broken").expect("one");
    finding.at = Witness { scenario: id, connection: Some(connection), packet: Some(packet), ..finding.at.clone() };
    assert_eq!(ghosts(&report), ["no acknowledgement to PUBLISH 7"]);

    // Where rows were left out it may be among them.
    for scenario in &mut report.scenarios {
        scenario.trace_omitted = 1;
    }
    assert_eq!(ghosts(&report), Vec::<String>::new());
}

/// What the script filters by stands on each item; the lines that count are true without it, and no form is offered then.
#[test]
fn items_say_what_filters_look_at() {
    let report = sample::failing();
    let xml = as_xml(&to_html(&report));
    let doc = roxmltree::Document::parse(&xml).expect("well-formed");
    let by_id = |id: &str| doc.descendants().find(|n| n.attribute("id") == Some(id)).expect("it is there");
    let retain = by_id("wd04/publish-retain");
    assert_eq!(
        ["data-v", "data-l", "data-c"].map(|name| retain.attribute(name)),
        [Some("fail"), Some("must"), Some("WD04 3.1.3; ROW-019")]
    );
    let query = by_id("s2");
    assert_eq!(query.attribute("data-v"), Some("fail warn waived"));
    assert_eq!(query.attribute("data-p"), Some("CONNACK CONNECT DISCONNECT PUBACK PUBLISH SUBACK SUBSCRIBE"));
    assert_eq!(query.attribute("data-c"), Some("OpenC2 4.1; WD04 2.3.2; WD04 3.1.3"));
    assert_eq!(by_id("s1").attribute("data-c"), Some(""));

    for form in doc.descendants().filter(|n| n.has_tag_name("form")) {
        assert_eq!(form.attribute("hidden"), Some("hidden"));
        let names: Vec<_> = form.descendants().filter_map(|n| n.attribute("name")).collect();
        let expected = match form.attribute("data-for") {
            Some("coverage") => vec!["verdict", "level", "clause", "text"],
            _ => vec!["found", "status", "packet", "at", "words"],
        };
        assert_eq!(names, expected);
    }
    let counts = texts(&to_html(&report), |n| n.attribute("data-what").is_some());
    let rows = |n: usize| format!("{n} of {n} rows shown");
    let mut expected = vec!["17 of 17 requirements shown".to_owned(), "4 of 4 scenarios shown".to_owned()];
    expected.extend(report.scenarios.iter().map(|s| match s.trace_omitted {
        0 => rows(s.trace.len()),
        omitted => format!("{} of {} rows shown", s.trace.len(), s.trace.len() as u64 + omitted),
    }));
    assert_eq!(counts, expected);
}

#[test]
fn nothing_is_fetched() {
    let page = to_html(&sample::failing());
    for outside in ["http:", "https:", "url(", "@import", "fetch(", "XMLHttpRequest", "innerHTML", "eval("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn parts_are_in_order() {
    let page = to_html(&sample::failing());
    let order = ["certificate", "failures", "warnings", "undecided", "waived", "coverage", "scenarios", "data"];
    let places: Vec<usize> =
        order.iter().map(|id| page.find(&format!("id=\"{id}\"")).expect("every part is there")).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_sheet_says_what_was_not_tested() {
    let sheet = texts(&to_html(&sample::passing()), |n| n.attribute("id") == Some("certificate")).concat();
    assert!(sheet.contains("2 of 17 requirements are not yet tested"), "{sheet}");
    assert!(sheet.contains("Conforms: "));
    assert!(sheet.contains("Working Draft 04, 15 September 2020"));
}

#[test]
fn the_sheet_of_advice_is_no_certificate() {
    let page = to_html(&sample::advisory());
    let sheet = texts(&page, |n| n.attribute("id") == Some("certificate")).concat();
    insta::assert_snapshot!(sheet);
    assert!(page.contains("<title>Advisory report, no certificate of conformance: "));
    assert!(!sheet.contains("Conform") && !sheet.contains("Pass:"), "{sheet}");
}

/// The sheet has one page: what is long is cut on it, and whole in the last section.
#[test]
fn the_sheet_is_short_and_nothing_is_lost() {
    let mut report = sample::crowded();
    report.iut.name = "Gateway ".repeat(40);
    let page = to_html(&report);
    check(&page);
    let part = |id: &str| texts(&page, |n| n.attribute("id") == Some(id)).concat();
    let (sheet, last) = (part("certificate"), part("data"));
    let reason = &report.waivers[0].reason;
    assert!(!sheet.contains(reason.as_str()) && sheet.contains(&format!("{}\u{2026}", &reason[..64])), "{sheet}");
    assert!(!sheet.contains(&report.iut.name), "{sheet}");
    assert_eq!(last.matches(reason.as_str()).count(), report.waivers.len());
    assert!(last.contains(&report.waivers[0].owner) && last.contains(&report.iut.name));
    assert!(!part("data").contains("sha256sum") && sheet.contains("SHA-256 of the list of hashes"));
}

#[test]
fn every_requirement_is_listed_with_its_state() {
    let report = sample::failing();
    let rows = texts(&to_html(&report), |n| n.has_tag_name("tr") && n.attribute("data-l").is_some());
    assert_eq!(rows.len(), report.requirements.len());
    for requirement in &report.requirements {
        let row = rows.iter().find(|row| row.contains(&requirement.id)).expect("a row");
        assert!(row.contains(&requirement.level.to_uppercase()));
        // Back-ticks are code.
        assert!(row.contains(&requirement.reason.as_deref().unwrap_or("").replace('`', "")));
    }
}

#[test]
fn errors_lead_and_consequences_follow() {
    let report = sample::failing();
    let failures = &findings::groups(&report)[0].requirements;
    let ids: Vec<&str> = failures.iter().map(|r| r.id.as_str()).collect();
    let expected = ["harness/survives", "wd04/publish-retain", "wd04/response-request-id", "mqtt311/puback-answers"];
    assert_eq!(ids, expected);
}

/// Many requirements that are undecided for one reason are one item; notes are no findings, and lead nowhere.
#[test]
fn what_is_undecided_for_one_reason_stands_together() {
    let mut report = sample::passing();
    let reason = "The scenario ended before this could be decided: it never connected";
    let mut left = 5;
    for requirement in report.requirements.iter_mut().filter(|r| r.state == State::Applicable) {
        let finding = |outcome: &str, message: &str| Finding {
            at: requirement.witnesses.first().cloned().unwrap_or_else(|| Witness {
                scenario: String::new(),
                connection: None,
                packet: None,
                frame: None,
                bytes: None,
                bits: None,
            }),
            outcome: outcome.into(),
            expected: None,
            actual: None,
            message: message.into(),
            because: None,
        };
        let findings = vec![finding("note", "an option was used"), finding("undecided", reason)];
        if left > 0 {
            requirement.outcome = "undecided".into();
            requirement.verdict = Verdict::Undecided;
            requirement.findings = findings;
            left -= 1;
        } else {
            requirement.findings = findings[..1].to_vec();
        }
    }
    let page = to_html(&report);
    check(&page);
    let items = texts(&page, |n| n.has_tag_name("li") && n.attribute("class") == Some("undecided"));
    let of_reason: Vec<_> = items.iter().filter(|item| item.contains(reason)).collect();
    // Those that gate the verdict apart from those that do not.
    assert_eq!(of_reason.len(), 2, "{items:?}");
    assert!(
        of_reason[0].contains("4 requirements for this reason") && of_reason[0].contains("gating"),
        "{of_reason:?}"
    );
    assert!(!page.contains("<p class=\"say\">an option was used"));
    let tallies = texts(&page, |n| n.attribute("class") == Some("tally"));
    assert!(tallies[0].contains("Note"), "{tallies:?}");
}

#[test]
fn offending_bytes_and_bits_are_outlined() {
    let page = to_html(&sample::failing());
    // RETAIN is bit 0 of byte 0 of the response; QoS is the two bits above it.
    assert!(page.contains("<td>   .... ...<mark>1</mark></td>"));
    assert!(page.contains("<td>   .... .<mark>10</mark>.</td>"));
    assert!(page.contains("<mark>35</mark>"));
    // The payload header, two bytes.
    assert!(page.contains("<mark>91 01</mark>"));
}

#[test]
fn bytes_without_a_name_are_shown() {
    let mut report = sample::passing();
    for row in &mut report.scenarios[0].trace {
        if let TraceWhat::Packet(packet) = &mut row.what {
            packet.fields.retain(|f| f.name != "Remaining Length");
            packet.bytes.extend_from_slice(&[0xde, 0xad]);
            packet.length = 5000;
        }
    }
    let page = to_html(&report);
    check(&page);
    assert!(page.contains("no field"));
    assert!(page.contains("de ad"));
    assert!(page.contains(" of 5,000 bytes were kept"));
}

/// Nothing wraps in a diagram: labels are cut to their columns as they are shown, escapes and wide characters too.
#[test]
fn labels_of_diagrams_have_an_end() {
    use parts::narrow;
    assert_eq!(narrow("oc2/rsp", 7), "oc2/rsp");
    assert_eq!(narrow("oc2/rsp!", 7), "oc2/rsp\u{2026}");
    assert_eq!(narrow("a\u{202e}b", 9), "a\\u{202e}\u{2026}");
    assert_eq!(narrow("\u{6f22}\u{5b57}", 3), "\u{6f22}\u{2026}");
    let longest = texts(&to_html(&sample::hostile()), |n| n.has_tag_name("text"));
    assert!(longest.iter().all(|text| text.chars().count() <= 100), "{longest:?}");
}

/// Who looks for the scenarios that broke something is told that findings of it are not all there.
#[test]
fn findings_that_were_not_kept_are_told_of() {
    let mut report = sample::failing();
    let said = "Broken more often than there are findings of it";
    assert!(!to_html(&report).contains(said));
    let retain = report.requirements.iter_mut().find(|r| r.id == "wd04/publish-retain").expect("it is there");
    retain.broken = 1_815;
    let scenarios = texts(&to_html(&report), |n| n.attribute("id") == Some("scenarios")).concat();
    assert!(scenarios.contains(said) && scenarios.contains("wd04/publish-retain (2 of 1,815)."), "{scenarios}");
}

/// A megabyte is cut in view, and its length stated.
#[test]
fn large_payloads_are_cut() {
    let mut report = sample::passing();
    for row in &mut report.scenarios[0].trace {
        if let TraceWhat::Packet(packet) = &mut row.what
            && packet.text.is_some()
        {
            packet.text = Some("x".repeat(1 << 20));
            packet.length = 1_048_600;
        }
    }
    let page = to_html(&report);
    check(&page);
    assert!(page.len() < 200_000, "{}", page.len());
    assert!(page.contains("Cut after 400 characters; the packet has 1,048,600 bytes, and the capture has them all."));
}

#[test]
fn hrefs_lead_nowhere_else() {
    use parts::file_href;
    assert_eq!(file_href("evidence/a b/capture.pcapng"), "./evidence/a%20b/capture.pcapng");
    assert_eq!(file_href("//host/../x"), "./host/x");
    assert_eq!(file_href("..0/x.."), "./..0/x..");
    assert_eq!(file_href("javascript:alert(1)"), "./javascript%3Aalert%281%29");
    assert_eq!(file_href("/etc/passwd?#"), "./etc/passwd%3F%23");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn hostile_text_stays_text(text in "\\PC{0,30}|.{0,30}|(<script>|</style>|</details>|<!--|]]>|\"|'|&|&lt;|onload=|\u{202e}|\u{0}|\u{85}|\u{2028}){0,10}") {
        check(&to_html(&sample::saying(&text)));
    }

    #[test]
    fn hostile_witnesses_do_no_harm(
        start in any::<u32>(), end in any::<u32>(), from in any::<u32>(), to in any::<u32>(),
        bits in proptest::collection::vec(any::<u8>(), 0..4), mask in any::<u8>(), near in 0u32..300,
    ) {
        let mut report = sample::failing();
        for finding in report.requirements.iter_mut().flat_map(|r| &mut r.findings) {
            finding.at.bytes = Some([start.min(near), end]);
            finding.at.bits = Some(bits.clone());
        }
        for row in report.scenarios.iter_mut().flat_map(|s| &mut s.trace) {
            if let TraceWhat::Packet(packet) = &mut row.what {
                packet.fields.push(TraceField { name: "odd".into(), bytes: [from, to], bits: mask, value: String::new() });
                packet.fields.push(TraceField { name: "odd".into(), bytes: [near, to], bits: 0, value: String::new() });
            }
        }
        check(&to_html(&report));
    }
}
