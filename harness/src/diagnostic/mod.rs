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
mod tests;
