//! What is never found in the database, whatever happened.

/// What must be empty, whatever has happened.
pub(super) const NEVER: [(&str, &str); 6] = [
    (
        "a conversion whose entries don't add up to its commission",
        "select c.conversion_id from conversion c left join ledger_entry e using (organization_id, conversion_id)
         group by c.organization_id, c.conversion_id, c.commission_minor
         having coalesce(sum(e.amount_minor), 0) <> c.commission_minor",
    ),
    (
        "an entry in another currency or for another affiliate than its conversion's",
        "select e.conversion_id from ledger_entry e join conversion c using (organization_id, conversion_id)
         where e.currency <> c.commission_currency or e.affiliate_id <> c.affiliate_id",
    ),
    (
        "a commission that was accrued twice",
        "select conversion_id from ledger_entry where kind = 'accrual' group by conversion_id having count(*) > 1",
    ),
    (
        "a payment with two sales, or a sale with two shares",
        "select external_event_id from conversion
         group by external_event_id, parent_conversion_id having count(*) > 1",
    ),
    (
        "a refund that met no sale although there is one",
        "select r.external_id from refund r join conversion c on c.parent_conversion_id is null
             and split_part(c.external_event_id, '_', 2) = split_part(r.external_id, '_', 2)
             and split_part(c.external_event_id, '_', 3) = split_part(r.external_id, '_', 3)
         where r.conversion_id is distinct from c.conversion_id",
    ),
    (
        "a day whose sums are not those of its rows",
        "with r as (
             select created_at::date, campaign_id, kind, source, status, currency, commission_currency,
                 count(*)::numeric, sum(amount_minor), sum(commission_minor)
             from conversion group by 1, 2, 3, 4, 5, 6, 7),
         d as (
             select day, campaign_id, kind, source, status, currency, commission_currency,
                 conversions::numeric, amount_minor::numeric, commission_minor::numeric
             from conversion_day where (conversions, amount_minor, commission_minor) <> (0, 0, 0))
         (table r except table d) union all (table d except table r)",
    ),
];
