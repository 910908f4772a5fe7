-- Exchange rates by day. Those of the nil organization are published reference rates, for everybody.
create table fx_rate (
    organization_id uuid not null,
    day date not null,
    base text not null,
    quote text not null,
    -- 1 unit of base is digits / 10 ^ places units of quote
    digits bigint not null check (digits > 0),
    places integer not null check (places between 0 and 15),
    created_at timestamptz not null,
    primary key (organization_id, day, base, quote)
);

-- Sales whose commission waits for the rate of their day.
create index conversion_awaiting_rate on conversion (organization_id, conversion_id)
    where commission_state = 'awaiting_rate' and parent_conversion_id is null;
