//! Makes up for clocks that disagree: without it, an answer may seem to come before its question.

use std::collections::{HashMap, HashSet};

use crate::{Kind, Span, Tree};

/// How far the spans of a service were moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// The service.
    pub service: String,
    /// What was added to its times, in nanoseconds; never 0.
    pub offset_ns: i64,
}

impl Tree {
    /// Moves the spans of each service as a whole so that its server spans lie inside the client spans that called
    /// them, and reports what was moved. The clock of the root's service is the one that counts.
    ///
    /// This is an estimate, by Jaeger's rule: nothing moves when every server span lies inside its client span; else the
    /// server spans are centred, as if question and answer had travelled equally long; where they cannot fit, they are
    /// moved just so far that none starts before its client span. Rows change when anything was moved.
    pub fn adjust_clocks(&mut self) -> Vec<Adjustment> {
        let offsets = self.offsets();
        if offsets.is_empty() {
            return offsets;
        }
        let by_service: HashMap<&str, i64> = offsets
            .iter()
            .map(|moved| (moved.service.as_str(), moved.offset_ns))
            .collect();
        let mut spans = std::mem::take(self).into_spans();
        for span in &mut spans {
            if let Some(&offset_ns) = by_service.get(span.service.as_str()) {
                shift(span, offset_ns);
            }
        }
        *self = Self::new(spans);
        offsets
    }

    /// Offsets in the order in which the services are first called.
    fn offsets(&self) -> Vec<Adjustment> {
        let Some(root) = self.root() else {
            return Vec::new();
        };
        let calls = self.calls_by_service();
        let mut offsets: HashMap<&str, i64> =
            HashMap::from([(self.span(root).service.as_str(), 0)]);
        let mut adjustments = Vec::new();
        let mut settled = HashSet::from([self.span(root).service.as_str()]);
        // Parents come before children, so a service is known before those that only it calls.
        for span in self.spans() {
            let service = span.service.as_str();
            let Some(calls) = calls.get(service).filter(|_| !settled.contains(service)) else {
                continue;
            };
            let rooms = calls.iter().filter_map(|&(client, server)| {
                let client_offset_ns = offsets.get(client.service.as_str())?;
                Some(Room::of(client, server).later_by(*client_offset_ns))
            });
            let Some(room) = rooms.reduce(Room::and) else {
                continue;
            };
            let offset_ns = room.offset_ns();
            offsets.insert(service, offset_ns);
            settled.insert(service);
            if offset_ns != 0 {
                adjustments.push(Adjustment {
                    service: service.to_owned(),
                    offset_ns,
                });
            }
        }
        adjustments
    }

    /// Pairs of the calling and the answering span, by the service that answers.
    fn calls_by_service(&self) -> HashMap<&str, Vec<(&Span, &Span)>> {
        let mut calls: HashMap<&str, Vec<(&Span, &Span)>> = HashMap::new();
        for (row, server) in self.spans().iter().enumerate() {
            if let Some(parent) = self.node(row).parent
                && server.kind == Kind::Server
                && self.span(parent).service != server.service
            {
                calls
                    .entry(&server.service)
                    .or_default()
                    .push((self.span(parent), server));
            }
        }
        calls
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

    fn offset_ns(self) -> i64 {
        let Self { min_ns, max_ns } = self;
        let offset_ns = match () {
            () if min_ns <= 0 && 0 <= max_ns => 0,
            () if min_ns <= max_ns => (min_ns + max_ns) / 2,
            () => min_ns.max(0),
        };
        // Clocks that are three centuries apart are no clocks; nothing sensible can be done with their times.
        i64::try_from(offset_ns).unwrap_or(0)
    }
}

fn shift(span: &mut Span, offset_ns: i64) {
    span.start_ns = span.start_ns.saturating_add_signed(offset_ns);
    span.end_ns = span.end_ns.saturating_add_signed(offset_ns);
    for event in &mut span.events {
        event.time_ns = event.time_ns.saturating_add_signed(offset_ns);
    }
}
