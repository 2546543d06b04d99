//! Settings: flags and environment variables, and what is made of them before anything listens.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use shared::QueryCapture;

use crate::corpus::Source;
use crate::corpus::fetch::ARCHIVE_URL;

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
    /// How much of a query its spans may hold: raw, hash or off
    #[arg(long, env = "CAPTURE_QUERY", default_value = "hash", global = true)]
    pub capture_query: QueryCapture,
}

/// Settings that have been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the texts come from.
    pub source: Source,
    /// How much of a query its spans may hold.
    pub capture_query: QueryCapture,
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
        // An empty variable is how compose files and shells say that there is none.
        let directory = settings
            .corpus_dir
            .filter(|name| !name.is_empty())
            .map(PathBuf::from);
        if let Some(path) = directory.as_ref().filter(|path| !path.is_dir()) {
            return Err(ConfigError::CorpusDirectory(path.clone()));
        }
        Ok(Self {
            listen: settings.listen,
            source: Source::find(directory),
            capture_query: settings.capture_query,
        })
    }
}
