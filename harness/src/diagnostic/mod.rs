//! What people are told when they hand us something wrong: file, line, caret, and what to do.

pub mod toml;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

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
        let bytes = std::fs::read(path).map_err(|error| {
            let help = match error.kind() {
                std::io::ErrorKind::NotFound => "check the path; it is taken relative to the current directory",
                std::io::ErrorKind::IsADirectory => "name a file, not a directory",
                _ => "check that the file can be read",
            };
            Problem::new(format!("cannot read {what} {name}: {error}")).help(help)
        })?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source::new(name, text)),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let line = 1 + error.as_bytes().iter().take(at).filter(|b| **b == b'\n').count();
                Err(Problem::new(format!("{name}:{line}: not UTF-8 at byte {at}"))
                    .help("TOML files are UTF-8; save the file in that encoding"))
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

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut group = Group::with_title(Level::ERROR.primary_title(self.title.as_str()));
        if let Some(place) = &self.place {
            let text = place.source.text();
            let mut annotation = AnnotationKind::Primary.span(within(text, &place.span));
            if !place.label.is_empty() {
                annotation = annotation.label(place.label.as_str());
            }
            group = group.element(Snippet::source(text).path(place.source.name()).annotation(annotation));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        f.write_str(&Renderer::plain().render(&[group]))
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

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
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
