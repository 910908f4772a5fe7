-- Suspicions about sales. An open one keeps its sale from approval and payout (conversion.is_flagged).
create table flag (
    organization_id uuid not null,
    flag_id uuid not null,
    conversion_id uuid not null,
    -- the conversion's, which never change
    affiliate_id uuid not null,
    campaign_id uuid not null,
    rule text not null check (rule in ('self_referral', 'high_click_frequency', 'conversion_anomaly',
        'suspicious_activity', 'manual_review')),
    status text not null check (status in ('open', 'reviewed', 'dismissed', 'confirmed')),
    evidence json not null,
    created_at timestamptz not null,
    resolved_at timestamptz,
    -- the person or the key
    resolved_by uuid,
    note text,
    primary key (organization_id, flag_id),
    constraint flag_conversion foreign key (organization_id, conversion_id) references conversion,
    constraint flag_resolved check ((status = 'open') = (resolved_at is null))
);
-- A rule suspects a sale once; people may look at one as often as they like, but not twice at the same time.
create unique index flag_once on flag (organization_id, conversion_id, rule) where rule <> 'manual_review';
create unique index flag_review_once on flag (organization_id, conversion_id)
    where rule = 'manual_review' and status = 'open';
create index flag_by_sale on flag (organization_id, conversion_id);
create index flag_by_status on flag (organization_id, status, flag_id desc);
create index flag_by_affiliate on flag (organization_id, affiliate_id, flag_id desc);

-- Sales that clicks brought, newest first: what the rule conversion_anomaly counts.
create index conversion_by_click on conversion (organization_id, affiliate_id, campaign_id, conversion_id desc)
    where click_id is not null and kind = 'sale' and parent_conversion_id is null;
