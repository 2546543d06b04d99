//! A trace in one line of a list.

use boxed_view::{IntoView, RwSignal, Signal, StoredValue, View, view};
use trace_model::{Summary, duration};

use crate::address::{Address, TracePlace};
use crate::components::link::Link;
use crate::trace_list::{age, origin_of_service};
use crate::wording::counted;

/// What a line is drawn against.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    /// Duration of the slowest trace in the list, in nanoseconds.
    pub slowest_ns: Signal<u64>,
    /// Now, in nanoseconds since the Unix epoch.
    pub now_ns: RwSignal<u64>,
}

/// The line of a trace; `choose` is what stands in front of it.
pub(crate) fn trace_line(trace: &Summary, scale: Scale, choose: impl IntoView + 'static) -> View {
    let place = StoredValue::new(TracePlace {
        id: trace.trace_id.to_string(),
        ..TracePlace::default()
    });
    let duration_ns = trace.duration_ns;
    let ended_ns = trace.start_ns.saturating_add(duration_ns);
    let name = match trace.root_name.is_empty() {
        true => "without a name".to_owned(),
        false => trace_view::plain(&trace.root_name, 120),
    };
    let mut services: Vec<_> = trace
        .services
        .iter()
        .take(6)
        .map(|service| {
            let name = match service.name.is_empty() {
                true => "unnamed".to_owned(),
                false => trace_view::plain(&service.name, 40),
            };
            let failed = (service.errors > 0).then(|| format!(" {} failed", service.errors));
            view! {
                <span class=format!("chip {}", origin_of_service(&service.name))>
                    {name} " " <b>{service.spans}</b> {failed.map(|failed| view! { <em>{failed}</em> })}
                </span>
            }
        })
        .collect();
    let others = trace.services.len().saturating_sub(6) as u64 + trace.services_omitted;
    if others > 0 {
        services.push(view! { <span class="chip">{format!("{others} more")}</span> });
    }
    let is_failed = trace.errors > 0;
    let failed = is_failed.then(|| {
        let errors = counted(trace.errors as usize, "error", "errors");
        view! { <em>{errors}</em> }
    });
    let width = move || {
        let share = duration_ns as f64 / scale.slowest_ns.get() as f64;
        format!("{:.2}%", share.min(1.0) * 100.0)
    };
    view! {
        <li class="line" class:failed=is_failed>
            {choose}
            <span class="what">
                <Link to=move || Address::Trace(place.get_value())>{name}</Link>
                {failed}
                {(!trace.complete).then(|| view! { <span class="orphan">"incomplete"</span> })}
            </span>
            <span class="chips">{services}</span>
            <span class="against" aria-hidden="true">
                <i style:width=width></i>
            </span>
            <span class="took">{duration::format(duration_ns)}</span>
            <span class="age">{move || age(scale.now_ns.get(), ended_ns)}</span>
        </li>
    }
}
