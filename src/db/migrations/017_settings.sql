-- A preview's variable may be for one branch; its value wins there.
create table variables_by_branch (
    project text not null references projects (id),
    key text not null,
    environment text not null,
    branch text not null default '',
    scope text not null,
    sensitive bigint not null,
    sealed_value text not null,
    updated_at_ms bigint not null,
    updated_by text not null default '',
    primary key (project, key, environment, branch)
);
insert into variables_by_branch (project, key, environment, scope, sensitive, sealed_value,
    updated_at_ms)
select project, key, environment, scope, sensitive, sealed_value, updated_at_ms from variables;
drop table variables;
alter table variables_by_branch rename to variables;

-- The key that a project's variables are sealed with, itself sealed with the master key. A project
-- without a row has its variables under the master key until they are saved again.
create table project_keys (
    project text primary key references projects (id),
    sealed_key text not null,
    created_at_ms bigint not null
);

-- What a deployment's build got: a keyed digest of each variable, as JSON {key: digest}.
create table deployment_variables (
    deployment text primary key references deployments (id),
    digests text not null
);

-- Until when a deleted project can be had back. A deleted one without it is gone for good.
alter table projects add column purge_at_ms bigint;

-- Where teams hear of their deployments. What it takes to speak to a channel is sealed.
create table notification_channels (
    id text primary key,
    team text not null references teams (id),
    project text references projects (id),
    kind text not null,
    name text not null,
    target text not null,
    events text not null,
    sealed_config text not null default '',
    enabled bigint not null,
    version bigint not null,
    failures bigint not null,
    last_sent_ms bigint,
    last_error text not null,
    last_error_ms bigint,
    created_at_ms bigint not null
);
create index notification_channels_by_team on notification_channels (team);

-- What is to be told, and what became of it; the last ones of each channel.
create table notifications (
    id text primary key,
    channel text not null references notification_channels (id),
    event text not null,
    title text not null,
    message text not null,
    state text not null,
    attempts bigint not null,
    next_at_ms bigint,
    error text not null,
    created_at_ms bigint not null,
    sent_at_ms bigint
);
create index notifications_by_channel on notifications (channel, id);
create index notifications_due on notifications (next_at_ms) where state = 'waiting';

-- How far what happened has been turned into notifications: what was before is not told.
create table notification_cursors (
    name text primary key,
    position bigint not null
);
insert into notification_cursors (name, position)
select 'deployments', coalesce(max(id), 0) from deployment_events;
insert into notification_cursors (name, position)
select 'promotions', coalesce(max(generation), 0) from promotions;
