//! Discounts: which words stand for which id.
//!
//! A transaction names its discount by id alone; these events are where id and words meet. It must not
//! know whose the code is. What was imported stands for its words like any other.

use chrono::{DateTime, Utc};
use domain::fact::{Fact, PromotionCodeSeen};

use super::{Content, Malformed, Object};

/// `discount.created`, `discount.updated`, `discount.imported`.
pub(super) fn described(discount: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let external_id = discount.needed_id("id")?;
    if discount.at("code").is_none() {
        let why = "the discount has no code that could be an affiliate's";
        return Ok(Content::Ignored(why.to_owned()));
    }
    Ok(Content::Facts(vec![Fact::PromotionCode(
        PromotionCodeSeen {
            external_id,
            code: discount.needed_word("code")?,
            discount_id: None,
            occurred_at: at,
        },
    )]))
}
