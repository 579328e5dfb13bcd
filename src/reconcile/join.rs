//! Brings rows with equal keys together: both lists' keys are hashed and sorted, and what falls together is compared in full.

use std::hash::BuildHasher;
use std::hash::BuildHasherDefault;
use std::hash::DefaultHasher;

/// Calls `each` with the rows of the left and of the right list that have the same key, for every key. Rows whose key is `None`
/// are left out.
pub(super) fn groups<K: std::hash::Hash + Ord>(
    (left, left_key): (impl Iterator<Item = u32>, impl Fn(u32) -> Option<K>),
    (right, right_key): (impl Iterator<Item = u32>, impl Fn(u32) -> Option<K>),
    mut each: impl FnMut(&[u32], &[u32]),
) {
    let left = hashed(left, &left_key);
    let right = hashed(right, &right_key);
    let (mut at_left, mut at_right) = (0, 0);
    let (mut run, mut lefts, mut rights) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let hash = match (left.get(at_left), right.get(at_right)) {
            (Some((one, _)), Some((other, _))) => *one.min(other),
            (Some((one, _)), None) | (None, Some((one, _))) => *one,
            (None, None) => return,
        };
        // Nearly always one row a side. Rows of one hash may have several keys.
        run.clear();
        while let Some((_, row)) = left.get(at_left).filter(|(other, _)| *other == hash) {
            run.push((left_key(*row), true, *row));
            at_left += 1;
        }
        while let Some((_, row)) = right.get(at_right).filter(|(other, _)| *other == hash) {
            run.push((right_key(*row), false, *row));
            at_right += 1;
        }
        run.sort_unstable();
        for same in run.chunk_by(|one, other| one.0 == other.0) {
            lefts.clear();
            rights.clear();
            for (_, is_left, row) in same {
                if *is_left { lefts.push(*row) } else { rights.push(*row) }
            }
            each(&lefts, &rights);
        }
    }
}

fn hashed<K: std::hash::Hash>(
    rows: impl Iterator<Item = u32>,
    key: impl Fn(u32) -> Option<K>,
) -> Vec<(u64, u32)> {
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut hashed: Vec<(u64, u32)> =
        rows.filter_map(|row| key(row).map(|key| (hasher.hash_one(key), row))).collect();
    hashed.sort_unstable();
    hashed
}
