//! The index that is kept between starts: opened, it answers as the one that was built; whatever becomes of its folder,
//! answers stay right.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use backend::corpus::{Corpus, Source, load_gutenberg_corpus};
use backend::progress::Progress;
use backend::search::{Answer, Deadline, Features, IndexSettings, Library, Request};
use shared::Method;
use telemetry::testing::record;
use telemetry::{TraceContextExt, in_span};
use tempfile::TempDir;

use crate::support::corpus_dir;

/// A folder of indexes for one test.
struct Kept(TempDir);

/// How a start-up came to its index, and what it answers.
struct Started {
    library: Library,
    /// Values of `app.index.state` in the order of their spans.
    states: Vec<String>,
}

impl Kept {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn settings(&self) -> IndexSettings {
        IndexSettings {
            directory: Some(self.0.path().to_owned()),
            rebuild: false,
            patience: Duration::from_secs(60),
            others: 3,
        }
    }

    fn start(&self, corpus: Corpus) -> Started {
        start(corpus, &self.settings())
    }

    /// The folder of the version of `library`.
    fn version(&self, library: &Library) -> PathBuf {
        self.0.path().join(library.indexes.version())
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<String> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }
}

fn start(corpus: Corpus, settings: &IndexSettings) -> Started {
    let recorder = record();
    let (library, trace_id) = in_span("test", |cx| {
        let library = Library::start(corpus, settings, &Progress::default()).unwrap();
        (library, cx.span().span_context().trace_id())
    });
    library.check().unwrap();
    let trace = recorder.render(trace_id);
    let states = trace.lines().filter_map(|line| {
        let (_, behind) = line.split_once("app.index.state=")?;
        Some(behind.split([',', '}']).next()?.to_owned())
    });
    Started {
        library,
        states: states.collect(),
    }
}

fn sample() -> Corpus {
    load_gutenberg_corpus(Source::Sample, &Progress::default()).unwrap()
}

/// The sample without its last `fewer` books: another corpus.
fn smaller_sample(fewer: usize) -> Corpus {
    let mut corpus = sample();
    corpus.books.truncate(18 - fewer);
    corpus
}

/// What every method answers to a few questions, with either choice of features.
fn answers(library: &Library) -> Vec<Answer> {
    let mut answers = Vec::new();
    for query in [
        "white whale",
        "the sea",
        "lvoe",
        "\"to be\"",
        "alice -rabbit",
    ] {
        // `slow_tfidf` reads what `tfidf` reads, and takes its time on purpose.
        for method in Method::ALL
            .into_iter()
            .filter(|method| *method != Method::SlowTfidf)
        {
            for features in [Features::All, Features::MostFrequent] {
                let request = Request {
                    features,
                    ..Request::new(query, method)
                };
                answers.push(library.search(&request, &Deadline::none()).unwrap());
            }
        }
    }
    answers
}

/// All files below `folder`, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort_unstable();
    found
}

#[test]
fn an_index_that_was_opened_answers_as_the_one_that_was_built() {
    let check = |corpus: &dyn Fn() -> Corpus| {
        let in_memory = answers(&Library::index(corpus()).unwrap());
        let kept = Kept::new();
        let cold = kept.start(corpus());
        assert_eq!(cold.states, ["missing", "missing", "opened"]);
        let warm = kept.start(corpus());
        assert_eq!(warm.states, ["opened"]);
        assert_eq!(answers(&cold.library), in_memory);
        assert_eq!(answers(&warm.library), in_memory);
        assert_eq!(
            cold.library.indexes.version(),
            warm.library.indexes.version()
        );
        assert_eq!(kept.names(), [cold.library.indexes.version(), "lock"]);
    };
    check(&sample);
    if let Some(directory) = corpus_dir() {
        let source = Source::Directory(directory);
        check(&|| load_gutenberg_corpus(source.clone(), &Progress::default()).unwrap());
    }
}

