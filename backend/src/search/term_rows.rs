//! Rows of bytes, one for each of some terms, as they are written and read: in front, how many there are and whose.

use tantivy::directory::OwnedBytes;

/// Bytes of a number in front of the rows.
const NUMBER: usize = 4;

/// Rows that are being filled.
pub(super) struct NewRows {
    /// The place of each term's row.
    row_of: Vec<Option<usize>>,
    width: usize,
    /// All that is written, and where the first row begins in it.
    bytes: Vec<u8>,
    first: usize,
}

impl NewRows {
    /// Zeros for the chosen terms, of which it is told by their numbers whether they are.
    pub(super) fn new(is_chosen: impl ExactSizeIterator<Item = bool>, width: usize) -> Self {
        let mut row_of = Vec::with_capacity(is_chosen.len());
        let (mut rows, mut bytes) = (0, vec![0; NUMBER]);
        for (term, is_chosen) in (0_u32..).zip(is_chosen) {
            row_of.push(is_chosen.then_some(rows));
            if is_chosen {
                bytes.extend(term.to_le_bytes());
                rows += 1;
            }
        }
        bytes[..NUMBER].copy_from_slice(&(rows as u32).to_le_bytes());
        let first = bytes.len();
        bytes.resize(first + rows * width, 0);
        Self {
            row_of,
            width,
            bytes,
            first,
        }
    }

    /// A byte of the row of a term, if it was chosen.
    pub(super) fn at(&mut self, term: u32, place: usize) -> Option<&mut u8> {
        let row = self.row_of[term as usize]?;
        Some(&mut self.bytes[self.first + row * self.width + place])
    }

    /// What [`TermRows::from_bytes`] reads.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Rows that were written.
#[derive(Debug)]
pub(super) struct TermRows {
    /// Numbers of terms, in order: which row is whose.
    terms: Vec<u32>,
    /// One row behind the other.
    rows: OwnedBytes,
    width: usize,
}

impl TermRows {
    /// The rows that `bytes` are, if they are so wide.
    pub(super) fn from_bytes(bytes: &OwnedBytes, width: usize) -> Option<Self> {
        let number = u32::from_le_bytes(*bytes.first_chunk::<NUMBER>()?) as usize;
        let first = number.checked_add(1)?.checked_mul(NUMBER)?;
        let (terms, _) = bytes.get(NUMBER..first)?.as_chunks::<NUMBER>();
        let terms: Vec<u32> = terms.iter().map(|term| u32::from_le_bytes(*term)).collect();
        let rows = bytes.slice(first..bytes.len());
        let is_whole = rows.len() == number.checked_mul(width)?;
        (is_whole && terms.is_sorted()).then_some(Self { terms, rows, width })
    }

    /// The row of the term with this number; `None` where it has none.
    pub(super) fn of(&self, term: u32) -> Option<&[u8]> {
        let row = self.terms.binary_search(&term).ok()?;
        let from = row * self.width;
        Some(&self.rows[from..from + self.width])
    }
}
