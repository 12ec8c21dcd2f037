//! Small pieces of markup.

use super::index::{Found, Index};
use crate::model::{Finding, Requirement, State, Verdict, Witness};
use crate::text::{Piece, Shape, cut, pieces, push_escape, visible};
use maud::{Escaper, Markup, Render, html};
use std::fmt::Write as _;

/// Text on one line: markup is escaped, and characters that could deceive are shown as escapes.
pub(super) struct Vis<'a>(pub(super) &'a str);

/// As [`Vis`], for blocks of lines.
pub(super) struct VisBlock<'a>(pub(super) &'a str);

impl Render for Vis<'_> {
    fn render_to(&self, out: &mut String) {
        render(self.0, Shape::Line, out);
    }
}

impl Render for VisBlock<'_> {
    fn render_to(&self, out: &mut String) {
        render(self.0, Shape::Block, out);
    }
}

fn render(text: &str, shape: Shape, out: &mut String) {
    for piece in pieces(text, shape) {
        match piece {
            Piece::Plain(plain) => Escaper::new(out).write_str(plain).expect("writing to a string cannot fail"),
            Piece::Hidden(c) => push_escape(out, c),
        }
    }
}

/// Text as [`Vis`] shows it, cut to what has room in so many columns of a diagram, where nothing wraps.
pub(super) fn narrow(text: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut left = columns;
    // Of hostile megabytes no more is looked at than can be shown.
    for c in visible(cut(text, columns + 1).0).chars() {
        // What is no ASCII may be as wide as two.
        let Some(rest) = left.checked_sub(if c.is_ascii() { 1 } else { 2 }) else {
            out.push('\u{2026}');
            break;
        };
        left = rest;
        out.push(c);
    }
    out
}

/// How a verdict or state is shown: always a word and a shape, and a colour on top.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The word people read.
    pub(super) word: &'static str,
    /// Class, and value of the filters.
    pub(super) key: &'static str,
    /// Symbol of templates/symbols.svg.
    symbol: &'static str,
}

impl Mark {
    const fn new(word: &'static str, key: &'static str, symbol: &'static str) -> Mark {
        Mark { word, key, symbol }
    }

    pub(super) const PASS: Mark = Mark::new("Pass", "pass", "v-pass");
    pub(super) const WARN: Mark = Mark::new("Warn", "warn", "v-warn");
    pub(super) const FAIL: Mark = Mark::new("Fail", "fail", "v-fail");
    pub(super) const UNDECIDED: Mark = Mark::new("Undecided", "undecided", "v-undecided");
    pub(super) const ERROR: Mark = Mark::new("Error", "error", "v-error");
    pub(super) const WAIVED: Mark = Mark::new("Waived", "waived", "v-waived");
    /// What was noticed, and decides nothing.
    pub(super) const NOTE: Mark = Mark::new("Note", "note", "v-note");

    /// Of several findings at one place the strongest counts.
    pub(super) const STRONGEST: [Mark; 6] =
        [Mark::ERROR, Mark::FAIL, Mark::WARN, Mark::UNDECIDED, Mark::WAIVED, Mark::NOTE];

    /// Of a requirement: its verdict, or its state where there is no verdict.
    pub(super) fn of(requirement: &Requirement) -> Mark {
        match requirement.state {
            State::Applicable => match requirement.verdict {
                Verdict::None => Mark::new("None", "none", "v-none"),
                Verdict::Pass => Mark::PASS,
                Verdict::Warn => Mark::WARN,
                Verdict::Undecided => Mark::UNDECIDED,
                Verdict::Fail => Mark::FAIL,
                Verdict::Error => Mark::ERROR,
            },
            State::Waived => Mark::WAIVED,
            State::NotApplicable => Mark::new("Not applicable", "not-applicable", "v-none"),
            State::NotSelected => Mark::new("Not selected", "not-selected", "v-none"),
            State::NotYetTested => Mark::new("Not yet tested", "not-yet-tested", "v-open"),
            State::Untestable => Mark::new("Untestable", "untestable", "v-none"),
            State::OptionNotTaken => Mark::new("Option not taken", "option-not-taken", "v-none"),
        }
    }

    /// Of one finding: what broke follows its requirement, what was not decided or decides nothing says so.
    pub(super) fn of_finding(found: Found<'_>) -> Mark {
        match found.finding.outcome.as_str() {
            "broken" => Mark::of(found.requirement),
            "error" => Mark::ERROR,
            "note" => Mark::NOTE,
            _ => Mark::UNDECIDED,
        }
    }
}

impl Render for Mark {
    fn render_to(&self, out: &mut String) {
        let markup = html! {
            span class={ "v " (self.key) } {
                svg width="13" height="13" aria-hidden="true" { use href={ "#" (self.symbol) } {} }
                (self.word)
            }
        };
        out.push_str(&markup.into_string());
    }
}

