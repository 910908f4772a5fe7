//! Every string a person reads, in one place. Constants are grouped by page; what needs numbers or
//! names in it is a function.

use domain::{
    commission::{Duration, Plan, Rate},
    conversion::Source,
    lifecycle::Status,
    money::{Currency, Money},
};

pub mod events;

pub const PRODUCT: &str = "Tributary";
pub const JUST_NOW: &str = "Just now";
pub const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
pub const COPIED: &str = "Copied";
pub const NOTHING: &str = "–";
pub const CANCEL: &str = "Cancel";
pub const TRY_AGAIN: &str = "Try again";
pub const TIMES_ARE_UTC: &str = "Times are in UTC.";

/// The title of the browser's tab.
pub fn title(page: &str) -> String {
    format!("{page} · {PRODUCT}")
}

/// The name of a copy button.
pub fn copy(what: &str) -> String {
    format!("Copy {what}")
}

/// `12480` as `12,480`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same words with a capital letter and a full stop.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters
        .next()
        .map(|letter| letter.to_uppercase().collect())
        .unwrap_or_default();
    let stop = if words.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{stop}", letters.as_str())
}

/// `20 %` or `$5.00`.
pub fn rate(rate: Rate, currency: Currency) -> String {
    match rate {
        Rate::Percent(share) => format!("{}\u{a0}%", share.to_percent()),
        Rate::Fixed(minor) => Money::new(minor, currency).to_string(),
    }
}

/// `20 % of every payment`.
pub fn plan(plan: Plan, currency: Currency) -> String {
    let share = rate(plan.rate, currency);
    let of = if matches!(plan.rate, Rate::Percent(_)) {
        "of"
    } else {
        "for"
    };
    match plan.duration {
        Duration::OneTime => format!("{share} {of} the first payment"),
        Duration::Recurring => format!("{share} {of} every payment"),
        Duration::RecurringLimited(1) => format!("{share} {of} payments of the first month"),
        Duration::RecurringLimited(months) => {
            format!("{share} {of} payments of the first {months} months")
        }
    }
}

/// `30 days`.
pub fn days(days: u16) -> String {
    if days == 1 {
        "1 day".to_owned()
    } else {
        format!("{days} days")
    }
}

pub mod nav {
    pub const MAIN: &str = "Main";
    pub const MENU: &str = "Menu";
    pub const SKIP: &str = "Skip to content";
    pub const SALES: &str = "Sales";
    pub const AFFILIATES: &str = "Affiliates";
    pub const CAMPAIGNS: &str = "Campaigns";
    pub const CONNECTIONS: &str = "Connections";
    pub const EVENTS: &str = "Events";
    pub const SIGN_OUT: &str = "Sign out";
}

pub mod error {
    pub const TITLE: &str = "That did not work";
    pub const NOT_SIGNED_IN: &str = "Your session has ended. Sign in again to go on.";
    pub const FORBIDDEN: &str =
        "Your role does not allow this. Ask an owner or admin of your organization.";
    pub const NOT_FOUND: &str = "It is not there. It may have been removed.";
    pub const UNAVAILABLE: &str = "The server or its database can't be reached right now. Nothing was changed; try again in a moment.";
    pub const NOT_UNDERSTOOD: &str = "The form was not understood. Reload the page and try again.";
    pub const STALE: &str = "Couldn't refresh. These are the sales as last seen; we keep trying.";

    pub fn too_many(seconds: u64) -> String {
        let unit = if seconds == 1 { "second" } else { "seconds" };
        format!("Too many attempts. Wait {seconds} {unit}, then try again.")
    }

    pub fn internal(request_id: &str) -> String {
        let mut text = "Something broke on the server. It has been logged".to_owned();
        if !request_id.is_empty() {
            text.push_str(" under ");
            text.push_str(request_id);
        }
        text.push('.');
        text
    }
}

pub mod not_found {
    pub const TITLE: &str = "Page not found";
    pub const BODY: &str =
        "There is nothing at this address. It may have moved, or the link has a mistake.";
    pub const HOME: &str = "Go to sales";
}

pub mod form {
    use std::fmt::Display;

    use domain::money::{Currency, Money};

