//! What a report says. [`Report`] is everything; report.json is the part that serializes, in this order.

use serde::{Deserialize, Serialize};

/// Format name and version of report.json.
pub const FORMAT: &str = "touchstone-report/1";

/// A whole report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: String,
    /// The implementation under test.
    pub iut: Iut,
    /// Binding id.
    pub binding: String,
    /// Role under test.
    pub role: String,
    /// Policy the verdicts follow: `letter`, `certify` or `strict`.
    pub policy: String,
    /// Verdict of the run.
    pub verdict: RunVerdict,
    /// The verdict as a sentence for people: `Does not conform: 2 MUST broken, 1 not decided.`
    pub sentence: String,
    /// Whether the run was narrowed by `--scenario` or `--requirement`.
    pub partial: bool,
    /// Set where the binding's text requires nothing: why not. What is found is advice then, and nobody conforms.
    pub advice: Option<String>,
    /// Counts with their denominators.
    pub counts: Counts,
    /// Facts about the run for the certificate sheet.
    pub run: Run,
    /// Every requirement of the binding, in catalogue order.
    pub requirements: Vec<Requirement>,
    /// Every scenario of the run.
    pub scenarios: Vec<Scenario>,
    /// Waivers that were given.
    pub waivers: Vec<Waiver>,
}

/// Who was tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Iut {
    /// Product name.
    pub name: String,
    /// Vendor, if stated.
    pub vendor: Option<String>,
    /// Version, if stated.
    pub version: Option<String>,
}

/// Verdict of a run; precedence error > fail > incomplete > partial > pass or, where the text requires nothing, advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunVerdict {
    /// Conforms.
    Pass,
    /// There is nothing to conform to: what was found is advice.
    Advice,
    /// Nothing wrong, but not everything was looked at.
    Partial,
    /// Something in the gating set was not decided.
    Incomplete,
    /// Does not conform.
    Fail,
    /// The test system failed.
    Error,
}

impl RunVerdict {
    /// The word for it, as in report.json.
    pub const fn as_str(self) -> &'static str {
        match self {
            RunVerdict::Pass => "pass",
            RunVerdict::Advice => "advice",
            RunVerdict::Partial => "partial",
            RunVerdict::Incomplete => "incomplete",
            RunVerdict::Fail => "fail",
            RunVerdict::Error => "error",
        }
    }
}

/// How many of what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requirements of the binding.
    pub requirements: u32,
    /// ... that apply to this implementation and were selected, testable ones only.
    pub applicable: u32,
    /// ... of these, in the gating set.
    pub gating: u32,
    /// Applicable by verdict: pass.
    pub pass: u32,
    /// Applicable by verdict: warn.
    pub warn: u32,
    /// Applicable by verdict: fail.
    pub fail: u32,
    /// Applicable by verdict: undecided.
    pub undecided: u32,
    /// Applicable by verdict: error.
    pub error: u32,
    /// State waived.
    pub waived: u32,
    /// State not-applicable.
    pub not_applicable: u32,
    /// State not-selected.
    pub not_selected: u32,
    /// State not-yet-tested.
    pub not_yet_tested: u32,
    /// State untestable.
    pub untestable: u32,
    /// State option-not-taken.
    pub option_not_taken: u32,
    /// Scenarios of the run.
    pub scenarios: u32,
    /// Scenarios that completed.
    pub scenarios_completed: u32,
}

/// Facts about the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Version of the program that judged.
    pub tool: String,
    /// When the first scenario began, RFC 3339 in UTC with milliseconds; from the recordings.
    pub started: String,
    /// From the first scenario's begin to the last one's end, in milliseconds; from the recordings.
    pub duration_ms: u64,
    /// Title of the binding.
    pub binding_title: String,
    /// Catalogues with their editions.
    pub catalogues: Vec<CatalogueRef>,
    /// What the vendor declares, as `key: value` lines.
    pub pics: Vec<(String, String)>,
    /// SHA-256 of the evidence, as (path, hex) pairs.
    pub hashes: Vec<(String, String)>,
    /// Seed of the run.
    pub seed: u64,
    /// Tolerances in force, as (name, value with unit) pairs.
    pub tolerances: Vec<(String, String)>,
}

