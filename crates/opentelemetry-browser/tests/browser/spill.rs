//! What cannot be sent, and is sent later.

use opentelemetry_browser::in_new_trace;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    come_online, export_all, has_empty_export, hide_page, let_tasks_run, refusals_left,
    refuse_exports, span, spill_count, start,
};

async fn wait_for(what: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if what() {
            return;
        }
        let_tasks_run().await;
    }
    panic!("in vain");
}

#[wasm_bindgen_test]
async fn what_an_earlier_page_has_left_is_sent() {
    start();
    wait_for(has_empty_export).await;
}

#[wasm_bindgen_test]
async fn what_is_given_up_is_kept_and_sent_once_when_online() {
    let guard = start();
    wait_for(has_empty_export).await;
    wait_for(|| spill_count() == 0).await;
    export_all().await;
    let before = guard.stats();
    refuse_exports(vec![503; 5]);
    in_new_trace("sent much later", async |_| {}).await;
    export_all().await;
    let kept = guard.stats();
    assert_eq!(kept.spans.spilled - before.spans.spilled, 1);
    assert_eq!(kept.spans.dropped(), before.spans.dropped());
    assert_eq!(spill_count(), 1);

    refuse_exports(vec![503]);
    come_online();
    for _ in 0..20 {
        let_tasks_run().await;
    }
    assert_eq!(spill_count(), 1, "still refused");
    come_online();
    wait_for(|| spill_count() == 0).await;
    wait_for(|| guard.stats().recovered_requests > before.recovered_requests).await;
    // Exactly one, as `span` makes sure.
    span("sent much later").await;
    come_online();
    let_tasks_run().await;
    span("sent much later").await;
}

#[wasm_bindgen_test]
async fn what_nobody_could_send_holds_up_nothing() {
    let guard = start();
    wait_for(|| spill_count() == 0).await;
    let before = guard.stats();
    let storage = web_sys::window().unwrap().local_storage().unwrap().unwrap();
    for (key, entry) in [
        ("0", "0 no_base64"),
        ("1", "7 CgA="),
        ("2", "0"),
        ("3", "0 CgA="),
    ] {
        let key = format!("opentelemetry-browser.spill.broken.{key}");
        storage.set_item(&key, entry).unwrap();
    }
    come_online();
    wait_for(|| spill_count() == 0).await;
    let unrecovered = || guard.stats().unrecovered_requests - before.unrecovered_requests;
    wait_for(|| unrecovered() == 3).await;
    assert_eq!(
        guard.stats().recovered_requests - before.recovered_requests,
        1
    );
}

#[wasm_bindgen_test]
async fn what_may_not_arrive_is_kept_until_it_has() {
    start();
    export_all().await;
    let before = spill_count();
    refuse_exports(vec![503]);
    in_new_trace("at risk", async |_| {}).await;
    start().flush();
    // Compression takes its time.
    wait_for(|| refusals_left() == 0).await;
    for _ in 0..20 {
        let_tasks_run().await;
    }
    // It has failed once: when the page is hidden it is sent again, and kept.
    hide_page();
    assert_eq!(spill_count() - before, 1);
    span("at risk").await;
    assert_eq!(spill_count(), before, "it has arrived");
}
