-- The last delivery at each connection that was not signed as it should be: how an owner sees that a secret is wrong.
create table refused_delivery (
    organization_id uuid not null,
    connection_id uuid not null,
    refused_at timestamptz not null,
    -- why, in words
    reason text not null,
    primary key (organization_id, connection_id),
    constraint refused_delivery_connection foreign key (organization_id, connection_id) references connection
);
