//! Lists of sales: pages by cursor, their sums.
//!
//! One reading of a conversion serves the API, the screen, the CSV and the intake. Lists are ordered
//! newest first, which is "greatest id first", and paged by the last id seen: rows that arrive while
//! somebody pages are neither repeated nor push others out.

pub(crate) mod bounds;
pub(crate) mod condition;
mod cursor;
mod mark;
mod page;
mod record;
mod stats;
mod totals;
mod view;

use std::collections::BTreeSet;

use domain::{
    connection::Mode,
    conversion::Conversion,
    id::{AffiliateId, ConversionId, OrganizationId},
    sales::Filter,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use self::record::ConversionRecord;
use self::{
    bounds::{next, previous},
    page::{Found, Window},
    record::{conversions, read_all},
};
pub use self::{
    cursor::Cursor,
    mark::Mark,
    stats::{SalesStats, StatusTotals},
    totals::Totals,
};
pub use crate::cursor::InvalidCursor;
use crate::{Store, StoreError, directory::Names};

/// A conversion with what a list shows beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The conversion. In lists its trail is left empty: it is read with [`Store::sale`].
    pub conversion: Conversion,
    /// Who earned it.
    pub affiliate_name: String,
    /// That affiliate's referral code.
    pub affiliate_slug: String,
    /// Under which terms.
    pub campaign_name: String,
    /// Live or test, when it came through a connection.
    pub mode: Option<Mode>,
}

impl Row {
    /// A conversion with its names. Names that are not among `names` stay empty.
    pub fn new(conversion: Conversion, names: &Names) -> Self {
        let affiliate = names.affiliates.get(&conversion.affiliate_id);
        let campaign = names.campaigns.get(&conversion.campaign_id);
        let mode = conversion
            .connection_id
            .and_then(|id| names.modes.get(&id).copied());
        Self {
            affiliate_name: affiliate
                .map(|found| found.name.to_string())
                .unwrap_or_default(),
            affiliate_slug: affiliate
                .map(|found| found.slug.to_string())
                .unwrap_or_default(),
            campaign_name: campaign
                .map(|found| found.name.to_string())
                .unwrap_or_default(),
            mode,
            conversion,
        }
    }
}

/// A part of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where older rows go on; `None` at the end of the list.
    pub older: Option<Cursor>,
    /// Where newer rows go on; `None` when there are none.
    pub newer: Option<Cursor>,
}

impl Store {
    /// At most `take` rows of the list, from its newest end or from a cursor on.
    pub async fn sales_page(
        &self,
        organization_id: OrganizationId,
        filter: &Filter,
        take: u16,
        cursor: Option<Cursor>,
    ) -> Result<Page, StoreError> {
        let mut db = self.pool.acquire().await?;
        let window = Window {
            organization_id,
            filter,
            take: take.max(1),
            cursor: cursor.as_ref(),
            skip: 0,
        };
        let found = page::read(&mut db, &window).await?;
        self.page_of(&mut db, &window, found).await
    }

    /// What was found in a window, with names and with where the list goes on.
    async fn page_of(
        &self,
        db: &mut PgConnection,
        window: &Window<'_>,
        found: Found,
    ) -> Result<Page, StoreError> {
        let Found { records, more } = found;
        let (older, newer) = neighbours(&records, more, window.cursor.copied());
        let rows = self
            .rows_in(db, window.organization_id, read_all(records)?)
            .await?;
        Ok(Page { rows, older, newer })
    }

    /// One sale with its trail; `None` when the organization has no such one.
    pub async fn sale(
        &self,
        organization_id: OrganizationId,
        id: ConversionId,
    ) -> Result<Option<Row>, StoreError> {
        let mut db = self.pool.acquire().await?;
        let records = conversions!(
            "c.trail::text",
            "from conversion c where c.organization_id = $1 and c.conversion_id = $2",
            organization_id.0,
            id.0,
        )
        .fetch_all(&mut *db)
        .await?;
        let rows = self
            .rows_in(&mut db, organization_id, read_all(records)?)
            .await?;
        Ok(rows.into_iter().next())
    }

    /// The sale, payment or lead that its teller or processor calls so, with its trail.
    pub async fn sale_of_external_id(
        &self,
        organization_id: OrganizationId,
        external_id: &str,
    ) -> Result<Option<Row>, StoreError> {
        let mut db = self.pool.acquire().await?;
        let found = by_external_ids_in(&mut db, organization_id, &[external_id.to_owned()]).await?;
        let rows = self.rows_in(&mut db, organization_id, found).await?;
        Ok(rows.into_iter().next())
    }

