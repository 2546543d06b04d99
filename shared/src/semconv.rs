//! Telemetry names of this application. The page and the services open every span through these constants, and only
//! through them; each span constant is opened in exactly one place, which `cargo xtask tidy` checks.
//!
//! Names that the OpenTelemetry semantic conventions already define (`http.*`, `url.*`, `error.type`) are not repeated
//! here.

/// `service.name` values, one for each process that makes spans.
pub mod service {
    /// The page in the browser.
    pub const FRONTEND: &str = "gutenberg-frontend";
    /// The server of static files and same-origin proxies.
    pub const FRONTEND_SERVER: &str = "gutenberg-frontend-server";
    /// The API and the search.
    pub const BACKEND: &str = "gutenberg-backend";
}

/// Span names. A span, its function and, where it has one, its file share the name.
pub mod span {
    /// Root of the trace of one search, opened by the page; lasts from the submit to the painted answer.
    pub const FRONTEND_SEARCH: &str = "frontend_search";
    /// The page shows that a search is under way; ends at the frame that shows it.
    pub const UPDATE_UI_LOADING: &str = "update_ui_loading";
    /// The page builds the request from the form.
    pub const PREPARE_API_REQUEST: &str = "prepare_api_request";
    /// From sending the request until its body is complete.
    pub const API_REQUEST_EXECUTE: &str = "api_request_execute";
    /// The page turns the body into typed results.
    pub const PARSE_RESPONSE: &str = "parse_response";
    /// The page turns the results into what it shows.
    pub const PROCESS_SEARCH_RESULTS: &str = "process_search_results";
    /// The page writes query and method into its address.
    pub const UPDATE_URL_PARAMS: &str = "update_url_params";
    /// The page shows the answer; ends at the painted frame.
    pub const UPDATE_UI_FINAL: &str = "update_ui_final";
    /// The page shows that a search failed and why.
    pub const HANDLE_SEARCH_ERROR: &str = "handle_search_error";
    /// The page loads a part of its program; root of its own trace.
    pub const LOAD_CHUNK: &str = "load_chunk";
    /// The page loads the list of books; root of its own trace.
    pub const LOAD_BOOKS: &str = "load_books";
    /// The page loads a book and the part of its text that is shown first; root of its own trace.
    pub const LOAD_BOOK: &str = "load_book";
    /// The page loads what stands before or after the text that is shown; root of its own trace.
    pub const LOAD_TEXT: &str = "load_text";
    /// The page loads the answers of several methods side by side; root of its own trace.
    pub const LOAD_COMPARISON: &str = "load_comparison";
    /// The page loads how the score of a hit came about; root of its own trace.
    pub const LOAD_EXPLANATION: &str = "load_explanation";

    /// One span, to try the tracer; root of its own trace like all that is tried.
    pub const SIMPLE_SPAN: &str = "simple_span";
    /// One span with an error.
    pub const ERROR_SPAN: &str = "error_span";
    /// Three times the same, one after the other.
    pub const THREE_AWAITS: &str = "three_awaits";
    /// One of the three; lasts until the next frame.
    pub const ONE_AWAIT: &str = "one_await";
    /// Two tasks at the same time.
    pub const OVERLAPPING_TASKS: &str = "overlapping_tasks";
    /// One of the two, with a request of its own.
    pub const OVERLAPPING_TASK: &str = "overlapping_task";
    /// A request that is aborted.
    pub const ABORTED_FETCH: &str = "aborted_fetch";
    /// A request to another origin, which the policy of the page refuses.
    pub const FOREIGN_FETCH: &str = "foreign_fetch";
    /// A panic.
    pub const PANICKING_SPAN: &str = "panicking_span";
    /// Open when the page goes away.
    pub const UNFINISHED_SPAN: &str = "unfinished_span";
    /// Many spans, to measure what one costs.
    pub const MEASURED_SPANS: &str = "measured_spans";
    /// One of the many.
    pub const MEASURED_SPAN: &str = "measured_span";

