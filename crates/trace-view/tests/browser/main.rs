//! The components in a real browser: what a reader sees and what the keys do. Natively there is nothing here to run.

#![cfg(target_arch = "wasm32")]

use std::sync::Arc;

use js_sys::{Function, Promise};
use leptos::prelude::*;
use trace_model::{Kind, Span, SpanId};
use trace_view::{Drawing, Origin, Origins, SplitBar, Waterfall};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{HtmlElement, KeyboardEvent, KeyboardEventInit};

wasm_bindgen_test_configure!(run_in_browser);

const ORIGINS: Origins = Origins {
    all: &["page", "network", "server"],
    network: "network",
    of: |span| {
        if span.service == "page" {
            "page"
        } else {
            "server"
        }
    },
};

/// A click with a request, its answer, and six similar leaves.
fn search() -> Vec<Span> {
    let span = |id: u8, parent: u8, name: &str, service: &str, kind, times_us: (u64, u64)| Span {
        span_id: SpanId([id; 8]),
        parent_id: (parent > 0).then_some(SpanId([parent; 8])),
        name: name.into(),
        service: service.into(),
        kind,
        start_ns: times_us.0 * 1_000,
        end_ns: times_us.1 * 1_000,
        ..Span::default()
    };
    let mut spans = vec![
        span(1, 0, "click", "page", Kind::Internal, (0, 1_000)),
        span(2, 1, "GET", "page", Kind::Client, (100, 900)),
        span(3, 2, "GET /search", "shop", Kind::Server, (200, 900)),
    ];
    spans.extend((0..6).map(|n| {
        let from_us = 200 + 100 * u64::from(n);
        span(
            10 + n,
            3,
            "snippet",
            "shop",
            Kind::Internal,
            (from_us, from_us + 100),
        )
    }));
    spans
}

/// The components in an element of their own, which goes away with this.
struct Stage {
    element: HtmlElement,
    chosen: RwSignal<Option<Origin>>,
    _mounted: Box<dyn std::any::Any>,
}

impl Stage {
    fn new() -> Self {
        let element = document()
            .create_element("div")
            .expect("a div can be made")
            .unchecked_into::<HtmlElement>();
        document()
            .body()
            .expect("the page has a body")
            .append_child(&element)
            .expect("the body takes a div");
        let owner = Owner::new();
        let chosen = owner.with(|| RwSignal::new(None));
        let mounted = leptos::mount::mount_to(element.clone(), move || {
            let drawing = RwSignal::new(Some(Arc::new(Drawing::new(search(), ORIGINS))));
            view! {
                <SplitBar drawing=drawing chosen=chosen />
                <Waterfall drawing=drawing chosen=chosen />
            }
        });
        Stage {
            element,
            chosen,
            _mounted: Box::new((owner, mounted)),
        }
    }

    fn texts(&self, selector: &str) -> Vec<String> {
        let found = self
            .element
            .query_selector_all(selector)
            .expect("a valid selector");
        (0..found.length())
            .filter_map(|index| found.item(index)?.text_content())
            .collect()
    }

    fn element(&self, selector: &str) -> HtmlElement {
        self.element
            .query_selector(selector)
            .expect("a valid selector")
            .unwrap_or_else(|| panic!("{selector} is not there"))
            .unchecked_into()
    }

    fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let found = self
            .element
            .query_selector_all(selector)
            .expect("a valid selector");
        (0..found.length())
            .filter_map(|index| {
                found
                    .item(index)?
                    .unchecked_into::<HtmlElement>()
                    .get_attribute(name)
            })
            .collect()
    }

    async fn press(&self, key: &str) {
        let init = KeyboardEventInit::new();
        init.set_key(key);
        init.set_bubbles(true);
        init.set_cancelable(true);
        let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init)
            .expect("a key event can be made");
        self.element(".rows")
            .dispatch_event(&event)
            .expect("an element takes events");
        redrawn().await;
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.element.remove();
    }
}

/// Two frames later everything is drawn and the focus has moved.
async fn redrawn() {
    for _ in 0..2 {
        let frame = Promise::new(&mut |resolve: Function, _reject| {
            window()
                .request_animation_frame(&resolve)
                .expect("the window draws frames");
        });
        JsFuture::from(frame).await.expect("a frame is drawn");
    }
}

#[wasm_bindgen_test]
async fn every_row_says_where_it_stands() {
    let stage = Stage::new();
    redrawn().await;
    assert_eq!(
        stage.texts(".row .name b"),
        ["click", "GET", "GET /search", "snippet"]
    );
    assert_eq!(stage.attributes(".row", "aria-level"), ["1", "2", "3", "4"]);
    assert_eq!(
        stage.attributes(".row", "aria-expanded"),
        ["true", "true", "true", "false"]
    );
    assert_eq!(
        stage.attributes(".row", "tabindex"),
        ["0", "-1", "-1", "-1"]
    );
    assert_eq!(stage.texts(".times"), ["×6"]);
    assert_eq!(
        stage.texts(".ruler span"),
        ["0", "0.20", "0.40", "0.60", "0.80", "1.00 ms"]
    );
}

#[wasm_bindgen_test]
async fn keys_move_fold_and_open() {
    let stage = Stage::new();
    redrawn().await;
    stage.press("End").await;
    stage.press("ArrowRight").await;
    assert_eq!(stage.texts(".row .name b").len(), 10);
    let focused = document()
        .active_element()
        .and_then(|row| row.get_attribute("aria-level"));
    assert_eq!(focused.as_deref(), Some("4"));

    stage.press("Home").await;
    stage.press("ArrowDown").await;
    stage.press("Enter").await;
    assert_eq!(stage.attributes(".row", "aria-selected")[1], "true");
    assert_eq!(stage.texts(".details dd")[..2], ["page", "client"]);
    stage.press("Escape").await;
    assert!(stage.texts(".details").is_empty());

    stage.press("ArrowLeft").await;
    assert_eq!(stage.texts(".row .name b"), ["click", "GET"]);
}

#[wasm_bindgen_test]
async fn a_chosen_origin_sets_the_others_back() {
    let stage = Stage::new();
    redrawn().await;
    assert_eq!(
        stage.texts(".split-key button"),
        ["page200 µs", "network100 µs", "server700 µs"]
    );
    stage.element(".split-key .server").click();
    redrawn().await;
    assert_eq!(stage.chosen.get_untracked(), Some("server"));
    assert_eq!(stage.texts(".row.other .name b"), ["click", "GET"]);
    stage.element(".split-key .server").click();
    redrawn().await;
    assert!(stage.texts(".row.other").is_empty());
}
