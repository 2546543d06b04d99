#![doc = include_str!("../README.md")]
#![allow(
    unreachable_pub,
    reason = "the component macro of Leptos hides the components in modules of its own"
)]

mod bars;
mod copy;
mod details;
mod drawing;
mod find;
mod keyboard;
mod minimap;
mod plain;
mod reading;
mod row_view;
mod rows;
mod split_bar;
mod tools;
mod viewport;
mod watching;
mod waterfall;

pub use copy::CopyButton;
pub use details::{Detail, ShowDetail, SpanAddress};
pub use drawing::{Drawing, Origin, Origins, Share};
pub use plain::plain;
pub use reading::Reading;
pub use rows::RowId;
pub use split_bar::SplitBar;
pub use waterfall::Waterfall;
