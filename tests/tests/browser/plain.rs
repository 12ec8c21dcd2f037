//! Without script, and without script and style: all of it is there and can be read.

use super::driver::{Tab, in_tab};
use super::pages::{OPEN_ALL, Page};
use touchstone_reports::model::{Report, TraceWhat};
use touchstone_reports::{sample, to_html};

/// The text that can be seen, with spaces made one.
fn visible(tab: &Tab<'_>) -> String {
    tab.text("document.body.innerText.replace(/\\s+/g, ' ')")
}

/// Everything that a report has to say can be seen on a page on which everything is open.
fn complete(tab: &Tab<'_>, report: &Report) {
    let seen = visible(tab).replace('`', "");
    let there = |text: &str| {
        let text = text.replace('`', "");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(seen.contains(&text), "missing: {text}");
    };
    there(&report.sentence);
    there(&report.iut.name);
    for waiver in &report.waivers {
        there(&waiver.reason);
    }
    for requirement in &report.requirements {
        there(&requirement.id);
        there(&requirement.statement);
        there(&requirement.cite);
        there(requirement.reason.as_deref().unwrap_or_default());
        for finding in &requirement.findings {
            there(&finding.message);
            there(finding.expected.as_deref().unwrap_or_default());
        }
    }
    for scenario in &report.scenarios {
        there(&scenario.id);
        there(&scenario.rerun);
        for row in &scenario.trace {
            match &row.what {
                TraceWhat::Packet(packet) => there(&packet.summary),
                TraceWhat::Note { text, .. } => there(text),
            }
        }
    }
}

/// The parts in the order in which they are read.
fn in_order(tab: &Tab<'_>) {
    let places = tab.get(
        "['certificate', 'failures', 'warnings', 'undecided', 'waived', 'coverage', 'scenarios', 'data'] \
         .map(id => document.getElementById(id).getBoundingClientRect().top)",
    );
    let places: Vec<f64> = places.as_array().expect("a list").iter().filter_map(serde_json::Value::as_f64).collect();
    assert!(places.len() == 8 && places.is_sorted(), "{places:?}");
}

#[test]
fn without_script_everything_is_there_and_no_filter_is_offered() {
    let report = sample::failing();
    let page = Page::of(&report);
    in_tab(|tab| {
        tab.scripts(false);
        tab.load(&page.at("#coverage?verdict=pass"));
        assert!(
            tab.holds("[...document.querySelectorAll('form, select, input, button')].every(f => !f.checkVisibility())")
        );
        assert!(tab.holds("[...document.querySelectorAll('.item')].every(i => !i.hidden)"));
        let (all, scenarios) = (report.requirements.len(), report.scenarios.len());
        let seen = visible(tab);
        assert!(seen.contains(&format!("{all} of {all} requirements shown")));
        assert!(seen.contains(&format!("{scenarios} of {scenarios} scenarios shown")));
        // What folds is unfolded by the browser itself, and by following a link into it.
        tab.load(&page.at(""));
        tab.click("#s1 > summary");
        assert!(tab.holds("document.getElementById('s1').open"));
        tab.click("#failures .findings a[href^='#s2-']");
        tab.until("document.querySelector(location.hash).checkVisibility()");
        tab.run(OPEN_ALL);
        complete(tab, &report);
        in_order(tab);
    });
}

/// As the content security policy that Jenkins sends has it: neither the script nor the style of the page counts.
#[test]
fn without_script_and_style_nothing_is_lost() {
    let report = sample::failing();
    let html = to_html(&report);
    let start = html.find("default-src").expect("a policy");
    let end = start + html[start..].find('"').expect("it ends");
    let strict = format!("{}default-src 'none'; img-src 'self'; style-src 'self'{}", &html[..start], &html[end..]);
    let page = Page::holding(&strict);
    in_tab(|tab| {
        tab.goto(&page.at(""));
        assert!(tab.holds("getComputedStyle(document.body).maxWidth === 'none'"), "the style is off");
        assert!(
            tab.holds("[...document.querySelectorAll('form, select, input, button')].every(f => !f.checkVisibility())")
        );
        tab.run(OPEN_ALL);
        complete(tab, &report);
        in_order(tab);
        // Symbols stay small, and what only holds them takes no room.
        assert!(tab.holds(
            "[...document.querySelectorAll('svg[aria-hidden]')].every(s => { const box = s.getBoundingClientRect(); \
             return box.width <= 40 && box.height <= 40; })"
        ));
        assert!(tab.number("document.querySelector('svg defs').closest('svg').getBoundingClientRect().height") < 1.0);
        // Diagrams fit a screen and are drawn with lines.
        assert!(
            tab.number("Math.max(...[...document.querySelectorAll('svg.ladder')].map(s => s.clientWidth))") <= 1400.0
        );
        assert!(tab.holds(
            "[...document.querySelectorAll('svg.ladder path')].every(p => getComputedStyle(p).stroke !== 'none' \
             || getComputedStyle(p).fill !== 'none')"
        ));
    });
}
