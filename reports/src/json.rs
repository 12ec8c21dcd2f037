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
    #[error("not a report: {error}", error = visible(&.0.to_string()))]
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
    #[serde(expecting = "an object with the member `format`")]
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
    use crate::model::{Measure, Measured};
    use crate::sample;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

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

    #[test]
    fn what_is_wrong_with_a_report_is_told_in_harmless_words() {
        let text =
            to_json(&sample::passing()).replacen("\"verdict\": \"pass\"", "\"verdict\": \"\\u001b[2J\\u202e\"", 1);
        let told = from_json(&text).expect_err("no verdict").to_string();
        assert!(told.starts_with("not a report: unknown variant `\\u{1b}[2J\\u{202e}`"), "{told}");
        let told = from_json("[]").expect_err("a list").to_string();
        assert!(told.contains("an object with the member `format`"), "{told}");
        assert!(from_json(&"[".repeat(100_000)).is_err() && from_json("").is_err());
    }

    #[test]
    fn members_of_a_later_minor_version_are_skipped() {
        let text = to_json(&sample::failing());
        let later = text.replace("\"id\":", "\"later\": {\"a\": [1]}, \"id\":");
        assert_ne!(later, text);
        assert_eq!(to_json(&from_json(&later).expect("a report")), text);
    }

    /// `FORMATS.md` lists every member that there is, and no other.
    #[test]
    fn every_member_is_documented() {
        fn walk(value: &serde_json::Value, path: &str, into: &mut BTreeSet<String>) {
            match value {
                serde_json::Value::Object(members) => {
                    for (name, value) in members {
                        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                        walk(value, &path, into);
                        into.insert(path);
                    }
                }
                serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, &format!("{path}[]"), into)),
                _ => {}
            }
        }
        let mut report = sample::failing();
        report.run.catalogues[0].sha256 = Some(String::new());
        let at = report.requirements[0].witnesses[0].clone();
        let measure = Measure { ms: 1, at };
        let (shortest, longest) = (measure.clone(), measure);
        report.requirements[0].measured =
            Some(Measured { count: 1, shortest, longest, limit_ms: 1, tolerance_ms: 1, lag_ms: 0 });
        let mut found = BTreeSet::new();
        walk(&serde_json::from_str(&to_json(&report)).expect("JSON"), "", &mut found);
        // Places are documented once.
        let places = ["findings[].", "witnesses[].", "measured.shortest.", "measured.longest."];
        let place = ["scenario", "connection", "packet", "frame", "bytes", "bits"];
        let found: BTreeSet<String> = found
            .into_iter()
            .filter(|path| !path.ends_with(".ms"))
            .map(|path| match places.iter().find_map(|at| path.strip_prefix("requirements[].")?.strip_prefix(at)) {
                Some(member) if place.contains(&member) => member.to_owned(),
                _ => path,
            })
            .collect();
        let text = include_str!("../FORMATS.md");
        let (_, json) = text.split_once("## report.json").expect("a section");
        let (json, _) = json.split_once("## junit.xml").expect("another");
        let documented: BTreeSet<String> =
            json.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect();
        assert_eq!(documented, found);
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
