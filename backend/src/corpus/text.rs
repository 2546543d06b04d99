//! The text of one book: ISO-8859-1 bytes, mapped or built in, decoded only where something is shown.
//!
//! In ISO-8859-1 (and in ASCII, its first half) one byte is one letter with the same number in Unicode. So nothing is
//! decoded up front, and a position is at the same time a byte of the file and a letter of the text.
//!
//! Files are mapped through tantivy's `MmapDirectory`, because mapping is an `unsafe` operation and this workspace has
//! none. A mapped file must be replaced, never cut short, while the process runs; `fetch-corpus` replaces.

use std::ops::Range;
use std::path::Path;

use tantivy::HasLen;
use tantivy::directory::error::OpenReadError;
use tantivy::directory::{Directory, MmapDirectory, OwnedBytes};

/// The text of one book.
#[derive(Clone)]
pub struct Text(OwnedBytes);

impl Text {
    /// Maps the file `name` of `directory`.
    ///
    /// # Errors
    /// The file is missing or cannot be read.
    pub(super) fn map(directory: &MmapDirectory, name: &str) -> Result<Self, OpenReadError> {
        let path = Path::new(name);
        let slice = directory.open_read(path)?;
        debug_assert!(
            slice.len() <= u32::MAX as usize,
            "positions are 32 bits wide"
        );
        let bytes = slice
            .read_bytes()
            .map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))?;
        Ok(Self(bytes))
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