/// A catalogue that was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueRef {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// How findings cite it.
    pub cite: String,
    /// Edition of the text.
    pub edition: String,
    /// Version of the catalogue.
    pub version: u32,
}

/// State of a requirement, beside its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Judged.
    Applicable,
    /// The role or the PICS excludes it.
    NotApplicable,
    /// Excluded by `--requirement`, or no selected scenario exercises it.
    NotSelected,
    /// No check exists yet.
    NotYetTested,
    /// No check can exist.
    Untestable,
    /// Broken, and waived.
    Waived,
    /// An option that the implementation was offered and did not take.
    OptionNotTaken,
}

impl State {
    /// The word for it, as in report.json.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Applicable => "applicable",
            State::NotApplicable => "not-applicable",
            State::NotSelected => "not-selected",
            State::NotYetTested => "not-yet-tested",
            State::Untestable => "untestable",
            State::Waived => "waived",
            State::OptionNotTaken => "option-not-taken",
        }
    }

    /// The same, spelled for people.
    pub const fn words(self) -> &'static str {
        match self {
            State::Applicable => "applicable",
            State::NotApplicable => "not applicable",
            State::NotSelected => "not selected",
            State::NotYetTested => "not yet tested",
            State::Untestable => "untestable",
            State::Waived => "waived",
            State::OptionNotTaken => "option not taken",
        }
    }
}

/// Verdict on a requirement under the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No verdict in this state.
    None,
    /// Kept.
    Pass,
    /// Broken, and the policy only warns.
    Warn,
    /// Not decided.
    Undecided,
    /// Broken.
    Fail,
    /// The test system failed.
    Error,
}

impl Verdict {
    /// The word for it, as in report.json.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::None => "none",
            Verdict::Pass => "pass",
            Verdict::Warn => "warn",
            Verdict::Undecided => "undecided",
            Verdict::Fail => "fail",
            Verdict::Error => "error",
        }
    }
}

/// One requirement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// Id.
    pub id: String,
    /// Rows it covers.
    pub rows: Vec<String>,
    /// Catalogue id.
    pub catalogue: String,
    /// How its text is cited with the clause: `WD04 3.1.3`.
    pub cite: String,
    /// Clause.
    pub clause: String,
    /// `must`, `should`, `may`, `guidance`.
    pub level: String,
    /// Whether peers cannot interoperate without it.
    pub interop: bool,
    /// The contradiction of the text that it names, if it does.
    pub contradiction: Option<String>,
    /// Statement, one sentence or two.
    pub statement: String,
    /// State.
    pub state: State,
    /// Why it is in that state, where it is not applicable.
    pub reason: Option<String>,
    /// Raw outcome: `none`, `met`, `undecided`, `broken`, `error`.
    pub outcome: String,
    /// Verdict under the policy.
    pub verdict: Verdict,
    /// Whether an undecided outcome makes the run incomplete.
    pub gating: bool,
    /// Instances kept, in all scenarios.
    pub met: u64,
    /// Instances broken, in all scenarios.
    pub broken: u64,
    /// What was found; empty when everything was kept.
    pub findings: Vec<Finding>,
    /// Where it was kept.
    pub witnesses: Vec<Witness>,
    /// The times it was decided by, where it is about time.
    pub measured: Option<Measured>,
}

/// Times that were measured, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// How many.
    pub count: u64,
    /// The shortest.
    pub shortest: Measure,
    /// The longest.
    pub longest: Measure,
    /// The longest time that is allowed.
    pub limit_ms: u64,
    /// The tolerance that was added to it.
    pub tolerance_ms: u64,
    /// The largest lag of the test system that may have touched one of them.
    pub lag_ms: u64,
}

/// One time that was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// How long it was.
    pub ms: u64,
    /// Where it ended.
    #[serde(flatten)]
    pub at: Witness,
}

impl Measured {
    /// One line for people: `8 times measured, 3.601 s to 3.612 s; allowed 3.800 s, ...`
    pub fn sentence(&self) -> String {
        let s = |ms: u64| format!("{}.{:03} s", ms / 1_000, ms % 1_000);
        let times = if self.count == 1 {
            format!("1 time measured, {}", s(self.shortest.ms))
        } else {
            format!("{} times measured, {} to {}", self.count, s(self.shortest.ms), s(self.longest.ms))
        };
        let lag = if self.lag_ms == 0 { "none".to_owned() } else { format!("up to {}", s(self.lag_ms)) };
        format!(
            "{times}; allowed {}, tolerance {}, lag of the test system {lag}",
            s(self.limit_ms),
            s(self.tolerance_ms)
        )
    }
}

