-- Affiliates and sales brought from other platforms as CSV.

create table import (
    organization_id uuid not null,
    import_id uuid not null,
    kind text not null check (kind in ('affiliates', 'sales')),
    state text not null check (state in ('uploading', 'uploaded', 'running', 'checked', 'done', 'failed', 'cancelled')),
    file_name text not null,
    file_bytes bigint not null,
    delimiter text not null,
    -- the header as it stands in the file
    header text[] not null,
    platform text not null,
    -- which column holds what
    mapping json not null,
    date_order text not null check (date_order in ('clear', 'month_first', 'day_first')),
    -- for rows that name none
    campaign_id uuid,
    is_dry_run boolean not null,
    -- which start of it this is: what was read for an earlier one counts no more
    run bigint not null,
    -- where the next row begins, so that a server that comes after another goes on there
    next_byte bigint not null,
    -- how many rows stand before it as a spreadsheet counts: with the header and the empty ones
    next_row bigint not null,
    rows_read bigint not null,
    rows_created bigint not null,
    rows_existing bigint not null,
    rows_failed bigint not null,
    -- as what those that were created stand; sales only
    rows_pending bigint not null,
    rows_approved bigint not null,
    rows_paid bigint not null,
    rows_refunded bigint not null,
    rows_denied bigint not null,
    -- what these come to: [{currency, amountMinor, commissionMinor}]
    sums json not null,
    -- why it was not read to its end, in words
    problem text,
    actor_kind text not null check (actor_kind in ('person', 'key', 'system')),
    actor_id uuid,
    -- while a server is at it: nobody else goes on before this time
    claimed_until timestamptz,
    created_at timestamptz not null,
    finished_at timestamptz,
    primary key (organization_id, import_id),
    constraint import_campaign foreign key (organization_id, campaign_id) references campaign
);
create index import_running on import (organization_id, import_id) where state = 'running';

-- The file in pieces of one size, the last one excepted.
create table import_piece (
    organization_id uuid not null,
    import_id uuid not null,
    piece integer not null,
    content bytea not null,
    primary key (organization_id, import_id, piece),
    constraint import_piece_import foreign key (organization_id, import_id) references import
);

-- Rows that could not be taken. Row 1 is the header, as a spreadsheet counts.
create table import_error (
    organization_id uuid not null,
    import_id uuid not null,
    row_number bigint not null,
    column_name text not null,
    message text not null,
    row_text text not null,
    primary key (organization_id, import_id, row_number),
    constraint import_error_import foreign key (organization_id, import_id) references import
);

-- What a dry run would have stored: a second row of the same would be there already.
create table import_seen (
    organization_id uuid not null,
    import_id uuid not null,
    seen text not null,
    primary key (organization_id, import_id, seen),
    constraint import_seen_import foreign key (organization_id, import_id) references import
);
