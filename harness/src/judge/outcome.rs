use serde::{Deserialize, Serialize};

/// Raw outcome of a requirement, before any policy. Joined by `max`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No instance was decided.
    #[default]
    None,
    /// At least one instance was decided, all of them well.
    Met,
    /// At least one instance could not be decided.
    Undecided,
    /// At least one instance broke it.
    Broken,
    /// The test system failed.
    Error,
}

impl Outcome {
    /// The stronger of two outcomes.
    #[must_use]
    pub fn join(self, other: Outcome) -> Outcome {
        self.max(other)
    }
}
