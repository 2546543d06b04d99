//! `collector tail`: a line for each trace as it arrives.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{BufRead, BufReader, Read};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::Value as Json;
use trace_model::{Summary, TraceId, terminal};

use super::client::Client;
use super::{Outcome, Selection, ascii, note, print};
use crate::settings::Settings;

/// How long a trace that is not complete may stay unchanged before it has its line all the same.
const SETTLE: Duration = Duration::from_secs(3);
/// Traces that are waited for at a time; the first has its line when there are more.
const PENDING_MAX: usize = 1_000;
/// Traces of which it is remembered that they had their line.
const TOLD_MAX: usize = 10_000;
/// The longest line that is taken of the collector, in bytes.
const LINE_MAX: u64 = 1 << 20;

/// Arguments of `collector tail`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Tail {
    /// Which traces.
    #[command(flatten)]
    pub selection: Selection,
    /// Traces to begin with that are there already.
    #[arg(long, default_value_t = 10)]
    pub limit: usize,
    /// End after so many lines.
    #[arg(long)]
    pub count: Option<usize>,
    /// Write every change of a trace as a line of JSON, instead of one line for each trace once it is complete.
    #[arg(long)]
    pub json: bool,
}

/// Writes lines until there are enough, or the collector ends.
///
/// # Errors
/// When the collector does not answer, refuses, or ends.
pub fn run(settings: &Settings, tail: &Tail) -> Outcome {
    let mut parameters = tail.selection.parameters();
    parameters.push(("limit", tail.limit.to_string()));
    let body = Client::new(settings.query).open("/api/x/live", &parameters)?;
    let mut events = Events(BufReader::new(
        body.into_with_config().limit(u64::MAX).reader(),
    ));
    let mut lines = Lines {
        left: tail.count,
        ..Lines::default()
    };
    while lines.left != Some(0) {
        let event = events.next()?.context("the collector has ended")?;
        match event.name.as_str() {
            "trace" if tail.json => lines.print(&ascii(&event.data))?,
            "trace" => {
                let json: Json =
                    serde_json::from_str(&event.data).context("an event cannot be read")?;
                lines.changed(Summary::from_json(&json)?)?;
            }
            "missed" => {
                let json: Json =
                    serde_json::from_str(&event.data).context("an event cannot be read")?;
                note(&format!(
                    "missed {} changes: they came too quickly",
                    json["count"]
                ));
            }
            // What was there before changes no more, as far as anybody knows.
            "ready" => lines.settle(Duration::ZERO)?,
            _ => {}
        }
        lines.settle(SETTLE)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Server-sent events.
struct Events<R>(BufReader<R>);

/// An event; a comment has neither name nor data.
#[derive(Default)]
struct Event {
    name: String,
    data: String,
}

impl<R: Read> Events<R> {
    /// The next event; nothing at the end.
    fn next(&mut self) -> anyhow::Result<Option<Event>> {
        let mut event = Event::default();
        loop {
            let mut line = String::new();
            let length = self.0.by_ref().take(LINE_MAX).read_line(&mut line);
            if length.context("the collector has gone")? == 0 {
                return Ok(None);
            }
            if !line.ends_with('\n') {
                bail!("the collector has gone in the middle of a line, or its line is too long");
            }
            let line = line.trim_end();
            if let Some(name) = line.strip_prefix("event: ") {
                name.clone_into(&mut event.name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                data.clone_into(&mut event.data);
            } else if line.is_empty() {
                return Ok(Some(event));
            }
        }
    }
}

/// Lines so far, and traces that will have one.
#[derive(Default)]
struct Lines {
    /// How many more are wanted; all when absent.
    left: Option<usize>,
    pending: HashMap<TraceId, (Summary, Instant)>,
    told: HashSet<TraceId>,
    told_in_order: VecDeque<TraceId>,
}

impl Lines {
    fn changed(&mut self, summary: Summary) -> anyhow::Result<()> {
        let id = summary.trace_id;
        if self.told.contains(&id) {
            return Ok(());
        }
        if summary.complete {
            self.pending.remove(&id);
            return self.tell(&summary);
        }
        self.pending.insert(id, (summary, Instant::now()));
        if self.pending.len() > PENDING_MAX {
            self.tell_longest_unchanged()?;
        }
        Ok(())
    }

    /// Tells of those that have not changed for so long.
    fn settle(&mut self, unchanged: Duration) -> anyhow::Result<()> {
        let is_settled = |(_, changed): &&(Summary, Instant)| changed.elapsed() >= unchanged;
        let count = self.pending.values().filter(is_settled).count();
        for _ in 0..count {
            self.tell_longest_unchanged()?;
        }
        Ok(())
    }

    fn tell_longest_unchanged(&mut self) -> anyhow::Result<()> {
        let longest = self.pending.values().min_by_key(|(_, changed)| *changed);
        let id = longest.map(|(summary, _)| summary.trace_id);
        match id.and_then(|id| self.pending.remove(&id)) {
            Some((summary, _)) => self.tell(&summary),
            None => Ok(()),
        }
    }

    fn tell(&mut self, summary: &Summary) -> anyhow::Result<()> {
        if self.told.insert(summary.trace_id) {
            self.told_in_order.push_back(summary.trace_id);
        }
        if self.told_in_order.len() > TOLD_MAX
            && let Some(oldest) = self.told_in_order.pop_front()
        {
            self.told.remove(&oldest);
        }
        self.print(&terminal::line(summary))
    }

    fn print(&mut self, line: &str) -> anyhow::Result<()> {
        match &mut self.left {
            Some(0) => return Ok(()),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(print(&format!("{line}\n"))?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_stream_comes_to_an_end(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..400)) {
            let mut events = Events(BufReader::new(&bytes[..]));
            let mut count = 0;
            while let Ok(Some(_)) = events.next() {
                count += 1;
            }
            prop_assert!(count <= bytes.len());
        }
    }

    #[test]
    fn an_event_is_its_name_and_its_data() {
        let stream = "event: trace\ndata: {}\n\n: nothing new\n\nevent: cut";
        let mut events = Events(BufReader::new(stream.as_bytes()));
        let mut next = || {
            events
                .next()
                .map(|event| event.map(|it| (it.name, it.data)))
        };
        let text = |name: &str, data: &str| Some((name.to_owned(), data.to_owned()));
        assert_eq!(next().ok(), Some(text("trace", "{}")));
        assert_eq!(next().ok(), Some(text("", "")));
        assert!(next().is_err(), "the end is in the middle of a line");
    }
}
