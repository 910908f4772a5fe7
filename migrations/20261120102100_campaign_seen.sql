-- Since when, and when last, pages of a campaign's sites have loaded the loader or told of a visit. Noted once an hour.
create table campaign_seen (
    organization_id uuid not null,
    campaign_id uuid not null,
    -- as in campaign_site: the one that the campaign lists, not its subdomains
    site text not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (organization_id, campaign_id, site),
    foreign key (organization_id, campaign_id) references campaign
);
