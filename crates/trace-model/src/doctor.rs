//! Why a trace is broken: looks for what is known to go wrong between services, and says what to do about it.

use std::collections::HashMap;

use crate::completeness::unanswered_calls;
use crate::{Kind, Salvage, Span, SpanId, Tree, Value};

/// Findings of one examination; a trace that is broken in more places says how many are left out.
pub const FINDINGS_MAX: usize = 100;

/// Calls of one trace whose answer is looked for elsewhere; there is no end to what a sender makes up.
const LOOKED_FOR_MAX: usize = 1_000;

/// Bits of [`Span::flags`]: sampled, of the W3C; that it is known whether the parent is remote, and that it is.
const SAMPLED: u32 = 1;
const REMOTE_IS_KNOWN: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;
/// How far outside its call an answer in another trace may lie, in nanoseconds, since clocks differ.
const SLACK_NS: u64 = 10_000_000;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ailment {
    /// A call was answered in a trace of its own: it left without `traceparent`, or somebody between took it away.
    HeaderMissing,
    /// Spans were recorded under a context that says not sampled; services behind them recorded nothing.
    FlagZero,
    /// Several spans have no parent.
    SecondRoot,
    /// Spans name a parent that was never received.
    ParentNeverReceived,
    /// Spans are their own ancestors.
    ParentCircle,
    /// A call has no answering span, and nothing says why.
    CallUnanswered,
    /// Times were moved because clocks disagree, and still do not fit.
    ClocksDisagree,
    /// A span ends before it starts.
    EndBeforeStart,
    /// Attributes, events or links were over a limit and are gone.
    CutByLimits,
}

impl Ailment {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::HeaderMissing,
        Self::FlagZero,
        Self::SecondRoot,
        Self::ParentNeverReceived,
        Self::ParentCircle,
        Self::CallUnanswered,
        Self::ClocksDisagree,
        Self::EndBeforeStart,
        Self::CutByLimits,
    ];

    /// Its name in JSON and in a terminal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HeaderMissing => "header-missing",
            Self::FlagZero => "flag-zero",
            Self::SecondRoot => "second-root",
            Self::ParentNeverReceived => "parent-never-received",
            Self::ParentCircle => "parent-circle",
            Self::CallUnanswered => "call-unanswered",
            Self::ClocksDisagree => "clocks-disagree",
            Self::EndBeforeStart => "end-before-start",
            Self::CutByLimits => "cut-by-limits",
        }
    }

    /// What to look at.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::HeaderMissing => {
                "Inject the context into the request, and let proxies, CORS and gateways pass `traceparent` on."
            }
            Self::FlagZero => {
                "Sample by parent in every service, and hand the flag on as it came; a proxy may rewrite it."
            }
            Self::SecondRoot => {
                "Start the work under the context of its request: something was spawned or queued without it."
            }
            Self::ParentNeverReceived => {
                "Look at the exporter of the service that made the parent: late, lost at the end, or sampled on its own."
            }
            Self::ParentCircle => "Ids are made up or reused: look at what creates them.",
            Self::CallUnanswered => {
                "Trace the service that is called, or wait: its spans may be on their way."
            }
            Self::ClocksDisagree => {
                "Synchronise the clocks of the hosts; until then compare durations, not times."
            }
            Self::EndBeforeStart => {
                "The clock was set back while the span ran: measure with a monotonic clock."
            }
            Self::CutByLimits => "Raise the limits of the SDK, or record less.",
        }
    }
}

/// Something that is wrong with a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub ailment: Ailment,
    /// What exactly, in a sentence. It holds names from outside as they are.
    pub message: String,
    /// Rows of the spans it is about; at least one.
    pub rows: Vec<usize>,
}

/// What is wrong with a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    /// By kind of finding, then by row; at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub omitted: usize,
}

/// Examines a trace. `roots_elsewhere` are roots of other traces of about the same time, which may turn out to be the answer
/// to a call of this one; without them such a call is only unanswered.
#[must_use]
pub fn examine(tree: &Tree, roots_elsewhere: &[Span]) -> Examination {
    let mut findings = Vec::new();
    calls(tree, roots_elsewhere, &mut findings);
    second_roots(tree, &mut findings);
    missing_parents(tree, &mut findings);
    single_spans(tree, &mut findings);
    clocks(tree, &mut findings);
    let omitted = findings.len().saturating_sub(FINDINGS_MAX);
    findings.truncate(FINDINGS_MAX);
    Examination { findings, omitted }
}

