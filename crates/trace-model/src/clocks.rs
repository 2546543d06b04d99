//! Makes up for clocks that disagree: without it, an answer may seem to come before its question.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::{Kind, Span, Tree, Value, duration};

/// Attribute of a caller's span: what has to be added to its times to get those of the server that answers it, in
/// milliseconds, as measured from the times that answers name.
const OFFSET_MS: &str = "app.clock.offset_ms";
/// Attribute beside it: how far the truth may be from it either way, in milliseconds.
const UNCERTAINTY_MS: &str = "app.clock.offset_uncertainty_ms";

/// How far the spans of one instance of a service were moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// The service.
    pub service: String,
    /// Which instance of it, as [`Span::instance`] says; empty when its resource does not.
    pub instance: Arc<str>,
    /// What was added to its times, in nanoseconds; never 0.
    pub offset_ns: i64,
    /// How the offset is known.
    pub source: OffsetSource,
    /// Whether its server spans lie inside the client spans that called them now. Some last longer than their call, or
    /// contradict each other; then their times are to be read with care.
    pub fits: bool,
}

/// How an offset is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSource {
    /// The caller measured it, as its attributes `app.clock.offset_ms` and `app.clock.offset_uncertainty_ms` say.
    Measured {
        /// How far the truth may be from it either way, in nanoseconds.
        uncertainty_ns: u64,
    },
    /// From where server spans lie in relation to their client spans.
    Estimated,
}

impl fmt::Display for Adjustment {
    /// `clock of shop set 1.25 ms later, measured to ±90.0 µs`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = duration::format(self.offset_ns.unsigned_abs());
        let direction = if self.offset_ns > 0 {
            "later"
        } else {
            "earlier"
        };
        write!(f, "clock of {} set {amount} {direction}, ", self.service)?;
        match self.source {
            OffsetSource::Measured { uncertainty_ns } => {
                write!(f, "measured to ±{}", duration::format(uncertainty_ns))?;
            }
            OffsetSource::Estimated => f.write_str("estimated")?,
        }
        f.write_str(if self.fits {
            ""
        } else {
            ", and still does not fit"
        })
    }
}

impl Tree {
    /// Moves the spans of each instance of a service as a whole so that its server spans lie inside the client spans that
    /// called them, and reports what was moved. The clock of the root's service is the one that counts; what hangs under
    /// another root and is not known from the first counts by the clock of that.
    ///
    /// An offset that the only caller has measured is taken, unless server spans that would fit lie outside even when all of
    /// its uncertainty is granted; one that is smaller than its uncertainty is taken for none. Else it is an estimate, by
    /// Jaeger's rule: nothing moves when every server span lies inside its client span; else the server spans are centred,
    /// as if question and answer had travelled equally long; where they cannot fit, they are moved just so far that none
    /// starts before its client span.
    ///
    /// Rows change when anything was moved. Once adjusted, a tree stays as it is, and the same is reported again.
    pub fn adjust_clocks(&mut self) -> Vec<Adjustment> {
        if let Some(adjustments) = &self.adjustments {
            return adjustments.clone();
        }
        let adjustments = self.offsets();
        if !adjustments.is_empty() {
            let by_host: HashMap<Host<'_>, i64> = adjustments
                .iter()
                .map(|moved| ((&*moved.service, &*moved.instance), moved.offset_ns))
                .collect();
            let mut spans = std::mem::take(self).into_spans();
            for span in &mut spans {
                if let Some(&offset_ns) = by_host.get(&host(span)) {
                    shift(span, offset_ns);
                }
            }
            *self = Self::new(spans);
        }
        self.adjustments = Some(adjustments.clone());
        adjustments
    }

    /// What [`Tree::adjust_clocks`] has moved; nothing before it was called.
    #[must_use]
    pub fn adjustments(&self) -> &[Adjustment] {
        self.adjustments.as_deref().unwrap_or_default()
    }

    /// Offsets in the order in which the services are first called.
    fn offsets(&self) -> Vec<Adjustment> {
        let calls = Calls::of(self);
        let mut offsets: HashMap<Host<'_>, i64> = HashMap::new();
        let mut adjustments = Vec::new();
        let first = self.root();
        let others = self
            .roots()
            .iter()
            .copied()
            .filter(|&row| Some(row) != first);
        for root in first.into_iter().chain(others) {
            offsets.entry(host(self.span(root))).or_insert(0);
            // Parents come before children, so a host is known before those that only it calls.
            for row in self.rows_below(root) {
                let host = host(self.span(row));
                let Some(found) = (!offsets.contains_key(&host))
                    .then(|| calls.offset(host, &offsets))
                    .flatten()
                else {
                    continue;
                };
                offsets.insert(host, found.offset_ns);
                if found.offset_ns != 0 {
                    adjustments.push(found);
                }
            }
        }
        adjustments
    }
}

/// Service and instance: what has a clock of its own.
type Host<'s> = (&'s str, &'s str);

fn host(span: &Span) -> Host<'_> {
    (&span.service, &span.instance)
}

/// Who called whom.
struct Calls<'s> {
    /// Calling and answering spans, by the host that answers.
    answered: HashMap<Host<'s>, Vec<(&'s Span, &'s Span)>>,
    /// What a host measured, when it called one other host only.
    measured: HashMap<Host<'s>, Measured>,
}

#[derive(Clone, Copy)]
struct Measured {
    offset_ns: i128,
    uncertainty_ns: u64,
}

