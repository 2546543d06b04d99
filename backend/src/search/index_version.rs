//! Which index belongs to which corpus: a fingerprint of the texts, and of all that decides what an index of them holds.

use sha2::{Digest, Sha256};

use crate::corpus::Corpus;

/// Raise it when an index changes though no file of [`SOURCES`] does: with the stemmer, say.
const SCHEMA_VERSION: u32 = 3;

/// The files that decide what an index holds. As they are part of the fingerprint, an index on disk is never read by a
/// program that would have built another one, and nobody has to remember to say so.
const SOURCES: [&[u8]; 16] = [
    include_bytes!("../corpus/chapters.rs"),
    include_bytes!("block_maxima.rs"),
    include_bytes!("cosine.rs"),
    include_bytes!("features.rs"),
    include_bytes!("frequent_terms.rs"),
    include_bytes!("index.rs"),
    include_bytes!("occurrences.rs"),
    include_bytes!("passage_index.rs"),
    include_bytes!("passage_keys.rs"),
    include_bytes!("passage_words.rs"),
    include_bytes!("passages.rs"),
    include_bytes!("spelling.rs"),
    include_bytes!("stop_words.rs"),
    include_bytes!("term_rows.rs"),
    include_bytes!("terms.rs"),
    include_bytes!("words.rs"),
];

/// Computed by the compiler, so that the program carries eight bytes instead of the files.
const SOURCES_HASH: u64 = fnv1a(&SOURCES);

/// Fingerprint of the index of `corpus`: 16 hexadecimal digits.
pub(super) fn index_version(corpus: &Corpus) -> String {
    let mut hash = Sha256::new();
    hash.update(SCHEMA_VERSION.to_be_bytes());
    hash.update(SOURCES_HASH.to_be_bytes());
    hash.update(tantivy::version_string());
    for book in &corpus.books {
        hash.update(book.entry.id);
        hash.update(&book.sha256);
    }
    let digits = hash.finalize();
    digits[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// FNV-1a, 64 bits wide.
const fn fnv1a(files: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut file = 0;
    while file < files.len() {
        let mut at = 0;
        while at < files[file].len() {
            hash = (hash ^ files[file][at] as u64).wrapping_mul(0x0100_0000_01b3);
            at += 1;
        }
        file += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_all_bytes_in_order() {
        // The values that the authors of FNV give.
        assert_eq!(fnv1a(&[b""]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(&[b"a"]), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(&[b"foo", b"bar"]), 0x8594_4171_f739_67e8);
    }
}
