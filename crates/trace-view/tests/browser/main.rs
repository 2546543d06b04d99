//! The components in a real browser: what a reader sees and what the keys do. Natively there is nothing here to run.

#![cfg(target_arch = "wasm32")]

use std::sync::Arc;

use boxed_view::{RwSignal, view};
use js_sys::{Function, Promise};
use leptos::prelude::*;
use trace_model::{Kind, Span, SpanId, Status, Value};
use trace_view::{Detail, Drawing, Origins, Reading, RowId, SplitBar, Waterfall};
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
    reading: Reading,
    drawing: RwSignal<Option<Arc<Drawing>>>,
    _mounted: Box<dyn std::any::Any>,
}

impl Stage {
    fn new() -> Self {
        Self::of(search())
    }

    fn of(spans: Vec<Span>) -> Self {
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
        let (reading, drawing) = owner.with(|| {
            let drawing = Arc::new(Drawing::new(spans, ORIGINS));
            (Reading::default(), RwSignal::new(Some(drawing)))
        });
        let mounted = leptos::mount::mount_to_renderer(&element, move || {
            let details = |detail: Detail| {
                detail.view(|trace_id, span_id| format!("/traces/{trace_id}?span={span_id}"))
            };
            view! {
                <SplitBar drawing=drawing chosen=reading.chosen />
                <Waterfall drawing=drawing reading=reading details=details />
            }
        });
        Stage {
            element,
            reading,
            drawing,
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
        stage.attributes(".row", "aria-rowindex"),
        ["1", "2", "3", "4"]
    );
    assert_eq!(stage.attributes(".rows", "aria-rowcount"), ["4"]);
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
    assert_eq!(
        stage.attributes(".rows", "aria-activedescendant"),
        ["group-0a0a0a0a0a0a0a0a"]
    );
    assert_eq!(stage.texts(".row.current .times"), ["×6"]);

    stage.press("Home").await;
    stage.press("ArrowDown").await;
    stage.press("Enter").await;
    assert_eq!(stage.attributes(".row", "aria-selected")[1], "true");
    assert_eq!(stage.texts(".details h3"), ["GET"]);
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
    assert_eq!(stage.reading.chosen.get_untracked(), Some("server"));
    assert_eq!(stage.texts(".row.other .name b"), ["click", "GET"]);
    stage.element(".split-key .server").click();
    redrawn().await;
    assert!(stage.texts(".row.other").is_empty());
}

#[wasm_bindgen_test]
async fn what_is_looked_for_is_found_where_it_is_hidden() {
    let stage = Stage::new();
    stage.reading.wanted.set("snippet".into());
    redrawn().await;
    assert_eq!(stage.texts(".tools [role=status]"), ["6 found"]);
    assert_eq!(stage.texts(".row.found .times"), ["×6"]);
    stage.press("n").await;
    stage.press("n").await;
    assert_eq!(stage.texts(".tools [role=status]"), ["2 of 6"]);
    assert_eq!(
        stage.attributes(".row.current", "id"),
        ["span-0b0b0b0b0b0b0b0b"]
    );
    stage.press("N").await;
    stage.press("N").await;
    assert_eq!(stage.texts(".tools [role=status]"), ["6 of 6"]);
    stage.reading.wanted.set("nowhere".into());
    redrawn().await;
    assert_eq!(stage.texts(".tools [role=status]"), ["none found"]);
}

#[wasm_bindgen_test]
async fn failures_and_the_critical_path_are_a_key_away() {
    let mut spans = search();
    spans[4].status = Status::Error("torn page".into());
    let stage = Stage::of(spans);
    redrawn().await;
    assert_eq!(stage.texts(".tools .bad"), ["Next error of 1"]);
    stage.press("e").await;
    assert_eq!(stage.texts(".row.current .took"), ["100 µs"]);
    stage.press("Enter").await;
    assert_eq!(stage.texts(".details .error"), ["Failed: torn page"]);
    stage.press("z").await;
    assert_eq!(stage.texts(".ruler span")[0], "295");
    stage.press("0").await;
    assert_eq!(stage.texts(".ruler span")[0], "0");
    stage.press("c").await;
    assert_eq!(
        stage.attributes(".tools [aria-pressed]", "aria-pressed"),
        ["true"]
    );
}

/// A root with a chain of `deep` spans below it and `wide` leaves that are all different.
fn large(wide: u64, deep: u64) -> Vec<Span> {
    let span = |id: u64, parent: u64, from_us: u64, to_us: u64| Span {
        span_id: SpanId(id.to_be_bytes()),
        parent_id: (parent > 0).then_some(SpanId(parent.to_be_bytes())),
        name: format!("span {id}"),
        service: "page".into(),
        start_ns: from_us * 1_000,
        end_ns: to_us * 1_000,
        ..Span::default()
    };
    let root = span(1, 0, 0, wide + deep);
    let chain = (0..deep).map(|n| span(n + 2, n + 1, n, wide + deep));
    let leaves = (0..wide).map(|n| span(deep + n + 2, 1, deep + n, deep + n + 1));
    std::iter::once(root).chain(chain).chain(leaves).collect()
}

#[wasm_bindgen_test]
async fn a_hundred_thousand_spans_have_few_elements_and_all_their_height() {
    let stage = Stage::of(large(95_000, 4_999));
    redrawn().await;
    assert!(
        stage.texts(".row").len() <= 120,
        "{}",
        stage.texts(".row").len()
    );
    assert_eq!(stage.attributes(".rows", "aria-rowcount"), ["100000"]);
    assert!(f64::from(stage.element(".rows").offset_height()) > 100_000.0 * 10.0);
    stage.press("End").await;
    redrawn().await;
    assert_eq!(stage.texts(".row.current .name b"), ["span 100000"]);
    stage.press("Enter").await;
    stage.press("PageUp").await;
    redrawn().await;
    assert_eq!(stage.texts(".row.current .name b"), ["span 99980"]);
    assert_eq!(stage.texts(".details h3"), ["span 100000"]);
}

#[wasm_bindgen_test]
async fn a_link_to_a_span_opens_it_as_soon_as_it_is_there() {
    let stage = Stage::of(large(3_000, 3)[..100].to_vec());
    let wanted = SpanId(2_500_u64.to_be_bytes());
    stage.reading.opened.set(Some(RowId::Span(wanted)));
    redrawn().await;
    assert!(stage.texts(".details").is_empty());
    stage
        .drawing
        .set(Some(Arc::new(Drawing::new(large(3_000, 3), ORIGINS))));
    redrawn().await;
    redrawn().await;
    assert_eq!(stage.texts(".details h3"), ["span 2500"]);
}

#[wasm_bindgen_test]
async fn hostile_names_are_shown_as_text() {
    let names = [
        "<script>document.title='taken'</script>",
        "<img src=x onerror=\"document.title='taken'\">",
        "user\u{202e}nimda",
        "\u{1b}[31mred\0",
        &"x".repeat(100_000),
    ];
    let mut spans = search();
    for (span, name) in spans[4..].iter_mut().zip(names) {
        span.name = name.to_owned();
        span.attributes = vec![(name.to_owned(), Value::String(name.to_owned()))];
    }
    let stage = Stage::of(spans);
    redrawn().await;
    let shown = stage.texts(".row .name b");
    assert_eq!(shown[4], names[0]);
    assert_eq!(shown[5], names[1]);
    assert_eq!(shown[6], "user⟨U+202E⟩nimda");
    assert_eq!(shown[7], "␛[31mred␀");
    assert_eq!(shown[8].chars().count(), 201);
    for _ in &names {
        stage.press("ArrowDown").await;
    }
    for name in &names[..2] {
        stage.reading.wanted.set((*name).to_owned());
        stage.press("n").await;
        stage.press("Enter").await;
        assert_eq!(stage.texts(".details h3"), [*name]);
        assert!(stage.texts(".details dd").contains(&(*name).to_owned()));
        assert!(stage.texts(".rows script, .rows img").is_empty());
    }
    assert_ne!(document().title(), "taken");
}
