-- From when on whoever acts in a team needs a second factor; null: nobody does.
alter table teams add column second_factor_from_ms bigint;
