//! What is wrong with a trace, and what to look at.

use boxed_view::{CollectView, View, view};
use trace_model::examine;
use trace_view::{Drawing, Reading, RowId};

use crate::wording::counted;

/// The findings; nothing where there are none. Each leads to the first of its spans.
pub(crate) fn doctor(drawing: &Drawing, reading: Reading) -> Option<View> {
    let examination = examine(&drawing.tree, &[]);
    if examination.findings.is_empty() {
        return None;
    }
    let findings = examination.findings.iter().map(|finding| {
        let span = finding
            .rows
            .first()
            .map(|&row| drawing.tree.span(row).span_id);
        let show = move |_| reading.opened.set(span.map(RowId::Span));
        view! {
            <li>
                <p>
                    {trace_view::plain(&finding.message, 400)} " "
                    <button type="button" class="plain" on:click=show>
                        "Show"
                    </button>
                </p>
                <p class="dim">{finding.ailment.advice()}</p>
            </li>
        }
    });
    let findings = findings.collect_view();
    let omitted = (examination.omitted > 0).then(|| {
        let words = counted(examination.omitted, "more finding", "more findings");
        view! { <p class="dim">{words}</p> }
    });
    Some(view! {
        <section class="doctor" aria-label="What is wrong with this trace">
            <h3>"What is wrong with this trace"</h3>
            <ul>{findings}</ul>
            {omitted}
        </section>
    })
}
