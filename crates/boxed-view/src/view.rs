//! What is to be shown, as a value, and what can be made into one.

use std::borrow::Cow;

use crate::signal::{Memo, RwSignal, Signal};

use crate::element::Parts;
use crate::keyed::Source;

/// Something that can be shown. All views have this type, whatever is in them.
pub struct View(pub(crate) Content);

pub(crate) enum Content {
    Nothing,
    Text(Cow<'static, str>),
    Element(Box<Parts>),
    Many(Vec<View>),
    Reactive(Box<dyn FnMut() -> View>),
    Keyed(Box<dyn Source>),
}

/// What can be shown.
pub trait IntoView: Sized {
    /// The view.
    fn into_view(self) -> View;
}

/// What can be shown one after the other.
pub trait CollectView {
    /// All of them as one view.
    fn collect_view(self) -> View;
}

impl View {
    /// A text that is known already. Whatever it holds, it is never read as markup.
    #[must_use]
    pub fn text(text: &'static str) -> View {
        View(Content::Text(Cow::Borrowed(text)))
    }

    /// Views side by side; none at first.
    #[must_use]
    pub fn many() -> View {
        View(Content::Many(Vec::new()))
    }

    /// With another view at the end. On what is not [`View::many`] this changes nothing.
    #[must_use]
    pub fn child(self, child: impl IntoView) -> View {
        self.pushed(child.into_view())
    }

    #[inline(never)]
    fn pushed(mut self, child: View) -> View {
        if let Content::Many(views) = &mut self.0 {
            views.push(child);
        }
        self
    }
}

impl IntoView for View {
    fn into_view(self) -> View {
        self
    }
}

impl IntoView for () {
    fn into_view(self) -> View {
        View(Content::Nothing)
    }
}

impl IntoView for String {
    fn into_view(self) -> View {
        View(Content::Text(Cow::Owned(self)))
    }
}

impl IntoView for &str {
    fn into_view(self) -> View {
        self.to_owned().into_view()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl IntoView for $number {
            fn into_view(self) -> View {
                self.to_string().into_view()
            }
        }
    )*};
}

numbers!(u16, u64, usize);

impl<V: IntoView> IntoView for Option<V> {
    fn into_view(self) -> View {
        match self {
            Some(view) => view.into_view(),
            None => ().into_view(),
        }
    }
}

impl<V: IntoView> IntoView for Vec<V> {
    fn into_view(self) -> View {
        self.collect_view()
    }
}

impl<F, V> IntoView for F
where
    F: FnMut() -> V + 'static,
    V: IntoView,
{
    fn into_view(mut self) -> View {
        View(Content::Reactive(Box::new(move || self().into_view())))
    }
}

macro_rules! signals {
    ($($signal:ident),*) => {$(
        impl<V> IntoView for $signal<V>
        where
            V: IntoView + Clone + Send + Sync + 'static,
        {
            fn into_view(self) -> View {
                (move || self.get()).into_view()
            }
        }
    )*};
}

signals!(Memo, RwSignal, Signal);

impl<I> CollectView for I
where
    I: IntoIterator<Item: IntoView>,
{
    fn collect_view(self) -> View {
        let mut all = View::many();
        for view in self {
            all = all.child(view);
        }
        all
    }
}
