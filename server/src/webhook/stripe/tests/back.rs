//! What leads money that goes back to its payment, and what never was paid.

use domain::fact::Fact;
use serde_json::json;

use super::{super::Content, content, facts};

#[test]
fn an_order_reference_is_no_more_than_a_hint() {
    let intent = |invoice, reference| {
        json!({
            "id": "pi_1", "object": "payment_intent", "latest_charge": "ch_1", "invoice": invoice,
            "payment_details": {"order_reference": reference},
        })
    };
    let linked = |ids: &[&str]| Fact::Linked {
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
    };
    let told = |invoice, reference| facts("payment_intent.succeeded", &intent(invoice, reference));
    let refers = Fact::Refers {
        id: "pi_1".to_owned(),
        to: "in_store".to_owned(),
    };
    assert_eq!(
        told(None, Some("in_store")),
        [linked(&["pi_1", "ch_1"]), refers]
    );
    let named = [linked(&["pi_1", "in_1", "ch_1"])];
    assert_eq!(told(Some("in_1"), Some("in_store")), named);
    assert_eq!(told(None, Some("order-7")), [linked(&["pi_1", "ch_1"])]);
}

#[test]
fn an_invoice_that_the_customer_did_not_owe_takes_nothing_back_when_voided() {
    for total in [0, -500] {
        let invoice = json!({"id": "in_1", "object": "invoice", "currency": "usd", "total": total});
        let ignored = Content::Ignored("an invoice of nothing was voided".to_owned());
        assert_eq!(content("invoice.voided", &invoice), ignored, "{total}");
    }
}