    pub const CHOOSE: &str = "choose one of the list";
    pub const OPTIONAL: &str = "optional";
    pub const SAVING: &str = "Saving…";

    pub fn amount(currency: Currency) -> String {
        let example = Money::new(5 * 10_i64.pow(currency.exponent()), currency);
        format!(
            "an amount of {} such as {} is needed",
            currency.code(),
            example.to_decimal()
        )
    }

    pub fn number(from: impl Display, to: impl Display) -> String {
        format!("a whole number from {from} to {to} is needed")
    }
}

pub mod setup {
    pub const TITLE: &str = "Set up Tributary";
    pub const LEAD: &str =
        "A ledger of your affiliate sales, on your own server. Fill this in once, and it is yours.";
    pub const ORGANIZATION: &str = "Organization";
    pub const ORGANIZATION_HINT: &str = "Your company or product, as your affiliates know it.";
    pub const EMAIL: &str = "Your e-mail";
    pub const EMAIL_HINT: &str = "You will be the owner and sign in with it.";
    pub const PASSWORD: &str = "Password";
    pub const PASSWORD_HINT: &str = "At least 10 characters.";
    pub const SUBMIT: &str = "Create organization";
    pub const NEXT: &str = "Next you connect a processor, add an affiliate and send a test sale.";
}

pub mod sign_in {
    pub const TITLE: &str = "Sign in";
    pub const EMAIL: &str = "E-mail";
    pub const PASSWORD: &str = "Password";
    pub const SUBMIT: &str = "Sign in";
}

pub mod sales {
    use super::{Money, Rate, Source, Status};
    use crate::query::Kind;

    pub const TITLE: &str = "Sales";
    pub const CAPTION: &str = "Sales, newest first";
    pub const EXPORT: &str = "Export CSV";
    pub const TYPES: &str = "Type";
    pub const FILTERS: &str = "Filters";
    pub const CLOSE_FILTERS: &str = "Show sales";
    pub const STATUS: &str = "Status";
    pub const SOURCE: &str = "Source";
    pub const AFFILIATE: &str = "Affiliate";
    pub const CAMPAIGN: &str = "Campaign";
    pub const DATE: &str = "Date";
    pub const APPLY: &str = "Apply";
    pub const CLEAR_ALL: &str = "Clear all";
    pub const ALL_AFFILIATES: &str = "All affiliates";
    pub const ALL_CAMPAIGNS: &str = "All campaigns";
    pub const FIND: &str = "Find in the list";
    pub const SINCE: &str = "From";
    pub const TO: &str = "To";
    pub const UTC_DAYS: &str = "Days begin at midnight UTC.";
    pub const ALL_TIME: &str = "All time";
    pub const LIVE: &str = "Live";
    pub const RECONNECTING: &str = "Reconnecting…";
    pub const TOTALS: &str = "Totals of what is listed";
    pub const AMOUNT: &str = "Amount";
    pub const COMMISSION: &str = "Commission";
    pub const TYPE: &str = "Type";
    pub const PROCESSOR: &str = "Processor";
    pub const CURRENCY: &str = "Currency of the totals";
    pub const AWAITING_RATE: &str = "awaiting rate";
    pub const FIXED: &str = "fixed";
    pub const PAGES: &str = "Pages";
    pub const PER_PAGE: &str = "per page";
    pub const NEWEST_FIRST: &str = "Newest first";
    pub const OLDER: &str = "Older";
    pub const NEWER: &str = "Newer";
    pub const NEWEST: &str = "Newest";
    pub const NOTHING_FITS: &str = "No sale fits these filters";
    pub const NOTHING_FITS_HINT: &str =
        "Loosen or clear them to see more. New sales that fit show up here by themselves.";
    pub const CLEAR_FILTERS: &str = "Clear filters";
    pub const OPEN_IN_STRIPE: &str = "Open in Stripe";
    pub const LOADING: &str = "Loading sales";

    pub fn bad_filter(name: &str) -> String {
        format!("The filter “{name}” in this address is not understood.")
    }

