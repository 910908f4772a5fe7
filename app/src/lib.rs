//! Tributary's dashboard: pages, parts and server functions.
//!
//! Rendered on the server (`ssr`), then hydrated in the browser (`hydrate`). Every page shows its
//! data and takes its forms without JavaScript. This crate translates between people and the store;
//! it decides nothing about money and knows no SQL.
//!
//! Reading order: [`app`](App) for the routes, [`page`] for what each shows, [`part`] for the pieces,
//! [`server_fn`] for what pages ask the server, [`query`] for the address of the sales page.

pub mod error;
pub mod live;
pub mod moment;
pub mod page;
pub mod part;
pub mod query;
#[cfg(feature = "ssr")]
pub mod request;
pub mod routes;
#[cfg(feature = "ssr")]
mod shell;
pub mod shown;
pub mod server_fn;
pub mod text;

pub use routes::App;
#[cfg(feature = "ssr")]
pub use shell::shell;
