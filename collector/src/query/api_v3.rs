//! Jaeger's `api_v3`, so that tools that read from Jaeger can read from here. Parameters are taken by their names in camel
//! case and by the older ones in snake case; those that are not known are ignored, as Jaeger does.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use trace_model::{Kind, Summary, duration};

use super::answer::{self, Tag};
use super::filter::Filter;
use super::parameters::Parameters;
use super::{App, bad_request, parse_id, summaries, trace_json};
use crate::problem::Problem;
use crate::store::TraceView;

/// Header of an answer that leaves something out.
const INCOMPLETE: HeaderName = HeaderName::from_static("x-incomplete");

/// `GET /api/v3/traces/{trace_id}`.
pub(super) async fn trace(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let held = app.trace(parse_id(&trace_id)?)?;
    whole(&app, held, &headers).await
}

/// `GET /api/x/traces/{trace_id}`: who asks before the first span has come gets none of them. A browser writes every 404
/// into its console as an error, and a page that waits for a trace has made none.
pub(super) async fn trace_so_far(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let held = app.store.trace(parse_id(&trace_id)?).unwrap_or_default();
    whole(&app, held, &headers).await
}

/// A trace and its arrival.
async fn whole(
    app: &App,
    (arrival, trace): (u64, TraceView),
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let tag = Tag::of_trace(arrival, trace.iter().map(|origin| origin.items.len()).sum());
    if tag.is_known(headers) {
        return Ok(answer::unchanged(tag));
    }
    app.work(move |_| Ok(answer::tagged(tag, trace_json::write(&trace)?)))
        .await
}

/// `GET /api/v3/traces`.
pub(super) async fn traces(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let (filter, count) = search(&app, &mut parameters)?;
    app.work(move |app| {
        let mut traces = Vec::new();
        let mut bytes = 0;
        let mut is_cut = false;
        summaries::visit(&app.store, &filter, |trace, _| {
            bytes += trace
                .iter()
                .flat_map(|origin| origin.items.iter())
                .map(|item| item.len())
                .sum::<usize>();
            let fits = traces.is_empty() || bytes <= app.limits.list_max_bytes;
            is_cut = !fits || traces.len() == count;
            if !is_cut {
                traces.push(trace.clone());
            }
            !is_cut
        })?;
        let answer = answer::json(trace_json::write(traces.iter().flatten())?);
        Ok(list(&app, answer, is_cut))
    })
    .await
}

/// `GET /api/v3/trace-summaries`.
pub(super) async fn trace_summaries(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let (filter, count) = search(&app, &mut parameters)?;
    app.work(move |app| {
        let (found, more) = summaries::newest(&app.store, &filter, u64::MAX, count)?;
        let summaries: Vec<_> = found.iter().map(in_jaegers_words).collect();
        let answer = answer::json(json!({ "summaries": summaries }).to_string());
        Ok(list(&app, answer, more))
    })
    .await
}

/// Jaeger's answers have no place to say that there is more: a header does, and it is counted.
fn list(app: &App, mut answer: Response, is_cut: bool) -> Response {
    app.cuts.list(is_cut);
    if is_cut {
        let headers = answer.headers_mut();
        headers.insert(
            INCOMPLETE,
            HeaderValue::from_static("there is more than the limit"),
        );
    }
    answer
}

fn in_jaegers_words(summary: &Summary) -> serde_json::Value {
    let services = summary.services.iter().map(|service| {
        json!({ "name": service.name, "spanCount": service.spans, "errorSpanCount": service.errors })
    });
    json!({
        "traceId": summary.trace_id.to_string(),
        "rootServiceName": summary.root_service,
        "rootOperationName": summary.root_name,
        "minStartTimeUnixNano": summary.start_ns.to_string(),
        "maxEndTimeUnixNano": summary.start_ns.saturating_add(summary.duration_ns).to_string(),
        "spanCount": summary.spans,
        "errorSpanCount": summary.errors,
        "services": services.collect::<Vec<_>>(),
    })
}

