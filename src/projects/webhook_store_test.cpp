#include "projects/webhook_store.hpp"

#include <gtest/gtest.h>

#include "accounts/testing.hpp"
#include "db/records.hpp"

namespace berth::projects {
namespace {

using githosts::EventKind;
using githosts::Provider;
using githosts::RefKind;

class WebhookStoreTest : public testing::Test, protected accounts::TestAccounts {
protected:
    WebhookStoreTest() {
        NewProject wanted;
        wanted.project.team = wait(accounts->users.memberships(ann_.id)).front().id;
        wanted.project.name = "shop";
        wanted.project.repo_url = "https://git.example/shop.git";
        wanted.project.branch = "main";
        project_ = wait(projects_.add(wanted, actor_)).value().project.id;
    }

    std::int64_t count(const std::string& what) {
        const auto look = [&](soci::session& sql) {
            return db::value<std::int64_t>(sql, "select count(*) from " + what).value_or(-1);
        };
        return wait(database.read(look));
    }

    /// A push of commit "0…0N" to main, with a body of its own.
    NewDelivery push(int number, const std::string& id) const {
        std::string commit = std::to_string(number);
        commit.insert(0, 40 - commit.size(), 'a');
        return {.project = project_,
                .origin = {Provider::github, "push", id},
                .body_sha256 = "body of " + commit,
                .event = {.kind = EventKind::push,
                          .addresses = {"https://git.example/shop.git"},
                          .pusher = "ann",
                          .pushes = {{.kind = RefKind::branch, .ref = "main", .commit = commit}}}};
    }
    Recorded record(const NewDelivery& delivery) { return wait(store_.record(delivery)).value(); }

