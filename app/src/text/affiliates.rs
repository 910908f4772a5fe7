//! Affiliates and their coupons.

pub const TITLE: &str = "Affiliates";
pub const ADD: &str = "Add affiliate";
pub const ADD_COUPON: &str = "Add coupon";
pub const EMPTY: &str = "No affiliates yet";
pub const EMPTY_HINT: &str =
    "An affiliate earns commission on the sales that come through a referral code or coupon.";
pub const NAME: &str = "Name";
pub const EMAIL: &str = "E-mail";
pub const SLUG: &str = "Referral code";
pub const SLUG_HINT: &str =
    "3 to 64 letters, digits or hyphens. Left empty, it is made from the name.";
pub const CAMPAIGN: &str = "Campaign";
pub const CAMPAIGNS: &str = "Campaigns";
pub const PERCENT: &str = "Own commission in %";
pub const PERCENT_HINT: &str = "Instead of the campaign's, for example 25 or 12.5.";
pub const COUPONS: &str = "Coupons";
pub const ADDED: &str = "Added";
pub const FIND: &str = "Begins with";
pub const STATUS: &str = "Status";
pub const EVERYBODY: &str = "All but removed";
pub const SHOW_REMOVED: &str = "Show who was removed";
pub const NOBODY_FITS: &str = "Nobody fits";
pub const NOBODY_FITS_HINT: &str =
    "No affiliate's name, referral code or e-mail begins with this in this status.";
pub const CLICKS: &str = "Clicks";
pub const SALES: &str = "Sales";
pub const EARNED: &str = "Earned";
