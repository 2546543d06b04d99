//! Errors that nobody has caught as events `exception`: those of JavaScript, rejected promises, and panics of this
//! program, with their stacks. A panic also ends the spans that it was in, for nobody will come back to end them.

use std::cell::Cell;
use std::panic::PanicHookInfo;

use opentelemetry::Context;
use wasm_bindgen::prelude::*;

use crate::callback::callback;
use crate::decimal;
use crate::logs::{Event, Severity};
use crate::span::Item;
use crate::{pipeline, scoped};

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// Calls `failed([name, message, stack])` for each error and each rejection that nobody handles.
    #[wasm_bindgen(js_name = observeErrors)]
    fn observe_errors(failed: JsValue);
    /// Calls `said([text])` for each `console.error`, which does what it did.
    #[wasm_bindgen(js_name = observeConsole)]
    fn observe_console(said: JsValue);
    /// How the program came to where it is.
    fn stack() -> String;
}

/// What a trap is called in JavaScript, when it comes out of the program.
const TRAP: &str = "RuntimeError";

/// `error.type` of spans that a panic ends, and `exception.type` of its event.
const PANIC: &str = "panic";

thread_local! {
    /// A panic was told and its trap will be told as well.
    static TRAP_TO_COME: Cell<bool> = const { Cell::new(false) };
    /// What is said on the console now is said about a panic that was told.
    static IS_PANICKING: Cell<bool> = const { Cell::new(false) };
}

/// Listens for the life of the page. With `with_console`, what is said by `console.error` is an event too.
pub(crate) fn install(with_console: bool) {
    observe_errors(callback(|error| {
        let name = error.text(0);
        if !(name == TRAP && TRAP_TO_COME.take()) {
            exception(&name, &error.text(1), &error.text(2), Severity::Error);
        }
        JsValue::UNDEFINED
    }));
    if with_console {
        observe_console(callback(|said| {
            if !IS_PANICKING.get() {
                let text = said.text(0);
                let event = Event::new("browser.console", Severity::Error, &[]);
                Event {
                    body: &text,
                    ..event
                }
                .emit(&Context::current());
            }
            JsValue::UNDEFINED
        }));
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        panicked(info);
        IS_PANICKING.set(true);
        before(info);
        IS_PANICKING.set(false);
        scoped::leave_what_trapped();
    }));
}

fn panicked(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("not a text");
    let mut trace = String::new();
    if let Some(location) = info.location() {
        for part in ["at ", location.file(), ":"] {
            trace.push_str(part);
        }
        decimal::push(&mut trace, location.line().into());
        trace.push('\n');
    }
    trace.push_str(&stack());
    TRAP_TO_COME.set(true);
    exception(PANIC, message, &trace, Severity::Fatal);
    if let Some(pipeline) = pipeline::current() {
        pipeline.fail_stack(&Context::current(), PANIC, message);
        // It may be the last thing that this program does.
        pipeline.flush();
    }
}

fn exception(name: &str, message: &str, stack: &str, severity: Severity) {
    let attributes = [
        ("exception.type", Item::Text(name)),
        ("exception.message", Item::Text(message)),
        ("exception.stacktrace", Item::Text(stack)),
    ];
    // A stack may be missing.
    let told = if stack.is_empty() {
        &attributes[..2]
    } else {
        &attributes
    };
    Event::new("exception", severity, told).emit(&Context::current());
}
