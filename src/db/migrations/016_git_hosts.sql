-- A team's account at a Git host. The token is sealed.
create table git_connections (
    id text primary key,
    team text not null references teams (id),
    provider text not null,
    base_url text not null,
    account text not null,
    account_id text not null,
    missing_scopes text not null,
    sealed_token text not null,
    created_by text not null,
    created_at_ms bigint not null,
    renewed_at_ms bigint,
    trouble text not null default '',
    trouble_at_ms bigint,
    unique (team, provider, base_url, account)
);

-- The repository that a project is, at a connection. The webhook there is made by us.
create table git_links (
    project text primary key references projects (id),
    connection text not null references git_connections (id),
    repository text not null,
    clone_url text not null,
    hook_id text not null default '',
    hook_trouble text not null default '',
    hook_checked_at_ms bigint,
    reconciled_at_ms bigint,
    created_at_ms bigint not null
);
create index git_links_by_connection on git_links (connection);

-- Webhooks at hosts whose project is gone or is another repository now: to be removed there.
create table git_hooks_left (
    id text primary key,
    connection text not null references git_connections (id),
    repository text not null,
    hook_id text not null,
    attempts bigint not null default 0,
    next_at_ms bigint not null
);

-- What hosts are to be told of deployments: marked by whatever changes a state, in its transaction.
-- Told is settled by the mark that was seen: a state that changed meanwhile stays due.
create table git_reports (
    deployment text primary key references deployments (id),
    project text not null references projects (id),
    due bigint not null,
    marks bigint not null default 1,
    told text not null default '',
    attempts bigint not null default 0,
    next_at_ms bigint not null,
    trouble text not null default ''
);
create index git_reports_due on git_reports (next_at_ms) where due = 1;
create index git_reports_by_project on git_reports (project, deployment);

-- Pull and merge requests of a project's repository, as the host last told.
create table git_requests (
    project text not null references projects (id),
    number bigint not null,
    title text not null,
    author text not null,
    author_id text not null,
    branch text not null,
    target text not null,
    "commit" text not null,
    fork bigint not null,
    state text not null,
    approval text not null,
    approved_by text not null default '',
    comment_id text not null default '',
    comment_hash text not null default '',
    updated_at_ms bigint not null,
    primary key (project, number)
);

-- Where the branches of a linked repository were when its host was last asked.
create table git_heads (
    project text not null references projects (id),
    branch text not null,
    "commit" text not null,
    primary key (project, branch)
);

-- Of a stranger's fork: built without secrets, and nobody else's build uses what it leaves.
alter table deployments add column fork bigint not null default 0;
