#pragma once
/// For tests only: the API with a project that has a push webhook, and a Git host that delivers.

#include <algorithm>

#include "api/push_deliveries.hpp"
#include "api/testing.hpp"
#include "base/workers.hpp"
#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "deployments/schedules.hpp"
#include "githosts/testing.hpp"
#include "objects/object_store.hpp"

namespace berth::api {

using githosts::Provider;
using githosts::testing::Sent;
using githosts::testing::Told;

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

class WebhookTest : public ::testing::Test, protected TestApi {
protected:
    WebhookTest() {
        services.deployments = &deployments_;
        services.schedules = &schedules_;
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
        request.verb = http::Verb::post;
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
    deployments::Schedules schedules_{database, deployments_, [this] { return now; }};
};

}  // namespace berth::api
