//! What the ledger holds for conversions, by affiliate and currency.

use std::collections::{BTreeMap, HashMap};

use domain::{
    conversion::Conversion,
    id::{AffiliateId, ConversionId, OrganizationId},
    money::Money,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// What entries add up to, in minor units, by affiliate and currency.
type Sums = BTreeMap<(AffiliateId, String), i64>;

/// The sums of conversions' entries; payouts and adjustments are no part of what a conversion earned.
pub(super) struct Accounts {
    sums: HashMap<ConversionId, Sums>,
    /// How many entries there are.
    pub(super) entries: i64,
}

impl Accounts {
    pub(super) async fn of_conversions_in(
        db: &mut PgConnection,
        organization_id: OrganizationId,
        ids: &[Uuid],
    ) -> Result<Self, StoreError> {
        let rows = sqlx::query!(
            r#"select conversion_id as "conversion_id!", affiliate_id, currency,
                   sum(amount_minor)::bigint as "sum!", count(*) as "count!"
               from ledger_entry
               where organization_id = $1 and conversion_id = any($2) and kind not in ('payout', 'adjustment')
               group by conversion_id, affiliate_id, currency"#,
            organization_id.0,
            ids,
        )
        .fetch_all(db)
        .await?;
        let mut sums: HashMap<ConversionId, Sums> = HashMap::new();
        let mut entries = 0;
        for row in rows {
            let of_one = sums.entry(ConversionId(row.conversion_id)).or_default();
            of_one.insert((AffiliateId(row.affiliate_id), row.currency), row.sum);
            entries += row.count;
        }
        Ok(Self { sums, entries })
    }

    /// Its affiliate has what is due in the commission's currency; nobody else has anything, nor he in
    /// another currency.
    pub(super) fn differences(&self, one: &Conversion) -> Vec<String> {
        let due = one.commission;
        let own = (one.affiliate_id, due.currency.code().to_owned());
        let sums = self.sums.get(&one.id);
        let held = sums.and_then(|sums| sums.get(&own)).copied().unwrap_or(0);
        let mut found = Vec::new();
        if held != due.minor {
            let held = Money::new(held, due.currency);
            found.push(format!("the ledger holds {held}, but {due} is due"));
        }
        let strangers = sums.into_iter().flatten();
        for ((affiliate_id, code), sum) in strangers.filter(|(key, _)| **key != own) {
            if *sum != 0 {
                found.push(format!(
                    "the ledger holds {sum} {code} in minor units for affiliate {affiliate_id}, to whom nothing is \
                     due in that currency"
                ));
            }
        }
        found
    }
}
