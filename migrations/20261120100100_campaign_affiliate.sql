-- Terms, who earns under them, and the codes that name the earner.

create table campaign (
    organization_id uuid not null,
    campaign_id uuid not null,
    name text not null,
    slug text not null,
    status text not null check (status in ('active', 'archived')),
    currency text not null,
    plan_percent_bp integer check (plan_percent_bp between 0 and 10000),
    plan_fixed_minor bigint check (plan_fixed_minor >= 0),
    plan_duration text not null check (plan_duration in ('one_time', 'recurring', 'recurring_limited')),
    plan_months integer check (plan_months > 0),
    hold_days integer not null check (hold_days between 0 and 365),
    cookie_days integer not null check (cookie_days between 1 and 365),
    attribution_model text not null check (attribution_model in ('last_touch', 'first_touch')),
    coupons_override_clicks boolean not null,
    override_bp integer not null check (override_bp between 0 and 10000),
    refund_on_cancel boolean not null,
    lead_commission_minor bigint not null check (lead_commission_minor >= 0),
    click_commission_minor bigint not null check (click_commission_minor >= 0),
    -- how many are paid for, per affiliate and day or month of UTC; null: as many as come
    lead_cap_day integer check (lead_cap_day > 0),
    lead_cap_month integer check (lead_cap_month > 0),
    click_cap_day integer check (click_cap_day > 0),
    click_cap_month integer check (click_cap_month > 0),
    payout_threshold_minor bigint not null check (payout_threshold_minor >= 0),
    tracking_requires_consent boolean not null,
    website text,
    landing_page_url text,
    -- further hosts that are the merchant's
    sites text[] not null default '{}',
    -- which suspicions hold sales until a person has looked; null: that rule is off
    flag_self_referral boolean not null default true,
    flag_suspicious_activity boolean not null default true,
    flag_clicks_per_day integer default 10000 check (flag_clicks_per_day > 0),
    flag_conversion_percent integer default 50 check (flag_conversion_percent > 0),
    flag_review_from_minor bigint check (flag_review_from_minor > 0),
    created_at timestamptz not null,
    primary key (organization_id, campaign_id),
    constraint campaign_slug unique (organization_id, slug),
    constraint campaign_one_rate check ((plan_percent_bp is null) <> (plan_fixed_minor is null)),
    constraint campaign_months check ((plan_duration = 'recurring_limited') = (plan_months is not null))
);

create table affiliate (
    organization_id uuid not null,
    affiliate_id uuid not null,
    name text not null,
    email text not null,
    slug text not null,
    status text not null check (status in ('active', 'paused', 'blocked', 'removed')),
    recruiter_id uuid,
    stripe_account_id text,
    created_at timestamptz not null,
    primary key (organization_id, affiliate_id),
    constraint affiliate_slug unique (organization_id, slug),
    constraint affiliate_recruiter foreign key (organization_id, recruiter_id) references affiliate,
    constraint affiliate_not_own_recruiter check (recruiter_id <> affiliate_id)
);
-- What a type-ahead finds: beginnings, compared by bytes whatever the database's locale.
create index affiliate_name_begins on affiliate (organization_id, lower(name) text_pattern_ops);
create index affiliate_slug_begins on affiliate (organization_id, slug text_pattern_ops);
create index affiliate_email on affiliate (organization_id, email text_pattern_ops);
create index affiliate_by_status on affiliate (organization_id, status, affiliate_id);

-- The oldest enrollment names the primary campaign. A plan of one's own beats the campaign's.
create table enrollment (
    organization_id uuid not null,
    affiliate_id uuid not null,
    campaign_id uuid not null,
    plan_percent_bp integer check (plan_percent_bp between 0 and 10000),
    plan_fixed_minor bigint check (plan_fixed_minor >= 0),
    plan_duration text check (plan_duration in ('one_time', 'recurring', 'recurring_limited')),
    plan_months integer check (plan_months > 0),
    created_at timestamptz not null,
    primary key (organization_id, affiliate_id, campaign_id),
    foreign key (organization_id, affiliate_id) references affiliate,
    foreign key (organization_id, campaign_id) references campaign
);
create index enrollment_campaign on enrollment (organization_id, campaign_id, affiliate_id);

create table coupon (
    organization_id uuid not null,
    coupon_id uuid not null,
    affiliate_id uuid not null,
    campaign_id uuid not null,
    code text not null,
    code_key text not null,
    processor_discount_id text,
    expires_at timestamptz,
    created_at timestamptz not null,
    removed_at timestamptz,
    primary key (organization_id, coupon_id),
    foreign key (organization_id, affiliate_id) references affiliate,
    foreign key (organization_id, campaign_id) references campaign
);
create unique index coupon_code on coupon (organization_id, code_key) where removed_at is null;
create unique index coupon_discount on coupon (organization_id, processor_discount_id)
    where removed_at is null and processor_discount_id is not null;
-- Also those that were removed: what a payment carries is told to have been one. The first also finds codes by how they
-- begin.
create index coupon_code_ever on coupon (organization_id, code_key text_pattern_ops);
create index coupon_discount_ever on coupon (organization_id, processor_discount_id)
    where processor_discount_id is not null;
create index coupon_affiliate on coupon (organization_id, affiliate_id);
create index coupon_campaign on coupon (organization_id, campaign_id, coupon_id);
