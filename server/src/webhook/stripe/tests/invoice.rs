//! Paid invoices in the shapes of the API versions.

use super::{
    CREATED, Content, at, clue, content, customer_seen, facts, failure, money, payment,
    story::{PAID, Story, paid, sums},
    with, without,
};
use domain::fact::ClueKind;
use serde_json::json;

#[test]
fn an_invoice_is_a_payment_and_describes_its_customer() {
    let invoice = with(
        Story::default().acacia(),
        json!({"payment_intent": "pi_1", "charge": {"id": "ch_1"}}),
    );
    let facts = facts(PAID, &invoice);
    let payment = payment(&facts).expect("a payment");
    assert_eq!(payment.external_event_id, "in_1");
    assert_eq!(
        (payment.amount, payment.base_minor),
        (money(4400, "USD"), 4000)
    );
    assert_eq!(payment.paid_at, at(CREATED - 5));
    let ids = &payment.ids;
    let named = [
        &ids.customer,
        &ids.subscription,
        &ids.invoice,
        &ids.payment_intent,
        &ids.charge,
    ];
    let named = named.map(|id| id.as_deref().unwrap_or_default());
    assert_eq!(named, ["cus_1", "sub_1", "in_1", "pi_1", "ch_1"]);
    assert_eq!(ids.session, None);
    assert_eq!(payment.email.as_deref(), Some("Ann@Example.com"));
    assert_eq!(payment.name.as_deref(), Some("Ann"));
    assert_eq!(payment.metadata, r#"{"order":"7"}"#);
    let place = "metadata tributary_ref of the subscription";
    assert_eq!(payment.clues, [clue(ClueKind::Slug, "sarah", place)]);
    let customer = customer_seen(&facts).expect("a customer");
    assert_eq!(
        (customer.external_id.as_str(), customer.occurred_at),
        ("cus_1", at(CREATED - 9))
    );
}

#[test]
fn every_version_tells_the_same_story() {
    let story = Story::default();
    let acacia = facts(PAID, &story.acacia());
    assert_eq!(facts(PAID, &story.basil()), acacia);
    assert_eq!(facts("invoice.payment_succeeded", &story.acacia()), acacia);
    // Versions between carry both shapes at once.
    assert_eq!(facts(PAID, &with(story.acacia(), story.basil())), acacia);
    // The same but for the place, because 2020 has the metadata on the lines only.
    let mut of_2020 = paid(&story.of_2020());
    assert_eq!(
        of_2020.clues[0].place,
        "metadata tributary_ref of an invoice line"
    );
    of_2020.clues[0].place = "metadata tributary_ref of the subscription".to_owned();
    assert_eq!(Some(of_2020), payment(&acacia));
}

#[test]
fn ids_may_be_expanded_objects() {
    let story = Story::default();
    let expanded = json!({"id": "sub_1", "object": "subscription", "status": "active"});
    let old = with(
        story.acacia(),
        json!({"subscription": expanded, "customer": {"id": "cus_1", "deleted": true}}),
    );
    assert_eq!(paid(&old), paid(&story.acacia()));
    let payments = json!({"data": [{"payment": {"type": "payment_intent", "payment_intent": {"id": "pi_1"}}}]});
    let new = with(story.basil(), json!({"payments": payments}));
    assert_eq!(paid(&new).ids.payment_intent.as_deref(), Some("pi_1"));
}

#[test]
fn the_subscription_may_be_on_the_lines_only() {
    let story = Story::default();
    for shape in [
        without(story.acacia(), "subscription"),
        without(story.basil(), "parent"),
    ] {
        assert_eq!(paid(&shape).ids.subscription.as_deref(), Some("sub_1"));
    }
    let item = json!({"data": [{"parent": {"invoice_item_details": {"subscription": "sub_2"}}}]});
    let pending = with(without(story.basil(), "parent"), json!({"lines": item}));
    assert_eq!(paid(&pending).ids.subscription.as_deref(), Some("sub_2"));
}

#[test]
fn missing_and_malformed_fields_are_named() {
    let whole = Story::default().basil();
    for (field, why) in [
        ("id", "invoice.id is missing"),
        ("amount_paid", "invoice.amount_paid is missing"),
        ("total", "invoice.total is missing"),
        ("currency", "invoice.currency is missing"),
    ] {
        assert_eq!(failure(PAID, &without(whole.clone(), field)), why);
        assert_eq!(
            failure(PAID, &with(whole.clone(), json!({field: null}))),
            why
        );
    }
    for (change, why) in [
        (
            json!({"amount_paid": "4400"}),
            "invoice.amount_paid is not a whole number",
        ),
        (
            json!({"amount_paid": 44.5}),
            "invoice.amount_paid is not a whole number",
        ),
        (json!({"id": "in_\u{0}1"}), "invoice.id is not an id"),
        (json!({"id": "x".repeat(256)}), "invoice.id is not an id"),
        (json!({"customer": 7}), "invoice.customer is not an id"),
        (
            json!({"customer": {"object": "customer"}}),
            "invoice.customer is not an id",
        ),
        (
            json!({"status_transitions": {"paid_at": 1e300}}),
            "invoice.status_transitions.paid_at is not a time in Unix seconds",
        ),
        (
            json!({"status_transitions": {"paid_at": i64::MAX}}),
            "invoice.status_transitions.paid_at is not a time in Unix seconds",
        ),
        (
            json!({"total_excluding_tax": null, "total_taxes": [{}]}),
            "total_taxes.amount is missing",
        ),
    ] {
        assert_eq!(failure(PAID, &with(whole.clone(), change)), why);
    }
}

#[test]
fn an_invoice_paid_in_parts_waits_for_the_last() {
    let part = json!({"status": "open", "amount_due": 4400, "amount_paid": 1000, "customer": null});
    let part = with(Story::default().basil(), part);
    let waits = Content::Ignored("the invoice is only partly paid yet".into());
    assert_eq!(content("invoice.payment_succeeded", &part), waits);
}

#[test]
fn without_a_paid_date_the_event_says_when() {
    let undated = without(Story::default().basil(), "status_transitions");
    assert_eq!(sums(&undated).2, at(CREATED));
}

#[test]
fn clues_are_found_wherever_they_may_be_and_once() {
    let metadata = json!({"ref": " bob ", "via": "", "tributary_click": "click-1", "referral": "x".repeat(256)});
    let story = Story {
        subscription_metadata: metadata,
        ..Story::default()
    };
    let invoice = with(
        story.basil(),
        json!({"metadata": {"rekomi_ref": "carl", "agentref_cid": 5}}),
    );
    let expected = [
        clue(
            ClueKind::Click,
            "click-1",
            "metadata tributary_click of the subscription",
        ),
        clue(ClueKind::Slug, "bob", "metadata ref of the subscription"),
        clue(ClueKind::Slug, "carl", "metadata rekomi_ref of the invoice"),
    ];
    assert_eq!(paid(&invoice).clues, expected);
}

#[test]
fn discounts_name_promotion_codes_and_coupons() {
    let none = json!({});
    let story = |line_discounts| Story {
        subscription_metadata: none.clone(),
        line_discounts,
        ..Story::default()
    };
    let found = |place| {
        [
            clue(ClueKind::PromotionCode, "promo_1", place),
            clue(ClueKind::Discount, "SPRING", place),
        ]
    };
    let old = json!({"id": "di_1", "promotion_code": "promo_1", "coupon": {"id": "SPRING", "percent_off": 10}});
    let new = json!({"id": "di_1", "promotion_code": "promo_1", "source": {"type": "coupon", "coupon": "SPRING"}});
    for discount in [old, new] {
        let one = with(story(json!([])).acacia(), json!({"discount": discount}));
        assert_eq!(paid(&one).clues, found("discount of the invoice"));
        let expanded = with(
            story(json!([])).basil(),
            json!({"discounts": ["di_2", discount]}),
        );
        assert_eq!(paid(&expanded).clues, found("discount of the invoice"));
        let on_line = story(json!([discount, "di_3"])).basil();
        assert_eq!(paid(&on_line).clues, found("discount of an invoice line"));
    }
    assert_eq!(paid(&story(json!(["di_1"])).basil()).clues, []);
    let words = json!([{"promotion_code": {"id": "promo_1", "code": "SARAH20"}, "coupon": null}]);
    let place = "discount of an invoice line";
    let expected = [
        clue(ClueKind::PromotionCode, "promo_1", place),
        clue(ClueKind::CouponCode, "SARAH20", place),
    ];
    assert_eq!(paid(&story(words).basil()).clues, expected);
}

#[test]
fn nothing_that_postgres_cannot_hold_comes_through() {
    let invoice = with(
        Story::default().basil(),
        json!({
            "customer_name": "A\u{0}nn", "customer_email": "\u{0}",
            "metadata": {"a\u{0}": "b\u{0}c", "via": "da\u{0}ve", "number": 5},
            "discounts": [{"promotion_code": "promo\u{0}1"}],
        }),
    );
    let payment = paid(&invoice);
    assert_eq!(
        (payment.name.as_deref(), payment.email),
        (Some("Ann"), None)
    );
    assert_eq!(payment.metadata, r#"{"a":"bc","via":"dave"}"#);
    assert_eq!(
        payment.clues[1],
        clue(ClueKind::Slug, "dave", "metadata via of the invoice")
    );
    assert_eq!(payment.clues.len(), 2);
}

#[test]
fn metadata_that_is_too_long_is_left_out() {
    let long = |len: usize| {
        with(
            Story::default().basil(),
            json!({"metadata": {"k": "x".repeat(len)}}),
        )
    };
    assert_eq!(paid(&long(4088)).metadata.len(), 4096);
    assert_eq!(paid(&long(4089)).metadata, "{}");
    assert_eq!(
        paid(&without(Story::default().basil(), "metadata")).metadata,
        "{}"
    );
}
