//! Paddle's events, and deliveries of them.
//!
//! One [`Purchase`] is one customer who subscribes once; its objects name each other by ids made from
//! the purchase's name, so any number of them can be told to one server.

use chrono::{DateTime, SecondsFormat};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    client::{Answer, Client, Connection, send},
    poll::now,
    sign::hmac_sha256,
    stripe::with,
};

/// What the customer of a [`Purchase`] pays, and the tax in it: 40.00 earns, 8.00 at 20 %.
pub(crate) const TOTAL: i64 = 4400;
pub(crate) const TAX: i64 = 400;

/// `ts=<unix>;h1=<hex>`: what Paddle sends in `Paddle-Signature`.
pub(crate) fn signature(secret: &str, time: i64, body: &[u8]) -> String {
    let message = [format!("{time}:").as_bytes(), body].concat();
    let mac = hmac_sha256(secret.as_bytes(), &message);
    format!("ts={time};h1={mac}")
}

impl Client {
    /// Connects a Paddle account whose destination signs with any of these.
    pub(crate) async fn connect_paddle(&self, secrets: &[&str]) -> Connection {
        let body = json!({"processor": "paddle", "mode": "test", "name": "Paddle", "signingSecrets": secrets});
        let made = self.post("/api/v1/connections", body).await.expect(201);
        Connection {
            id: made.data()["id"].as_str().expect("an id").to_owned(),
            secret: secrets[0].to_owned(),
        }
    }

    /// Delivers an event as Paddle does.
    pub(crate) async fn deliver_paddle(&self, connection: &Connection, event: &Value) -> Answer {
        let body = event.to_string();
        let header = signature(&connection.secret, now(), body.as_bytes());
        send(self.paddle_delivery(&connection.id, body, Some(&header))).await
    }

    /// The request of a delivery of these very bytes under this very signature.
    pub(crate) fn paddle_delivery(
        &self,
        connection_id: &str,
        body: impl Into<reqwest::Body>,
        header: Option<&str>,
    ) -> RequestBuilder {
        let path = format!("/api/webhooks/paddle/{connection_id}");
        let request = self.without_key().request(Method::POST, &path);
        let request = request
            .header("content-type", "application/json")
            .header("user-agent", "Paddle")
            .body(body);
        match header {
            Some(header) => request.header("paddle-signature", header),
            None => request,
        }
    }
}

