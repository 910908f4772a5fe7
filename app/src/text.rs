//! Every string a person reads, in one place. Constants are grouped by page, long groups in files of
//! their own; what needs numbers or names in it is a function.

use domain::{
    commission::{Duration, Plan, Rate},
    money::{Currency, Money},
};

pub mod account;
pub mod affiliate;
pub mod affiliates;
pub mod api_keys;
pub mod audit;
pub mod campaign;
pub mod campaigns;
pub mod connections;
pub mod coupons;
pub mod events;
pub mod first_steps;
pub mod flags;
pub mod funnel;
pub mod imports;
pub mod invite;
pub mod members;
pub mod payouts;
pub mod reports;
pub mod sale;
pub mod sales;
pub mod settings;
pub mod webhooks;

pub const PRODUCT: &str = "Tributary";
pub const JUST_NOW: &str = "Just now";
pub const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
pub const COPIED: &str = "Copied";
pub const NOTHING: &str = "–";
pub const CANCEL: &str = "Cancel";
pub const ACTIONS: &str = "Actions";
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
    pub const REPORTS: &str = "Reports";
    pub const PAYOUTS: &str = "Payouts";
    pub const AFFILIATES: &str = "Affiliates";
    pub const CAMPAIGNS: &str = "Campaigns";
    pub const COUPONS: &str = "Coupons";
    pub const CONNECTIONS: &str = "Connections";
    pub const FLAGS: &str = "Flags";
    pub const EVENTS: &str = "Events";
    pub const IMPORTS: &str = "Imports";
    pub const SETTINGS: &str = "Settings";
    pub const SIGN_OUT: &str = "Sign out";
    pub const LEDGER: &str = "Ledger";
    pub const PROGRAM: &str = "Program";
    pub const DATA: &str = "Data";
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
    pub const NEED_DAY: &str = "a day such as 2026-12-31 is needed";

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
