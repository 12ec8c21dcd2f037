//! Strings: UTF-8, escapes, and the characters that I-JSON leaves out.

use super::{LONE_SURROGATE, NONCHARACTER, Parser, Stop, describe};

impl Parser<'_> {
    /// Reads a string; the text is what could be read of it.
    pub(super) fn string(&mut self) -> (String, Result<(), Stop>) {
        let mut text = String::new();
        self.at += 1;
        loop {
            let start = self.at;
            match self.peek() {
                None => {
                    let stop = self.stop("a closing quote");
                    return (text, Err(stop));
                }
                Some(b'"') => {
                    self.at += 1;
                    return (text, Ok(()));
                }
                Some(b'\\') => {
                    self.out.style.escapes = true;
                    if let Err(stop) = self.escape(&mut text) {
                        return (text, Err(stop));
                    }
                }
                Some(control @ 0..=0x1F) => {
                    self.at += 1;
                    text.push(char::from(control));
                    self.defect(self.rows.text, start, self.at, "control characters escaped", describe(control));
                }
                Some(ascii @ 0x20..=0x7F) => {
                    self.at += 1;
                    text.push(char::from(ascii));
                }
                Some(_) => self.beyond_ascii(&mut text),
            }
        }
    }

    fn beyond_ascii(&mut self, text: &mut String) {
        let start = self.at;
        self.out.style.non_ascii = true;
        let window = &self.bytes[start..self.bytes.len().min(start + 4)];
        let (good, length) = match std::str::from_utf8(window) {
            Ok(sound) => (sound.chars().next(), 0),
            Err(error) => {
                // `window` may cut the next character short; only a fault at its very start concerns this one.
                let sound = std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or("");
                (sound.chars().next(), unsound(window, error.error_len()))
            }
        };
        match good {
            Some(character) => {
                self.at += character.len_utf8();
                text.push(character);
                self.check_character(start, character);
            }
            None => {
                self.at += length.max(1);
                text.push(char::REPLACEMENT_CHARACTER);
                let bytes: Vec<_> = self.bytes[start..self.at].iter().map(|b| format!("{b:02X}")).collect();
                self.defect(self.rows.text, start, self.at, "UTF-8", format!("bytes {}", bytes.join(" ")));
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Stop> {
        let start = self.at;
        self.at += 1;
        let plain = match self.peek() {
            Some(same @ (b'"' | b'\\' | b'/')) => char::from(same),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(start, text),
            Some(other) if other.is_ascii_graphic() => {
                self.at += 1;
                text.push(char::from(other));
                self.defect(
                    self.rows.text,
                    start,
                    self.at,
                    "one of JSON's escapes",
                    format!("'\\{}'", char::from(other)),
                );
                return Ok(());
            }
            _ => return Err(self.stop("one of JSON's escapes")),
        };
        self.at += 1;
        text.push(plain);
        Ok(())
    }

    fn unicode_escape(&mut self, start: usize, text: &mut String) -> Result<(), Stop> {
        let first = self.hex_unit()?;
        let code = match first {
            0xD800..=0xDBFF => {
                let after = self.at;
                if self.bytes[after..].starts_with(b"\\u") {
                    self.at += 1;
                    let second = self.hex_unit()?;
                    if (0xDC00..=0xDFFF).contains(&second) {
                        0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                    } else {
                        // The second escape stands for itself.
                        self.at = after;
                        first
                    }
                } else {
                    first
                }
            }
            other => other,
        };
        match char::from_u32(code) {
            Some(character) => {
                text.push(character);
                self.check_character(start, character);
            }
            None => {
                text.push(char::REPLACEMENT_CHARACTER);
                self.defect(self.rows.interchange, start, self.at, LONE_SURROGATE, format!("\\u{code:04X}"));
            }
        }
        Ok(())
    }

    /// Reads `uXXXX`, standing on the `u`.
    fn hex_unit(&mut self) -> Result<u32, Stop> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            match self.peek().and_then(|byte| char::from(byte).to_digit(16)) {
                Some(digit) => unit = unit * 16 + digit,
                None => return Err(self.stop("four hexadecimal digits after \\u")),
            }
            self.at += 1;
        }
        Ok(unit)
    }

    fn check_character(&mut self, start: usize, character: char) {
        let code = u32::from(character);
        // Unicode noncharacters: FDD0 to FDEF, and the last two code points of each plane.
        if (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE {
            self.defect(self.rows.interchange, start, self.at, NONCHARACTER, format!("U+{code:04X}"));
        }
    }
}

/// How many bytes at the start of `window` make one fault: an encoded surrogate counts as one.
fn unsound(window: &[u8], error: Option<usize>) -> usize {
    match window {
        [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..] => 3,
        _ => error.unwrap_or(window.len()),
    }
}
