-- The bare database's part of a page: the same columns by the same index, of an organization drawn at random.
\set organization random(1, 50)
select conversion_id, created_at, occurred_at, kind, source, status, affiliate_id, campaign_id, coupon_code,
    amount_minor, base_minor, refunded_minor, currency, commission_minor, commission_currency, commission_state,
    plan_percent_bp, plan_fixed_minor, plan_duration, plan_months, external_event_id, processor, connection_id,
    customer_id, subscription_id, invoice_id, payment_intent_id, charge_id, session_id, customer_email, customer_name,
    hold_until, approved_at, paid_at, refunded_at, parent_conversion_id, metadata
from conversion
where organization_id = bench.organization(:organization)
order by conversion_id desc
limit TAKE;
