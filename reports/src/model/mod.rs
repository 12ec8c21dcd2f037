//! What a report says. [`Report`] is everything; report.json is the part that serializes, in this order.

mod requirement;
mod scenario;

pub use requirement::{Finding, Measure, Measured, Requirement, State, Verdict, Witness};
pub use scenario::{Scenario, TraceField, TracePacket, TraceRow, TraceWhat};

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
    /// Whether a run with this verdict ends with exit code 0.
    pub const fn is_success(self) -> bool {
        matches!(self, RunVerdict::Pass | RunVerdict::Advice | RunVerdict::Partial)
    }

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
    /// SHA-256 over its text, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
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
