#include "projects/project_store.hpp"

#include <gtest/gtest.h>

#include "accounts/testing.hpp"
#include "db/records.hpp"

namespace berth::projects {
namespace {

using jobs::CredentialKind;

class ProjectStoreTest : public testing::Test, protected accounts::TestAccounts {
protected:
    Actor actor_of(const accounts::User& user) { return {user.id, user.email}; }
    std::string team_of(const accounts::User& user) {
        return wait(accounts->users.memberships(user.id)).front().id;
    }
    NewProject draft(const std::string& name) {
        NewProject wanted;
        wanted.project.team = team_;
        wanted.project.name = name;
        wanted.project.repo_url = "https://git.example/shop.git";
        wanted.project.branch = "main";
        return wanted;
    }
    Project add(const std::string& name) {
        return wait(store_.add(draft(name), ann_actor_)).value().project;
    }
    std::int64_t count(const std::string& table) {
        const auto query = [&](soci::session& sql) {
            return db::value<std::int64_t>(sql, "select count(*) from " + table).value();
        };
        return wait(database.read(query));
    }

    accounts::User ann_ =
        wait(accounts->users.add_first("ann@example.com", "correct horse")).value();
    accounts::User bob_ =
        wait(accounts->users.add({.email = "bob@example.com", .password = "correct horse"}))
            .value()
            .user;
    std::string team_ = team_of(ann_);
    Actor ann_actor_ = actor_of(ann_);
    ProjectStore store_{database,
                        sealer,
                        [this] { return now; },
                        {.base_host = "example.com", .platform_host = "deploy.example.com"}};
};

TEST_F(ProjectStoreTest, finds_what_was_added) {
    const Project added = add("shop");
    EXPECT_TRUE(added.id.starts_with("prj_"));
    const ProjectDetails found = wait(store_.find(added.id)).value();
    EXPECT_EQ(json::text(found.project), json::text(added));
    EXPECT_EQ(found.credential.kind, CredentialKind::none);
    EXPECT_FALSE(found.production.has_value());
    EXPECT_EQ(wait(store_.find("prj_x")).error().failure, Failure::not_found);
}

TEST_F(ProjectStoreTest, refuses_a_taken_name_and_the_platform_s_own) {
    add("shop");
    const auto taken = wait(store_.add(draft("shop"), ann_actor_));
    EXPECT_EQ(taken.error().code, "name_taken");
    EXPECT_EQ(taken.error().pointer, "/name");
    EXPECT_EQ(wait(store_.add(draft("deploy"), ann_actor_)).error().code, "reserved_name");
}

TEST_F(ProjectStoreTest, lets_a_freed_name_rest_for_others_but_not_for_its_team) {
    const Project shop = add("shop");
    EXPECT_TRUE(wait(store_.remove(shop.id, ann_actor_)).has_value());
    EXPECT_EQ(wait(store_.remove(shop.id, ann_actor_)).error().failure, Failure::not_found);
    NewProject others = draft("shop");
    others.project.team = team_of(bob_);
    EXPECT_EQ(wait(store_.add(others, actor_of(bob_))).error().code, "name_taken");
    const Project again = add("shop");
    EXPECT_TRUE(wait(store_.remove(again.id, ann_actor_)).has_value());
    now += ProjectStore::undo_ms;
    EXPECT_EQ(wait(store_.purge_due()), (std::vector<std::string>{shop.id, again.id}));
    EXPECT_EQ(wait(store_.purge_due()), std::vector<std::string>{});
    EXPECT_EQ(wait(store_.add(others, actor_of(bob_))).error().code, "name_taken");
    now += ProjectStore::tombstone_ms;
    EXPECT_TRUE(wait(store_.add(others, actor_of(bob_))).has_value());
}

TEST_F(ProjectStoreTest, leaves_nothing_behind_when_a_part_is_refused) {
    NewProject wanted = draft("shop");
    wanted.credential.kind = CredentialKind::token;
    EXPECT_EQ(wait(store_.add(wanted, ann_actor_)).error().pointer, "/credential/secret");
    wanted = draft("shop");
    wanted.variables = {{.key = "A"}};
    EXPECT_EQ(wait(store_.add(wanted, ann_actor_)).error().pointer, "/variables/0/value");
    wanted.variables = {{.key = "1A", .value = "x"}};
    EXPECT_EQ(wait(store_.add(wanted, ann_actor_)).error().code, "invalid_key");
    EXPECT_EQ(count("projects"), 0);
    EXPECT_EQ(count("hosts"), 0);
    add("shop");
}

TEST_F(ProjectStoreTest, lists_a_person_s_projects_newest_first_in_pages) {
    for (const char* name : {"one", "two", "three"})
        add(name);
    const auto first = wait(store_.list(ann_.id, {.limit = 2}));
    ASSERT_EQ(first.size(), 2u);
    EXPECT_EQ(first[0].project.name, "three");
    const auto rest = wait(store_.list(ann_.id, {.limit = 2, .after = first[1].project.id}));
    ASSERT_EQ(rest.size(), 1u);
    EXPECT_EQ(rest[0].project.name, "one");
    EXPECT_TRUE(wait(store_.list(bob_.id, {.limit = 2})).empty());
}

TEST_F(ProjectStoreTest, finds_projects_by_a_part_of_their_name_or_address) {
    for (const char* name : {"tide-tables", "harbour", "tidy"})
        add(name);
    const auto names = [&](const std::string& text) {
        std::string all;
        for (const ProjectDetails& each : wait(store_.list(ann_.id, {.limit = 9, .text = text})))
            all += each.project.name + " ";
        return all;
    };
    EXPECT_EQ(names("TID"), "tidy tide-tables ");
    EXPECT_EQ(names("e-t"), "tide-tables ");
    EXPECT_EQ(names("GIT.example"), names("")) << "of the repository's address";
    for (const char* none : {"%", "_", "t%d", "tid_", "!", "'", "harbour "})
        EXPECT_EQ(names(none), "") << none;
}

TEST_F(ProjectStoreTest, changes_settings_only_of_the_version_that_was_read) {
    Project shop = add("shop");
    shop.build_command = "make";
    const Project changed = wait(store_.change(shop, std::nullopt, ann_actor_)).value().project;
    EXPECT_EQ(changed.version, 2);
    EXPECT_EQ(wait(store_.change(shop, std::nullopt, ann_actor_)).error().failure,
              Failure::precondition);
    shop = changed;
    shop.name = "store";
    EXPECT_EQ(wait(store_.change(shop, std::nullopt, ann_actor_)).error().pointer, "/name");
    EXPECT_EQ(wait(store_.find(shop.id)).value().project.build_command, "make");
}

TEST_F(ProjectStoreTest, seals_a_token_and_opens_it_for_jobs_alone) {
    NewProject wanted = draft("shop");
    wanted.credential = {.kind = CredentialKind::token, .username = "me", .secret = "s3cret-token"};
    const Project shop = wait(store_.add(wanted, ann_actor_)).value().project;
    const auto stored = [&](soci::session& sql) {
        return db::value<std::string>(sql, "select sealed_secret from connections").value();
    };
    EXPECT_EQ(wait(database.read(stored)).find("s3cret"), std::string::npos);
    const JobInputs inputs =
        wait(store_.job_inputs(shop.id, VariableEnvironment::production, "")).value();
    EXPECT_EQ(inputs.source.credential.secret, "s3cret-token");
    EXPECT_EQ(inputs.source.credential.username, "me");
    EXPECT_EQ(inputs.source.ref, "main");
}

TEST_F(ProjectStoreTest, does_not_take_a_token_to_another_server) {
    NewProject wanted = draft("shop");
    wanted.credential = {.kind = CredentialKind::token, .secret = "s3cret-token"};
    Project shop = wait(store_.add(wanted, ann_actor_)).value().project;
    shop.repo_url = "https://evil.example/shop.git";
    EXPECT_EQ(wait(store_.change(shop, std::nullopt, ann_actor_)).error().pointer,
              "/credential/secret");
    const CredentialInput same{.kind = CredentialKind::token};
    EXPECT_FALSE(wait(store_.change(shop, same, ann_actor_)).has_value());
    const CredentialInput fresh{.kind = CredentialKind::token, .secret = "another"};
    EXPECT_TRUE(wait(store_.change(shop, fresh, ann_actor_)).has_value());
    const JobInputs inputs =
        wait(store_.job_inputs(shop.id, VariableEnvironment::preview, "")).value();
    EXPECT_EQ(inputs.source.credential.secret, "another");
}

TEST_F(ProjectStoreTest, uses_a_deploy_key_once_and_pins_the_first_host_key) {
    const DeployKey key = wait(store_.add_deploy_key(ann_.id)).value();
    NewProject wanted = draft("shop");
    wanted.project.repo_url = "git@git.example:team/shop.git";
    wanted.credential = {.kind = CredentialKind::deploy_key, .deploy_key_id = key.id};
    EXPECT_EQ(wait(store_.open_deploy_key(bob_.id, key.id)).error().code, "deploy_key_not_found");
    const ProjectDetails shop = wait(store_.add(wanted, ann_actor_)).value();
    EXPECT_EQ(shop.credential.public_key, key.public_key);
    wanted.project.name = "second";
    EXPECT_EQ(wait(store_.add(wanted, ann_actor_)).error().code, "deploy_key_not_found");
    wait(store_.pin_known_hosts(shop.project.id, "git.example ssh-ed25519 A"));
    wait(store_.pin_known_hosts(shop.project.id, "git.example ssh-ed25519 B"));
    const JobInputs inputs =
        wait(store_.job_inputs(shop.project.id, VariableEnvironment::production, "")).value();
    EXPECT_EQ(inputs.source.credential.known_hosts, "git.example ssh-ed25519 A");
    EXPECT_TRUE(inputs.source.credential.secret.starts_with("-----BEGIN OPENSSH"));
}

TEST_F(ProjectStoreTest, makes_a_key_for_whoever_asks_without_one) {
    NewProject wanted = draft("shop");
    wanted.project.repo_url = "git@git.example:team/shop.git";
    wanted.credential.kind = CredentialKind::deploy_key;
    EXPECT_TRUE(wait(store_.add(wanted, ann_actor_)).value().credential.public_key.has_value());
}

TEST_F(ProjectStoreTest, keeps_a_branch_that_the_first_clone_told) {
    NewProject wanted = draft("shop");
    wanted.project.branch = "";
    const Project shop = wait(store_.add(wanted, ann_actor_)).value().project;
    wait(store_.pin_branch(shop.id, "trunk"));
    wait(store_.pin_branch(shop.id, "other"));
    EXPECT_EQ(wait(store_.find(shop.id)).value().project.branch, "trunk");
}

using Items = std::vector<VariableInput>;

TEST_F(ProjectStoreTest, shows_plain_values_and_keeps_sensitive_ones) {
    const Project shop = add("shop");
    const Items items{{.key = "PLAIN", .value = "p", .sensitive = false},
                      {.key = "SECRET", .value = "s3cret"}};
    const auto stored = wait(store_.set_variables(shop.id, 1, items, ann_actor_)).value();
    EXPECT_EQ(stored.version, 2);
    EXPECT_EQ(stored.items[0].value, "p");
    EXPECT_EQ(stored.items[1].value, std::nullopt);
    // Sent back as read, without the value: both stay.
    const Items kept{{.key = "PLAIN", .sensitive = false}, {.key = "SECRET"}};
    EXPECT_TRUE(wait(store_.set_variables(shop.id, 2, kept, ann_actor_)).has_value());
    const auto inputs = wait(store_.job_inputs(shop.id, VariableEnvironment::preview, "")).value();
    ASSERT_EQ(inputs.variables.size(), 2u);
    EXPECT_EQ(inputs.variables[1].value, "s3cret");
    EXPECT_TRUE(inputs.variables[1].sensitive);
}

TEST_F(ProjectStoreTest, never_makes_a_stored_secret_readable) {
    const Project shop = add("shop");
    wait(store_.set_variables(shop.id, 1, {{.key = "SECRET", .value = "s"}}, ann_actor_)).value();
    const Items shown{{.key = "SECRET", .sensitive = false}};
    const auto refused = wait(store_.set_variables(shop.id, 2, shown, ann_actor_));
    EXPECT_EQ(refused.error().code, "value_missing");
    EXPECT_EQ(refused.error().pointer, "/items/0/value");
    EXPECT_EQ(wait(store_.variables(shop.id)).value().items.size(), 1u);
    EXPECT_EQ(wait(store_.set_variables(shop.id, 1, shown, ann_actor_)).error().failure,
              Failure::precondition);
}

TEST_F(ProjectStoreTest, prefers_the_value_of_the_environment) {
    const Project shop = add("shop");
    const Items items{{.key = "A", .value = "all"},
                      {.key = "A", .value = "live", .environment = VariableEnvironment::production},
                      {.key = "B", .value = "preview", .environment = VariableEnvironment::preview},
                      {.key = "C", .value = "run", .scope = VariableScope::runtime}};
    wait(store_.set_variables(shop.id, 1, items, ann_actor_)).value();
    const auto live = wait(store_.job_inputs(shop.id, VariableEnvironment::production, "")).value();
    ASSERT_EQ(live.variables.size(), 1u);
    EXPECT_EQ(live.variables[0].value, "live");
    const auto preview = wait(store_.job_inputs(shop.id, VariableEnvironment::preview, "")).value();
    ASSERT_EQ(preview.variables.size(), 2u);
    EXPECT_EQ(preview.variables[0].value, "all");
    EXPECT_EQ(preview.variables[1].value, "preview");
}

TEST_F(ProjectStoreTest, prefers_the_value_of_the_branch) {
    const Project shop = add("shop");
    const auto preview = VariableEnvironment::preview;
    const Items items{{.key = "A", .value = "all"},
                      {.key = "A", .value = "preview", .environment = preview},
                      {.key = "A", .value = "new", .environment = preview, .branch = "feat/new"},
                      {.key = "ONLY", .value = "1", .environment = preview, .branch = "feat/new"}};
    wait(store_.set_variables(shop.id, 1, items, ann_actor_)).value();
    const auto value_of = [&](VariableEnvironment environment, const std::string& branch) {
        std::string values;
        for (const auto& variable :
             wait(store_.job_inputs(shop.id, environment, branch)).value().variables)
            values += variable.key + "=" + variable.value + " ";
        return values;
    };
    EXPECT_EQ(value_of(preview, "feat/new"), "A=new ONLY=1 ");
    EXPECT_EQ(value_of(preview, "feat/old"), "A=preview ");
    EXPECT_EQ(value_of(VariableEnvironment::production, "feat/new"), "A=all ");
}

TEST_F(ProjectStoreTest, notes_when_and_by_whom_a_variable_was_changed) {
    const Project shop = add("shop");
    const std::int64_t first = now;
    wait(store_.set_variables(shop.id, 1, {{.key = "A", .value = "1"}, {.key = "B", .value = "1"}},
                              ann_actor_))
        .value();
    now += 1000;
    const Actor bob{"usr_2", "bob@example.com"};
    // The same value again is no change; a kept one neither.
    wait(store_.set_variables(
             shop.id, 2,
             {{.key = "A", .value = "1"}, {.key = "B", .value = "2"}, {.key = "C", .value = ""}},
             bob))
        .value();
    const auto items = wait(store_.variables(shop.id)).value().items;
    ASSERT_EQ(items.size(), 3u);
    EXPECT_EQ(items[0].updated_by, ann_actor_.name);
    EXPECT_EQ(items[0].updated_at_ms, first);
    EXPECT_EQ(items[1].updated_by, "bob@example.com");
    EXPECT_EQ(items[1].updated_at_ms, now);
    EXPECT_EQ(items[2].updated_by, "bob@example.com");
}

TEST_F(ProjectStoreTest, tells_how_variables_differ_from_those_of_the_live_deployment) {
    const Project shop = add("shop");
    EXPECT_EQ(wait(store_.variable_changes(shop.id)).value().deployment, std::nullopt);
    wait(store_.set_variables(shop.id, 1,
                              {{.key = "KEPT", .value = "1"},
                               {.key = "NEW_VALUE", .value = "1"},
                               {.key = "GONE", .value = "1"}},
                              ann_actor_))
        .value();
    const auto go_live = [&](soci::session& sql) {
        db::execute(sql,
                    "insert into deployments (id, project, intent, state, environment, ref, "
                    "\"trigger\", created_at_ms) values ('dpl_1', :project, 1, 'ready', "
                    "'production', 'main', 'api', 1)",
                    shop.id);
        db::execute(sql,
                    "insert into productions (project, deployment, intent, generation) values "
                    "(:project, 'dpl_1', 1, 1)",
                    shop.id);
    };
    wait(database.write(go_live));
    EXPECT_FALSE(wait(store_.variable_changes(shop.id)).value().known) << "nothing was noted";

    const auto built =
        wait(store_.job_inputs(shop.id, VariableEnvironment::production, "main")).value().variables;
    wait(store_.note_built_variables(shop.id, "dpl_1", built)).value();
    wait(store_.note_built_variables(shop.id, "dpl_1", built)).value();  // claimed again
    EXPECT_TRUE(wait(store_.variable_changes(shop.id)).value().known);
    EXPECT_TRUE(wait(store_.variable_changes(shop.id)).value().items.empty());

    wait(store_.set_variables(
             shop.id, 2,
             {{.key = "KEPT"},
              {.key = "NEW_VALUE", .value = "2"},
              {.key = "ADDED", .value = "x", .environment = VariableEnvironment::production},
              {.key = "ELSEWHERE", .value = "x", .environment = VariableEnvironment::preview}},
             ann_actor_))
        .value();
    const VariableChanges changes = wait(store_.variable_changes(shop.id)).value();
    EXPECT_EQ(changes.deployment, "dpl_1");
    EXPECT_EQ(json::text(json::from(changes.items)),
              R"([{"key":"ADDED","what":"added"},{"key":"GONE","what":"removed"},)"
              R"({"key":"NEW_VALUE","what":"changed"}])");

    // Back as it was: there is nothing to apply.
    wait(store_.set_variables(
             shop.id, 3,
             {{.key = "KEPT"}, {.key = "NEW_VALUE", .value = "1"}, {.key = "GONE", .value = "1"}},
             ann_actor_))
        .value();
    EXPECT_TRUE(wait(store_.variable_changes(shop.id)).value().items.empty());
}

TEST_F(ProjectStoreTest, seals_variables_with_a_key_of_the_project) {
    const Project shop = add("shop");
    wait(store_.set_variables(shop.id, 1, {{.key = "A", .value = "1"}}, ann_actor_)).value();
    const auto sealed = [&](soci::session& sql) {
        return db::value<std::string>(sql, "select sealed_value from variables").value();
    };
    const std::string before = wait(database.read(sealed));
    EXPECT_FALSE(sealer.open("variable/" + shop.id + "/A/all", before)) << "not the master key";

    // What an older Berth stored is under the master key: readable, and moved with the next save.
    const auto as_before = [&](soci::session& sql) {
        db::execute(sql, "delete from project_keys");
        db::execute(sql, "update variables set sealed_value = :sealed",
                    sealer.seal("variable/" + shop.id + "/A/all", "old"));
    };
    wait(database.write(as_before));
    const auto read = [&] {
        return wait(store_.job_inputs(shop.id, VariableEnvironment::preview, ""))
            .value()
            .variables.at(0)
            .value;
    };
    EXPECT_EQ(read(), "old");
    wait(store_.set_variables(shop.id, 2, {{.key = "A"}}, ann_actor_)).value();
    EXPECT_EQ(read(), "old");
    EXPECT_FALSE(sealer.open("variable/" + shop.id + "/A/all", wait(database.read(sealed))));
}

TEST_F(ProjectStoreTest, a_build_moves_what_an_older_berth_sealed_under_the_key_of_the_project) {
    const Project shop = add("shop");
    wait(store_.set_variables(shop.id, 1, {{.key = "A", .value = "1"}}, ann_actor_)).value();
    const auto as_before = [&](soci::session& sql) {
        db::execute(sql, "delete from project_keys");
        db::execute(sql, "update variables set sealed_value = :sealed",
                    sealer.seal("variable/" + shop.id + "/A/all", "old"));
        db::execute(sql,
                    "insert into deployments (id, project, intent, state, environment, ref, "
                    "\"trigger\", created_at_ms) values ('dpl_1', :project, 1, 'ready', "
                    "'production', 'main', 'cli', 0)",
                    shop.id);
    };
    wait(database.write(as_before));
    const auto inputs = [&] {
        return wait(store_.job_inputs(shop.id, VariableEnvironment::production, "")).value();
    };
    for (int build = 0; build < 2; ++build) {
        ASSERT_EQ(inputs().variables.at(0).value, "old") << "build " << build;
        wait(store_.note_built_variables(shop.id, "dpl_1", inputs().variables)).value();
    }
}

TEST_F(ProjectStoreTest, keeps_variables_of_one_deployment_sealed_for_it_alone) {
    const Project shop = add("shop");
    const std::string sealed =
        store_.seal_own_variables("dpl_1", {{"A", "s3cret", true}, {"B", "2", false}});
    EXPECT_EQ(sealed.find("s3cret"), std::string::npos);
    const auto insert = [&](soci::session& sql) {
        for (const int number : {1, 2}) {
            const std::string id = fmt::format("dpl_{}", number);
            db::execute(sql,
                        "insert into deployments (id, project, intent, state, environment, ref, "
                        "\"trigger\", created_at_ms) values (:id, :project, :intent, 'queued', "
                        "'production', 'main', 'cli', 0)",
                        id, shop.id, number);
            db::execute(sql,
                        "insert into deployment_own_variables (deployment, sealed_values) values "
                        "(:id, :sealed)",
                        id, sealed);
        }
    };
    wait(database.write(insert));
    const std::vector<jobs::JobVariable> expected{{"A", "s3cret", true}, {"B", "2", false}};
    EXPECT_EQ(wait(store_.own_variables("dpl_1")).value(), expected);
    EXPECT_FALSE(wait(store_.own_variables("dpl_2"))) << "it opens for no other deployment";
    EXPECT_TRUE(wait(store_.own_variables("dpl_none")).value().empty());
}

TEST_F(ProjectStoreTest, refuses_bad_variables_by_place) {
    const auto code = [](const Items& items) {
        const Result<> fits = check(items, "/items");
        return fits ? std::string() : fits.error().pointer + " " + fits.error().code;
    };
    EXPECT_EQ(code({{.key = "A", .value = "1"}, {.key = "A", .value = "2"}}),
              "/items/1/key duplicate_key");
    EXPECT_EQ(code({{.key = "A", .value = "1", .branch = "x"}}),
              "/items/0/branch branch_not_preview");
    const auto preview = VariableEnvironment::preview;
    EXPECT_EQ(code({{.key = "A", .value = "1", .environment = preview, .branch = "a b"}}),
              "/items/0/branch invalid_branch");
    EXPECT_EQ(code({{.key = "A", .value = "1", .environment = preview, .branch = "a"},
                    {.key = "A", .value = "1", .environment = preview, .branch = "b"}}),
              "");
    EXPECT_EQ(code({{.key = "A-B", .value = "1"}}), "/items/0/key invalid_key");
    EXPECT_EQ(code({{.key = "BERTH_X", .value = "1"}}), "/items/0/key reserved_key");
    EXPECT_EQ(code({{.key = "A", .value = std::string("a\0b", 3)}}),
              "/items/0/value invalid_value");
    EXPECT_EQ(code({{.key = "A", .value = std::string((64 << 10) + 1, 'x')}}),
              "/items/0/value too_long");
    EXPECT_EQ(code(Items(501)), "/items too_many");
}

TEST_F(ProjectStoreTest, gives_a_deleted_project_back_as_it_was) {
    const Project shop = add("shop");
    wait(store_.set_variables(shop.id, 1, {{.key = "S", .value = "s"}}, ann_actor_)).value();
    const std::string hook = wait(store_.rotate_hook(shop.id, ann_actor_));
    wait(store_.remove(shop.id, ann_actor_)).value();
    EXPECT_EQ(wait(store_.find(shop.id)).error().failure, Failure::not_found);
    const auto deleted = wait(store_.deleted(team_));
    ASSERT_EQ(deleted.size(), 1u);
    EXPECT_EQ(deleted[0].name, "shop");
    EXPECT_EQ(deleted[0].purge_at_ms, now + ProjectStore::undo_ms);
    const std::string theirs = team_of(bob_);
    EXPECT_TRUE(wait(store_.deleted(theirs)).empty());
    EXPECT_EQ(wait(store_.restore(theirs, shop.id, actor_of(bob_))).error().failure,
              Failure::not_found);

    now += ProjectStore::undo_ms - 1;
    EXPECT_EQ(wait(store_.restore(team_, shop.id, ann_actor_)).value().project.name, "shop");
    EXPECT_EQ(wait(store_.project_of_hook(hook)).value().id, shop.id);
    EXPECT_EQ(wait(store_.job_inputs(shop.id, VariableEnvironment::production, ""))
                  .value()
                  .variables.size(),
              1u);
    EXPECT_EQ(wait(store_.restore(team_, shop.id, ann_actor_)).error().failure, Failure::not_found);

    wait(store_.remove(shop.id, ann_actor_)).value();
    now += ProjectStore::undo_ms;
    EXPECT_EQ(wait(store_.restore(team_, shop.id, ann_actor_)).error().failure, Failure::not_found)
        << "too late";
}

TEST_F(ProjectStoreTest, has_a_deleted_project_back_once_its_name_is_free_again) {
    const Project first = add("shop");
    wait(store_.remove(first.id, ann_actor_)).value();
    const Project second = add("shop");  // its team may have the name
    EXPECT_EQ(wait(store_.restore(team_, first.id, ann_actor_)).error().code, "name_taken");
    wait(store_.remove(second.id, ann_actor_)).value();
    EXPECT_TRUE(wait(store_.restore(team_, first.id, ann_actor_)).has_value());
    const auto owner = [](soci::session& sql) {
        return db::value<std::string>(sql,
                                      "select project from hosts where host = "
                                      "'shop.example.com' and released_at_ms is null")
            .value_or("");
    };
    EXPECT_EQ(wait(database.read(owner)), first.id);
    EXPECT_EQ(wait(store_.restore(team_, second.id, ann_actor_)).error().code, "name_taken");
}

TEST_F(ProjectStoreTest, gives_a_project_to_another_team) {
    const Project shop = add("shop");
    const std::string theirs = team_of(bob_);
    const ProjectDetails moved = wait(store_.transfer(shop.id, theirs, ann_actor_)).value();
    EXPECT_EQ(moved.project.team, theirs);
    EXPECT_EQ(moved.project.version, shop.version + 1);
    EXPECT_EQ(wait(store_.list(bob_.id, {.limit = 10})).size(), 1u);
    EXPECT_TRUE(wait(store_.list(ann_.id, {.limit = 10})).empty());
    EXPECT_EQ(wait(store_.transfer("prj_x", theirs, ann_actor_)).error().failure,
              Failure::not_found);
}

TEST_F(ProjectStoreTest, rotates_the_hook_and_forgets_all_secrets_with_the_project) {
    const Project shop = add("shop");
    EXPECT_EQ(wait(store_.hook(shop.id)).value(), std::nullopt);
    const std::string first = wait(store_.rotate_hook(shop.id, ann_actor_));
    EXPECT_EQ(wait(store_.hook(shop.id)).value(), first);
    EXPECT_EQ(wait(store_.project_of_hook(first)).value().id, shop.id);
    const std::string second = wait(store_.rotate_hook(shop.id, ann_actor_));
    EXPECT_EQ(wait(store_.project_of_hook(first)).error().failure, Failure::not_found);
    wait(store_.set_variables(shop.id, 1, {{.key = "S", .value = "s"}}, ann_actor_)).value();
    wait(store_.remove(shop.id, ann_actor_)).value();
    EXPECT_EQ(wait(store_.project_of_hook(second)).error().failure, Failure::not_found);
    EXPECT_EQ(count("variables") + count("connections") + count("hooks"), 2) << "for the way back";
    wait(store_.purge(team_, shop.id, ann_actor_)).value();
    EXPECT_EQ(count("variables") + count("connections") + count("hooks"), 0);
}

}  // namespace
}  // namespace berth::projects
