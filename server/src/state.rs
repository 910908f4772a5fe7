//! What every handler can reach.

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use store::Store;
use tokio::sync::{Semaphore, watch};

use crate::{
    api::{conversions::first_page::FirstPages, live::seat::Seats},
    proxy::Proxies,
    rate_limit::Limits,
};

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    /// The ledger.
    pub(crate) store: Store,
    /// Who called how often.
    pub(crate) limits: Arc<Limits>,
    /// Who has how many live streams open.
    pub(crate) seats: Arc<Seats>,
    /// First pages of sales that were sent.
    pub(crate) first_pages: Arc<FirstPages>,
    /// Turns at finding out whose pages load the script.
    pub(crate) looking: Arc<Semaphore>,
    /// Whose word about the caller is taken.
    pub(crate) proxies: Arc<Proxies>,
    /// How the outside reaches this server, without a slash at the end.
    pub(crate) public_url: Arc<str>,
    /// Where the dashboard's files are.
    pub(crate) leptos: LeptosOptions,
    /// Turns true when the server is told to stop: open streams end.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

impl FromRef<AppState> for Store {
    fn from_ref(state: &AppState) -> Self {
        state.store.clone()
    }
}
