//! Affiliates and past sales brought from another platform as CSV: what a file's columns mean, and what a
//! row says. Reading the file itself, and what becomes of its rows, is the store's.
//!
//! An imported commission is a fact: what the old platform says was earned is what the ledger gets. It is
//! kept as a fixed plan, so that every computation afterwards gives the same. A sale without one earns what
//! its campaign's plan gives.

mod affiliate;
mod amount;
mod mapping;
mod moment;
mod platform;
mod sale;

#[cfg(test)]
mod tests;

use thiserror::Error;

pub use self::{
    affiliate::AffiliateLine,
    mapping::{Columns, Mapping, NotAMapping},
    moment::DateOrder,
    platform::Platform,
    sale::{Earner, SaleLine, Standing},
};
use crate::{money::Currency, words::words};

/// The most columns a file has.
pub const MAX_COLUMNS: usize = 200;
/// The longest name of a column, in bytes.
pub const MAX_COLUMN_NAME: usize = 200;
/// The longest cell that is read, in bytes. Columns that nothing is read from may be longer, up to [`MAX_ROW`].
pub const MAX_CELL: usize = 1_000;
/// The longest row, in bytes of the file.
pub const MAX_ROW: usize = 64 * 1024;
/// The largest file, in bytes.
pub const MAX_FILE: u64 = 256 * 1024 * 1024;
/// The most files that an organization keeps that are not imported.
pub const MAX_WAITING_FILES: i64 = 20;
/// How long these may be in all, in bytes.
pub const MAX_WAITING_BYTES: i64 = 1024 * 1024 * 1024;
/// The most errors that are kept of an import; the others are counted.
pub const MAX_ERRORS: i64 = 10_000;

words! {
    /// What a file holds.
    ImportKind {
        /// Who earns.
        Affiliates = "affiliates" / "Affiliates",
        /// What was sold, and what was earned on it.
        Sales = "sales" / "Sales",
    }
}

words! {
    /// Where an import stands.
    ImportState {
        /// The file is still coming in.
        Uploading = "uploading" / "Uploading",
        /// The file is here; what its columns mean is to be said.
        Uploaded = "uploaded" / "Waiting for you",
        /// Rows are read.
        Running = "running" / "Running",
        /// A dry run has read all rows and stored nothing.
        Checked = "checked" / "Checked",
        /// All rows were read.
        Done = "done" / "Done",
        /// The file could not be read to its end.
        Failed = "failed" / "Failed",
        /// A member stopped it. What was stored by then stays.
        Cancelled = "cancelled" / "Cancelled",
    }
}

impl ImportState {
    /// Can it be started, or started again?
    pub const fn can_start(self) -> bool {
        matches!(
            self,
            Self::Uploaded | Self::Checked | Self::Failed | Self::Cancelled
        )
    }
}

words! {
    /// What a column can hold.
    Field {
        /// The affiliate's name.
        Name = "name" / "Name",
        /// The first name, where it has a column of its own.
        FirstName = "firstName" / "First name",
        /// The last name.
        LastName = "lastName" / "Last name",
        /// The affiliate's e-mail.
        Email = "email" / "E-mail",
        /// The affiliate's referral code.
        Slug = "slug" / "Referral code",
        /// A campaign, by name or short name.
        Campaign = "campaign" / "Campaign",
        /// The affiliate's own commission, in percent.
        CommissionPercent = "commissionPercent" / "Own commission in %",
        /// Whether the affiliate earns, or where the sale stands.
        Status = "status" / "Status",
        /// Who recruited the affiliate, by referral code.
        Recruiter = "recruiter" / "Recruited by",
        /// The Stripe account that payouts go to.
        StripeAccount = "stripeAccountId" / "Stripe account",
        /// What makes the sale unique, for ever.
        ExternalEventId = "externalEventId" / "Id of the sale",
        /// Who earned the sale, by referral code.
        AffiliateSlug = "affiliateSlug" / "Affiliate's referral code",
        /// Who earned the sale, by e-mail.
        AffiliateEmail = "affiliateEmail" / "Affiliate's e-mail",
        /// What was paid, as a decimal amount.
        Amount = "amount" / "Amount",
        /// What was paid, in the currency's minor unit.
        AmountMinor = "amountCents" / "Amount in cents",
        /// In which currency.
        Currency = "currency" / "Currency",
        /// What was earned, as a decimal amount.
        Commission = "commission" / "Commission",
        /// What was earned, in the currency's minor unit.
        CommissionMinor = "commissionCents" / "Commission in cents",
        /// In which currency, when not the sale's.
        CommissionCurrency = "commissionCurrency" / "Commission's currency",
        /// What went back to the customer, as a decimal amount.
        Refunded = "refunded" / "Refunded",
        /// What went back, in the currency's minor unit.
        RefundedMinor = "refundedCents" / "Refunded in cents",
        /// When it was paid.
        OccurredAt = "occurredAt" / "Date of the sale",
        /// When the commission was paid out.
        PaidAt = "paidAt" / "Date of the payout",
        /// The customer's e-mail.
        CustomerEmail = "customerEmail" / "Customer's e-mail",
        /// The customer's name.
        CustomerName = "customerName" / "Customer's name",
        /// The customer's id at the processor.
        CustomerId = "customerId" / "Customer id",
        /// The subscription's id at the processor.
        SubscriptionId = "subscriptionId" / "Subscription id",
        /// The invoice's id at the processor.
        InvoiceId = "invoiceId" / "Invoice id",
        /// The charge's id at the processor.
        ChargeId = "chargeId" / "Charge id",
    }
}

impl Field {
    /// What a file of this kind may tell, in the order in which people are asked.
    pub const fn of(kind: ImportKind) -> &'static [Self] {
        match kind {
            ImportKind::Affiliates => &[
                Self::Email,
                Self::Name,
                Self::FirstName,
                Self::LastName,
                Self::Slug,
                Self::Status,
                Self::Campaign,
                Self::CommissionPercent,
                Self::Recruiter,
                Self::StripeAccount,
            ],
            ImportKind::Sales => &[
                Self::ExternalEventId,
                Self::AffiliateSlug,
                Self::AffiliateEmail,
                Self::Amount,
                Self::AmountMinor,
                Self::Currency,
                Self::OccurredAt,
                Self::Commission,
                Self::CommissionMinor,
                Self::CommissionCurrency,
                Self::Status,
                Self::PaidAt,
                Self::Refunded,
                Self::RefundedMinor,
                Self::Campaign,
                Self::CustomerEmail,
                Self::CustomerName,
                Self::CustomerId,
                Self::SubscriptionId,
                Self::InvoiceId,
                Self::ChargeId,
            ],
        }
    }
}

/// How the rows of a file are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Where the file comes from.
    pub platform: Platform,
    /// How dates like 03/04/2026 are meant.
    pub dates: DateOrder,
    /// The currency of amounts that name none.
    pub currency: Currency,
}

/// Why a row can't be taken: the column, as the file calls it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{column}: {message}")]
pub struct LineError {
    /// The column; empty when it is about the row.
    pub column: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl LineError {
    /// About the row as a whole.
    pub fn of_row(message: impl Into<String>) -> Self {
        Self {
            column: String::new(),
            message: message.into(),
        }
    }
}
