//! A row of a file of affiliates.

use super::{Columns, Field, LineError};
use crate::{affiliate::AffiliateStatus, email::Email, rate::BasisPoints, slug::Slug, text::Name};

/// An affiliate as another platform knows him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AffiliateLine {
    /// His name; made from his e-mail when the file has none.
    pub name: Name,
    /// His e-mail, by which he is known again.
    pub email: Email,
    /// His referral code; made from his name when the file has none.
    pub slug: Option<Slug>,
    /// Whether he earns.
    pub status: AffiliateStatus,
    /// The campaign he is in, by name or short name.
    pub campaign: Option<String>,
    /// His own share.
    pub share: Option<BasisPoints>,
    /// The referral code of who recruited him.
    pub recruiter: Option<Slug>,
    /// The Stripe account that payouts go to.
    pub stripe_account_id: Option<String>,
}

impl AffiliateLine {
    /// Reads a row.
    ///
    /// # Errors
    /// A [`LineError`] that names the column.
    pub fn read<C: AsRef<str>>(cells: &[C], columns: &Columns) -> Result<Self, LineError> {
        let email = columns.read(cells, Field::Email, Email::parse)?;
        let email = email.ok_or_else(|| columns.error(Field::Email, "an e-mail is needed"))?;
        Ok(Self {
            name: name(cells, columns, &email)?,
            slug: columns.read(cells, Field::Slug, Slug::parse)?,
            status: columns
                .read(cells, Field::Status, status)?
                .unwrap_or(AffiliateStatus::Active),
            campaign: columns.text(cells, Field::Campaign)?.map(str::to_owned),
            share: columns.read(cells, Field::CommissionPercent, share)?,
            recruiter: columns.read(cells, Field::Recruiter, Slug::parse)?,
            stripe_account_id: columns.read(cells, Field::StripeAccount, stripe_account)?,
            email,
        })
    }
}

fn name<C: AsRef<str>>(cells: &[C], columns: &Columns, email: &Email) -> Result<Name, LineError> {
    if let Some(name) = columns.read(cells, Field::Name, Name::parse)? {
        return Ok(name);
    }
    let first = columns.text(cells, Field::FirstName)?;
    let last = columns.text(cells, Field::LastName)?;
    let parts: Vec<&str> = first.into_iter().chain(last).collect();
    let (field, name) = if parts.is_empty() {
        let before_at = email.as_str().split('@').next().unwrap_or_default();
        (Field::Email, before_at.to_owned())
    } else {
        (Field::FirstName, parts.join(" "))
    };
    Name::parse(&name).map_err(|error| columns.error(field, error.to_string()))
}

/// What the platforms call it.
fn status(text: &str) -> Result<AffiliateStatus, &'static str> {
    Ok(match text.to_lowercase().as_str() {
        "active" | "approved" | "accepted" | "confirmed" | "enabled" | "yes" | "true" => {
            AffiliateStatus::Active
        }
        "paused" | "pending" | "invited" | "inactive" | "unconfirmed" | "applied" | "draft"
        | "not_set" | "offers_inactive" | "deactivated" | "no" | "false" => AffiliateStatus::Paused,
        "blocked" | "banned" | "suspended" | "suspicious" | "rejected" | "declined"
        | "disapproved" | "disabled" => AffiliateStatus::Blocked,
        "removed" | "deleted" | "archived" | "left" => AffiliateStatus::Removed,
        _ => return Err("active, paused, blocked or removed is needed"),
    })
}

fn share(text: &str) -> Result<BasisPoints, String> {
    let digits = text.trim_end_matches('%').trim();
    BasisPoints::from_percent(digits).map_err(|error| error.to_string())
}

fn stripe_account(text: &str) -> Result<String, &'static str> {
    let is_id = text.starts_with("acct_") && text.len() <= 64;
    if is_id
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        Ok(text.to_owned())
    } else {
        Err("a Stripe account such as acct_1Q2w3E is needed")
    }
}
