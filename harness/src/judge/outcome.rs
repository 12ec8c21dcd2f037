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

#[cfg(test)]
mod tests {
    use super::Outcome;
    use proptest::prelude::*;

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            Just(Outcome::None),
            Just(Outcome::Met),
            Just(Outcome::Undecided),
            Just(Outcome::Broken),
            Just(Outcome::Error),
        ]
    }

    proptest! {
        #[test]
        fn join_is_a_semilattice(a in outcome(), b in outcome(), c in outcome()) {
            prop_assert_eq!(a.join(a), a);
            prop_assert_eq!(a.join(b), b.join(a));
            prop_assert_eq!(a.join(b).join(c), a.join(b.join(c)));
            prop_assert_eq!(a.join(Outcome::None), a);
            prop_assert_eq!(a.join(Outcome::Error), Outcome::Error);
        }

        /// No later good instance ever hides a bad one, whatever the order.
        #[test]
        fn nothing_hides_a_break(mut outcomes in proptest::collection::vec(outcome(), 0..20)) {
            let joined = outcomes.iter().fold(Outcome::None, |a, b| a.join(*b));
            outcomes.reverse();
            prop_assert_eq!(outcomes.iter().fold(Outcome::None, |a, b| a.join(*b)), joined);
            if outcomes.contains(&Outcome::Broken) {
                prop_assert!(joined >= Outcome::Broken);
            }
            if joined == Outcome::Met {
                prop_assert!(outcomes.contains(&Outcome::Met));
            }
        }
    }
}
