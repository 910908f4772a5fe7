//! What an API key may do. A scope is a resource and a verb, as in `conversions:read`.

use crate::words::words;

words! {
    /// One permission of a key.
    Scope {
        /// Read sales.
        ConversionsRead = "conversions:read" / "conversions:read",
        /// Record and change sales.
        ConversionsWrite = "conversions:write" / "conversions:write",
        /// Read statistics.
        StatsRead = "stats:read" / "stats:read",
        /// Read campaigns.
        ProgramsRead = "programs:read" / "programs:read",
        /// Change campaigns and coupons.
        ProgramsWrite = "programs:write" / "programs:write",
        /// Read affiliates.
        AffiliatesRead = "affiliates:read" / "affiliates:read",
        /// Change affiliates.
        AffiliatesManage = "affiliates:manage" / "affiliates:manage",
        /// Read payouts.
        PayoutsRead = "payouts:read" / "payouts:read",
        /// Make and settle payouts.
        PayoutsWrite = "payouts:write" / "payouts:write",
        /// Read flags.
        FlagsRead = "flags:read" / "flags:read",
        /// Resolve flags.
        FlagsWrite = "flags:write" / "flags:write",
        /// Read outgoing webhooks.
        WebhooksRead = "webhooks:read" / "webhooks:read",
        /// Change outgoing webhooks.
        WebhooksWrite = "webhooks:write" / "webhooks:write",
        /// Read the organization's settings, keys and connections.
        MerchantRead = "merchant:read" / "merchant:read",
        /// Change the organization's settings, keys and connections.
        MerchantManage = "merchant:manage" / "merchant:manage",
        /// Read the inbox of processor events.
        EventsRead = "events:read" / "events:read",
        /// Replay processor events.
        EventsWrite = "events:write" / "events:write",
    }
}