    pub fn kind(kind: Kind) -> &'static str {
        match kind {
            Kind::All => "All",
            Kind::Sales => "Sales",
            Kind::Leads => "Leads",
        }
    }

    pub fn clear(what: &str) -> String {
        format!("Clear {}", what.to_lowercase())
    }

    pub fn last_days(days: u64) -> String {
        if days == 1 {
            "Today".to_owned()
        } else {
            format!("Last {days} days")
        }
    }

    pub fn from_day(day: &str) -> String {
        format!("from {day}")
    }

    pub fn to_day(day: &str) -> String {
        format!("to {day}")
    }

    pub fn between(first: &str, last: &str) -> String {
        format!("{first} – {last}")
    }

    /// One or two are named, more are counted.
    pub fn several(names: &[&str]) -> String {
        match names {
            [first, second] => format!("{first}, {second}"),
            [first, rest @ ..] if !rest.is_empty() => format!("{first} + {}", rest.len()),
            [only] => (*only).to_owned(),
            _ => String::new(),
        }
    }

    pub fn new_sales(count: usize) -> String {
        if count == 1 {
            "1 new sale".to_owned()
        } else {
            format!("{count} new sales")
        }
    }

    pub fn held(days: u16) -> String {
        format!("{days}\u{a0}d")
    }

    pub fn held_long(days: u16) -> String {
        match days {
            0 => "The refund window closes any moment".to_owned(),
            1 => "1 day until the refund window closes".to_owned(),
            days => format!("{days} days until the refund window closes"),
        }
    }

    pub fn refunded(amount: Money) -> String {
        format!("refunded {amount}")
    }

    pub fn was(amount: Money) -> String {
        format!("was {amount}")
    }

    pub fn share_of(rate: Rate, base: Money) -> String {
        format!("{} of {base}", super::rate(rate, base.currency))
    }

    pub fn recorded(at: &str) -> String {
        format!("Recorded {at}")
    }

    pub fn recorded_and_paid(at: &str, paid: &str) -> String {
        format!("Recorded {at}, paid {paid}")
    }

    /// What a status means, in one sentence.
    pub fn status(status: Status) -> &'static str {
        match status {
            Status::Pending => "Held until the refund window closes.",
            Status::Approved => "The refund window has closed; payable.",
            Status::Paid => "Part of a settled payout.",
            Status::Refunded => "The money went back; nothing is due.",
            Status::Denied => "Turned down; nothing is due.",
        }
    }

    /// How a sale was attributed, in one sentence.
    pub fn source(source: Source) -> &'static str {
        match source {
            Source::Coupon => "The affiliate's coupon was on the payment.",
            Source::Link => "The affiliate's referral link led to the payment.",
            Source::CustomerMatch => "The same customer was credited to the affiliate before.",
            Source::Click => "Clicks that the campaign pays for, added up.",
            Source::Lead => "A signup through the affiliate.",
            Source::Override => "A recruiter's share of another affiliate's commission.",
            Source::Server => "Your server named the affiliate.",
            Source::Imported => "Came from another platform.",
            Source::Manual => "Entered by a member of your organization.",
        }
    }
}

pub mod first_steps {
    pub const TITLE: &str = "No sales yet";
    pub const LEAD: &str = "Three steps to the first one. It shows up here the moment it happens.";
    pub const DONE: &str = "Done";
    pub const AFFILIATE: &str = "Add an affiliate";
    pub const AFFILIATE_HINT: &str = "Somebody who earns: a name, an e-mail and a referral code.";
    pub const CONNECT: &str = "Connect Stripe";
    pub const CONNECT_HINT: &str =
        "Paste a webhook address into Stripe; payments are credited from then on.";
    pub const TEST: &str = "Send a test sale";
    pub const TEST_HINT: &str = "From your own server or a terminal, with an API key of your organization in TRIBUTARY_API_KEY.";
    pub const COMMAND: &str = "the command";
    pub const YOUR_AFFILIATE: &str = "your-affiliate";

    /// A sale of 49 dollars through the server-to-server call.
    pub fn curl(public_url: &str, affiliate: &str) -> String {
        format!(
            "curl {public_url}/api/tracking/s2s \\\n  \
             -H \"Authorization: Bearer $TRIBUTARY_API_KEY\" \\\n  \
             -H 'Content-Type: application/json' \\\n  \
             -d '{{\"externalEventId\": \"test-1\", \"amountCents\": 4900,\n       \
             \"currency\": \"USD\", \"affiliateSlug\": \"{affiliate}\"}}'"
        )
    }
}

