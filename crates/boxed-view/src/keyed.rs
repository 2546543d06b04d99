//! Lists whose views belong to keys: what is there already stays when the list changes.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use leptos::prelude::{Owner, untrack};
use leptos::reactive::effect::RenderEffect;

use crate::mounted::{Mounted, placeholder};
use crate::view::{Content, IntoView, View};

/// What a key gives to be hashed: two keys are equal if these are.
pub(crate) type Key = Vec<u8>;

/// Where the items of a list come from.
pub(crate) trait Source {
    /// Looks at the list and returns the keys of its items.
    fn keys(&mut self) -> Vec<Key>;
    /// The view of an item of the list that was looked at.
    fn view(&mut self, index: usize) -> View;
}

/// A list that follows the signals `each` reads. What `view` has made for an item stays as long as an item has the same
/// `key`, which must be different for each of them.
pub fn keyed<T: 'static, K: Hash, V: IntoView>(
    each: impl Fn() -> Vec<T> + 'static,
    key: impl Fn(&T) -> K + 'static,
    view: impl Fn(T) -> V + 'static,
) -> View {
    View(Content::Keyed(Box::new(Items {
        each,
        key,
        view,
        items: Vec::new(),
    })))
}

struct Items<T, E, K, V> {
    each: E,
    key: K,
    view: V,
    items: Vec<Option<T>>,
}

impl<T, E, K, V, Hashed, Shown> Source for Items<T, E, K, V>
where
    E: Fn() -> Vec<T>,
    K: Fn(&T) -> Hashed,
    V: Fn(T) -> Shown,
    Hashed: Hash,
    Shown: IntoView,
{
    fn keys(&mut self) -> Vec<Key> {
        self.items = (self.each)().into_iter().map(Some).collect();
        let items = self.items.iter().flatten();
        items
            .map(|item| {
                let mut written = Written(Vec::new());
                (self.key)(item).hash(&mut written);
                written.0
            })
            .collect()
    }

    fn view(&mut self, index: usize) -> View {
        let item = self.items.get_mut(index).and_then(Option::take);
        item.map_or_else(|| ().into_view(), |item| (self.view)(item).into_view())
    }
}

/// Keeps what it is given.
struct Written(Vec<u8>);

impl Hasher for Written {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Nobody asks for it.
    fn finish(&self) -> u64 {
        0
    }
}

/// An item on the page, with what its view owns.
pub(crate) struct Item {
    key: Key,
    pub(crate) mounted: Mounted,
    /// Gives up the signals of the view when it goes.
    _owner: Owner,
}

/// A list on the page.
pub(crate) struct List {
    pub(crate) items: Vec<Item>,
    /// Stands behind the last item.
    pub(crate) end: web_sys::Node,
}

/// Draws the list and follows it.
pub(crate) fn build(mut source: Box<dyn Source>) -> RenderEffect<Mounted> {
    let parent = Owner::current().unwrap_or_default();
    RenderEffect::new(move |before: Option<Mounted>| {
        let keys = source.keys();
        let mut list = match before {
            Some(Mounted::Keyed(list)) => list,
            _ => List {
                items: Vec::new(),
                end: placeholder(),
            },
        };
        untrack(|| update(&mut list, keys, &mut *source, &parent));
        Mounted::Keyed(list)
    })
}

fn update(list: &mut List, keys: Vec<Key>, source: &mut dyn Source, parent: &Owner) {
    let mut before: HashMap<Key, Item> = HashMap::with_capacity(list.items.len());
    for item in list.items.drain(..) {
        before.insert(item.key.clone(), item);
    }
    for (index, key) in keys.into_iter().enumerate() {
        list.items.push(before.remove(&key).unwrap_or_else(|| {
            let owner = parent.with(Owner::new);
            let mounted = owner.with(|| source.view(index).build());
            Item {
                key,
                mounted,
                _owner: owner,
            }
        }));
    }
    for item in before.values() {
        item.mounted.remove();
    }
    drop(before);
    let Some(element) = list.end.parent_node() else {
        return;
    };
    // From the last one on, each has its place before the one behind it; most are there already.
    let mut next = list.end.clone();
    for item in list.items.iter().rev() {
        if item.mounted.last().next_sibling().as_ref() != Some(&next) {
            item.mounted.insert(&element, Some(&next));
        }
        next = item.mounted.first();
    }
}
