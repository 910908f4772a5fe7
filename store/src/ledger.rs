//! Affiliates' accounts: balances and entries. Entries are written by `intake`, in the transaction of
//! what they are about; here they are added up and read.

mod account;

use std::collections::HashMap;

use domain::{
    id::{AffiliateId, OrganizationId},
    ledger::Balance,
    money::{Currency, Money},
};
use uuid::Uuid;

pub use self::account::{AccountCursor, AccountPage, Entry};
use crate::{Store, StoreError, error::readable};

const TABLE: &str = "ledger_entry";

/// What an affiliate has brought and has to get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Visits through his links.
    pub clicks: i64,
    /// Sales and recurring payments. What was denied is not counted, nor are a recruiter's shares of others' sales;
    /// what was refunded is.
    pub sales: i64,
    /// Commission due now, whatever its status, by currency.
    pub earned: Vec<Money>,
    /// By currency.
    pub balances: Vec<Balance>,
}

struct StandingRow {
    affiliate_id: Uuid,
    /// Clicks have none.
    currency: Option<String>,
    earned: i64,
    held: i64,
    moved: i64,
    payouts: i64,
    sales: i64,
    clicks: i64,
}

impl Standing {
    fn add(&mut self, row: &StandingRow) -> Result<(), StoreError> {
        self.clicks += row.clicks;
        self.sales += row.sales;
        let Some(code) = &row.currency else {
            return Ok(());
        };
        let currency = readable(Currency::parse(code).ok(), TABLE, "currency")?;
        let all = row.earned.saturating_add(row.moved);
        self.earned.push(Money::new(row.earned, currency));
        self.balances
            .push(Balance::of(currency, all, row.held, row.payouts));
        Ok(())
    }
}

impl Store {
    /// What each of these affiliates has, by currency. Who has earned nothing is left out.
    pub async fn balances(
        &self,
        organization_id: OrganizationId,
        affiliates: &[AffiliateId],
    ) -> Result<HashMap<AffiliateId, Vec<Balance>>, StoreError> {
        let standings = self.standings(organization_id, affiliates).await?;
        let balances = standings.into_iter().map(|(id, own)| (id, own.balances));
        Ok(balances.filter(|(_, own)| !own.is_empty()).collect())
    }

    /// What each of these affiliates has brought and has to get, in one query. Who has nothing is left out.
    ///
    /// What conversions earned is read from the days' roll-up, which is what their entries add up to: far fewer
    /// rows. [`Store::recount`] proves that it is so. Only payouts and corrections are read from the ledger.
    pub async fn standings(
        &self,
        organization_id: OrganizationId,
        affiliates: &[AffiliateId],
    ) -> Result<HashMap<AffiliateId, Standing>, StoreError> {
        let ids: Vec<Uuid> = affiliates.iter().map(|id| id.0).collect();
        let rows = sqlx::query_as!(
            StandingRow,
            r#"select affiliate_id as "affiliate_id!", currency, sum(earned)::bigint as "earned!",
                   sum(held)::bigint as "held!", sum(moved)::bigint as "moved!", sum(payouts)::bigint as "payouts!",
                   sum(sales)::bigint as "sales!", sum(clicks)::bigint as "clicks!"
               from (
                   select affiliate_id, commission_currency as currency, sum(commission_minor) as earned,
                       coalesce(sum(commission_minor) filter (where status = 'pending'), 0) as held, 0 as moved,
                       0 as payouts, coalesce(sum(conversions) filter (where kind <> 'lead' and source <> 'override'
                           and status <> 'denied'), 0) as sales, 0 as clicks
                   from affiliate_day where organization_id = $1 and affiliate_id = any($2)
                   group by affiliate_id, commission_currency
                   union all
                   select affiliate_id, commission_currency, 0, sum(commission_minor), 0, 0, 0, 0
                   from conversion where organization_id = $1 and affiliate_id = any($2) and held_by is not null
                       and status = 'approved'
                   group by affiliate_id, commission_currency
                   union all
                   select affiliate_id, currency, 0, 0, sum(amount_minor),
                       coalesce(sum(amount_minor) filter (where kind = 'payout'), 0), 0, 0
                   from ledger_entry where organization_id = $1 and affiliate_id = any($2)
                       and kind in ('payout', 'adjustment')
                   group by affiliate_id, currency
                   union all
                   select affiliate_id, null, 0, 0, 0, 0, 0, sum(clicks)
                   from click_day where organization_id = $1 and affiliate_id = any($2)
                   group by affiliate_id
               ) sums
               group by affiliate_id, currency
               order by currency"#,
            organization_id.0,
            &ids,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut standings: HashMap<AffiliateId, Standing> = HashMap::new();
        for row in &rows {
            let own = standings.entry(AffiliateId(row.affiliate_id)).or_default();
            own.add(row)?;
        }
        Ok(standings)
    }
}
