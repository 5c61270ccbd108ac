// Push webhooks, as their project's people and its Git host see them.
#include <gtest/gtest.h>

#include "api/push_deliveries.hpp"
#include "api/testing.hpp"
#include "base/workers.hpp"
#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "githosts/forgeries_testing.hpp"
#include "objects/object_store.hpp"

namespace berth::api {
namespace {

using githosts::Provider;
using githosts::testing::Sent;
using githosts::testing::Told;
using http::Verb;

/// A body that comes in pieces, as from a connection.
class Pieces final : public http::BodySource {
public:
    Pieces(std::string body, std::size_t piece) : body_(std::move(body)), piece_(piece) {}

    Task<Result<std::size_t>> read(std::span<char> into) override {
        const std::size_t count = std::min({piece_, into.size(), body_.size() - at_});
        std::copy_n(body_.data() + at_, count, into.data());
        at_ += count;
        co_return count;
    }
    std::size_t taken() const { return at_; }

private:
    std::string body_;
    std::size_t piece_;
    std::size_t at_ = 0;
};

class WebhookRoutesTest : public testing::Test, protected TestApi {
protected:
    WebhookRoutesTest() {
        services.deployments = &deployments_;
        services.bus = bus_.get();
        services.objects = objects_.get();
        services.publisher = &publisher_;
        const json::bj::object wanted{{"name", "shop"},
                                      {"repo_url", "https://git.example/team/shop.git"},
                                      {"branch", "main"}};
        project_ = post("/api/v1/projects", json::bj::serialize(wanted), ann_).at("id");
        const TestReply made = post("/api/v1/projects/shop/webhook", "", ann_);
        url_ = made.at("url").substr(services.config.platform_url.size());
        // The secret that githosts/testing.hpp signs with.
        const std::string sealed = sealer.seal("webhook/" + project_, githosts::testing::secret);
        write("update webhooks set sealed_secret = '" + sealed + "'");
    }

    void write(const std::string& statement) {
        const auto work = [&](soci::session& sql) { db::execute(sql, statement); };
        wait(database.write(work));
    }
    std::int64_t count(const std::string& what) {
        const auto look = [&](soci::session& sql) {
            return db::value<std::int64_t>(sql, "select count(*) from " + what).value_or(-1);
        };
        return wait(database.read(look));
    }
    std::int64_t deployments() { return count("deployments"); }

    TestReply deliver(const Sent& sent) { return post(url_, sent.body, {}, sent.headers); }
    TestReply deliver(Provider provider, const Told& told, const std::string& id) {
        return deliver(githosts::testing::push_of(provider, told, id, now));
    }
    /// As the server hands a body over that it does not buffer.
    TestReply stream(const Sent& sent, Pieces& pieces) {
        http::Request request;
        request.verb = Verb::post;
        request.path = url_;
        request.peer = "192.0.2.1";
        request.headers = sent.headers;
        request.source = &pieces;
        const http::Response response = wait(answer(services, request));
        return {response.status, response.headers, std::get<std::string>(response.body)};
    }

    /// The first row of an answer: "deployed", or "ignored: why".
    static std::string outcome(const TestReply& reply) {
        EXPECT_EQ(reply.status, 202u) << reply.text;
        const json::value item = reply.json().at("items").at(0);
        const std::string reason(item.at("reason").as_string());
        return std::string(item.at("outcome").as_string()) + (reason.empty() ? "" : ": " + reason);
    }
    static std::string deployment(const TestReply& reply) {
        return std::string(reply.json().at("items").at(0).at("deployment").as_string());
    }
    json::value listed(const std::string& query = "") {
        return get("/api/v1/projects/shop/webhook/deliveries" + query, ann_).json();
    }

    Sender ann_ = owner();
    std::string project_{};
    std::string url_{};
    Workers workers_{1};
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    deployments::RoutePublisher publisher_{database, *objects_, *bus_};
    deployments::Deployments deployments_{
        database,   *objects_,
        *bus_,      [this] { return now; },
        publisher_, {.url_of = [](const std::string& host) { return "http://" + host; }}};
};

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

TEST_F(WebhookRoutesTest, a_push_of_every_host_deploys_its_commit) {
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

TEST_F(WebhookRoutesTest, another_branch_becomes_a_preview) {
    const TestReply reply = deliver(Provider::gitlab, {.ref = "refs/heads/cart"}, "id-1");
    const TestReply made = get("/api/v1/deployments/" + deployment(reply), ann_);
    EXPECT_EQ(made.at("environment"), "preview");
    EXPECT_EQ(made.at("ref"), "cart");
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

TEST_F(WebhookRoutesTest, what_comes_twice_deploys_once) {
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
TEST_F(WebhookRoutesTest, a_body_that_comes_again_under_another_id_is_the_same_delivery) {
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

TEST_F(WebhookRoutesTest, one_commit_told_of_twice_is_deployed_once_while_it_waits) {
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

TEST_F(WebhookRoutesTest, takes_no_forgery_of_any_host) {
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

TEST_F(WebhookRoutesTest, wrong_signatures_are_limited_by_webhook_and_address) {
    Sent wrong = githosts::testing::push_of(Provider::github, {}, "id-1", now);
    wrong.headers.set("x-hub-signature-256", "sha256=00");
    for (int i = 0; i < 30; ++i)
        EXPECT_EQ(deliver(wrong).status, 401u);
    EXPECT_EQ(deliver(wrong).status, 429u);
    EXPECT_EQ(deliver(Provider::github, {}, "id-1").status, 429u);
    now += 60'000;
    EXPECT_EQ(outcome(deliver(Provider::github, {}, "id-1")), "deployed");
}

TEST_F(WebhookRoutesTest, unknown_webhooks_are_limited_by_address_and_hold_up_no_known_one) {
    const Sent sent = githosts::testing::push_of(Provider::github, {}, "id-1", now);
    for (int i = 0; i < 30; ++i)
        EXPECT_EQ(post("/api/v1/hooks/git/whk_guess", sent.body, {}, sent.headers).status, 404u);
    EXPECT_EQ(post("/api/v1/hooks/git/whk_guess", sent.body, {}, sent.headers).status, 429u);
    EXPECT_EQ(outcome(deliver(sent)), "deployed");
}

TEST_F(WebhookRoutesTest, reads_a_body_piece_by_piece_over_its_own_bytes) {
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

TEST_F(WebhookRoutesTest, does_not_read_what_it_will_not_take) {
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

TEST_F(WebhookRoutesTest, says_what_it_does_not_understand) {
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

TEST_F(WebhookRoutesTest, what_was_stored_before_a_crash_is_deployed_after_it) {
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

TEST_F(WebhookRoutesTest, a_deployment_that_cannot_be_made_is_said) {
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
