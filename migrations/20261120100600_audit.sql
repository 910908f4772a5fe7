-- Who changed what. Written in the transaction of the change.
create table audit_entry (
    organization_id uuid not null,
    audit_entry_id uuid not null,
    created_at timestamptz not null,
    actor_kind text not null check (actor_kind in ('person', 'key', 'event', 'system')),
    actor_id uuid,
    subject_kind text not null,
    subject_id uuid not null,
    action text not null,
    detail text not null,
    primary key (organization_id, audit_entry_id)
);
create index audit_entry_subject on audit_entry (organization_id, subject_id);