    accounts::User ann_ =
        wait(accounts->users.add_first("ann@example.com", "correct horse")).value();
    Actor actor_{ann_.id, ann_.email};
    ProjectStore projects_{database, sealer, [this] { return now; }, {}};
    WebhookStore store_{database, sealer, [this] { return now; }};
    std::string project_{};
};

TEST_F(WebhookStoreTest, keeps_the_secret_sealed_and_opens_it_by_the_id) {
    EXPECT_FALSE(wait(store_.find(project_)).has_value());
    const AddedWebhook made = wait(store_.rotate(project_, actor_));
    const OpenWebhook opened = wait(store_.open(made.webhook.id)).value();
    EXPECT_EQ(opened.secret, made.secret);
    EXPECT_EQ(opened.project.id, project_);
    EXPECT_EQ(count("webhooks where sealed_secret like '%" + made.secret.substr(6) + "%'"), 0);
    const AddedWebhook again = wait(store_.rotate(project_, actor_));
    EXPECT_EQ(again.webhook.id, made.webhook.id);
    EXPECT_NE(again.secret, made.secret);
    EXPECT_EQ(count("webhooks"), 1);
    EXPECT_EQ(wait(store_.open("whk_x")).error().failure, Failure::not_found);
}

TEST_F(WebhookStoreTest, a_webhook_ends_with_its_project) {
    const AddedWebhook made = wait(store_.rotate(project_, actor_));
    ASSERT_TRUE(wait(projects_.remove(project_, actor_)).has_value());
    EXPECT_EQ(wait(store_.open(made.webhook.id)).error().failure, Failure::not_found);
    EXPECT_EQ(wait(store_.record(push(1, "one"))).error().failure, Failure::not_found);
    const std::string team = wait(accounts->users.memberships(ann_.id)).front().id;
    wait(projects_.purge(team, project_, actor_)).value();
    EXPECT_EQ(count("webhooks"), 0);
    EXPECT_EQ(wait(store_.record(push(1, "one"))).error().failure, Failure::not_found);
}

TEST_F(WebhookStoreTest, a_secret_of_another_project_does_not_open) {
    const AddedWebhook made = wait(store_.rotate(project_, actor_));
    const auto work = [&](soci::session& sql) {
        db::execute(sql, "update webhooks set sealed_secret = :sealed",
                    sealer.seal("webhook/prj_other", "whsec_x"));
    };
    wait(database.write(work));
    EXPECT_EQ(wait(store_.open(made.webhook.id)).error().code, "seal_broken");
}

TEST_F(WebhookStoreTest, ten_thousand_duplicates_are_one_delivery) {
    const Recorded first = record(push(1, "one"));
    ASSERT_EQ(first.deliveries.size(), 1u);
    EXPECT_FALSE(first.replayed);
    for (int i = 0; i < 10'000; ++i) {
        const Recorded again = record(push(1, i % 2 == 0 ? "one" : "id-" + std::to_string(i)));
        ASSERT_TRUE(again.replayed);
        ASSERT_EQ(again.deliveries.at(0).deployment, first.deliveries.at(0).deployment);
    }
    EXPECT_EQ(count("webhook_deliveries"), 1);
    EXPECT_EQ(count("webhook_marks"), 2);
}

TEST_F(WebhookStoreTest, a_signed_id_tells_two_pushes_of_the_same_body_apart) {
    NewDelivery one = push(1, "one");
    one.id_is_signed = true;
    NewDelivery two = one;
    two.origin.delivery = "two";
    EXPECT_FALSE(record(one).replayed);
    EXPECT_FALSE(record(two).replayed);
    EXPECT_TRUE(record(two).replayed);
}

TEST_F(WebhookStoreTest, a_delivery_without_an_id_goes_by_its_body) {
    EXPECT_FALSE(record(push(1, "")).replayed);
    EXPECT_TRUE(record(push(1, "")).replayed);
    EXPECT_FALSE(record(push(2, "")).replayed);
}

TEST_F(WebhookStoreTest, keeps_the_last_200_and_knows_the_others_as_old) {
    record(push(0, "first"));  // is never settled: it is kept until it is
    for (int i = 1; i <= 250; ++i) {
        const Recorded made = record(push(i, std::to_string(i)));
        wait(store_.settle(made.deliveries.at(0).id, Outcome::deployed, ""));
    }
    EXPECT_EQ(count("webhook_deliveries"), WebhookStore::deliveries_max + 1);
    const Recorded old = record(push(7, "7"));
    EXPECT_TRUE(old.replayed);
    EXPECT_TRUE(old.deliveries.empty()) << "what became of it is no more known";
    EXPECT_EQ(wait(store_.deliveries(project_, 300, "")).size(), 201u);
}

TEST_F(WebhookStoreTest, knows_a_delivery_by_its_row_when_its_marks_are_gone) {
    record(push(1, "one"));
    const auto forget = [](soci::session& sql) { db::execute(sql, "delete from webhook_marks"); };
    wait(database.write(forget));
    EXPECT_TRUE(record(push(1, "one")).replayed);
}

TEST_F(WebhookStoreTest, a_delivery_of_several_refs_is_a_row_for_each) {
    NewDelivery several = push(1, "one");
    several.event.pushes.push_back(
        {.kind = RefKind::tag, .ref = "v1", .commit = several.event.pushes[0].commit});
    several.event.pushes.push_back(
        {.kind = RefKind::branch, .ref = "cart", .commit = several.event.pushes[0].commit});
    const Recorded recorded = record(several);
    ASSERT_EQ(recorded.deliveries.size(), 3u);
    EXPECT_EQ(recorded.deliveries[0].outcome, Outcome::received);
    EXPECT_EQ(recorded.deliveries[1].outcome, Outcome::ignored);
    EXPECT_EQ(recorded.deliveries[2].outcome, Outcome::received);
    EXPECT_NE(recorded.deliveries[0].deployment, recorded.deliveries[2].deployment);
    EXPECT_EQ(record(several).deliveries.size(), 3u);
    EXPECT_EQ(wait(store_.waiting()).size(), 2u);
}

TEST_F(WebhookStoreTest, settles_what_waits_and_leaves_the_rest) {
    const Delivery made = record(push(1, "one")).deliveries.at(0);
    wait(store_.settle(made.id, Outcome::deployed, ""));
    wait(store_.settle(made.id, Outcome::failed, "late"));
    const Delivery now_there = wait(store_.deliveries(project_, 1, "")).at(0);
    EXPECT_EQ(now_there.outcome, Outcome::deployed);
    EXPECT_EQ(now_there.deployment, made.deployment);
    EXPECT_TRUE(wait(store_.waiting()).empty());
}

TEST_F(WebhookStoreTest, repeats_only_what_is_the_project_s) {
    const Delivery made = record(push(1, "one")).deliveries.at(0);
    wait(store_.settle(made.id, Outcome::deployed, ""));
    const Delivery again = wait(store_.repeat(project_, made.id, "dpl_given", actor_)).value();
    EXPECT_EQ(again.deployment, "dpl_given");
    EXPECT_EQ(again.commit, made.commit);
    EXPECT_EQ(again.redelivery_of, made.id);
    EXPECT_EQ(wait(store_.repeat("prj_other", made.id, "", actor_)).error().failure,
              Failure::not_found);
    EXPECT_EQ(wait(store_.repeat(project_, "dlv_x", "", actor_)).error().failure,
              Failure::not_found);
}

}  // namespace
}  // namespace berth::projects
