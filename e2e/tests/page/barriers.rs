//! Nothing on the pages keeps anybody out: axe-core, in light and dark, on a wide screen and on a phone.

use e2e::StackOptions;
use serde_json::{Value, json};

use crate::page::Page;
use crate::sent::order;

/// What axe-core finds on the page that is shown, a line each; nothing where the page has no barriers.
async fn barriers(page: &Page, axe: &str) -> Vec<String> {
    page.browser.run(axe).await.unwrap();
    let script = "const done = arguments[arguments.length - 1];
        axe.run(document, { resultTypes: ['violations'] }).then(
            found => done(found.violations.flatMap(rule => rule.nodes.map(
                node => rule.id + ' ' + node.target.join(' ') + ': ' + node.failureSummary))),
            why => done(['axe: ' + why]));";
    let found = page
        .browser
        .client
        .execute_async(script, Vec::new())
        .await
        .unwrap();
    let lines = found.as_array().unwrap().iter().filter_map(Value::as_str);
    lines.map(str::to_owned).collect()
}

async fn set_screen(page: &Page, scheme: &str, width: u32) {
    let screen =
        json!({ "width": width, "height": 1_000, "deviceScaleFactor": 1, "mobile": false });
    page.browser
        .devtools("Emulation.setDeviceMetricsOverride", screen)
        .await
        .unwrap();
    let media = json!({ "features": [
        { "name": "prefers-color-scheme", "value": scheme },
        // What fades in is looked at when it has.
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ] });
    page.browser
        .devtools("Emulation.setEmulatedMedia", media)
        .await
        .unwrap();
}

#[tokio::test]
async fn axe_finds_no_barrier_in_light_dark_and_on_a_phone() {
    let Ok(file) = std::env::var("E2E_AXE") else {
        eprintln!("note: nobody looks for barriers: E2E_AXE names no axe.min.js");
        return;
    };
    let axe = std::fs::read_to_string(file).unwrap();
    let page = Page::open(StackOptions::default()).await;
    let id = page.send(1, &order()).await;
    let trace = format!("/traces/{id}?span=0000000000000004&q=payments");
    let lonely = page.send(2, &order()[1..3]).await;
    let incomplete = format!("/traces/{lonely}");
    let compared = format!("/traces/compare?a={id}&b={lonely}");
    let pages = [
        ("/?q=love", ".trace footer", "Complete"),
        ("/traces", "[role=status]", "live"),
        ("/traces?min_duration=long", "[role=status]", "A duration"),
        (trace.as_str(), ".details", "card declined"),
        (incomplete.as_str(), ".trace footer", "Waiting"),
        (compared.as_str(), "[role=status]", "quicker"),
        ("/traces/nonsense", ".notice", "no trace id"),
    ];
    let mut found = Vec::new();
    for (scheme, width) in [
        ("light", 1_440),
        ("dark", 1_440),
        ("light", 390),
        ("dark", 390),
    ] {
        set_screen(&page, scheme, width).await;
        for (path, selector, part) in pages {
            page.visit(path).await;
            page.text_with(selector, part).await;
            let lines = barriers(&page, &axe).await;
            found.extend(
                lines
                    .into_iter()
                    .map(|line| format!("{scheme} {width} {path} {line}")),
            );
            let width_of_all = page
                .browser
                .run("return document.documentElement.scrollWidth")
                .await
                .unwrap();
            assert!(
                width_of_all.as_u64() <= Some(u64::from(width)),
                "{path} is {width_of_all} px wide on {width}"
            );
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    page.close().await;
}
