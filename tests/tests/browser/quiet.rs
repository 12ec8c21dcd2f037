//! A report asks for nothing, complains of nothing and runs nothing that it did not bring.

use super::driver::{Tab, in_tab};
use super::pages::{OPEN_ALL, Page};
use touchstone_reports::model::{Report, TraceWhat};
use touchstone_reports::{sample, to_html};

/// Uses everything on a page that can be used.
fn use_all(tab: &Tab<'_>, page: &Page) {
    tab.goto(&page.at(""));
    tab.run(OPEN_ALL);
    tab.jump("#coverage?verdict=fail&text=e");
    tab.jump("#scenarios?packet=PUBLISH");
    tab.click("form[data-for=scenarios] button");
    tab.click(".contents a[href='#data']");
    tab.until("location.hash === '#data'");
}

/// What a page did that it must not.
fn offences(tab: &Tab<'_>, page: &Page) -> Vec<String> {
    let own = page.at("");
    let mut offences = tab.console();
    let asked = tab.requests();
    assert!(asked.iter().any(|url| url.split('#').next() == Some(&own)), "the page itself was asked for: {asked:?}");
    offences.extend(asked.into_iter().filter(|url| url.split('#').next() != Some(&own) && url != "about:blank"));
    offences
}

#[test]
fn nothing_is_requested_and_nothing_complained_of() {
    for report in [sample::passing(), sample::failing(), sample::advisory(), sample::large(8, 2)] {
        let page = Page::of(&report);
        in_tab(|tab| {
            use_all(tab, &page);
            assert_eq!(offences(tab, &page), Vec::<String>::new());
        });
    }
}

/// The test of the test: what must not happen is seen when it does.
#[test]
fn requests_and_complaints_are_noticed() {
    let html = to_html(&sample::passing());
    let nowhere = "http://127.0.0.1:9/x";
    let policy =
        html.find("default-src").map(|at| &html[at..at + html[at..].find('"').unwrap_or(0)]).expect("a policy");
    let with = |markup: &str, policed: bool| {
        let page = html.replace("</body>", &format!("{markup}</body>"));
        Page::holding(&if policed { page } else { page.replace(policy, "") })
    };
    let image = format!("<img src=\"{nowhere}\" alt=\"\">");
    let fetch = format!("<script>fetch('{nowhere}').catch(function () {{}})</script>");
    for (markup, policed, told) in [
        (image.as_str(), false, nowhere),
        (fetch.as_str(), false, nowhere),
        (image.as_str(), true, "Content Security Policy"),
        (fetch.as_str(), true, "Content Security Policy"),
        ("<script>console.warn('beware')</script>", true, "beware"),
        ("<script>throw new Error('broken')</script>", true, "broken"),
    ] {
        let page = with(markup, policed);
        in_tab(|tab| {
            tab.goto(&page.at(""));
            let offences = offences(tab, &page);
            assert!(offences.iter().any(|offence| offence.contains(told)), "{markup}: {offences:?}");
        });
    }
}

/// Texts that would run, break out or turn their neighbours round if they were anything but text.
const ATTACKS: [&str; 6] = [
    "</script><script>window.__pwned=1;alert(1)</script>",
    "\"><img src=x onerror=\"window.__pwned=1\"><svg onload=window.__pwned=1>",
    "</style></details></table><iframe srcdoc=\"<script>parent.__pwned=1</script>\">",
    "'\" onfocus=window.__pwned=1 autofocus tabindex=0 x='",
    "\u{202e}\u{2066}\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{627}\u{644} 12 \u{200f}\u{0}\u{1b}[31m\u{9b}\r\n\u{85}\u{2028}",
    "javascript:window.__pwned=1//`${window.__pwned=1}` &lt;script&gt; {{__pwned}}",
];

fn attacked(text: &str) -> Report {
    let mut report = sample::saying(text);
    for requirement in &mut report.requirements {
        requirement.statement = text.to_owned();
    }
    report
}

#[test]
fn hostile_texts_stay_texts() {
    for text in ATTACKS {
        let page = Page::of(&attacked(text));
        in_tab(|tab| {
            tab.goto(&page.at(""));
            tab.run(OPEN_ALL);
            tab.press(&[fantoccini::key::Key::Tab]);
            tab.jump("#scenarios?found=fail");
            assert!(tab.holds("window.__pwned === undefined"), "{text:?} ran");
            assert_eq!(offences(tab, &page), Vec::<String>::new(), "{text:?}");
            assert_eq!(tab.number("document.querySelectorAll('script').length"), 1.0);
            assert!(tab.holds("!document.querySelector('img, iframe, object, embed, [onload], [onerror], [onfocus]')"));
            assert!(tab.holds("document.querySelector('footer').parentNode === document.body"), "{text:?} broke out");
        });
    }
}

/// Packets whose summary is right-to-left: what stands before and after it stays there.
#[test]
fn right_to_left_texts_turn_nothing_else_round() {
    let mut report = sample::failing();
    for row in report.scenarios.iter_mut().flat_map(|s| &mut s.trace) {
        if let TraceWhat::Packet(packet) = &mut row.what {
            packet.summary = "\u{5e9}\u{5dc}\u{5d5}\u{5dd}/\u{627}\u{644}\u{639}".to_owned();
        }
    }
    report.requirements.iter_mut().flat_map(|r| &mut r.findings).for_each(|f| {
        f.message = "\u{5e9}\u{5dc}\u{5d5}\u{5dd} 7 \u{627}\u{644}".to_owned();
    });
    let page = Page::of(&report);
    in_tab(|tab| {
        tab.goto(&page.at(""));
        tab.run(OPEN_ALL);
        let ordered = |parts: &str| {
            tab.number(&format!(
                "(() => {{ let turned = 0, seen = 0; \
                 for (const line of document.querySelectorAll('.trace summary, .found li')) {{ \
                   const parts = [...line.querySelectorAll('{parts}')].map(p => p.getBoundingClientRect()); \
                   for (let i = 1; i < parts.length; i++) {{ \
                     seen++; if (parts[i].top < parts[i-1].bottom && parts[i].left < parts[i-1].right - 1) turned++; }} }} \
                 return seen ? turned : -1; }})()"
            ))
        };
        assert_eq!(ordered("b, small, .v, a"), 0.0);
        assert_eq!(tab.text("getComputedStyle(document.body).direction"), "ltr");
    });
}
