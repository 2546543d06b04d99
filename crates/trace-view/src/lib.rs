//! Leptos components that draw a trace: a [`Waterfall`] of its spans and a [`SplitBar`] that says where the time went.
//! They know nothing of the application; it says by a function to which *origin* each span belongs, such as `browser`
//! or `server`, and the name of the origin is the CSS class that colours it.
//!
//! The application owns the style sheet. Everything that decides what is drawn where is plain data and plain functions:
//! [`Drawing`] makes a trace ready, `rows` lays it out, `keyboard` says what a key does; the components only draw.

#![allow(
    unreachable_pub,
    reason = "the component macro of Leptos hides the components in modules of its own"
)]

mod details;
mod drawing;
mod keyboard;
mod rows;
mod split_bar;
mod waterfall;

pub use drawing::{Drawing, Origin, Origins, Share};
pub use split_bar::SplitBar;
pub use waterfall::Waterfall;
