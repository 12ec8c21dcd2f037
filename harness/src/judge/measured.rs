use super::Witness;

/// What a measured time is held against, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The longest time that the text allows.
    pub limit: u64,
    /// The tolerance that was added to it.
    pub tolerance: u64,
    /// The lag of the test system that may have touched it.
    pub lag: u64,
}

/// The times that a check has measured: how many, the shortest and the longest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// How many.
    pub count: u64,
    /// The shortest, in nanoseconds, and where it ended.
    pub shortest: (u64, Witness),
    /// The longest.
    pub longest: (u64, Witness),
    /// What the shortest was held against; the lag is the largest of all.
    pub limit: Limit,
}

impl Measured {
    /// The first of them.
    pub(super) fn new(at: Witness, nanos: u64, limit: Limit) -> Measured {
        Measured { count: 1, shortest: (nanos, at.clone()), longest: (nanos, at), limit }
    }

    /// Another one, or several.
    pub(super) fn join(&mut self, other: Measured) {
        self.count += other.count;
        let lag = self.limit.lag.max(other.limit.lag);
        if other.shortest.0 < self.shortest.0 {
            self.shortest = other.shortest;
            self.limit = other.limit;
        }
        if other.longest.0 > self.longest.0 {
            self.longest = other.longest;
        }
        self.limit.lag = lag;
    }
}
