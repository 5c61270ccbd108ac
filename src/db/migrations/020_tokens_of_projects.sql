-- A token may be for several projects: their ids, as JSON; an empty list is all there are.
alter table tokens add column projects text not null default '[]';
update tokens set projects = '["' || project || '"]' where project is not null;
alter table tokens drop column project;
