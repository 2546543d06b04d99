//! What attributes, classes, styles and properties are set to.

use std::borrow::Cow;

use crate::signal::{Memo, RwSignal, Signal};

/// A value as it is at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plain {
    /// None: the attribute is taken away.
    Absent,
    /// On or off.
    Flag(bool),
    /// A text.
    Text(Cow<'static, str>),
}

/// A value, or what makes it anew whenever a signal changes that it reads.
pub enum Value {
    /// It stays as it is.
    Plain(Plain),
    /// It follows signals.
    Reactive(Box<dyn FnMut() -> Plain>),
}

/// What can be a value.
pub trait IntoValue {
    /// The value.
    fn into_value(self) -> Value;
}

impl From<bool> for Plain {
    fn from(flag: bool) -> Plain {
        Plain::Flag(flag)
    }
}

impl From<String> for Plain {
    fn from(text: String) -> Plain {
        Plain::Text(Cow::Owned(text))
    }
}

impl From<&'static str> for Plain {
    fn from(text: &'static str) -> Plain {
        Plain::Text(Cow::Borrowed(text))
    }
}

impl<T: Into<Plain>> From<Option<T>> for Plain {
    fn from(value: Option<T>) -> Plain {
        value.map_or(Plain::Absent, Into::into)
    }
}

macro_rules! plain {
    ($($kind:ty),*) => {$(
        impl IntoValue for $kind {
            fn into_value(self) -> Value {
                Value::Plain(self.into())
            }
        }
    )*};
}

plain!(bool, String, &'static str);

impl<T: Into<Plain>> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        Value::Plain(self.into())
    }
}

impl<F, T> IntoValue for F
where
    F: FnMut() -> T + 'static,
    T: Into<Plain>,
{
    fn into_value(mut self) -> Value {
        Value::Reactive(Box::new(move || self().into()))
    }
}

macro_rules! signals {
    ($($signal:ident),*) => {$(
        impl<T> IntoValue for $signal<T>
        where
            T: Into<Plain> + Clone + Send + Sync + 'static,
        {
            fn into_value(self) -> Value {
                Value::Reactive(Box::new(move || self.get().into()))
            }
        }
    )*};
}

signals!(Memo, RwSignal, Signal);
