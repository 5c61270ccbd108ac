// Deliveries of Git hosts: taken once, deployed once, or refused.
#include "api/push_deliveries.hpp"

#include "api/webhook_testing.hpp"
#include "githosts/forgeries_testing.hpp"

namespace berth::api {
namespace {

class PushDeliveriesTest : public WebhookTest {};

TEST_F(PushDeliveriesTest, a_push_of_every_host_deploys_its_commit) {
    int number = 0;
    for (const Provider provider : githosts::testing::all_providers) {
        const std::string commit(40, static_cast<char>('a' + number));
        const TestReply reply =
            deliver(provider, {.after = commit}, "id-" + std::to_string(++number));
        ASSERT_EQ(outcome(reply), "deployed") << githosts::name_of(provider);
        const TestReply made = get("/api/v1/deployments/" + deployment(reply), ann_);
        EXPECT_EQ(made.at("commit"), commit);
        EXPECT_EQ(made.at("ref"), "main");
        EXPECT_EQ(made.at("environment"), "production");
        EXPECT_EQ(made.at("trigger"), "push");
        EXPECT_EQ(made.at("actor"), "ann");
    }
    EXPECT_EQ(deployments(), 6);
}

TEST_F(PushDeliveriesTest, another_branch_becomes_a_preview) {
    const TestReply reply = deliver(Provider::gitlab, {.ref = "refs/heads/cart"}, "id-1");
    const TestReply made = get("/api/v1/deployments/" + deployment(reply), ann_);
    EXPECT_EQ(made.at("environment"), "preview");
    EXPECT_EQ(made.at("ref"), "cart");
}

TEST_F(PushDeliveriesTest, what_comes_twice_deploys_once) {
    for (const Provider provider : githosts::testing::all_providers) {
        const std::string commit = sha256_hex(githosts::name_of(provider)).substr(0, 40);
        const std::string id = std::string(githosts::name_of(provider));
        const Sent sent = githosts::testing::push_of(provider, {.after = commit}, id, now);
        const TestReply first = deliver(sent);
        const std::int64_t before = deployments();
        const TestReply again = deliver(sent);
        EXPECT_EQ(again.status, 202u);
        EXPECT_EQ(again.text, first.text) << id << ": the same outcome";
        EXPECT_EQ(deployments(), before) << id;
    }
    EXPECT_EQ(deployments(), 6);
}

// GitHub, Gitea and Bitbucket sign the body alone: its delivery id is anybody's to change.
TEST_F(PushDeliveriesTest, a_body_that_comes_again_under_another_id_is_the_same_delivery) {
    for (const Provider provider :
         {Provider::github, Provider::gitea, Provider::bitbucket, Provider::bitbucket_server}) {
        const std::string commit = sha256_hex(githosts::name_of(provider)).substr(0, 40);
        const std::string name(githosts::name_of(provider));
        const TestReply first = deliver(provider, {.after = commit}, name + " one");
        write("update deployments set state = 'ready'");
        const TestReply again = deliver(provider, {.after = commit}, name + " two");
        EXPECT_EQ(again.text, first.text) << name;
        // Nor does it become another one in the words of another host.
        const std::int64_t before = deployments();
        Sent other = githosts::testing::push_of(provider, {.after = commit}, name + "3", now);
        other.headers.set("x-gitea-event", "push");
        other.headers.set("x-gitea-signature",
                          hex(hmac_sha256(githosts::testing::secret, other.body)));
        deliver(other);
        EXPECT_EQ(deployments(), before) << name;
    }
    EXPECT_EQ(deployments(), 4);
}

TEST_F(PushDeliveriesTest, one_commit_told_of_twice_is_deployed_once_while_it_waits) {
    const TestReply first = deliver(Provider::github, {}, "one");
    const TestReply second = deliver(Provider::gitlab, {}, "two");
    EXPECT_EQ(outcome(second), "duplicate: this commit of the branch is being deployed already");
    EXPECT_EQ(deployment(second), deployment(first));
    EXPECT_EQ(deployments(), 1);
    // After another commit it is news again: the branch has been moved back.
    const std::string other(40, 'b');
    EXPECT_EQ(outcome(deliver(Provider::gitlab, {.after = other}, "three")), "deployed");
    EXPECT_EQ(outcome(deliver(Provider::gitlab, {.before = other}, "four")), "deployed");
    write("update deployments set state = 'ready'");
    EXPECT_EQ(outcome(deliver(Provider::gitlab, {.before = other}, "five")), "deployed");
}

TEST_F(PushDeliveriesTest, takes_no_forgery_of_any_host) {
    int refused = 0;
    for (const Provider provider : githosts::testing::all_providers) {
        const auto forged = githosts::testing::forgeries(provider, now);
        ASSERT_GE(forged.size(), 200u);
        for (const githosts::testing::Forgery& forgery : forged) {
            const TestReply reply = deliver(forgery.sent);
            const bool known = reply.status == 401u || reply.code() == "doubled_field" ||
                               reply.code() == "unknown_git_host";
            EXPECT_TRUE(known) << githosts::name_of(provider) << ": " << forgery.what << ": "
                               << reply.text;
            refused += reply.status == 401u ? 1 : 0;
            // Another minute, as far as the limit on one address is concerned.
            accounts->throttle.forget("webhook/" + url_.substr(url_.rfind('/') + 1) + "/192.0.2.1");
        }
    }
    EXPECT_EQ(deployments(), 0);
    EXPECT_EQ(count("webhook_deliveries"), 0);
    EXPECT_EQ(count("webhook_marks"), 0);
    const json::value shown = get("/api/v1/projects/shop/webhook", ann_).json();
    EXPECT_EQ(shown.at("refused").to_number<int>(), refused);
    EXPECT_EQ(shown.at("refused_at_ms").to_number<std::int64_t>(), now);
    // And the right one still is taken.
    EXPECT_EQ(outcome(deliver(Provider::github, {}, "id-1")), "deployed");
}

TEST_F(PushDeliveriesTest, wrong_signatures_are_limited_by_webhook_and_address) {
    Sent wrong = githosts::testing::push_of(Provider::github, {}, "id-1", now);
    wrong.headers.set("x-hub-signature-256", "sha256=00");
    for (int i = 0; i < 30; ++i)
        EXPECT_EQ(deliver(wrong).status, 401u);
    EXPECT_EQ(deliver(wrong).status, 429u);
    EXPECT_EQ(deliver(Provider::github, {}, "id-1").status, 429u);
    now += 60'000;
    EXPECT_EQ(outcome(deliver(Provider::github, {}, "id-1")), "deployed");
}

TEST_F(PushDeliveriesTest, unknown_webhooks_are_limited_by_address_and_hold_up_no_known_one) {
    const Sent sent = githosts::testing::push_of(Provider::github, {}, "id-1", now);
    for (int i = 0; i < 30; ++i)
        EXPECT_EQ(post("/api/v1/hooks/git/whk_guess", sent.body, {}, sent.headers).status, 404u);
    EXPECT_EQ(post("/api/v1/hooks/git/whk_guess", sent.body, {}, sent.headers).status, 429u);
    EXPECT_EQ(outcome(deliver(sent)), "deployed");
}

TEST_F(PushDeliveriesTest, reads_a_body_piece_by_piece_over_its_own_bytes) {
    services.form_checks = &workers_;
    Sent large = githosts::testing::push_of(Provider::github,
                                            {.message = std::string(300'000, 'x')}, "id-1", now);
    Pieces pieces(large.body, 1'000);
    EXPECT_EQ(outcome(stream(large, pieces)), "deployed");
    EXPECT_EQ(services.delivery_bytes, 0u);
    large.headers.set("x-github-delivery", "id-2");
    large.body.back() = ' ';
    Pieces changed(large.body, 1'000);
    EXPECT_EQ(stream(large, changed).code(), "wrong_signature");
    EXPECT_EQ(services.delivery_bytes, 0u);
}

TEST_F(PushDeliveriesTest, does_not_read_what_it_will_not_take) {
    const Sent sent = githosts::testing::push_of(Provider::github, {}, "id-1", now);
    Pieces unknown(sent.body, 100);
    EXPECT_EQ(stream({.body = sent.body}, unknown).code(), "unknown_git_host");
    EXPECT_EQ(unknown.taken(), 0u);
    Sent large = sent;
    large.headers.set("content-length", "26214401");
    Pieces much(sent.body, 100);
    EXPECT_EQ(stream(large, much).status, 413u);
    EXPECT_EQ(much.taken(), 0u);
    services.delivery_bytes = delivery_bytes_max_at_once - 150;
    Pieces busy(sent.body, 100);
    const TestReply reply = stream(sent, busy);
    EXPECT_EQ(reply.status, 503u);
    EXPECT_EQ(reply.code(), "too_many_deliveries");
    EXPECT_EQ(busy.taken(), 200u);
    EXPECT_EQ(services.delivery_bytes, delivery_bytes_max_at_once - 150);
    services.delivery_bytes = 0;
    Pieces again(sent.body, 100);
    EXPECT_EQ(outcome(stream(sent, again)), "deployed") << "nothing of it was kept";
}

TEST_F(PushDeliveriesTest, says_what_it_does_not_understand) {
    EXPECT_EQ(deliver({.body = "{}"}).code(), "unknown_git_host");
    Sent odd{.body = "not json"};
    odd.headers.set("x-github-event", "push");
    odd.headers.set("x-hub-signature-256",
                    "sha256=" + hex(hmac_sha256(githosts::testing::secret, odd.body)));
    const TestReply reply = deliver(odd);
    EXPECT_EQ(reply.status, 422u);
    EXPECT_EQ(reply.code(), "unreadable_payload");
    EXPECT_EQ(count("webhook_deliveries"), 0);
}

TEST_F(PushDeliveriesTest, what_was_stored_before_a_crash_is_deployed_after_it) {
    services.deployments = nullptr;
    const Sent sent = githosts::testing::push_of(Provider::github, {}, "id-1", now);
    const githosts::Origin origin = githosts::origin_of(sent.headers).value();
    const auto event = githosts::read_event(origin, "application/json", sent.body).value();
    const auto stored =
        wait(webhooks.record({project_, origin, sha256_hex(sent.body), false, event}));
    ASSERT_EQ(stored->deliveries.front().outcome, projects::Outcome::received);
    const std::string planned = *stored->deliveries.front().deployment;
    services.deployments = &deployments_;
    wait(deploy_received(services));
    EXPECT_EQ(get("/api/v1/deployments/" + planned, ann_).at("trigger"), "push");
    EXPECT_EQ(outcome(deliver(sent)), "deployed") << "told to the host that asks again";
    // Cut short after the deployment was made, and before it was noted.
    write("update webhook_deliveries set outcome = 'received'");
    wait(deploy_received(services));
    EXPECT_EQ(deployments(), 1);
    EXPECT_EQ(count("webhook_deliveries where outcome = 'deployed'"), 1);
}

TEST_F(PushDeliveriesTest, a_deployment_that_cannot_be_made_is_said) {
    const TestReply first = deliver(Provider::github, {.ref = "refs/tags/v1"}, "one");
    write("update webhook_deliveries set outcome = 'received', deployment = 'dpl_1'");
    write("update projects set deleted_at_ms = 1");
    wait(deploy_received(services));
    EXPECT_EQ(count("webhook_deliveries where outcome = 'failed' and deployment is null and "
                    "reason like 'there is no project%'"),
              1);
}

}  // namespace
}  // namespace berth::api
