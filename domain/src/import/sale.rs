//! A row of a file of sales.

use chrono::{DateTime, Duration, Utc};

use super::{Columns, Field, LineError, Reading, amount, moment::moment};
use crate::{
    conversion::ProcessorIds,
    email::Email,
    money::{Currency, Money},
    slug::Slug,
    text::{MAX_EXTERNAL_ID, Name},
};

/// Who earned a sale, as the file says it; one of them is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earner {
    /// By referral code, which is looked for first.
    pub slug: Option<Slug>,
    /// By e-mail.
    pub email: Option<Email>,
}

/// Where a sale stood at the other platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not payable yet.
    Pending,
    /// To be paid out.
    Approved,
    /// Paid out there; when, if the file tells.
    Paid(Option<DateTime<Utc>>),
    /// All of the money went back.
    Refunded,
    /// Turned down.
    Denied,
}

/// A sale as another platform knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleLine {
    /// What makes it unique, for ever.
    pub external_event_id: String,
    /// Who earned it.
    pub earner: Earner,
    /// In which campaign, by name or short name.
    pub campaign: Option<String>,
    /// What was paid.
    pub amount: Money,
    /// What was earned; `None`: what the campaign's plan gives.
    pub commission: Option<Money>,
    /// What went back, in minor units of the amount's currency; at most the amount.
    pub refunded_minor: i64,
    /// Where it stood.
    pub standing: Standing,
    /// When it was paid.
    pub occurred_at: DateTime<Utc>,
    /// The customer's e-mail.
    pub customer_email: Option<String>,
    /// The customer's name.
    pub customer_name: Option<String>,
    /// How the processor calls it, so that what comes later meets it.
    pub ids: ProcessorIds,
}

impl SaleLine {
    /// Reads a row, at `now`.
    ///
    /// # Errors
    /// A [`LineError`] that names the column.
    pub fn read<C: AsRef<str>>(
        cells: &[C],
        columns: &Columns,
        reading: Reading,
        now: DateTime<Utc>,
    ) -> Result<Self, LineError> {
        let row = Row {
            cells,
            columns,
            reading,
        };
        let id = columns.read(cells, Field::ExternalEventId, id)?;
        let id = id.ok_or_else(|| columns.error(Field::ExternalEventId, "an id is needed"))?;
        let currency = columns.read(cells, Field::Currency, Currency::parse)?;
        let currency = currency.unwrap_or(reading.currency);
        let amount = row.amount(Field::Amount, Field::AmountMinor, currency)?;
        let amount = amount.filter(|minor| *minor > 0).ok_or_else(|| {
            columns.error(
                row.told(Field::Amount, Field::AmountMinor),
                "an amount above 0 is needed",
            )
        })?;
        let mut line = Self {
            external_event_id: id,
            earner: row.earner()?,
            campaign: columns.text(cells, Field::Campaign)?.map(str::to_owned),
            amount: Money::new(amount, currency),
            commission: row.commission(currency)?,
            refunded_minor: row.refunded(currency, amount)?,
            standing: row.standing(now)?,
            occurred_at: row.occurred_at(now)?,
            customer_email: columns
                .read(cells, Field::CustomerEmail, Email::parse)?
                .map(String::from),
            customer_name: columns
                .read(cells, Field::CustomerName, Name::parse)?
                .map(String::from),
            ids: ProcessorIds {
                customer: columns.read(cells, Field::CustomerId, self::id)?,
                subscription: columns.read(cells, Field::SubscriptionId, self::id)?,
                invoice: columns.read(cells, Field::InvoiceId, self::id)?,
                charge: columns.read(cells, Field::ChargeId, self::id)?,
                ..ProcessorIds::default()
            },
        };
        // Either says it.
        if line.standing == Standing::Refunded {
            line.refunded_minor = amount;
        } else if line.refunded_minor == amount {
            line.standing = Standing::Refunded;
        }
        Ok(line)
    }
}

struct Row<'a, C> {
    cells: &'a [C],
    columns: &'a Columns,
    reading: Reading,
}

