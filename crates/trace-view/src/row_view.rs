//! A row of the waterfall on the screen: its name, its bar and what lies on it; and the time axis above all rows.

use boxed_view::{CollectView, View, view};

use crate::bars::{Bar, Mark, Stretch, ticks};
use crate::rows::RowId;

/// The labels of the time axis.
pub(crate) fn ruler(visible: Stretch) -> View {
    ticks(visible, 5)
        .into_iter()
        .map(|(place, label)| view! { <span style:left=percent(place)>{label}</span> })
        .collect_view()
}

/// The elements of a row, the one of this index among all rows.
pub(crate) fn view_row(index: usize, bar: Bar) -> View {
    let Bar {
        row, origin, state, ..
    } = bar;
    let spoken = format!("{} in {origin}", bar.took);
    view! {
        <div
            id=element_id(row.id)
            class=format!("row {origin}")
            class:failed=bar.failed
            class:current=state.current
            class:found=state.found
            class:other=state.faded
            role="row"
            aria-level=level(row.depth)
            aria-rowindex=(index + 1).to_string()
            aria-expanded=row.expanded.map(|expanded| expanded.to_string())
            aria-selected=state.opened.to_string()
        >
            <div class="name" role="gridcell">
                <i class="guides" style:--depth=row.depth.to_string()></i>
                <i class="dot"></i>
                <b>{bar.name}</b>
                {bar.salvage.map(|why| view! { <span class="orphan" title=why>"orphan"</span> })}
                {(row.count > 1).then(|| view! { <span class="times">{format!("×{}", row.count)}</span> })}
            </div>
            <div class="lane" role="gridcell" aria-label=spoken>
                {bar.bar.map(|mark| view! { <i class="bar" style:left=place(mark.from) style:width=place(mark.length)></i> })}
                {bar.critical.into_iter().map(critical).collect_view()}
                {bar
                    .events
                    .into_iter()
                    .map(|at| view! { <i class="event" style:left=place(at)></i> })
                    .collect_view()}
                <span class="took" style:left=place(bar.took_at)>{bar.took}</span>
            </div>
        </div>
    }
}

fn critical(mark: Mark) -> View {
    view! { <i class="critical" style:left=place(mark.from) style:width=place(mark.length)></i> }
}

/// Id of the element of a row.
pub(crate) fn element_id(id: RowId) -> String {
    match id {
        RowId::Span(id) => format!("span-{id}"),
        RowId::Group(id) => format!("group-{id}"),
    }
}

/// Value of `aria-level`: assistive technology counts levels from 1.
pub(crate) fn level(depth: usize) -> String {
    (depth + 1).to_string()
}

/// A share as CSS has it.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.3}%", share * 100.0)
}

fn place(hundred_thousandths: u32) -> String {
    percent(f64::from(hundred_thousandths) / 1e5)
}
