//! Leptos' own ways to start work: each belongs to what asked for it.

use ::leptos::mount::mount_to_body;
use ::leptos::prelude::*;
use opentelemetry_browser::leptos::{spawn_local, traced_action, traced_mount, traced_resource};
use opentelemetry_browser::{in_new_trace, in_span};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{let_tasks_run, span, start};

#[wasm_bindgen_test]
async fn what_leptos_starts_belongs_to_what_asked_for_it() {
    start();
    // Starts Leptos' executor, as every application does.
    mount_to_body(|| ());
    let owner = Owner::new();
    owner.set();
    let action = traced_action("acting", |name: &&'static str| {
        let name = *name;
        async move {
            let_tasks_run().await;
            in_span(name, |_| name.len())
        }
    });
    let resource = in_new_trace("making a resource", async |_| {
        traced_resource("loading", async || {
            let_tasks_run().await;
            in_span("inside the resource", |_| 42)
        })
    })
    .await;
    in_new_trace("dispatching", async |_| {
        action.dispatch("inside the action");
        spawn_local(async {
            let_tasks_run().await;
            in_span("inside the task", |_| {});
        });
        traced_mount("mounting", || in_span("inside the component", |_| ()));
    })
    .await;
    assert_eq!(resource.await, 42);
    for _ in 0..10 {
        let_tasks_run().await;
    }
    let value = action.value();
    assert_eq!(value.get_untracked(), Some("inside the action".len()));
    let dispatching = span("dispatching").await;
    let parent_of = async |name| span(name).await.parent_span_id;
    assert_eq!(parent_of("acting").await, dispatching.span_id);
    assert_eq!(
        parent_of("inside the action").await,
        span("acting").await.span_id
    );
    assert_eq!(parent_of("inside the task").await, dispatching.span_id);
    assert_eq!(parent_of("mounting").await, dispatching.span_id);
    assert_eq!(
        parent_of("inside the component").await,
        span("mounting").await.span_id
    );
    assert_eq!(
        parent_of("loading").await,
        span("making a resource").await.span_id
    );
    assert_eq!(
        parent_of("inside the resource").await,
        span("loading").await.span_id
    );
}
