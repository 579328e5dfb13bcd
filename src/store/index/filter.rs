//! A blocked Bloom filter: tells at once that a run has no posting under a key, except for about one such key in a hundred.

use crate::store::index::posting::Key;

/// A block is as long as a line of the processor's cache.
const BLOCK_WORDS: usize = 8;
const KEYS_PER_BLOCK: usize = 50;
const BITS_PER_KEY: usize = 6;

/// The keys of a run.
#[derive(Debug, Default)]
pub(super) struct Filter {
    words: Vec<u64>,
}

impl Filter {
    /// Room for so many keys.
    pub(super) fn for_keys(keys: usize) -> Filter {
        Filter { words: vec![0; keys.div_ceil(KEYS_PER_BLOCK).max(1) * BLOCK_WORDS] }
    }

    /// Of words that `words` gave.
    pub(super) fn of(words: Vec<u64>) -> Option<Filter> {
        let is_whole = !words.is_empty() && words.len().is_multiple_of(BLOCK_WORDS);
        is_whole.then_some(Filter { words })
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(super) fn add(&mut self, key: Key) {
        let block = self.block(key);
        for (word, bit) in bits(key) {
            if let Some(word) = self.words.get_mut(block + word) {
                *word |= bit;
            }
        }
    }

    pub(super) fn may_have(&self, key: Key) -> bool {
        let block = self.block(key);
        bits(key).all(|(word, bit)| self.words.get(block + word).is_some_and(|one| one & bit != 0))
    }

    /// Where the key's block begins: its upper bits choose one of all blocks.
    fn block(&self, key: Key) -> usize {
        let blocks = self.words.len() / BLOCK_WORDS;
        let upper = key.0 >> 96;
        let place = (upper * u128::try_from(blocks).unwrap_or(0)) >> 32;
        usize::try_from(place).unwrap_or(0) * BLOCK_WORDS
    }
}

/// Its lower bits choose the bits within the block: nine for each.
fn bits(key: Key) -> impl Iterator<Item = (usize, u64)> {
    (0..BITS_PER_KEY).map(move |turn| {
        let nine = usize::try_from((key.0 >> (9 * turn)) & 0x1ff).unwrap_or(0);
        (nine / 64, 1_u64 << (nine % 64))
    })
}
