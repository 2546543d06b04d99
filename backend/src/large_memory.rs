//! Memory for files that are read whole at the start: one piece for many of them, in the largest pages there are.
//!
//! A process that takes its memory page by page is held up by the kernel for each of them, which for pages of 4 KiB takes
//! longer than to read, check and index what is put there. Nothing of a file is mapped: see `corpus::Text`.

use std::io;

use memmap2::{Advice, MmapMut};
use tantivy::directory::OwnedBytes;

/// Size of a large page. Where it is another one, or there is none, the memory is as good, and slower to get.
const PAGE_BYTES: usize = 2 * 1024 * 1024;

/// Memory that is being filled.
pub(crate) struct LargeMemory {
    memory: MmapMut,
    bytes: usize,
}

impl LargeMemory {
    /// So many zeroes.
    ///
    /// # Errors
    /// There is not that much memory.
    pub(crate) fn new(bytes: usize) -> io::Result<Self> {
        // Less than a page is not worth one: what is not filled would be held for nothing.
        let whole = match bytes < PAGE_BYTES {
            true => bytes.max(1),
            false => bytes.next_multiple_of(PAGE_BYTES),
        };
        let memory = MmapMut::map_anon(whole)?;
        // Only a wish: some systems have no large pages.
        let _ = memory.advise(Advice::HugePage);
        Ok(Self { memory, bytes })
    }

    /// Its parts of these lengths, one after the other.
    ///
    /// # Panics
    /// They are longer than the whole.
    pub(crate) fn parts(&mut self, lengths: impl Iterator<Item = usize>) -> Vec<&mut [u8]> {
        let mut rest = &mut self.memory[..self.bytes];
        lengths
            .map(|length| {
                rest.split_off_mut(..length)
                    .expect("the parts are no longer than the whole")
            })
            .collect()
    }

    /// The same as bytes that are never written again, in parts of these lengths.
    ///
    /// # Errors
    /// The system does not change the protection of the memory.
    ///
    /// # Panics
    /// They are longer than the whole.
    pub(crate) fn freeze(
        self,
        lengths: impl Iterator<Item = usize>,
    ) -> io::Result<Vec<OwnedBytes>> {
        let whole = OwnedBytes::new(self.memory.make_read_only()?);
        let mut from = 0;
        Ok(lengths
            .map(|length| {
                let part = whole.slice(from..from + length);
                from += length;
                part
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_frozen_where_they_were_filled() {
        for lengths in [vec![], vec![0], vec![3, 0, 5], vec![PAGE_BYTES, 1, 4096]] {
            let mut memory = LargeMemory::new(lengths.iter().sum()).unwrap();
            let parts = memory.parts(lengths.iter().copied());
            assert_eq!(parts.len(), lengths.len());
            for (number, part) in (1..).zip(parts) {
                assert!(part.iter().all(|&byte| byte == 0));
                part.fill(number);
            }
            let frozen = memory.freeze(lengths.iter().copied()).unwrap();
            for ((number, length), part) in (1..).zip(lengths).zip(frozen) {
                assert_eq!(part.as_slice(), vec![number; length]);
            }
        }
    }
}
