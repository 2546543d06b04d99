//! Something that failed, said in a sentence, with the trace that shows where.

use boxed_view::{View, view};

use crate::state::Failure;

/// What failed, why, its trace, and a button that tries again.
pub(crate) fn failed(heading: &'static str, failure: Failure, again: impl Fn() + 'static) -> View {
    view! {
        <div class="notice bad">
            <h2>{heading}</h2>
            <p>{failure.reason}</p>
            {(!failure.trace_id.is_empty())
                .then(|| view! { <p class="id">"Trace " <code>{failure.trace_id}</code></p> })}
            <button type="button" on:click=move |_| again()>
                "Try again"
            </button>
        </div>
    }
}
