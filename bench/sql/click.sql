-- The bare database's part of a visit: the same row of the same table.
\set organization random(:first, :last)
\set affiliate random(1, 60)
\set n :n + 1
insert into click (organization_id, click_id, affiliate_id, campaign_id, clicked_at, network, visitor, is_known, page_url,
    referrer, traffic)
values (bench.organization(:organization), bench.new_id(), bench.affiliate(:organization, :affiliate),
    bench.campaign(:organization, bench.campaign_of(:affiliate)), now(),
    sha256(('network-' || :run::text || '-' || :client_id::text || '-' || :n::text)::bytea),
    sha256(('visitor-' || :run::text || '-' || :client_id::text || '-' || :n::text)::bytea), false,
    'https://shop.example.com/?via=affiliate-7', 'https://blog.example.com/best', 'blog.example.com');
