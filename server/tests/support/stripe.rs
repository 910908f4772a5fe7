//! Stripe's events, as the versions of its API send them.
//!
//! One [`Purchase`] is one customer who subscribes once; its objects name each other by ids made from
//! the purchase's name, so any number of them can be told to one server.

use serde_json::{Value, json};

use super::poll::now;

mod life;
pub(crate) use life::again;

/// What the customer of a [`Purchase`] pays, and the tax in it: 40.00 earns, 8.00 at 20 %.
pub(crate) const TOTAL: i64 = 4400;
pub(crate) const TAX: i64 = 400;

/// How a version writes an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Metadata of the subscription on the lines only, no net total.
    Of2020,
    /// The last versions before 2025-03-31.
    Acacia,
    /// 2025-03-31.basil and later: `parent`, no `subscription`, no `tax`.
    Basil,
}

pub(crate) const SHAPES: [Shape; 3] = [Shape::Of2020, Shape::Acacia, Shape::Basil];

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

    pub(crate) fn email(&self) -> String {
        format!("{}@customers.example", self.name)
    }

    /// The finished checkout; `client_reference_id` names the affiliate.
    pub(crate) fn session(&self, reference: &str) -> Value {
        json!({
            "id": self.id("cs"), "object": "checkout.session", "mode": "subscription", "status": "complete",
            "payment_status": "paid", "client_reference_id": reference, "currency": "usd",
            "amount_subtotal": TOTAL - TAX, "amount_total": TOTAL, "total_details": {"amount_tax": TAX},
            "customer": self.id("cus"), "customer_email": null,
            "customer_details": {"email": self.email(), "name": "Ann"}, "subscription": self.id("sub"),
            "invoice": self.id("in"), "payment_intent": null, "metadata": {}, "custom_fields": [], "livemode": false,
        })
    }

    /// A finished one-off checkout that makes no invoice.
    pub(crate) fn one_off(&self, reference: &str) -> Value {
        let changes = json!({
            "mode": "payment", "subscription": null, "invoice": null, "payment_intent": self.id("pi"),
        });
        with(self.session(reference), changes)
    }

    /// The first invoice, paid.
    pub(crate) fn invoice(&self, shape: Shape) -> Value {
        self.invoice_with(shape, &self.id("in"), self.at, json!({}))
    }

    /// The same with metadata on the subscription.
    pub(crate) fn invoice_about(&self, shape: Shape, subscription_metadata: Value) -> Value {
        self.invoice_with(shape, &self.id("in"), self.at, subscription_metadata)
    }

    /// The invoice of a later period.
    pub(crate) fn renewal(&self, shape: Shape, number: i64) -> Value {
        let id = format!("{}_{number}", self.id("in"));
        let renewal = self.invoice_with(shape, &id, self.at + number, json!({}));
        with(renewal, json!({"billing_reason": "subscription_cycle"}))
    }

    fn invoice_with(&self, shape: Shape, id: &str, at: i64, about: Value) -> Value {
        let line = json!({"id": format!("il_{id}"), "amount": TOTAL - TAX, "metadata": about, "discounts": []});
        let base = json!({
            "id": id, "object": "invoice", "customer": self.id("cus"), "customer_email": self.email(),
            "customer_name": "Ann", "currency": "usd", "status": "paid", "livemode": false,
            "billing_reason": "subscription_create", "amount_due": TOTAL, "amount_paid": TOTAL,
            "amount_remaining": 0, "total": TOTAL, "subtotal": TOTAL - TAX, "metadata": {}, "discounts": [],
            "status_transitions": {"finalized_at": at - 5, "paid_at": at},
        });
        let shaped = match shape {
            Shape::Of2020 | Shape::Acacia => json!({
                "subscription": self.id("sub"), "tax": TAX, "discount": null, "payment_intent": null, "charge": null,
                "total_tax_amounts": [{"amount": TAX, "inclusive": false}],
                "lines": {"data": [with(line, json!({"subscription": self.id("sub"), "type": "subscription"}))]},
            }),
            Shape::Basil => json!({
                "parent": {"type": "subscription_details", "subscription_details": {
                    "subscription": self.id("sub"), "metadata": about}},
                "total_taxes": [{"amount": TAX, "tax_behavior": "exclusive"}],
                "total_excluding_tax": TOTAL - TAX,
                "lines": {"data": [with(line, json!({"parent": {"type": "subscription_item_details",
                    "subscription_item_details": {"subscription": self.id("sub")}}}))]},
            }),
        };
        let invoice = with(base, shaped);
        if shape == Shape::Acacia {
            let changes = json!({"total_excluding_tax": TOTAL - TAX, "subscription_details": {"metadata": about}});
            return with(invoice, changes);
        }
        invoice
    }

    /// The customer.
    pub(crate) fn customer(&self, metadata: Value) -> Value {
        json!({
            "id": self.id("cus"), "object": "customer", "email": self.email(), "name": "Ann",
            "metadata": metadata, "livemode": false, "created": self.at,
        })
    }

    /// An event of this purchase, `number` seconds after it was paid.
    pub(crate) fn event(&self, kind: &str, number: i64, object: Value) -> Value {
        event(
            &format!("evt_{}_{number}", self.name),
            kind,
            self.at + number,
            object,
        )
    }
}

/// The envelope of an event in test mode.
pub(crate) fn event(id: &str, kind: &str, at: i64, object: Value) -> Value {
    json!({
        "id": id, "object": "event", "api_version": "2024-06-20", "created": at, "livemode": false,
        "pending_webhooks": 1, "request": {"id": null, "idempotency_key": null}, "type": kind,
        "data": {"object": object},
    })
}

/// A promotion code: which words stand for which id.
pub(crate) fn promotion_code(id: &str, code: &str) -> Value {
    json!({"id": id, "object": "promotion_code", "code": code, "active": true, "coupon": {"id": "coupon_1"}})
}

/// An expanded discount that came from a promotion code.
pub(crate) fn discount(promotion_code: &str) -> Value {
    json!({"id": "di_1", "object": "discount", "promotion_code": promotion_code, "coupon": {"id": "coupon_1"}})
}

/// `object` with other values at the top.
pub(crate) fn with(mut object: Value, changes: Value) -> Value {
    let (Value::Object(fields), Value::Object(changes)) = (&mut object, changes) else {
        panic!("two objects are needed")
    };
    fields.extend(changes);
    object
}
