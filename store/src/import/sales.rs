//! Rows of sales: whose they are, in which campaign, and what became of them.

use std::collections::{HashMap, HashSet};

use domain::{
    affiliate::Affiliate,
    campaign::Campaign,
    fact::Payment,
    import::{Field, LineError, Platform, SaleLine, Standing},
    lifecycle::Status,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Made, Outcome,
    file::Record,
    run::{Batch, see_in, seen_before_in},
};
use crate::{
    Store, StoreError, affiliate,
    intake::{Answer, ImportedSale, IntakeError, Item, Recorded, imported_in, tried_in},
};

/// Takes rows of sales in; tells what became of each, and the organization's new position.
pub(super) async fn take_in(
    db: &mut PgConnection,
    store: &Store,
    batch: &Batch<'_>,
    position: i64,
) -> Result<(Vec<Outcome>, Option<i64>), StoreError> {
    let lines: Vec<Result<SaleLine, LineError>> = batch
        .rows
        .iter()
        .map(|row| SaleLine::read(&row.cells, batch.columns, batch.reading, batch.now))
        .collect();
    let earners = Earners::of_in(db, batch, lines.iter().flatten()).await?;
    let sales: Vec<Result<Item, LineError>> = lines
        .into_iter()
        .zip(batch.rows)
        .map(|(line, row)| batch.sale(line?, row, &earners).map(Item::Imported))
        .collect();
    let items: Vec<Item> = sales.iter().flatten().cloned().collect();
    let (organization_id, desk) = (batch.organization_id, store.desk());
    let (answers, moved_to) = if batch.import.is_dry_run {
        (tried_in(db, &desk, organization_id, &items).await?, None)
    } else {
        imported_in(db, &desk, organization_id, position, &items).await?
    };
    let mut answers = answers.into_iter();
    let mut outcomes = Vec::with_capacity(sales.len());
    for sale in &sales {
        outcomes.push(match sale {
            Err(error) => Outcome::Failed(error.clone()),
            Ok(item) => outcome(status_of(item), answers.next())?,
        });
    }
    if batch.import.is_dry_run {
        see_again_in(db, batch, &sales, &mut outcomes).await?;
    }
    Ok((outcomes, moved_to))
}

/// As what a row's sale stands once it is in.
fn status_of(item: &Item) -> Status {
    let Item::Imported(sale) = item else {
        return Status::Pending;
    };
    match sale.standing {
        Standing::Pending => Status::Pending,
        Standing::Approved => Status::Approved,
        Standing::Paid(_) => Status::Paid,
        Standing::Refunded => Status::Refunded,
        Standing::Denied => Status::Denied,
    }
}

/// What a row's answer says.
fn outcome(
    stands_as: Status,
    answer: Option<Result<Answer, IntakeError>>,
) -> Result<Outcome, StoreError> {
    Ok(match answer {
        Some(Ok(Answer::Conversion(Recorded::New(row)))) => Outcome::Created(Some(Made {
            status: stands_as,
            amount: row.conversion.amount,
            commission: row.conversion.commission,
        })),
        Some(Ok(_)) => Outcome::Existing,
        Some(Err(IntakeError::Store(error))) => return Err(error),
        Some(Err(error)) => Outcome::Failed(LineError::of_row(error.to_string())),
        None => Outcome::Failed(LineError::of_row("it was not looked at")),
    })
}

/// What an earlier row of a dry run would have stored is there already.
async fn see_again_in(
    db: &mut PgConnection,
    batch: &Batch<'_>,
    sales: &[Result<Item, LineError>],
    outcomes: &mut [Outcome],
) -> Result<(), StoreError> {
    let id = |sale: &Result<Item, LineError>| match sale {
        Ok(Item::Imported(sale)) => Some(sale.payment.external_event_id.clone()),
        _ => None,
    };
    let keys: Vec<String> = sales.iter().filter_map(id).collect();
    let seen: HashSet<String> = seen_before_in(db, batch, &keys)
        .await?
        .into_iter()
        .collect();
    for (sale, outcome) in sales.iter().zip(outcomes) {
        if matches!(outcome, Outcome::Created(_)) && id(sale).is_some_and(|id| seen.contains(&id)) {
            *outcome = Outcome::Existing;
        }
    }
    see_in(db, batch, &keys).await
}

/// The affiliates that a batch names.
struct Earners {
    by_slug: HashMap<String, Affiliate>,
    by_email: HashMap<String, Vec<Affiliate>>,
}

impl Earners {
    async fn of_in(
        db: &mut PgConnection,
        batch: &Batch<'_>,
        lines: impl Iterator<Item = &SaleLine>,
    ) -> Result<Self, StoreError> {
        let (mut slugs, mut emails) = (HashSet::new(), HashSet::new());
        for line in lines {
            slugs.extend(
                line.earner
                    .slug
                    .as_ref()
                    .map(|slug| slug.as_str().to_owned()),
            );
            emails.extend(
                line.earner
                    .email
                    .as_ref()
                    .map(|email| email.as_str().to_owned()),
            );
        }
        let (slugs, emails): (Vec<_>, Vec<_>) =
            (slugs.into_iter().collect(), emails.into_iter().collect());
        let ids = affiliate_ids_in(db, batch, &slugs, &emails).await?;
        let found = affiliate::by_ids_in(db, batch.organization_id, &ids).await?;
        let mut by_email: HashMap<String, Vec<Affiliate>> = HashMap::new();
        for one in &found {
            let same = by_email.entry(one.email.as_str().to_owned()).or_default();
            same.push(one.clone());
        }
        let by_slug = found
            .into_iter()
            .map(|one| (one.slug.as_str().to_owned(), one));
        Ok(Self {
            by_slug: by_slug.collect(),
            by_email,
        })
    }