impl<'s> Calls<'s> {
    fn of(tree: &'s Tree) -> Self {
        let mut answered: HashMap<Host<'_>, Vec<(&Span, &Span)>> = HashMap::new();
        let mut called: HashMap<Host<'_>, HashSet<Host<'_>>> = HashMap::new();
        let mut measured: HashMap<Host<'_>, Measured> = HashMap::new();
        for (row, span) in tree.spans().iter().enumerate() {
            if let Some(found) = Measured::of(span) {
                measured.entry(host(span)).or_insert(found);
            }
            if let Some(parent) = tree.node(row).parent.map(|parent| tree.span(parent))
                && span.kind == Kind::Server
                && host(parent) != host(span)
            {
                answered.entry(host(span)).or_default().push((parent, span));
                called.entry(host(parent)).or_default().insert(host(span));
            }
        }
        // The measurement does not say of whom it is.
        measured.retain(|host, _| {
            called
                .get(host)
                .is_some_and(|answering| answering.len() == 1)
        });
        Self { answered, measured }
    }

    /// The offset of a host from those that called it, as far as theirs are known.
    fn offset(&self, host: Host<'s>, known: &HashMap<Host<'s>, i64>) -> Option<Adjustment> {
        let calls = self.answered.get(&host)?;
        let rooms = calls.iter().filter_map(|&(client, server)| {
            let client_offset_ns = known.get(&self::host(client))?;
            Some(Room::of(client, server).later_by(*client_offset_ns))
        });
        let room = rooms.reduce(Room::and)?;
        let (client, _) = calls.first()?;
        let has_one_caller = calls
            .iter()
            .all(|(other, _)| self::host(other) == self::host(client));
        let measured = self
            .measured
            .get(&self::host(client))
            .filter(|_| has_one_caller);
        let measured = measured.and_then(|measured| {
            let client_offset_ns = i128::from(*known.get(&self::host(client))?);
            let offset_ns = room.measured(
                client_offset_ns - measured.offset_ns,
                measured.uncertainty_ns,
            )?;
            Some((
                offset_ns,
                OffsetSource::Measured {
                    uncertainty_ns: measured.uncertainty_ns,
                },
            ))
        });
        let (offset_ns, source) = measured.unwrap_or((room.estimated(), OffsetSource::Estimated));
        Some(Adjustment {
            service: host.0.to_owned(),
            instance: calls.first()?.1.instance.clone(),
            // Clocks that are three centuries apart are no clocks; nothing sensible can be done with their times.
            offset_ns: i64::try_from(offset_ns).unwrap_or(0),
            source,
            fits: room.min_ns <= offset_ns && offset_ns <= room.max_ns,
        })
    }
}

impl Measured {
    fn of(span: &Span) -> Option<Self> {
        let number = |key| match span.attribute(key)? {
            Value::Double(ms) => Some(*ms),
            Value::Int(ms) => Some(*ms as f64),
            _ => None,
        };
        let nanoseconds = |ms: f64| (ms.is_finite()).then_some((ms * 1e6).round() as i128);
        let uncertainty_ns = nanoseconds(number(UNCERTAINTY_MS)?)?;
        Some(Self {
            offset_ns: nanoseconds(number(OFFSET_MS)?)?,
            uncertainty_ns: u64::try_from(uncertainty_ns).ok()?,
        })
    }
}

/// The offsets, from the smallest to the largest, with which server spans lie inside their client spans. The smallest
/// may exceed the largest: then none does. Wide enough for any difference of two times.
#[derive(Clone, Copy)]
struct Room {
    min_ns: i128,
    max_ns: i128,
}

impl Room {
    fn of(client: &Span, server: &Span) -> Self {
        Self {
            min_ns: i128::from(client.start_ns) - i128::from(server.start_ns),
            max_ns: i128::from(client.end_ns) - i128::from(server.end_ns),
        }
    }

    fn later_by(self, offset_ns: i64) -> Self {
        let offset_ns = i128::from(offset_ns);
        Self {
            min_ns: self.min_ns + offset_ns,
            max_ns: self.max_ns + offset_ns,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            min_ns: self.min_ns.max(other.min_ns),
            max_ns: self.max_ns.min(other.max_ns),
        }
    }

    fn has(self, offset_ns: i128) -> bool {
        self.min_ns <= offset_ns && offset_ns <= self.max_ns
    }

    /// The offset nearest to the measured one that keeps server spans inside; nothing when that is farther than the
    /// measurement may err.
    fn measured(self, offset_ns: i128, uncertainty_ns: u64) -> Option<i128> {
        let may_be_none = offset_ns.unsigned_abs() <= u128::from(uncertainty_ns);
        match () {
            () if may_be_none && self.has(0) => Some(0),
            // Nothing keeps them inside, so nothing is known better.
            () if self.min_ns > self.max_ns => Some(offset_ns),
            () => {
                let nearest_ns = offset_ns.clamp(self.min_ns, self.max_ns);
                (nearest_ns.abs_diff(offset_ns) <= u128::from(uncertainty_ns)).then_some(nearest_ns)
            }
        }
    }

    fn estimated(self) -> i128 {
        let Self { min_ns, max_ns } = self;
        match () {
            () if self.has(0) => 0,
            () if min_ns <= max_ns => (min_ns + max_ns) / 2,
            () => min_ns.max(0),
        }
    }
}

fn shift(span: &mut Span, offset_ns: i64) {
    span.start_ns = span.start_ns.saturating_add_signed(offset_ns);
    span.end_ns = span.end_ns.saturating_add_signed(offset_ns);
    for event in &mut span.events {
        event.time_ns = event.time_ns.saturating_add_signed(offset_ns);
    }
}
