//! Leptos' signals, memos and stored values, compiled once for all types instead of once for each: inside they hold a value
//! of any type, and what is here says which.

use std::any::Any;
use std::marker::PhantomData;

use leptos::prelude::{
    self, Set, SetValue, Track, Update, UpdateValue, With, WithUntracked, WithValue,
};

type Equals = fn(&dyn Any, &dyn Any) -> bool;

/// A value of some type.
struct Held {
    value: Box<dyn Any + Send + Sync>,
    /// Whether two of its type are equal; what is not compared has none.
    equals: Option<Equals>,
}

impl Held {
    fn new<T: Send + Sync + 'static>(value: T) -> Held {
        Held {
            value: Box::new(value),
            equals: None,
        }
    }

    fn compared<T: PartialEq + Send + Sync + 'static>(value: T) -> Held {
        let equals =
            |one: &dyn Any, other: &dyn Any| one.downcast_ref::<T>() == other.downcast_ref::<T>();
        Held {
            value: Box::new(value),
            equals: Some(equals),
        }
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Held) -> bool {
        self.equals
            .is_some_and(|equals| equals(&*self.value, &*other.value))
    }
}

/// What is done with a value, of whatever type it is.
type Look<'l> = &'l mut dyn FnMut(&dyn Any);
type Change<'c> = &'c mut dyn FnMut(&mut dyn Any);

/// Lets `f` see what `look` finds; nothing when that is gone.
fn seen<T: 'static, U>(look: impl FnOnce(Look), f: impl FnOnce(&T) -> U) -> Option<U> {
    let (mut f, mut outcome) = (Some(f), None);
    look(&mut |value| {
        if let (Some(f), Some(value)) = (f.take(), value.downcast_ref()) {
            outcome = Some(f(value));
        }
    });
    outcome
}

/// Lets `f` change what `change` finds; nothing when that is gone.
fn changed<T: 'static, U>(change: impl FnOnce(Change), f: impl FnOnce(&mut T) -> U) -> Option<U> {
    let (mut f, mut outcome) = (Some(f), None);
    change(&mut |value| {
        if let (Some(f), Some(value)) = (f.take(), value.downcast_mut()) {
            outcome = Some(f(value));
        }
    });
    outcome
}

/// As with Leptos: who uses what was given up has made a mistake.
#[cold]
#[inline(never)]
#[track_caller]
fn alive<T>(value: Option<T>) -> T {
    value.expect("the signal belongs to a part of the page that is gone")
}

/// A type that names a value of type `T` in Leptos' arena; cheap to copy, and gone with the part of the page that made it.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name<T> {
            inner: prelude::$name<Held>,
            of: PhantomData<fn() -> T>,
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T> From<prelude::$name<Held>> for $name<T> {
            fn from(inner: prelude::$name<Held>) -> Self {
                $name {
                    inner,
                    of: PhantomData,
                }
            }
        }
    };
}

handle! {
    /// A value that can change; whoever reads it is told.
    RwSignal
}
handle! {
    /// A value that is made of others, anew when they have changed; whoever reads it is told when it is another then.
    Memo
}
handle! {
    /// Any of the others, or a function of them, to be read.
    Signal
}
handle! {
    /// A value of which nobody is told.
    StoredValue
}

/// What reads signals of one kind.
macro_rules! reading {
    ($name:ident, $tracked:ident, $untracked:ident) => {
        #[inline(never)]
        fn $tracked(signal: prelude::$name<Held>, look: Look) {
            let _ = signal.try_with(|held| look(&*held.value));
        }

        #[inline(never)]
        fn $untracked(signal: prelude::$name<Held>, look: Look) {
            let _ = signal.try_with_untracked(|held| look(&*held.value));
        }

        impl<T: Send + Sync + 'static> $name<T> {
            /// What `f` makes of the value; who calls this is told when it changes. Nothing when the signal is gone.
            pub fn try_with<U>(self, f: impl FnOnce(&T) -> U) -> Option<U> {
                seen(|look| $tracked(self.inner, look), f)
            }

            /// The same without being told.
            pub fn try_with_untracked<U>(self, f: impl FnOnce(&T) -> U) -> Option<U> {
                seen(|look| $untracked(self.inner, look), f)
            }

            /// What `f` makes of the value; who calls this is told when it changes.
            #[track_caller]
            pub fn with<U>(self, f: impl FnOnce(&T) -> U) -> U {
                alive(self.try_with(f))
            }

            /// The same without being told.
            #[track_caller]
            pub fn with_untracked<U>(self, f: impl FnOnce(&T) -> U) -> U {
                alive(self.try_with_untracked(f))
            }

            /// Is told when the value changes.
            pub fn track(self) {
                self.inner.track();
            }
        }

        impl<T: Clone + Send + Sync + 'static> $name<T> {
            /// The value; who calls this is told when it changes.
            #[track_caller]
            pub fn get(self) -> T {
                self.with(T::clone)
            }

            /// The value.
            #[track_caller]
            pub fn get_untracked(self) -> T {
                self.with_untracked(T::clone)
            }

            /// The value; nothing when the signal is gone.
            pub fn try_get_untracked(self) -> Option<T> {
                self.try_with_untracked(T::clone)
            }
        }
    };
}

reading!(RwSignal, look_at_signal, peek_at_signal);
reading!(Memo, look_at_memo, peek_at_memo);
reading!(Signal, look_at_any, peek_at_any);

