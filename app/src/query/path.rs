//! Where pages live.

use domain::id::{AffiliateId, CampaignId, ConversionId, WebhookEndpointId};

/// Where the sales page lives.
pub const SALES_PATH: &str = "/dashboard/sales";

/// Where the sales that are ticked in the list are sent, to come back as CSV.
pub const EXPORT_PICKED_PATH: &str = "/dashboard/sales/export";

/// Where a sale is entered by hand.
pub const ADD_SALE_PATH: &str = "/dashboard/sales/new";

/// Where the affiliates page lives.
pub const AFFILIATES_PATH: &str = "/dashboard/affiliates";

/// Where an affiliate lives.
pub fn affiliate_path(id: AffiliateId) -> String {
    format!("{AFFILIATES_PATH}/{id}")
}

/// Where the campaigns page lives.
pub const CAMPAIGNS_PATH: &str = "/dashboard/campaigns";

/// Where a campaign lives.
pub fn campaign_path(id: CampaignId) -> String {
    format!("{CAMPAIGNS_PATH}/{id}")
}

/// Where the coupons page lives.
pub const COUPONS_PATH: &str = "/dashboard/coupons";

/// Where reports live.
pub const REPORTS_PATH: &str = "/dashboard/reports";

/// Where a report comes from as CSV.
pub const REPORTS_CSV_PATH: &str = "/dashboard/reports/report.csv";

/// Where the settings of the organization live; those of other pages are below it.
pub const SETTINGS_PATH: &str = "/dashboard/settings";

/// Where outgoing webhooks live.
pub const WEBHOOKS_PATH: &str = "/dashboard/settings/webhooks";

/// The address of one of them.
pub fn webhook_path(id: WebhookEndpointId) -> String {
    format!("{WEBHOOKS_PATH}/{id}")
}

/// Where a sale lives.
pub fn sale_path(id: ConversionId) -> String {
    format!("{SALES_PATH}/{id}")
}

/// Where the members are.
pub const MEMBERS_PATH: &str = "/dashboard/settings/members";

/// Where invitations lead, with their token behind it.
pub const INVITE_PATH: &str = "/invite";

/// Where the keys to the API are.
pub const API_KEYS_PATH: &str = "/dashboard/settings/api-keys";

/// Where the audit log is read.
pub const AUDIT_PATH: &str = "/dashboard/settings/audit";

/// Where somebody's own account is.
pub const ACCOUNT_PATH: &str = "/dashboard/settings/account";

/// Where the payouts page lives.
pub const PAYOUTS_PATH: &str = "/dashboard/payouts";
