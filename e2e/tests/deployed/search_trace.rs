//! A search in the deployment: answered, traced as a whole, and the same trace wherever it can be read.

use e2e::{Case, assert_contained, expected, rendered, wait_for};
use shared::semconv::{attribute, service, span as name};
use shared::{Books, Method, SearchResponse};
use trace_model::{Span, Tree, Value};

use crate::deployment::Deployment;
use crate::panel;

/// One word and several, with what the bundled sample holds of them.
const CASES: [Case; 2] = [
    Case("love", 1, 0, 0, 12, 12),
    Case("white whale", 2, 0, 0, 8, 10),
];

#[tokio::test]
async fn a_search_is_one_whole_trace_in_the_panel_and_the_same_in_the_viewer() {
    let deployment = Deployment::from_environment();
    let books = deployment.books().await;
    let page = deployment.open().await;
    page.choose(Method::Tfidf).await;
    for case in CASES {
        let query = case.0;
        let ended = page.search(query).await;
        assert!(ended.status.contains("found"), "{query}: {}", ended.status);
        assert!(page.count(".hits li").await > 0, "{query}");

        let mut tree = deployment.traces().complete(&ended.trace_id).await.unwrap();
        let answer = deployment.answer_to(query).await;
        let case = counted(case, &tree, &books, &answer);
        let setting = deployment.setting(&tree).await;
        assert_eq!(rendered(&tree), expected(&case, &answer, &setting));
        let received = by_id(&tree);
        assert_contained(&mut tree);

        wait_for("the panel to be complete", async || {
            let footer = page.text_of(".trace footer").await;
            Ok(footer.contains("Complete").then_some(()))
        })
        .await
        .unwrap();
        assert_eq!(panel::shown(&page).await, panel::of(&tree), "{query}");

        if let Some(viewer) = deployment.viewer() {
            let viewed = viewer.complete(&ended.trace_id).await.unwrap();
            assert_eq!(by_id(&viewed), received, "{query}");
        }
        check_resources(&deployment, &ended.trace_id).await;
    }
    assert_eq!(page.violations().await, serde_json::json!([]));
    page.close().await;
}

#[tokio::test]
async fn the_panel_links_to_the_viewer() {
    let deployment = Deployment::from_environment();
    let template = deployment.page_config().await.trace_link;
    let page = deployment.open().await;
    let ended = page.search("love").await;
    let script = "return [...document.querySelectorAll('.trace .acts a')]
        .find(link => link.textContent.trim() === 'Open in viewer')?.getAttribute('href') ?? ''";
    let link = page.browser.run(script).await.unwrap();
    assert_eq!(link, template.replace("{trace_id}", &ended.trace_id));
    if deployment.viewer().is_some() {
        assert!(template.contains("{trace_id}"), "{template}");
    }
    page.close().await;
}

/// What the phases must have counted. Of the sample that is known; of other books the trace is taken at its word as far as
/// it agrees with itself, with the answer and with the number of books.
fn counted(case: Case, tree: &Tree, books: &Books, answer: &SearchResponse) -> Case {
    if books.corpus == "sample" {
        return case;
    }
    let Case(query, tokens, dropped, ..) = case;
    let unknown = count(
        tree,
        name::VECTORIZE_QUERY,
        attribute::VECTOR_OUT_OF_VOCABULARY,
    );
    let documents = count(
        tree,
        name::COMPUTE_SIMILARITY,
        attribute::SIMILARITY_DOCUMENTS_SCORED,
    );
    let postings = count(
        tree,
        name::COMPUTE_SIMILARITY,
        attribute::SIMILARITY_POSTINGS_READ,
    );
    assert!(unknown < tokens, "{query}: {unknown}");
    assert!(
        (answer.total_matches..=books.books.len()).contains(&documents),
        "{query}: {documents}"
    );
    assert!(
        (documents..=documents * tokens).contains(&postings),
        "{query}: {postings}"
    );
    Case(query, tokens, dropped, unknown, documents, postings)
}

fn count(tree: &Tree, name: &str, key: &str) -> usize {
    let span = tree.spans().iter().find(|span| span.name == name);
    match span.and_then(|span| span.attribute(key)) {
        Some(&Value::Int(count)) => usize::try_from(count).unwrap(),
        other => panic!("{key} of {name} is {other:?}"),
    }
}

/// The spans in an order that does not depend on where they were read.
fn by_id(tree: &Tree) -> Vec<Span> {
    let mut spans = tree.spans().to_vec();
    for span in &mut spans {
        span.attributes.sort_by(|(a, _), (b, _)| a.cmp(b));
        // The order of events has no meaning beside their times, and a store need not keep it.
        span.events
            .sort_by(|a, b| (a.time_ns, &a.name).cmp(&(b.time_ns, &b.name)));
    }
    spans.sort_by_key(|span| span.span_id);
    spans
}

/// Each service names itself, whoever passed its spans on, and says the same everywhere.
async fn check_resources(deployment: &Deployment, trace_id: &str) {
    let resources = deployment.resources(trace_id).await;
    for by_service in &resources {
        let names: Vec<&str> = by_service.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                service::BACKEND,
                service::FRONTEND,
                service::FRONTEND_SERVER
            ]
        );
        for (name, resource) in by_service {
            for key in ["service.version", "telemetry.sdk.language"] {
                assert!(
                    resource.contains_key(key),
                    "{name} has no {key}: {resource:?}"
                );
            }
        }
        assert_eq!(*by_service, resources[0]);
    }
}