#[inline(never)]
fn change_signal(signal: prelude::RwSignal<Held>, change: Change) {
    let _ = signal.try_update(|held| change(&mut *held.value));
}

#[inline(never)]
fn set_signal(signal: prelude::RwSignal<Held>, held: Held) -> bool {
    signal.try_set(held).is_none()
}

impl<T: Send + Sync + 'static> RwSignal<T> {
    /// A signal with this value.
    pub fn new(value: T) -> Self {
        prelude::RwSignal::new(Held::new(value)).into()
    }

    /// Takes another value; a signal that is gone takes none.
    pub fn set(self, value: T) {
        self.try_set(value);
    }

    /// Takes another value, and says whether it could.
    pub fn try_set(self, value: T) -> bool {
        set_signal(self.inner, Held::new(value))
    }

    /// Lets `f` change the value; of a signal that is gone, nothing.
    pub fn update(self, f: impl FnOnce(&mut T)) {
        self.try_update(f);
    }

    /// What `f` says that changes the value; nothing when the signal is gone.
    pub fn try_update<U>(self, f: impl FnOnce(&mut T) -> U) -> Option<U> {
        changed(|change| change_signal(self.inner, change), f)
    }
}

impl<T: Default + Send + Sync + 'static> Default for RwSignal<T> {
    fn default() -> Self {
        RwSignal::new(T::default())
    }
}

/// What `value` gives, made anew when a signal changes that it reads; nobody hears of a new value that equals the old.
pub fn memo<T>(value: impl Fn() -> T + Send + Sync + 'static) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    made(Box::new(move || Held::compared(value()))).into()
}

#[inline(never)]
fn made(value: Box<dyn Fn() -> Held + Send + Sync>) -> prelude::Memo<Held> {
    prelude::Memo::new(move |_| value())
}

impl<T: Send + Sync + 'static> Signal<T> {
    /// What a function gives at any moment.
    pub fn derive(value: impl Fn() -> T + Send + Sync + 'static) -> Self {
        derived(Box::new(move || Held::new(value()))).into()
    }

    /// A value that stays as it is.
    pub fn stored(value: T) -> Self {
        kept(Held::new(value)).into()
    }
}

#[inline(never)]
fn derived(value: Box<dyn Fn() -> Held + Send + Sync>) -> prelude::Signal<Held> {
    prelude::Signal::derive(value)
}

#[inline(never)]
fn kept(held: Held) -> prelude::Signal<Held> {
    prelude::Signal::stored(held)
}

impl<T: Default + Send + Sync + 'static> Default for Signal<T> {
    fn default() -> Self {
        Signal::stored(T::default())
    }
}

impl<T> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Self {
        prelude::Signal::from(signal.inner).into()
    }
}

impl<T> From<Memo<T>> for Signal<T> {
    fn from(memo: Memo<T>) -> Self {
        prelude::Signal::from(memo.inner).into()
    }
}

impl<T, F> From<F> for Signal<T>
where
    T: Send + Sync + 'static,
    F: Fn() -> T + Send + Sync + 'static,
{
    fn from(value: F) -> Self {
        Signal::derive(value)
    }
}

#[inline(never)]
fn look_at_stored(stored: prelude::StoredValue<Held>, look: Look) {
    let _ = stored.try_with_value(|held| look(&*held.value));
}

#[inline(never)]
fn change_stored(stored: prelude::StoredValue<Held>, change: Change) {
    let _ = stored.try_update_value(|held| change(&mut *held.value));
}

#[inline(never)]
fn set_stored(stored: prelude::StoredValue<Held>, held: Held) -> bool {
    stored.try_set_value(held).is_none()
}

impl<T: Send + Sync + 'static> StoredValue<T> {
    /// A place for this value.
    pub fn new(value: T) -> Self {
        prelude::StoredValue::new(Held::new(value)).into()
    }

    /// What `f` makes of the value; nothing when it is gone.
    pub fn try_with_value<U>(self, f: impl FnOnce(&T) -> U) -> Option<U> {
        seen(|look| look_at_stored(self.inner, look), f)
    }

    /// What `f` makes of the value.
    #[track_caller]
    pub fn with_value<U>(self, f: impl FnOnce(&T) -> U) -> U {
        alive(self.try_with_value(f))
    }

    /// Another value in its place, unless that is gone.
    pub fn set_value(self, value: T) {
        self.try_set_value(value);
    }

    /// Another value in its place; says whether that is still there.
    pub fn try_set_value(self, value: T) -> bool {
        set_stored(self.inner, Held::new(value))
    }

    /// Lets `f` change the value, unless it is gone.
    pub fn update_value(self, f: impl FnOnce(&mut T)) {
        self.try_update_value(f);
    }

    /// What `f` says that changes the value; nothing when it is gone.
    pub fn try_update_value<U>(self, f: impl FnOnce(&mut T) -> U) -> Option<U> {
        changed(|change| change_stored(self.inner, change), f)
    }
}

impl<T: Clone + Send + Sync + 'static> StoredValue<T> {
    /// The value.
    #[track_caller]
    pub fn get_value(self) -> T {
        self.with_value(T::clone)
    }

    /// The value; nothing when it is gone.
    pub fn try_get_value(self) -> Option<T> {
        self.try_with_value(T::clone)
    }
}

impl<T: Default + Send + Sync + 'static> Default for StoredValue<T> {
    fn default() -> Self {
        StoredValue::new(T::default())
    }
}