/// Where something can be looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// Scenario id; empty (null in report.json) for what concerns the run as a whole.
    #[serde(with = "null_when_empty")]
    pub scenario: String,
    /// Connection, from 1.
    pub connection: Option<u32>,
    /// Packet on it, from 1, both directions.
    pub packet: Option<u32>,
    /// Wireshark's frame number.
    pub frame: Option<u32>,
    /// Bytes within the packet, half-open.
    pub bytes: Option<[u32; 2]>,
    /// Bits of the first of these bytes, highest first; null when whole bytes are meant.
    pub bits: Option<Vec<u8>>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where.
    #[serde(flatten)]
    pub at: Witness,
    /// `broken`, `undecided` or `error`.
    pub outcome: String,
    /// What the clause asks for.
    pub expected: Option<String>,
    /// What was there.
    pub actual: Option<String>,
    /// One plain sentence with clause and packet.
    pub message: String,
    /// For a cascade: the requirement whose finding is the root.
    pub because: Option<String>,
}

/// One scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Id.
    pub id: String,
    /// `completed`, `aborted` or `error`.
    pub status: String,
    /// Why it did not complete.
    pub reason: Option<String>,
    /// Duration in milliseconds, from the recording.
    pub duration_ms: u64,
    /// Title.
    pub title: String,
    /// Purpose.
    pub purpose: String,
    /// Requirements it exercises.
    pub exercises: Vec<String>,
    /// Folder of its evidence, relative to the report.
    pub evidence: String,
    /// Command that runs it again.
    pub rerun: String,
    /// Whether the implementation was started for it, and what it printed was kept beside the capture.
    #[serde(skip)]
    pub printed: bool,
    /// What happened, for tables and ladder diagrams; not part of report.json.
    #[serde(skip)]
    pub trace: Vec<TraceRow>,
    /// Rows of the trace that were left out for size.
    #[serde(skip)]
    pub trace_omitted: u64,
}

/// One row of a scenario's trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRow {
    /// Nanoseconds since the recording began.
    pub at: u64,
    /// Wireshark's frame number.
    pub frame: u32,
    /// What it is.
    pub what: TraceWhat,
}

/// What a trace row shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceWhat {
    /// A control packet.
    Packet(TracePacket),
    /// Anything else: connection opened or closed, process, step, window, fault.
    Note {
        /// `connection`, `process`, `step`, `window`, `fault`, `tester`.
        kind: String,
        /// One line for people.
        text: String,
    },
}

/// A control packet in a trace, ready to be shown: nothing here needs decoding, passwords are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracePacket {
    /// Connection, from 1.
    pub connection: u32,
    /// Position on it, from 1.
    pub packet: u32,
    /// `from-iut`, `to-iut`, `from-peer`, `to-peer`.
    pub direction: String,
    /// `PUBLISH`.
    pub name: String,
    /// One line: `oc2/rsp, QoS 1, id 7, 143 bytes`.
    pub summary: String,
    /// Its bytes, masked where secret, cut to a bounded length.
    pub bytes: Vec<u8>,
    /// Its full length in bytes.
    pub length: u32,
    /// Its fields, in wire order.
    pub fields: Vec<TraceField>,
    /// The payload as text, when it is text worth showing, cut to a bounded length.
    pub text: Option<String>,
    /// Name shared by a request and its responses, for joining them.
    pub exchange: Option<String>,
}

/// One named field of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceField {
    /// Name.
    pub name: String,
    /// Bytes, half-open.
    pub bytes: [u32; 2],
    /// Mask of bits within one byte, 0 for whole bytes.
    pub bits: u8,
    /// Value, for people.
    pub value: String,
}

/// A waiver that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The requirement.
    pub requirement: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when, as a date.
    pub expires: String,
    /// The version of the implementation it is for.
    pub version: Option<String>,
    /// Whether it turned a fail into waived.
    pub used: bool,
}

/// An empty text is null in JSON.
mod null_when_empty {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        if text.is_empty() { serializer.serialize_none() } else { serializer.serialize_str(text) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
    }
}
