//! The page of one trace: every state it can be in, deep links, and a walk with the keyboard alone.

use e2e::{StackOptions, wait_for};
use fantoccini::key::Key;
use serde_json::json;

use crate::page::Page;
use crate::sent::{Sent, order, span};

#[tokio::test]
async fn a_walk_with_the_keyboard_alone() {
    let page = Page::open(StackOptions::default()).await;
    let id = page.send(3, &order()).await;
    page.visit("/traces?service=shop").await;
    page.text_with("[role=status]", "1 trace, live").await;
    let tab = char::from(Key::Tab);
    let focus_is = async |selector: &str| {
        let script = format!("return document.activeElement.matches({selector:?})");
        page.browser.run(&script).await.unwrap() == json!(true)
    };
    // Through header, filter and acts to the line of the trace, and on to its link.
    for _ in 0..30 {
        if focus_is(".line a").await {
            break;
        }
        page.press(&[tab]).await;
    }
    assert!(focus_is(".line a").await, "no way to the trace");
    page.press(&[char::from(Key::Enter)]).await;
    page.text_with(".trace footer", "Complete").await;
    for _ in 0..40 {
        if focus_is("[role=treegrid]").await {
            break;
        }
        page.press(&[tab]).await;
    }
    assert!(focus_is("[role=treegrid]").await, "no way to the spans");
    let current = async || page.text_of(".row.current .name b").await;
    let (down, left, right) = (Key::Down, Key::Left, Key::Right).into_chars();
    page.press(&[down, down]).await;
    assert_eq!(current().await, "read_basket");
    page.press(&[char::from(Key::Enter)]).await;
    page.text_with(".details", "self time").await;
    page.press(&[char::from(Key::Escape)]).await;
    assert_eq!(page.count(".details").await, 0);
    page.press(&['e']).await;
    assert_eq!(current().await, "POST /payments");
    page.press(&[char::from(Key::Enter)]).await;
    page.text_with(".details .error", "card declined").await;
    page.press(&[left, left]).await;
    assert_eq!(current().await, "POST");
    assert_eq!(page.count(".row[aria-expanded=false]").await, 2);
    page.press(&[right]).await;
    page.press(&['f']).await;
    assert!(focus_is("input[type=search]").await);
    page.press(&"write".chars().collect::<Vec<_>>()).await;
    page.text_with(".tools [role=status]", "12 found").await;
    page.press(&[char::from(Key::Enter), char::from(Key::Enter)])
        .await;
    page.text_with(".tools [role=status]", "2 of 12").await;
    page.press(&[char::from(Key::Escape)]).await;
    assert!(focus_is("[role=treegrid]").await);
    page.press(&['z']).await;
    page.text_with(".tools", "Whole trace").await;
    page.press(&['0', 'c']).await;
    page.text_with(".tools button[aria-pressed=true]", "Critical path")
        .await;
    // The rows that the screen has room for are drawn after those that there are have changed.
    wait_for("the current span to be a row", async || {
        let role = "return document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.role";
        let role = page.browser.run(role).await?;
        Ok((role == json!("row")).then_some(()))
    })
    .await
    .unwrap();
    assert!(page.text_of(".trace footer").await.contains(&id));
    page.close().await;
}

/// Keys as they are typed.
trait IntoChars {
    type Chars;
    fn into_chars(self) -> Self::Chars;
}

impl IntoChars for (Key, Key, Key) {
    type Chars = (char, char, char);

    fn into_chars(self) -> Self::Chars {
        (self.0.into(), self.1.into(), self.2.into())
    }
}

#[tokio::test]
async fn dragging_on_the_small_picture_zooms_and_a_click_shows_all() {
    let page = Page::open(StackOptions::default()).await;
    let id = page.send(20, &order()).await;
    page.visit(&format!("/traces/{id}")).await;
    page.text_with(".trace footer", "Complete").await;
    let whole = page.text_with(".axis", "40.0 ms").await;
    page.drag(".minimap", 0.5, 0.75).await;
    page.text_with(".tools", "Whole trace").await;
    let part = page.text_of(".axis").await;
    assert!(part.starts_with("20") && part.contains("30"), "{part}");
    page.drag(".minimap", 0.5, 0.5).await;
    page.text_with(".axis", "40.0 ms").await;
    assert_eq!(page.text_of(".axis").await, whole);
    page.close().await;
}

