//! Where Stripe's objects name an affiliate, beside their metadata: references, custom fields, discounts.

use domain::fact::ClueKind;
use serde_json::Value;

use super::Object;
pub(super) use crate::webhook::clue::Clues;
use crate::webhook::clue::{KEYS, is_click_token};

impl Clues {
    /// Those in the metadata at `path`; `owner` says in words whose it is. Subscription metadata is
    /// repeated on every line.
    pub(super) fn metadata(&mut self, object: Object<'_>, path: &str, owner: &str) {
        self.attached(object, path, ("metadata", owner));
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
}
