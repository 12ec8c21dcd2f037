//! For everybody: without barriers that axe-core finds, on narrow screens, in the dark, without motion.

use super::common::tools;
use super::driver::{Tab, in_tab};
use super::pages::{OPEN_ALL, Page};
use serde_json::Value;
use std::fs;
use touchstone_reports::sample;

/// The most and the least that is told of violations by axe-core.
fn violations(tab: &Tab<'_>) -> Vec<String> {
    let found = tab.run_async(
        "const done = arguments[arguments.length - 1]; \
         axe.run(document, { resultTypes: ['violations'], iframes: false }) \
           .then(r => done(r.violations), e => done([{ id: String(e), impact: 'critical', nodes: [] }]));",
    );
    let grave = |v: &&Value| v["impact"] == "serious" || v["impact"] == "critical";
    let line = |v: &Value| {
        let nodes: Vec<String> = v["nodes"]
            .as_array()
            .map(|nodes| nodes.iter().take(3).map(|n| format!("{} {}", n["html"], n["failureSummary"])).collect())
            .unwrap_or_default();
        format!("{} ({}): {}", v["id"], v["impact"], nodes.join("\n"))
    };
    found.as_array().expect("a list").iter().filter(grave).map(line).collect()
}

#[test]
fn axe_finds_nothing_serious() {
    let Some(axe) = tools::module("axe-core/axe.min.js") else { return };
    let axe = fs::read_to_string(axe).expect("a script");
    for (name, report, open) in [
        ("passing", sample::passing(), true),
        ("failing", sample::failing(), true),
        ("hostile", sample::hostile(), true),
        ("large", sample::large(12, 2), false),
    ] {
        let page = Page::of(&report);
        in_tab(|tab| {
            tab.goto(&page.at(""));
            tab.run(&axe);
            if open {
                tab.run(OPEN_ALL);
            }
            for (scheme, width) in [("light", 360), ("dark", 1280)] {
                tab.prefers(&[("prefers-color-scheme", scheme)]);
                tab.wide(width);
                let found = violations(tab);
                assert!(found.is_empty(), "{name}, {scheme}, {width} px wide:\n{}", found.join("\n"));
            }
        });
    }
}

/// The test of the test: a barrier is found.
#[test]
fn axe_finds_barriers() {
    let Some(axe) = tools::module("axe-core/axe.min.js") else { return };
    let axe = fs::read_to_string(axe).expect("a script");
    let page = Page::of(&sample::passing());
    in_tab(|tab| {
        tab.goto(&page.at(""));
        tab.run(&axe);
        tab.run(
            "const p = document.querySelector('.sentence'); p.style.color = '#ccc'; p.style.background = '#fff'; \
             document.querySelector('main').append(document.createElement('select'));",
        );
        let found = violations(tab).join("\n");
        assert!(found.contains("color-contrast") && found.contains("select-name"), "{found}");
    });
}

#[test]
fn narrow_screens_scroll_one_way_only() {
    for report in [sample::passing(), sample::failing(), sample::hostile(), sample::large(5, 2)] {
        let page = Page::of(&report);
        in_tab(|tab| {
            tab.wide(360);
            tab.goto(&page.at(""));
            let fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
            assert!(tab.holds(fits), "closed");
            tab.run(OPEN_ALL);
            assert!(tab.holds(fits), "open");
        });
    }
}

#[test]
fn nothing_moves_by_itself() {
    let page = Page::of(&sample::failing());
    in_tab(|tab| {
        tab.prefers(&[("prefers-reduced-motion", "reduce")]);
        tab.goto(&page.at(""));
        tab.run(OPEN_ALL);
        tab.click("#failures .findings a[href^='#s2-']");
        tab.until("location.hash.startsWith('#s2-')");
        assert!(tab.holds(
            "[...document.querySelectorAll('*')].every(e => { const style = getComputedStyle(e); \
             return style.animationName === 'none' && style.transitionDuration === '0s' && style.scrollBehavior === 'auto'; })"
        ));
        assert_eq!(tab.number("document.getAnimations().length"), 0.0);
    });
}

#[test]
fn the_dark_is_dark() {
    let page = Page::of(&sample::failing());
    in_tab(|tab| {
        tab.goto(&page.at(""));
        for (scheme, darkest, lightest) in [("light", 230.0, 255.0), ("dark", 0.0, 60.0)] {
            tab.prefers(&[("prefers-color-scheme", scheme)]);
            let ground = tab.number(
                "(c => c.map(Number).reduce((a, b) => a + b) / 3)\
                 (getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3))",
            );
            assert!((darkest..=lightest).contains(&ground), "{scheme}: {ground}");
            // Fields, too, follow.
            let field = tab.number(
                "(c => c.map(Number).reduce((a, b) => a + b) / 3)\
                 (getComputedStyle(document.querySelector('select')).backgroundColor.match(/\\d+/g).slice(0, 3))",
            );
            assert!((darkest..=lightest).contains(&field), "{scheme}: {field}");
        }
    });
}