#[tokio::test]
async fn a_link_leads_to_a_span_and_what_was_looked_for() {
    let page = Page::open(StackOptions::default()).await;
    let id = page.send(4, &order()).await;
    // Inside a group that is folded at first.
    page.visit(&format!("/traces/{id}?span=0000000000000010&q=payments"))
        .await;
    page.text_with(".details", "0000000000000010").await;
    page.text_with(".tools [role=status]", "found").await;
    page.click("#span-0000000000000002").await;
    page.text_with(".details", "0000000000000002").await;
    let address = page.browser.run("return location.search").await.unwrap();
    assert_eq!(address, "?span=0000000000000002&q=payments");
    page.close().await;
}

#[tokio::test]
async fn the_details_lead_on() {
    let page = Page::open(StackOptions::default()).await;
    let id = page.send(5, &order()).await;
    page.visit(&format!("/traces/{id}?span=0000000000000001"))
        .await;
    let details = page.text_with(".details", "http.route").await;
    for part in [
        "server",
        "40.0 ms",
        "on the critical path",
        "Copy traceparent",
        "Copy as curl",
    ] {
        assert!(details.contains(part), "{part} is missing in {details}");
    }
    page.browser
        .run("navigator.clipboard.writeText = async text => { window.copied = text; };")
        .await
        .unwrap();
    page.click(".details .acts button:nth-of-type(1)").await;
    page.text_with(".details .acts", "Copied").await;
    let copied = page.browser.run("return window.copied").await.unwrap();
    let spans = trace_model::otlp_json::parse(copied.as_str().unwrap()).unwrap();
    assert_eq!(spans[0].name, "POST /orders");
    page.click(".details .acts button:nth-of-type(3)").await;
    page.text_with(".details .acts button:nth-of-type(3)", "Copied")
        .await;
    let copied = page.browser.run("return window.copied").await.unwrap();
    let header = format!("-H 'traceparent: 00-{id}-0000000000000001-00'");
    assert_eq!(
        copied,
        format!("curl -X 'POST' 'http://shop.invalid/orders' {header}")
    );
    page.close().await;
}

#[tokio::test]
async fn a_trace_that_is_not_held_says_so() {
    let page = Page::open(StackOptions::default()).await;
    page.visit(&format!("/traces/{}", "ab".repeat(16))).await;
    page.text_with(".trace footer", "Not held").await;
    page.text_with(".hint", "never received, or has made room")
        .await;
    page.visit("/traces/%3Cscript%3E").await;
    let notice = page.text_with(".notice", "<script> cannot be one").await;
    assert!(notice.contains("This is no trace id"), "{notice}");
    page.close().await;
}

#[tokio::test]
async fn a_trace_that_is_not_whole_waits_and_says_what_is_missing() {
    let page = Page::open(StackOptions::default()).await;
    let parts = order();
    let id = page.send(6, &parts[1..3]).await;
    page.visit(&format!("/traces/{id}")).await;
    page.text_with(".trace footer", "Waiting for").await;
    assert_eq!(page.count(".orphan").await, 2);
    page.send(6, &parts[..1]).await;
    page.send(6, &parts[3..]).await;
    page.text_with(".trace footer", "Complete").await;
    assert_eq!(page.count(".orphan").await, 0);
    let lonely = page.send_late(8, &parts[1..2]).await;
    page.visit(&format!("/traces/{lonely}")).await;
    page.text_with(".trace footer", "never arrived").await;
    page.text_with(".hint", "has not sent its spans").await;
    let wrong = page
        .text_with(".doctor", "What is wrong with this trace")
        .await;
    assert!(wrong.contains("Look at the exporter"), "{wrong}");
    page.click(".doctor button").await;
    page.text_with(".details h3", "read_basket").await;
    page.close().await;
}

#[tokio::test]
async fn without_a_collector_the_trace_says_since_when() {
    let page = Page::open(StackOptions {
        collector: false,
        ..StackOptions::default()
    })
    .await;
    page.visit(&format!("/traces/{}", "ab".repeat(16))).await;
    page.text_with(".trace footer", "Collector not reachable since")
        .await;
    page.text_with(".hint button", "Ask again").await;
    page.close().await;
}