    /// The search handler of the backend.
    pub const SEARCH_API: &str = "search_api";
    /// Chooses and runs the method that was asked for.
    pub const PERFORM_SEARCH: &str = "perform_search";
    /// Search by TF-IDF and cosine similarity.
    pub const TFIDF_SEARCH: &str = "tfidf_search";
    /// Search by BM25 over passages.
    pub const BM25_SEARCH: &str = "bm25_search";
    /// Search in two stages: BM25 over passages, then the order of the words.
    pub const HYBRID_SEARCH: &str = "hybrid_search";
    /// Search for words in a row.
    pub const PHRASE_SEARCH: &str = "phrase_search";
    /// Search by BM25 over passages in which similar words take the place of unknown ones.
    pub const FUZZY_SEARCH: &str = "fuzzy_search";
    /// Asks several methods the same at the same time.
    pub const COMPARE_METHODS: &str = "compare_methods";
    /// Does a search again and takes the score of one book apart.
    pub const EXPLAIN_SCORE: &str = "explain_score";
    /// Search by TF-IDF and cosine similarity, done badly on purpose.
    pub const SLOW_TFIDF_SEARCH: &str = "slow_tfidf_search";
    /// Splits the query anew with each of its letters.
    pub const SLOW_PREPROCESS_QUERY: &str = "slow_preprocess_query";
    /// Reads the dictionary from its first word for every term.
    pub const SLOW_VECTORIZE_QUERY: &str = "slow_vectorize_query";
    /// Computes the lengths of all books anew, though they never change.
    pub const SLOW_COMPUTE_SIMILARITY: &str = "slow_compute_similarity";
    /// Orders and shows results in the slowest way.
    pub const SLOW_PROCESS_RESULTS: &str = "slow_process_results";
    /// Compares each result with each, again and again.
    pub const INEFFICIENT_BUBBLE_SORT: &str = "inefficient_bubble_sort";
    /// Splits a whole book for one passage.
    pub const SLOW_GENERATE_SNIPPET: &str = "slow_generate_snippet";
    /// Query text to terms.
    pub const PREPROCESS_QUERY: &str = "preprocess_query";
    /// Terms to a weighted vector, by the dictionary of the index.
    pub const VECTORIZE_QUERY: &str = "vectorize_query";
    /// Reads the postings and accumulates the score of every matching document.
    pub const COMPUTE_SIMILARITY: &str = "compute_similarity";
    /// Second stage of `hybrid_search`: looks at how the words of the query stand in the candidates.
    pub const RERANK_PASSAGES: &str = "rerank_passages";
    /// Ranks, cuts and describes the hits.
    pub const PROCESS_RESULTS: &str = "process_results";
    /// Finds the passage to show for one hit.
    pub const GENERATE_SNIPPET: &str = "generate_snippet";

    /// Root of the backend's start-up trace.
    pub const APP_STARTUP: &str = "app_startup";
    /// Reads and checks the settings.
    pub const LOAD_CONFIGURATION: &str = "load_configuration";
    /// Opens, checks and tokenises all books.
    pub const LOAD_GUTENBERG_CORPUS: &str = "load_gutenberg_corpus";
    /// Opens, checks and tokenises one book.
    pub const PROCESS_BOOK: &str = "process_book";
    /// Reads and checks the index that an earlier start has kept.
    pub const OPEN_INDEX: &str = "open_index";
    /// Builds the index, because there is none to open.
    pub const BUILD_INDEX: &str = "build_index";
    /// Writes the index for the next start.
    pub const SAVE_INDEX: &str = "save_index";
    /// Computes the lengths of all documents' vectors.
    pub const WARM_NORMS: &str = "warm_norms";
    /// Builds the index of whole books.
    pub const TFIDF_VECTORIZATION: &str = "tfidf_vectorization";
    /// Builds the index of passages.
    pub const BM25_INDEXING: &str = "bm25_indexing";
    /// Asks the index a question before it is called ready.
    pub const HEALTH_CHECKS: &str = "health_checks";
}

