//! The text of one book: ISO-8859-1 bytes, decoded only where something is shown.
//!
//! In ISO-8859-1 (and in ASCII, its first half) one byte is one letter with the same number in Unicode. So nothing is
//! decoded up front, and a position is at the same time a byte of the file and a letter of the text.
//!
//! Files are read and not mapped: what was checked at the start is what is searched and shown until the end, whatever
//! happens to the file meanwhile. Reading a file that was cut short under a mapping would end the process.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

/// The text of one book.
#[derive(Clone)]
pub struct Text(Cow<'static, [u8]>);

impl Text {
    /// Reads the first `most` bytes of the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn read(path: &Path, most: u64) -> io::Result<Self> {
        let mut bytes = Vec::with_capacity(most as usize);
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
        Ok(Self(Cow::Owned(bytes)))
    }

    /// A text that is built into the program.
    pub fn built_in(text: &'static [u8]) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// A text that was made in memory.
    pub fn in_memory(text: Vec<u8>) -> Self {
        Self(Cow::Owned(text))
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
