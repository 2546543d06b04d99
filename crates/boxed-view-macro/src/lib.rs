//! The `view!` of `boxed-view`: reads what Leptos' macro of this name reads and writes calls of `boxed_view::Element`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use rstml::node::{KeyedAttribute, Node, NodeAttribute, NodeElement};
use rstml::{Infallible, Parser, ParserConfig};

/// Elements that belong to the namespace of SVG.
const SVG: &[&str] = &["circle", "g", "line", "path", "polyline", "rect", "svg"];

/// Elements, text and `{expressions}` as a `View`. Elements take attributes, `class:name`, `style:name`, `prop:name`,
/// `on:event` and `node_ref`; a name that begins with a capital letter is a component of Leptos. `<For each key let:item>`
/// keeps what it has drawn for a key.
#[proc_macro]
pub fn view(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let nodes = Parser::new(ParserConfig::default()).parse_simple(input);
    match nodes.map(|nodes| fragment(&nodes)) {
        Ok(view) => quote! { { #[allow(unused_braces)] { #view } } }.into(),
        Err(error) => error.to_compile_error().into(),
    }
}

/// Nodes side by side, as one view.
fn fragment(nodes: &[Node]) -> TokenStream {
    match nodes {
        [node] => {
            let view = single(node);
            quote! { ::boxed_view::IntoView::into_view(#view) }
        }
        _ => {
            let nodes = nodes.iter().map(single);
            quote! { ::boxed_view::View::many() #(.child(#nodes))* }
        }
    }
}

fn single(node: &Node) -> TokenStream {
    match node {
        Node::Text(text) => {
            let text = &text.value;
            quote! { ::boxed_view::View::text(#text) }
        }
        Node::Block(block) => quote! { #block },
        Node::Fragment(inner) => fragment(&inner.children),
        Node::Element(node) => match &*node.name().to_string() {
            "For" => keyed(node),
            name if is_component(name) => component(node),
            name => element(name, node),
        },
        Node::Comment(_) | Node::Doctype(_) | Node::RawText(_) | Node::Custom(_) => {
            quote! { compile_error!("a view takes elements, text in quotes and blocks") }
        }
    }
}

/// Whether the last part of the path is the name of a type.
fn is_component(name: &str) -> bool {
    let name = name.rsplit("::").next().unwrap_or(name).trim();
    name.starts_with(|first: char| first.is_ascii_uppercase())
}

fn element(name: &str, node: &NodeElement<Infallible>) -> TokenStream {
    let (mut fixed, mut calls) = (Vec::new(), Vec::new());
    for attribute in node.attributes() {
        let NodeAttribute::Attribute(attribute) = attribute else {
            return quote! { compile_error!("an element takes attributes with names") };
        };
        let key = attribute.key.to_string();
        match (constant(attribute), key.split_once(':')) {
            (Some(text), None) => fixed.push(quote! { (#key, #text) }),
            _ => calls.push(call(&key, attribute)),
        }
    }
    let is_svg = SVG.contains(&name);
    let children = node.children.iter().map(single);
    quote! {
        ::boxed_view::Element::new(#name, #is_svg, &[#(#fixed),*]) #(#calls)* #(.child(#children))*
    }
}

/// What an attribute says that is known already; one without a value is there and empty.
fn constant(attribute: &KeyedAttribute) -> Option<String> {
    match attribute.value() {
        Some(_) => attribute.value_literal_string(),
        None => Some(String::new()),
    }
}

fn call(key: &str, attribute: &KeyedAttribute) -> TokenStream {
    let value = attribute.value().map(|value| quote! { #value });
    let value = value.unwrap_or_else(|| quote! { true });
    match key.split_once(':') {
        Some(("on", event)) => {
            let event = format_ident!("{event}");
            quote! { .on(::leptos::ev::#event, #value) }
        }
        Some(("class", name)) => quote! { .class(#name, #value) },
        Some(("style", name)) => quote! { .style(#name, #value) },
        Some(("prop", name)) => quote! { .property(#name, #value) },
        Some(_) => quote! { .error(compile_error!("neither on, class, style nor prop")) },
        None if key == "node_ref" => quote! { .node_ref(#value) },
        None => quote! { .attribute(#key, #value) },
    }
}

fn component(node: &NodeElement<Infallible>) -> TokenStream {
    let name = node.name();
    let values = named(node).into_iter().map(|attribute| {
        let key = &attribute.key;
        let value = value_of(attribute);
        quote! { .#key(#[allow(unused_braces)] { #value }) }
    });
    let children = (!node.children.is_empty()).then(|| {
        let children = fragment(&node.children);
        quote! { .children(::std::boxed::Box::new(move || #children)) }
    });
    quote! {
        ::leptos::component::component_view(
            &#name,
            ::leptos::component::component_props_builder(&#name) #(#values)* #children .build(),
        )
    }
}

/// A list whose views belong to keys.
fn keyed(node: &NodeElement<Infallible>) -> TokenStream {
    let attributes = named(node);
    let find = |wanted: &str| {
        let mut found = attributes.iter().filter(|a| a.key.to_string() == wanted);
        found.next().map(|attribute| value_of(attribute))
    };
    let mut keys = attributes.iter().map(|attribute| attribute.key.to_string());
    let item = keys.find_map(|key| Some(key.strip_prefix("let:")?.to_owned()));
    let (Some(each), Some(key), Some(item)) = (find("each"), find("key"), item) else {
        return quote! { compile_error!("`For` takes `each`, `key` and `let:name`") };
    };
    let item = format_ident!("{item}");
    let children = fragment(&node.children);
    quote! { ::boxed_view::keyed(#each, #key, move |#item| #children) }
}

fn named(node: &NodeElement<Infallible>) -> Vec<&KeyedAttribute> {
    let attributes = node.attributes().iter();
    attributes
        .filter_map(|attribute| match attribute {
            NodeAttribute::Attribute(attribute) => Some(attribute),
            NodeAttribute::Block(_) => None,
        })
        .collect()
}

/// The value; that of the variable of this name where none is said.
fn value_of(attribute: &KeyedAttribute) -> TokenStream {
    let key = &attribute.key;
    attribute
        .value()
        .map_or_else(|| quote! { #key }, |value| quote! { #value })
}
