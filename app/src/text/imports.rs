//! Imports: the list, and one.

use domain::{
    import::{Field, ImportKind, ImportState},
    lifecycle::Status,
};

pub const TITLE: &str = "Imports";
pub const ONE: &str = "Import";
pub const ALL: &str = "All imports";
pub const CAPTION: &str = "Imports, newest first";
pub const ADD: &str = "New import";
pub const LEAD: &str = "Bring affiliates and past sales from Rewardful, FirstPromoter, Tapfiliate, Tolt, PartnerStack, Dub or a sheet of your own. Affiliates come first: sales are theirs.";
pub const EMPTY: &str = "No imports yet";
pub const EMPTY_HINT: &str =
    "Export your affiliates and your sales as CSV from where they are now, then upload them here.";
pub const KIND: &str = "What is in the file";
pub const FILE: &str = "CSV file";
pub const FILE_HINT: &str =
    "Up to 256 MiB, with the names of the columns in the first row. Nothing is imported yet.";
pub const UPLOAD: &str = "Upload";
pub const NAME: &str = "File";
pub const STATE: &str = "State";
pub const READ: &str = "Rows read";
pub const EXISTING: &str = "Here before";
pub const FAILED: &str = "Not taken";
pub const UPLOADED: &str = "Uploaded";
pub const PLATFORM: &str = "Comes from";
pub const APPLY: &str = "Apply";
pub const COLUMNS: &str = "What the columns mean";
pub const COLUMNS_HINT: &str =
    "Choose the column of the file for each. Those that are left out stay empty.";
pub const NONE: &str = "–";
pub const MISSING: &str = "Still missing";
pub const CAMPAIGN: &str = "Campaign";
pub const CAMPAIGN_HINT: &str = "For rows that name none.";
pub const OWN_CAMPAIGN: &str = "The affiliate's own";
pub const OLDEST_CAMPAIGN: &str = "The oldest one that is open";
pub const DATES: &str = "Dates like 03/04/2026";
pub const SAMPLE: &str = "First rows of the file";
pub const CHECK: &str = "Check without importing";
pub const RUN: &str = "Import";
pub const STOP: &str = "Stop";
pub const REMOVE: &str = "Remove";
pub const REMOVE_NOW: &str = "Remove this file";
pub const REMOVE_HINT: &str = "What was imported of it stays. It makes room for other files: at most 20, and 1 GiB in all, wait to be imported.";
pub const PAID_BY_CUSTOMERS: &str = "– paid by customers";
pub const EARNED: &str = "– earned by affiliates";
pub const PROGRESS: &str = "Progress";
pub const GOES_ON: &str = "It goes on by itself, also when you leave this page.";
pub const RESULT: &str = "Result";
pub const ERRORS: &str = "Rows that were not taken";
pub const ROW: &str = "Row";
pub const COLUMN: &str = "Column";
pub const WHY: &str = "What to do";
pub const ALL_ERRORS: &str = "All of them as CSV";
pub const KEPT: &str =
    "Mend these rows and upload the file again: what was imported is not imported twice.";

/// What the rows of a run made, or would have made.
pub fn created(is_dry_run: bool) -> &'static str {
    if is_dry_run {
        "Would be created"
    } else {
        "Created"
    }
}

/// As what so many of the created sales stand.
pub fn stands_as(status: Status) -> &'static str {
    match status {
        Status::Pending => "– as pending",
        Status::Approved => "– as approved",
        Status::Paid => "– as paid out elsewhere",
        Status::Refunded => "– as refunded",
        Status::Denied => "– as denied",
    }
}

pub fn state(state: ImportState, is_dry_run: bool, percent: i64) -> String {
    match (state, is_dry_run) {
        (ImportState::Running, true) => format!("Checking, {percent}\u{a0}%"),
        (ImportState::Running, false) => format!("Importing, {percent}\u{a0}%"),
        (ImportState::Checked, _) => "Checked, nothing imported".to_owned(),
        (other, _) => other.label().to_owned(),
    }
}

/// What is in a file, and where it comes from.
pub fn kind_of(kind: ImportKind, platform: &str) -> String {
    format!("{} from {platform}", kind.label())
}

/// What to know about a field.
pub fn hint(field: Field) -> &'static str {
    match field {
        Field::Email => "Affiliates are known again by it.",
        Field::Slug => {
            "Left out, it is made from the name. Links keep working when it is the old one."
        }
        Field::ExternalEventId => {
            "A sale with an id that is here already is not imported again. The invoice or payment id of the processor is best."
        }
        Field::AffiliateSlug => "Or the e-mail below.",
        Field::Amount => "As decimals: 49.00.",
        Field::AmountMinor => "Instead, as whole cents: 4900.",
        Field::Currency => "Left out, the campaign's.",
        Field::Commission => {
            "What was earned there. Refunds later take their part of it if a percentage of two decimals gives it to the cent; else it stays until all is back. Left out, the campaign's terms decide."
        }
        Field::CommissionMinor => "Instead, as whole cents.",
        Field::Status => {
            "Left out, affiliates are active and sales pending. Paid sales are not paid again."
        }
        Field::PaidAt => {
            "When the affiliate was paid there, not when the customer paid. A status that says pending or approved comes first."
        }
        Field::CustomerId | Field::SubscriptionId | Field::CustomerEmail => {
            "So that later payments stay with the affiliate."
        }
        Field::InvoiceId | Field::ChargeId => "So that refunds find the sale.",
        _ => "",
    }
}
