//! What spans of a name may take, and whether they kept to it.

use serde_json::{Map, Value as Json};

use crate::duration::{self, percentile};
use crate::order::sort_by_key;
use crate::{SpanId, TraceId, Tree};

/// Budgets that are held together.
pub const BUDGETS_MAX: usize = 100;

/// Spans that have to keep to limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budget {
    /// Name of the spans.
    pub span: String,
    /// Their service, where not all services are meant.
    pub service: Option<String>,
    /// What must hold; at least one.
    pub limits: Vec<Limit>,
    /// So many of these spans must be there, or nothing has been shown; 1 unless given.
    pub count: u64,
}

/// Something that must not be exceeded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// So many of 100 spans take at most this long, in nanoseconds; 100 is the longest of all.
    Percentile {
        /// From 1 to 100.
        percent: u8,
        /// The duration, in nanoseconds.
        at_most_ns: u64,
    },
    /// So many of 100 spans end with an error at most.
    Errors {
        /// From 0 to 100.
        percent: f64,
    },
}

/// Text that holds no budgets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("budget {number}: {problem}")]
pub struct BudgetError {
    /// Which one, from 1; 0 for what is around them.
    pub number: usize,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// Budgets with what was measured for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budgets {
    budgets: Vec<Budget>,
    measured: Vec<Measured>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Measured {
    durations_ns: Vec<u64>,
    errors: u64,
    slowest: Option<(u64, TraceId, SpanId)>,
}

/// Whether spans kept to their budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The budget.
    pub budget: Budget,
    /// How many of its spans there were.
    pub count: u64,
    /// What was found for each of its limits, in the same order.
    pub found: Vec<Found>,
    /// The span that took longest.
    pub slowest: Option<(TraceId, SpanId)>,
}

/// What was found for a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found {
    /// The duration, in nanoseconds.
    DurationNs(u64),
    /// Spans of 100 that ended with an error.
    ErrorPercent(f64),
}

impl Verdict {
    /// Whether the limit of this place was kept.
    #[must_use]
    pub fn is_kept(&self, place: usize) -> bool {
        match (self.budget.limits.get(place), self.found.get(place)) {
            (Some(Limit::Percentile { at_most_ns, .. }), Some(Found::DurationNs(found_ns))) => {
                found_ns <= at_most_ns
            }
            (Some(Limit::Errors { percent }), Some(Found::ErrorPercent(found))) => found <= percent,
            _ => false,
        }
    }

    /// Whether there were enough spans and all limits were kept.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.count >= self.budget.count && (0..self.found.len()).all(|place| self.is_kept(place))
    }
}

impl Budgets {
    /// Reads `{"budget":[{"span":"GET /search","service":"backend","p95":"80 ms","max":"200 ms","errors":"1 %","count":10}]}`.
    /// Of each one `span` and a limit must be there: `max`, `errors`, or `p` and a number from 1 to 99.
    ///
    /// # Errors
    /// For anything else, so that a misspelt limit is never one that always holds.
    pub fn from_json(json: &Json) -> Result<Self, BudgetError> {
        let wrong = |number| move |problem: String| BudgetError { number, problem };
        let around = |problem: &str| wrong(0)(problem.to_owned());
        let document = json.as_object().ok_or_else(|| around("expected a table"))?;
        if let Some(other) = document.keys().find(|key| *key != "budget") {
            return Err(around(&format!("`{other}` is not known, `budget` is")));
        }
        let list = document.get("budget").and_then(Json::as_array);
        let list = list.filter(|list| !list.is_empty());
        let list = list.ok_or_else(|| around("expected at least one `budget`"))?;
        if list.len() > BUDGETS_MAX {
            return Err(around(&format!("at most {BUDGETS_MAX} are taken")));
        }
        let mut budgets = Vec::with_capacity(list.len());
        for (i, json) in list.iter().enumerate() {
            let table = json
                .as_object()
                .ok_or_else(|| wrong(i + 1)("expected a table".to_owned()))?;
            budgets.push(Budget::from_json(table).map_err(wrong(i + 1))?);
        }
        Ok(Self {
            measured: vec![Measured::default(); budgets.len()],
            budgets,
        })
    }

