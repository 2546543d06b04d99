//! "Why this hit": the addends of a score, loaded when they are asked for. The button is there at once; the rest is a part
//! of the page that is loaded later, with `chunks`.

use boxed_view::{CollectView, IntoView, RwSignal, StoredValue, View, spawn, view};
use leptos::prelude::*;
use shared::Explanation;
use trace_view::RowId;

use crate::chunks::{self, Part};
use crate::components::notice::failed;
use crate::explaining::{self, Explained, Row, Step};
use crate::loading;
use crate::session::Session;
use crate::state::{Failure, Place, Question};

/// The hit that is asked about.
#[derive(Clone)]
pub(crate) struct Asked {
    /// What was searched.
    pub question: Question,
    /// Where the hit is.
    pub place: Place,
    /// The hits before it in its book.
    pub nth: usize,
}

/// A button, and below it, once it was pressed, how the score of the hit came about.
#[component]
pub(crate) fn Explaining(asked: Asked) -> View {
    let session = expect_context::<Session>();
    let is_open = RwSignal::new(false);
    let was_opened = RwSignal::new(false);
    let toggle = move |_| {
        is_open.update(|is_open| *is_open = !*is_open);
        // What was loaded stays, out of sight.
        if !was_opened.get_untracked() {
            was_opened.set(true);
        }
    };
    let asked = StoredValue::new(asked);
    view! {
        <button
            type="button"
            class="plain"
            aria-expanded=move || is_open.get().to_string()
            on:pointerenter=move |_| session.chunks.want(Part::Details, false)
            on:focus=move |_| session.chunks.want(Part::Details, false)
            on:click=toggle
        >
            "Why this hit"
        </button>
        <div class="why" class:open=is_open hidden=move || !is_open.get()>
            {move || was_opened.get().then(|| chunks::of_hit(session, asked.get_value()))}
        </div>
    }
}

/// How the score of the hit came about.
pub(crate) fn explanation(asked: Asked) -> View {
    let session = expect_context::<Session>();
    let loaded = RwSignal::new(None::<Result<Explanation, Failure>>);
    let nth = asked.nth;
    let asked = StoredValue::new(asked);
    let load = move || {
        spawn(async move {
            let asked = asked.get_value();
            let explanation = loading::load_explanation(&asked.question, &asked.place).await;
            // The hit may be gone.
            loaded.try_set(Some(explanation));
        });
    };
    load();
    (move || match loaded.get() {
        None => ().into_view(),
        Some(Ok(explanation)) => {
            let book = explanation.id.clone();
            view! {
                {explained(explanation.into())}
                {move || steps(session, &book, nth)}
            }
        }
        Some(Err(failure)) => failed("The score cannot be explained", failure, load),
    })
    .into_view()
}

/// What of the search this hit came out of; each step leads to its span. Nothing while there is no trace of it.
fn steps(session: Session, book: &str, nth: usize) -> Option<View> {
    let drawing = session.panel.drawing.get()?;
    let steps = explaining::steps(drawing.tree.spans(), book, nth);
    let step = |step: Step| {
        let show = move |_| {
            session
                .panel
                .reading
                .opened
                .set(Some(RowId::Span(step.span)))
        };
        view! {
            <li>
                <button type="button" class="plain" on:click=show>
                    <code>{step.name}</code>
                </button>
                " "
                {step.words}
            </li>
        }
    };
    (!steps.is_empty()).then(|| {
        view! {
            <p>"What found it:"</p>
            <ul class="steps">{steps.into_iter().map(step).collect_view()}</ul>
        }
    })
}

fn explained(explained: Explained) -> View {
    let sum = format!("{:.4}", explained.sum);
    view! {
        <p>{explained.formula}</p>
        <p>{explained.document}</p>
        {(!explained.rows.is_empty())
            .then(|| {
                view! {
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">"Word"</th>
                                <th scope="col">
                                    <abbr title="How often it occurs here">"tf"</abbr>
                                </th>
                                <th scope="col">
                                    <abbr title="Documents that hold it">"df"</abbr>
                                </th>
                                <th scope="col">
                                    <abbr title="Its rarity">"idf"</abbr>
                                </th>
                                <th scope="col">"Adds"</th>
                                <td></td>
                            </tr>
                        </thead>
                        <tbody>{explained.rows.into_iter().map(addend).collect_view()}</tbody>
                        <tfoot>
                            <tr>
                                <th scope="row" colspan="4">
                                    "Score"
                                </th>
                                <td>{sum}</td>
                                <td></td>
                            </tr>
                        </tfoot>
                    </table>
                }
            })}
        {explained.silent.into_iter().map(|sentence| view! { <p>{sentence}</p> }).collect_view()}
    }
}

fn addend(row: Row) -> View {
    let (from, share) = row.bar;
    let percent = |share: f64| format!("{:.2}%", share * 100.0);
    view! {
        <tr>
            <th scope="row">
                {row.word} {row.term.map(|term| view! { <i class="term">" as " {term}</i> })}
                <span class="part">{row.part}</span>
            </th>
            <td>{row.term_frequency}</td>
            <td>{row.document_frequency}</td>
            <td>{row.idf}</td>
            <td>{format!("{:.4}", row.contribution)}</td>
            <td class="addend" aria-hidden="true">
                <span>
                    <i style:left=percent(from) style:width=percent(share)></i>
                </span>
            </td>
        </tr>
    }
}
