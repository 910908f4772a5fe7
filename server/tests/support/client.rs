//! A program that calls the server, with or without a key.

use std::{ops::Deref, time::Duration};

use reqwest::{Method, RequestBuilder, header::HeaderMap, redirect::Policy};
use serde_json::{Value, json};

use super::{poll::now, sign::signature};

/// Longer than the server may take for anything.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body, if it is JSON; else null.
    pub json: Value,
}

impl Answer {
    /// Reads an answer to its end.
    pub async fn read(response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let json = serde_json::from_str(&text).unwrap_or_default();
        Ok(Self { status, headers, text, json })
    }

    /// Itself, if it has that status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// A header's text, empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// What is in the envelope of `/api/v1`.
    #[track_caller]
    pub fn data(&self) -> &Value {
        self.json.get("data").unwrap_or_else(|| panic!("no data in {} {}", self.status, self.text))
    }

    /// The stable code of a refusal, in either dialect.
    pub fn error(&self) -> &str {
        let error = &self.json["error"];
        error["code"].as_str().or(error.as_str()).unwrap_or_default()
    }

    /// The field that a refusal names, in either dialect.
    pub fn field(&self) -> &str {
        let field = self.json["field"].as_str();
        field.or(self.json["error"]["details"]["field"].as_str()).unwrap_or_default()
    }

    /// A text at the top of the body.
    #[track_caller]
    pub fn word(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_else(|| panic!("no text {name} in {} {}", self.status, self.text))
    }

    /// The row's id.
    #[track_caller]
    pub fn id(&self) -> &str {
        self.word("id")
    }
}

/// Sends a request and reads the answer.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    Answer::read(response).await.expect("the answer arrives whole")
}

/// A caller. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub base_url: String,
    key: Option<String>,
}

/// An affiliate as tests name him.
#[derive(Clone, Debug)]
pub struct Affiliate {
    pub id: String,
    pub code: String,
}

/// A Stripe account that was connected, and what signs its events.
#[derive(Clone, Debug)]
pub struct Connection {
    pub id: String,
    pub secret: String,
}

