//! Views in a real browser: what is drawn, what stays when signals change, and what goes.

#![cfg(target_arch = "wasm32")]

use boxed_view::{IntoView, RwSignal, StoredValue, View, view};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{HtmlElement, Node};

wasm_bindgen_test_configure!(run_in_browser);

/// A view in an element of its own, which goes away with this.
struct Stage {
    element: HtmlElement,
    _owner: Owner,
    _mounted: Box<dyn std::any::Any>,
}

impl Stage {
    fn new(view: impl FnOnce() -> View + 'static) -> Stage {
        let element = document()
            .create_element("div")
            .expect("a div can be made")
            .unchecked_into::<HtmlElement>();
        let body = document().body().expect("the page has a body");
        body.append_child(&element).expect("the body takes a div");
        let owner = Owner::new();
        let mounted = owner.with(|| leptos::mount::mount_to_renderer(&element, view));
        Stage {
            element,
            _owner: owner,
            _mounted: Box::new(mounted),
        }
    }

    fn html(&self) -> String {
        self.element.inner_html().replace("<!---->", "")
    }

    fn find(&self, selector: &str) -> HtmlElement {
        let found = self.element.query_selector(selector);
        let found = found.expect("a valid selector");
        found
            .unwrap_or_else(|| panic!("{selector} is not there"))
            .unchecked_into()
    }

    fn nodes(&self, selector: &str) -> Vec<Node> {
        let found = self.element.query_selector_all(selector);
        let found = found.expect("a valid selector");
        (0..found.length())
            .filter_map(|index| found.get(index))
            .collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.element.remove();
    }
}

/// What follows signals has run.
async fn settled() {
    leptos::task::tick().await;
    leptos::task::tick().await;
}

#[wasm_bindgen_test]
async fn values_follow_signals() {
    let (name, on) = (RwSignal::new("one"), RwSignal::new(true));
    let stage = Stage::new(move || {
        view! {
            <input
                type="text"
                class="field"
                class:on=on
                style:--step=move || name.get()
                aria-label=move || on.get().then(|| name.get())
                aria-busy=move || on.get().to_string()
                disabled=on
                prop:value=move || name.get()
            />
            <p>"It is " {move || name.get()} "."</p>
        }
    });
    let input = stage.find("input");
    let value = || js_sys::Reflect::get(&input, &"value".into()).expect("an input has a value");
    assert_eq!(input.class_name(), "field on");
    assert_eq!(
        input.get_attribute("style").as_deref(),
        Some("--step: one;")
    );
    assert_eq!(input.get_attribute("aria-label").as_deref(), Some("one"));
    assert!(input.has_attribute("disabled"));
    assert_eq!(stage.find("p").inner_text(), "It is one.");
    name.set("two");
    on.set(false);
    settled().await;
    assert_eq!(input.class_name(), "field");
    assert_eq!(
        input.get_attribute("style").as_deref(),
        Some("--step: two;")
    );
    assert!(!input.has_attribute("aria-label") && !input.has_attribute("disabled"));
    assert_eq!(input.get_attribute("aria-busy").as_deref(), Some("false"));
    assert_eq!(value().as_string().as_deref(), Some("two"));
    assert_eq!(stage.find("p").inner_text(), "It is two.");
}

#[wasm_bindgen_test]
async fn an_element_of_the_same_shape_stays_and_keeps_the_focus() {
    let (count, heard) = (RwSignal::new(1_u64), RwSignal::new(Vec::new()));
    let stage = Stage::new(move || {
        view! {
            {move || {
                let now = count.get();
                let hear = move |_: web_sys::MouseEvent| heard.update(|heard| heard.push(now));
                view! { <button data-count=now.to_string() on:click=hear>{now} " times"</button> }
            }}
        }
    });
    let button = stage.find("button");
    button.focus().expect("a button takes the focus");
    count.set(2);
    settled().await;
    assert_eq!(document().active_element().as_ref(), Some(button.as_ref()));
    assert_eq!(stage.html(), "<button data-count=\"2\">2 times</button>");
    button.click();
    assert_eq!(heard.get_untracked(), [2], "the handler of before is gone");
}

