//! Ids as types of their own, so that a campaign's id can't go where an affiliate's belongs.
//!
//! Every id is a `UUIDv7`: its first 48 bits are the milliseconds of its creation. Lists rely on
//! that (newest first is "greatest id first"), so an id is always made from the same instant as the
//! `created_at` beside it. Making ids needs a clock and randomness and therefore lives in `store`.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        #[cfg(feature = "openapi")]
        crate::openapi::text!($name:
            format = Some(crate::openapi::uuid()),
            examples = ["019a2f4e-7c31-7d52-9b0a-3f6d1c8e4a70"],
        );

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self { Self(id) }
        }
        impl From<$name> for Uuid {
            fn from(id: $name) -> Self { id.0 }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::from_str(text).map(Self) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
    )+};
}

ids! {
    /// The merchant, the tenant. Everything belongs to exactly one.
    OrganizationId
    /// A person who can sign in; a member of one or more organizations.
    PersonId
    /// One browser that somebody is signed in with.
    SessionId
    /// Somebody who was asked to join an organization.
    InvitationId
    /// A set of terms affiliates earn under.
    CampaignId
    /// Who earns.
    AffiliateId
    /// A code that belongs to one affiliate in one campaign.
    CouponId
    /// One recorded visit through an affiliate's link; also the click token.
    ClickId
    /// A payer of the organization.
    CustomerId
    /// One processor account of an organization.
    ConnectionId
    /// One message from a processor, as it was received.
    EventId
    /// Anything credited: a sale, a recurring payment, a lead.
    ConversionId
    /// One signed amount on an affiliate's account.
    LedgerEntryId
    /// A program's key to the API.
    ApiKeyId
    /// A suspicion about a sale.
    FlagId
    /// One file brought from another platform.
    ImportId
    /// One payment to one affiliate.
    PayoutId
    /// A run that made payouts.
    PayoutBatchId
    /// One line of the audit log.
    AuditEntryId
    /// Where a merchant's own program is told what happens.
    WebhookEndpointId
    /// One thing that endpoints are told.
    WebhookMessageId
    /// Telling one endpoint one thing.
    WebhookDeliveryId
}

/// The smallest UUID that a `UUIDv7` made at or after `at` can have: turns a time filter into an
/// id range. Instants before 1970 give the nil UUID.
pub fn lower_bound(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    Uuid::from_u128(u128::from(millis) << 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_bound_carries_the_milliseconds() {
        let at = DateTime::from_timestamp_millis(1_700_000_000_123).expect("in range");
        let bound = lower_bound(at).as_u128();
        assert_eq!(bound >> 80, 1_700_000_000_123);
        assert_eq!(bound & ((1 << 80) - 1), 0);
        assert!(lower_bound(DateTime::UNIX_EPOCH).is_nil());
    }

    #[test]
    fn ids_are_read_back_as_they_were_written() {
        let id = CampaignId(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse::<CampaignId>(), Ok(id));
        assert!("not-an-id".parse::<CampaignId>().is_err());
    }
}
