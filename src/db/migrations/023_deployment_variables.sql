-- Variables of one deployment alone: their names stay with it, their values only until it ends.
alter table deployments add column own_variables text not null default '[]';
create table deployment_own_variables (
    deployment text primary key references deployments (id),
    sealed_values text not null
);
