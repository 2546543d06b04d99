//! Views on the page: how they come there, what becomes of them when another view takes their place, and how they go.

use std::borrow::Cow;

use leptos::prelude::document;
use leptos::reactive::effect::RenderEffect;
use leptos::tachys::view::{Mountable, Render};
use leptos::wasm_bindgen::closure::Closure;
use leptos::wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, Node};

use crate::element::{Aspect, Handler, Parts, Setting};
use crate::keyed::{self, List};
use crate::value::{Plain, Value};
use crate::view::{Content, View};

const SVG: &str = "http://www.w3.org/2000/svg";

/// A view on the page. It has at least one node, so that another one can be put before it.
pub enum Mounted {
    #[doc(hidden)]
    Nothing(Node),
    #[doc(hidden)]
    Text(Node, Cow<'static, str>),
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this crate makes them")]
    Element(Box<Built>),
    /// The views, and what stands behind the last of them.
    #[doc(hidden)]
    Many(Vec<Mounted>, Node),
    #[doc(hidden)]
    Reactive(RenderEffect<Mounted>),
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this crate makes them")]
    Keyed(List),
    /// What an effect of an attribute leaves.
    #[doc(hidden)]
    Applied,
}

/// An element that was made from its description.
pub(crate) struct Built {
    element: web_sys::Element,
    name: &'static str,
    fixed: &'static [(&'static str, &'static str)],
    settings: Vec<Applied>,
    listeners: Vec<Listener>,
    children: Vec<Mounted>,
}

/// A setting that holds.
struct Applied {
    aspect: Aspect,
    name: &'static str,
    /// As long as it follows signals.
    _effect: Option<RenderEffect<Mounted>>,
}

/// Stops to listen when it goes.
struct Listener {
    element: web_sys::Element,
    name: &'static str,
    closure: Closure<dyn Fn(Event)>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let function = self.closure.as_ref().unchecked_ref();
        // A listener that is not there any more is none.
        let _ = self
            .element
            .remove_event_listener_with_callback(self.name, function);
    }
}

impl View {
    /// Makes the nodes, which are nowhere yet.
    pub(crate) fn build(self) -> Mounted {
        match self.0 {
            Content::Nothing => Mounted::Nothing(placeholder()),
            Content::Text(text) => Mounted::Text(document().create_text_node(&text).into(), text),
            Content::Element(parts) => Mounted::Element(Box::new(Built::new(*parts))),
            Content::Many(views) => {
                Mounted::Many(views.into_iter().map(View::build).collect(), placeholder())
            }
            Content::Reactive(mut view) => {
                Mounted::Reactive(RenderEffect::new(move |before: Option<Mounted>| {
                    let view = view();
                    match before {
                        None => view.build(),
                        Some(mut mounted) => {
                            mounted.rebuild(view);
                            mounted
                        }
                    }
                }))
            }
            Content::Keyed(source) => Mounted::Reactive(keyed::build(source)),
        }
    }
}

impl Mounted {
    /// Shows `view` instead. Texts and elements of the same shape stay and are changed: what has the focus keeps it.
    fn rebuild(&mut self, view: View) {
        match (&mut *self, view.0) {
            (Mounted::Nothing(_), Content::Nothing) => {}
            (Mounted::Text(node, before), Content::Text(text)) => {
                if *before != text {
                    node.set_node_value(Some(&text));
                    *before = text;
                }
            }
            (Mounted::Element(built), Content::Element(parts)) if built.has_shape_of(&parts) => {
                built.rebuild(*parts);
            }
            (Mounted::Many(before, end), Content::Many(views)) => {
                if let Some(parent) = end.parent_node() {
                    rebuild_all(before, views, &parent, Some(end));
                }
            }
            (_, content) => self.replace(View(content).build()),
        }
    }

    fn replace(&mut self, new: Mounted) {
        let first = self.first();
        if let Some(parent) = first.parent_node() {
            new.insert(&parent, Some(&first));
        }
        self.remove();
        *self = new;
    }

    pub(crate) fn remove(&self) {
        self.each_node(&mut remove);
    }

    /// Puts the nodes into `parent`, before one that is there or at the end.
    pub(crate) fn insert(&self, parent: &Node, before: Option<&Node>) {
        self.each_node(&mut |node| {
            // Where the place is gone there is nothing to be shown.
            let _ = parent.insert_before(node, before);
        });
    }

    /// Calls `act` with each of the nodes side by side, in order.
    fn each_node(&self, act: &mut dyn FnMut(&Node)) {
        match self {
            Mounted::Nothing(node) | Mounted::Text(node, _) => act(node),
            Mounted::Element(built) => act(&built.element),
            Mounted::Many(views, end) => {
                for view in views {
                    view.each_node(act);
                }
                act(end);
            }
            Mounted::Reactive(effect) => {
                effect.with_value_mut(|mounted| mounted.each_node(act));
            }
            Mounted::Keyed(list) => {
                for item in &list.items {
                    item.mounted.each_node(act);
                }
                act(&list.end);
            }
            Mounted::Applied => {}
        }
    }

    pub(crate) fn first(&self) -> Node {
        let mut first = None;
        self.each_node(&mut |node| {
            first.get_or_insert_with(|| node.clone());
        });
        first.unwrap_or_else(placeholder)
    }

    pub(crate) fn last(&self) -> Node {
        let mut last = None;
        self.each_node(&mut |node| last = Some(node.clone()));
        last.unwrap_or_else(placeholder)
    }
}

