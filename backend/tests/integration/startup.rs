//! The start-up trace.

use std::ffi::OsString;
use std::sync::Arc;

use backend::config::{Arguments, SettingsArguments};
use backend::corpus::{Source, load_gutenberg_corpus};
use backend::progress::Progress;
use backend::search::Library;
use backend::startup::app_startup;
use clap::Parser;
use insta::assert_snapshot;
use telemetry::testing::record;
use telemetry::{SpanContext, TraceContextExt, in_span};
use tempfile::TempDir;

use crate::support::corpus_dir;

fn settings(corpus_dir: impl Into<OsString>, index_dir: &TempDir) -> SettingsArguments {
    let mut settings = Arguments::parse_from(["backend"]).settings;
    settings.corpus_dir = Some(corpus_dir.into());
    settings.index_dir = Some(index_dir.path().into());
    settings
}

/// The trace of one start-up.
async fn start(settings: SettingsArguments) -> String {
    let recorder = record();
    let listen = async |_: &_, startup: SpanContext| Ok(startup);
    let (startup, library) = app_startup(settings, Arc::default(), listen).await.unwrap();
    assert_eq!(library.corpus.books.len(), 18);
    assert_eq!(library.not_kept, None);
    sorted(&recorder.render(startup.trace_id()))
}

fn is_index(line: &str) -> bool {
    line.contains("tfidf_vectorization") || line.contains("bm25_indexing")
}

/// Several books are processed at the same time, and so are the indexes built, so their order is not fixed.
fn sorted(trace: &str) -> String {
    let mut lines: Vec<&str> = trace.lines().collect();
    lines
        .chunk_by_mut(|one, other| {
            [one, other]
                .iter()
                .all(|line| line.contains("process_book") || is_index(line))
        })
        .for_each(<[&str]>::sort_unstable);
    let lines = lines.into_iter().map(without_size).collect::<Vec<_>>();
    lines.join("\n")
}

/// Compressed postings are as long as they are; that they have a length is what a trace says.
fn without_size(line: &str) -> String {
    match line.split_once("app.index.bytes=") {
        Some((before, size)) if size.trim_end_matches('}').parse::<u64>().is_ok() => {
            format!("{before}app.index.bytes=…}}")
        }
        _ => line.to_owned(),
    }
}

