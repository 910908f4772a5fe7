//! Braintree's notifications, in the shape of the real ones that are among the fixtures.
//!
//! One [`Subscriber`] is one customer with one subscription; the ids are made from his name, so any number of
//! them can be told to one server.

mod stand_in;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat};
use reqwest::Method;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

pub(crate) use self::stand_in::BraintreeStandIn;
use super::{
    client::{Answer, Client, Connection, send},
    poll::now,
    sign::braintree_signature,
};

pub(crate) const MERCHANT: &str = "test_merchant_1";
pub(crate) const PUBLIC: &str = "test_public_key_1";
pub(crate) const PRIVATE: &str = "hush_private_key_1";

/// An instant as Braintree writes it.
pub(crate) fn time(at: i64) -> String {
    let at = DateTime::from_timestamp(at, 0).expect("in range");
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A transaction; the sale of 49.00 dollars, of which 20 % are 9.80, unless said otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) status: &'static str,
    pub(crate) amount: &'static str,
    pub(crate) created: i64,
    /// When it came to stand where it stands.
    pub(crate) since: i64,
    pub(crate) customer: String,
    /// Which sale it refunds.
    pub(crate) refunds: Option<String>,
    pub(crate) refund_ids: Vec<String>,
    /// What its custom field `tributary_ref` says.
    pub(crate) affiliate: Option<String>,
}

impl Transaction {
    pub(crate) fn sale(id: &str, customer: &str, created: i64) -> Self {
        Self {
            id: id.to_owned(),
            kind: "sale",
            status: "settled",
            amount: "49.00",
            created,
            since: created,
            customer: customer.to_owned(),
            refunds: None,
            refund_ids: Vec::new(),
            affiliate: None,
        }
    }

    /// A refund of this sale.
    pub(crate) fn credit(&self, id: &str, amount: &'static str, created: i64) -> Self {
        Self {
            kind: "credit",
            amount,
            refunds: Some(self.id.clone()),
            ..Self::sale(id, &self.customer, created)
        }
    }

    /// It came to stand so at this time.
    pub(crate) fn is(&self, status: &'static str, since: i64) -> Self {
        Self {
            status,
            since,
            ..self.clone()
        }
    }

    pub(crate) fn by(&self, affiliate: &str) -> Self {
        Self {
            affiliate: Some(affiliate.to_owned()),
            ..self.clone()
        }
    }

    /// These refunds were made of it.
    pub(crate) fn refunded_by(&self, ids: &[&str]) -> Self {
        Self {
            refund_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            ..self.clone()
        }
    }

    pub(crate) fn xml(&self) -> String {
        let customer = &self.customer;
        let field = self.affiliate.as_ref().map_or_else(
            || "<custom-fields/>".to_owned(),
            |slug| format!("<custom-fields><tributary-ref>{slug}</tributary-ref></custom-fields>"),
        );
        let item = |id: &String| format!("<item>{id}</item>");
        let items: String = self.refund_ids.iter().map(item).collect();
        let refunded = self.refunds.as_ref().map_or_else(
            || "<refunded-transaction-id nil=\"true\"/>".to_owned(),
            |id| format!("<refunded-transaction-id>{id}</refunded-transaction-id>"),
        );
        format!(
            "<transaction><id>{}</id><status>{}</status><type>{}</type><currency-iso-code>USD</currency-iso-code>\
             <amount>{}</amount><merchant-account-id>shop</merchant-account-id><order-id nil=\"true\"/>\
             <created-at type=\"datetime\">{}</created-at><updated-at type=\"datetime\">{}</updated-at>\
             <customer><id>c_{customer}</id><first-name>Ann</first-name><last-name nil=\"true\"/>\
             <email>{customer}@customers.example</email></customer>{field}\
             <refund-id nil=\"true\"/><refund-ids type=\"array\">{items}</refund-ids>{refunded}\
             <tax-amount nil=\"true\"/><status-history type=\"array\"><status-event>\
             <timestamp type=\"datetime\">{}</timestamp><status>{}</status><amount>{}</amount></status-event>\
             </status-history><discounts type=\"array\"/></transaction>",
            self.id,
            self.status,
            self.kind,
            self.amount,
            time(self.created),
            time(now()),
            time(self.since),
            self.status,
            self.amount,
        )
    }
}

/// A customer and his subscription.
#[derive(Clone, Debug)]
pub(crate) struct Subscriber {
    pub(crate) name: String,
    /// When he first paid.
    pub(crate) at: i64,
}

