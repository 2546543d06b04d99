//! What JavaScript calls. All functions have one shape, an array of arguments, because each further shape of closure is a
//! kilobyte of code to download.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::http::Target;
use crate::pipeline::timing::{NUMBERS, Timing};

/// What JavaScript says in a call.
pub(crate) struct Arguments(Array);

/// Answers a call; `undefined` when there is nothing to answer.
pub(crate) type Handler = fn(&Arguments) -> JsValue;

/// A function that JavaScript may call for as long as the page lives.
pub(crate) fn callback(handler: Handler) -> JsValue {
    Closure::<dyn Fn(Array) -> JsValue>::new(move |arguments| handler(&Arguments(arguments)))
        .into_js_value()
}

impl Arguments {
    /// What is in an array that JavaScript has returned.
    pub(crate) fn of(array: Array) -> Self {
        Self(array)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        self.0.length()
    }

    /// One of them; undefined where there is none.
    pub(crate) fn value(&self, index: u32) -> JsValue {
        self.0.get(index)
    }

    /// A text; none for anything else.
    pub(crate) fn maybe_text(&self, index: u32) -> Option<String> {
        self.value(index).as_string()
    }

    /// A text; empty for anything else.
    pub(crate) fn text(&self, index: u32) -> String {
        self.maybe_text(index).unwrap_or_default()
    }

    /// A number; zero for anything else.
    pub(crate) fn number(&self, index: u32) -> f64 {
        self.value(index).as_f64().unwrap_or_default()
    }

    /// What is in an array that is one of them.
    pub(crate) fn list(&self, index: u32) -> Self {
        Self(self.value(index).unchecked_into())
    }

    /// Whether it is a number above zero, as `+` of JavaScript makes one of what is true.
    pub(crate) fn flag(&self, index: u32) -> bool {
        self.number(index) > 0.0
    }

    /// What `target` of `shim.js` says of a URL, from one index on; none when it says nothing.
    pub(crate) fn target(&self, first: u32) -> Option<Target> {
        let url = self.maybe_text(first)?;
        Some(Target {
            url,
            shown: self.text(first + 1),
            host: self.text(first + 2),
            port: self.number(first + 3) as u32,
            sees_trace: self.flag(first + 4),
        })
    }

    /// The numbers of a `Timing`, from one index on.
    #[inline(never)]
    pub(crate) fn timing(&self, first: u32) -> Timing {
        let mut numbers = [0.0; NUMBERS];
        for (number, index) in numbers.iter_mut().zip(first..) {
            *number = self.number(index);
        }
        Timing::from_numbers(numbers)
    }
}
