-- Sums per affiliate, campaign and UTC day of recording, kept in the transaction that changes the rows they sum. Beside
-- conversion_day, which stays small where there are many affiliates.
create table affiliate_day (
    organization_id uuid not null,
    affiliate_id uuid not null,
    day date not null,
    campaign_id uuid not null,
    kind text not null,
    source text not null,
    status text not null,
    currency text not null,
    commission_currency text not null,
    conversions bigint not null,
    amount_minor bigint not null,
    refunded_minor bigint not null,
    commission_minor bigint not null,
    primary key (organization_id, affiliate_id, day, campaign_id, kind, source, status, currency, commission_currency)
);
-- The affiliates of a span of days.
create index affiliate_day_by_day on affiliate_day (organization_id, day);

-- What changes an account beside conversions: few entries, added to the sums above.
create index ledger_entry_beside on ledger_entry (organization_id, affiliate_id)
    include (currency, kind, amount_minor) where kind in ('payout', 'adjustment');
