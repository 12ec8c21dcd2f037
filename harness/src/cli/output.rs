//! What goes to the terminal: escaped, as wide as it is, and coloured only where somebody looks.

use super::Failure;
use crate::diagnostic::Look;
use console::Term;
use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Columns of a page that nobody's terminal limits.
const USUAL: usize = 80;
/// What a terminal may say of its width for us to follow it.
const SENSIBLE: std::ops::RangeInclusive<usize> = 40..=200;
/// Whether something could not be written to standard output.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints an error for people to standard error.
pub(super) fn error(failure: &Failure) {
    say(failure.shown(look(&std::io::stderr())).trim_end());
}

/// How problems look on a stream: as wide as its terminal, plain and unbroken where it is none.
fn look(stream: &impl IsTerminal) -> Look {
    Look { width: stream.is_terminal().then(|| width_of(&Term::stderr())), colour: coloured(stream) }
}

/// Prints a line to standard error. Nobody can be told that this fails, and nothing depends on it.
pub(super) fn say(line: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(format!("{line}\n").as_bytes());
}

/// Prints to standard output. A reader that has gone away (`touchstone list | head`) is no error of ours; a full disk is
/// one, see [`lost`].
pub(super) fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
        && !LOST.swap(true, Ordering::Relaxed)
    {
        say(&format!("error: cannot write to standard output: {error}"));
    }
}

/// Whether something that was printed has not arrived, though somebody waits for it.
pub(super) fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Whether a stream shows colours.
pub(super) fn coloured(stream: &impl IsTerminal) -> bool {
    wanted(stream.is_terminal(), |name| std::env::var_os(name))
}

/// NO_COLOR (no-color.org) before CLICOLOR_FORCE and CLICOLOR (bixense.com/clicolors) before what the terminal is.
fn wanted(terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let on = |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    if set("NO_COLOR") {
        false
    } else if on("CLICOLOR_FORCE") {
        true
    } else {
        terminal && !dumb(&variable) && variable("CLICOLOR").is_none_or(|value| value != "0")
    }
}

/// Whether a terminal knows no escape sequences.
fn dumb(variable: &impl Fn(&str) -> Option<OsString>) -> bool {
    variable("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Whether a line can be drawn again and again on standard error: not where escape sequences are unknown or unwanted.
pub(super) fn live() -> bool {
    drawn(std::io::stderr().is_terminal(), |name| std::env::var_os(name))
}

fn drawn(terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    terminal && !dumb(&variable) && variable("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Columns for a page on standard output: those of its terminal, else what COLUMNS says, else 80.
pub(super) fn width() -> usize {
    width_of(&Term::stdout())
}

/// Columns of the terminal at standard error.
pub(super) fn width_of_errors() -> usize {
    width_of(&Term::stderr())
}

fn width_of(term: &Term) -> usize {
    let told = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let size = term.is_term().then(|| term.size_checked()).flatten().map(|(_, columns)| usize::from(columns));
    // A terminal without a size says 0.
    let columns = size.filter(|columns| *columns > 0).or_else(told).unwrap_or(USUAL);
    columns.clamp(*SENSIBLE.start(), *SENSIBLE.end())
}

/// Whether somebody looks at standard output, so that lines are better broken than cut or wrapped anywhere.
pub(super) fn page() -> Option<usize> {
    std::io::stdout().is_terminal().then(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        move |name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value))
    }

    #[test]
    fn colours_are_for_terminals_and_for_who_asks() {
        let xterm = ("TERM", "xterm");
        assert!(wanted(true, with(&[xterm])));
        assert!(!wanted(false, with(&[xterm])));
        assert!(!wanted(true, with(&[("TERM", "dumb")])));
        assert!(!wanted(true, with(&[])));
        assert!(!wanted(true, with(&[xterm, ("NO_COLOR", "1")])));
        assert!(wanted(true, with(&[xterm, ("NO_COLOR", "")])));
        assert!(wanted(false, with(&[("CLICOLOR_FORCE", "1")])));
        assert!(!wanted(false, with(&[("CLICOLOR_FORCE", "0")])));
        assert!(!wanted(false, with(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")])));
        assert!(!wanted(true, with(&[xterm, ("CLICOLOR", "0")])));
    }

    #[test]
    fn a_line_is_drawn_only_where_it_can_be_drawn_again() {
        assert!(drawn(true, with(&[("TERM", "xterm")])));
        assert!(!drawn(false, with(&[("TERM", "xterm"), ("CLICOLOR_FORCE", "1")])));
        assert!(!drawn(true, with(&[("TERM", "dumb")])));
        assert!(!drawn(true, with(&[("TERM", "xterm"), ("NO_COLOR", "1")])));
    }
}
