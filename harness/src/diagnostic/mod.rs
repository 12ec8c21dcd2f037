//! What people are told when they hand us something wrong: file, line, caret, and what to do.

pub mod toml;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use touchstone_reports::text::{columns, fit, thousands, wrap};

/// Largest file that is read. Ours have some kilobytes; one that never ends must end here.
const LARGEST: u64 = 8 << 20;
/// Longest title and longest help, in columns: a name in them is as long as somebody made it.
const LONGEST: usize = 1000;
/// Problems that are told of; the others are counted.
const TOLD: usize = 20;

/// How problems are shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Columns of the terminal that shows them: longer lines are broken at words, lines of the source are cut around what
    /// is wrong. `None`: a file or a pipe, in which a sentence stays one line.
    pub width: Option<usize>,
    /// With colours.
    pub colour: bool,
}

/// A text that problems point into.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
}

impl Source {
    /// A text under the name people know it by.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Source {
        Source { name: name.into(), text: text.into() }
    }

    /// Reads a UTF-8 file. `what` names it for people: `the IUT file`.
    ///
    /// # Errors
    /// When it cannot be read, or is not UTF-8; the problem says what to do.
    pub fn read(path: &Path, what: &str) -> Result<Source, Problem> {
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        // One more than is allowed tells a file that is too large. A pipe (`--iut <(...)`) says its length only by its end.
        let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        read.map_err(|error| {
            let help = match error.kind() {
                std::io::ErrorKind::NotFound => "check the path; it is taken relative to the current directory",
                std::io::ErrorKind::IsADirectory => "name a file, not a directory",
                _ => "check that the file can be read",
            };
            Problem::new(format!("cannot read {what} {name}: {error}")).help(help)
        })?;
        if bytes.len() as u64 > LARGEST {
            return Err(Problem::new(format!("{what} {name} is larger than {} bytes", thousands(LARGEST)))
                .help("this cannot be the file you mean; check the path"));
        }
        let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source::new(name, text)),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let line = 1 + error.as_bytes().iter().take(at).filter(|b| **b == b'\n').count();
                let looks = if wide { ", and this one looks like UTF-16" } else { "" };
                Err(Problem::new(format!("{name}:{line}: not UTF-8 at byte {at}"))
                    .help(format!("TOML files are UTF-8{looks}; save the file in that encoding")))
            }
        }
    }

    /// The name people know it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line, from 1, that holds the byte at `offset`.
    pub fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|b| *b == b'\n').count()
    }
}

/// One thing that is wrong with what we were given.
#[derive(Clone, Debug)]
pub struct Problem {
    title: String,
    place: Option<Box<Place>>,
    help: Option<String>,
    /// It may follow from another problem.
    follows: bool,
}

#[derive(Clone, Debug)]
struct Place {
    source: Source,
    span: Range<usize>,
    label: String,
}

impl Problem {
    /// A problem without a place in a file.
    pub fn new(title: impl Into<String>) -> Problem {
        Problem { title: title.into(), place: None, help: None, follows: false }
    }

    /// Points at bytes of a text; `label` stands beside the carets (may be empty).
    #[must_use]
    pub fn at(mut self, source: &Source, span: Range<usize>, label: impl Into<String>) -> Problem {
        self.place = Some(Box::new(Place { source: source.clone(), span, label: label.into() }));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// Says what to do, if something can be said.
    #[must_use]
    pub fn help_if(self, help: Option<String>) -> Problem {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Says that it may only follow from another problem, which is told first then.
    #[must_use]
    pub fn follows(mut self) -> Problem {
        self.follows = true;
        self
    }

    /// What is wrong, in one line, without place and help.
    pub fn title(&self) -> &str {
        &self.title
    }

    fn position(&self) -> (usize, usize) {
        self.place.as_ref().map_or((0, 0), |p| (p.span.start, p.span.end))
    }
}

impl Problem {
    /// As people see it.
    pub fn shown(&self, look: Look) -> String {
        // What "error: " and "   = help: " take.
        let title = laid_out(&self.title, 7, look);
        let mut group = Group::with_title(Level::ERROR.primary_title(title.as_ref()));
        let help = self.help.as_ref().map(|help| laid_out(help, 14, look));
        if let Some(place) = &self.place {
            let text = place.source.text();
            let mut span = within(text, &place.span);
            // A byte order mark is no column of the first line.
            let text = match text.strip_prefix('\u{feff}') {
                Some(rest) => {
                    let mark = text.len() - rest.len();
                    span = span.start.saturating_sub(mark)..span.end.saturating_sub(mark);
                    rest
                }
                None => text,
            };
            let mut annotation = AnnotationKind::Primary.span(span);
            if !place.label.is_empty() {
                annotation = annotation.label(place.label.as_str());
            }
            group = group.element(Snippet::source(text).path(place.source.name()).annotation(annotation));
        }
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help.as_ref()));
        }
        let renderer = if look.colour { Renderer::styled() } else { Renderer::plain() };
        match look.width {
            Some(width) => renderer.term_width(width),
            None => renderer,
        }
        .render(&[group])
    }
}

