//! The last few things that were made, by what they were made from.

/// Holds at most `capacity` values; the one that was used longest ago goes first.
pub struct Recent<K, V> {
    /// Least recently used first.
    entries: Vec<(K, V)>,
    capacity: usize,
}

impl<K: PartialEq, V: Clone> Recent<K, V> {
    pub fn new(capacity: usize) -> Self {
        Recent { entries: Vec::with_capacity(capacity), capacity }
    }

    /// The value for `key`, which counts as a use. `V` is meant to be cheap to clone (an `Arc`).
    pub fn get(&mut self, key: &K) -> Option<V> {
        let place = self.entries.iter().position(|(k, _)| k == key)?;
        let entry = self.entries.remove(place);
        let value = entry.1.clone();
        self.entries.push(entry);
        Some(value)
    }

    pub fn put(&mut self, key: K, value: V) {
        self.entries.retain(|(k, _)| *k != key);
        if self.entries.len() >= self.capacity && !self.entries.is_empty() {
            self.entries.remove(0);
        }
        self.entries.push((key, value));
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes() {
        let mut recent = Recent::new(2);
        recent.put("a", 1);
        recent.put("b", 2);
        assert_eq!(recent.get(&"a"), Some(1));
        recent.put("c", 3);
        assert_eq!(recent.get(&"b"), None);
        assert_eq!(recent.get(&"a"), Some(1));
        recent.put("a", 4);
        assert_eq!((recent.get(&"a"), recent.get(&"c")), (Some(4), Some(3)));
    }
}