impl Subscriber {
    /// First paid a minute ago.
    pub(crate) fn new(name: &str) -> Self {
        Self::paid_at(name, now() - 60)
    }

    pub(crate) fn paid_at(name: &str, at: i64) -> Self {
        Self {
            name: name.to_owned(),
            at,
        }
    }

    /// An id of his: `id("t1")` is `t1_<name>`.
    pub(crate) fn id(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.name)
    }

    /// A sale of his, so many seconds after the first.
    pub(crate) fn sale(&self, prefix: &str, after: i64) -> Transaction {
        Transaction::sale(&self.id(prefix), &self.name, self.at + after)
    }

    /// A notification about the subscription, so many seconds after he first paid; the newest transaction
    /// first.
    pub(crate) fn told(&self, kind: &str, after: i64, transactions: &[Transaction]) -> String {
        let list: String = transactions.iter().map(Transaction::xml).collect();
        let subject = format!(
            "<subscription><add-ons type=\"array\"/><discounts type=\"array\"/><id>{}</id><plan-id>default</plan-id>\
             <price>49.00</price><status>Active</status><trial-period type=\"boolean\">false</trial-period>\
             <transactions type=\"array\">{list}</transactions></subscription>",
            self.id("s")
        );
        notification(&format!("subscription_{kind}"), self.at + after, &subject)
    }

    /// Charged: the newest transaction first.
    pub(crate) fn charged(&self, after: i64, transactions: &[Transaction]) -> String {
        self.told("charged_successfully", after, transactions)
    }
}

/// A dispute about all of a sale of 49.00.
pub(crate) fn dispute(id: &str, kind: &str, status: &str, sale: &str) -> String {
    format!(
        "<dispute><amount>49.00</amount><amount-disputed>49.00</amount-disputed><amount-won>0.00</amount-won>\
         <currency-iso-code>USD</currency-iso-code><kind>{kind}</kind><status>{status}</status><reason>fraud</reason>\
         <id>{id}</id><transaction><id>{sale}</id><amount>49.00</amount></transaction></dispute>"
    )
}

pub(crate) fn notification(kind: &str, at: i64, subject: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<notification>\n  <kind>{kind}</kind>\n  \
         <timestamp type=\"datetime\">{}</timestamp>\n  <subject>\n    {subject}\n  </subject>\n</notification>\n",
        time(at)
    )
}

/// XML as Braintree sends it: base64 in lines of 60, with a line break at the end.
pub(crate) fn payload(xml: &str) -> String {
    let encoded = STANDARD.encode(xml);
    let lines = encoded.as_bytes().chunks(60);
    let bytes: Vec<u8> = lines.flat_map(|line| [line, b"\n"].concat()).collect();
    String::from_utf8(bytes).expect("ASCII")
}

/// The form of these two fields.
pub(crate) fn form(signature: &str, payload: &str) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("bt_signature", signature);
    form.append_pair("bt_payload", payload);
    form.finish()
}

/// A form signed with the usual keys.
pub(crate) fn signed(xml: &str) -> String {
    let payload = payload(xml);
    form(&braintree_signature(PUBLIC, PRIVATE, &payload), &payload)
}

impl Client {
    /// Connects the sandbox account of the usual keys.
    pub(crate) async fn connect_braintree(&self) -> Connection {
        let body = json!({
            "processor": "braintree", "name": "Braintree", "environment": "sandbox",
            "merchantId": MERCHANT, "publicKey": PUBLIC, "privateKey": PRIVATE,
        });
        let made = self.post("/api/v1/connections", body).await.expect(201);
        assert!(!made.text.contains(PRIVATE), "{}", made.text);
        Connection {
            id: made.data()["id"].as_str().expect("an id").to_owned(),
            secret: PRIVATE.to_owned(),
        }
    }

    /// Sends a form as Braintree does.
    pub(crate) async fn notify_form(&self, connection: &Connection, form: String) -> Answer {
        let path = format!("/api/webhooks/braintree/{}", connection.id);
        let request = self.without_key().request(Method::POST, &path);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        send(request.body(form)).await
    }

    /// Sends a signed notification.
    pub(crate) async fn notify(&self, connection: &Connection, xml: &str) -> Answer {
        self.notify_form(connection, signed(xml)).await
    }

    /// The only connection, as the API shows it.
    pub(crate) async fn only_connection(&self) -> Value {
        let list = self.get("/api/v1/connections").await.expect(200);
        assert!(!list.text.contains("hush"), "{}", list.text);
        list.data()[0].clone()
    }
}
