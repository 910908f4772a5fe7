//! Coupons: codes that name an affiliate.

pub const TITLE: &str = "Coupons";
pub const ADD: &str = "Add coupon";
pub const EDIT: &str = "Edit coupon";
pub const EDIT_ONE: &str = "Edit";
pub const SAVE: &str = "Save";
pub const SAVED: &str = "Saved.";
pub const REMOVED: &str = "Removed. The code earns nothing any more and can be given again.";
pub const EMPTY: &str = "No coupons yet";
pub const EMPTY_HINT: &str = "A coupon's code names an affiliate: whoever pays with it brings that affiliate the sale, without any click.";
pub const NOTHING_FITS: &str = "No coupon fits";
pub const NOTHING_FITS_HINT: &str = "Codes and processor ids are found by how they begin, affiliates by name, referral code or e-mail.";
pub const CLEAR: &str = "Show all coupons";
pub const CAPTION: &str = "Coupons, newest first";
pub const CODE: &str = "Code";
pub const CODE_HINT: &str = "As customers type it at the checkout: 1 to 64 characters without blanks. Upper and lower case are the same.";
pub const AFFILIATE: &str = "Affiliate";
pub const AFFILIATE_CODE: &str = "Affiliate's referral code";
pub const AFFILIATE_HINT: &str = "Or the beginning of the name or e-mail, if that is only one's.";
pub const CAMPAIGN: &str = "Campaign";
pub const CAMPAIGN_HINT: &str = "The affiliate must be in it; its terms decide what is earned.";
pub const DISCOUNT: &str = "Processor's discount id";
pub const DISCOUNT_SHORT: &str = "Discount id";
pub const DISCOUNT_HINT: &str = "For example promo_1Q… of Stripe or dsc_01… of Paddle: then the coupon is known by it too, whatever its code there.";
pub const LAST_DAY: &str = "Last day";
pub const LAST_DAY_HINT: &str = "Payments up to the end of it (UTC) are credited, whenever they are told. Left empty, it never ends.";
pub const EDIT_LAST_DAY_HINT: &str = "Payments up to the end of it (UTC) are credited. A day in the past ends the coupon. What was credited stays.";
pub const STATE: &str = "State";
pub const ANY_STATE: &str = "Active and expired";
pub const ALL_CAMPAIGNS: &str = "All campaigns";
pub const SEARCH: &str = "Code or affiliate";
pub const FIND: &str = "Find";
pub const FILTERS: &str = "Filters";
pub const NEVER: &str = "Never ends";
pub const REMOVE: &str = "Remove";
pub const REMOVE_NOW: &str = "Remove this coupon";
pub const REMOVE_HINT: &str = "Payments with it are no longer credited by it; what was credited stays. Its code and discount id are free again.";
pub const NEED_ID: &str = "an id of at most 255 bytes without blanks is needed";
pub const PAST: &str =
    "that day is over, so the coupon would earn nothing: choose a later one, or none";
pub const HOW: &str = "Which coupon counts";
pub const HOW_HINT: &str = "The code on the payment is compared without case and without the blanks around it, or by the processor's discount id. The day of the payment decides whether it had expired. Where both a coupon and another affiliate's click are there, the campaign's terms say which wins; the sale's page tells what was passed over and why.";
pub const BAD_FILTER: &str = "This address has a filter that is not understood.";

/// The end of a coupon: `until 31 Dec 2026`.
pub fn until(day: &str) -> String {
    format!("until {day}")
}
