//! report.json: two-space indentation, members in the model's order, a trailing newline.

use crate::model::{FORMAT, Report};
use crate::text::{is_hidden, visible};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};
use std::io::{self, Write};

/// Why a report.json cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON, or not of this shape.
    #[error("not a report: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of another format or version; the one that it names.
    #[error("the format is `{found}`; this version reads `{FORMAT}`", found = visible(.0))]
    Format(String),
}

/// Writes report.json.
///
/// Strings keep their value exactly. Characters that could deceive a reader of the raw file (a terminal obeys C1
/// controls, an editor obeys bidirectional controls) are written as JSON escapes.
pub fn to_json(report: &Report) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, Careful(PrettyFormatter::new()));
    report.serialize(&mut serializer).expect("the model has string keys only, and writing to memory cannot fail");
    out.push(b'\n');
    String::from_utf8(out).expect("serde_json writes UTF-8")
}

/// Reads a report.json. What is not part of it (traces) is empty.
///
/// # Errors
///
/// [`ReadError`] when the text is no report of this format.
pub fn from_json(text: &str) -> Result<Report, ReadError> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: String,
    }
    // The format is looked at first: another version may have another shape.
    let head: Head = serde_json::from_str(text)?;
    if head.format != FORMAT {
        return Err(ReadError::Format(head.format));
    }
    Ok(serde_json::from_str(text)?)
}

/// The pretty formatter, with escapes for what [`is_hidden`] names.
struct Careful(PrettyFormatter<'static>);

impl Formatter for Careful {
    fn begin_array<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.begin_array(w)
    }

    fn end_array<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.end_array(w)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, w: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(w, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.end_array_value(w)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.begin_object(w)
    }

    fn end_object<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.end_object(w)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, w: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(w, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.begin_object_value(w)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        self.0.end_object_value(w)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, w: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_hidden) {
            let (plain, from) = rest.split_at(at);
            w.write_all(plain.as_bytes())?;
            let mut chars = from.chars();
            if let Some(hidden) = chars.next() {
                let mut units = [0u16; 2];
                for unit in hidden.encode_utf16(&mut units) {
                    write!(w, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        w.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use proptest::prelude::*;

    fn without_traces(mut report: Report) -> Report {
        for scenario in &mut report.scenarios {
            scenario.trace.clear();
            scenario.trace_omitted = 0;
            scenario.printed = false;
        }
        report
    }

    #[test]
    fn rich_report() {
        insta::assert_snapshot!(to_json(&sample::failing()));
    }

    #[test]
    fn advisory_report() {
        let json = to_json(&sample::advisory());
        let (head, _) = json.split_once("  \"counts\"").expect("counts follow");
        insta::assert_snapshot!(head);
    }

    #[test]
    fn reads_back_what_it_wrote() {
        for report in [sample::passing(), sample::failing(), sample::hostile(), sample::advisory()] {
            let text = to_json(&report);
            assert!(text.ends_with("}\n"));
            let back = from_json(&text).expect("own output");
            assert_eq!(to_json(&back), text);
            assert_eq!(back, without_traces(report));
        }
    }

    #[test]
    fn other_formats_are_refused() {
        let error = from_json("{\"format\": \"touchstone-report/9\u{202e}\"}").expect_err("another format");
        assert_eq!(
            error.to_string(),
            "the format is `touchstone-report/9\\u{202e}`; this version reads `touchstone-report/1`"
        );
        assert!(matches!(from_json("[]"), Err(ReadError::Json(_))));
        assert!(matches!(from_json("{\"format\": \"touchstone-report/1\"}"), Err(ReadError::Json(_))));
    }

    proptest! {
        #[test]
        fn hostile_text_keeps_its_value(text in any::<String>()) {
            let report = sample::saying(&text);
            let json = to_json(&report);
            prop_assert!(!json.chars().any(|c| is_hidden(c) && c != '\n'));
            prop_assert_eq!(from_json(&json).expect("own output"), without_traces(report));
        }
    }
}
