//! What services do in the spans held: each name and kind with how many spans have it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What a service does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Operation {
    pub(crate) name: Box<str>,
    /// Number of the span kind in OTLP; 0 for one that is not known.
    pub(crate) kind: usize,
}

/// Kinds in OTLP.
const KINDS: usize = 6;

/// Operations by service and name, each with the number of its spans by kind.
#[derive(Default)]
pub(super) struct Operations(HashMap<Arc<str>, HashMap<Box<str>, [u64; KINDS]>>);

impl Operations {
    /// What a service takes beyond its name, about.
    const SERVICE_BYTES: usize = 128;
    /// What a name takes beyond its text, about: the counts, a place in a map that may be half empty.
    const NAME_BYTES: usize = 144;

    /// Counts a span; returns how many bytes more are taken.
    pub(super) fn add(&mut self, service: &Arc<str>, name: &str, kind: usize) -> usize {
        let mut bytes = 0;
        let names = match self.0.get_mut(service) {
            Some(names) => names,
            None => {
                bytes += Self::SERVICE_BYTES + service.len();
                self.0.entry(service.clone()).or_default()
            }
        };
        let counts = match names.get_mut(name) {
            Some(counts) => counts,
            None => {
                bytes += Self::NAME_BYTES + name.len();
                names.entry(name.into()).or_default()
            }
        };
        counts[known(kind)] += 1;
        bytes
    }

    /// Takes a span that was counted off again; returns how many bytes less are taken.
    pub(super) fn remove(&mut self, service: &Arc<str>, name: &str, kind: usize) -> usize {
        let mut bytes = 0;
        if let Some(names) = self.0.get_mut(service) {
            if let Some(counts) = names.get_mut(name) {
                counts[known(kind)] -= 1;
                if *counts == [0; KINDS] {
                    names.remove(name);
                    bytes += Self::NAME_BYTES + name.len();
                }
            }
            if names.is_empty() {
                self.0.remove(service);
                bytes += Self::SERVICE_BYTES + service.len();
            }
        }
        bytes
    }

    /// Sorted.
    pub(super) fn services(&self) -> BTreeSet<Arc<str>> {
        self.0.keys().cloned().collect()
    }

    /// Sorted.
    pub(super) fn of(&self, service: &str) -> BTreeSet<Operation> {
        let names: BTreeMap<_, _> = self.0.get(service).into_iter().flatten().collect();
        names
            .into_iter()
            .flat_map(|(name, counts)| {
                let kinds = (0..KINDS).filter(|kind| counts[*kind] > 0);
                kinds.map(|kind| Operation {
                    name: name.clone(),
                    kind,
                })
            })
            .collect()
    }
}

fn known(kind: usize) -> usize {
    if kind < KINDS { kind } else { 0 }
}
