//! The head of a table. Roles are spelled out: on a narrow screen a table is laid out as cards, and
//! browsers then forget what it was.

use leptos::prelude::*;

/// A column's name and its class: `num` aligns it with its numbers.
pub type Column = (&'static str, &'static str);

/// Names a table for those who can't see it, and its columns.
pub fn head(caption: &'static str, columns: Vec<Column>) -> impl IntoView {
    let column =
        |(name, class)| view! { <th role="columnheader" scope="col" class=class>{name}</th> };
    view! {
        <caption class="visually-hidden">{caption}</caption>
        <thead role="rowgroup"><tr role="row">{columns.into_iter().map(column).collect_view()}</tr></thead>
    }
}
