//! What the tracing test page offers to try, in words, and the list of what was tried.

use trace_model::TraceId;

/// Something to try the tracer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Experiment {
    /// One span.
    SimpleSpan,
    /// One span with an error.
    ErrorSpan,
    /// Three spans, one after the other, each over an await.
    ThreeAwaits,
    /// Two spans at the same time, each with a request.
    OverlappingTasks,
    /// A request that is aborted.
    AbortedFetch,
    /// A request to another origin.
    ForeignFetch,
    /// A panic.
    PanickingSpan,
    /// A span that is open when the page goes away.
    UnfinishedSpan,
}

/// A trace that was made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tried {
    /// What was tried.
    pub experiment: Experiment,
    /// Its trace.
    pub trace_id: TraceId,
    /// Whether the trace is recorded.
    pub sampled: bool,
}

/// Most traces that are listed; the oldest make room.
const LISTED: usize = 12;

impl Experiment {
    /// All of them, in the order of the page.
    pub(crate) const ALL: [Experiment; 8] = [
        Experiment::SimpleSpan,
        Experiment::ErrorSpan,
        Experiment::ThreeAwaits,
        Experiment::OverlappingTasks,
        Experiment::AbortedFetch,
        Experiment::ForeignFetch,
        Experiment::PanickingSpan,
        Experiment::UnfinishedSpan,
    ];

    /// The label of its button.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Experiment::SimpleSpan => "Simple span",
            Experiment::ErrorSpan => "Error span",
            Experiment::ThreeAwaits => "Three awaits",
            Experiment::OverlappingTasks => "Two overlapping tasks",
            Experiment::AbortedFetch => "Aborted fetch",
            Experiment::ForeignFetch => "Foreign-origin fetch",
            Experiment::PanickingSpan => "Panic",
            Experiment::UnfinishedSpan => "Tab close",
        }
    }

    /// What its trace has to show.
    pub(crate) fn expectation(self) -> &'static str {
        match self {
            Experiment::SimpleSpan => "One span, from now to the next frame.",
            Experiment::ErrorSpan => "One span with status ERROR and its error.type.",
            Experiment::ThreeAwaits => "Three children, one after the other, below one root.",
            Experiment::OverlappingTasks => {
                "Two children at the same time; each request hangs below its own."
            }
            Experiment::AbortedFetch => "A request that says cancelled, and is no error.",
            Experiment::ForeignFetch => {
                "A request that the page’s policy refuses; no server is told of the trace."
            }
            Experiment::PanickingSpan => "The span ends with the panic; the page goes on.",
            Experiment::UnfinishedSpan => {
                "Loads the page anew in the middle of a span: it arrives all the same and says page.unloaded."
            }
        }
    }
}

/// Adds one to the list, newest first.
pub(crate) fn add(list: &mut Vec<Tried>, tried: Tried) {
    list.insert(0, tried);
    list.truncate(LISTED);
}

/// The list as text for the browser to keep while the page is loaded anew.
pub(crate) fn write(list: &[Tried]) -> String {
    let line = |tried: &Tried| {
        let position = Experiment::ALL
            .iter()
            .position(|experiment| *experiment == tried.experiment);
        let sampled = u8::from(tried.sampled);
        format!("{} {} {sampled}", position.unwrap_or(0), tried.trace_id)
    };
    list.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The list of such a text; lines that are none are left out.
pub(crate) fn read(text: &str) -> Vec<Tried> {
    let tried = |line: &str| {
        let mut fields = line.split(' ');
        Some(Tried {
            experiment: *Experiment::ALL.get(fields.next()?.parse::<usize>().ok()?)?,
            trace_id: fields.next()?.parse().ok()?,
            sampled: fields.next()? == "1",
        })
    };
    text.lines().filter_map(tried).take(LISTED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(number: u8, experiment: Experiment) -> Tried {
        Tried {
            experiment,
            trace_id: TraceId([number; 16]),
            sampled: number % 2 == 1,
        }
    }

    #[test]
    fn the_list_survives_being_written_and_read() {
        let list: Vec<Tried> = (1..)
            .zip(Experiment::ALL)
            .map(|(number, one)| tried(number, one))
            .collect();
        assert_eq!(read(&write(&list)), list);
        assert_eq!(read(""), []);
    }

    #[test]
    fn what_is_no_line_of_the_list_is_left_out() {
        let good = write(&[tried(1, Experiment::PanickingSpan)]);
        let text = format!("x\n99 {} 1\n0 zz 1\n{good}\n0", TraceId([1; 16]));
        assert_eq!(read(&text), [tried(1, Experiment::PanickingSpan)]);
    }

    #[test]
    fn the_newest_comes_first_and_the_oldest_makes_room() {
        let mut list = Vec::new();
        for number in 1..=20 {
            add(&mut list, tried(number, Experiment::SimpleSpan));
        }
        assert_eq!(list.len(), LISTED);
        assert_eq!(list[0], tried(20, Experiment::SimpleSpan));
    }
}
