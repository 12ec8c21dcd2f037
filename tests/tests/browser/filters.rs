//! Filters show exactly what they say, say it, and can be handed on as an address.

use super::driver::{Tab, in_tab};
use super::pages::{OPEN_ALL, Page, word};
use touchstone_reports::model::{Report, Requirement, Scenario, TraceWhat};
use touchstone_reports::sample;

/// The ids of what a list shows.
fn shown(tab: &Tab<'_>, list: &str) -> Vec<String> {
    let name = if list == "coverage" { ".id" } else { "h3" };
    tab.texts(&format!(
        "[...document.querySelectorAll('[data-filter={list}] .item')].filter(i => i.checkVisibility()) \
         .map(i => i.querySelector('{name}').textContent)"
    ))
}

/// What a list says of itself.
fn said(tab: &Tab<'_>, list: &str) -> String {
    tab.text(&format!("document.querySelector('#{list} .shown').innerText"))
}

fn fragment(tab: &Tab<'_>) -> String {
    tab.text("location.hash")
}

/// A list shows these of so many, says so, and an address that shows the same says so, too.
fn narrowed(tab: &Tab<'_>, page: &Page, list: &str, expected: &[String], total: usize) {
    let what = if list == "coverage" { "requirements" } else { "scenarios" };
    let there = |tab: &Tab<'_>| {
        assert_eq!(shown(tab, list), expected, "{}", fragment(tab));
        assert_eq!(said(tab, list), format!("{} of {total} {what} shown", expected.len()));
    };
    there(tab);
    let address = fragment(tab);
    tab.load(&page.at(&address));
    there(tab);
    assert_eq!(fragment(tab), address);
}

fn requirements(report: &Report, fits: impl Fn(&Requirement) -> bool) -> Vec<String> {
    report.requirements.iter().filter(|r| fits(r)).map(|r| r.id.clone()).collect()
}

fn scenarios(report: &Report, fits: impl Fn(&Scenario) -> bool) -> Vec<String> {
    report.scenarios.iter().filter(|s| fits(s)).map(|s| s.id.clone()).collect()
}

/// The same in the order of a page that lists them under their catalogues.
fn by_catalogue(report: &Report, mut ids: Vec<String>) -> Vec<String> {
    let place = |id: &String| {
        let requirement = report.requirements.iter().find(|r| r.id == *id).expect("it is one of the report");
        report.run.catalogues.iter().position(|c| c.id == requirement.catalogue)
    };
    ids.sort_by_key(place);
    ids
}

/// Whether a word of a citation begins so; a statement id has its number as a word, too.
fn cited(cite: &str, wanted: &str) -> bool {
    let cite: Vec<char> = cite.to_lowercase().chars().collect();
    (0..cite.len()).any(|at| {
        let begins = match at.checked_sub(1).map(|before| cite[before]) {
            None | Some(' ') => true,
            Some('-') => at >= 2 && cite[at - 2].is_alphabetic(),
            Some(_) => false,
        };
        begins && cite[at..].iter().collect::<String>().starts_with(&wanted.to_lowercase())
    })
}

fn of_clause(requirement: &Requirement, wanted: &str) -> bool {
    cited(&requirement.cite, wanted) || requirement.rows.iter().any(|row| cited(row, wanted))
}

/// The words for what was found in a scenario.
fn found(report: &Report, scenario: &Scenario) -> Vec<&'static str> {
    let mut words = Vec::new();
    for requirement in &report.requirements {
        for finding in requirement.findings.iter().filter(|f| f.at.scenario == scenario.id) {
            words.push(match finding.outcome.as_str() {
                "broken" => word(requirement.state, requirement.verdict),
                "error" => "error",
                _ => "undecided",
            });
        }
    }
    if words.is_empty() { vec!["clean"] } else { words }
}

fn types(scenario: &Scenario) -> Vec<&str> {
    let mut names = Vec::new();
    for row in &scenario.trace {
        if let TraceWhat::Packet(packet) = &row.what {
            names.push(packet.name.as_str());
        }
    }
    names
}

/// What can be chosen.
fn options(tab: &Tab<'_>, name: &str) -> Vec<String> {
    tab.texts(&format!("[...document.querySelector('select[name={name}]').options].map(o => o.value).filter(v => v)"))
}

