// Push webhooks, as their project's people see them.
#include "api/webhook_testing.hpp"

namespace berth::api {
namespace {

using http::Verb;

class WebhookRoutesTest : public WebhookTest {};

TEST_F(WebhookRoutesTest, a_webhook_is_made_shown_rotated_and_removed) {
    const std::string place = "/api/v1/projects/shop/webhook";
    const TestReply rotated = post(place, "", ann_);
    ASSERT_EQ(rotated.status, 201u) << rotated.text;
    EXPECT_EQ(rotated.at("url"), services.config.platform_url + url_) << "the address stays";
    EXPECT_TRUE(rotated.at("secret").starts_with("whsec_"));
    EXPECT_GE(rotated.json().at("hints").as_array().size(), 5u);
    const TestReply shown = get(place, ann_);
    EXPECT_EQ(shown.at("url"), rotated.at("url"));
    EXPECT_EQ(shown.text.find("whsec_"), std::string::npos);
    EXPECT_EQ(send(Verb::del, place, "", ann_).status, 204u);
    EXPECT_EQ(send(Verb::del, place, "", ann_).status, 404u);
    EXPECT_EQ(get(place, ann_).json().at("url"), nullptr);
    EXPECT_EQ(deliver(Provider::github, {}, "id-1").status, 404u);
    EXPECT_EQ(count("audit where action in ('webhook_rotated', 'webhook_removed')"), 3);
}

TEST_F(WebhookRoutesTest, the_old_secret_stops_working) {
    post("/api/v1/projects/shop/webhook", "", ann_);
    const TestReply reply = deliver(Provider::github, {}, "id-1");
    EXPECT_EQ(reply.status, 401u);
    EXPECT_EQ(reply.code(), "wrong_signature");
}

TEST_F(WebhookRoutesTest, what_is_not_deployed_is_listed_with_its_reason) {
    using githosts::testing::zeros;
    EXPECT_EQ(outcome(deliver(Provider::github, {.after = zeros}, "1")),
              "ignored: the branch was deleted");
    EXPECT_EQ(outcome(deliver(Provider::github, {.ref = "refs/tags/v1"}, "2")),
              "ignored: a tag was pushed; only branches are deployed");
    EXPECT_EQ(outcome(deliver(Provider::github, {.message = "x [skip ci]"}, "3")),
              "ignored: the commit's message says [skip ci]");
    EXPECT_EQ(outcome(deliver(Provider::github, {.repository = "team/other"}, "4")),
              "ignored: the push was to https://git.example/team/other.git, and this project "
              "builds https://git.example/team/shop.git");
    Sent ping{.body = R"({"zen":"Keep it logically awesome."})"};
    ping.headers.set("x-github-event", "ping");
    ping.headers.set("x-github-delivery", "5");
    ping.headers.set("x-hub-signature-256",
                     "sha256=" + hex(hmac_sha256(githosts::testing::secret, ping.body)));
    EXPECT_EQ(outcome(deliver(ping)), "ignored: a ping: the webhook works");
    EXPECT_EQ(deployments(), 0);
    EXPECT_EQ(listed().at("items").as_array().size(), 5u);
}

TEST_F(WebhookRoutesTest, a_delivery_can_be_run_again) {
    const TestReply first = deliver(Provider::github, {.repository = "team/new"}, "one");
    ASSERT_EQ(outcome(first).substr(0, 7), "ignored");
    const std::string id(first.json().at("items").at(0).at("id").as_string());
    const std::string place = "/api/v1/projects/shop/webhook/deliveries/" + id + "/redeliver";
    EXPECT_EQ(post(place, "", ann_).at("outcome"), "ignored");
    http::Headers any;
    any.set("if-match", "*");
    send(Verb::patch, "/api/v1/projects/shop", R"({"repo_url":"https://git.example/team/new.git"})",
         ann_, any);
    const TestReply again = post(place, "", ann_);
    ASSERT_EQ(again.status, 202u) << again.text;
    EXPECT_EQ(again.at("outcome"), "deployed");
    EXPECT_EQ(again.at("redelivery_of"), id);
    EXPECT_EQ(get("/api/v1/deployments/" + again.at("deployment"), ann_).at("actor"), "ann");
    EXPECT_EQ(deployments(), 1);
    EXPECT_EQ(count("audit where action = 'webhook_redelivered'"), 2);
    EXPECT_EQ(post("/api/v1/projects/shop/webhook/deliveries/dlv_x/redeliver", "", ann_).status,
              404u);
}

TEST_F(WebhookRoutesTest, deliveries_are_listed_in_pages) {
    for (int i = 0; i < 5; ++i)
        deliver(Provider::github, {.ref = "refs/tags/v" + std::to_string(i)}, std::to_string(i));
    const json::value first = listed("?limit=3");
    ASSERT_EQ(first.at("items").as_array().size(), 3u);
    EXPECT_EQ(first.at("items").at(0).at("ref").as_string(), "v4");
    const json::value rest = listed("?limit=3&cursor=" + std::string(first.at("next").as_string()));
    ASSERT_EQ(rest.at("items").as_array().size(), 2u);
    EXPECT_EQ(rest.at("items").at(1).at("ref").as_string(), "v0");
    EXPECT_EQ(rest.at("next"), nullptr);
}

}  // namespace
}  // namespace berth::api
