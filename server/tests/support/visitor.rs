//! A visitor of a shop: a browser with an address and cookies, and no key.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::client::{Answer, Client, send};

/// The host of the shop that visitors come to.
pub(crate) const SHOP: &str = "https://shop.example";

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

/// Somebody in front of a browser.
#[derive(Clone)]
pub(crate) struct Visitor {
    client: Client,
    address: String,
    /// What the server has asked his browser to keep.
    pub(crate) cookie: Option<String>,
}

impl Visitor {
    /// One with an address of his own.
    pub(crate) fn new(server: &Client, number: u8) -> Self {
        Self {
            client: server.without_key(),
            address: format!("198.51.100.{number}"),
            cookie: None,
        }
    }

    /// The same person in another network.
    pub(crate) fn moved(&self, number: u8) -> Self {
        Self {
            address: format!("198.51.100.{number}"),
            ..self.clone()
        }
    }

    /// A request as his browser makes it.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .client
            .request(method, path)
            .header("user-agent", BROWSER)
            .header("x-forwarded-for", &self.address);
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    /// Follows a link, and keeps the cookie that comes with the answer.
    pub(crate) async fn follow(&mut self, path: &str) -> Answer {
        let answer = send(self.request(Method::GET, path)).await;
        let pair = answer.header("set-cookie").split(';').next();
        if let Some(pair) = pair.filter(|pair| !pair.is_empty()) {
            self.cookie = Some(pair.to_owned());
        }
        answer
    }

    /// What the loader sends from a page of the shop.
    pub(crate) fn telling(&self, path: &str, body: &Value) -> RequestBuilder {
        let request = self.request(Method::POST, path).json(body);
        request
            .header("origin", SHOP)
            .header("sec-fetch-site", "cross-site")
    }

    /// The loader tells of a visit through the link of `code`.
    pub(crate) async fn arrives(&self, code: &str) -> Answer {
        let body = json!({"pageUrl": format!("{SHOP}/?via={code}"), "referralCode": code});
        self.tells(body).await
    }

    /// The loader tells of a visit in its own words.
    pub(crate) async fn tells(&self, body: Value) -> Answer {
        send(self.telling("/api/tracking/click", &body)).await
    }
}

impl Client {
    /// Makes the shop the site of the campaign that every organization starts with, on further `terms`.
    pub(crate) async fn open_shop(&self, terms: Value) -> String {
        let id = self.default_campaign().await;
        let mut body = json!({"landingPageUrl": format!("{SHOP}/start")});
        for (name, value) in terms.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let path = format!("/api/v1/programs/{id}");
        self.patch(&path, body).await.expect(200);
        id
    }
}
