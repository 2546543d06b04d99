//! Subcommands that ask a running collector, for a terminal, a script or a pipeline.

mod client;

pub mod check;
pub mod export;
pub mod import;
pub mod show;
pub mod tail;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::settings::Settings;
use check::Check;
use export::Export;
use import::Import;
use show::Show;
use tail::Tail;

/// What can be asked of a running collector.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Write a line for each trace as it arrives at a running collector.
    Tail(Tail),
    /// Draw a trace that a running collector holds, or write it as OTLP JSON.
    Show(Show),
    /// Hold the spans of a running collector to the budgets of --budgets: exit code 0 when all are kept, 1 when not, 2 when
    /// the budgets cannot be read, 3 when the collector cannot be asked.
    Check(Check),
    /// Send OTLP JSON from files to a running collector.
    Import(Import),
    /// Write traces that a running collector holds as OTLP JSON.
    Export(Export),
}

/// What a subcommand comes to: an exit code, or what went wrong.
pub type Outcome = Result<ExitCode, Failed>;

/// What went wrong, and the exit code that says so.
#[derive(Debug)]
pub struct Failed {
    /// Exit code.
    pub code: u8,
    /// What went wrong, in words.
    pub error: anyhow::Error,
}

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        let error = error.into();
        Self { code: 1, error }
    }
}

/// Asks the collector that these settings name.
///
/// # Errors
/// What the subcommand says; never that the reader of its output has enough of it.
pub fn run(settings: &Settings, command: &Command) -> Outcome {
    let outcome = match command {
        Command::Tail(tail) => tail::run(settings, tail),
        Command::Show(show) => show::run(settings, show),
        Command::Check(check) => check::run(settings, check),
        Command::Import(import) => import::run(settings, import),
        Command::Export(export) => export::run(settings, export),
    };
    match outcome {
        Err(failed) if failed.is_end_of_reader() => Ok(ExitCode::SUCCESS),
        outcome => outcome,
    }
}

impl Failed {
    fn is_end_of_reader(&self) -> bool {
        let io = self.error.downcast_ref::<io::Error>();
        io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Which traces are meant; everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Selection {
    /// Traces with a span of this service.
    #[arg(long)]
    pub service: Option<String>,
    /// Traces with this text in the name or service of a span, or at the beginning of their id.
    #[arg(long)]
    pub text: Option<String>,
    /// Traces that took at least this long, such as 12.5ms.
    #[arg(long)]
    pub min_duration: Option<String>,
    /// Traces that took at most this long, such as 1s.
    #[arg(long)]
    pub max_duration: Option<String>,
    /// Traces with an error.
    #[arg(long)]
    pub error: bool,
    /// Traces with a span or resource that has this attribute; may be given eight times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub attribute: Vec<String>,
}

impl Selection {
    /// As parameters of the query API, which checks them.
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let given = [
            ("service", &self.service),
            ("text", &self.text),
            ("min_duration", &self.min_duration),
            ("max_duration", &self.max_duration),
        ];
        let given = given
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)));
        let error = self.error.then(|| ("error", "true".to_owned()));
        let attributes = self.attribute.iter();
        let attributes = attributes.map(|pair| ("attribute", pair.clone()));
        given.chain(error).chain(attributes).collect()
    }
}

/// Writes to standard output. Whoever reads it may stop when they have enough.
///
/// # Errors
/// When it cannot be written for another reason. A reader that has stopped is [`io::ErrorKind::BrokenPipe`].
fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// A note beside the output.
fn note(text: &str) {
    // Nothing is left to be told to when this fails.
    let _ = writeln!(io::stderr(), "collector: {text}");
}

/// JSON in ASCII, which a terminal shows as it is: everything else is escaped, as JSON allows in texts and has no use for
/// elsewhere.
fn ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            ascii.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::ascii;

    #[test]
    fn json_in_ascii_says_the_same() {
        let text = "a\u{202e}é\u{7f}🦀\u{1b}\"\\";
        let json = serde_json::to_string(text).unwrap();
        let escaped = ascii(&json);
        assert_eq!(escaped, r#""a\u202e\u00e9\u007f\ud83e\udd80\u001b\"\\""#);
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}