#[tokio::test]
async fn the_real_books_are_loaded_in_one_trace() {
    let Some(directory) = corpus_dir() else {
        return;
    };
    let index = TempDir::new().unwrap();
    assert_snapshot!(start(settings(&directory, &index)).await, @r"
    app_startup INTERNAL
      load_configuration INTERNAL
      load_gutenberg_corpus INTERNAL {app.corpus.books=18, app.corpus.books_skipped=0, app.corpus.source=directory}
        process_book INTERNAL {app.book.bytes=100351, app.book.id=shakespeare-macbeth.txt}
        process_book INTERNAL {app.book.bytes=112310, app.book.id=shakespeare-caesar.txt}
        process_book INTERNAL {app.book.bytes=1220066, app.book.id=melville-moby_dick.txt}
        process_book INTERNAL {app.book.bytes=144395, app.book.id=carroll-alice.txt}
        process_book INTERNAL {app.book.bytes=162881, app.book.id=shakespeare-hamlet.txt}
        process_book INTERNAL {app.book.bytes=243901, app.book.id=bryant-stories.txt}
        process_book INTERNAL {app.book.bytes=320525, app.book.id=chesterton-thursday.txt}
        process_book INTERNAL {app.book.bytes=38153, app.book.id=blake-poems.txt}
        process_book INTERNAL {app.book.bytes=406629, app.book.id=chesterton-brown.txt}
        process_book INTERNAL {app.book.bytes=4332554, app.book.id=bible-kjv.txt}
        process_book INTERNAL {app.book.bytes=457450, app.book.id=chesterton-ball.txt}
        process_book INTERNAL {app.book.bytes=466292, app.book.id=austen-persuasion.txt}
        process_book INTERNAL {app.book.bytes=468220, app.book.id=milton-paradise.txt}
        process_book INTERNAL {app.book.bytes=673022, app.book.id=austen-sense.txt}
        process_book INTERNAL {app.book.bytes=711215, app.book.id=whitman-leaves.txt}
        process_book INTERNAL {app.book.bytes=82992, app.book.id=burgess-busterbrown.txt}
        process_book INTERNAL {app.book.bytes=887071, app.book.id=austen-emma.txt}
        process_book INTERNAL {app.book.bytes=916861, app.book.id=edgeworth-parents.txt}
      open_index INTERNAL {app.index.state=missing}
      build_index INTERNAL {app.index.state=missing}
        bm25_indexing INTERNAL {app.bm25.passages=53413, app.bm25.terms=24327}
        tfidf_vectorization INTERNAL {app.tfidf.documents=18, app.tfidf.vocabulary_size=50593}
        save_index INTERNAL {app.index.bytes=…}
      open_index INTERNAL {app.index.state=opened}
      warm_norms INTERNAL
      health_checks INTERNAL
    ");
    let again = start(settings(&directory, &index)).await;
    let (_, behind_the_books) = again.split_once("  open_index").unwrap();
    assert_snapshot!(format!("  open_index{behind_the_books}"), @r"
    open_index INTERNAL {app.index.state=opened}
    warm_norms INTERNAL
    health_checks INTERNAL
    ");
    let mut asked_for = settings(&directory, &index);
    asked_for.rebuild = true;
    let rebuilt = start(asked_for).await;
    let (_, behind_the_books) = rebuilt.split_once("  build_index").unwrap();
    assert_snapshot!(format!("  build_index{behind_the_books}"), @r"
    build_index INTERNAL {app.index.state=asked_for}
      bm25_indexing INTERNAL {app.bm25.passages=53413, app.bm25.terms=24327}
      tfidf_vectorization INTERNAL {app.tfidf.documents=18, app.tfidf.vocabulary_size=50593}
      save_index INTERNAL {app.index.bytes=…}
    open_index INTERNAL {app.index.state=opened}
    warm_norms INTERNAL
    health_checks INTERNAL
    ");
}

#[test]
fn the_sample_is_loaded_in_one_trace() {
    let recorder = record();
    let trace_id = in_span("test", |cx| {
        let corpus = load_gutenberg_corpus(Source::Sample, &Progress::default()).unwrap();
        Library::index(corpus).unwrap();
        cx.span().span_context().trace_id()
    });
    let tree = recorder.tree(trace_id);
    let mut names: Vec<&str> = tree.spans().iter().map(|span| span.name.as_str()).collect();
    names[21..23].sort_unstable();
    let books = ["process_book"; 18];
    let expected = [
        &["test", "load_gutenberg_corpus"],
        books.as_slice(),
        &[
            "build_index",
            "bm25_indexing",
            "tfidf_vectorization",
            "warm_norms",
        ],
    ]
    .concat();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_start_up_that_fails_says_so_in_its_trace() {
    let recorder = record();
    let directory = TempDir::new().unwrap();
    let mut startup = None;
    let listen = async |_: &_, span: SpanContext| {
        startup = Some(span);
        Ok(())
    };
    let error = app_startup(
        settings(directory.path(), &directory),
        Arc::default(),
        listen,
    )
    .await
    .err()
    .unwrap();
    assert_eq!(
        error.to_string(),
        "none of the 18 books is usable; austen-emma.txt: the file is missing"
    );
    let trace = sorted(&recorder.render(startup.unwrap().trace_id()));
    let head = trace.lines().take(4).collect::<Vec<_>>().join("\n");
    assert_snapshot!(head, @r"
    app_startup INTERNAL {error.type=startup} [error: none of the 18 books is usable; austen-emma.txt: the file is missing]
      load_configuration INTERNAL
      load_gutenberg_corpus INTERNAL {app.corpus.source=directory, error.type=corpus} [error: none of the 18 books is usable; austen-emma.txt: the file is missing]
        process_book INTERNAL {app.book.id=austen-emma.txt, error.type=book_missing} [error: the file is missing]
    ");
}
