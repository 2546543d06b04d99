//! The comparison page: what several methods answer to one question, side by side, and the trace in which they did.

use boxed_view::{CollectView, IntoView, RwSignal, StoredValue, View, spawn, view};
use leptos::prelude::*;
use shared::Comparison;

use crate::address::Address;
use crate::comparing::{Column, Compared, Movement, RankedHit};
use crate::components::link::Link;
use crate::components::notice::failed;
use crate::components::passages::{marked, score};
use crate::components::trace_panel::{Panel, TracePanel};
use crate::loading;
use crate::session::Session;
use crate::state::{Failure, Question};
use crate::trace_watch::Subject;

/// The comparison page.
#[component]
pub(crate) fn Compare(question: Question) -> View {
    let session = expect_context::<Session>();
    let panel = Panel::new(Subject::OwnWork);
    let traced = panel.traced;
    let loaded = RwSignal::new(None::<Result<Comparison, Failure>>);
    let question = StoredValue::new(question);
    let load = move || {
        spawn(async move {
            let (comparison, trace) = loading::load_comparison(&question.get_value()).await;
            session.flush();
            // The user may have left for another page.
            loaded.try_set(Some(comparison));
            traced.try_set(Some(trace));
        });
    };
    load();
    let back = move || Address::Search(question.get_value());
    view! {
        <h1 class="page">"Methods compared"</h1>
        <p class="sum">
            <Link to=back>{question.with_value(|question| format!("“{}”", question.query.trim()))}</Link>
            {book(session, question)}
        </p>
        <section aria-label="Methods" aria-busy=move || loaded.with(Option::is_none).to_string()>
            {move || match loaded.get() {
                None => ().into_view(),
                Some(Ok(comparison)) => side_by_side(Compared::new(comparison)),
                Some(Err(failure)) => {
                    view! { <div role="alert">{failed("The methods cannot be compared", failure, load)}</div> }
                }
            }}
        </section>
        <TracePanel panel=panel />
    }
}

/// The one book that is searched.
fn book(session: Session, question: StoredValue<Question>) -> Option<View> {
    let id = question.with_value(|question| question.book.clone())?;
    session.want_books();
    Some(view! {
        " in "
        <cite>{move || session.title_of(&id)}</cite>
    })
}

fn side_by_side(compared: Compared) -> View {
    let first = compared.columns.first().map_or("", |column| column.name);
    // The book under the pointer or the focus, marked in every column.
    let chosen = RwSignal::new(None::<String>);
    view! {
        <p class="note" role="status">
            {compared.speed}
        </p>
        {compared.hints.into_iter().map(|hint| view! { <p class="note">{hint}</p> }).collect_view()}
        <div class="columns">
            {compared.columns.into_iter().map(|shown| column(shown, first, chosen)).collect_view()}
        </div>
    }
}

fn column(column: Column, first: &'static str, chosen: RwSignal<Option<String>>) -> View {
    view! {
        <section aria-label=column.name>
            <h2>{column.name}</h2>
            <p class="note">{column.summary}</p>
            <ol>{column.hits.into_iter().map(|hit| ranked(hit, first, chosen)).collect_view()}</ol>
        </section>
    }
}

fn ranked(hit: RankedHit, first: &'static str, chosen: RwSignal<Option<String>>) -> View {
    let RankedHit {
        rank,
        movement,
        passage,
    } = hit;
    let id = StoredValue::new(passage.place.id.clone());
    let place = StoredValue::new(passage.place);
    let choose = move || chosen.set(Some(id.get_value()));
    let is_same = move || chosen.with(|chosen| *chosen == Some(id.get_value()));
    view! {
        <li
            class:same=is_same
            on:mouseenter=move |_| choose()
            on:mouseleave=move |_| chosen.set(None)
            on:focusin=move |_| choose()
        >
            <span class="rank">{rank}</span>
            <div>
                <Link to=move || Address::Reader(place.get_value())>{passage.title}</Link>
                <p class="by">
                    {(movement != Movement::Reference)
                        .then(|| {
                            view! {
                                <span class=movement.class() title=movement.in_words(first)>
                                    <span aria-hidden="true">{movement.sign()}</span>
                                    <span class="unseen">{movement.in_words(first)}</span>
                                </span>
                            }
                        })}
                    {score(passage.score, passage.relative_score)}
                </p>
                <blockquote>{marked(passage.pieces)}</blockquote>
            </div>
        </li>
    }
}