    /// Measures the spans of a trace.
    pub fn add(&mut self, tree: &Tree) {
        for span in tree.spans() {
            for (budget, measured) in self.budgets.iter().zip(&mut self.measured) {
                let is_meant = span.name == budget.span
                    && budget
                        .service
                        .as_ref()
                        .is_none_or(|service| span.service == *service);
                if !is_meant {
                    continue;
                }
                let duration_ns = span.duration_ns();
                measured.durations_ns.push(duration_ns);
                measured.errors += u64::from(span.is_error());
                if measured
                    .slowest
                    .is_none_or(|(slowest_ns, ..)| duration_ns > slowest_ns)
                {
                    measured.slowest = Some((duration_ns, span.trace_id, span.span_id));
                }
            }
        }
    }

    /// What came out, in the order of the budgets.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdict> {
        let measured = self.budgets.iter().zip(&self.measured);
        measured
            .map(|(budget, measured)| measured.verdict(budget))
            .collect()
    }
}

impl Measured {
    fn verdict(&self, budget: &Budget) -> Verdict {
        let mut durations_ns = self.durations_ns.clone();
        sort_by_key(&mut durations_ns, |duration_ns| *duration_ns);
        let count = durations_ns.len() as u64;
        let found = |limit: &Limit| match limit {
            Limit::Percentile { percent, .. } => {
                Found::DurationNs(percentile(&durations_ns, *percent))
            }
            Limit::Errors { .. } => {
                Found::ErrorPercent(100.0 * self.errors as f64 / (count.max(1)) as f64)
            }
        };
        Verdict {
            count,
            found: budget.limits.iter().map(found).collect(),
            slowest: self
                .slowest
                .map(|(_, trace_id, span_id)| (trace_id, span_id)),
            budget: budget.clone(),
        }
    }
}

impl Budget {
    fn from_json(table: &Map<String, Json>) -> Result<Self, String> {
        let mut budget = Self {
            count: 1,
            ..Self::default()
        };
        for (key, json) in table {
            let text = || json.as_str().ok_or_else(|| format!("`{key}` is a text"));
            match key.as_str() {
                "span" => text()?.clone_into(&mut budget.span),
                "service" => budget.service = Some(text()?.to_owned()),
                "count" => budget.count = json.as_u64().ok_or("`count` is a whole number")?,
                "errors" => {
                    let percent = percent(text()?).ok_or("`errors` is a share such as \"1 %\"")?;
                    budget.limits.push(Limit::Errors { percent });
                }
                _ => {
                    let percent = rank(key).ok_or_else(|| {
                        let known =
                            "`span`, `service`, `count`, `errors`, `max` and `p50`, `p95`, …";
                        format!("`{key}` is not known; {known} are")
                    })?;
                    let at_most_ns = duration::parse(text()?)
                        .ok_or_else(|| format!("`{key}` is a duration such as \"12.5 ms\""))?;
                    budget.limits.push(Limit::Percentile {
                        percent,
                        at_most_ns,
                    });
                }
            }
        }
        match (budget.span.is_empty(), budget.limits.is_empty()) {
            (true, _) => Err("`span` is missing: the name of the spans".to_owned()),
            (_, true) => Err("a limit is missing, such as `max = \"200 ms\"`".to_owned()),
            _ => Ok(budget),
        }
    }
}

/// `max` is the 100th of 100.
fn rank(key: &str) -> Option<u8> {
    if key == "max" {
        return Some(100);
    }
    let number = key.strip_prefix('p')?.parse().ok()?;
    (1..=99).contains(&number).then_some(number)
}

fn percent(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix('%')?.trim();
    let is_decimal = number
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let percent: f64 = number.parse().ok().filter(|_| is_decimal)?;
    (percent <= 100.0).then_some(percent)
}
