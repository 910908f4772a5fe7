//! What in Stripe's objects names an affiliate.
//!
//! Owns the metadata keys and the places where discounts are named. It must not know whose a code is,
//! nor whether it is anybody's: that is decided in `domain::attribution`.

use domain::{
    fact::{Clue, ClueKind},
    id::ClickId,
    text::MAX_EXTERNAL_ID,
};
use serde_json::Value;

use super::payload::{Object, clean};

/// The metadata keys that are read, most telling first (domain rules, section 4). Those after ours are
/// what people bring along from other platforms.
const KEYS: [(&str, ClueKind); 7] = [
    ("tributary_click", ClueKind::Click),
    ("tributary_ref", ClueKind::Slug),
    ("rekomi_ref", ClueKind::Slug),
    ("agentref_cid", ClueKind::Slug),
    ("referral", ClueKind::Slug),
    ("via", ClueKind::Slug),
    ("ref", ClueKind::Slug),
];

/// Clues in the order they were found, each once: subscription metadata is repeated on every line.
#[derive(Default)]
pub(super) struct Clues(Vec<Clue>);

impl Clues {
    /// Those in the metadata at `path`; `owner` says in words whose it is.
    pub(super) fn metadata(&mut self, object: Object<'_>, path: &str, owner: &str) {
        let Some(metadata) = object.at(path) else {
            return;
        };
        for (key, kind) in KEYS {
            let value = metadata.get(key).and_then(Value::as_str);
            self.add(kind, value, || format!("metadata {key} of {owner}"));
        }
    }

    /// The reference that a payment link or button was opened with. `t.js` puts the click token there,
    /// people put their slug.
    pub(super) fn reference(&mut self, session: Object<'_>) {
        let value = session.at("client_reference_id").and_then(Value::as_str);
        let kind = match value {
            Some(value) if is_click_token(value) => ClueKind::Click,
            _ => ClueKind::Slug,
        };
        self.add(kind, value, || {
            "client_reference_id of the checkout session".to_owned()
        });
    }

    /// What the payer filled in. Stripe allows no underscore in a field's key, so the keys are
    /// recognised without theirs as well.
    pub(super) fn custom_fields(&mut self, session: Object<'_>) {
        for (key, kind) in KEYS {
            for field in session.items("custom_fields") {
                let name = field.at("key").and_then(Value::as_str).unwrap_or_default();
                if name != key && name != key.replace('_', "") {
                    continue;
                }
                let values = ["text.value", "dropdown.value", "numeric.value"];
                let value = values.iter().find_map(|path| field.at(path)?.as_str());
                self.add(kind, value, || {
                    format!("custom field {name} of the checkout session")
                });
            }
        }
    }

    /// What a discount stands for. Only a bare id (`di_...`) in most webhooks, which tells nothing.
    pub(super) fn discount(&mut self, discount: Object<'_>, owner: &str) {
        let place = || format!("discount of {owner}");
        let id = |paths: &[&str]| discount.id(paths).ok().flatten();
        let promotion_code = id(&["promotion_code"]);
        self.add(ClueKind::PromotionCode, promotion_code.as_deref(), place);
        let words = discount.at("promotion_code.code").and_then(Value::as_str);
        self.add(ClueKind::CouponCode, words, place);
        let coupon = id(&["source.coupon", "coupon"]);
        self.add(ClueKind::Discount, coupon.as_deref(), place);
    }

    pub(super) fn into_vec(self) -> Vec<Clue> {
        self.0
    }

    fn add(&mut self, kind: ClueKind, value: Option<&str>, place: impl Fn() -> String) {
        let value = clean(value.unwrap_or_default()).trim().to_owned();
        let known = |clue: &Clue| clue.kind == kind && clue.value == value;
        if value.is_empty() || value.len() > MAX_EXTERNAL_ID || self.0.iter().any(known) {
            return;
        }
        let place = place();
        self.0.push(Clue { kind, value, place });
    }
}

/// Only the usual spelling with hyphens: 32 bare hex digits may well be somebody's own reference.
fn is_click_token(value: &str) -> bool {
    value.trim().len() == 36 && value.trim().parse::<ClickId>().is_ok()
}
