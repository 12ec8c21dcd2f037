//! JUnit's XML: suites of cases as they stand in the file.
//!
//! Valid by the schema of Jenkins' xunit plugin. Of Ant's it has everything that is required, in its order; beyond it
//! go the totals of the root, the zone of timestamps, the type of a skipped case, and what a case says (`system-out`).

use quick_xml::Writer;
use quick_xml::events::{BytesCData, BytesDecl, Event};
use std::io;

/// A whole file. Texts are free of characters that XML forbids and of `]]>`, attributes of line breaks.
pub(super) struct File {
    pub name: String,
    /// From the beginning to the end: suites may overlap.
    pub ms: u64,
    pub suites: Vec<Suite>,
}

pub(super) struct Suite {
    pub name: String,
    /// Jenkins puts it before the name and merges suites for which both are equal.
    pub package: String,
    pub timestamp: String,
    pub properties: Vec<(&'static str, String)>,
    pub cases: Vec<Case>,
    pub out: String,
}

pub(super) struct Case {
    /// Unique together with the class: GitLab keeps the first of several cases and drops the others.
    pub class: String,
    pub name: String,
    pub ms: u64,
    pub ended: Option<Ended>,
    pub out: Option<String>,
}

/// How a case ended that is no plain success.
pub(super) struct Ended {
    pub how: How,
    pub kind: &'static str,
    /// GitHub's and Jenkins' headline. GitLab does not show it, so [`Ended::text`] says everything.
    pub message: String,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Skipped,
    Failure,
    Error,
}

impl How {
    const fn element(self) -> &'static str {
        match self {
            How::Skipped => "skipped",
            How::Failure => "failure",
            How::Error => "error",
        }
    }
}

impl Suite {
    pub(super) fn count(&self, how: How) -> usize {
        self.cases.iter().filter(|case| case.ended.as_ref().is_some_and(|ended| ended.how == how)).count()
    }
}

impl File {
    pub(super) fn count(&self, how: How) -> usize {
        self.suites.iter().map(|suite| suite.count(how)).sum()
    }

    /// The text of the file.
    pub(super) fn write(&self) -> String {
        let mut out = Vec::new();
        self.write_to(&mut Writer::new_with_indent(&mut out, b' ', 2)).expect("writing to memory cannot fail");
        let mut text = String::from_utf8(out).expect("the writer is given text only");
        text.push('\n');
        text
    }

    fn write_to(&self, writer: &mut Writer<&mut Vec<u8>>) -> io::Result<()> {
        let tests: usize = self.suites.iter().map(|suite| suite.cases.len()).sum();
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let root = [
            ("name", self.name.clone()),
            ("tests", tests.to_string()),
            ("failures", self.count(How::Failure).to_string()),
            ("errors", self.count(How::Error).to_string()),
            ("time", seconds(self.ms)),
        ];
        writer.create_element("testsuites").with_attributes(pairs(&root)).write_inner_content(|writer| {
            self.suites.iter().enumerate().try_for_each(|(id, suite)| suite.write_to(id, writer))
        })?;
        Ok(())
    }
}

impl Suite {
    fn write_to(&self, id: usize, writer: &mut Writer<&mut Vec<u8>>) -> io::Result<()> {
        let attributes = [
            ("id", id.to_string()),
            ("name", self.name.clone()),
            ("package", self.package.clone()),
            ("tests", self.cases.len().to_string()),
            ("failures", self.count(How::Failure).to_string()),
            ("errors", self.count(How::Error).to_string()),
            ("skipped", self.count(How::Skipped).to_string()),
            ("time", seconds(self.cases.iter().fold(0, |sum, case| sum.saturating_add(case.ms)))),
            ("timestamp", self.timestamp.clone()),
            // Required by Ant's schema, which names this value for a host that is not known.
            ("hostname", "localhost".to_owned()),
        ];
        writer.create_element("testsuite").with_attributes(pairs(&attributes)).write_inner_content(|writer| {
            writer.create_element("properties").write_inner_content(|writer| {
                self.properties.iter().try_for_each(|(name, value)| {
                    let property = [("name", *name), ("value", value.as_str())];
                    writer.create_element("property").with_attributes(property).write_empty().map(drop)
                })
            })?;
            self.cases.iter().try_for_each(|case| case.write_to(writer))?;
            text(writer, "system-out", &[], &self.out)?;
            text(writer, "system-err", &[], "")
        })?;
        Ok(())
    }
}

impl Case {
    fn write_to(&self, writer: &mut Writer<&mut Vec<u8>>) -> io::Result<()> {
        let attributes = [("classname", self.class.clone()), ("name", self.name.clone()), ("time", seconds(self.ms))];
        let element = writer.create_element("testcase").with_attributes(pairs(&attributes));
        if self.ended.is_none() && self.out.is_none() {
            return element.write_empty().map(drop);
        }
        element.write_inner_content(|writer| {
            if let Some(ended) = &self.ended {
                let attributes = [("type", ended.kind), ("message", ended.message.as_str())];
                text(writer, ended.how.element(), &attributes, &ended.text)?;
            }
            self.out.as_ref().map_or(Ok(()), |out| text(writer, "system-out", &[], out))
        })?;
        Ok(())
    }
}

/// An element with text, in one section of CDATA: some readers take references to characters apart, or lose them.
fn text(writer: &mut Writer<&mut Vec<u8>>, name: &str, attributes: &[(&str, &str)], text: &str) -> io::Result<()> {
    let element = writer.create_element(name).with_attributes(attributes.iter().copied());
    if text.is_empty() {
        return element.write_empty().map(drop);
    }
    element.write_cdata_content(BytesCData::new(text)).map(drop)
}

fn pairs<'a, const N: usize>(of: &'a [(&'a str, String); N]) -> [(&'a str, &'a str); N] {
    of.each_ref().map(|(name, value)| (*name, value.as_str()))
}

/// Seconds with three decimals and no separators, as the schemas want them.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}
