-- From when until when a campaign paid per click, and how far the clicks of that time are rolled up. A spell begins when
-- the campaign begins to pay and ends when it pays no more: clicks outside of one earn nothing.
create table click_pay (
    organization_id uuid not null,
    campaign_id uuid not null,
    since timestamptz not null,
    until timestamptz,
    -- the end of the last hour that is rolled up
    done_until timestamptz not null,
    primary key (organization_id, campaign_id, since),
    foreign key (organization_id, campaign_id) references campaign
);
create unique index click_pay_running on click_pay (organization_id, campaign_id) where until is null;
create index click_pay_due on click_pay (done_until) where until is null or done_until < until;

-- How many clicks and leads came on a UTC day, and how many were paid for: what caps are held against, and what tells
-- which clicks are rolled up. Written with the conversions that pay them.
create table paid_day (
    organization_id uuid not null,
    affiliate_id uuid not null,
    campaign_id uuid not null,
    kind text not null check (kind in ('click', 'lead')),
    day date not null,
    -- qualifying clicks of the day that were rolled up; leads that came while the campaign paid for them
    came integer not null,
    paid integer not null,
    primary key (organization_id, affiliate_id, campaign_id, kind, day)
);
