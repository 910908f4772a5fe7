-- A year of sales in the order in which they came, so that an organization's rows lie scattered over the table as
-- they do in life. Organization 1 has 20 %, the others from 11 % down to 1 %.

-- Indexes are made again afterwards, and nobody has to check keys that are made here.
set session_replication_role = replica;
set maintenance_work_mem = '256MB';
set synchronous_commit = off;
select setseed(0.5) \g /dev/null

create table bench.index_of as
select indexname, indexdef from pg_indexes
where schemaname = 'public' and tablename in ('conversion', 'ledger_entry')
    and indexname not in (select conname from pg_constraint where contype = 'p');
select format('drop index %I', indexname) from bench.index_of \gexec

insert into conversion (organization_id, conversion_id, created_at, occurred_at, kind, source, status, affiliate_id,
    campaign_id, coupon_code, amount_minor, base_minor, refunded_minor, currency, commission_minor,
    commission_currency, commission_state, plan_percent_bp, plan_fixed_minor, plan_duration, external_event_id,
    processor, customer_id, subscription_id, invoice_id, payment_intent_id, charge_id, customer_email,
    customer_name, hold_until, approved_at, paid_at, refunded_at, metadata, trail, change_position, revision, settled_minor)
select bench.organization(n), bench.uuid7(ms, i::text), at, at, kind, source, status, bench.affiliate(n, k),
    bench.campaign(n, bench.campaign_of(k)), case source when 'coupon' then 'SAVE' || k end, amount, amount,
    case status when 'refunded' then amount else 0 end, 'USD',
    case when status in ('refunded', 'denied') then 0 when kind = 'lead' then 500 else amount / 5 end, 'USD',
    'ready', case when kind <> 'lead' then 2000 end, case kind when 'lead' then 500 end,
    case kind when 'lead' then 'one_time' else 'recurring' end,
    case when kind = 'lead' then 'lead_' || i when processor = 'server' then 'order_' || i else 'in_' || i end,
    processor, 'cus_' || customer, case when subscribed then 'sub_' || customer end,
    case when processor = 'stripe' and kind <> 'lead' then 'in_' || i end,
    case when processor = 'stripe' and kind <> 'lead' then 'pi_' || i end,
    case when processor = 'stripe' and kind <> 'lead' then 'ch_' || i end,
    'customer-' || customer || '@example.com', 'Customer ' || customer, at + interval '30 days',
    case when status in ('approved', 'paid') then at + interval '30 days' end,
    case status when 'paid' then at + interval '45 days' end,
    case status when 'refunded' then at + interval '9 days' end,
    (case when i % 3 = 0 then '{"plan":"pro","seats":3}' else '{}' end)::json,
    json_build_array(json_build_object('verdict', 'answered', 'text',
        initcap(source) || ' names affiliate-' || k || ': Affiliate ' || k)),
    i, 1,
    -- As paid out before it came here.
    case when status <> 'paid' then 0 when kind = 'lead' then 500 else amount / 5 end
from (
    select *,
        case when kind = 'lead' then 0 else 500 + (r4 * 49500)::bigint end as amount,
        -- A customer has one lead, and buys about four times.
        n || '_' || case when kind = 'lead' then 'lead' || i
            else (floor(r5 * :rows / 200 * case n when 1 then 10 else 1 end))::text end as customer,
        case when source = 'server' then 'server' else 'stripe' end as processor,
        kind <> 'lead' and (kind = 'recurring' or r6 < 0.4) as subscribed,
        case when age < interval '30 days' then (case when r7 < 0.02 then 'denied' else 'pending' end)
            when kind = 'lead' then (case when age < interval '45 days' then 'approved' else 'paid' end)
            when r7 < 0.02 then 'denied'
            when r7 < 0.06 then 'refunded'
            when age < interval '45 days' then 'approved'
            else 'paid' end as status
    from (
        select *,
            case when kind = 'lead' then 'lead'
                when r3 < 0.01 then 'manual'
                when r3 < 0.03 then 'imported'
                when r3 < 0.15 then 'server'
                when kind = 'recurring' and r3 < 0.75 then 'customer_match'
                when r3 < 0.50 then 'coupon'
                else 'link' end as source
        from (
            select i, ms, 'epoch'::timestamptz + ms * interval '1 ms' as at,
                now() - ('epoch'::timestamptz + ms * interval '1 ms') as age,
                case when r1 < 0.2 then 1 else 2 + floor(random() ^ 2 * (:organizations - 1))::int end as n,
                1 + floor(random() ^ 2 * :affiliates)::int as k,
                case when r2 < 0.05 then 'lead' when r2 < 0.35 then 'recurring' else 'sale' end as kind,
                random() as r3, random() as r4, random() as r5, random() as r6, random() as r7
            from (
                select i, random() as r1, random() as r2,
                    (extract(epoch from now()) * 1000)::bigint - 60000
                        - (:rows::bigint - i) * (365 * 86400000::bigint / :rows) as ms
                from generate_series(1, :rows::bigint) i
            ) dice
        ) drawn
    ) sourced
) made;

-- What was denied or refunded was earned first and taken back later.
insert into ledger_entry (organization_id, ledger_entry_id, affiliate_id, conversion_id, kind, amount_minor, currency,
    reason, created_at)
select organization_id, bench.uuid7((extract(epoch from at) * 1000)::bigint, entry || change_position), affiliate_id,
    conversion_id, entry, minor, commission_currency, reason || external_event_id, at
from conversion
cross join lateral (
    select 'accrual' as entry, created_at as at, 'commission on ' as reason,
        case kind when 'lead' then 500 else base_minor / 5 end as minor
    union all
    select case status when 'denied' then 'denial' else 'clawback' end, created_at + interval '9 days',
        status || ' ', case kind when 'lead' then -500 else -(base_minor / 5) end
    where status in ('denied', 'refunded')
    union all
    select 'payout', paid_at, 'payout of ', -commission_minor where status = 'paid'
) entries;

insert into affiliate_day (organization_id, affiliate_id, day, campaign_id, kind, source, status, currency,
    commission_currency, conversions, amount_minor, refunded_minor, commission_minor)
select organization_id, affiliate_id, (created_at at time zone 'UTC')::date, campaign_id, kind, source, status,
    currency, commission_currency, count(*), sum(amount_minor), sum(refunded_minor), sum(commission_minor)
from conversion
group by 1, 2, 3, 4, 5, 6, 7, 8, 9;

insert into conversion_day (organization_id, day, campaign_id, kind, source, status, currency, commission_currency,
    conversions, amount_minor, refunded_minor, commission_minor)
select organization_id, day, campaign_id, kind, source, status, currency, commission_currency, sum(conversions),
    sum(amount_minor), sum(refunded_minor), sum(commission_minor)
from affiliate_day
group by 1, 2, 3, 4, 5, 6, 7, 8;

select indexdef from bench.index_of \gexec

vacuum (analyze) conversion, ledger_entry, conversion_day, affiliate_day;
analyze;
checkpoint;