impl Built {
    fn new(parts: Parts) -> Built {
        let document = document();
        let element = match parts.is_svg {
            true => document.create_element_ns(Some(SVG), parts.name),
            false => document.create_element(parts.name),
        };
        let element = element.expect("the name is one of HTML or SVG");
        for (name, value) in parts.fixed {
            // The names are those of a view that was compiled.
            let _ = element.set_attribute(name, value);
        }
        let children: Vec<Mounted> = parts.children.into_iter().map(View::build).collect();
        for child in &children {
            child.insert(&element, None);
        }
        for reference in parts.references {
            reference(&element);
        }
        Built {
            settings: apply_all(&element, parts.settings),
            listeners: listen(&element, parts.listeners),
            name: parts.name,
            fixed: parts.fixed,
            children,
            element,
        }
    }

    /// Whether nothing but values and what is inside can be different.
    fn has_shape_of(&self, parts: &Parts) -> bool {
        let settings = self.settings.iter().map(|set| (set.aspect, set.name));
        let wanted = parts.settings.iter().map(|set| (set.aspect, set.name));
        self.name == parts.name && self.fixed == parts.fixed && settings.eq(wanted)
    }

    fn rebuild(&mut self, parts: Parts) {
        // What followed signals stops before its successor begins.
        self.settings.clear();
        self.listeners.clear();
        rebuild_all(&mut self.children, parts.children, &self.element, None);
        for reference in parts.references {
            reference(&self.element);
        }
        self.settings = apply_all(&self.element, parts.settings);
        self.listeners = listen(&self.element, parts.listeners);
    }
}

/// Views side by side take the place of others; `end` is behind them.
fn rebuild_all(before: &mut Vec<Mounted>, views: Vec<View>, parent: &Node, end: Option<&Node>) {
    for gone in before.drain(views.len().min(before.len())..) {
        gone.remove();
    }
    let count = before.len();
    for (index, view) in views.into_iter().enumerate() {
        match before.get_mut(index).filter(|_| index < count) {
            Some(mounted) => mounted.rebuild(view),
            None => {
                let mounted = view.build();
                mounted.insert(parent, end);
                before.push(mounted);
            }
        }
    }
}

fn listen(element: &web_sys::Element, listeners: Vec<(&'static str, Handler)>) -> Vec<Listener> {
    let listen = |(name, handler): (&'static str, Handler)| {
        let closure = Closure::<dyn Fn(Event)>::new(move |event| handler(event));
        // An element always takes listeners.
        let _ = element.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        Listener {
            element: element.clone(),
            name,
            closure,
        }
    };
    listeners.into_iter().map(listen).collect()
}

fn apply_all(element: &web_sys::Element, settings: Vec<Setting>) -> Vec<Applied> {
    let apply = |setting: Setting| {
        let Setting {
            aspect,
            name,
            value,
        } = setting;
        let effect = match value {
            Value::Plain(value) => {
                apply(element, aspect, name, &value);
                None
            }
            Value::Reactive(mut value) => {
                let (element, mut before) = (element.clone(), None);
                Some(RenderEffect::new(move |_: Option<Mounted>| {
                    let value = value();
                    // The user may have changed a property since.
                    if aspect == Aspect::Property || before.as_ref() != Some(&value) {
                        apply(&element, aspect, name, &value);
                        before = Some(value);
                    }
                    Mounted::Applied
                }))
            }
        };
        Applied {
            aspect,
            name,
            _effect: effect,
        }
    };
    settings.into_iter().map(apply).collect()
}

/// Sets one thing. What the browser refuses, such as a style it does not know, it leaves as it was.
fn apply(element: &web_sys::Element, aspect: Aspect, name: &str, value: &Plain) {
    let text = match value {
        Plain::Absent | Plain::Flag(false) => None,
        Plain::Flag(true) => Some(""),
        Plain::Text(text) => Some(&**text),
    };
    let _ = match (aspect, text) {
        (Aspect::Attribute, Some(text)) => element.set_attribute(name, text),
        (Aspect::Attribute, None) => element.remove_attribute(name),
        (Aspect::Class, _) => {
            let classes = element.class_list();
            classes.toggle_with_force(name, text.is_some()).map(|_| ())
        }
        (Aspect::Style, text) => {
            let style = element.unchecked_ref::<web_sys::HtmlElement>().style();
            style.set_property(name, text.unwrap_or(""))
        }
        (Aspect::Property, _) => {
            let value = match value {
                Plain::Absent => JsValue::UNDEFINED,
                Plain::Flag(flag) => JsValue::from_bool(*flag),
                Plain::Text(text) => JsValue::from_str(text),
            };
            js_sys::Reflect::set(element, &JsValue::from_str(name), &value).map(|_| ())
        }
    };
}

/// A node that nobody sees and that keeps a place.
pub(crate) fn placeholder() -> Node {
    document().create_comment("").into()
}

fn remove(node: &Node) {
    if let Some(parent) = node.parent_node() {
        // It is a child of its parent.
        let _ = parent.remove_child(node);
    }
}

impl Render for View {
    type State = Mounted;

    fn build(self) -> Mounted {
        View::build(self)
    }

    fn rebuild(self, mounted: &mut Mounted) {
        mounted.rebuild(self);
    }
}

impl Mountable for Mounted {
    fn unmount(&mut self) {
        self.remove();
    }

    fn mount(&mut self, parent: &web_sys::Element, marker: Option<&Node>) {
        self.insert(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let first = self.first();
        let Some(parent) = first.parent_node() else {
            return false;
        };
        child.mount(parent.unchecked_ref(), Some(&first));
        true
    }

    fn elements(&self) -> Vec<web_sys::Element> {
        let mut elements = Vec::new();
        self.each_node(&mut |node| elements.extend(node.dyn_ref().cloned()));
        elements
    }
}