    pub(crate) async fn rows_in(
        &self,
        db: &mut PgConnection,
        organization_id: OrganizationId,
        conversions: Vec<Conversion>,
    ) -> Result<Vec<Row>, StoreError> {
        let ids: BTreeSet<AffiliateId> = conversions.iter().map(|sale| sale.affiliate_id).collect();
        let ids: Vec<AffiliateId> = ids.into_iter().collect();
        let mut names = self.directory.names_in(db, organization_id, &ids).await?;
        if conversions
            .iter()
            .any(|sale| !names.campaigns.contains_key(&sale.campaign_id))
        {
            // A campaign made by another process a moment ago, whose notice is still on its way.
            self.directory.forget_locally(organization_id);
            names = self.directory.names_in(db, organization_id, &ids).await?;
        }
        Ok(conversions
            .into_iter()
            .map(|sale| Row::new(sale, &names))
            .collect())
    }
}

/// Where the list goes on from a page, in both directions.
fn neighbours(
    records: &[ConversionRecord],
    more: bool,
    cursor: Option<Cursor>,
) -> (Option<Cursor>, Option<Cursor>) {
    let older_than = |id| Some(Cursor::OlderThan(ConversionId(id)));
    let newer_than = |id| Some(Cursor::NewerThan(ConversionId(id)));
    let first = records.first().map(|record| record.conversion_id);
    let last = records.last().map(|record| record.conversion_id);
    match cursor {
        None => (last.filter(|_| more).and_then(older_than), None),
        // A page without rows still leads back to the row its cursor was made of.
        Some(Cursor::OlderThan(id)) => (
            last.filter(|_| more).and_then(older_than),
            newer_than(first.unwrap_or(previous(id.0))),
        ),
        Some(Cursor::NewerThan(id)) => (
            older_than(last.unwrap_or(next(id.0))),
            first.filter(|_| more).and_then(newer_than),
        ),
    }
}

/// The conversions with these external ids, recruiters' shares left out.
pub(crate) async fn by_external_ids_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    external_ids: &[String],
) -> Result<Vec<Conversion>, StoreError> {
    let records = conversions!(
        "c.trail::text",
        "from conversion c where c.organization_id = $1 and c.external_event_id = any($2)
             and c.parent_conversion_id is null",
        organization_id.0,
        external_ids,
    )
    .fetch_all(db)
    .await?;
    read_all(records)
}

/// The conversions with these ids, and the recruiters' shares of those and of `parents`.
pub(crate) async fn by_ids_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[Uuid],
    parents: &[Uuid],
) -> Result<Vec<Conversion>, StoreError> {
    let records = conversions!(
        "c.trail::text",
        "from conversion c where c.organization_id = $1
             and (c.conversion_id = any($2) or c.parent_conversion_id = any($2)
                 or c.parent_conversion_id = any($3))",
        organization_id.0,
        ids,
        parents,
    )
    .fetch_all(db)
    .await?;
    read_all(records)
}

/// The leads of these customers and e-mails, recruiters' shares left out.
pub(crate) async fn leads_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    customer_ids: &[String],
    emails: &[String],
) -> Result<Vec<Conversion>, StoreError> {
    let records = conversions!(
        "c.trail::text",
        "from conversion c where c.organization_id = $1
             and (c.customer_id = any($2) or c.customer_email = any($3))
             and c.kind = 'lead' and c.parent_conversion_id is null
         order by c.conversion_id",
        organization_id.0,
        customer_ids,
        emails,
    )
    .fetch_all(db)
    .await?;
    read_all(records)
}

/// What these customers paid or signed up for while their e-mails were not known, recruiters' shares left out.
pub(crate) async fn unnamed_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    customer_ids: &[String],
) -> Result<Vec<Conversion>, StoreError> {
    let records = conversions!(
        "c.trail::text",
        "from conversion c where c.organization_id = $1 and c.customer_id = any($2)
             and c.customer_email is null and c.parent_conversion_id is null",
        organization_id.0,
        customer_ids,
    )
    .fetch_all(db)
    .await?;
    read_all(records)
}

/// What these payers paid, recruiters' shares left out.
pub(crate) async fn of_payers_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    subscription_ids: &[String],
    customer_ids: &[String],
    emails: &[String],
) -> Result<Vec<Conversion>, StoreError> {
    let records = conversions!(
        "c.trail::text",
        "from conversion c where c.organization_id = $1
             and (c.subscription_id = any($2) or c.customer_id = any($3) or c.customer_email = any($4))
             and c.kind <> 'lead' and c.parent_conversion_id is null",
        organization_id.0,
        subscription_ids,
        customer_ids,
        emails,
    )
    .fetch_all(db)
    .await?;
    read_all(records)
}

/// Conversions of an organization in the order of their ids, from one on.
pub(crate) async fn after_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    after: ConversionId,
    limit: i64,
) -> Result<Vec<Conversion>, StoreError> {
    let records = conversions!(
        "'[]'",
        "from conversion c where c.organization_id = $1 and c.conversion_id > $2
         order by c.conversion_id limit $3",
        organization_id.0,
        after.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    read_all(records)
}
