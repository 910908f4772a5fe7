//! Affiliates' accounts: balances and entries. Entries are written by `intake`, in the transaction of
//! what they are about; here they are added up and read.

mod account;

use std::collections::HashMap;

use domain::{
    id::{AffiliateId, OrganizationId},
    ledger::Balance,
    money::Currency,
};
use uuid::Uuid;

pub use self::account::{AccountCursor, AccountPage, Entry};
use crate::{Store, StoreError, error::readable};

const TABLE: &str = "ledger_entry";

impl Store {
    /// What each of these affiliates has, by currency, in one query. Who has earned nothing is left out.
    ///
    /// What is held is read from the conversions, whose commission is what their entries add up to: far
    /// fewer rows than their entries. [`Store::recount`] proves that it is so.
    pub async fn balances(
        &self,
        organization_id: OrganizationId,
        affiliates: &[AffiliateId],
    ) -> Result<HashMap<AffiliateId, Vec<Balance>>, StoreError> {
        let ids: Vec<Uuid> = affiliates.iter().map(|id| id.0).collect();
        let rows = sqlx::query!(
            r#"select affiliate_id as "affiliate_id!", currency as "currency!", sum(whole)::bigint as "whole!",
                   sum(held)::bigint as "held!", sum(payouts)::bigint as "payouts!"
               from (
                   select affiliate_id, currency, sum(amount_minor) as whole, 0 as held,
                       coalesce(sum(amount_minor) filter (where kind = 'payout'), 0) as payouts
                   from ledger_entry where organization_id = $1 and affiliate_id = any($2)
                   group by affiliate_id, currency
                   union all
                   select affiliate_id, commission_currency, 0, sum(commission_minor), 0
                   from conversion where organization_id = $1 and affiliate_id = any($2) and status = 'pending'
                   group by affiliate_id, commission_currency
                   union all
                   select affiliate_id, commission_currency, 0, sum(commission_minor), 0
                   from conversion where organization_id = $1 and affiliate_id = any($2) and held_by is not null
                       and status = 'approved'
                   group by affiliate_id, commission_currency
               ) sums
               group by affiliate_id, currency
               order by currency"#,
            organization_id.0,
            &ids,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut balances: HashMap<AffiliateId, Vec<Balance>> = HashMap::new();
        for row in rows {
            let currency = readable(Currency::parse(&row.currency).ok(), TABLE, "currency")?;
            let balance = Balance::of(currency, row.whole, row.held, row.payouts);
            let of_affiliate = balances.entry(AffiliateId(row.affiliate_id)).or_default();
            of_affiliate.push(balance);
        }
        Ok(balances)
    }
}
