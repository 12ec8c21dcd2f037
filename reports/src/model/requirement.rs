//! Requirements: what was found of each, and where.

use serde::{Deserialize, Serialize};

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
    /// `broken`, `undecided`, `error`, or `note`, which decides nothing.
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