/// Attribute keys beyond the semantic conventions.
pub mod attribute {
    /// Letters (Unicode scalar values) in the query; integer.
    pub const SEARCH_QUERY_LENGTH: &str = "app.search.query.length";
    /// The query as typed; string, only with `CAPTURE_QUERY=raw`.
    pub const SEARCH_QUERY: &str = "app.search.query";
    /// The first 16 hexadecimal digits of the query's SHA-256; string, only with `CAPTURE_QUERY=hash`.
    pub const SEARCH_QUERY_HASH: &str = "app.search.query.hash";
    /// Search method by its wire name; string.
    pub const SEARCH_METHOD: &str = "app.search.method";
    /// Hits returned; integer.
    pub const SEARCH_RESULTS_COUNT: &str = "app.search.results_count";
    /// How the search of the page ended: `answered`, `failed` or `aborted`; string.
    pub const SEARCH_OUTCOME: &str = "app.search.outcome";
    /// Most hits that may be returned; integer.
    pub const SEARCH_MAX_RESULTS: &str = "app.search.max_results";
    /// Score that a hit must exceed; double.
    pub const SEARCH_THRESHOLD: &str = "app.search.threshold";
    /// Hits found before the cut to `app.search.max_results`; integer.
    pub const SEARCH_TOTAL_MATCHES: &str = "app.search.total_matches";
    /// Score of the best hit; double, absent without hits.
    pub const SEARCH_TOP_SCORE: &str = "app.search.top_score";
    /// Part of the page's program: `books`, `traces` or `details`; string.
    pub const CHUNK_NAME: &str = "app.chunk.name";
    /// Fingerprint of corpus and index schema; string.
    pub const INDEX_VERSION: &str = "app.index.version";
    /// What was found where the index is kept, and so why it is built: `opened`, `missing`, `damaged`, `foreign`,
    /// `asked_for` or `in_memory`; string.
    pub const INDEX_STATE: &str = "app.index.state";
    /// Size of the index on disk in bytes; integer.
    pub const INDEX_BYTES: &str = "app.index.bytes";
    /// Terms of the query that take part in the search; integer.
    pub const QUERY_TOKEN_COUNT: &str = "app.query.token_count";
    /// Words of the query that were dropped as stop words or as too short; integer.
    pub const QUERY_DROPPED_STOP_WORDS: &str = "app.query.dropped_stop_words";
    /// Dimensions of the query vector that are not zero; integer.
    pub const VECTOR_NONZERO: &str = "app.vector.nonzero";
    /// Terms of the query that the index does not know; integer.
    pub const VECTOR_OUT_OF_VOCABULARY: &str = "app.vector.out_of_vocabulary";
    /// Documents that shared a term with the query; integer.
    pub const SIMILARITY_DOCUMENTS_SCORED: &str = "app.similarity.documents_scored";
    /// Postings read, and of frequent terms, which have columns, passages looked at; integer.
    pub const SIMILARITY_POSTINGS_READ: &str = "app.similarity.postings_read";
    /// Passages that are looked at again in the second stage; integer.
    pub const RERANK_CANDIDATES: &str = "app.rerank.candidates";
    /// Hits described for the answer; integer.
    pub const RESULTS_RETURNED: &str = "app.results.returned";
    /// Book by its id; string.
    pub const BOOK_ID: &str = "app.book.id";
    /// Size of a book's text in bytes; integer.
    pub const BOOK_BYTES: &str = "app.book.bytes";
    /// Highlighted words in a snippet; integer.
    pub const SNIPPET_HIGHLIGHTS: &str = "app.snippet.highlights";
    /// Words that `slow_tfidf` read although the index knows where they stand; integer.
    pub const SLOW_WORDS_READ: &str = "app.slow.words_read";
    /// Which of several tasks at the same time this is; string.
    pub const TEST_TASK: &str = "app.test.task";
    /// Comparisons of `inefficient_bubble_sort`; integer.
    pub const SLOW_COMPARISONS: &str = "app.slow.comparisons";
    /// Where the texts came from: `directory`, `cache`, `download` or `sample`; string.
    pub const CORPUS_SOURCE: &str = "app.corpus.source";
    /// Books that are served; integer.
    pub const CORPUS_BOOKS: &str = "app.corpus.books";
    /// Books that were left out because they are missing or damaged; integer.
    pub const CORPUS_BOOKS_SKIPPED: &str = "app.corpus.books_skipped";
    /// Distinct terms of the full vocabulary; integer.
    pub const TFIDF_VOCABULARY_SIZE: &str = "app.tfidf.vocabulary_size";
    /// Documents in the index; integer.
    pub const TFIDF_DOCUMENTS: &str = "app.tfidf.documents";
    /// Passages in the index of passages; integer.
    pub const BM25_PASSAGES: &str = "app.bm25.passages";
    /// Distinct terms in the index of passages; integer.
    pub const BM25_TERMS: &str = "app.bm25.terms";
}
