//! A merchant's own program: keeps what it is told, and answers as the test likes.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::{poll::eventually, stand_in::serve};

/// One message as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Received {
    /// A header's text, empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("text"))
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

#[derive(Default)]
struct Desk {
    received: Vec<Received>,
    status: Option<StatusCode>,
}

/// The program; it is gone when it is dropped.
pub(crate) struct Receiver {
    desk: Arc<Mutex<Desk>>,
    pub(crate) base_url: String,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// Starts one that takes everything.
    pub(crate) async fn start() -> Self {
        let desk = Arc::new(Mutex::new(Desk::default()));
        let app = Router::new().fallback(answer).with_state(Arc::clone(&desk));
        let (base_url, serving) = serve(app).await;
        Self {
            desk,
            base_url,
            serving,
        }
    }

    /// Answers everything with this status from now on.
    pub(crate) fn answer_with(&self, status: u16) {
        let status = StatusCode::from_u16(status).expect("a status");
        self.desk.lock().expect("nobody panicked with it").status = Some(status);
    }

    /// What has come in so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        let desk = self.desk.lock().expect("nobody panicked with it");
        desk.received.clone()
    }

    /// Waits for so many messages; all there are by then, in the order of their ids.
    pub(crate) async fn told(&self, count: usize) -> Vec<Received> {
        let what = format!("{count} messages");
        let mut told = eventually(&what, async || {
            Some(self.received()).filter(|told| told.len() >= count)
        })
        .await;
        told.sort_by(|one, other| one.header("webhook-id").cmp(other.header("webhook-id")));
        told
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    State(desk): State<Arc<Mutex<Desk>>>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Response {
    let mut desk = desk.lock().expect("nobody panicked with it");
    desk.received.push(Received {
        path: uri.path().to_owned(),
        headers,
        body: String::from_utf8(body.to_vec()).expect("text"),
    });
    let status = desk.status.unwrap_or(StatusCode::OK);
    if status.is_redirection() {
        return (status, [(header::LOCATION, "/elsewhere")]).into_response();
    }
    (status, "thank\0you").into_response()
}
