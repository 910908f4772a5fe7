//! A program that calls the server, with or without a key.

use std::{ops::Deref, time::Duration};

use reqwest::{Method, RequestBuilder, header::HeaderMap, redirect::Policy};
use serde_json::{Value, json};

use super::{poll::now, sign::signature};

/// Longer than the server may take for anything.
const TIMEOUT: Duration = Duration::from_mins(1);

/// What the server answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body, if it is JSON; else null.
    pub(crate) json: Value,
}

impl Answer {
    /// Reads an answer to its end.
    pub(crate) async fn read(response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let json = serde_json::from_str(&text).unwrap_or_default();
        Ok(Self {
            status,
            headers,
            text,
            json,
        })
    }

    /// Itself, if it has that status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// A header's text, empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// Where a link leads, without the token of the click that it hands over.
    pub(crate) fn landing(&self) -> String {
        let location = self.header("location");
        let Some((page, rest)) = location.split_once("&tributary_click=") else {
            return location.to_owned();
        };
        format!("{page}{}", rest.get(36..).unwrap_or_default())
    }

    /// What is in the envelope of `/api/v1`.
    #[track_caller]
    pub(crate) fn data(&self) -> &Value {
        self.json
            .get("data")
            .unwrap_or_else(|| panic!("no data in {} {}", self.status, self.text))
    }

    /// The stable code of a refusal, in either dialect.
    pub(crate) fn error(&self) -> &str {
        let error = &self.json["error"];
        error["code"]
            .as_str()
            .or(error.as_str())
            .unwrap_or_default()
    }

    /// The field that a refusal names, in either dialect.
    pub(crate) fn field(&self) -> &str {
        let field = self.json["field"].as_str();
        field
            .or(self.json["error"]["details"]["field"].as_str())
            .unwrap_or_default()
    }

    /// A text at the top of the body.
    #[track_caller]
    pub(crate) fn word(&self, name: &str) -> &str {
        self.json[name]
            .as_str()
            .unwrap_or_else(|| panic!("no text {name} in {} {}", self.status, self.text))
    }

    /// The row's id.
    #[track_caller]
    pub(crate) fn id(&self) -> &str {
        self.word("id")
    }
}

/// Sends a request and reads the answer.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    Answer::read(response)
        .await
        .expect("the answer arrives whole")
}

/// The same JSON with blanks before it, so many bytes long.
pub(crate) fn padded(json: &str, bytes: usize) -> String {
    format!("{}{json}", " ".repeat(bytes - json.len()))
}

/// A caller. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) base_url: String,
    key: Option<String>,
}

/// An affiliate as tests name him.
#[derive(Clone, Debug)]
pub(crate) struct Affiliate {
    pub(crate) id: String,
}

/// A Stripe account that was connected, and what signs its events.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// An organization, and a caller with its key.
pub(crate) struct Organization {
    pub(crate) organization_id: String,
    pub(super) client: Client,
}

impl Deref for Organization {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Client {
    pub(super) fn new(base_url: String, key: Option<String>) -> Self {
        // An error says that a test before this one has done it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .no_proxy()
            .build();
        Self {
            http: http.expect("a client"),
            base_url,
            key,
        }
    }

    /// The same caller with another key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// The same caller without a key.
    pub(crate) fn without_key(&self) -> Self {
        Self {
            key: None,
            ..self.clone()
        }
    }

    /// The same caller on connections of his own, to another server or after it was started again.
    pub(crate) fn at(&self, base_url: &str) -> Self {
        Self::new(base_url.to_owned(), self.key.clone())
    }

    /// A request with the key, to be completed and sent.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{path}", self.base_url));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// Posts these very bytes as JSON.
    pub(crate) async fn post_bytes(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/json");
        send(request.body(body)).await
    }

    /// Makes an affiliate whose referral code is `code`.
    pub(crate) async fn affiliate(&self, code: &str) -> Affiliate {
        self.affiliate_named(&format!("Affiliate {code}"), code, json!({}))
            .await
    }

    /// Makes an affiliate with more to say about him.
    pub(crate) async fn affiliate_named(&self, name: &str, code: &str, more: Value) -> Affiliate {
        let mut body =
            json!({"name": name, "email": format!("{code}@affiliates.example"), "code": code});
        merge(&mut body, more);
        let made = self.post("/api/v1/affiliates", body).await.expect(201);
        Affiliate {
            id: text(&made.data()["id"]),
        }
    }

