//! The sample: a short retelling of every book, built in, so that everything works without the real texts.

/// The retelling of the book `id`.
pub(super) fn sample(id: &str) -> Option<&'static [u8]> {
    SAMPLE
        .iter()
        .find(|(name, _)| *name == id)
        .map(|(_, text)| *text)
}

macro_rules! texts {
    ($($id:literal),* $(,)?) => {
        &[$(($id, include_bytes!(concat!("../../sample/", $id)).as_slice())),*]
    };
}

const SAMPLE: &[(&str, &[u8])] = texts![
    "austen-emma.txt",
    "austen-persuasion.txt",
    "austen-sense.txt",
    "bible-kjv.txt",
    "blake-poems.txt",
    "bryant-stories.txt",
    "burgess-busterbrown.txt",
    "carroll-alice.txt",
    "chesterton-ball.txt",
    "chesterton-brown.txt",
    "chesterton-thursday.txt",
    "edgeworth-parents.txt",
    "melville-moby_dick.txt",
    "milton-paradise.txt",
    "shakespeare-caesar.txt",
    "shakespeare-hamlet.txt",
    "shakespeare-macbeth.txt",
    "whitman-leaves.txt",
];
