-- Tenants, people and how they get in. Small tables, read before the tenant is known (sign-in, keys,
-- webhook addresses), so on a distributed database they are references, copied to every node.

create table organization (
    organization_id uuid primary key,
    name text not null,
    created_at timestamptz not null
);

-- One person, one password, however many organizations.
create table person (
    person_id uuid primary key,
    email text not null unique,
    password_hash text not null,
    created_at timestamptz not null
);

create table member (
    organization_id uuid not null references organization,
    person_id uuid not null references person,
    role text not null check (role in ('owner', 'admin', 'manager', 'viewer')),
    created_at timestamptz not null,
    primary key (organization_id, person_id)
);
create index member_person on member (person_id);

-- The browser holds the token, we hold its SHA-256. Its person ends it by session_id.
create table session (
    token_hash bytea primary key,
    session_id uuid not null unique,
    organization_id uuid not null references organization,
    person_id uuid not null references person,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    user_agent text not null
);
create index session_person on session (person_id);

-- The caller holds the key, we hold its SHA-256.
create table api_key (
    organization_id uuid not null references organization,
    api_key_id uuid not null,
    name text not null,
    key_hash bytea not null unique,
    key_hint text not null,
    scopes text[] not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    primary key (organization_id, api_key_id)
);

-- Secrets that sign server-to-server calls. A replaced one stays valid until valid_until.
create table s2s_secret (
    organization_id uuid not null references organization,
    s2s_secret_id uuid not null,
    secret_sealed bytea not null,
    created_at timestamptz not null,
    valid_until timestamptz,
    primary key (organization_id, s2s_secret_id)
);

-- A processor account. The webhook address carries only connection_id.
create table connection (
    organization_id uuid not null references organization,
    connection_id uuid not null unique,
    processor text not null check (processor in ('stripe', 'paddle', 'braintree')),
    mode text not null check (mode in ('live', 'test')),
    name text not null,
    campaign_id uuid,
    secrets_sealed bytea not null,
    secret_count integer not null,
    created_at timestamptz not null,
    removed_at timestamptz,
    primary key (organization_id, connection_id)
);

-- A known text sealed with the secret key: tells at start-up whether the key is the right one.
create table key_check (
    only_one boolean primary key default true check (only_one),
    sealed bytea not null
);
