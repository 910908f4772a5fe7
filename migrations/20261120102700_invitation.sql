-- Invitations of people into an organization. Who is invited holds the link, we hold its SHA-256. Looked up before
-- the organization is known, so a reference on a distributed database, as members are.
create table invitation (
    organization_id uuid not null references organization,
    invitation_id uuid not null,
    token_hash bytea not null unique,
    email text not null,
    role text not null check (role in ('owner', 'admin', 'manager', 'viewer')),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (organization_id, invitation_id),
    -- whoever is invited again has the newest link only
    unique (organization_id, email)
);
