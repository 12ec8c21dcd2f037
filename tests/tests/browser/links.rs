//! From a finding to its packet, by mouse and by keyboard alone.

use super::driver::{Tab, in_tab};
use super::pages::{Page, row};
use fantoccini::key::Key;
use serde_json::Value;
use touchstone_reports::sample;

/// Whether what has this id is on the screen, as far as it fits there.
fn on_screen(id: &str) -> String {
    format!(
        "(e => {{ const box = e.getBoundingClientRect(); \
         return e.checkVisibility() && box.height > 0 && box.top >= 0 && box.top < innerHeight - 20; }})\
         (document.getElementById('{id}'))"
    )
}

/// How many runs of outlined bytes a row shows.
fn outlined(id: &str) -> String {
    format!(
        "[...document.getElementById('{id}').querySelectorAll('mark')] \
         .filter(m => m.checkVisibility() && m.getBoundingClientRect().width > 0).length"
    )
}

/// Follows a link among the findings, which may be folded away, and finds the row open.
fn follow(tab: &Tab<'_>, page: &Page, row: &str, bytes: bool) {
    tab.load(&page.at(""));
    let link = format!(".findings a[href='#{row}']");
    assert!(tab.holds(&format!("document.querySelector(\"{link}\")")), "no finding links to {row}");
    if !tab.holds(&format!("document.querySelector(\"{link}\").checkVisibility()")) {
        let at = tab.number(&format!(
            "(d => [...document.querySelectorAll('.findings details')].indexOf(d))\
             (document.querySelector(\"{link}\").closest('details'))"
        ));
        tab.run(&format!("document.querySelectorAll('.findings details')[{at}].id = 'folded'"));
        tab.click("#folded > summary");
    }
    let scenario = row.split('-').next().unwrap_or(row);
    assert!(!tab.holds(&format!("document.getElementById('{scenario}').open")), "it was closed before");
    tab.click(&link);
    tab.until(&on_screen(row));
    assert_eq!(tab.text("location.hash"), format!("#{row}"));
    tab.until(&format!("document.getElementById('{scenario}').open"));
    if row != scenario {
        tab.until(&format!("document.querySelector('[id=\"{row}\"] details').open"));
    }
    if bytes {
        tab.until(&format!("{} > 0", outlined(row)));
    }
    // Where opening moved things, it is on the screen all the same.
    tab.until(&on_screen(row));
}

#[test]
fn findings_lead_to_their_packets() {
    let report = sample::failing();
    let page = Page::of(&report);
    in_tab(|tab| {
        let mut followed = 0;
        for finding in report.requirements.iter().flat_map(|r| &r.findings) {
            let Some(row) = row(&report, &finding.at) else { continue };
            tab.load(&page.at(""));
            if tab.holds(&format!("document.getElementById('{row}')")) {
                follow(tab, &page, &row, finding.at.bytes.is_some());
                followed += 1;
            }
        }
        assert!(followed >= 4, "{followed} findings have a packet on the page");
        // Where the packet is not in the table, the scenario opens.
        follow(tab, &page, "s4", false);
    });
}

#[test]
fn a_real_run_leads_from_each_finding_to_its_bytes() {
    if super::driver::missing() {
        return;
    }
    let page = Page::of_a_run();
    let report = page.report();
    let scenarios = report["scenarios"].as_array().expect("a list");
    in_tab(|tab| {
        let mut followed = 0;
        for requirement in report["requirements"].as_array().expect("a list") {
            let findings = requirement["findings"].as_array().expect("a list");
            for finding in findings.iter().filter(|finding| finding["outcome"] != "note") {
                let place = scenarios.iter().position(|s| s["id"] == finding["scenario"]);
                let (Some(at), Some(connection), Some(packet)) =
                    (place, finding["connection"].as_u64(), finding["packet"].as_u64())
                else {
                    continue;
                };
                let row = format!("s{}-c{connection}-p{packet}", at + 1);
                follow(tab, &page, &row, !finding["bytes"].is_null());
                let frame = tab.text(&format!("document.getElementById('{row}').querySelector('th').textContent"));
                assert_eq!(Value::from(frame.parse::<u64>().ok()), finding["frame"]);
                if requirement["id"] == "wd04/publish-retain" {
                    // The bit itself, among those of the first byte.
                    let bits = format!(
                        "[...document.getElementById('{row}').querySelectorAll('tr')] \
                         .filter(r => r.textContent.includes('RETAIN')).map(r => (r.querySelector('mark') || r).textContent)"
                    );
                    assert!(tab.texts(&bits).contains(&"1".to_owned()), "{:?}", tab.texts(&bits));
                }
                followed += 1;
            }
        }
        assert!(followed >= 2, "{followed} findings with a packet");
        // A message of a million letters is told of, and not shown whole.
        let large = scenarios.iter().position(|s| s["id"] == "wd04/consumer/large-message").expect("it ran") + 1;
        tab.load(&page.at(&format!("#s{large}")));
        tab.until(&on_screen(&format!("s{large}")));
        let told = tab.text(&format!("document.getElementById('s{large}').textContent"));
        assert!(told.contains("more bytes"), "what is left out is told of");
        assert!(page.path().metadata().expect("it is there").len() < 2_000_000);
        assert_eq!(tab.console(), Vec::<String>::new());
    });
}

