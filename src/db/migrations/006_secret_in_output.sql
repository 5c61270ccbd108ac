-- fail: a secret that is found in a build's output fails the deployment; warn: it is said.
alter table projects add column secret_in_output text not null default 'fail';
