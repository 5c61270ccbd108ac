-- Where the source of a deployment came from: its project's repository, an upload, or a push to
-- Berth's own remote; and, of a site that was built elsewhere, the directory that is published.
alter table deployments add column source text not null default 'repository';
alter table deployments add column prebuilt text;

-- Trees that people uploaded, all of whose bytes are there. What such a tree has is listed in the
-- object private/uploads/<project>/trees/<id>.json.
create table uploads (
    id text primary key,
    project text not null references projects (id),
    sha256 text not null,
    files bigint not null,
    bytes bigint not null,
    branch text not null default '',
    actor text not null default '',
    created_at_ms bigint not null
);
create index uploads_by_project on uploads (project, id);

-- Which commit of each branch of Berth's own remote has been taken note of: where the repository
-- says otherwise, a push has not been deployed yet.
create table pushed_refs (
    project text not null references projects (id),
    ref text not null,
    "commit" text not null,
    deployment text not null default '',
    primary key (project, ref)
);
