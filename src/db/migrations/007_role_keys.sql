-- The public key of the tokens that name visitors' roles to a project's rules; '' is none.
alter table site_access add column role_key text not null default '';
