#include "roles/seal_key.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "accounts/testing.hpp"
#include "base/file.hpp"
#include "db/records.hpp"
#include "notifications/mail_settings.hpp"
#include "projects/project_store.hpp"
#include "projects/webhook_store.hpp"

namespace berth::roles {
namespace {

class SealKeyTest : public testing::Test, protected accounts::TestAccounts {
protected:
    SealKeyTest() {
        write_file(path_, std::string(32, 'k'), 0600);  // what TestAccounts seals with
        projects::NewProject wanted;
        wanted.project.team = wait(accounts->users.memberships(ann_.id)).front().id;
        wanted.project.name = "shop";
        wanted.project.repo_url = "https://git.example/shop.git";
        wanted.project.branch = "main";
        wanted.credential = {.kind = jobs::CredentialKind::token, .secret = "git-token"};
        wanted.variables = {{.key = "A", .value = "value"}};
        project_ = wait(projects_.add(wanted, actor_)).value().project.id;
    }
    ~SealKeyTest() override { std::filesystem::remove(path_); }

    std::string path_ = testing::TempDir() + "seal-" + random_word(8) + ".key";
    accounts::User ann_ =
        wait(accounts->users.add_first("ann@example.com", "correct horse")).value();
    projects::Actor actor_{ann_.id, ann_.email};
    projects::ProjectStore projects_{database, sealer, [this] { return now; }, {}};
    std::string project_{};
};

TEST_F(SealKeyTest, is_made_once) {
    const std::string fresh = path_ + ".new";
    const std::string key = sealing_key(fresh);
    EXPECT_EQ(key.size(), 32u);
    EXPECT_EQ(sealing_key(fresh), key);
    EXPECT_EQ(wait(finish_key_change(database, fresh)).sealed, 0);
    std::filesystem::remove(fresh);
}

/// A column that is missing in seal_key.cpp would be lost with the old key.
TEST_F(SealKeyTest, knows_every_sealed_column_of_the_schema) {
    const auto look = [](soci::session& sql) {
        return db::value<std::string>(
            sql,
            "select group_concat(name, ' ') from (select m.name || '.' || p.name as name from "
            "sqlite_master m, pragma_table_info(m.name) p where m.type = 'table' and p.name like "
            "'sealed%' order by 1)");
    };
    EXPECT_EQ(wait(database.read(look)).value_or(""),
              "connections.sealed_secret deploy_keys.sealed_secret "
              "deployment_own_variables.sealed_values git_connections.sealed_token "
              "hooks.sealed_secret inspections.sealed_request notification_channels.sealed_config "
              "project_keys.sealed_key sign_in_providers.sealed_secret totp.sealed_secret "
              "variables.sealed_value "
              "webhooks.sealed_secret")
        << "totp's is under a key of its own, which lies sealed in `instance`";
}

TEST_F(SealKeyTest, changes_under_everything_that_is_sealed) {
    const std::string hook = wait(projects_.rotate_hook(project_, actor_));
    projects::WebhookStore webhooks(database, sealer, [this] { return now; });
    const auto webhook = wait(webhooks.rotate(project_, actor_));
    const auto key = wait(projects_.add_deploy_key(ann_.id)).value();
    const std::optional<notifications::MailServer> mail{
        {.host = "mail.example", .password = "s3cret", .from = "b@example.com"}};
    wait(notifications::set_mail_server(database, sealer, mail, "ann", now));

    begin_key_change(path_);
    EXPECT_THROW(begin_key_change(path_), std::runtime_error) << "one is under way";
    const std::string next = sealing_key(path_);
    EXPECT_NE(next, std::string(32, 'k'));
    const KeyChange change = wait(finish_key_change(database, path_));
    EXPECT_GT(change.sealed, 5);
    EXPECT_EQ(change.unknown, 0);
    EXPECT_EQ(read_file(path_).value(), next) << "the old key is gone";

    const Sealer fresh(next);
    projects::ProjectStore after(database, fresh, [this] { return now; }, {});
    const auto inputs =
        wait(after.job_inputs(project_, projects::VariableEnvironment::production, "")).value();
    EXPECT_EQ(inputs.variables.at(0).value, "value");
    EXPECT_EQ(inputs.source.credential.secret, "git-token");
    EXPECT_EQ(wait(after.hook(project_)).value(), hook);
    EXPECT_TRUE(wait(after.open_deploy_key(ann_.id, key.id)).has_value());
    projects::WebhookStore later(database, fresh, [this] { return now; });
    EXPECT_EQ(wait(later.open(webhook.webhook.id)).value().secret, webhook.secret);
    EXPECT_EQ(wait(notifications::mail_server(database, fresh)).value()->password, "s3cret");
    EXPECT_EQ(wait(accounts::ensure_instance_secrets(database, fresh)).id, accounts->secrets().id);
    EXPECT_FALSE(wait(projects_.job_inputs(project_, projects::VariableEnvironment::preview, "")))
        << "the old key opens nothing";
}

TEST_F(SealKeyTest, goes_on_after_a_death_between_the_database_and_the_file) {
    begin_key_change(path_);
    const std::string both = read_file(path_).value();
    EXPECT_GT(wait(finish_key_change(database, path_)).sealed, 0);
    write_file(path_, both, 0600);  // as if it had died before the file was shortened
    const KeyChange again = wait(finish_key_change(database, path_));
    EXPECT_EQ(again.sealed + again.unknown, 0);
    EXPECT_EQ(read_file(path_).value(), both.substr(0, 32));
}

TEST_F(SealKeyTest, leaves_what_no_key_opens) {
    const auto damage = [](soci::session& sql) {
        db::execute(sql, "update connections set sealed_secret = 'damaged'");
    };
    wait(database.write(damage));
    begin_key_change(path_);
    EXPECT_EQ(wait(finish_key_change(database, path_)).unknown, 1);
    const auto look = [](soci::session& sql) {
        return db::value<std::string>(sql, "select sealed_secret from connections").value();
    };
    EXPECT_EQ(wait(database.read(look)), "damaged");
}

}  // namespace
}  // namespace berth::roles