#[test]
fn requirements_are_narrowed_to_what_the_report_says_of_them() {
    let report = sample::large(9, 1);
    let page = Page::of(&report);
    let total = report.requirements.len();
    let expect = |fits: &dyn Fn(&Requirement) -> bool| by_catalogue(&report, requirements(&report, fits));
    in_tab(|tab| {
        tab.goto(&page.at(""));
        assert_eq!(shown(tab, "coverage").len(), total);
        assert_eq!(said(tab, "coverage"), format!("{total} of {total} requirements shown"));

        let verdicts = options(tab, "verdict");
        for requirement in &report.requirements {
            assert!(verdicts.iter().any(|v| v == word(requirement.state, requirement.verdict)), "{}", requirement.id);
        }
        for verdict in &verdicts {
            tab.choose("select[name=verdict]", verdict);
            assert_eq!(fragment(tab), format!("#coverage?verdict={verdict}"));
            narrowed(tab, &page, "coverage", &expect(&|r| word(r.state, r.verdict) == verdict), total);
        }
        tab.choose("select[name=verdict]", "");
        for level in options(tab, "level") {
            tab.choose("select[name=level]", &level);
            narrowed(tab, &page, "coverage", &expect(&|r| r.level == level), total);
        }
        tab.click("form[data-for=coverage] button");
        assert_eq!(fragment(tab), "#coverage");
        assert_eq!(shown(tab, "coverage").len(), total);
        for clause in ["3.1", "WD04 3.1.3", "mqtt", "1.3", "nowhere"] {
            tab.load(&page.at(""));
            tab.type_into("input[name=clause]", clause);
            assert!(fragment(tab).starts_with("#coverage?clause="), "{}", fragment(tab));
            narrowed(tab, &page, "coverage", &expect(&|r| of_clause(r, clause)), total);
        }
        let some = expect(&|r| of_clause(r, "3.1"));
        assert!(!some.is_empty() && some.len() < total, "the sample has clauses in and outside of 3.1");
        // A text of one statement, in another case and with other spaces.
        let statement = report.requirements[0].statement.replace('`', "");
        tab.load(&page.at(""));
        tab.type_into("input[name=text]", &format!("  {}", statement.to_uppercase()));
        let same = expect(&|r| r.statement.replace('`', "") == statement);
        narrowed(tab, &page, "coverage", &same, total);
    });
}

#[test]
fn several_filters_together_hide_nothing_silently() {
    let report = sample::large(9, 1);
    let page = Page::of(&report);
    let total = report.requirements.len();
    in_tab(|tab| {
        tab.goto(&page.at(""));
        tab.choose("select[name=verdict]", "fail");
        tab.choose("select[name=level]", "must");
        tab.type_into("input[name=clause]", "WD04 3.1");
        tab.type_into("input[name=text]", "retain");
        assert_eq!(fragment(tab), "#coverage?verdict=fail&level=must&clause=WD04+3.1&text=retain");
        let fits = |r: &Requirement| {
            let text = r.statement.to_lowercase() + &r.id;
            word(r.state, r.verdict) == "fail"
                && r.level == "must"
                && of_clause(r, "WD04 3.1")
                && text.contains("retain")
        };
        let expected = by_catalogue(&report, requirements(&report, fits));
        assert!(!expected.is_empty());
        narrowed(tab, &page, "coverage", &expected, total);
        // Both lists at once, in one address.
        tab.choose("select[name=status]", "aborted");
        let aborted = scenarios(&report, |s| s.status == "aborted");
        narrowed(tab, &page, "scenarios", &aborted, report.scenarios.len());
        assert_eq!(shown(tab, "coverage"), expected);
        // On paper, where no form is, it is told what was asked for.
        let asked = tab.text("document.querySelector('#coverage .narrowed').textContent");
        for word in ["fail", "MUST", "WD04 3.1", "retain"] {
            assert!(asked.contains(word), "{asked}");
        }
        // A link to something hidden shows it, and the list says that it shows all again.
        let hidden = report.requirements.iter().find(|r| !expected.contains(&r.id)).expect("one is hidden");
        tab.jump(&format!("#{}", hidden.id));
        assert!(tab.holds(&format!("document.getElementById('{}').checkVisibility()", hidden.id)));
        assert_eq!(said(tab, "coverage"), format!("{total} of {total} requirements shown"));
        tab.click("form[data-for=scenarios] button");
        assert_eq!(shown(tab, "scenarios").len(), report.scenarios.len());
        assert_eq!(fragment(tab), "#scenarios");
    });
}

