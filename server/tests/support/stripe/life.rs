//! What comes after a payment: links between its ids, refunds, disputes, credit notes, the end.

use serde_json::{Value, json};

use super::{Purchase, Shape, TOTAL, event, with};

/// A payment of a purchase: the first is 0, the renewals are 1 and up.
impl Purchase {
    /// An id of one of its payments: `in_<name>`, then `in_<name>_1`.
    pub(crate) fn id_of(&self, prefix: &str, number: i64) -> String {
        let id = self.id(prefix);
        match number {
            0 => id,
            number => format!("{id}_{number}"),
        }
    }

    /// The invoice of a payment. Old versions name its payment intent and its charge.
    pub(crate) fn invoice_of(&self, shape: Shape, number: i64) -> Value {
        let invoice = match number {
            0 => self.invoice(shape),
            number => self.renewal(shape, number),
        };
        if shape == Shape::Basil {
            return invoice;
        }
        let ids = json!({"payment_intent": self.id_of("pi", number), "charge": self.id_of("ch", number), "paid": true});
        with(invoice, ids)
    }

    /// The same with so much total, of which so much is net of tax and so much was paid.
    pub(crate) fn invoice_over(
        &self,
        shape: Shape,
        number: i64,
        total: i64,
        net: i64,
        paid: i64,
    ) -> Value {
        let amounts = json!({
            "total": total, "subtotal": net, "amount_due": paid, "amount_paid": paid, "total_excluding_tax": net,
        });
        let invoice = with(self.invoice_of(shape, number), amounts);
        let taxes = match shape {
            Shape::Basil => {
                json!({"total_taxes": [{"amount": total - net, "tax_behavior": "exclusive"}]})
            }
            _ => json!({"tax": total - net,
                "total_tax_amounts": [{"amount": total - net, "inclusive": false}]}),
        };
        with(invoice, taxes)
    }

    /// `invoice_payment.paid`, which new versions send and old ones don't know.
    pub(crate) fn invoice_payment(&self, number: i64) -> Value {
        json!({
            "id": self.id_of("inpay", number), "object": "invoice_payment", "amount_paid": TOTAL,
            "amount_requested": TOTAL, "currency": "usd", "created": self.at, "invoice": self.id_of("in", number),
            "is_default": true, "livemode": false, "status": "paid",
            "payment": {"payment_intent": self.id_of("pi", number), "type": "payment_intent"},
        })
    }

    /// The charge of a payment, of which so much was refunded. Old versions name the invoice, and list
    /// the refunds.
    pub(crate) fn charge(
        &self,
        shape: Shape,
        number: i64,
        refunded: i64,
        refunds: &[Value],
    ) -> Value {
        let charge = json!({
            "id": self.id_of("ch", number), "object": "charge", "amount": TOTAL, "amount_captured": TOTAL,
            "amount_refunded": refunded, "refunded": refunded == TOTAL, "disputed": false, "currency": "usd",
            "customer": self.id("cus"), "payment_intent": self.id_of("pi", number), "created": self.at,
            "status": "succeeded", "livemode": false, "metadata": {}, "billing_details": {"email": self.email()},
        });
        match shape {
            Shape::Basil => charge,
            Shape::Acacia => with(charge, json!({"invoice": self.id_of("in", number)})),
            Shape::Of2020 => with(
                charge,
                json!({"invoice": self.id_of("in", number), "refunds": {"object": "list", "data": refunds}}),
            ),
        }
    }

    /// `payment_intent.succeeded`; old versions name the invoice.
    pub(crate) fn payment_intent(&self, shape: Shape, number: i64) -> Value {
        let intent = json!({
            "id": self.id_of("pi", number), "object": "payment_intent", "amount": TOTAL, "amount_received": TOTAL,
            "currency": "usd", "customer": self.id("cus"), "latest_charge": self.id_of("ch", number),
            "created": self.at, "status": "succeeded", "livemode": false, "metadata": {},
        });
        match shape {
            Shape::Basil => intent,
            _ => with(intent, json!({"invoice": self.id_of("in", number)})),
        }
    }

    /// A refund of a payment, made so many seconds after the purchase.
    pub(crate) fn refund(
        &self,
        word: &str,
        number: i64,
        amount: i64,
        status: &str,
        made: i64,
    ) -> Value {
        json!({
            "id": format!("re_{}_{word}", self.name), "object": "refund", "amount": amount, "currency": "usd",
            "charge": self.id_of("ch", number), "payment_intent": self.id_of("pi", number), "status": status,
            "reason": "requested_by_customer", "metadata": {}, "created": self.at + made,
        })
    }

    /// A dispute about the whole of a payment.
    pub(crate) fn dispute(&self, number: i64, status: &str) -> Value {
        json!({
            "id": self.id_of("du", number), "object": "dispute", "amount": TOTAL, "currency": "usd",
            "charge": self.id_of("ch", number), "payment_intent": self.id_of("pi", number), "status": status,
            "reason": "fraudulent", "is_charge_refundable": false, "livemode": false, "metadata": {},
            "created": self.at + 20,
        })
    }

    /// A credit note that gave a part of the first invoice back by this refund.
    pub(crate) fn credit_note(&self, shape: Shape, refund: &Value) -> Value {
        let note = json!({
            "id": self.id("cn"), "object": "credit_note", "amount": refund["amount"], "currency": "usd",
            "customer": self.id("cus"), "invoice": self.id("in"), "status": "issued", "type": "post_payment",
            "created": self.at, "livemode": false, "metadata": {},
        });
        let refunds = match shape {
            Shape::Basil => {
                json!({"refunds": [{"amount_refunded": refund["amount"], "refund": refund["id"]}]})
            }
            _ => json!({"refund": refund["id"]}),
        };
        with(note, refunds)
    }

    /// The subscription: old versions have the period, new ones have it on the items.
    pub(crate) fn subscription(&self, shape: Shape, status: &str) -> Value {
        let subscription = json!({
            "id": self.id("sub"), "object": "subscription", "customer": self.id("cus"), "status": status,
            "metadata": {}, "latest_invoice": self.id("in"), "items": {"data": []}, "canceled_at": null,
            "ended_at": null, "cancel_at_period_end": false, "created": self.at, "livemode": false,
        });
        match shape {
            Shape::Basil => with(subscription, json!({"discounts": []})),
            _ => with(
                subscription,
                json!({"discount": null, "current_period_start": self.at, "current_period_end": self.at + 2_592_000}),
            ),
        }
    }

    /// The subscription when it had ended, so many seconds after it was first paid.
    pub(crate) fn ended(&self, shape: Shape, after: i64) -> Value {
        let at = self.at + after;
        let changes = json!({"canceled_at": at, "ended_at": at});
        with(self.subscription(shape, "canceled"), changes)
    }
}

/// The same message under another event's id.
pub(crate) fn again(told: &Value) -> Value {
    let word = |name: &str| told[name].as_str().expect("text");
    let at = told["created"].as_i64().expect("a time");
    let id = format!("{}_again", word("id"));
    event(&id, word("type"), at, told["data"]["object"].clone())
}
