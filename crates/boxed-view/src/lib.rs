#![doc = include_str!("../README.md")]

mod element;
mod keyed;
mod mounted;
mod reactive;
mod signal;
mod value;
mod view;

pub use boxed_view_macro::view;
pub use element::Element;
pub use keyed::keyed;
pub use mounted::Mounted;
pub use reactive::{effect, spawn};
pub use signal::{Memo, RwSignal, Signal, StoredValue, memo};
pub use value::{IntoValue, Plain, Value};
pub use view::{CollectView, IntoView, View};

/// What stands between the tags of a component.
pub type Children = Box<dyn FnOnce() -> View>;
