#![doc = include_str!("../README.md")]
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
