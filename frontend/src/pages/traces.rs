//! The list of traces: live, narrowed by a filter, and traces out of files.

use boxed_view::{RwSignal, StoredValue, View, effect, memo, spawn, view};
use leptos::prelude::*;
use trace_model::{Summary, TraceId};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, FileList, HtmlInputElement};

use crate::address::{self, Address};
use crate::components::budgets::Budgets;
use crate::components::link::Link;
use crate::components::trace_filter::trace_filter;
use crate::components::trace_line::{Scale, trace_line};
use crate::frame;
use crate::live::{Live, News, clock, time_of_day};
use crate::otlp_file::{self, FILE_BYTES_MAX};
use crate::session::Session;
use crate::trace_list::{Filter, TraceList, choose};
use crate::wording::counted;

/// Pause before a collector that refused is asked again.
const AGAIN_MS: i32 = 2_000;

/// How the list comes by its traces.
#[derive(Clone, PartialEq)]
enum Hearing {
    /// Nothing was heard yet.
    Opening,
    /// As they arrive.
    Live,
    /// Not at the moment: the reader wants to look.
    Paused,
    /// The collector has not answered since this time of day.
    Silent(String),
    /// The filter cannot be asked for.
    Mistaken(&'static str),
}

/// What the page holds.
#[derive(Clone, Copy)]
struct Page {
    session: Session,
    filter: RwSignal<Filter>,
    hearing: RwSignal<Hearing>,
    list: RwSignal<TraceList>,
    /// What was heard since the last frame.
    next: StoredValue<TraceList>,
    is_drawing: StoredValue<bool>,
    /// Grows when the connection is to be made anew.
    attempt: RwSignal<u32>,
    paused: RwSignal<bool>,
    chosen: RwSignal<Vec<TraceId>>,
    /// What is wrong with a file.
    refusal: RwSignal<String>,
}

/// The list of traces.
#[component]
pub(crate) fn Traces() -> View {
    let session = expect_context::<Session>();
    let filter = match session.address.get_untracked() {
        Address::Traces(filter) => filter,
        _ => Filter::default(),
    };
    let page = Page {
        session,
        filter: RwSignal::new(filter),
        hearing: RwSignal::new(Hearing::Opening),
        list: RwSignal::default(),
        next: StoredValue::default(),
        is_drawing: StoredValue::new(false),
        attempt: RwSignal::new(0),
        paused: RwSignal::new(false),
        chosen: RwSignal::default(),
        refusal: RwSignal::default(),
    };
    let live = leptos::prelude::StoredValue::new_local(None::<Live>);
    effect(move || live.set_value(page.connect()));
    // Back and forward lead to the filter of then.
    effect(move || {
        if let Address::Traces(filter) = session.address.get()
            && filter != page.filter.get_untracked()
        {
            page.filter.set(filter);
        }
    });
    let over = RwSignal::new(false);
    let on_drop = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        page.import(event.data_transfer().and_then(|dropped| dropped.files()));
    };
    view! {
        <div
            class="traces"
            class:over=over
            on:dragover=move |event: DragEvent| {
                event.prevent_default();
                over.set(true);
            }
            on:dragleave=move |_| over.set(false)
            on:drop=on_drop
        >
            <h1 class="page">"Traces"</h1>
            {trace_filter(page.filter, move |change| page.narrow(change))}
            <div class="sums">
                <p class="sum" role="status">{move || in_words(page)}</p>
                <div class="acts">{acts(page)}</div>
            </div>
            {move || {
                let refusal = page.refusal.get();
                (!refusal.is_empty()).then(|| view! { <p class="notice bad" role="alert">{refusal}</p> })
            }}
            <Budgets />
            {lines(page)}
            {move || advice(page)}
        </div>
    }
}

fn acts(page: Page) -> View {
    let files = move |event: leptos::ev::Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            page.import(input.files());
            // The same file may be chosen again.
            input.set_value("");
        }
    };
    let clear = move |_| {
        page.next.set_value(TraceList::default());
        page.list.set(TraceList::default());
        page.session.imported.update(Vec::clear);
        page.chosen.update(Vec::clear);
    };
    let two = memo(move || {
        page.chosen
            .with(|chosen| <[TraceId; 2]>::try_from(chosen.as_slice()).ok())
    });
    view! {
        {move || {
            let [first, second] = two.get()?.map(|id| id.to_string());
            let address = StoredValue::new(Address::Diff { first, second });
            Some(view! { <Link class="button" to=move || address.get_value()>"Compare the two"</Link> })
        }}
        <button
            type="button"
            aria-pressed=move || page.paused.get().to_string()
            on:click=move |_| page.paused.update(|paused| *paused = !*paused)
        >
            "Pause"
        </button>
        <button type="button" on:click=clear>
            "Clear"
        </button>
        <label class="button file">
            "Open a file"
            <input type="file" class="unseen" accept=".json,application/json" multiple on:change=files />
        </label>
    }
}

/// What the list shows, and since when.
fn in_words(page: Page) -> String {
    let count = counted(
        page.list.with(|list| list.traces().len()),
        "trace",
        "traces",
    );
    let missed = match page.list.with(|list| list.missed) {
        0 => String::new(),
        missed => format!(
            ", {} not shown: too many at once",
            counted(missed as usize, "change", "changes")
        ),
    };
    match page.hearing.get() {
        Hearing::Opening => "Asking the collector".into(),
        Hearing::Live => format!("{count}, live{missed}"),
        Hearing::Paused => format!("{count}, paused{missed}"),
        Hearing::Silent(since) => format!("Collector not reachable since {since}"),
        Hearing::Mistaken(why) => why.into(),
    }
}

