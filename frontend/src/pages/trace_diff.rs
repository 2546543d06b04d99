//! Two traces side by side, span by span: what took longer the second time, and what made it so.

use boxed_view::{CollectView, RwSignal, StoredValue, View, spawn, view};
use leptos::prelude::*;
use trace_model::{Completeness, Diff, DiffRow, Side, TraceId, Tree, completeness, diff, duration};

use crate::address::{Address, TracePlace};
use crate::api;
use crate::components::link::Link;
use crate::frame;
use crate::reply;
use crate::session::Session;
use crate::trace_list::{Filter, origin_of_service};
use crate::trace_watch::PAUSES_MS;
use crate::wording::trace::{cause, outcome, signed};

/// Rows of the table; further ones are counted.
const ROWS_MAX: usize = 500;
/// Spans that are named as what made the difference.
const CAUSES: usize = 5;

/// The comparison of the traces of these ids.
#[component]
pub(crate) fn TraceDiff(first: String, second: String) -> View {
    let session = expect_context::<Session>();
    let compared = RwSignal::new(None::<Result<Diff, String>>);
    let ids = [first, second];
    let places = ids.clone().map(|id| {
        StoredValue::new(TracePlace {
            id,
            ..TracePlace::default()
        })
    });
    spawn(async move {
        let trees = futures_util::future::join(loaded(session, &ids[0]), loaded(session, &ids[1]));
        let outcome = match trees.await {
            (Ok(first), Ok(second)) => Ok(diff(&first, &second)),
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
        compared.try_set(Some(outcome));
    });
    let link = |place: StoredValue<TracePlace>, name: &'static str| {
        view! { <Link to=move || Address::Trace(place.get_value())>{name}</Link> }
    };
    view! {
        <p class="sum">
            <Link to=|| Address::Traces(Filter::default())>"All traces"</Link>
        </p>
        <h1 class="page">"Two traces compared"</h1>
        <p class="note">{link(places[0], "The first")} " · " {link(places[1], "The second")}</p>
        <div aria-busy=move || compared.with(Option::is_none).to_string()>
            {move || match compared.get() {
                None => view! { <p class="sum" role="status">"Waiting for the spans"</p> },
                Some(Err(why)) => {
                    view! { <p class="notice bad" role="alert">{why}</p> }
                }
                Some(Ok(diff)) => side_by_side(&diff),
            }}
        </div>
    }
}

/// The trace, once it is whole or nothing more arrives.
async fn loaded(session: Session, id: &str) -> Result<Tree, String> {
    let shown = trace_view::plain(id, 40);
    let trace_id: TraceId = id
        .parse()
        .map_err(|why| format!("{shown} is no trace id: {why}."))?;
    if let Some(imported) = session.imported_trace(trace_id) {
        return Ok(Tree::new(imported.to_vec()));
    }
    let mut tree = Tree::default();
    for pause_ms in PAUSES_MS {
        let answer = api::trace(trace_id, "").await;
        let spans = answer.and_then(|reply| reply::trace(reply.status, &reply.body));
        tree = Tree::new(spans.map_err(|_| "The collector cannot be reached.".to_owned())?);
        if !tree.is_empty() && completeness(&tree) == Completeness::Complete {
            break;
        }
        frame::pause(pause_ms).await;
    }
    match tree.is_empty() {
        true => Err(format!("The collector does not hold trace {shown}.")),
        false => Ok(tree),
    }
}

fn side_by_side(diff: &Diff) -> View {
    let causes = diff.causes(CAUSES).into_iter().map(|index| {
        let row = &diff.rows[index];
        let words = cause(row);
        view! {
            <li>
                <code>{trace_view::plain(&row.name, 120)}</code>
                " "
                {words}
            </li>
        }
    });
    let causes = causes.collect_view();
    let largest_ns = diff
        .rows
        .iter()
        .map(|row| row.change_ns().unsigned_abs())
        .max();
    let rows = diff.rows.iter().take(ROWS_MAX);
    let rows = rows
        .map(|row| table_row(row, largest_ns.unwrap_or(0).max(1)))
        .collect_view();
    let omitted = diff.rows.len().saturating_sub(ROWS_MAX);
    view! {
        <p class="sum" role="status">{outcome(diff)}</p>
        <ol class="causes" aria-label="What made the difference">
            {causes}
        </ol>
        <table class="diff">
            <thead>
                <tr>
                    <th scope="col">"span"</th>
                    <th scope="col">"first"</th>
                    <th scope="col">"second"</th>
                    <th scope="col">"change"</th>
                    <th class="bar-of" aria-hidden="true"></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        {(omitted > 0).then(|| view! { <p class="note">{format!("{omitted} more spans are not shown.")}</p> })}
    }
}

fn table_row(row: &DiffRow, largest_ns: u64) -> View {
    let took = |side: Option<Side>| {
        side.map_or("–".to_owned(), |side| duration::format(side.duration_ns))
    };
    let change_ns = row.change_ns();
    let share = change_ns.unsigned_abs() as f64 / largest_ns as f64 * 50.0;
    let (class, left) = match change_ns > 0 {
        true => ("more", 50.0),
        false => ("less", 50.0 - share),
    };
    view! {
        <tr>
            <th scope="row" class=origin_of_service(&row.service) style:--depth=row.depth.min(24).to_string()>
                {trace_view::plain(&row.name, 120)}
            </th>
            <td>{took(row.first)}</td>
            <td>{took(row.second)}</td>
            <td>{signed(change_ns)}</td>
            <td class="bar-of" aria-hidden="true">
                <i class=class style:left=format!("{left:.2}%") style:width=format!("{share:.2}%")></i>
            </td>
        </tr>
    }
}