#[test]
fn scenarios_are_narrowed_to_what_was_found_in_them() {
    let report = sample::large(9, 1);
    let page = Page::of(&report);
    let total = report.scenarios.len();
    in_tab(|tab| {
        tab.goto(&page.at(""));
        for key in options(tab, "found") {
            tab.choose("select[name=found]", &key);
            let expected = scenarios(&report, |s| found(&report, s).contains(&key.as_str()));
            narrowed(tab, &page, "scenarios", &expected, total);
        }
        tab.load(&page.at(""));
        for status in options(tab, "status") {
            tab.choose("select[name=status]", &status);
            narrowed(tab, &page, "scenarios", &scenarios(&report, |s| s.status == status), total);
        }
        tab.load(&page.at(""));
        tab.type_into("input[name=at]", "3.1");
        let at = |s: &Scenario| {
            let mut broken = report.requirements.iter().filter(|r| r.findings.iter().any(|f| f.at.scenario == s.id));
            broken.any(|r| cited(&r.cite, "3.1"))
        };
        let expected = scenarios(&report, at);
        assert!(!expected.is_empty() && expected.len() < total);
        narrowed(tab, &page, "scenarios", &expected, total);
        tab.load(&page.at(""));
        tab.type_into("input[name=words]", "case-003");
        narrowed(tab, &page, "scenarios", &scenarios(&report, |s| s.id.contains("case-003")), total);
    });
}

#[test]
fn scenarios_are_narrowed_to_a_type_of_packets_and_so_are_their_rows() {
    let report = sample::large(5, 2);
    let page = Page::of(&report);
    let mut occurring: Vec<&str> = report.scenarios.iter().flat_map(types).collect();
    occurring.sort_unstable();
    occurring.dedup();
    in_tab(|tab| {
        tab.goto(&page.at(""));
        assert_eq!(options(tab, "packet"), occurring);
        for kind in occurring {
            tab.choose("select[name=packet]", kind);
            let having: Vec<&Scenario> = report.scenarios.iter().filter(|s| types(s).contains(&kind)).collect();
            let ids: Vec<String> = having.iter().map(|s| s.id.clone()).collect();
            narrowed(tab, &page, "scenarios", &ids, report.scenarios.len());
            tab.run(OPEN_ALL);
            let rows = tab.texts(
                "[...document.querySelectorAll('.scenario')].filter(s => s.checkVisibility()).map(s => \
                 [...s.querySelectorAll('table.trace > tbody > tr')].filter(r => r.checkVisibility()) \
                 .map(r => (r.querySelector('b') || r).textContent).join(' '))",
            );
            let expected: Vec<String> = having
                .iter()
                .map(|s| vec![kind; types(s).iter().filter(|name| **name == kind).count()].join(" "))
                .collect();
            assert_eq!(rows, expected);
            let told = tab.texts(
                "[...document.querySelectorAll('.scenario')].filter(s => s.checkVisibility()) \
                 .map(s => s.querySelector('.shown').innerText)",
            );
            let expected: Vec<String> = having
                .iter()
                .map(|s| {
                    let of_kind = types(s).iter().filter(|name| **name == kind).count();
                    // Also of those that the capture holds and the page has no room for.
                    format!("{of_kind} of {} rows shown", s.trace.len() as u64 + s.trace_omitted)
                })
                .collect();
            assert_eq!(told, expected);
        }
    });
}

#[test]
fn fragments_that_mean_nothing_do_no_harm() {
    let page = Page::of(&sample::failing());
    let consistent = "[...document.querySelectorAll('form.filters')].every(form => { \
         const list = [...document.querySelectorAll('[data-filter=' + form.dataset.for + '] .item')]; \
         const shown = list.filter(i => i.checkVisibility()).length; \
         const said = form.parentNode.querySelector('.shown').textContent; \
         return said.startsWith(shown + ' of ' + list.length + ' '); })";
    let none = "document.querySelectorAll('.item[hidden]').length === 0";
    in_tab(|tab| {
        for fragment in [
            "#coverage?verdict=nonsense",
            "#%E0%A4%A?%%%",
            "#?",
            "#coverage?",
            "#__proto__?constructor=1&__proto__=2",
            "#s1-c1-p999",
            "#coverage?verdict=fail%20pass",
            "#scenarios?packet=%3C/script%3E&status=%00",
            "#scenarios?level=aborted&found=must",
            "#%3Cimg%20src=x%20onerror=window.__pwned=1%3E",
        ] {
            tab.load(&page.at(fragment));
            assert!(tab.holds(none), "{fragment} hides something");
            assert!(tab.holds(consistent), "{fragment}");
            // The same by hand in a page that is open.
            tab.jump("#certificate");
            tab.jump(fragment);
            assert!(tab.holds(consistent), "{fragment}");
        }
        for fragment in ["#coverage?text=%00%E2%80%AE", "#coverage?clause=((((", "#coverage?verdict=fail&verdict=pass"]
        {
            tab.load(&page.at(fragment));
            assert!(tab.holds(consistent), "{fragment}");
        }
        assert!(tab.holds("window.__pwned === undefined"));
        assert_eq!(tab.console(), Vec::<String>::new());
    });
}