    /// Who earned a sale.
    fn of(&self, line: &SaleLine, batch: &Batch<'_>) -> Result<&Affiliate, LineError> {
        let (slug, email) = (&line.earner.slug, &line.earner.email);
        if let Some(one) = slug
            .as_ref()
            .and_then(|slug| self.by_slug.get(slug.as_str()))
        {
            return Ok(one);
        }
        let of_email = email
            .as_ref()
            .and_then(|email| self.by_email.get(email.as_str()));
        let (field, called) = match (slug, email) {
            (_, Some(email)) => (Field::AffiliateEmail, email.as_str()),
            (Some(slug), None) => (Field::AffiliateSlug, slug.as_str()),
            (None, None) => (Field::AffiliateSlug, ""),
        };
        let message = match of_email.map(Vec::as_slice) {
            Some([one]) => return Ok(one),
            Some(_) => {
                format!("several affiliates have the e-mail {called}: say the referral code")
            }
            None => format!("there is no affiliate {called}: import the affiliates first"),
        };
        Err(batch.columns.error(field, message))
    }
}

/// Affiliates with one of these referral codes or e-mails.
pub(super) async fn affiliate_ids_in(
    db: &mut PgConnection,
    batch: &Batch<'_>,
    slugs: &[String],
    emails: &[String],
) -> Result<Vec<Uuid>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"select affiliate_id as "affiliate_id!" from affiliate where organization_id = $1 and slug = any($2)
           union
           select affiliate_id from affiliate where organization_id = $1 and email = any($3)"#,
        batch.organization_id.0,
        slugs,
        emails,
    )
    .fetch_all(db)
    .await?;
    Ok(ids)
}

impl Batch<'_> {
    /// A row's sale, as it is taken in.
    fn sale(
        &self,
        line: SaleLine,
        row: &Record,
        earners: &Earners,
    ) -> Result<ImportedSale, LineError> {
        let affiliate = earners.of(&line, self)?;
        let campaign = self.campaign_of(&line, affiliate)?;
        self.check_currency(&line, campaign)?;
        Ok(ImportedSale {
            affiliate_id: affiliate.id,
            campaign_id: campaign.id,
            commission: line.commission,
            refunded_minor: line.refunded_minor,
            standing: line.standing,
            told: self.told(&line, row),
            actor: self.import.actor(),
            payment: Payment {
                external_event_id: line.external_event_id,
                base_minor: line.amount.minor,
                amount: line.amount,
                paid_at: line.occurred_at,
                ids: line.ids,
                email: line.customer_email,
                name: line.customer_name,
                clues: Vec::new(),
                metadata: "{}".to_owned(),
            },
        })
    }

    fn campaign_of(&self, line: &SaleLine, affiliate: &Affiliate) -> Result<&Campaign, LineError> {
        let of_affiliate = || {
            let id = affiliate.primary_campaign()?;
            self.campaigns.iter().find(|campaign| campaign.id == id)
        };
        let campaign = match &line.campaign {
            Some(called) => self.campaign(called).ok_or_else(|| {
                let message = format!(
                    "there is no campaign {called}: make it first, or leave this column out"
                );
                self.columns.error(Field::Campaign, message)
            })?,
            None => self.chosen().or_else(of_affiliate).ok_or_else(|| {
                LineError::of_row("its affiliate is in no campaign: choose one for this import")
            })?,
        };
        if affiliate.enrollment(campaign.id).is_none() {
            let (who, name) = (&affiliate.name, &campaign.name);
            let message =
                format!("{who} is not in the campaign {name}: let the affiliate join it first");
            return Err(self.columns.error(Field::Campaign, message));
        }
        Ok(campaign)
    }

    /// What was earned is in the campaign's currency.
    fn check_currency(&self, line: &SaleLine, campaign: &Campaign) -> Result<(), LineError> {
        let pays = campaign.terms.currency;
        let has_column = self.import.mapping.column(Field::Currency).is_some();
        if !has_column && self.reading.currency != pays {
            let message =
                format!("its campaign pays in {pays}: say in which column the sale's currency is");
            return Err(LineError::of_row(message));
        }
        let message = match line.commission {
            Some(earned) if earned.currency != pays => format!(
                "it is in {}, but the campaign {} pays in {pays}: choose a campaign in {}",
                earned.currency, campaign.name, earned.currency
            ),
            None if matches!(line.standing, Standing::Paid(_)) && line.amount.currency != pays => {
                format!("say how much of it was paid out, in {pays}")
            }
            _ => return Ok(()),
        };
        Err(self.columns.error(Field::Commission, message))
    }

    /// Where a sale comes from, in words.
    fn told(&self, line: &SaleLine, row: &Record) -> String {
        let from = match self.import.platform {
            Platform::Other => "Imported".to_owned(),
            platform => format!("Imported from {}", platform.label()),
        };
        let earned = match line.commission {
            Some(commission) => format!(": {commission} was earned there"),
            None => String::new(),
        };
        let paid = match line.standing {
            Standing::Paid(_) => ", and paid out",
            _ => "",
        };
        let (number, file) = (row.number, &self.import.file_name);
        format!("{from}{earned}{paid} (row {number} of {file})")
    }
}
