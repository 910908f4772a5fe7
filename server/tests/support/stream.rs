//! A reader of server-sent events, as the standard describes them.

use std::time::Duration;

use serde_json::Value;

use super::client::Client;

/// One event as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) event: String,
    pub(crate) id: String,
    pub(crate) data: String,
    /// A comment (a line that begins with a colon) instead of an event.
    pub(crate) comment: bool,
}

impl Sent {
    /// The data as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).expect("data is JSON")
    }
}

/// An open stream.
pub(crate) struct EventStream {
    response: reqwest::Response,
    text: String,
}

impl EventStream {
    /// Opens `/api/live/sales`, after the event `last` if given.
    pub(crate) async fn open(client: &Client, last: Option<&str>) -> Self {
        let mut request = client.request(reqwest::Method::GET, "/api/live/sales");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        Self::of(request.send().await.expect("an answer"))
    }

    /// Reads the answer to a request of one's own.
    pub(crate) fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        let kind = response.headers()["content-type"].to_str().expect("text");
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Self {
            response,
            text: String::new(),
        }
    }

    /// The next event or comment within `limit`; `None` when the stream has ended, or nothing came.
    pub(crate) async fn next_or_comment(&mut self, limit: Duration) -> Option<Sent> {
        tokio::time::timeout(limit, self.read())
            .await
            .ok()
            .flatten()
    }

    /// The next event within `limit`.
    pub(crate) async fn next(&mut self, limit: Duration) -> Option<Sent> {
        let reading = async {
            loop {
                match self.read().await {
                    Some(sent) if sent.comment => {}
                    other => break other,
                }
            }
        };
        tokio::time::timeout(limit, reading).await.ok().flatten()
    }

    /// Does it end within `limit`?
    pub(crate) async fn ends(&mut self, limit: Duration) -> bool {
        let listening = async { while self.read().await.is_some() {} };
        tokio::time::timeout(limit, listening).await.is_ok()
    }

    async fn read(&mut self) -> Option<Sent> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let sent = parse(&self.text[..end]);
                self.text.drain(..end + 2);
                return Some(sent);
            }
            let piece = self.response.chunk().await.ok().flatten()?;
            self.text
                .push_str(std::str::from_utf8(&piece).expect("UTF-8"));
        }
    }
}

fn parse(block: &str) -> Sent {
    let mut sent = Sent::default();
    for line in block.lines() {
        match line.split_once(':') {
            Some(("", _)) => sent.comment = true,
            Some(("event", value)) => value.trim_start().clone_into(&mut sent.event),
            Some(("id", value)) => value.trim_start().clone_into(&mut sent.id),
            Some(("data", value)) => value.trim_start().clone_into(&mut sent.data),
            other => panic!("a line that no event has: {other:?}"),
        }
    }
    sent
}