#[test]
fn whatever_becomes_of_a_file_is_found_and_mended() {
    let kept = Kept::new();
    let first = kept.start(smaller_sample(16));
    let right = answers(&first.library);
    let folder = kept.version(&first.library);
    // Segments get new names with every build, so a file is meant by its place.
    let number = files(&folder).len();
    assert!(number > 10, "{:?}", files(&folder));
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("cut in half", |path| {
            let length = fs::metadata(path).unwrap().len();
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_len(length / 2).unwrap();
        }),
        ("one bit is wrong", |path| {
            let file = fs::File::options()
                .read(true)
                .write(true)
                .open(path)
                .unwrap();
            let middle = file.metadata().unwrap().len() / 2;
            let mut byte = [0];
            file.read_exact_at(&mut byte, middle).unwrap();
            file.write_all_at(&[byte[0] ^ 1], middle).unwrap();
        }),
        ("longer", |path| {
            let length = fs::metadata(path).unwrap().len();
            let file = fs::File::options().write(true).open(path).unwrap();
            file.write_all_at(b"more", length).unwrap();
        }),
        ("removed", |path| fs::remove_file(path).unwrap()),
        ("a folder", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
    ];
    for (what, damage) in damages {
        for place in 0..number {
            let path = files(&folder).swap_remove(place);
            damage(&path);
            let told = format!("{} is {what}", path.display());
            let mended = kept.start(smaller_sample(16));
            assert_eq!(mended.states, ["damaged", "damaged", "opened"], "{told}");
            assert_eq!(mended.library.not_kept, None, "{told}");
            assert_eq!(answers(&mended.library), right, "{told}");
        }
    }
    assert_eq!(kept.start(smaller_sample(16)).states, ["opened"]);
}

#[test]
fn an_index_of_something_else_is_not_taken_for_ones_own() {
    let kept = Kept::new();
    let other = kept.start(smaller_sample(1));
    let own = Library::index(sample()).unwrap();
    let place = kept.version(&own);
    fs::rename(kept.version(&other.library), &place).unwrap();
    let started = kept.start(sample());
    assert_eq!(started.states, ["foreign", "foreign", "opened"]);
    assert_eq!(answers(&started.library), answers(&own));

    // What is no index at all.
    fs::remove_dir_all(&place).unwrap();
    fs::write(&place, "notes").unwrap();
    assert_eq!(
        kept.start(sample()).states,
        ["damaged", "damaged", "opened"]
    );
    fs::remove_dir_all(&place).unwrap();
    fs::create_dir(&place).unwrap();
    assert_eq!(
        kept.start(sample()).states,
        ["damaged", "damaged", "opened"]
    );
    assert_eq!(kept.start(sample()).states, ["opened"]);
}

#[test]
fn what_a_process_left_that_died_while_it_wrote_is_cleared_away() {
    let kept = Kept::new();
    for left in [".new", ".old"] {
        fs::create_dir_all(kept.0.path().join(left).join("books")).unwrap();
        fs::write(kept.0.path().join(left).join("books/meta.json"), "{").unwrap();
    }
    let started = kept.start(sample());
    assert_eq!(started.states, ["missing", "missing", "opened"]);
    assert_eq!(kept.names(), [started.library.indexes.version(), "lock"]);
}

#[test]
fn the_newest_of_other_versions_are_kept_and_nothing_else_is_touched() {
    let kept = Kept::new();
    fs::create_dir(kept.0.path().join("photographs")).unwrap();
    let settings = IndexSettings {
        others: 1,
        ..kept.settings()
    };
    let versions: Vec<String> = (0..3)
        .map(|fewer| {
            let started = start(smaller_sample(fewer), &settings);
            started.library.indexes.version().to_owned()
        })
        .collect();
    let mut expected = vec!["lock".to_owned(), "photographs".to_owned()];
    expected.extend_from_slice(&versions[1..]);
    expected.sort_unstable();
    assert_eq!(kept.names(), expected);
}

#[test]
fn where_nothing_can_be_kept_the_index_stays_in_memory_and_that_is_said() {
    let kept = Kept::new();
    let file = kept.0.path().join("file");
    fs::write(&file, "").unwrap();
    let below = IndexSettings {
        directory: Some(file.join("index")),
        ..kept.settings()
    };
    let started = start(sample(), &below);
    let told = started.library.not_kept.as_deref().unwrap();
    let place = file.join("index");
    let expected = format!("the index cannot be kept in {}", place.display());
    assert!(told.starts_with(&expected), "{told}");
    assert!(told.ends_with("is held in memory for this run"), "{told}");
    let right = answers(&Library::index(sample()).unwrap());
    assert_eq!(answers(&started.library), right);

    // Somebody else builds and does not come to an end.
    let lock = fs::File::create(kept.0.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let hasty = IndexSettings {
        patience: Duration::ZERO,
        ..kept.settings()
    };
    let started = start(sample(), &hasty);
    let told = started.library.not_kept.as_deref().unwrap();
    assert!(
        told.contains("another process still builds after 0 s"),
        "{told}"
    );
    assert_eq!(answers(&started.library), right);
    // As soon as the lock is free, the index is kept.
    drop(lock);
    assert_eq!(start(sample(), &hasty).library.not_kept, None);
    assert_eq!(start(sample(), &hasty).states, ["opened"]);
}
