-- How far each connection's events were read at the processor itself, and who is reading them.
create table reconciliation (
    organization_id uuid not null,
    connection_id uuid not null,
    -- everything that happened before this time is here
    reached_at timestamptz,
    -- while a server is at it: nobody else begins before this time
    claimed_until timestamptz,
    due_at timestamptz not null,
    -- when it was last read to the end
    reconciled_at timestamptz,
    -- why the last reading broke off, in words
    error text,
    primary key (organization_id, connection_id),
    constraint reconciliation_connection foreign key (organization_id, connection_id) references connection
);