/// `GET /api/v3/services`.
pub(super) async fn services(State(app): State<App>) -> Response {
    let services = app.store.services();
    let named: Vec<&str> = services
        .iter()
        .map(|name| &**name)
        .filter(|name| !name.is_empty())
        .collect();
    let shown = &named[..named.len().min(app.limits.names_max)];
    let answer = answer::json(json!({ "services": shown }).to_string());
    list(&app, answer, shown.len() < named.len())
}

/// `GET /api/v3/operations`.
pub(super) async fn operations(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let service = parameters.take("service")?;
    let service = service.ok_or_else(|| bad_request("`service` is missing".to_owned()))?;
    let kind = parameters.take_either("spanKind", "span_kind")?;
    let kind = kind.map(|kind| kind.to_lowercase());
    let held = app.store.operations(&service);
    let mut asked = held
        .iter()
        .map(|operation| (&operation.name, kind_name(operation.kind)))
        .filter(|(_, name)| kind.as_ref().is_none_or(|kind| kind == name))
        .map(|(name, kind)| json!({ "name": name, "spanKind": kind }));
    let operations: Vec<_> = asked.by_ref().take(app.limits.names_max).collect();
    let answer = answer::json(json!({ "operations": operations }).to_string());
    Ok(list(&app, answer, asked.next().is_some()))
}

/// What to look for, and how many.
fn search(app: &App, parameters: &mut Parameters) -> Result<(Filter, usize), Problem> {
    let attributes = match parameters.take("query.attributes")? {
        None => Vec::new(),
        Some(text) => attributes(&text)?,
    };
    let filter = Filter {
        service: parameters.take_either("query.serviceName", "query.service_name")?,
        operation: parameters.take_either("query.operationName", "query.operation_name")?,
        span_min_ns: duration_ns(parameters, "query.durationMin", "query.duration_min")?,
        span_max_ns: duration_ns(parameters, "query.durationMax", "query.duration_max")?,
        started_from_ns: time_ns(parameters, "query.startTimeMin", "query.start_time_min")?,
        started_before_ns: time_ns(parameters, "query.startTimeMax", "query.start_time_max")?,
        attributes,
        ..Filter::default()
    };
    let bounds = (1, app.limits.list_max);
    let mut count = None;
    for name in [
        "query.searchDepth",
        "query.search_depth",
        "query.num_traces",
    ] {
        let given = parameters.take_count(name, 0, bounds)?;
        count = count.or((given > 0).then_some(given));
    }
    let default = app.limits.list_default.min(app.limits.list_max);
    Ok((filter, count.unwrap_or(default)))
}

fn duration_ns(
    parameters: &mut Parameters,
    name: &str,
    older: &str,
) -> Result<Option<u64>, Problem> {
    let Some(text) = parameters.take_either(name, older)? else {
        return Ok(None);
    };
    let wrong = || bad_request(format!("`{name}` is a duration such as 12.5ms"));
    duration::parse(&text).map(Some).ok_or_else(wrong)
}

fn time_ns(parameters: &mut Parameters, name: &str, older: &str) -> Result<Option<u64>, Problem> {
    let Some(text) = parameters.take_either(name, older)? else {
        return Ok(None);
    };
    let time = OffsetDateTime::parse(&text, &Rfc3339).ok();
    let since_epoch = time.and_then(|time| u64::try_from(time.unix_timestamp_nanos()).ok());
    let wrong = || bad_request(format!("`{name}` is a time such as 2026-01-31T12:00:00.5Z"));
    since_epoch.map(Some).ok_or_else(wrong)
}

fn attributes(text: &str) -> Result<Vec<(String, String)>, Problem> {
    let wrong = || {
        let example = r#"{"http.route":"/books"}"#;
        let max = Filter::ATTRIBUTES_MAX;
        bad_request(format!(
            "`query.attributes` is a JSON object of at most {max} texts, such as {example}"
        ))
    };
    let attributes: std::collections::BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|_| wrong())?;
    match attributes.len() <= Filter::ATTRIBUTES_MAX {
        true => Ok(attributes.into_iter().collect()),
        false => Err(wrong()),
    }
}

fn kind_name(number: usize) -> String {
    Kind::of_number(number as u64).to_string().to_lowercase()
}
