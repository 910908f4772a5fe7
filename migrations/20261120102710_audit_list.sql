-- The audit log is read newest first, by who did it and by what it was done to.
create index audit_entry_actor on audit_entry (organization_id, actor_id, audit_entry_id);
create index audit_entry_subject_kind on audit_entry (organization_id, subject_kind, audit_entry_id);
