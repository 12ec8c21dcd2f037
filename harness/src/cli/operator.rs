//! The operator at the terminal: asked on standard error, answering on standard input.

use super::output;
use crate::iut::stimulus::operator::{Asking, Operator, Reply};
use indicatif::ProgressBar;
use std::io::{BufRead, IsTerminal};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;
use touchstone_reports::text::visible_block;

/// Longest answer that is kept.
const LONGEST: usize = 1000;

/// Somebody at a terminal. Questions are asked one at a time.
#[derive(Debug)]
pub(super) struct Terminal {
    /// Stands aside while a question is shown.
    bar: Arc<OnceLock<ProgressBar>>,
    lines: Mutex<mpsc::Receiver<String>>,
}

impl Terminal {
    /// The terminal this program was called from, if it was called from one.
    pub fn new(bar: Arc<OnceLock<ProgressBar>>) -> Option<Terminal> {
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return None;
        }
        let (sender, lines) = mpsc::channel(16);
        // A read cannot be called off; the thread ends with the program.
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let Ok(line) = line else { break };
                if sender.blocking_send(line.chars().take(LONGEST).collect()).is_err() {
                    break;
                }
            }
        });
        Some(Terminal { bar, lines: Mutex::new(lines) })
    }

    fn show(&self, text: &str) {
        match self.bar.get() {
            Some(bar) => bar.suspend(|| output::say(text)),
            None => output::say(text),
        }
    }

    async fn asked(&self, prompt: &str, within: Duration) -> Reply {
        let mut lines = self.lines.lock().await;
        // What was typed before the question is no answer to it.
        while lines.try_recv().is_ok() {}
        let seconds = within.as_secs();
        self.show(&format!(
            "\n{}\n    Press Enter when it is done, or n and Enter if it cannot be done ({seconds} s).",
            visible_block(prompt)
        ));
        match timeout(within, lines.recv()).await {
            Ok(Some(line)) => reply(line.trim()),
            Ok(None) => Reply::Nobody,
            Err(_) => {
                self.show("    Nobody answered in time: it stays undecided.");
                Reply::Nobody
            }
        }
    }
}

impl Operator for Terminal {
    fn ask<'a>(&'a self, prompt: &'a str, within: Duration) -> Asking<'a> {
        Box::pin(self.asked(prompt, within))
    }
}

fn reply(line: &str) -> Reply {
    match line.to_ascii_lowercase().as_str() {
        "n" | "no" | "skip" => Reply::Declined(line.to_owned()),
        _ => Reply::Done(line.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_no_declines() {
        assert_eq!(reply(""), Reply::Done(String::new()));
        assert_eq!(reply("done, took two tries"), Reply::Done("done, took two tries".to_owned()));
        assert_eq!(reply("No"), Reply::Declined("No".to_owned()));
    }
}
