//! What goes to the terminal: escaped, and coloured only where somebody looks.

use std::io::{IsTerminal, Write};

/// Prints an error for people to standard error.
pub(super) fn error(message: &str) {
    let mut stderr = std::io::stderr().lock();
    let head = if coloured(&std::io::stderr()) { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" };
    // Diagnostics with a source line bring their own head.
    let _ = if message.starts_with("error") || message.contains("\u{1b}") {
        writeln!(stderr, "{}", message.trim_end())
    } else {
        writeln!(stderr, "{head}: {}", message.trim_end())
    };
}

/// Prints to standard output. A reader that has gone away (`touchstone list | head`) is no error of ours.
pub(super) fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

/// Whether a stream shows colours.
pub(super) fn coloured(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Columns of the terminal, or 80.
pub(super) fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).filter(|c| (40..=200).contains(c)).unwrap_or(80)
}
