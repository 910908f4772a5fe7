-- Fifty organizations, each with a key, three campaigns and sixty affiliates, enrolled and with a coupon.
-- Ids are numbers in the shape of a UUID, so that pgbench and the load generator can tell them without asking.

create schema bench;

create function bench.id(kind int, organization int, number int) returns uuid language sql immutable as $$
    select ('00000000-' || lpad(kind::text, 4, '0') || '-7000-8000-' || lpad(organization::text, 6, '0')
        || lpad(number::text, 6, '0'))::uuid
$$;
create function bench.organization(n int) returns uuid language sql immutable as 'select bench.id(0, n, 0)';
create function bench.affiliate(n int, k int) returns uuid language sql immutable as 'select bench.id(1, n, k)';
create function bench.campaign(n int, k int) returns uuid language sql immutable as 'select bench.id(2, n, k)';

-- Seven in ten affiliates are in the first campaign, two in the second, one in the third.
create function bench.campaign_of(k int) returns int language sql immutable as $$
    select case when k % 10 < 7 then 1 when k % 10 < 9 then 2 else 3 end
$$;

-- A UUIDv7 of that millisecond; the same seed makes the same id.
create function bench.uuid7(ms bigint, seed text) returns uuid language sql immutable as $$
    select (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(seed), 1, 3) || 'b' || substr(md5(seed), 4, 15))::uuid
$$;

insert into organization (organization_id, name, created_at)
select bench.organization(n), 'Organization ' || n, now() - interval '400 days'
from generate_series(1, :organizations) n;

insert into organization_position (organization_id, position)
select bench.organization(n), :rows from generate_series(1, :organizations) n;

insert into api_key (organization_id, api_key_id, name, key_hash, key_hint, scopes, created_at, last_used_at)
select bench.organization(n), bench.id(4, n, 1), 'Benchmark', sha256(key::bytea), 'ak_live_…',
    '{conversions:read,conversions:write,merchant:read,merchant:manage}', now() - interval '400 days', now()
from generate_series(1, :organizations) n
cross join lateral (select 'ak_live_benchmark-organization-' || lpad(n::text, 2, '0') as key) k;

insert into campaign (organization_id, campaign_id, name, slug, status, currency, plan_percent_bp, plan_duration,
    hold_days, cookie_days, attribution_model, coupons_override_clicks, override_bp, refund_on_cancel,
    lead_commission_minor, click_commission_minor, payout_threshold_minor, tracking_requires_consent, website,
    landing_page_url, created_at)
select bench.organization(n), bench.campaign(n, k), (array['Default', 'Partners', 'Spring'])[k],
    (array['default', 'partners', 'spring'])[k], 'active', 'USD', 2000, 'recurring', 30, 60, 'last_touch', true, 0,
    true, 500, 0, 5000, false, 'https://shop.example.com', 'https://shop.example.com/',
    now() - interval '400 days' + k * interval '1 s'
from generate_series(1, :organizations) n cross join generate_series(1, 3) k;

insert into affiliate (organization_id, affiliate_id, name, email, slug, status, created_at)
select bench.organization(n), bench.affiliate(n, k), 'Affiliate ' || k, 'affiliate-' || k || '@example.com',
    'affiliate-' || k, 'active', now() - interval '399 days'
from generate_series(1, :organizations) n cross join generate_series(1, :affiliates) k;

insert into enrollment (organization_id, affiliate_id, campaign_id, created_at)
select bench.organization(n), bench.affiliate(n, k), bench.campaign(n, bench.campaign_of(k)),
    now() - interval '399 days'
from generate_series(1, :organizations) n cross join generate_series(1, :affiliates) k;

insert into coupon (organization_id, coupon_id, affiliate_id, campaign_id, code, code_key, created_at)
select bench.organization(n), bench.id(3, n, k), bench.affiliate(n, k), bench.campaign(n, bench.campaign_of(k)),
    'SAVE' || k, 'SAVE' || k, now() - interval '399 days'
from generate_series(1, :organizations) n cross join generate_series(1, :affiliates) k;

-- A UUIDv7 of now, for pgbench: a microsecond or two.
create function bench.new_id() returns uuid language sql volatile as $$
    select encode(overlay(uuid_send(gen_random_uuid()) placing
        substr(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint), 3) from 1 for 6), 'hex')::uuid
$$;
