//! The trace panel as its reader sees it, row by row, and what it must say of a trace.

use std::fmt::Write as _;

use e2e::Page;
use trace_model::{Span, Tree, duration};

/// Unfolds every group, opens every row and writes down what is shown: level, name and how many spans the row stands for;
/// of a single span also its facts, the names of its events and how many links it has.
const READ: &str = "
    const done = arguments[arguments.length - 1];
    const drawn = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
    const texts = (node, selector) => [...node.querySelectorAll(selector)].map(it => it.textContent);
    const UNSTEADY = ['starts after', 'self time'];
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
            const list = details.querySelector('dl');
            const values = texts(list, 'dd');
            texts(list, 'dt').forEach((key, at) => {
                if (!UNSTEADY.includes(key)) shown += `  ${key}: ${values[at]}\\n`;
            });
            for (const title of texts(details, 'h4')) shown += `  ${title.replace(/ after .*/, '')}\\n`;
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
    for (key, value) in &span.attributes {
        writeln!(text, "  {key}: {value}").unwrap();
    }
    for event in &span.events {
        writeln!(text, "  {}", event.name).unwrap();
    }
    for _ in &span.links {
        writeln!(text, "  Linked span").unwrap();
    }
}
