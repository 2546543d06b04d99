//! The trace panel as its reader sees it, row by row, and what it must say of a trace.

use std::fmt::Write as _;

use e2e::Page;
use trace_model::{Span, Tree, duration};

/// Unfolds every group, opens every row and writes down what is shown: level, name and how many spans the row stands for;
/// of a single span also its facts, its attributes, the names of its events and how many links it has. Log records stand
/// among the events; they come by another way, for which the panel does not wait.
const READ: &str = "
    const done = arguments[arguments.length - 1];
    const drawn = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
    const texts = (node, selector) => [...node.querySelectorAll(selector)].map(it => it.textContent);
    const UNSTEADY = ['starts after', 'self time', 'on the critical path'];
    const pairs = list => {
        const values = texts(list, 'dd');
        return texts(list, 'dt').map((key, at) => [key, values[at]])
            .filter(([key]) => !UNSTEADY.includes(key))
            .map(([key, value]) => `  ${key}: ${value}\\n`).join('');
    };
    const part = title => {
        const event = title.querySelector('.dim') && title.firstChild.textContent.trim();
        if (/^(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)[2-4]?: /.test(event)) return '';
        if (event || title.textContent === 'Linked span') return `  ${event || title.textContent}\\n`;
        return pairs(title.nextElementSibling);
    };
    const read = async () => {
        const grid = document.querySelector('.trace [role=treegrid]');
        for (let folded; (folded = grid.querySelector('.row[aria-expanded=false] .dot'));) {
            folded.click();
            await drawn();
        }
        let shown = '';
        for (const row of grid.querySelectorAll('.row')) {
            const times = texts(row, '.times').join('');
            const level = row.getAttribute('aria-level');
            shown += `${level} ${row.querySelector('b').textContent}${times}\\n`;
            if (times) continue;
            row.click();
            await drawn();
            const details = grid.querySelector('.details');
            shown += pairs(details.querySelector('dl'));
            shown += [...details.querySelectorAll('h4')].map(part).join('');
            row.click();
            await drawn();
        }
        return shown;
    };
    read().then(done, error => done('the panel cannot be read: ' + error.stack));";

/// All rows of the panel.
pub(crate) async fn shown(page: &Page) -> String {
    let rows = page.browser.client.execute_async(READ, Vec::new()).await;
    rows.unwrap().as_str().unwrap().to_owned()
}

/// What the panel must show of `tree`, whose clocks have been adjusted as the page does it.
pub(crate) fn of(tree: &Tree) -> String {
    let groups = trace_model::groups(tree);
    let mut text = String::new();
    for (row, span) in tree.spans().iter().enumerate() {
        let level = tree.node(row).depth + 1;
        let group = groups.iter().find(|group| group.rows.contains(&row));
        if let Some(group) = group.filter(|group| group.rows.start == row) {
            writeln!(text, "{level} {}×{}", span.name, group.count()).unwrap();
        }
        write_span(&mut text, span, level + usize::from(group.is_some()));
    }
    text
}

fn write_span(text: &mut String, span: &Span, level: usize) {
    writeln!(text, "{level} {}", span.name).unwrap();
    let kind = span.kind.to_string().to_lowercase();
    let took = duration::format(span.duration_ns());
    writeln!(text, "  service: {}\n  kind: {kind}", span.service).unwrap();
    writeln!(text, "  duration: {took}\n  span id: {}", span.span_id).unwrap();
    if !span.scope.is_empty() {
        writeln!(text, "  scope: {}", span.scope).unwrap();
    }
    // Attributes of one convention stand together, in the order of the first of each.
    let convention = |key: &str| key.split_once('.').map(|(first, _)| first.to_owned());
    let mut conventions = Vec::new();
    for (key, _) in &span.attributes {
        if !conventions.contains(&convention(key)) {
            conventions.push(convention(key));
        }
    }
    for wanted in conventions {
        for (key, value) in &span.attributes {
            if convention(key) == wanted {
                writeln!(text, "  {key}: {value}").unwrap();
            }
        }
    }
    for event in &span.events {
        writeln!(text, "  {}", event.name).unwrap();
    }
    for _ in &span.links {
        writeln!(text, "  Linked span").unwrap();
    }
}
