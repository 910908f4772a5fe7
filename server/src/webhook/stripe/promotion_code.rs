//! Promotion codes: which words stand for which id.
//!
//! Stripe never puts the words a customer typed ("SARAH20") on a sale, only ids; these events are where
//! the two meet. It must not know whose the code is.

use chrono::{DateTime, Utc};
use domain::fact::{Fact, PromotionCodeSeen};

use super::{Content, Malformed, Object};

/// `promotion_code.created` and `promotion_code.updated`.
pub(super) fn described(object: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    Ok(Content::Facts(vec![Fact::PromotionCode(
        PromotionCodeSeen {
            external_id: object.needed_id("id")?,
            code: object.needed_word("code")?,
            discount_id: object.id(&["promotion.coupon", "coupon"])?,
            occurred_at: at,
        },
    )]))
}
