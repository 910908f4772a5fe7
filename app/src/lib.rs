//! Tributary's dashboard: pages, parts and server functions.
//!
//! Rendered on the server (`ssr`), then hydrated in the browser (`hydrate`). Every page shows its
//! data and takes its forms without JavaScript. This crate translates between people and the store;
//! it decides nothing about money and knows no SQL.
//!
//! Reading order: [`app`](App) for the routes, [`page`] for what each shows, [`part`] for the pieces,
//! [`server_fn`] for what pages ask the server, [`query`] for the address of the sales page.

// A page is one deeply nested type.
#![recursion_limit = "256"]

pub mod at_once;
pub mod call;
pub mod error;
pub mod live;
pub mod moment;
#[cfg(feature = "ssr")]
mod outside;
pub mod page;
pub mod part;
pub mod query;
#[cfg(feature = "ssr")]
pub mod report_query;
#[cfg(feature = "ssr")]
pub mod request;
pub mod routes;
pub mod server_fn;
#[cfg(feature = "ssr")]
mod shell;
pub mod shown;
pub mod text;
mod wire;

pub use routes::App;
#[cfg(feature = "ssr")]
pub use shell::shell;