    /// Makes a coupon in the campaign that every organization starts with.
    pub(crate) async fn coupon(&self, affiliate: &Affiliate, code: &str, discount: Option<&str>) {
        let campaign = self.default_campaign().await;
        let mut body = json!({"affiliateId": affiliate.id, "code": code});
        if let Some(discount) = discount {
            body["processorDiscountId"] = json!(discount);
        }
        self.post(&format!("/api/v1/programs/{campaign}/coupons"), body)
            .await
            .expect(201);
    }

    /// The id of the campaign that every organization starts with.
    pub(crate) async fn default_campaign(&self) -> String {
        let programs = self.get("/api/v1/programs?limit=100").await.expect(200);
        let programs = programs.data().as_array().expect("a list").clone();
        let default = programs.iter().find(|program| program["name"] == "Default");
        text(&default.expect("the default campaign")["id"])
    }

    /// Makes a campaign; returns its id.
    pub(crate) async fn campaign(&self, body: Value) -> String {
        let made = self.post("/api/v1/programs", body).await.expect(201);
        text(&made.data()["id"])
    }

    /// The same caller with a new key that has only these scopes.
    pub(crate) async fn with_scopes(&self, scopes: &[&str]) -> Self {
        let body = json!({"name": "limited", "scopes": scopes});
        let made = self.post("/api/v1/api-keys", body).await.expect(201);
        self.with_key(made.data()["key"].as_str().expect("the key is shown once"))
    }

    /// Tells of a sale server to server: 49.00 USD by `slug`, and what `more` says instead.
    pub(crate) async fn sale(&self, external_id: &str, slug: &str, more: Value) -> Answer {
        let mut body = json!({"externalEventId": external_id, "amountCents": 4900, "currency": "USD", "affiliateSlug": slug});
        merge(&mut body, more);
        self.post("/api/tracking/s2s", body).await
    }

    /// The rows of the sales list that fit a query such as `type=Lead`.
    pub(crate) async fn sales(&self, query: &str) -> Vec<Value> {
        let list = self
            .get(&format!("/api/conversions?take=200&{query}"))
            .await
            .expect(200);
        assert_eq!(list.json["nextCursor"], Value::Null, "more than a page");
        list.data().as_array().expect("a list").clone()
    }

    /// The one sale with this external id.
    pub(crate) async fn sale_of(&self, external_id: &str) -> Option<Value> {
        let mut found = self.sales("").await;
        found.retain(|row| row["externalEventId"] == external_id);
        assert!(found.len() < 2, "{external_id} is there twice");
        found.pop()
    }

    /// Connects a Stripe account in test mode whose endpoint signs with `secret`.
    pub(crate) async fn connect_stripe(&self, secret: &str) -> Connection {
        self.connect_stripe_with(secret, json!({})).await
    }

    /// The same with more to say about it.
    pub(crate) async fn connect_stripe_with(&self, secret: &str, more: Value) -> Connection {
        let mut body = json!({"processor": "stripe", "mode": "test", "name": "Stripe", "signingSecrets": [secret]});
        merge(&mut body, more);
        let made = self.post("/api/v1/connections", body).await.expect(201);
        Connection {
            id: text(&made.data()["id"]),
            secret: secret.to_owned(),
        }
    }

    /// Delivers an event as Stripe does.
    pub(crate) async fn deliver(&self, connection: &Connection, event: &Value) -> Answer {
        let body = event.to_string();
        let header = signature(&connection.secret, now(), body.as_bytes());
        self.deliver_bytes(connection, body, Some(&header)).await
    }

    /// Delivers these very bytes under this very signature.
    pub(crate) async fn deliver_bytes(
        &self,
        connection: &Connection,
        body: impl Into<reqwest::Body>,
        header: Option<&str>,
    ) -> Answer {
        send(self.delivery(connection, body, header)).await
    }

    /// The request of a delivery: no key, Stripe's headers.
    pub(crate) fn delivery(
        &self,
        connection: &Connection,
        body: impl Into<reqwest::Body>,
        header: Option<&str>,
    ) -> RequestBuilder {
        let path = format!("/api/webhooks/stripe/{}", connection.id);
        let request = self.without_key().request(Method::POST, &path);
        let request = request
            .header("content-type", "application/json; charset=utf-8")
            .body(body);
        match header {
            Some(header) => request.header("stripe-signature", header),
            None => request,
        }
    }
}

/// Puts the fields of `more` into `body`; a null takes a field out.
fn merge(body: &mut Value, more: Value) {
    let (Value::Object(body), Value::Object(more)) = (body, more) else {
        panic!("two objects are needed")
    };
    for (name, value) in more {
        if value.is_null() {
            body.remove(&name);
        } else {
            body.insert(name, value);
        }
    }
}

#[track_caller]
fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("text is needed, not {value}"))
        .to_owned()
}
