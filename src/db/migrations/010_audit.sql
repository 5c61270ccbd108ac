-- Each row of the audit log carries the hash of the one before (accounts/audit_chain.hpp). Rows of before
-- get theirs with the first row that is written.
alter table audit add column address text not null default '';
alter table audit add column token text not null default '';
alter table audit add column project text not null default '';
alter table audit add column team text not null default '';
alter table audit add column previous_hash text not null default '';
alter table audit add column hash text not null default '';
create index audit_by_team on audit (team, id);

-- One row: where the chain ends, and where it begins since old rows were taken off.
create table audit_chain (
    name text primary key,
    last_id bigint not null,
    last_hash text not null,
    anchor_id bigint not null,
    anchor_hash text not null
);
insert into audit_chain (name, last_id, last_hash, anchor_id, anchor_hash) values ('audit', 0, '', 0, '');
