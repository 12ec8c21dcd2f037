//! Two hundred scenarios.

use super::driver::{Tab, in_tab};
use super::pages::Page;
use serde_json::json;
use touchstone_reports::sample;

/// Milliseconds that the browser's main thread works until a page is there.
fn opening(tab: &Tab<'_>, page: &Page) -> f64 {
    tab.load(&page.at(""));
    let metrics = tab.devtools("Performance.getMetrics", json!({}));
    let metrics = metrics["metrics"].as_array().expect("a list");
    let task = metrics.iter().find(|metric| metric["name"] == "TaskDuration").expect("it is measured");
    task["value"].as_f64().expect("a number") * 1_000.0
}

/// How long it takes is told, and not tested: `cargo test -p touchstone-tests --test browser size -- --nocapture`.
#[test]
fn two_hundred_scenarios_fit_two_megabytes_and_open() {
    let small = Page::of(&sample::failing());
    let large = Page::of(&sample::large(200, 2));
    let bytes = large.path().metadata().expect("it is there").len();
    assert!(bytes <= 2_000_000, "{bytes} bytes");
    in_tab(|tab| {
        // Time of the thread, not of the clock: what else the machine does is not counted.
        tab.devtools("Performance.enable", json!({ "timeDomain": "threadTicks" }));
        let (brief, long) = (opening(tab, &small), opening(tab, &large));
        println!(
            "200 scenarios: {bytes} bytes; opening takes {long:.0} ms of the main thread, {:.0} times the small report's {brief:.0} ms",
            long / brief
        );
        assert_eq!(tab.number("document.querySelectorAll('.scenario').length"), 204.0);
        assert!(tab.holds("document.querySelector('.sentence').checkVisibility()"));
        tab.jump("#s200");
        assert!(tab.holds("document.getElementById('s200').open"));
        tab.jump("#scenarios?words=case-199");
        assert!(tab.text("document.querySelector('#scenarios .shown').innerText").starts_with("1 of 204 "));
    });
}
