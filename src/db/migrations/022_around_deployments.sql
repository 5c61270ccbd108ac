-- What came of the checks that a deployment's source declares. One that failed some does not go
-- live by itself. What was found is its own row: lists of deployments do not read it.
alter table deployments add column checks bigint not null default 0;
alter table deployments add column checks_failed bigint not null default 0;
create table deployment_checks (
    deployment text primary key references deployments (id),
    items text not null
);

-- Which branches become previews (patterns, as JSON), how many days one is kept after its last
-- deployment (0: as long as its branch), and which files of the repository matter.
alter table projects add column preview_branches text not null default '[]';
alter table projects add column preview_days bigint not null default 0;
alter table projects add column watch_paths text not null default '[]';

-- What is special about the previews of a ref: kept whatever their age, or taken down for it.
create table previews (
    project text not null references projects (id),
    ref text not null,
    kept bigint not null default 0,
    expired_at_ms bigint,
    primary key (project, ref)
);

-- Whether a deployment goes live only when its commit's checks at the Git host have passed, and
-- those that are ready and wait for them.
alter table projects add column wait_for_checks bigint not null default 0;
alter table deployments add column waits_for_checks bigint not null default 0;
create table waiting_promotions (
    deployment text primary key references deployments (id),
    project text not null references projects (id),
    begun_ms bigint not null,
    next_at_ms bigint not null
);
create index waiting_promotions_by_time on waiting_promotions (next_at_ms);

-- Redeploys by the clock. `pending` is the deployment that the last time is to make, until it is
-- made.
create table schedules (
    id text primary key,
    project text not null references projects (id),
    cron text not null,
    time_zone text not null,
    ref text not null,
    created_by text not null,
    created_at_ms bigint not null,
    next_at_ms bigint,
    last_at_ms bigint,
    last_deployment text,
    pending text,
    trouble text not null default ''
);
create index schedules_by_project on schedules (project);
create index schedules_by_time on schedules (next_at_ms);

-- The address of a project's status badge; none: it is off.
create table badges (
    project text primary key references projects (id),
    key text not null unique
);

-- Strangers' requests of which a project's channels have been told that they wait for somebody.
create table told_approvals (
    project text not null references projects (id),
    number bigint not null,
    primary key (project, number)
);
insert into told_approvals (project, number)
select project, number from git_requests where approval = 'waiting';
