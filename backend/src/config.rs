//! Settings: flags and environment variables, and what is made of them before anything listens.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use shared::QueryCapture;

use crate::corpus::fetch::ARCHIVE_URL;
use crate::corpus::{Source, cache};
use crate::search::{IndexSettings, Limits};

/// Full-text search over Project Gutenberg books, traced from the request to the posting list.
#[derive(Clone, Debug, Parser)]
#[command(name = "backend", version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings of all commands.
    #[command(flatten)]
    pub settings: SettingsArguments,
}

/// What to do.
#[derive(Clone, Debug, Default, Subcommand)]
pub enum Command {
    /// Answer requests until told to stop (the default)
    #[default]
    Serve,
    /// Exit with 0 if the backend at --listen is ready, with 1 if not
    Healthcheck,
    /// Download the 18 books into the cache and check them
    FetchCorpus {
        /// Address of NLTK's gutenberg.zip
        #[arg(long, default_value = ARCHIVE_URL)]
        url: String,
    },
    /// Build the index of the books into --index-dir, for a start that cannot write there, and exit
    BuildIndex,
    /// Exit with 0 if all 18 books of --corpus-dir are there and intact, with 1 if not
    VerifyCorpus,
}

/// Settings as they were given.
#[derive(Args, Clone, Debug)]
pub struct SettingsArguments {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "BACKEND_LISTEN",
        default_value = "127.0.0.1:8000",
        global = true
    )]
    pub listen: SocketAddr,
    /// Directory of the books; without it, the cache of `fetch-corpus` is used, else a built-in sample
    #[arg(long, env = "CORPUS_DIR", global = true)]
    pub corpus_dir: Option<OsString>,
    /// Directory of the indexes that are kept between starts [default: gutenberg-explorer/index in the user's cache]
    #[arg(long, env = "INDEX_DIR", global = true)]
    pub index_dir: Option<OsString>,
    /// Build the index even if one is kept
    #[arg(long, global = true)]
    pub rebuild: bool,
    /// Seconds to wait for another process that builds in --index-dir; after that, the index is built in memory
    #[arg(long, env = "INDEX_WAIT_SECONDS", default_value_t = 60, global = true)]
    pub index_wait_seconds: u32,
    /// Indexes of other books or versions that are kept in --index-dir
    #[arg(long, env = "INDEX_OTHERS", default_value_t = 3, global = true)]
    pub index_others: u16,
    /// Seconds between two looks at whether the files of the books have changed; 0 for never
    #[arg(long, env = "CORPUS_CHECK_SECONDS", default_value_t = 5, global = true)]
    pub corpus_check_seconds: u32,
    /// How much of a query its spans may hold: raw, hash or off
    #[arg(long, env = "CAPTURE_QUERY", default_value = "hash", global = true)]
    pub capture_query: QueryCapture,
    /// Time for one search, in milliseconds
    #[arg(long, env = "SEARCH_DEADLINE_MS", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=60_000), global = true)]
    pub search_deadline_ms: u64,
    /// Expensive searches that run at once; without it, one less than there are processors, and at least one
    #[arg(long, env = "EXPENSIVE_SEARCHES", value_parser = clap::value_parser!(u16).range(1..), global = true)]
    pub expensive_searches: Option<u16>,
    /// Expensive searches that wait for their turn; more are refused
    #[arg(long, env = "WAITING_SEARCHES", default_value_t = 32, global = true)]
    pub waiting_searches: u16,
    /// Postings that a search may be expected to read without being expensive
    #[arg(long, env = "CHEAP_POSTINGS", default_value_t = 50_000, global = true)]
    pub cheap_postings: u64,
}

impl SettingsArguments {
    fn limits(&self) -> Limits {
        let expensive = self.expensive_searches.map(usize::from);
        Limits {
            deadline: Duration::from_millis(self.search_deadline_ms),
            expensive: expensive.unwrap_or(Limits::default().expensive),
            waiting: self.waiting_searches.into(),
            cheap_postings: self.cheap_postings,
        }
    }
}

/// Settings that have been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the texts come from.
    pub source: Source,
    /// Where the index is kept.
    pub index: IndexSettings,
    /// How often to look whether the books have changed; never without.
    pub corpus_check: Option<Duration>,
    /// How much of a query its spans may hold.
    pub capture_query: QueryCapture,
    /// How much searches may take.
    pub limits: Limits,
}

/// A setting cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// `--corpus-dir` names no directory.
    #[error("--corpus-dir (CORPUS_DIR): {} is not a directory", .0.display())]
    CorpusDirectory(PathBuf),
}

impl Config {
    /// Checks `settings` against this machine.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn check(settings: SettingsArguments) -> Result<Self, ConfigError> {
        let limits = settings.limits();
        let directory = path(settings.corpus_dir);
        if let Some(path) = directory.as_ref().filter(|path| !path.is_dir()) {
            return Err(ConfigError::CorpusDirectory(path.clone()));
        }
        Ok(Self {
            listen: settings.listen,
            source: Source::find(directory),
            index: IndexSettings {
                directory: path(settings.index_dir).or_else(|| Some(cache()?.join("index"))),
                rebuild: settings.rebuild,
                patience: Duration::from_secs(settings.index_wait_seconds.into()),
                others: settings.index_others.into(),
            },
            corpus_check: match settings.corpus_check_seconds {
                0 => None,
                seconds => Some(Duration::from_secs(seconds.into())),
            },
            capture_query: settings.capture_query,
            limits,
        })
    }
}

/// The path of a setting. An empty variable is how compose files and shells say that there is none.
fn path(setting: Option<OsString>) -> Option<PathBuf> {
    setting.filter(|name| !name.is_empty()).map(PathBuf::from)
}
