use super::Outcome;
use crate::binding::{self, Binding};
use crate::catalogue::{Level, Requirement};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use touchstone_reports::model::Verdict;

/// What a broken requirement means for the verdict. The level never changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Only MUST fails.
    Letter,
    /// MUST and guidance without which peers cannot interoperate fail; the rest warns.
    #[default]
    Certify,
    /// Everything fails.
    Strict,
}

impl Policy {
    /// Every policy, from the mildest to the strictest.
    pub const ALL: [Policy; 3] = [Policy::Letter, Policy::Certify, Policy::Strict];

    /// Name, as on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Policy::Letter => "letter",
            Policy::Certify => "certify",
            Policy::Strict => "strict",
        }
    }

    /// Whether a break of `requirement` fails the implementation. The requirements for which it does are the gating set.
    pub fn fails(self, requirement: &Requirement) -> bool {
        match self {
            Policy::Strict => true,
            _ if requirement.contradiction.is_some() => false,
            Policy::Letter => requirement.level == Level::Must,
            Policy::Certify => requirement.level == Level::Must || requirement.interop,
        }
    }

    /// The same in a binding. Where its text requires nothing, whatever is broken is worth advice, no more; `strict` still
    /// fails all of it.
    pub fn fails_in(self, binding: &Binding, requirement: &Requirement) -> bool {
        self.fails(requirement) && (binding.advice.is_none() || self == Policy::Strict)
    }

    /// The same in any binding.
    pub fn fails_somewhere(self, requirement: &Requirement) -> bool {
        binding::having(requirement).any(|binding| self.fails_in(binding, requirement))
    }

    /// The verdict on a raw outcome, for a requirement that applies. `None` as an outcome means not decided here:
    /// what "no instance" means is settled before.
    pub fn verdict(self, binding: &Binding, requirement: &Requirement, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::None | Outcome::Undecided => Verdict::Undecided,
            Outcome::Met => Verdict::Pass,
            Outcome::Broken if self.fails_in(binding, requirement) => Verdict::Fail,
            Outcome::Broken => Verdict::Warn,
            Outcome::Error => Verdict::Error,
        }
    }
}