/// An instant as Paddle writes it.
pub(crate) fn written(unix: i64) -> String {
    let at = DateTime::from_timestamp(unix, 0).expect("in range");
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A customer and his subscription.
#[derive(Clone, Debug)]
pub(crate) struct Purchase {
    name: String,
    /// When he first paid.
    pub(crate) at: i64,
}

impl Purchase {
    /// Paid a minute ago.
    pub(crate) fn new(name: &str) -> Self {
        Self::paid_at(name, now() - 60)
    }

    /// Paid then.
    pub(crate) fn paid_at(name: &str, at: i64) -> Self {
        Self {
            name: name.to_owned(),
            at,
        }
    }

    /// An id of this purchase: `id("sub")` is `sub_<name>`.
    pub(crate) fn id(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.name)
    }

    /// The transaction of a payment: the first is 0, the renewals are 1 and up.
    pub(crate) fn transaction_id(&self, number: i64) -> String {
        match number {
            0 => self.id("txn"),
            number => format!("txn_{}_{number}", self.name),
        }
    }

    pub(crate) fn email(&self) -> String {
        format!("{}@customers.example", self.name)
    }

    /// A completed transaction of 44.00 with 4.00 tax.
    pub(crate) fn transaction(&self, number: i64, custom_data: Value) -> Value {
        self.transaction_over(number, TOTAL, TAX, custom_data)
    }

    /// The same with so much total, of which so much is tax.
    pub(crate) fn transaction_over(
        &self,
        number: i64,
        total: i64,
        tax: i64,
        custom_data: Value,
    ) -> Value {
        let (total_text, tax_text) = (total.to_string(), tax.to_string());
        let captured = written(self.at + number);
        let payments = json!([
            {"payment_attempt_id": "1", "amount": total_text, "status": "captured", "captured_at": captured},
            {"payment_attempt_id": "0", "amount": total_text, "status": "error", "captured_at": null},
        ]);
        let payments = if total > 0 { payments } else { json!([]) };
        let origin = match number {
            0 => "web",
            _ => "subscription_recurring",
        };
        json!({
            "id": self.transaction_id(number), "status": "completed", "origin": origin,
            "collection_mode": "automatic", "customer_id": self.id("ctm"), "subscription_id": self.id("sub"),
            "discount_id": null, "invoice_id": null, "invoice_number": "325-10566", "currency_code": "USD",
            "custom_data": custom_data, "billed_at": written(self.at + number + 1),
            "details": {"totals": {
                "subtotal": (total - tax).to_string(), "discount": "0", "tax": tax_text, "total": total_text,
                "credit": "0", "credit_to_balance": "0", "balance": "0", "grand_total": total_text,
                "grand_total_tax": tax_text, "fee": "250", "earnings": "3750", "currency_code": "USD",
            }, "line_items": []},
            "payments": payments, "items": [],
        })
    }

    /// An adjustment of one item of a payment: of which payment, what is done, where it stands, and how
    /// much, tax included at 10 to 1.
    pub(crate) fn adjustment(
        &self,
        word: &str,
        (action, status): (&str, &str),
        gross: i64,
    ) -> Value {
        let net = gross * (TOTAL - TAX) / TOTAL;
        let totals = json!({"subtotal": net.to_string(), "tax": (gross - net).to_string(), "total": gross.to_string()});
        let kind = if gross == TOTAL { "full" } else { "partial" };
        json!({
            "id": format!("adj_{}_{word}", self.name), "action": action, "type": kind, "status": status,
            "reason": "requested by the customer", "transaction_id": self.transaction_id(0),
            "subscription_id": self.id("sub"), "customer_id": self.id("ctm"), "currency_code": "USD",
            "items": [{"id": "adjitm_1", "item_id": "txnitm_1", "type": kind, "amount": null, "totals": totals}],
            "totals": with(totals.clone(), json!({"fee": "0", "earnings": "0", "currency_code": "USD"})),
            "created_at": written(self.at + 20), "updated_at": "0001-01-01T00:00:00Z",
        })
    }

    /// The customer: the only object with an e-mail.
    pub(crate) fn customer(&self, custom_data: Value) -> Value {
        json!({
            "id": self.id("ctm"), "email": self.email(), "name": "Ann", "status": "active", "locale": "en",
            "custom_data": custom_data, "import_meta": null, "created_at": written(self.at),
        })
    }

    pub(crate) fn subscription(&self, status: &str, custom_data: Value) -> Value {
        json!({
            "id": self.id("sub"), "status": status, "customer_id": self.id("ctm"), "items": [],
            "transaction_id": self.transaction_id(0), "custom_data": custom_data, "discount": null,
            "canceled_at": null, "currency_code": "USD", "import_meta": null,
        })
    }

    /// The subscription when it had ended, so many seconds after it was first paid.
    pub(crate) fn ended(&self, after: i64) -> Value {
        let changes = json!({"canceled_at": written(self.at + after), "transaction_id": null});
        with(self.subscription("canceled", Value::Null), changes)
    }

    /// An event of this purchase, `number` seconds after it was paid.
    pub(crate) fn event(&self, kind: &str, number: i64, data: Value) -> Value {
        let id = format!("evt_{}_{number}", self.name);
        event(&id, kind, self.at + number, data)
    }
}

/// The envelope of an event.
pub(crate) fn event(id: &str, kind: &str, at: i64, data: Value) -> Value {
    json!({
        "event_id": id, "event_type": kind, "occurred_at": written(at), "notification_id": format!("ntf_{id}"),
        "data": data,
    })
}

/// A discount: which words stand for which id.
pub(crate) fn discount(id: &str, code: &str) -> Value {
    json!({"id": id, "status": "active", "code": code, "type": "percentage", "amount": "10", "import_meta": null})
}

/// The same message under another event's id.
pub(crate) fn again(told: &Value) -> Value {
    let id = format!("{}_again", told["event_id"].as_str().expect("text"));
    with(
        told.clone(),
        json!({"event_id": id, "notification_id": "ntf_again"}),
    )
}
