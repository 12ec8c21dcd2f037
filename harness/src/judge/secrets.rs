//! Passwords in what is written for people: command lines and notes may repeat what a CONNECT carried.

use crate::evidence::{Evidence, TimelineItem};
use crate::iut::mask;

/// Most passwords that are looked for.
const MOST: usize = 16;
/// A password shorter than this is masked only where it stands alone: within other words it would show by its gaps.
pub(crate) const EMBEDDED: usize = 4;
/// Options whose value is a password.
const OPTIONS: [&str; 6] = ["password", "passwd", "passphrase", "pass", "pw", "mqtt-password"];

/// Passwords that were sent in a recording, longest first.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    pub fn of(evidence: &Evidence) -> Secrets {
        let passwords = evidence.timeline.iter().filter_map(|item| match item {
            TimelineItem::Packet(packet) => packet.packet.connect()?.password.as_ref(),
            TimelineItem::Event(_) => None,
        });
        let mut found: Vec<String> = Vec::new();
        for password in passwords {
            if let Ok(text) = std::str::from_utf8(&password.value)
                && !text.is_empty()
                && found.len() < MOST
                && !found.iter().any(|f| f == text)
            {
                found.push(text.to_owned());
            }
        }
        found.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        Secrets(found)
    }

    /// A text without the passwords that were sent.
    pub fn masked(&self, text: String) -> String {
        self.0
            .iter()
            .filter(|secret| secret.chars().count() >= EMBEDDED)
            .fold(text, |text, secret| text.replace(secret.as_str(), &mask(secret)))
    }

    /// A command line without them, and without what follows an option that names a password.
    pub fn command_line(&self, command: &[String]) -> String {
        let mut words = Vec::new();
        let mut previous = "";
        for word in command {
            let shown = match word.split_once('=') {
                _ if names_password(previous) => mask(word),
                Some((option, value)) if names_password(option) || self.0.iter().any(|s| s == value) => {
                    format!("{option}={}", mask(value))
                }
                _ if self.0.contains(word) => mask(word),
                _ => self.masked(word.clone()),
            };
            words.push(shown);
            previous = word;
        }
        words.join(" ")
    }
}

/// Whether a word of a command line is an option whose value is a password.
pub(crate) fn names_password(option: &str) -> bool {
    let name = option.trim_start_matches('-');
    name.len() < option.len() && OPTIONS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(secrets: &[&str], command: &[&str]) -> String {
        let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        Secrets(owned(secrets)).command_line(&owned(command))
    }

    #[test]
    fn a_command_line_hides_passwords() {
        assert_eq!(line(&[], &["c", "--password", "hunter2", "--x"]), "c --password ******* --x");
        assert_eq!(line(&[], &["c", "--password=hunter2"]), "c --password=*******");
        assert_eq!(line(&["hunter2"], &["c", "-P", "hunter2"]), "c -P *******");
        assert_eq!(line(&["hunter2"], &["c", "mqtt://u:hunter2@host"]), "c mqtt://u:*******@host");
    }

    /// Masking every `a` would tell the password.
    #[test]
    fn a_short_password_is_masked_only_alone() {
        assert_eq!(line(&["a"], &["java", "-jar", "a", "x=a"]), "java -jar * x=*");
    }
}
