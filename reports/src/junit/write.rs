//! JUnit's XML: suites of cases as they stand in the file. `junit-report` writes them, [`complete`](super::complete) adds
//! what that crate has no place for.
//!
//! Valid by the schema of Jenkins' xunit plugin. Of Ant's it has everything that is required, in its order; beyond it
//! go the totals of the root, the zone of timestamps, the type of a skipped case, and what a case says (`system-out`).

use super::complete::complete;
use junit_report::{Duration, OffsetDateTime, Report, TestCase, TestResult, TestSuite};
use time::format_description::well_known::Rfc3339;

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
        let mut report = Report::new();
        report.add_testsuites(self.suites.iter().map(Suite::written));
        let mut out = Vec::new();
        report.write_xml(&mut out).expect("writing to memory cannot fail");
        complete(&String::from_utf8(out).expect("the crate is given text only"), self)
    }
}

impl Suite {
    fn written(&self) -> TestSuite {
        // Built by hand: the crate's constructor reads the clock.
        TestSuite {
            name: self.name.clone(),
            package: self.package.clone(),
            timestamp: OffsetDateTime::parse(&self.timestamp, &Rfc3339)
                .ok()
                .filter(|stamp| stamp.format(&Rfc3339).is_ok())
                .unwrap_or(OffsetDateTime::UNIX_EPOCH),
            // Required by Ant's schema, which names this value for a host that is not known.
            hostname: "localhost".into(),
            testcases: self.cases.iter().map(Case::written).collect(),
            system_out: kept(&self.out),
            system_err: None,
        }
    }
}

impl Case {
    fn written(&self) -> TestCase {
        TestCase {
            name: self.name.clone(),
            time: Duration::milliseconds(i64::try_from(self.ms).unwrap_or(i64::MAX)),
            result: self.ended.as_ref().map_or(TestResult::Success, Ended::written),
            classname: Some(self.class.clone()),
            filepath: None,
            system_out: self.out.as_deref().and_then(kept),
            system_err: None,
        }
    }
}

impl Ended {
    fn written(&self) -> TestResult {
        let (type_, message, cause) = (self.kind.to_owned(), self.message.clone(), kept(&self.text));
        match self.how {
            How::Skipped => TestResult::SkippedWithCause { type_, message, cause },
            How::Failure => TestResult::Failure { type_, message, cause },
            How::Error => TestResult::Error { type_, message, cause },
        }
    }
}

/// Nothing rather than a section of nothing.
fn kept(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