/// What to do while there is nothing to see.
fn advice(page: Page) -> Option<View> {
    let is_empty = page.list.with(|list| list.traces().is_empty())
        && page.session.imported.with(Vec::is_empty);
    let words = match page.hearing.get() {
        Hearing::Silent(_) => "It is asked again every two seconds. Searching works without it.",
        Hearing::Live if is_empty && page.filter.get() != Filter::default() => {
            "No trace passes the filter so far."
        }
        Hearing::Live if is_empty => {
            "No trace so far. Search for something, send spans to the collector, or drop a file of OTLP JSON here."
        }
        _ => return None,
    };
    Some(view! { <p class="note">{words}</p> })
}

fn lines(page: Page) -> View {
    let slowest_ns = memo(move || page.list.with(TraceList::slowest_ns));
    let scale = Scale {
        slowest_ns: slowest_ns.into(),
        now_ns: clock(),
    };
    let line = move |trace: &Summary| {
        let id = trace.trace_id;
        let label = format!("Compare {}", trace_view::plain(&trace.root_name, 120));
        let choice = view! {
            <input
                type="checkbox"
                aria-label=label
                prop:checked=move || page.chosen.with(|chosen| chosen.contains(&id))
                on:change=move |_| page.chosen.update(|chosen| choose(chosen, id))
            />
        };
        trace_line(trace, scale, choice)
    };
    // What a line shows; with another of these it is drawn anew.
    let key = |trace: &Summary| {
        (
            trace.trace_id,
            trace.spans,
            trace.errors,
            trace.duration_ns,
            trace.complete,
        )
    };
    let imported = move || page.session.imported.get();
    view! {
        {move || {
            (!page.session.imported.with(Vec::is_empty))
                .then(|| view! { <h2 class="lines-of">"From files"</h2> })
        }}
        <ul class="lines" aria-label="Traces from files">
            <For each=imported key=move |trace| key(&trace.summary) let:trace>
                {line(&trace.summary)}
            </For>
        </ul>
        <ul class="lines" aria-label="Traces">
            <For each=move || page.list.with(|list| list.traces().to_vec()) key=key let:trace>
                {line(&trace)}
            </For>
        </ul>
    }
}

impl Page {
    /// Changes the filter, and the address with it.
    fn narrow(self, change: impl FnOnce(&mut Filter)) {
        self.filter.update(change);
        let address = Address::Traces(self.filter.get_untracked());
        address::push(&address);
        self.session.address.set(address);
    }

    /// Listens anew for what passes the filter.
    fn connect(self) -> Option<Live> {
        let filter = self.filter.get();
        self.attempt.track();
        if self.paused.get() {
            self.hearing.set(Hearing::Paused);
            return None;
        }
        if let Some(mistake) = filter.mistake() {
            self.hearing.set(Hearing::Mistaken(mistake));
            return None;
        }
        if !matches!(self.hearing.get_untracked(), Hearing::Silent(_)) {
            self.hearing.set(Hearing::Opening);
        }
        self.next.set_value(TraceList::default());
        Live::open(&filter, move |news| self.hear(news))
    }

    fn hear(self, news: News) {
        match news {
            News::Ready => {
                self.hearing.try_set(Hearing::Live);
            }
            News::Trace(summary) => {
                self.next.try_update_value(|next| next.take(summary));
            }
            News::Missed(count) => {
                self.next.try_update_value(|next| next.missed += count);
            }
            News::Silent { refused } => {
                if !matches!(self.hearing.try_get_untracked(), Some(Hearing::Silent(_))) {
                    self.hearing.try_set(Hearing::Silent(time_of_day()));
                }
                if refused {
                    spawn(async move {
                        frame::pause(AGAIN_MS).await;
                        self.attempt.try_update(|attempt| *attempt += 1);
                    });
                }
                return;
            }
        }
        self.draw_soon();
    }

    /// Draws what was heard with the next frame: many traces may arrive within one.
    fn draw_soon(self) {
        if self.is_drawing.try_get_value() != Some(false) {
            return;
        }
        self.is_drawing.set_value(true);
        spawn(async move {
            frame::next().await;
            self.is_drawing
                .try_update_value(|is_drawing| *is_drawing = false);
            if let Some(next) = self.next.try_get_value() {
                self.list.try_set(next);
            }
        });
    }

    /// Takes in what files hold; the first trace of a single one is shown at once.
    fn import(self, files: Option<FileList>) {
        self.refusal.set(String::new());
        let Some(files) = files else { return };
        for file in (0..files.length()).filter_map(|index| files.get(index)) {
            spawn(async move {
                let brought = if file.size() > FILE_BYTES_MAX as f64 {
                    Err(format!(
                        "The file is larger than {} MiB.",
                        FILE_BYTES_MAX >> 20
                    ))
                } else {
                    match wasm_bindgen_futures::JsFuture::from(file.text()).await {
                        Ok(text) => otlp_file::read(&text.as_string().unwrap_or_default()),
                        Err(_) => Err("The file cannot be read.".to_owned()),
                    }
                };
                match brought {
                    Ok(traces) => drop(
                        self.session
                            .imported
                            .try_update(|kept| otlp_file::keep(kept, traces)),
                    ),
                    Err(why) => drop(self.refusal.try_set(format!("{}: {why}", file.name()))),
                }
            });
        }
    }
}
