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
pub const CODE: &str = "Coupon code";
pub const CODE_HINT: &str =
    "As customers type it at the checkout; upper and lower case are the same.";
pub const AFFILIATE: &str = "Affiliate";
pub const DISCOUNT: &str = "Stripe promotion code or coupon id";
pub const DISCOUNT_HINT: &str =
    "For example promo_1Q… or the coupon's id, when the code alone is not enough.";
pub const CHOOSE: &str = "Choose…";

pub fn newest_of(shown: usize, total: i64) -> String {
    format!("The newest {shown} of {}.", super::grouped(total))
}