/// What became of calls without an answer.
fn calls(tree: &Tree, roots_elsewhere: &[Span], findings: &mut Vec<Finding>) {
    let mut unanswered = Vec::new();
    for (i, row) in unanswered_calls(tree).enumerate() {
        let call = tree.span(row);
        let roots = roots_elsewhere.iter().filter(|_| i < LOOKED_FOR_MAX);
        let answers = roots.filter(|root| may_answer(root, call));
        match answers.min_by_key(|root| root.start_ns.abs_diff(call.start_ns)) {
            Some(answer) => findings.push(Finding {
                ailment: Ailment::HeaderMissing,
                message: format!(
                    "{} of {} was answered by {} of {} in trace {}: the context did not get there",
                    call.name, call.service, answer.name, answer.service, answer.trace_id
                ),
                rows: vec![row],
            }),
            None => unanswered.push(row),
        }
    }
    let is_cut = |&row: &usize| is_unsampled(tree.span(row));
    let of_service = |row: usize| tree.span(row).service.as_str();
    let (cut, unanswered): (Vec<_>, Vec<_>) = unanswered.into_iter().partition(is_cut);
    for (ailment, rows, what) in [
        (Ailment::FlagZero, cut, "with the flag not sampled"),
        (
            Ailment::CallUnanswered,
            unanswered,
            "without a span that answers",
        ),
    ] {
        for (service, rows) in by(rows, of_service) {
            let calls = calls_in_words(rows.len());
            findings.push(Finding {
                ailment,
                message: format!("{calls} of {service} {what}"),
                rows,
            });
        }
    }
}

fn calls_in_words(count: usize) -> String {
    match count {
        1 => "a call".to_owned(),
        _ => format!("{count} calls"),
    }
}

/// Whether a root of another trace looks like the answer to a call: it ran while the call waited, elsewhere, for the same.
fn may_answer(root: &Span, call: &Span) -> bool {
    root.kind == Kind::Server
        && root.trace_id != call.trace_id
        && root.service != call.service
        && root.start_ns.saturating_add(SLACK_NS) >= call.start_ns
        && root.end_ns <= call.end_ns.saturating_add(SLACK_NS)
        && asks_same(root, call)
}

fn asks_same(root: &Span, call: &Span) -> bool {
    let text = |span: &Span, key: &str| match span.attribute(key) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    let method = "http.request.method";
    let called = text(call, "url.full");
    match (called.as_deref().map(path), text(root, "url.path")) {
        (Some(called), Some(answered)) => {
            called == answered && text(call, method) == text(root, method)
        }
        _ => root.name == call.name,
    }
}

/// Path of an address.
fn path(url: &str) -> &str {
    let after_host = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => url,
    };
    after_host.split(['?', '#']).next().unwrap_or(after_host)
}

/// Whether the flags are filled in, and say that nobody behind this span records anything.
fn is_unsampled(span: &Span) -> bool {
    span.flags != 0 && span.flags & SAMPLED == 0
}

fn second_roots(tree: &Tree, findings: &mut Vec<Finding>) {
    let is_true = |&row: &usize| tree.node(row).salvage.is_none();
    let rows: Vec<usize> = tree.roots().iter().copied().filter(is_true).collect();
    if rows.len() < 2 {
        return;
    }
    let named: Vec<String> = rows
        .iter()
        .take(5)
        .map(|&row| named(tree.span(row)))
        .collect();
    let more = if rows.len() > 5 { ", …" } else { "" };
    findings.push(Finding {
        ailment: Ailment::SecondRoot,
        message: format!(
            "{} spans have no parent: {}{more}",
            rows.len(),
            named.join(", ")
        ),
        rows,
    });
}