#[tokio::test]
async fn a_clock_that_was_set_says_by_how_much() {
    let page = Page::open(StackOptions::default()).await;
    let mut spans = order();
    spans[3].times_us = (510_000, 528_000);
    let id = page.send(9, &spans).await;
    page.visit(&format!("/traces/{id}")).await;
    let footer = page
        .text_with(".trace footer", "clock of payments set")
        .await;
    assert!(footer.contains("earlier"), "{footer}");
    page.close().await;
}

#[tokio::test]
async fn logs_stand_beside_the_spans_they_belong_to() {
    let page = Page::open(StackOptions::default()).await;
    let id = page.send(11, &order()).await;
    page.send_log(11, 2, "the basket was empty <b>").await;
    page.visit(&format!("/traces/{id}?span=0000000000000002"))
        .await;
    page.text_with(".details h4", "WARN: the basket was empty <b>")
        .await;
    assert_eq!(page.count("#span-0000000000000002 .event").await, 1);
    page.close().await;
}

#[tokio::test]
async fn two_traces_are_compared_span_by_span() {
    let page = Page::open(StackOptions::default()).await;
    let first = page.send(12, &order()).await;
    let mut slower = order();
    slower[0].times_us.1 = 60_000;
    slower[1].times_us.1 = 7_500;
    slower.remove(5);
    let second = page.send(13, &slower).await;
    page.visit("/traces?service=shop").await;
    page.text_with("[role=status]", "2 traces, live").await;
    for id in [&first, &second] {
        page.click(&format!(".line:has(a[href$='{id}']) input"))
            .await;
    }
    page.click(".acts a").await;
    page.text_with(
        "[role=status]",
        "40.0 ms first, 60.0 ms then: 20.0 ms or 50 % slower.",
    )
    .await;
    let address = page.browser.run("return location.search").await.unwrap();
    assert_eq!(address, format!("?a={first}&b={second}"));
    page.text_with(".causes", "POST /orders took").await;
    let table = page.text_of(".diff").await;
    for part in ["read_basket", "+1.50 ms", "−400 µs", "write_line"] {
        assert!(table.contains(part), "{part} is missing in {table}");
    }
    page.visit(&format!("/traces/compare?a={first}&b=nonsense"))
        .await;
    page.text_with("[role=alert]", "nonsense is no trace id")
        .await;
    page.close().await;
}

#[tokio::test]
async fn a_search_is_run_again_and_compared() {
    let page = Page::open(StackOptions::default()).await;
    let ended = page.search("love").await;
    page.click(".sums button").await;
    page.text_with("h1", "Two traces compared").await;
    page.text_with(".diff", "frontend_search").await;
    let address = page.browser.run("return location.search").await.unwrap();
    assert!(
        address
            .as_str()
            .unwrap()
            .starts_with(&format!("?a={}&b=", ended.trace_id)),
        "{address}"
    );
    page.browser.client.back().await.unwrap();
    page.text_with(".trace footer", "Complete").await;
    page.close().await;
}

#[tokio::test]
async fn hostile_spans_are_shown_as_text() {
    let page = Page::open(StackOptions::default()).await;
    let names = [
        "<script>document.title='taken'</script>".to_owned(),
        "<img src=x onerror=\"document.title='taken'\">".to_owned(),
        "user\u{202e}nimda".to_owned(),
        "\u{1b}[31mred\u{0}".to_owned(),
        "x".repeat(100_000),
    ];
    let mut spans = vec![span(1, 0, &names[0], 0, 900)];
    spans.extend((2..).zip(&names).map(|(id, name)| Sent {
        attributes: vec![(name.clone(), name.clone())],
        ..span(id, 1, name, 10 * id, 20 * id)
    }));
    let id = page.send(10, &spans).await;
    for span in 2..7 {
        page.visit(&format!("/traces/{id}?span={span:016x}")).await;
        page.text_with(".details", &format!("{span:016x}")).await;
    }
    let rows = page.text_of(".rows").await;
    for shown in [
        names[0].as_str(),
        &names[1],
        "user⟨U+202E⟩nimda",
        "␛[31mred␀",
    ] {
        assert!(rows.contains(shown), "{shown} is missing");
    }
    assert_eq!(page.count(".trace script, .trace img").await, 0);
    let title = page.browser.run("return document.title").await.unwrap();
    assert!(title.as_str().unwrap().starts_with("Trace "), "{title}");
    assert_eq!(page.violations().await, json!([]));
    page.close().await;
}