/// An organization, and a caller with its key.
pub struct Organization {
    pub organization_id: String,
    pub api_key: String,
    pub owner_email: String,
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
        let http = reqwest::Client::builder().redirect(Policy::none()).timeout(TIMEOUT).no_proxy().build();
        Self { http: http.expect("a client"), base_url, key }
    }

    /// The same caller with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// The same caller without a key.
    pub fn without_key(&self) -> Self {
        Self { key: None, ..self.clone() }
    }

    /// The same caller on connections of his own, to another server or after it was started again.
    pub fn at(&self, base_url: &str) -> Self {
        Self::new(base_url.to_owned(), self.key.clone())
    }

    /// A request with the key, to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base_url));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    /// Posts these very bytes as JSON.
    pub async fn post_bytes(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        send(request.body(body)).await
    }

    /// Makes an affiliate whose referral code is `code`.
    pub async fn affiliate(&self, code: &str) -> Affiliate {
        self.affiliate_named(&format!("Affiliate {code}"), code, json!({})).await
    }

    /// Makes an affiliate with more to say about him.
    pub async fn affiliate_named(&self, name: &str, code: &str, more: Value) -> Affiliate {
        let mut body = json!({"name": name, "email": format!("{code}@affiliates.example"), "code": code});
        merge(&mut body, more);
        let made = self.post("/api/v1/affiliates", body).await.expect(201);
        Affiliate { id: text(&made.data()["id"]), code: code.to_owned() }
    }

    /// Makes a coupon in the campaign that every organization starts with.
    pub async fn coupon(&self, affiliate: &Affiliate, code: &str, discount: Option<&str>) {
        let campaign = self.default_campaign().await;
        let mut body = json!({"affiliateId": affiliate.id, "code": code});
        if let Some(discount) = discount {
            body["processorDiscountId"] = json!(discount);
        }
        self.post(&format!("/api/v1/programs/{campaign}/coupons"), body).await.expect(201);
    }

    /// The id of the campaign that every organization starts with.
    pub async fn default_campaign(&self) -> String {
        let programs = self.get("/api/v1/programs?limit=100").await.expect(200);
        let programs = programs.data().as_array().expect("a list").clone();
        let default = programs.iter().find(|program| program["name"] == "Default");
        text(&default.expect("the default campaign")["id"])
    }

    /// Makes a campaign; returns its id.
    pub async fn campaign(&self, body: Value) -> String {
        let made = self.post("/api/v1/programs", body).await.expect(201);
        text(&made.data()["id"])
    }

    /// The same caller with a new key that has only these scopes.
    pub async fn with_scopes(&self, scopes: &[&str]) -> Self {
        let body = json!({"name": "limited", "scopes": scopes});
        let made = self.post("/api/v1/api-keys", body).await.expect(201);
        self.with_key(made.data()["key"].as_str().expect("the key is shown once"))
    }

    /// Tells of a sale server to server: 49.00 USD by `slug`, and what `more` says instead.
    pub async fn sale(&self, external_id: &str, slug: &str, more: Value) -> Answer {
        let mut body = json!({"externalEventId": external_id, "amountCents": 4900, "currency": "USD", "affiliateSlug": slug});
        merge(&mut body, more);
        self.post("/api/tracking/s2s", body).await
    }

    /// The rows of the sales list that fit a query such as `type=Lead`.
    pub async fn sales(&self, query: &str) -> Vec<Value> {
        let list = self.get(&format!("/api/conversions?take=200&{query}")).await.expect(200);
        assert_eq!(list.json["nextCursor"], Value::Null, "more than a page");
        list.data().as_array().expect("a list").clone()
    }

    /// The one sale with this external id.
    pub async fn sale_of(&self, external_id: &str) -> Option<Value> {
        let mut found = self.sales("").await;
        found.retain(|row| row["externalEventId"] == external_id);
        assert!(found.len() < 2, "{external_id} is there twice");
        found.pop()
    }

    /// Connects a Stripe account in test mode whose endpoint signs with `secret`.
    pub async fn connect_stripe(&self, secret: &str) -> Connection {
        self.connect_stripe_with(secret, json!({})).await
    }

    /// The same with more to say about it.
    pub async fn connect_stripe_with(&self, secret: &str, more: Value) -> Connection {
        let mut body = json!({"processor": "stripe", "mode": "test", "name": "Stripe", "signingSecrets": [secret]});
        merge(&mut body, more);
        let made = self.post("/api/v1/connections", body).await.expect(201);
        Connection { id: text(&made.data()["id"]), secret: secret.to_owned() }
    }

    /// Delivers an event as Stripe does.
    pub async fn deliver(&self, connection: &Connection, event: &Value) -> Answer {
        let body = event.to_string();
        let header = signature(&connection.secret, now(), body.as_bytes());
        self.deliver_bytes(connection, body, Some(&header)).await
    }

    /// Delivers these very bytes under this very signature.
    pub async fn deliver_bytes(
        &self,
        connection: &Connection,
        body: impl Into<reqwest::Body>,
        header: Option<&str>,
    ) -> Answer {
        send(self.delivery(connection, body, header)).await
    }

    /// The request of a delivery: no key, Stripe's headers.
    pub fn delivery(
        &self,
        connection: &Connection,
        body: impl Into<reqwest::Body>,
        header: Option<&str>,
    ) -> RequestBuilder {
        let path = format!("/api/webhooks/stripe/{}", connection.id);
        let request = self.without_key().request(Method::POST, &path);
        let request = request.header("content-type", "application/json; charset=utf-8").body(body);
        match header {
            Some(header) => request.header("stripe-signature", header),
            None => request,
        }
    }
}

/// Puts the fields of `more` into `body`; a null takes a field out.
fn merge(body: &mut Value, more: Value) {
    let (Value::Object(body), Value::Object(more)) = (body, more) else { panic!("two objects are needed") };
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
    value.as_str().unwrap_or_else(|| panic!("text is needed, not {value}")).to_owned()
}