impl<C: AsRef<str>> Row<'_, C> {
    /// An amount from the column of decimals, else from that of minor units.
    fn amount(
        &self,
        decimal: Field,
        minor: Field,
        currency: Currency,
    ) -> Result<Option<i64>, LineError> {
        let read = |text: &str| amount::decimal(text, currency);
        if let Some(amount) = self.columns.read(self.cells, decimal, read)? {
            return Ok(Some(amount));
        }
        let read = |text: &str| amount::minor(text, currency);
        self.columns.read(self.cells, minor, read)
    }

    /// Which of two columns the file has.
    fn told(&self, decimal: Field, minor: Field) -> Field {
        if self.columns.has(decimal) {
            decimal
        } else {
            minor
        }
    }

    fn earner(&self) -> Result<Earner, LineError> {
        let (columns, cells) = (self.columns, self.cells);
        let email = columns.read(cells, Field::AffiliateEmail, Email::parse)?;
        let slug = match columns.read(cells, Field::AffiliateSlug, Slug::parse) {
            // The other column tells.
            Err(_) if email.is_some() => None,
            slug => slug?,
        };
        if slug.is_none() && email.is_none() {
            let field = self.told(Field::AffiliateSlug, Field::AffiliateEmail);
            return Err(columns.error(field, "the affiliate who earned it is needed"));
        }
        Ok(Earner { slug, email })
    }

    fn commission(&self, of_sale: Currency) -> Result<Option<Money>, LineError> {
        let currency = self
            .columns
            .read(self.cells, Field::CommissionCurrency, Currency::parse)?
            .unwrap_or(of_sale);
        let minor = self.amount(Field::Commission, Field::CommissionMinor, currency)?;
        Ok(minor.map(|minor| Money::new(minor, currency)))
    }

    fn refunded(&self, currency: Currency, amount: i64) -> Result<i64, LineError> {
        let back = self.amount(Field::Refunded, Field::RefundedMinor, currency)?;
        Ok(back.unwrap_or(0).min(amount))
    }

    fn standing(&self, now: DateTime<Utc>) -> Result<Standing, LineError> {
        let (columns, cells) = (self.columns, self.cells);
        let read = |text: &str| moment(text, self.reading.dates);
        let paid_at = columns.read(cells, Field::PaidAt, read)?;
        // What will be paid out one day is not paid.
        let paid_at = paid_at.filter(|at| *at <= now);
        let standing = columns.read(cells, Field::Status, standing)?;
        Ok(match (standing, paid_at) {
            (Some(Standing::Paid(_)), at) => Standing::Paid(at),
            // A date may be of something else; a status that is spelled out is not.
            (Some(other), _) => other,
            (None, Some(at)) => Standing::Paid(Some(at)),
            (None, None) => Standing::Pending,
        })
    }

    fn occurred_at(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, LineError> {
        let (columns, cells) = (self.columns, self.cells);
        let read = |text: &str| moment(text, self.reading.dates);
        let at = columns.read(cells, Field::OccurredAt, read)?;
        let at = at.ok_or_else(|| columns.error(Field::OccurredAt, "the date is needed"))?;
        // A day stands for its noon, and east of here tomorrow has begun.
        if at > now + Duration::days(1) {
            return Err(columns.error(Field::OccurredAt, "this day has not come yet"));
        }
        Ok(at.min(now))
    }
}

/// What the platforms call it.
fn standing(text: &str) -> Result<Standing, &'static str> {
    Ok(
        match text.to_lowercase().replace([' ', '-'], "_").as_str() {
            "pending" | "new" | "open" | "unapproved" | "not_approved" | "hold" | "on_hold"
            | "processing" | "waiting" | "review" | "false" | "no" | "0" => Standing::Pending,
            "approved" | "due" | "processed" | "payable" | "accepted" | "confirmed" | "unpaid"
            | "available" | "true" | "yes" | "1" => Standing::Approved,
            "paid" | "paid_out" | "completed" | "settled" | "withdrawn" => Standing::Paid(None),
            "refunded" | "refund" | "reversed" | "chargeback" | "clawed_back" | "charged_back" => {
                Standing::Refunded
            }
            "denied" | "rejected" | "declined" | "disapproved" | "voided" | "void" | "canceled"
            | "cancelled" | "fraud" | "duplicate" | "invalid" => Standing::Denied,
            _ => return Err("pending, approved, paid, refunded or denied is needed"),
        },
    )
}

fn id(text: &str) -> Result<String, String> {
    if text.len() > MAX_EXTERNAL_ID || text.chars().any(char::is_control) {
        return Err(format!(
            "1 to {MAX_EXTERNAL_ID} bytes without control characters are needed"
        ));
    }
    Ok(text.to_owned())
}
