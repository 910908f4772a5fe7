-- The bare database's part of a sale: one conversion and one ledger row, in one statement.
\set organization random(:first, :last)
\set affiliate random(1, 60)
\set amount random(500, 50000)
\set n :n + 1
with sale as (
    insert into conversion (organization_id, conversion_id, created_at, occurred_at, kind, source, status,
        affiliate_id, campaign_id, amount_minor, base_minor, refunded_minor, currency, commission_minor,
        commission_currency, commission_state, plan_percent_bp, plan_duration, external_event_id, processor,
        customer_id, customer_email, hold_until, metadata, trail, change_position, revision)
    values (bench.organization(:organization), bench.new_id(), now(), now(), 'sale', 'server', 'pending',
        bench.affiliate(:organization, :affiliate), bench.campaign(:organization, bench.campaign_of(:affiliate)), :amount, :amount, 0, 'USD',
        :amount / 5, 'USD', 'ready', 2000, 'recurring',
        'pgbench-' || :run::text || '-' || :client_id::text || '-' || :n::text, 'server',
        'customer-' || :run::text || '-' || :client_id::text || '-' || :n::text,
        'customer-' || :run::text || '-' || :client_id::text || '-' || :n::text || '@example.com',
        now() + interval '30 days', '{}',
        '[{"verdict":"answered","text":"affiliateSlug of the call names affiliate-7: Affiliate 7"}]', :n, 1)
    returning organization_id, conversion_id, affiliate_id, commission_minor, external_event_id
)
insert into ledger_entry (organization_id, ledger_entry_id, affiliate_id, conversion_id, kind, amount_minor, currency,
    reason, created_at)
select organization_id, bench.new_id(), affiliate_id, conversion_id, 'accrual', commission_minor, 'USD',
    'commission on ' || external_event_id, now()
from sale;