/// A link to a requirement in the table of coverage, or its id when the report does not have it.
pub(super) fn requirement_link(index: &Index<'_>, id: &str) -> Markup {
    html! {
        @match index.requirement(id) {
            Some(anchor) => a.id href={ "#" (anchor) } { (Vis(id)) },
            None => span.id { (Vis(id)) },
        }
    }
}

/// A link to where something is: `packet 7 (frame 14) in wd04/...`. The connection is named where it is not the
/// first, which nearly all are.
pub(super) fn place(index: &Index<'_>, at: &Witness, with_scenario: bool) -> Markup {
    let words = match (at.packet, at.connection, at.frame) {
        (Some(packet), connection, frame) => {
            let connection = connection.filter(|n| *n != 1).map_or(String::new(), |n| format!(" of connection {n}"));
            let frame = frame.map_or(String::new(), |n| format!(" (frame {n})"));
            format!("packet {packet}{connection}{frame}")
        }
        (None, _, Some(frame)) => format!("frame {frame}"),
        (None, Some(connection), None) => format!("connection {connection}"),
        (None, None, None) => "the scenario".to_owned(),
    };
    if at.scenario.is_empty() {
        // It concerns the run as a whole.
        return html! {};
    }
    let text = html! { (words) @if with_scenario { " in " (Vis(&at.scenario)) } };
    html! {
        @match index.place(at) {
            Some(anchor) => a href={ "#" (anchor) } { (text) },
            None => (text),
        }
    }
}

/// Expected against actual, where a finding states them.
pub(super) fn expected_actual(finding: &Finding) -> Markup {
    html! {
        @if finding.expected.is_some() || finding.actual.is_some() {
            dl.against {
                @for (label, text) in [("Expected", &finding.expected), ("Actual", &finding.actual)] {
                    @if let Some(text) = text {
                        div { dt { (label) } dd { code { (Vis(text)) } } }
                    }
                }
            }
        }
    }
}

/// The root of a cascade.
pub(super) fn because(index: &Index<'_>, finding: &Finding) -> Markup {
    html! {
        @if let Some(root) = &finding.because {
            p.because { "Follows from " (requirement_link(index, root)) "." }
        }
    }
}

/// Upper-case level, as specifications spell it.
pub(super) fn level(level: &str) -> Markup {
    html! { span.level { (Vis(&level.to_uppercase())) } }
}

/// A relative link to a file of the run. Everything but plain characters is percent-encoded, so no scheme, host
/// or query can come of it, and steps upwards are dropped.
pub(super) fn file_href(path: &str) -> String {
    let mut out = String::from(".");
    for segment in path.split('/').filter(|s| !matches!(*s, "" | "." | "..")) {
        out.push('/');
        for byte in segment.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
                out.push(char::from(byte));
            } else {
                write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
            }
        }
    }
    out
}

/// The line that always tells how many of how many are shown, above a list with filters. Without script, all are.
/// Below it stands in print what they were filtered by, where they were.
pub(super) fn shown(total: usize, what: &str) -> Markup {
    html! {
        output.shown aria-live="polite" data-what=(what) { (total) " of " (total) " " (what) " shown" }
        p.narrowed {}
    }
}

/// The same above a list inside of such a list, of which some may have no room on the page. It is not read out: many
/// change at once.
pub(super) fn shown_within(shown: usize, total: u64, what: &str) -> Markup {
    html! { p.shown data-what=(what) data-total=(total) { (shown) " of " (total) " " (what) " shown" } }
}

/// The form of the filters of a list. Only the script can filter, so only the script shows it.
pub(super) fn filters(list: &str, label: &str, fields: &[Markup]) -> Markup {
    html! {
        form.filters hidden="hidden" data-for=(list) aria-label=(label) autocomplete="off" {
            @for field in fields { (field) }
            button type="reset" { "Show all" }
        }
    }
}

/// A choice of a filter; the first option lets everything through.
pub(super) fn choice(name: &str, attribute: &str, label: &str, options: &[(&str, &str)]) -> Markup {
    html! {
        label {
            (label) " "
            select name=(name) data-attribute=(attribute) {
                option value="" { "any" }
                @for (value, word) in options {
                    option value=(Vis(value)) { (Vis(word)) }
                }
            }
        }
    }
}

/// A field of a filter for the beginning of a citation, or of a word of it.
pub(super) fn citation(name: &str, label: &str) -> Markup {
    html! {
        label {
            (label) " "
            input type="search" name=(name) data-attribute="c" size="11" placeholder="3.1" spellcheck="false";
        }
    }
}

/// The text field of a filter.
pub(super) fn search(name: &str) -> Markup {
    html! { label { "Text " input type="search" name=(name) size="16" spellcheck="false"; } }
}

/// A sentence of ours, in which back-ticks mark code.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for (n, part) in text.split('`').enumerate() {
            @if n % 2 == 1 { code { (Vis(part)) } } @else { (Vis(part)) }
        }
    }
}
