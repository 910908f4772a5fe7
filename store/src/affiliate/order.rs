//! Lists of affiliates in other orders than newest first. Pages of these are told by their number.

use domain::{
    affiliate::Affiliate,
    id::{AffiliateId, OrganizationId},
};
use sqlx::{Postgres, QueryBuilder, Row as _};

use super::list::{AffiliateFilter, condition};
use crate::{Store, StoreError};

/// What a list is in the order of. Sums are those of the filter's campaign, else of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// When they were added.
    Created,
    /// Their names.
    Name,
    /// Visits through their links.
    Clicks,
    /// What customers paid, in minor units, whatever the currency.
    Revenue,
}

/// An order and its direction. Who is equal comes newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Of what.
    pub by: SortBy,
    /// The least first?
    pub ascending: bool,
}

impl Store {
    /// `limit` affiliates after the first `skip` of the list.
    pub async fn affiliates_in_order(
        &self,
        organization_id: OrganizationId,
        filter: &AffiliateFilter,
        order: Order,
        skip: i64,
        limit: i64,
    ) -> Result<Vec<Affiliate>, StoreError> {
        let mut db = self.pool.acquire().await?;
        let mut sql = statement(organization_id, filter, order);
        sql.push(" limit ").push_bind(limit);
        sql.push(" offset ").push_bind(skip);
        let rows = sql.build().persistent(false).fetch_all(&mut *db).await?;
        let ids: Result<Vec<AffiliateId>, sqlx::Error> = rows
            .iter()
            .map(|row| Ok(AffiliateId(row.try_get(0)?)))
            .collect();
        let ids = ids?;
        let known = self.directory.affiliates_in(&mut db, organization_id, &ids);
        let known = known.await?;
        let found = ids.iter().filter_map(|id| known.get(id));
        Ok(found.map(|affiliate| affiliate.as_ref().clone()).collect())
    }
}

fn statement(
    organization_id: OrganizationId,
    filter: &AffiliateFilter,
    order: Order,
) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new("select a.affiliate_id");
    condition(&mut sql, organization_id, filter);
    sql.push(" order by ");
    let (table, column) = match order.by {
        SortBy::Created => {
            sql.push("a.affiliate_id");
            return directed(sql, order);
        }
        SortBy::Name => {
            sql.push("lower(a.name)");
            return directed(sql, order);
        }
        SortBy::Clicks => ("click_day", "clicks"),
        SortBy::Revenue => ("affiliate_day", "amount_minor"),
    };
    sql.push(format!(
        "(select coalesce(sum(d.{column}), 0) from {table} d where d.affiliate_id = a.affiliate_id
             and d.organization_id = "
    ));
    sql.push_bind(organization_id.0);
    if let Some(campaign_id) = filter.campaign_id {
        sql.push(" and d.campaign_id = ").push_bind(campaign_id.0);
    }
    sql.push(")");
    directed(sql, order)
}

fn directed(mut sql: QueryBuilder<Postgres>, order: Order) -> QueryBuilder<Postgres> {
    sql.push(if order.ascending { " asc" } else { " desc" });
    if order.by != SortBy::Created {
        sql.push(", a.affiliate_id desc");
    }
    sql
}
