//! localstripe: a program that behaves like Stripe's API and sends signed webhooks, made by others.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::{
    client::{Client, Connection, send},
    poll::eventually,
};

/// A running localstripe; it is killed when it is dropped.
pub(crate) struct LocalStripe {
    child: Child,
    client: Client,
}

impl LocalStripe {
    /// Starts it; `None` when whoever runs the tests asked to do without.
    ///
    /// # Panics
    /// When it is neither installed nor asked to be left out.
    pub(crate) async fn start() -> Option<Self> {
        let program = std::env::var_os("LOCALSTRIPE").unwrap_or_default();
        if program == "none" {
            return None;
        }
        let help = "localstripe isn't installed: with python3 and its venv there, type: make install-test; \
                    or leave it out with LOCALSTRIPE=none";
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr());
        let port = port.expect("a free port").port();
        let mut command = Command::new(program);
        command
            .args(["--from-scratch", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let key = "sk_test_0123456789";
        let started = Self {
            child: command.spawn().expect(help),
            client: Client::new(format!("http://127.0.0.1:{port}"), Some(key.to_owned())),
        };
        eventually("localstripe is ready", async || {
            let request = started.client.request(Method::GET, "/v1/plans");
            let answer = request.send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        Some(started)
    }

    /// Lets it send its events to a connection of a server.
    pub(crate) async fn tells(&self, base_url: &str, connection: &Connection) {
        let url = format!("{base_url}/api/webhooks/stripe/{}", connection.id);
        let request = self.client.request(Method::POST, "/_config/webhooks/test");
        let form = [("url", url.as_str()), ("secret", &connection.secret)];
        send(request.form(&form)).await.expect(200);
    }

    /// Creates or changes something: the object as Stripe's API shows it.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        self.object(self.request(Method::POST, path).form(form))
            .await
    }

    /// Reads something.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.object(self.request(Method::GET, path)).await
    }

    /// Ends or removes something.
    pub(crate) async fn delete(&self, path: &str) -> Value {
        self.object(self.request(Method::DELETE, path)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, &format!("/v1/{path}"))
    }

    async fn object(&self, request: RequestBuilder) -> Value {
        send(request).await.expect(200).json
    }
}

impl Drop for LocalStripe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
