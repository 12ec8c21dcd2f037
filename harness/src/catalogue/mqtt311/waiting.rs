//! Packets that wait for an answer, found by identifier and by the order they were sent in, in logarithmic time however
//! many there are.

use std::collections::BTreeMap;
use std::collections::btree_map::{Entry, RangeMut};

/// The packets of one connection that wait for an answer of one kind. Identifiers are unique among them, so that there
/// are at most 65,535.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    /// By place in the order.
    entries: BTreeMap<u64, T>,
    /// Places by identifier.
    by_id: BTreeMap<u16, u64>,
    /// The next place.
    next: u64,
    /// Of each lane: whatever waits before this place has been overtaken.
    overtaken: [u64; 2],
}

impl<T> Default for Waiting<T> {
    fn default() -> Waiting<T> {
        Waiting { entries: BTreeMap::new(), by_id: BTreeMap::new(), next: 0, overtaken: [0; 2] }
    }
}

impl<T> Waiting<T> {
    /// Whether a packet with that identifier waits.
    pub fn contains(&self, id: u16) -> bool {
        self.by_id.contains_key(&id)
    }

    /// A packet was sent. One with the same identifier that still waits goes on waiting in its place.
    pub fn push(&mut self, id: u16, entry: T) {
        if let Entry::Vacant(vacant) = self.by_id.entry(id) {
            vacant.insert(self.next);
            self.entries.insert(self.next, entry);
            self.next += 1;
        }
    }

    /// Takes the packet with that identifier, and its place.
    pub fn take(&mut self, id: u16) -> Option<(u64, T)> {
        let place = self.by_id.remove(&id)?;
        Some((place, self.entries.remove(&place)?))
    }

    /// The packet with that identifier.
    pub fn get_mut(&mut self, id: u16) -> Option<&mut T> {
        self.entries.get_mut(self.by_id.get(&id)?)
    }

    /// The packets before that place that no answer in this lane (one of two) has overtaken before. Each packet
    /// comes at most once per lane, so that overtaking costs nothing in the long run.
    pub fn overtake(&mut self, lane: usize, place: u64) -> RangeMut<'_, u64, T> {
        let from = self.overtaken.get(lane).copied().unwrap_or_default();
        let to = from.max(place);
        if let Some(mark) = self.overtaken.get_mut(lane) {
            *mark = to;
        }
        self.entries.range_mut(from..to)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The one that waits, when it is the only one.
    pub fn only(&self) -> Option<&T> {
        self.entries.first_key_value().filter(|_| self.entries.len() == 1).map(|(_, entry)| entry)
    }

    /// Takes all of them, in order.
    pub fn take_all(&mut self) -> impl Iterator<Item = T> + use<T> {
        self.by_id.clear();
        std::mem::take(&mut self.entries).into_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What an entry knows of answers that overtook it, for each lane.
    type Marks = [Option<u16>; 2];

    #[derive(Clone, Debug)]
    enum Step {
        Push(u16),
        Take { id: u16, lane: usize },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0_u16..12).prop_map(Step::Push),
            (0_u16..12, 0_usize..2).prop_map(|(id, lane)| Step::Take { id, lane })
        ]
    }

    proptest! {
        /// It behaves like a list that is searched from end to end.
        #[test]
        fn is_a_list(steps in proptest::collection::vec(step(), 0..60)) {
            let mut waiting: Waiting<(u16, Marks)> = Waiting::default();
            let mut list: Vec<(u16, Marks)> = Vec::new();
            for step in steps {
                match step {
                    Step::Push(id) if list.iter().all(|entry| entry.0 != id) => {
                        prop_assert!(!waiting.contains(id));
                        waiting.push(id, (id, [None; 2]));
                        list.push((id, [None; 2]));
                    }
                    Step::Push(id) => {
                        prop_assert!(waiting.contains(id));
                        waiting.push(id, (id, [Some(0); 2]));
                    }
                    Step::Take { id, lane } => {
                        let at = list.iter().position(|entry| entry.0 == id);
                        let expected = at.map(|at| list.remove(at));
                        list.iter_mut().take(at.unwrap_or(0)).for_each(|entry| { entry.1[lane].get_or_insert(id); });
                        let taken = waiting.take(id);
                        prop_assert_eq!(taken.map(|(_, entry)| entry), expected);
                        if let Some((place, _)) = taken {
                            waiting.overtake(lane, place).for_each(|(_, entry)| { entry.1[lane].get_or_insert(id); });
                        }
                    }
                }
                prop_assert_eq!(waiting.len(), list.len());
                prop_assert_eq!(waiting.only(), list.first().filter(|_| list.len() == 1));
            }
            prop_assert_eq!(waiting.take_all().collect::<Vec<_>>(), list);
        }
    }
}