/// A sentence of ours, which may quote anything: shortened where it is beyond reading, and broken into lines for a terminal.
/// `before`: columns that stand before its first line.
fn laid_out(text: &str, before: usize, look: Look) -> Cow<'_, str> {
    let text = if columns(text) > LONGEST { fit(text, LONGEST) } else { Cow::Borrowed(text) };
    match look.width {
        Some(width) if !text.contains('\n') => wrap(&text, width.saturating_sub(before)).join("\n").into(),
        _ => text,
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(Look::default()))
    }
}

impl std::error::Error for Problem {}

/// The span cut to the text and moved to character boundaries, at most its first line where it covers many:
/// a caret under a whole table helps nobody.
fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    match text.get(start..end).and_then(|covered| covered.find('\n')) {
        Some(newline) => start..start + newline,
        None => start..end,
    }
}

/// Everything that is wrong, at least one problem.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Problems) {
        self.0.extend(other.0);
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The problems, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// `value`, unless something is wrong.
    ///
    /// # Errors
    /// All problems, when there are any: in the order of their places, after them those that may follow from others.
    pub fn or<T>(mut self, value: T) -> Result<T, Problems> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            self.0.sort_by_key(|problem| (problem.follows, problem.position()));
            Err(self)
        }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems(vec![problem])
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Problems {
        Problems(problems.into_iter().collect())
    }
}

impl Problems {
    /// As people see them.
    pub fn shown(&self, look: Look) -> String {
        let mut shown: Vec<String> = self.0.iter().take(TOLD).map(|problem| problem.shown(look)).collect();
        if self.0.len() > TOLD {
            let more = self.0.len() - TOLD;
            shown.push(Problem::new(format!("{more} more of this kind are not shown; mend these first")).shown(look));
        }
        shown.join("\n\n")
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(Look::default()))
    }
}

impl std::error::Error for Problems {}

/// The known name that `wrong` was probably meant to be.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| {
            // What both names begin with, up to a slash, says nothing about likeness.
            let (a, b) = match (wrong.rsplit_once('/'), name.rsplit_once('/')) {
                (Some((before, a)), Some((other, b))) if before == other => (a, b),
                _ => (wrong, name),
            };
            (strsim::jaro_winkler(a, b), strsim::damerau_levenshtein(a, b), name)
        })
        .filter(|(likeness, edits, _)| *likeness > 0.82 || *edits <= 1)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, _, name)| name)
}

