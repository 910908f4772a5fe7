//! Who brought most.

use std::sync::Arc;

use domain::{
    affiliate::Affiliate,
    id::{AffiliateId, OrganizationId},
    money::{Currency, Money},
};

use super::ReportFilter;
use crate::{Store, StoreError, error::readable};

/// An affiliate among those who brought most, in one currency of sales.
#[derive(Clone, Debug)]
pub struct TopAffiliate {
    /// Who.
    pub affiliate: Arc<Affiliate>,
    /// Visits through his links.
    pub clicks: i64,
    /// Payments, first and later ones.
    pub sales: i64,
    /// First and one-off payments that a visit may have led to.
    pub customers: i64,
    /// What was paid.
    pub revenue: Money,
    /// What is due to him for it, by currency.
    pub commission: Vec<Money>,
}

impl Store {
    /// Those whose sales in `currency` brought most, most first; at most `limit` of them.
    pub async fn report_affiliates(
        &self,
        organization_id: OrganizationId,
        filter: &ReportFilter,
        currency: Currency,
        limit: i64,
    ) -> Result<Vec<TopAffiliate>, StoreError> {
        let rows = sqlx::query!(
            r#"with top as (
                   select affiliate_id, sum(amount_minor)::bigint as amount_minor,
                       coalesce(sum(conversions) filter (where kind <> 'lead' and source <> 'override'), 0)::bigint
                           as sales,
                       coalesce(sum(conversions) filter (where kind = 'sale'
                           and source not in ('override', 'imported')), 0)::bigint as customers
                   from affiliate_day
                   where organization_id = $1 and day >= $2 and day < $3 and ($4::uuid is null or campaign_id = $4)
                       and ($5::uuid is null or affiliate_id = $5) and currency = $6 and status <> 'denied'
                   group by affiliate_id having sum(conversions) filter (where kind <> 'lead' and source <> 'override') > 0
                   order by 2 desc, affiliate_id limit $7)
               select top.affiliate_id, top.amount_minor as "amount_minor!", top.sales as "sales!",
                   top.customers as "customers!", owed.commission_currency,
                   coalesce(sum(owed.commission_minor), 0)::bigint as "commission_minor!",
                   (select coalesce(sum(c.clicks), 0)::bigint from click_day c
                       where c.organization_id = $1 and c.affiliate_id = top.affiliate_id and c.day >= $2
                           and c.day < $3 and ($4::uuid is null or c.campaign_id = $4)) as "clicks!"
               from top
               join affiliate_day owed on owed.organization_id = $1 and owed.affiliate_id = top.affiliate_id
                   and owed.day >= $2 and owed.day < $3 and ($4::uuid is null or owed.campaign_id = $4)
                   and owed.currency = $6 and owed.status <> 'denied'
               group by top.affiliate_id, top.amount_minor, top.sales, top.customers, owed.commission_currency
               order by 2 desc, top.affiliate_id, owed.commission_currency"#,
            organization_id.0,
            filter.span.first(),
            filter.span.end(),
            filter.campaign_id.map(|id| id.0),
            filter.affiliate_id.map(|id| id.0),
            currency.code(),
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        let ids: Vec<AffiliateId> = rows
            .iter()
            .map(|row| AffiliateId(row.affiliate_id))
            .collect();
        let mut db = self.pool.acquire().await?;
        let named = self
            .directory
            .affiliates_in(&mut db, organization_id, &ids)
            .await?;
        let mut top: Vec<TopAffiliate> = Vec::new();
        for row in rows {
            let owed = Currency::parse(&row.commission_currency).ok();
            let owed = readable(owed, "affiliate_day", "commission_currency")?;
            let commission = Money::new(row.commission_minor, owed);
            let Some(affiliate) = named.get(&AffiliateId(row.affiliate_id)) else {
                continue;
            };
            match top
                .last_mut()
                .filter(|last| last.affiliate.id == affiliate.id)
            {
                Some(same) => same.commission.push(commission),
                None => top.push(TopAffiliate {
                    affiliate: Arc::clone(affiliate),
                    clicks: row.clicks,
                    sales: row.sales,
                    customers: row.customers,
                    revenue: Money::new(row.amount_minor, currency),
                    commission: vec![commission],
                }),
            }
        }
        Ok(top)
    }
}
