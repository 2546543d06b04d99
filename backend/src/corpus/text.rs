//! The text of one book: ISO-8859-1 bytes, decoded only where something is shown.
//!
//! In ISO-8859-1 (and in ASCII, its first half) one byte is one letter with the same number in Unicode. So nothing is
//! decoded up front, and a position is at the same time a byte of the file and a letter of the text.
//!
//! Files are read and not mapped: what was checked at the start is what is searched and shown until the end, whatever
//! happens to the file meanwhile. Reading a file that was cut short under a mapping would end the process.

use std::ops::Range;

use tantivy::directory::OwnedBytes;

/// The text of one book; its clones share it.
#[derive(Clone)]
pub struct Text(OwnedBytes);

impl Text {
    /// A text that was read together with others.
    pub(super) fn read(text: OwnedBytes) -> Self {
        Self(text)
    }

    /// A text that is built into the program.
    pub fn built_in(text: &'static [u8]) -> Self {
        Self(OwnedBytes::new(text))
    }

    /// A text that was made in memory.
    pub fn in_memory(text: Vec<u8>) -> Self {
        Self(OwnedBytes::new(text))
    }

    /// The bytes, one for each letter.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A part of the text.
    ///
    /// # Panics
    /// `range` reaches beyond the text.
    pub fn decode(&self, range: Range<usize>) -> String {
        self.bytes()[range]
            .iter()
            .map(|&byte| char::from(byte))
            .collect()
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({} bytes)", self.bytes().len())
    }
}