/// Help for an unknown name: the likeliest known one, else all of them where they are few.
pub fn instead(wrong: &str, known: &[&str]) -> Option<String> {
    if let Some(name) = nearest(wrong, known.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    (!known.is_empty() && known.len() <= 24).then(|| {
        let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        format!("known here: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_file_line_caret_and_help() {
        let source = Source::new("a.toml", "[iut]\nnmae = \"x\"\n");
        let problem = Problem::new("unknown key `nmae` in [iut]")
            .at(&source, 6..10, "not a key of [iut]")
            .help("did you mean `name`?");
        insta::assert_snapshot!(problem.to_string());
    }

    #[test]
    fn a_problem_without_a_place_is_one_line_and_its_help() {
        insta::assert_snapshot!(Problem::new("cannot read x").help("check the path").to_string());
        insta::assert_snapshot!("bare", Problem::new("cannot read x").to_string());
    }

    #[test]
    fn spans_outside_the_text_do_no_harm() {
        let source = Source::new("a.toml", "é\nb");
        for span in [0..1, 1..2, 0..100, 50..60, 2..2] {
            let _ = Problem::new("p").at(&source, span, "here").to_string();
        }
    }

    /// Where the carets stand in the columns of a terminal, and what they stand under.
    fn under_the_carets(shown: &str) -> (String, String) {
        let lines: Vec<&str> = shown.lines().collect();
        let at = lines.iter().position(|line| line.contains('^')).expect("carets");
        let begins = columns(lines[at].split('^').next().unwrap_or_default());
        let carets: String = lines[at].chars().filter(|c| *c == '^').collect();
        let (mut column, mut covered) = (0, String::new());
        for c in lines[at - 1].chars() {
            let width = columns(c.encode_utf8(&mut [0; 4]));
            if (begins..begins + carets.len()).contains(&column) || (width == 0 && !covered.is_empty()) {
                covered.push(c);
            }
            column += width;
        }
        (covered, carets)
    }

    #[test]
    fn carets_stand_below_what_is_wrong_in_columns_of_a_terminal() {
        for line in [
            "key = WRONG",
            "\tkey\t=\tWRONG",
            "key = \"漢字漢字\" WRONG",
            "key = \"e\u{301}e\u{301}\" WRONG # more",
            "key = \"😀\" WRONG",
            "\u{feff}key = WRONG",
            "key = WRONG\r",
        ] {
            let text = format!("{line}\nnext = 1\n");
            let start = text.find("WRONG").expect("it is there");
            let problem = Problem::new("p").at(&Source::new("a.toml", text), start..start + 5, "");
            for width in [None, Some(80), Some(60)] {
                let shown = problem.shown(Look { width, colour: false });
                assert_eq!(under_the_carets(&shown), ("WRONG".to_owned(), "^^^^^".to_owned()), "{shown}");
            }
        }
    }

    #[test]
    fn a_terminal_is_not_written_over_its_edge() {
        let long = format!("key = [{}WRONG, {}]\n", "\"some text\", ".repeat(40), "1, ".repeat(200));
        let start = long.find("WRONG").expect("it is there");
        let source = Source::new("a.toml", long);
        let problem = Problem::new(format!("no such key: {}", "known ".repeat(30).trim_end()))
            .at(&source, start..start + 5, "unknown")
            .help(format!("known here: {}", "another, ".repeat(30).trim_end()));
        for width in [60, 80, 140] {
            let shown = problem.shown(Look { width: Some(width), colour: false });
            assert!(shown.lines().all(|line| columns(line) <= width), "{width}:\n{shown}");
            assert_eq!(under_the_carets(&shown).0, "WRONG", "{shown}");
        }
        insta::assert_snapshot!(problem.shown(Look { width: Some(80), colour: false }));
    }

    #[test]
    fn colours_only_add_escape_sequences() {
        let source = Source::new("a.toml", "key = WRONG\n");
        let problem = Problem::new("p").at(&source, 6..11, "here").help("do that");
        let coloured = problem.shown(Look { width: None, colour: true });
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            plain.push_str(before);
            rest = after.split_once('m').expect("a whole sequence").1;
        }
        plain.push_str(rest);
        assert!(coloured != plain);
        assert_eq!(plain, problem.to_string());
    }

    #[test]
    fn floods_of_problems_and_endless_names_are_cut_short() {
        let source = Source::new("a.toml", "key = 1\n");
        let problem = |n: usize| Problem::new(format!("number {n}")).at(&source, 0..3, "");
        let shown = (0..300).map(problem).collect::<Problems>().to_string();
        assert!(shown.contains("number 19") && !shown.contains("number 20"), "{shown}");
        assert!(shown.ends_with("280 more of this kind are not shown; mend these first"), "{shown}");
        assert!(Problem::new("x".repeat(5_000_000)).to_string().len() < 2000);
    }

    #[test]
    fn files_that_cannot_be_meant_are_refused() {
        let refused = |path: &str| Source::read(Path::new(path), "the IUT file").expect_err("refused").to_string();
        assert!(refused("/dev/zero").contains("the IUT file /dev/zero is larger than 8,388,608 bytes"));
        assert!(refused("/").contains("name a file, not a directory"));
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("wide.toml");
        std::fs::write(&path, b"\xff\xfe[\0i\0").expect("a file");
        assert!(refused(&path.display().to_string()).contains("looks like UTF-16"));
    }

    #[test]
    fn nearest_finds_slips_and_leaves_strangers_alone() {
        assert_eq!(nearest("pots", ["host", "port"]), Some("port"));
        assert_eq!(nearest("prot", ["host", "port"]), Some("port"));
        assert_eq!(nearest("zebra", ["host", "port"]), None);
    }

    #[test]
    fn problems_come_in_the_order_of_their_places() {
        let source = Source::new("a.toml", "aa\nbb\n");
        let mut problems = Problems::default();
        problems.push(Problem::new("second").at(&source, 3..5, ""));
        problems.push(Problem::new("first").at(&source, 0..2, ""));
        let problems = problems.or(()).expect_err("two problems");
        assert_eq!(problems.iter().map(Problem::title).collect::<Vec<_>>(), ["first", "second"]);
    }
}
