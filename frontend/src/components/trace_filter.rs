//! What narrows the list of traces.

use boxed_view::{CollectView, RwSignal, View, spawn, view};
use leptos::prelude::*;

use crate::api;
use crate::trace_list::Filter;

/// The fields of `filter`; `narrow` is told what to change.
pub(crate) fn trace_filter(
    filter: RwSignal<Filter>,
    narrow: impl Fn(Box<dyn FnOnce(&mut Filter)>) + Copy + Send + Sync + 'static,
) -> View {
    let services = RwSignal::new(Vec::<String>::new());
    spawn(async move {
        // Without the names of services the field still takes them.
        if let Ok(answer) = api::services().await {
            let names = answer["services"].as_array().into_iter().flatten();
            let names = names.filter_map(|name| Some(name.as_str()?.to_owned()));
            services.try_set(names.collect());
        }
    });
    let field =
        move |label: &'static str, hint: &'static str, of: fn(&mut Filter) -> &mut String| {
            let value = move || filter.with(|filter| of(&mut filter.clone()).clone());
            view! {
                <label>
                    <span>{label}</span>
                    <input
                        type="text"
                        placeholder=hint
                        maxlength="300"
                        spellcheck="false"
                        list=(label == "Service").then_some("services")
                        prop:value=value
                        on:change=move |event| {
                            let text = event_target_value(&event);
                            narrow(Box::new(move |filter| *of(filter) = text));
                        }
                    />
                </label>
            }
        };
    view! {
        <form class="tools filters" role="search" aria-label="Filter traces" on:submit=move |event| event.prevent_default()>
            {field("Name", "any span", |filter| &mut filter.text)}
            {field("Service", "any", |filter| &mut filter.service)}
            {field("At least", "12ms", |filter| &mut filter.min_duration)}
            {field("Attribute", "key=value", |filter| &mut filter.attribute)}
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || filter.with(|filter| filter.failed)
                    on:change=move |event| {
                        let failed = event_target_checked(&event);
                        narrow(Box::new(move |filter| filter.failed = failed));
                    }
                />
                "with errors"
            </label>
            <datalist id="services">
                {move || services.get().into_iter().map(|name| view! { <option value=name></option> }).collect_view()}
            </datalist>
        </form>
    }
}
