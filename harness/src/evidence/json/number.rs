//! Numbers, and whether a double holds them.

use super::{Parser, Stop};
use crate::evidence::show::shortened;
use crate::evidence::{Node, Value};

impl Parser<'_> {
    pub(super) fn number(&mut self) -> Result<Node, Stop> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let digits = self.at;
        self.digits()?;
        if self.at - digits > 1 && self.bytes[digits] == b'0' {
            self.defect(self.rows.text, start, self.at, "a number without leading zeros", self.token(start));
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            whole = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("0");
        // Rust's parser takes every text that is left here and rounds correctly.
        let float: f64 = text.parse().unwrap_or(0.0);
        let value = match text.parse::<i128>() {
            // No integer has a negative zero: it is one as `0.0` is.
            Ok(integer) if whole && !(integer == 0 && text.starts_with('-')) => Value::Int(integer),
            _ => Value::Float(float),
        };
        if !fits_double(text, float, &value) {
            self.defect(
                self.rows.numbers,
                start,
                self.at,
                "a number that IEEE 754 double precision holds",
                self.token(start),
            );
        }
        Ok(self.node(start, value))
    }

    fn digits(&mut self) -> Result<(), Stop> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.stop("a digit"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    /// The token from `start` to here, cut to a readable length.
    fn token(&self, start: usize) -> String {
        shortened(&String::from_utf8_lossy(&self.bytes[start..self.at]))
    }
}

/// Whether a double has the magnitude and the precision that a number is written with: integers must be
/// exact, others have at most 17 significant digits.
fn fits_double(text: &str, float: f64, value: &Value) -> bool {
    if !float.is_finite() {
        return false;
    }
    if let Value::Int(integer) = value {
        return float as i128 == *integer;
    }
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
    significant <= 17 && (float != 0.0 || significant == 0)
}
