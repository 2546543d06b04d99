//! An element and everything that is said of it, as `view!` writes it down.

use std::rc::Rc;

use leptos::ev::EventDescriptor;
use leptos::tachys::html::element::ElementType;
use leptos::tachys::html::node_ref::NodeRefContainer;
use leptos::wasm_bindgen::JsCast;

use crate::value::{IntoValue, Value};
use crate::view::{Content, IntoView, View};

/// An element that is being described.
pub struct Element(Box<Parts>);

/// The description.
pub(crate) struct Parts {
    pub(crate) name: &'static str,
    pub(crate) is_svg: bool,
    /// Attributes that are known when the program is compiled.
    pub(crate) fixed: &'static [(&'static str, &'static str)],
    pub(crate) settings: Vec<Setting>,
    pub(crate) listeners: Vec<(&'static str, Handler)>,
    pub(crate) references: Vec<Reference>,
    pub(crate) children: Vec<View>,
}

/// Hears of an event.
pub(crate) type Handler = Rc<dyn Fn(web_sys::Event)>;
/// Is told of the element as soon as it is there.
pub(crate) type Reference = Box<dyn FnOnce(&web_sys::Element)>;

/// Something about an element that can change.
pub(crate) struct Setting {
    pub(crate) aspect: Aspect,
    pub(crate) name: &'static str,
    pub(crate) value: Value,
}

/// What of an element is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aspect {
    Attribute,
    Class,
    Style,
    Property,
}

impl Element {
    /// An element of this name with these attributes.
    #[inline(never)]
    #[must_use]
    pub fn new(
        name: &'static str,
        is_svg: bool,
        fixed: &'static [(&'static str, &'static str)],
    ) -> Element {
        Element(Box::new(Parts {
            name,
            is_svg,
            fixed,
            settings: Vec::new(),
            listeners: Vec::new(),
            references: Vec::new(),
            children: Vec::new(),
        }))
    }

    /// With an attribute.
    #[must_use]
    pub fn attribute(self, name: &'static str, value: impl IntoValue) -> Element {
        self.set(Aspect::Attribute, name, value.into_value())
    }

    /// With a class that comes and goes.
    #[must_use]
    pub fn class(self, name: &'static str, value: impl IntoValue) -> Element {
        self.set(Aspect::Class, name, value.into_value())
    }

    /// With a property of its style.
    #[must_use]
    pub fn style(self, name: &'static str, value: impl IntoValue) -> Element {
        self.set(Aspect::Style, name, value.into_value())
    }

    /// With a property of the JavaScript object.
    #[must_use]
    pub fn property(self, name: &'static str, value: impl IntoValue) -> Element {
        self.set(Aspect::Property, name, value.into_value())
    }

    /// With something that hears of an event.
    #[must_use]
    pub fn on<E>(self, event: E, handler: impl Fn(E::EventType) + 'static) -> Element
    where
        E: EventDescriptor<EventType: JsCast>,
    {
        let handler = move |event: web_sys::Event| handler(event.unchecked_into());
        let name = match event.name() {
            std::borrow::Cow::Borrowed(name) => name,
            std::borrow::Cow::Owned(_) => return self,
        };
        self.heard(name, Rc::new(handler))
    }

    /// With a reference that is told of the element.
    #[must_use]
    pub fn node_ref<E: ElementType>(mut self, reference: impl NodeRefContainer<E>) -> Element {
        let tell = |element: &web_sys::Element| reference.load(element);
        self.0.references.push(Box::new(tell));
        self
    }

    /// With another view at the end of what is in it.
    #[must_use]
    pub fn child(self, child: impl IntoView) -> Element {
        self.pushed(child.into_view())
    }

    #[inline(never)]
    fn set(mut self, aspect: Aspect, name: &'static str, value: Value) -> Element {
        self.0.settings.push(Setting {
            aspect,
            name,
            value,
        });
        self
    }

    #[inline(never)]
    fn heard(mut self, name: &'static str, handler: Handler) -> Element {
        self.0.listeners.push((name, handler));
        self
    }

    #[inline(never)]
    fn pushed(mut self, child: View) -> Element {
        self.0.children.push(child);
        self
    }
}

impl IntoView for Element {
    fn into_view(self) -> View {
        View(Content::Element(self.0))
    }
}
