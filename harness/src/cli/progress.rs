//! Progress of a run, on standard error: on a terminal a line that is drawn again and what is new above it, elsewhere a
//! line for each scenario.

use super::output;
use crate::iut::IutFile;
use crate::judge::{Outcome, ScenarioStatus};
use crate::run::{Event, Run};
use crate::scenario::{Planned, instructions};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use touchstone_reports::text::{columns, count, fit, hanging, visible, visible_block};

/// How often the line is drawn again, so that its clock goes on.
const TICK: Duration = Duration::from_millis(250);
/// Cells of the bar.
const CELLS: usize = 20;
/// Columns from which on there is a bar, too.
const ROOMY: usize = 100;
/// Columns in which an id can be recognised.
const RECOGNISED: usize = 20;
/// A wait that is not worth being told of.
const SOON: Duration = Duration::from_secs(2);

/// Shows a run while it goes on.
pub(super) struct View {
    iut: IutFile,
    /// Folder of the run.
    out: PathBuf,
    bar: Option<ProgressBar>,
    state: Arc<Mutex<State>>,
}

/// How far the run has come.
#[derive(Debug)]
struct State {
    /// When it began.
    begun: Instant,
    done: usize,
    all: usize,
    /// Requirements broken so far.
    broken: usize,
    /// Scenarios that ended early.
    early: usize,
    /// What runs now, since when, and what its steps wait at least.
    running: BTreeMap<String, (Instant, Duration)>,
}

impl View {
    pub fn new(run: &Run, out: PathBuf) -> View {
        let iut = run.iut();
        let state = State {
            begun: Instant::now(),
            done: 0,
            all: run.scenarios(),
            broken: 0,
            early: 0,
            running: BTreeMap::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let bar = output::live().then(|| bar(&state));
        let view = View { iut: iut.clone(), out, bar, state };
        let number = count(view.state().all as u64, "scenario", "scenarios");
        view.line(&format!("{}: {} as {}, {number}", visible(&iut.name), iut.binding.title, iut.role), 0);
        let left_out: Vec<(&str, &str)> = run.left_out().collect();
        if !left_out.is_empty() {
            let number = count(left_out.len() as u64, "scenario is", "scenarios are");
            view.line(&format!("{number} left out (`touchstone list scenarios` says what they do):"), 0);
            let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
            for (_, reason) in left_out {
                *reasons.entry(reason).or_default() += 1;
            }
            let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
            reasons.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
            for (reason, number) in reasons {
                view.line(&format!("{number:>5}  {}", visible(reason)), 7);
            }
        }
        view
    }

    /// The bar, which stands aside when somebody else writes.
    pub fn bar(&self) -> Option<ProgressBar> {
        self.bar.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What it holds is sound after each of its changes.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line that stays. On a terminal it is broken at words; what follows stands `indent` columns in.
    fn line(&self, text: &str, indent: usize) {
        match &self.bar {
            Some(bar) => {
                let width = output::width_of_errors();
                let lines: Vec<String> = text.split('\n').map(|line| broken(line, indent, width)).collect();
                bar.suspend(|| output::say(&lines.join("\n")));
            }
            None => output::say(text),
        }
    }

    pub fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Started(planned) => {
                let waits = Duration::from_nanos(planned.waits(&self.iut.pics));
                self.state().running.insert(planned.id.clone(), (Instant::now(), waits));
            }
            Event::Waiting(address) => self.line(&visible_block(&instructions(&self.iut, *address, &self.out)), 0),
            Event::Judged { planned, status, broken, changed, decided } => {
                let (place, elapsed) = {
                    let mut state = self.state();
                    state.running.remove(&planned.id);
                    state.done += 1;
                    state.broken += changed.iter().filter(|(_, outcome)| *outcome == Outcome::Broken).count();
                    state.early += usize::from(**status != ScenarioStatus::Completed);
                    let width = state.all.to_string().len();
                    (format!("[{:>width$}/{}]", state.done, state.all), clock(state.begun.elapsed()))
                };
                if self.bar.is_none() || self.iut.launch.is_none() {
                    let mut line = format!("{place} {elapsed} {}", planned.id);
                    line.push_str(&how(status));
                    if *broken > 0 {
                        let _ = write!(line, ": {broken} broken");
                    }
                    self.line(&line, 4);
                } else {
                    self.news(planned, status);
                }
                if self.iut.launch.is_none() {
                    self.changes(changed, *decided);
                } else {
                    for (id, _) in changed.iter().filter(|(_, outcome)| *outcome == Outcome::Broken) {
                        self.line(&format!("    broken: {id}, first seen in {}", planned.id), 8);
                    }
                }
            }
        }
        if let Some(bar) = &self.bar {
            bar.tick();
        }
    }

    /// What is worth a line above the bar: a scenario that could not be run to its end.
    fn news(&self, planned: &Planned, status: &ScenarioStatus) {
        // That the others are not run, and why, stands in the summary.
        let skipped = matches!(status, ScenarioStatus::Aborted(reason) if reason.starts_with("not run: "));
        if *status != ScenarioStatus::Completed && !skipped {
            self.line(&format!("    {}{}", planned.id, how(status)), 8);
        }
    }

    /// What somebody at the device wants to know at once: which requirements have been decided, and how.
    fn changes(&self, changed: &[(&str, Outcome)], (decided, all): (usize, usize)) {
        for (id, outcome) in changed {
            let outcome = match outcome {
                Outcome::None => continue,
                Outcome::Met => "met",
                Outcome::Undecided => "undecided",
                Outcome::Broken => "BROKEN",
                Outcome::Error => "error",
            };
            self.line(&format!("    {outcome:<9} {id}"), 14);
        }
        self.line(&format!("    {decided} of {all} requirements decided"), 4);
    }

