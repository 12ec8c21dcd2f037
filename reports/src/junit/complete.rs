//! What readers of JUnit look for and `junit-report` has no place for: totals of the whole file, how many cases of a suite
//! were skipped, its properties, an element for what Ant's schema requires to be there, and times in three decimals (the
//! crate prints sums of binary fractions with all their digits). One pass over what the crate wrote; no text is touched.

use super::write::{File, How, Suite};
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::{Reader, Writer};
use std::io;

/// `xml`: what the crate wrote for `file`.
pub(super) fn complete(xml: &str, file: &File) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    Pass { file, suite: 0, case: 0 }.run(xml, &mut writer).expect("writing to memory cannot fail");
    let mut text = String::from_utf8(writer.into_inner()).expect("the crate wrote text, and text was added");
    text.push('\n');
    text
}

/// Where the pass is: suites begun, and cases of the newest.
struct Pass<'f> {
    file: &'f File,
    suite: usize,
    case: usize,
}

impl Pass<'_> {
    fn run(mut self, xml: &str, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event().expect("the crate writes well-formed XML") {
                Event::Eof => return Ok(()),
                Event::Decl(_) => writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?,
                Event::Start(tag) => match tag.name().as_ref() {
                    b"testsuites" => writer.write_event(Event::Start(self.root()))?,
                    b"testsuite" => {
                        let suite = self.begun();
                        writer.write_event(Event::Start(of_suite(&tag, suite)))?;
                        properties(writer, suite)?;
                    }
                    b"testcase" => writer.write_event(Event::Start(self.of_case(&tag)))?,
                    _ => writer.write_event(Event::Start(tag))?,
                },
                // There always is a suite: that of the scenarios.
                Event::Empty(tag) => match tag.name().as_ref() {
                    b"testsuite" => {
                        let suite = self.begun();
                        writer.write_event(Event::Start(of_suite(&tag, suite)))?;
                        properties(writer, suite)?;
                        outputs(writer, suite)?;
                        writer.write_event(Event::End(tag.to_end()))?;
                    }
                    b"testcase" => writer.write_event(Event::Empty(self.of_case(&tag)))?,
                    _ => writer.write_event(Event::Empty(tag))?,
                },
                Event::End(tag) if tag.name().as_ref() == b"testsuite" => {
                    outputs(writer, self.newest())?;
                    writer.write_event(Event::End(tag))?;
                }
                other => writer.write_event(other)?,
            }
        }
    }

    fn root(&self) -> BytesStart<'static> {
        let file = self.file;
        let tests: usize = file.suites.iter().map(|suite| suite.cases.len()).sum();
        let mut tag = BytesStart::new("testsuites");
        tag.push_attribute(("name", file.name.as_str()));
        tag.push_attribute(("tests", tests.to_string().as_str()));
        tag.push_attribute(("failures", file.count(How::Failure).to_string().as_str()));
        tag.push_attribute(("errors", file.count(How::Error).to_string().as_str()));
        tag.push_attribute(("time", seconds(file.ms).as_str()));
        tag
    }

    fn begun(&mut self) -> &Suite {
        self.suite += 1;
        self.case = 0;
        self.newest()
    }

    /// The crate writes the suites that it was given, in their order.
    fn newest(&self) -> &Suite {
        self.suite.checked_sub(1).and_then(|n| self.file.suites.get(n)).expect("a suite that was begun")
    }

    fn of_case(&mut self, tag: &BytesStart<'_>) -> BytesStart<'static> {
        let ms = self.newest().cases.get(self.case).map_or(0, |case| case.ms);
        self.case += 1;
        with(tag, |attribute, new| match attribute.key.as_ref() {
            b"time" => new.push_attribute(("time", seconds(ms).as_str())),
            _ => new.push_attribute(attribute),
        })
    }
}

fn of_suite(tag: &BytesStart<'_>, suite: &Suite) -> BytesStart<'static> {
    let ms = suite.cases.iter().fold(0_u64, |sum, case| sum.saturating_add(case.ms));
    with(tag, |attribute, new| match attribute.key.as_ref() {
        b"time" => new.push_attribute(("time", seconds(ms).as_str())),
        b"timestamp" => new.push_attribute(("timestamp", suite.timestamp.as_str())),
        b"failures" => {
            new.push_attribute(attribute);
            new.push_attribute(("skipped", suite.count(How::Skipped).to_string().as_str()));
        }
        _ => new.push_attribute(attribute),
    })
}

/// The same element, each attribute given to `put` with its escapes as they are.
fn with(tag: &BytesStart<'_>, mut put: impl FnMut(Attribute<'_>, &mut BytesStart<'static>)) -> BytesStart<'static> {
    let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
    let mut new = BytesStart::new(name);
    for attribute in tag.attributes() {
        put(attribute.expect("the crate writes well-formed attributes"), &mut new);
    }
    new
}

fn properties(writer: &mut Writer<Vec<u8>>, suite: &Suite) -> io::Result<()> {
    writer.create_element("properties").write_inner_content(|writer| {
        suite.properties.iter().try_for_each(|(name, value)| {
            let property = [("name", *name), ("value", value.as_str())];
            writer.create_element("property").with_attributes(property).write_empty().map(drop)
        })
    })?;
    Ok(())
}

/// Ant's schema requires both; the crate wrote what a suite said, if it said anything.
fn outputs(writer: &mut Writer<Vec<u8>>, suite: &Suite) -> io::Result<()> {
    if suite.out.is_empty() {
        writer.create_element("system-out").write_empty()?;
    }
    writer.create_element("system-err").write_empty()?;
    Ok(())
}

/// Seconds with three decimals and no separators, as the schemas want them.
fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}