#[wasm_bindgen_test]
async fn what_comes_and_goes_keeps_its_place() {
    let shown = RwSignal::new(None::<u64>);
    let stage = Stage::new(move || {
        view! {
            <i></i>
            {move || match shown.get() {
                None => ().into_view(),
                Some(0) => "none".into_view(),
                Some(count) => (0..count).map(|n| view! { <b>{n}</b> }).collect::<Vec<_>>().into_view(),
            }}
            <u></u>
        }
    });
    for (count, expected) in [
        (None, "<i></i><u></u>"),
        (Some(2), "<i></i><b>0</b><b>1</b><u></u>"),
        (Some(3), "<i></i><b>0</b><b>1</b><b>2</b><u></u>"),
        (Some(1), "<i></i><b>0</b><u></u>"),
        (Some(0), "<i></i>none<u></u>"),
        (None, "<i></i><u></u>"),
    ] {
        shown.set(count);
        settled().await;
        assert_eq!(stage.html(), expected);
    }
}

#[wasm_bindgen_test]
async fn views_stay_with_their_keys() {
    let (list, gone) = (
        RwSignal::new(vec![1_u64, 2, 3]),
        StoredValue::new(Vec::new()),
    );
    let stage = Stage::new(move || {
        view! {
            <ul>
                <For each=move || list.get() key=|item| *item let:item>
                    {
                        on_cleanup(move || gone.update_value(|gone| gone.push(item)));
                        view! { <li>{item}</li> }
                    }
                </For>
                <li class="last"></li>
            </ul>
        }
    });
    let before = stage.nodes("li:not(.last)");
    for wanted in [
        vec![3, 1, 2],
        vec![4, 3, 1, 5, 2],
        vec![2, 5, 4, 1, 3],
        vec![1, 3],
        vec![],
        vec![1],
    ] {
        list.set(wanted.clone());
        settled().await;
        let items: String = wanted
            .iter()
            .map(|item| format!("<li>{item}</li>"))
            .collect();
        assert_eq!(
            stage.html(),
            format!("<ul>{items}<li class=\"last\"></li></ul>")
        );
        if wanted.len() == 5 {
            let now = stage.nodes("li:not(.last)");
            assert!(
                before.iter().all(|node| now.contains(node)),
                "nothing was drawn anew"
            );
        }
    }
    // Those that go in one change go in any order.
    let mut gone = gone.get_value();
    gone[..3].sort_unstable();
    gone[3..].sort_unstable();
    assert_eq!(gone, [2, 4, 5, 1, 3]);
}

#[wasm_bindgen_test]
async fn text_is_never_markup_and_svg_is_svg() {
    let text = "<script>alert(1)</script>".to_owned();
    let stage = Stage::new(move || {
        view! { <svg viewBox="0 0 1 1"><path d="M0 0" /></svg> <p title=text.clone()>{text}</p> }
    });
    let path = stage.nodes("path");
    assert!(path[0].is_instance_of::<web_sys::SvgElement>());
    assert_eq!(stage.find("p").inner_text(), "<script>alert(1)</script>");
    assert!(stage.nodes("script").is_empty());
}

#[wasm_bindgen_test]
async fn signals_of_any_type_say_when_they_change_and_when_they_are_gone() {
    let owner = Owner::new();
    let (count, runs, doubled, any) = owner.with(|| {
        let count = RwSignal::new(1_u64);
        let runs = StoredValue::new(0);
        let even = boxed_view::memo(move || count.get().is_multiple_of(2));
        let doubled = boxed_view::Signal::derive(move || count.get() * 2);
        boxed_view::effect(move || {
            even.with(|_| runs.update_value(|runs| *runs += 1));
        });
        (count, runs, doubled, boxed_view::Signal::from(even))
    });
    leptos::task::tick().await;
    count.update(|count| *count += 2);
    leptos::task::tick().await;
    assert_eq!(runs.get_value(), 1, "3 is as odd as 1");
    count.set(4);
    leptos::task::tick().await;
    assert_eq!((runs.get_value(), doubled.get_untracked()), (2, 8));
    assert!(any.with_untracked(|even| *even));

    owner.cleanup();
    assert!(!count.try_set(5));
    assert_eq!(count.try_get_untracked(), None);
    assert_eq!(runs.try_get_value(), None);
    assert!(!runs.try_set_value(7));
}