    /// Takes the line away that was drawn again and again.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.finish();
    }
}

/// A line that keeps the spaces it begins with, broken at words where it is too long.
fn broken(line: &str, indent: usize, width: usize) -> String {
    if columns(line) <= width {
        return line.to_owned();
    }
    let bare = line.trim_start_matches(' ');
    let lead = line.len() - bare.len();
    // The first line has as much room as the others, or less.
    let indent = indent.max(lead);
    format!("{:lead$}{}", "", hanging(bare, indent, width))
}

/// How a scenario ended, where it did not come to its end.
fn how(status: &ScenarioStatus) -> String {
    match status {
        ScenarioStatus::Completed => String::new(),
        ScenarioStatus::Aborted(reason) => format!(": ended early, {}", visible(reason)),
        ScenarioStatus::Error(reason) => format!(": test system failed, {}", visible(reason)),
    }
}

/// A line that is drawn by `state` whenever it changes, and every [`TICK`].
fn bar(state: &Arc<Mutex<State>>) -> ProgressBar {
    let state = Arc::clone(state);
    let draw = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let line = {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            // A terminal that is written to its last column may begin a new line.
            line(&state, Instant::now(), output::width_of_errors().saturating_sub(1))
        };
        // What is written to goes to memory.
        let _ = out.write_str(&line);
    };
    let style = ProgressStyle::with_template("{line}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar =
        ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style.with_key("line", draw));
    bar.enable_steady_tick(TICK);
    bar
}

/// How far, since when, what is wrong, and what is waited for most; as much of it as fits.
fn line(state: &State, now: Instant, width: usize) -> String {
    let mut line = format!("{}/{} {}", state.done, state.all, clock(now.saturating_duration_since(state.begun)));
    if width >= ROOMY {
        let filled = (CELLS * state.done).checked_div(state.all).unwrap_or(CELLS);
        line = format!("[{}{}] {line}", "#".repeat(filled), ".".repeat(CELLS - filled));
    }
    if state.broken > 0 {
        let _ = write!(line, ", {} broken", state.broken);
    }
    if state.early > 0 {
        let _ = write!(line, ", {} ended early", state.early);
    }
    // The one that has most to wait for, else the one that has run longest.
    let age = |since: &Instant| now.saturating_duration_since(*since);
    let longest = state.running.iter().max_by_key(|(_, (since, waits))| (waits.saturating_sub(age(since)), age(since)));
    if let Some((id, (since, waits))) = longest {
        let since = age(since);
        let short = format!(" ({})", clock(since));
        let long = match waits.saturating_sub(since) >= SOON {
            true => format!(" ({} of up to {})", clock(since), clock(*waits)),
            false => short.clone(),
        };
        let whole = match state.running.len() - 1 {
            0 => long.clone(),
            more => format!("{long} and {more} more"),
        };
        // As much as leaves room for an id that can be recognised.
        let free = width.saturating_sub(columns(&line) + 2);
        let room = |rest: &str| free.saturating_sub(columns(rest));
        let rest = [&whole, &long].into_iter().find(|rest| room(rest) >= columns(id).min(RECOGNISED)).unwrap_or(&short);
        if room(rest) >= RECOGNISED / 2 {
            let _ = write!(line, "; {}{rest}", fit(&visible(id), room(rest)));
        }
    }
    fit(&line, width).into_owned()
}

/// `0:07`, `12:30`, `1:00:00`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(now: Instant, running: &[(&str, u64, u64)]) -> State {
        let second = Duration::from_secs(1);
        State {
            begun: now.checked_sub(second * 75).expect("the machine has been up for that long"),
            done: 42,
            all: 115,
            broken: 2,
            early: 1,
            running: running
                .iter()
                .map(|(id, since, waits)| {
                    let since = u32::try_from(*since).expect("small");
                    ((*id).to_owned(), (now.checked_sub(second * since).expect("up"), Duration::from_secs(*waits)))
                })
                .collect(),
        }
    }

    #[test]
    fn the_line_says_how_far_how_long_and_what_runs() {
        let now = Instant::now();
        let state = state(
            now,
            &[
                ("mqtt311/answering/keep-alive-busy", 9, 14),
                ("openc2/answering/query", 3, 0),
                ("wd04/consumer/x", 1, 0),
            ],
        );
        let shown = [139, 79, 59, 39].map(|width| line(&state, now, width)).join("\n");
        insta::assert_snapshot!(shown, @"
        [#######.............] 42/115 1:15, 2 broken, 1 ended early; mqtt311/answering/keep-alive-busy (0:09 of up to 0:14) and 2 more
        42/115 1:15, 2 broken, 1 ended early; mqtt3...p-alive-busy (0:09 of up to 0:14)
        42/115 1:15, 2 broken, 1 ended early; mqt...ive-busy (0:09)
        42/115 1:15, 2 broken, 1 ended early
        ");
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        let now = Instant::now();
        let hostile =
            "vendor/\u{1b}[2J漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字";
        for running in [&[][..], &[(hostile, 4000, 9000)][..], &[(hostile, 1, 0), ("a/b", 0, 0)][..]] {
            let state = state(now, running);
            for width in 10..140 {
                let line = line(&state, now, width);
                assert!(columns(&line) <= width && !line.contains('\u{1b}'), "{width}: {line}");
            }
        }
    }

    #[test]
    fn clocks() {
        assert_eq!(clock(Duration::from_millis(7900)), "0:07");
        assert_eq!(clock(Duration::from_secs(750)), "12:30");
        assert_eq!(clock(Duration::from_secs(3600)), "1:00:00");
    }
}
