-- Whose campaign's a web site is, asked before the tenant is known: on a distributed database a reference, copied to
-- every node. Written with the campaign, from its website, landing page and further sites.
create table campaign_site (
    organization_id uuid not null,
    campaign_id uuid not null,
    -- as domain::site writes it: the port only where it is not the usual one
    site text not null,
    primary key (organization_id, campaign_id, site)
);
create index campaign_site_site on campaign_site (site);