fn missing_parents(tree: &Tree, findings: &mut Vec<Finding>) {
    let is_orphan = |&row: &usize| tree.node(row).salvage == Some(Salvage::MissingParent);
    let orphans = tree.roots().iter().copied().filter(is_orphan).collect();
    let parent = |row: usize| tree.span(row).parent_id.unwrap_or_default();
    for (parent, rows) in by(orphans, parent) {
        let first = tree.span(rows[0]);
        findings.push(Finding {
            ailment: Ailment::ParentNeverReceived,
            message: message_of_missing(parent, first, rows.len()),
            rows,
        });
    }
    let is_circular = |&row: &usize| tree.node(row).salvage == Some(Salvage::ParentCycle);
    for row in tree.roots().iter().copied().filter(is_circular) {
        findings.push(Finding {
            ailment: Ailment::ParentCircle,
            message: format!("{} is its own ancestor", named(tree.span(row))),
            rows: vec![row],
        });
    }
}

fn message_of_missing(parent: SpanId, child: &Span, count: usize) -> String {
    let who = match count {
        1 => named(child),
        _ => format!("{} and {} more", named(child), count - 1),
    };
    let known = child.flags & REMOTE_IS_KNOWN != 0;
    let is_remote = match known {
        true => child.flags & IS_REMOTE != 0,
        false => matches!(child.kind, Kind::Server | Kind::Consumer),
    };
    let maker = match is_remote {
        true => "the service that called".to_owned(),
        false => format!("{} itself", child.service),
    };
    format!("span {parent}, the parent of {who}, was never received; {maker} made it")
}

/// What is wrong with spans one by one; told once for each service.
fn single_spans(tree: &Tree, findings: &mut Vec<Finding>) {
    let of_service = |row: usize| tree.span(row).service.as_str();
    let rows_where = |is_meant: &dyn Fn(&Span) -> bool| {
        let rows = tree.spans().iter().enumerate();
        let rows = rows
            .filter(|(_, span)| is_meant(span))
            .map(|(row, _)| row)
            .collect();
        by(rows, of_service)
    };
    for (service, rows) in rows_where(&|span| span.end_ns < span.start_ns) {
        findings.push(Finding {
            ailment: Ailment::EndBeforeStart,
            message: format!("{} of {service}", counted(rows.len())),
            rows,
        });
    }
    let is_cut = |span: &Span| {
        let events = span.events.iter().map(|event| event.dropped_attributes);
        let links = span.links.iter().map(|link| link.dropped_attributes);
        let own = [
            span.dropped_attributes,
            span.dropped_events,
            span.dropped_links,
        ];
        own.into_iter()
            .chain(events)
            .chain(links)
            .any(|dropped| dropped > 0)
    };
    for (service, rows) in rows_where(&is_cut) {
        findings.push(Finding {
            ailment: Ailment::CutByLimits,
            message: format!(
                "{} of {service} have lost attributes, events or links",
                counted(rows.len())
            ),
            rows,
        });
    }
}

fn clocks(tree: &Tree, findings: &mut Vec<Finding>) {
    let unfit = tree.adjustments().iter().filter(|moved| !moved.fits);
    for moved in unfit.take(FINDINGS_MAX) {
        let is_its = |span: &Span| span.service == moved.service && span.instance == moved.instance;
        let rows: Vec<usize> = (0..tree.len())
            .filter(|&row| is_its(tree.span(row)))
            .collect();
        findings.push(Finding {
            ailment: Ailment::ClocksDisagree,
            message: format!(
                "{} lies outside of its calls wherever its clock is set",
                moved.service
            ),
            rows,
        });
    }
}

/// Rows by what they have in common, in the order in which that first occurs.
fn by<K: std::hash::Hash + Eq + Copy>(
    rows: Vec<usize>,
    key: impl Fn(usize) -> K,
) -> Vec<(K, Vec<usize>)> {
    let mut places: HashMap<K, usize> = HashMap::new();
    let mut groups: Vec<(K, Vec<usize>)> = Vec::new();
    for row in rows {
        let key = key(row);
        let place = *places.entry(key).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(row);
    }
    groups
}

fn named(span: &Span) -> String {
    format!("{} of {}", span.name, span.service)
}

fn counted(count: usize) -> String {
    match count {
        1 => "1 span".to_owned(),
        _ => format!("{count} spans"),
    }
}