/// The place of the focus: what has it, by its address or its element.
const FOCUS: &str = "(e => e.getAttribute('href') || e.name || e.tagName + ' ' + (e.parentNode.id || ''))\
                     (document.activeElement)";

/// Presses Tab until something that fits has the focus.
fn tab_to(tab: &Tab<'_>, fits: &str) {
    for _ in 0..200 {
        tab.press(&[Key::Tab]);
        if tab.holds(&format!("(e => {fits})(document.activeElement)")) {
            return;
        }
    }
    panic!("Tab never came to {fits}; it is at {}", tab.text(FOCUS));
}

#[test]
fn the_keyboard_alone_reaches_findings_and_packets() {
    let report = sample::failing();
    let page = Page::of(&report);
    in_tab(|tab| {
        tab.goto(&page.at(""));
        tab.press(&[Key::Tab]);
        assert_eq!(tab.text(FOCUS), "#failures", "first of all the skip link");
        assert!(tab.holds("document.activeElement.getBoundingClientRect().left >= 0"), "it shows itself");
        tab.press(&[Key::Enter]);
        tab.until("location.hash === '#failures'");
        tab.press(&[Key::Tab]);
        assert!(tab.holds("document.activeElement.closest('#failures')"), "{}", tab.text(FOCUS));

        // A finding's packet.
        tab_to(
            tab,
            "e.closest('.findings') && /^#s\\d+-c/.test(e.getAttribute('href') || '') \
                     && document.getElementById(e.getAttribute('href').slice(1)).querySelector('mark')",
        );
        let row = tab.text("document.activeElement.getAttribute('href').slice(1)");
        assert!(tab.holds("getComputedStyle(document.activeElement).outlineStyle !== 'none'"), "the focus is seen");
        tab.press(&[Key::Enter]);
        tab.until(&on_screen(&row));
        tab.until(&format!("{} > 0", outlined(&row)));
        // From there the next thing is the packet itself, which Space closes and Enter opens.
        tab.press(&[Key::Tab]);
        assert_eq!(tab.text("document.activeElement.tagName"), "SUMMARY");
        assert!(tab.holds(&format!("document.activeElement.closest('tr').id === '{row}'")), "{}", tab.text(FOCUS));
        tab.press(&[Key::Space]);
        tab.until("!document.activeElement.parentNode.open");
        tab.press(&[Key::Enter]);
        tab.until("document.activeElement.parentNode.open");

        // The list of scenarios, its filters, and a scenario.
        tab.load(&page.at(""));
        tab_to(tab, "e.getAttribute('href') === '#scenarios'");
        tab.press(&[Key::Enter]);
        tab.until("location.hash === '#scenarios'");
        for name in ["found", "status", "packet", "at", "words"] {
            tab.press(&[Key::Tab]);
            assert_eq!(tab.text(FOCUS), name);
        }
        tab_to(tab, "e.tagName === 'SUMMARY' && e.parentNode.id === 's1'");
        tab.press(&[Key::Space]);
        tab.until("document.getElementById('s1').open");
        tab_to(tab, "e.tagName === 'SUMMARY' && e.closest('tr')");
        tab.press(&[Key::Enter]);
        tab.until("document.activeElement.parentNode.open");
    });
}
