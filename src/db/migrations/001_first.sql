-- The first schema. Runs on SQLite and PostgreSQL. Column names are the C++ members' names; times
-- are Unix milliseconds; truth values are 0 and 1; JSON is text. Secrets are sealed or hashed.

create table instance (
    name text primary key,
    value text not null
);

-- Numbers that only grow: intent, generation, outbox.
create table counters (
    name text primary key,
    value bigint not null
);

create table users (
    id text primary key,
    email text not null unique,
    password_hash text not null,
    role text not null,
    disabled bigint not null default 0,
    must_change_password bigint not null default 0,
    created_at_ms bigint not null
);

create table sessions (
    id text primary key,
    user_id text not null references users (id),
    refresh_hash text not null,
    previous_hash text not null default '',
    previous_until_ms bigint not null default 0,
    user_agent text not null default '',
    address text not null default '',
    created_at_ms bigint not null,
    last_seen_ms bigint not null,
    expires_at_ms bigint not null,
    revoked_at_ms bigint
);
create index sessions_by_user on sessions (user_id);

create table tokens (
    id text primary key,
    user_id text not null references users (id),
    name text not null,
    scope text not null,
    project text,
    hash text not null unique,
    created_at_ms bigint not null,
    expires_at_ms bigint,
    last_used_ms bigint,
    revoked_at_ms bigint
);

create table teams (
    id text primary key,
    slug text not null unique,
    name text not null,
    created_at_ms bigint not null
);

create table members (
    team text not null references teams (id),
    user_id text not null references users (id),
    role text not null,
    primary key (team, user_id)
);

create table projects (
    id text primary key,
    team text not null references teams (id),
    name text not null,
    repo_url text not null,
    branch text not null,
    root text not null default '',
    framework text,
    install_command text,
    build_command text,
    output_dir text,
    node text,
    supersede bigint not null default 1,
    keep_sources bigint not null default 5,
    version bigint not null default 1,
    env_version bigint not null default 1,
    created_at_ms bigint not null,
    deleted_at_ms bigint
);
create unique index projects_by_name on projects (name) where deleted_at_ms is null;

-- The Git credential of a project.
create table connections (
    project text primary key references projects (id),
    kind text not null,
    username text not null default '',
    sealed_secret text not null default '',
    public_key text not null default '',
    known_hosts text not null default ''
);

-- Deploy keys made before their project.
create table deploy_keys (
    id text primary key,
    user_id text not null references users (id),
    sealed_secret text not null,
    public_key text not null,
    created_at_ms bigint not null
);

create table variables (
    project text not null references projects (id),
    key text not null,
    environment text not null,
    scope text not null,
    sensitive bigint not null,
    sealed_value text not null,
    updated_at_ms bigint not null,
    primary key (project, key, environment)
);

create table hooks (
    project text primary key references projects (id),
    hash text not null unique,
    sealed_secret text not null,
    created_at_ms bigint not null
);

create table deployments (
    id text primary key,
    project text not null references projects (id),
    intent bigint not null,
    state text not null,
    reason text,
    detail text not null default '',
    first_error text not null default '',
    next_step text not null default '',
    exit_code bigint,
    environment text not null,
    ref text not null,
    "commit" text not null default '',
    message text not null default '',
    author text not null default '',
    "trigger" text not null,
    actor text not null default '',
    created_at_ms bigint not null,
    finished_at_ms bigint,
    bytes bigint not null default 0,
    files bigint not null default 0,
    plan text,
    reuse bigint not null default 0,
    reuse_key text not null default '',
    reused_deployment text,
    source_sha256 text,
    epoch bigint not null default 0,
    worker text not null default '',
    lease_until_ms bigint not null default 0,
    stop text,
    stop_at_ms bigint,
    log_next bigint not null default 0,
    log_archived bigint not null default 0,
    artifact bigint not null default 0,
    deleted_at_ms bigint
);
create index deployments_by_project on deployments (project, intent);
create index deployments_by_state on deployments (state, intent);
create index deployments_by_reuse on deployments (project, reuse_key);

create table deployment_steps (
    deployment text not null references deployments (id),
    name text not null,
    state text not null,
    begin_ms bigint not null,
    end_ms bigint,
    exit_code bigint,
    primary key (deployment, name)
);

create table deployment_events (
    id bigint primary key,
    deployment text not null references deployments (id),
    at_ms bigint not null,
    state text not null,
    reason text,
    actor text not null default ''
);
create index deployment_events_by_deployment on deployment_events (deployment, id);

-- Lines as JSON arrays, one a line: [at_ms,stream,level,step,"text"]. Once archived, bytes is empty
-- and place and length say where in the object private/logs/<deployment> they lie.
create table log_chunks (
    deployment text not null,
    first bigint not null,
    lines bigint not null,
    bytes text not null,
    place bigint not null default 0,
    length bigint not null default 0,
    primary key (deployment, first)
);

-- Every host name, once. A freed name stays reserved until released_at_ms + 30 days.
create table hosts (
    host text primary key,
    project text not null,
    kind text not null,
    branch text not null default '',
    created_at_ms bigint not null,
    released_at_ms bigint
);
create index hosts_by_project on hosts (project);

-- Where hosts point. What the edge reads is made of this.
create table routes (
    host text primary key,
    project text not null,
    deployment text not null,
    generation bigint not null,
    previous text not null default '[]'
);
create index routes_by_generation on routes (generation);

-- The production pointer of a project and its history.
create table productions (
    project text primary key,
    deployment text not null,
    intent bigint not null,
    generation bigint not null,
    rolled_back bigint not null default 0
);

create table promotions (
    project text not null,
    generation bigint not null,
    deployment text not null,
    kind text not null,
    actor text not null default '',
    reason text not null default '',
    at_ms bigint not null,
    primary key (project, generation)
);

create table inspections (
    id text primary key,
    sealed_request text not null,
    state text not null,
    result text,
    reason text,
    detail text not null default '',
    next_step text not null default '',
    epoch bigint not null default 0,
    worker text not null default '',
    lease_until_ms bigint not null default 0,
    created_at_ms bigint not null
);

create table workers (
    id text primary key,
    name text not null,
    seen_at_ms bigint not null,
    created_at_ms bigint not null
);

-- What happened, to be told on the bus after the commit that wrote it.
create table outbox (
    id bigint primary key,
    topic text not null,
    type text not null,
    subject text not null,
    at_ms bigint not null
);

create table idempotency (
    principal text not null,
    key text not null,
    target text not null,
    fingerprint text not null,
    status bigint not null default 0,
    body text not null default '',
    created_at_ms bigint not null,
    primary key (principal, key, target)
);

create table audit (
    id bigint primary key,
    at_ms bigint not null,
    actor text not null,
    action text not null,
    target text not null,
    detail text not null default ''
);
