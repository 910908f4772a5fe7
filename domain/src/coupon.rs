//! Codes that belong to an affiliate.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    id::{AffiliateId, CampaignId, CouponId},
    words::words,
};

/// A coupon code as people write it, equal to its other spellings: trimmed, without case.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CouponCode(String);

/// Not a coupon code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("1 to 64 characters without blanks inside are needed")]
pub struct NotACode;

impl CouponCode {
    /// Reads a code, with blanks around it.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let code = text.trim();
        let clean = |c: char| !c.is_whitespace() && !c.is_control();
        if code.is_empty() || code.chars().count() > 64 || !code.chars().all(clean) {
            return Err(NotACode);
        }
        Ok(Self(code.to_owned()))
    }

    /// The code as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What equal codes share: upper case. Stored, unique in an organization, and looked up by.
    pub fn key(&self) -> String {
        self.0.to_uppercase()
    }
}

impl PartialEq for CouponCode {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl TryFrom<String> for CouponCode {
    type Error = NotACode;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<CouponCode> for String {
    fn from(code: CouponCode) -> Self {
        code.0
    }
}

impl std::fmt::Display for CouponCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A code of one affiliate in one campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// Which coupon.
    pub id: CouponId,
    /// The code people type.
    pub code: CouponCode,
    /// Whose it is.
    pub affiliate_id: AffiliateId,
    /// The campaign it earns under.
    pub campaign_id: CampaignId,
    /// The processor's promotion code, coupon or discount id that stands for it.
    pub processor_discount_id: Option<String>,
    /// From then on it earns nothing.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was taken away: since then it earns nothing, and its code may be another's.
    pub removed_at: Option<DateTime<Utc>>,
}

words! {
    /// Whether a coupon earns.
    CouponState {
        /// It names its affiliate.
        Active = "active" / "Active",
        /// Its time is over.
        Expired = "expired" / "Expired",
        /// A member took it away.
        Removed = "removed" / "Removed",
    }
}

impl Coupon {
    /// Has the coupon run out at `at`? The end is excluded.
    pub fn is_expired(&self, at: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| at >= end)
    }

    /// Whether it earns at `at`. Removed is removed, whenever that was.
    pub fn state(&self, at: DateTime<Utc>) -> CouponState {
        match self.removed_at {
            Some(_) => CouponState::Removed,
            None if self.is_expired(at) => CouponState::Expired,
            None => CouponState::Active,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ignore_case_and_blanks_around_them() {
        assert_eq!(CouponCode::parse(" Sarah20 "), CouponCode::parse("SARAH20"));
        for text in ["", "  ", "A B", "a\tb", &"X".repeat(65)] {
            assert!(CouponCode::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_coupon_earns_until_its_end_which_is_excluded_and_not_once_it_was_removed() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("a time");
        let coupon = Coupon {
            id: CouponId(uuid::Uuid::nil()),
            code: CouponCode::parse("SARAH20").expect("a code"),
            affiliate_id: AffiliateId(uuid::Uuid::nil()),
            campaign_id: CampaignId(uuid::Uuid::nil()),
            processor_discount_id: None,
            expires_at: Some(at(100)),
            created_at: at(0),
            removed_at: None,
        };
        assert_eq!(coupon.state(at(99)), CouponState::Active);
        assert_eq!(coupon.state(at(100)), CouponState::Expired);
        let removed = Coupon {
            removed_at: Some(at(50)),
            ..coupon
        };
        assert_eq!(removed.state(at(10)), CouponState::Removed);
    }
}
