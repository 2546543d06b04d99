//! Sorting, once for all types. The standard library brings a sort of its own for each type that is sorted, kilobytes of code
//! each, which a page would have to download; here only the comparison and the exchange of two items differ.

/// Sorts by a key; items with equal keys stay in their order.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    let is_before = |one: usize, other: usize| match (items.get(one), items.get(other)) {
        (Some(one), Some(other)) => key(one) < key(other),
        _ => false,
    };
    let mut sources = order(items.len(), &is_before);
    // Each item is brought to its place along the cycle that it is part of.
    for start in 0..sources.len() {
        let mut at = start;
        while let Some(slot) = sources.get_mut(at) {
            let source = std::mem::replace(slot, at);
            if source == start {
                break;
            }
            items.swap(at, source);
            at = source;
        }
    }
}

/// The positions of items in the order of the items, by merging runs that double in length.
fn order(count: usize, is_before: &dyn Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut from: Vec<usize> = (0..count).collect();
    let mut length = 1;
    while length < count {
        let mut to = Vec::with_capacity(count);
        for run in from.chunks(2 * length) {
            let (left, right) = run.split_at(length.min(run.len()));
            merge(left, right, is_before, &mut to);
        }
        from = to;
        length *= 2;
    }
    from
}

fn merge(
    mut left: &[usize],
    mut right: &[usize],
    is_before: &dyn Fn(usize, usize) -> bool,
    to: &mut Vec<usize>,
) {
    while let (Some((one, left_rest)), Some((other, right_rest))) =
        (left.split_first(), right.split_first())
    {
        if is_before(*other, *one) {
            to.push(*other);
            right = right_rest;
        } else {
            to.push(*one);
            left = left_rest;
        }
    }
    to.extend_from_slice(left);
    to.extend_from_slice(right);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sorts_like_the_standard_library(
            keys in proptest::collection::vec(0_u8..20, 0..200)
        ) {
            let mut items: Vec<(u8, usize)> = keys.into_iter().zip(0..).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|(key, _)| *key);
            sort_by_key(&mut items, |(key, _)| *key);
            prop_assert_eq!(items, expected);
        }
    }
}
