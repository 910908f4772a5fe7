-- Visits through affiliates' links. Ids are UUIDv7 of the time of the click: a month of clicks is a range of ids, so
-- the id alone is unique across all partitions. No foreign keys: this table has the highest volume and guards no money.
create table click (
    organization_id uuid not null,
    click_id uuid not null,
    affiliate_id uuid not null,
    campaign_id uuid not null,
    clicked_at timestamptz not null,
    -- keyed hash of address and user agent: tells a visitor without a cookie
    network bytea not null,
    -- keyed hash of our cookie
    visitor bytea,
    -- came with the cookie; else only the network tells who it was
    is_known boolean not null,
    page_url text,
    referrer text,
    -- where the visitor came from, in a word
    traffic text not null,
    primary key (organization_id, click_id)
) partition by range (click_id);

-- Months are made ahead of time; whatever falls outside of them is kept here.
create table click_default partition of click default;

create index click_by_network on click (organization_id, network, click_id);
create index click_by_visitor on click (organization_id, visitor, click_id) where visitor is not null;
create index click_by_affiliate on click (organization_id, affiliate_id, click_id);

-- Clicks per day and traffic source, kept in the statement that keeps the clicks.
create table click_day (
    organization_id uuid not null,
    affiliate_id uuid not null,
    campaign_id uuid not null,
    day date not null,
    traffic text not null,
    clicks bigint not null,
    primary key (organization_id, affiliate_id, campaign_id, day, traffic)
);
create index click_day_by_campaign on click_day (organization_id, campaign_id, day);
create index click_day_by_day on click_day (organization_id, day);
