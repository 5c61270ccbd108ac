-- A team's roles are viewer < developer < admin < owner. Who was a plain member keeps all rights.
update members set role = 'admin' where role = 'member';
create index members_by_user on members (user_id);
create index projects_by_team on projects (team);

-- A deleted team keeps its row, which its deleted projects name; its slug is free again.
alter table teams add column deleted_at_ms bigint;

-- A person's role in one project, for people of the team and others.
create table project_members (
    project text not null references projects (id),
    user_id text not null references users (id),
    role text not null,
    primary key (project, user_id)
);
create index project_members_by_user on project_members (user_id);

-- The one place that says who sees a project: by the team, by the project, or by both, which are two
-- rows. The greater role holds.
create view project_roles as
select p.id as project, m.user_id as user_id, m.role as role
from projects p join members m on m.team = p.team
union all
select project, user_id, role from project_members;

-- Links that let one address join a team, once. Only a hash of the secret is kept.
create table invitations (
    id text primary key,
    team text not null references teams (id),
    email text not null,
    role text not null,
    hash text not null unique,
    invited_by text not null references users (id),
    created_at_ms bigint not null,
    expires_at_ms bigint not null,
    used_at_ms bigint,
    revoked_at_ms bigint
);
create index invitations_by_team on invitations (team);
