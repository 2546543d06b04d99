//! A trace as lines of a terminal: the waterfall in text, and a trace in one line.
//!
//! Names come from outside. [`plain`] makes them harmless: what a terminal would obey is written out instead.

use std::fmt::Write as _;
use std::ops::Range;

use crate::{
    Completeness, Examination, Group, Part, Salvage, Segment, Span, Status, Summary, Tree,
    completeness, duration, groups, split,
};

/// How a waterfall is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Characters in a line; at least 40 are used.
    pub width: usize,
    /// Whether runs of similar spans are one line.
    pub fold: bool,
}

/// Levels that are indented; deeper ones say how deep they are.
const INDENTED: usize = 12;
/// Characters of a service beside its span.
const SERVICE_MAX: usize = 20;
/// Characters of a message or of a name in a sentence.
const TEXT_MAX: usize = 200;

/// Text without anything that a terminal would obey, or that would make it show something else than what is there: control
/// characters, escapes, marks that turn the direction of writing, characters without width. They are written as
/// `\u{…}`; what is longer than `max` characters ends in `…`.
#[must_use]
pub fn plain(text: &str, max: usize) -> String {
    let mut plain = String::with_capacity(text.len().min(max));
    let mut count = 0;
    for c in text.chars() {
        let length = match is_harmful(c) {
            true => c.escape_default().len(),
            false => 1,
        };
        if count + length > max {
            // Room for the mark.
            while count >= max.max(1) && plain.pop().is_some() {
                count -= 1;
            }
            plain.push('…');
            break;
        }
        count += length;
        match is_harmful(c) {
            true => plain.extend(c.escape_default()),
            false => plain.push(c),
        }
    }
    plain
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A trace in one line: time of day in UTC, duration, spans, errors, root, services, id.
#[must_use]
pub fn line(summary: &Summary) -> String {
    let mut services = String::new();
    for (i, service) in summary.services.iter().enumerate() {
        let separator = if i == 0 { "" } else { ", " };
        let errors = if service.errors > 0 { "!" } else { "" };
        let _ = write!(
            services,
            "{separator}{} {}{errors}",
            plain(&service.name, 32),
            service.spans
        );
    }
    if summary.services_omitted > 0 {
        let _ = write!(services, ", {} more", summary.services_omitted);
    }
    let errors = match summary.errors {
        0 => String::new(),
        errors => format!(", {}", counted(errors, "error")),
    };
    let incomplete = if summary.complete { "" } else { ", incomplete" };
    format!(
        "{}  {:>8}  {}{errors}{incomplete}  {}  [{services}]  {}",
        time_of_day(summary.start_ns),
        duration::format(summary.duration_ns),
        counted(summary.spans, "span"),
        plain(&summary.root_name, 64),
        summary.trace_id,
    )
}

fn time_of_day(unix_ns: u64) -> String {
    let ms = unix_ns / 1_000_000 % 86_400_000;
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    format!(
        "{:02}:{:02}:{:02}.{ms:03}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// A trace as a waterfall: what it was, where the time went, a line for each span, what is wrong with it.
#[must_use]
pub fn waterfall(tree: &Tree, examination: &Examination, page: Page) -> String {
    let mut text = String::new();
    let Some(summary) = Summary::of(tree) else {
        return text;
    };
    let _ = writeln!(text, "trace {}", summary.trace_id);
    let _ = writeln!(text, "{}", headline(tree, &summary));
    let _ = writeln!(text, "{}", time_went(tree));
    for moved in tree.adjustments() {
        let _ = writeln!(text, "{}", plain(&moved.to_string(), TEXT_MAX));
    }
    text.push('\n');
    Drawing::of(tree, page).write(&mut text, page);
    for finding in &examination.findings {
        let name = finding.ailment.name();
        let _ = writeln!(text, "\n{name}: {}", plain(&finding.message, TEXT_MAX));
        let _ = writeln!(text, "    {}", finding.ailment.advice());
    }
    if examination.omitted > 0 {
        let _ = writeln!(
            text,
            "\n… and {}",
            counted(examination.omitted as u64, "more finding")
        );
    }
    text
}

fn headline(tree: &Tree, summary: &Summary) -> String {
    let services = summary.services.len() as u64 + summary.services_omitted;
    let errors = match summary.errors {
        0 => "no error".to_owned(),
        errors => counted(errors, "error"),
    };
    let state = match completeness(tree) {
        Completeness::Complete => "complete".to_owned(),
        Completeness::Waiting {
            missing_parents: 0,
            unanswered_clients: 0,
        } => "not one tree".to_owned(),
        Completeness::Waiting {
            missing_parents,
            unanswered_clients,
        } => {
            let missing = missing_parents + unanswered_clients;
            format!("waiting for {}", counted(missing as u64, "span"))
        }
    };
    format!(
        "{} of {}: {}, {} of {}, {errors}, {state}",
        plain(&summary.root_name, TEXT_MAX),
        plain(&summary.root_service, TEXT_MAX),
        duration::format(summary.duration_ns),
        counted(summary.spans, "span"),
        counted(services, "service"),
    )
}

/// Where the time went, by service; those with the largest shares.
fn time_went(tree: &Tree) -> String {
    let whole_ns = tree.whole().map_or(0, |row| tree.span(row).duration_ns());
    let mut shares = split(tree, |span| span.service.clone());
    shares.sort_by_key(|share| std::cmp::Reverse(share.duration_ns));
    let shares = shares.iter().take(8).map(|share| {
        let name = match &share.part {
            Part::Network => "network".to_owned(),
            Part::Origin(service) => plain(service, 32),
        };
        format!("{name} {}", duration::format(share.duration_ns))
    });
    let shares: Vec<String> = shares.collect();
    format!("{}: {}", duration::format(whole_ns), shares.join(", "))
}

/// Lines to draw, and where on the time axis.
struct Drawing<'t> {
    tree: &'t Tree,
    lines: Vec<Line>,
    /// Stretches of the critical path, by row.
    critical: Vec<Vec<Segment>>,
    services: usize,
    start_ns: u64,
    end_ns: u64,
}

/// A span, or a run of them.
struct Line {
    rows: Range<usize>,
    label: String,
    time: String,
}

impl<'t> Drawing<'t> {
    fn of(tree: &'t Tree, page: Page) -> Self {
        let mut critical = vec![Vec::new(); tree.len()];
        for segment in tree.critical_path() {
            critical[segment.row].push(segment);
        }
        let groups = if page.fold { groups(tree) } else { Vec::new() };
        let mut lines = Vec::new();
        let mut folded = groups.iter().peekable();
        let mut row = 0;
        while row < tree.len() {
            let line = match folded.next_if(|group| group.rows.start == row) {
                Some(group) => Line::of_group(tree, group),
                None => Line::of_span(tree, row),
            };
            row = line.rows.end;
            lines.push(line);
        }
        let service = |span: &Span| plain(&span.service, SERVICE_MAX).chars().count();
        Self {
            services: tree.spans().iter().map(service).max().unwrap_or(0),
            start_ns: tree.start_ns(),
            end_ns: tree.end_ns(),
            tree,
            lines,
            critical,
        }
    }

    fn write(&self, text: &mut String, page: Page) {
        let width = page.width.max(40);
        let longest = self.lines.iter().map(|line| line.label.chars().count());
        let labels = longest.max().unwrap_or(0).clamp(8, width * 2 / 5);
        let services = self.services.min(width / 5);
        let bars = width.saturating_sub(labels + services + 14).max(8);
        for line in &self.lines {
            let label = plain(&line.label, labels);
            let service = plain(&self.tree.span(line.rows.start).service, services);
            let bar = self.bar(&line.rows, bars);
            let _ = writeln!(
                text,
                "{label:<labels$}  {service:<services$}  {bar} {}",
                line.time
            );
        }
    }

    /// `─` while the span ran, `━` while the whole waited for it.
    fn bar(&self, rows: &Range<usize>, width: usize) -> String {
        let start_ns = self.start_ns;
        let whole_ns = self.end_ns.saturating_sub(start_ns).max(1);
        let cells = |from_ns: u64, to_ns: u64| {
            let at = |time_ns: u64| {
                let share = u128::from(time_ns.saturating_sub(start_ns)) * width as u128;
                usize::try_from(share / u128::from(whole_ns)).unwrap_or(width)
            };
            let from = at(from_ns).min(width - 1);
            // Too short to be seen is drawn as one.
            from..at(to_ns).clamp(from + 1, width)
        };
        let mut bar = vec![' '; width];
        for row in rows.clone() {
            let span = self.tree.span(row);
            for cell in cells(span.start_ns, span.end_ns.max(span.start_ns)) {
                if bar[cell] == ' ' {
                    bar[cell] = '─';
                }
            }
            // Stretches that are too short to be seen would look as if they were long, unless there is nothing else.
            let segments = &self.critical[row];
            let longest = segments.iter().max_by_key(|segment| segment.duration_ns());
            let seen_ns = whole_ns / (2 * width as u64);
            let seen =
                |segment: &&Segment| segment.duration_ns() >= seen_ns || Some(*segment) == longest;
            for segment in segments.iter().filter(seen) {
                for cell in cells(segment.from_ns, segment.to_ns) {
                    bar[cell] = '━';
                }
            }
        }
        bar.into_iter().collect()
    }
}

impl Line {
    fn of_span(tree: &Tree, row: usize) -> Self {
        let span = tree.span(row);
        let error = match &span.status {
            Status::Error(message) if message.is_empty() => " error".to_owned(),
            Status::Error(message) => format!(" error: {}", plain(message, TEXT_MAX)),
            Status::Unset | Status::Ok => String::new(),
        };
        let salvage = match tree.node(row).salvage {
            None => "",
            Some(Salvage::MissingParent) => " (parent missing)",
            Some(Salvage::ParentCycle) => " (parent circular)",
        };
        Self {
            rows: row..row + 1,
            label: label(tree, row, ""),
            time: format!(
                "{:>8}{error}{salvage}",
                duration::format(span.duration_ns())
            ),
        }
    }

    fn of_group(tree: &Tree, group: &Group) -> Self {
        let errors = match group.errors {
            0 => String::new(),
            errors => format!(", {}", counted(errors as u64, "error")),
        };
        Self {
            rows: group.rows.clone(),
            label: label(tree, group.rows.start, &format!(" ×{}", group.count())),
            time: format!(
                "{:>8} (half within {}, 95 % within {}{errors})",
                duration::format(group.total_ns),
                duration::format(group.p50_ns),
                duration::format(group.p95_ns),
            ),
        }
    }
}

fn label(tree: &Tree, row: usize, count: &str) -> String {
    let depth = tree.node(row).depth;
    let indent = match depth {
        0..=INDENTED => "  ".repeat(depth),
        _ => format!("{}{depth}: ", "  ".repeat(INDENTED)),
    };
    let mark = if tree.span(row).is_error() { "! " } else { "" };
    format!(
        "{indent}{mark}{}{count}",
        plain(&tree.span(row).name, TEXT_MAX)
    )
}

fn counted(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}
