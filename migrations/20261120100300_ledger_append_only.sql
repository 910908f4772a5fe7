-- Entries are facts: the database itself refuses to change or remove one.
set local citus.enable_unsafe_triggers = on;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: write a new entry that corrects the old one', tg_table_name
        using errcode = 'restrict_violation';
end
$$;

create trigger ledger_entry_append_only before update or delete on ledger_entry
    for each row execute function refuse_change();
create trigger ledger_entry_no_truncate before truncate on ledger_entry
    for each statement execute function refuse_change();
