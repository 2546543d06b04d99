//! The 18 books, as people know them. The texts' own first lines are not used: they give the year of the edition or of
//! the writing, shorten titles and leave the author out where everyone knew him.

/// One book of the manifest.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name of its file, and its id everywhere.
    pub id: &'static str,
    /// Title.
    pub title: &'static str,
    /// Author; none for the Bible.
    pub author: Option<&'static str>,
    /// Year of first publication.
    pub year: u16,
    /// SHA-256 of the text, in hexadecimal digits.
    pub sha256: &'static str,
    /// Length of the text in bytes.
    pub bytes: u64,
}

/// All books in the order of their ids.
#[rustfmt::skip]
pub const MANIFEST: [Entry; 18] = [
    Entry { id: "austen-emma.txt", title: "Emma", author: Some("Jane Austen"), year: 1815, bytes: 887_071,
        sha256: "71b0923d75fcf2f1faa897b22da8de8e2476d7478a2b22388eb58a3420e00215" },
    Entry { id: "austen-persuasion.txt", title: "Persuasion", author: Some("Jane Austen"), year: 1817, bytes: 466_292,
        sha256: "cec097657cbfeb62aafe178973f514fa07ab66a5e28ea025ebd5d51ca870e40f" },
    Entry { id: "austen-sense.txt", title: "Sense and Sensibility", author: Some("Jane Austen"), year: 1811, bytes: 673_022,
        sha256: "57b169c7cfa502896dee25bd66616f61cc1d21084caf31f015176ee46fda9718" },
    Entry { id: "bible-kjv.txt", title: "The King James Bible", author: None, year: 1611, bytes: 4_332_554,
        sha256: "3f56c9f0bbc796312aacc5fcb49a799f5c5f729f00db3f86bff26319a93bfede" },
    Entry { id: "blake-poems.txt", title: "Poems: Songs of Innocence and of Experience, and The Book of Thel", author: Some("William Blake"), year: 1789, bytes: 38_153,
        sha256: "840897a66e23a47dd1fd56b864f421b2be0af074dc081244f7995bf26939eee9" },
    Entry { id: "bryant-stories.txt", title: "Stories to Tell to Children", author: Some("Sara Cone Bryant"), year: 1907, bytes: 243_901,
        sha256: "5d86761f8609a6501c0bf9c00e4dd7e391681eb179bcb3bd61c43b5aa0f53b68" },
    Entry { id: "burgess-busterbrown.txt", title: "The Adventures of Buster Bear", author: Some("Thornton W. Burgess"), year: 1920, bytes: 82_992,
        sha256: "d3e237c6e895644b573dd47b0b35a6474ed559e1d0a0fd2ed525b95087c17d5b" },
    Entry { id: "carroll-alice.txt", title: "Alice's Adventures in Wonderland", author: Some("Lewis Carroll"), year: 1865, bytes: 144_395,
        sha256: "5ce9042c0d8536b072b61d4c7c4e6d70c72d9dbb5f3d816261326d9280749266" },
    Entry { id: "chesterton-ball.txt", title: "The Ball and the Cross", author: Some("G. K. Chesterton"), year: 1909, bytes: 457_450,
        sha256: "c6b6d4e8c09a3f49a09f37f4e47663d4d6f048b62d86c70ccafdfd8f27059a58" },
    Entry { id: "chesterton-brown.txt", title: "The Wisdom of Father Brown", author: Some("G. K. Chesterton"), year: 1914, bytes: 406_629,
        sha256: "67027976205b4b30e367c704807f56c8ffac3e8ea6037d993e57ab1fe28447ec" },
    Entry { id: "chesterton-thursday.txt", title: "The Man Who Was Thursday", author: Some("G. K. Chesterton"), year: 1908, bytes: 320_525,
        sha256: "8b431a2a8db84089cd6f83fa66610c3b12c04114609df6e90137c0c58f2c5493" },
    Entry { id: "edgeworth-parents.txt", title: "The Parent's Assistant", author: Some("Maria Edgeworth"), year: 1796, bytes: 916_861,
        sha256: "d36ac7a257467d242e1c3e3ae98d054853109873aa0899db25d045af619ad6f6" },
    Entry { id: "melville-moby_dick.txt", title: "Moby-Dick; or, The Whale", author: Some("Herman Melville"), year: 1851, bytes: 1_220_066,
        sha256: "ff7424f923506564f5806983c046be4b60f50edcd48d327abf795dabb5eaa7f7" },
    Entry { id: "milton-paradise.txt", title: "Paradise Lost", author: Some("John Milton"), year: 1667, bytes: 468_220,
        sha256: "49028a77c557de1459e96c026edbe72997be2d9015925f7baefb793cd6fe706f" },
    Entry { id: "shakespeare-caesar.txt", title: "The Tragedy of Julius Caesar", author: Some("William Shakespeare"), year: 1623, bytes: 112_310,
        sha256: "7c46bd32fc84d9596bcad55b61ec3c1a390239acb190b286422855aafc2774b3" },
    Entry { id: "shakespeare-hamlet.txt", title: "The Tragedy of Hamlet, Prince of Denmark", author: Some("William Shakespeare"), year: 1603, bytes: 162_881,
        sha256: "1eceab7027ad7e0cc25c6b6aadcb2e6bb070395cb2085f775ac732d63d5db240" },
    Entry { id: "shakespeare-macbeth.txt", title: "The Tragedy of Macbeth", author: Some("William Shakespeare"), year: 1623, bytes: 100_351,
        sha256: "d4a204352cfe5924cbae76f764225d120e9f7617d39cb8c949dedd3f306353ac" },
    Entry { id: "whitman-leaves.txt", title: "Leaves of Grass", author: Some("Walt Whitman"), year: 1855, bytes: 711_215,
        sha256: "93ebaf1dccc8f1514b4b1c2f52e64e81829113fc58cff63fb51ada0c72f99c3e" },
];