pub mod affiliates {
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
}

pub mod campaigns {
    pub const TITLE: &str = "Campaigns";
    pub const ADD: &str = "Add campaign";
    pub const EMPTY: &str = "No campaigns yet";
    pub const EMPTY_HINT: &str = "A campaign is a set of terms your affiliates earn under.";
    pub const NAME: &str = "Name";
    pub const SLUG: &str = "Slug";
    pub const EARNS: &str = "Earns";
    pub const HOLD: &str = "Hold";
    pub const COOKIE: &str = "Cookie window";
    pub const STATUS: &str = "Status";
    pub const ACTIVE: &str = "Active";
    pub const ARCHIVED: &str = "Archived";
    pub const CURRENCY: &str = "Currency";
    pub const CURRENCY_HINT: &str = "Commissions are in it; three letters such as USD or EUR.";
    pub const AMOUNT: &str = "Commission";
    pub const UNIT: &str = "Unit";
    pub const PERCENT: &str = "% of the payment";
    pub const FIXED: &str = "fixed amount";
    pub const DURATION: &str = "Paid for";
    pub const ONE_TIME: &str = "the first payment";
    pub const RECURRING: &str = "every payment";
    pub const LIMITED: &str = "payments of the first months";
    pub const MONTHS: &str = "Months";
    pub const MONTHS_HINT: &str = "Counted from the customer's first payment.";
    pub const HOLD_DAYS: &str = "Hold in days";
    pub const HOLD_HINT: &str = "From payment to approval: your refund window.";
    pub const COOKIE_DAYS: &str = "Cookie window in days";
    pub const COOKIE_HINT: &str = "How long after a click a payment is still credited.";
}

pub mod connections {
    pub const TITLE: &str = "Connections";
    pub const ADD: &str = "Connect Stripe";
    pub const EMPTY: &str = "No processor connected";
    pub const EMPTY_HINT: &str = "Connect the Stripe account your customers pay through. Its payments are credited to your affiliates as they happen.";
    pub const NAME: &str = "Name";
    pub const NAME_HINT: &str = "To tell accounts apart, for example “Stripe EU”.";
    pub const MODE: &str = "Mode";
    pub const MODE_HINT: &str = "Events of the other mode are ignored.";
    pub const SECRET: &str = "Signing secret";
    pub const SECRET_HINT: &str = "From the endpoint's page in Stripe; it begins with whsec_. Stored encrypted and never shown again.";
    pub const NOT_A_SECRET: &str = "a signing secret of Stripe is needed; it begins with whsec_";
    pub const WEBHOOK_URL: &str = "Webhook address";
    pub const WEBHOOK_HINT: &str =
        "In Stripe under Developers, Webhooks: add an endpoint with this address.";
    pub const EVENTS: &str = "Events to tick";
    pub const SECRETS: &str = "Signing secrets";
    pub const LAST_EVENT: &str = "Last event";
    pub const NO_EVENT: &str = "None yet";
    pub const ROLL: &str = "Add a further secret";
    pub const ROLL_HINT: &str = "While you roll the secret in Stripe, both are accepted.";
    pub const ADD_SECRET: &str = "Add secret";
    pub const LIVE: &str = "Live";
    pub const TEST: &str = "Test";

    pub fn events(count: usize) -> String {
        format!("{count} events")
    }

    /// What the connection needs to hear of.
    pub const STRIPE_EVENTS: &[&str] = &[
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "customer.created",
        "customer.updated",
        "customer.discount.created",
        "customer.subscription.created",
        "customer.subscription.deleted",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice.voided",
        "invoice_payment.paid",
        "promotion_code.created",
        "promotion_code.updated",
        "charge.refunded",
        "charge.refund.updated",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "credit_note.created",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_sentences_begin_large() {
        assert_eq!(grouped(12_480), "12,480");
        assert_eq!(grouped(-1_000), "-1,000");
        assert_eq!(grouped(999), "999");
        assert_eq!(
            sentence("there is no such affiliate"),
            "There is no such affiliate."
        );
        assert_eq!(sentence(""), ".");
    }
}
