// Deployments and their logs, as a client sees them.
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "api/log_reader.hpp"
#include "api/paging.hpp"
#include "api/testing.hpp"
#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "deployments/schedules.hpp"
#include "objects/object_store.hpp"
#include "rules/read_rules.hpp"

namespace berth::api {
namespace {

using http::Verb;

/// Keeps what a streamed body writes.
class TextSink final : public http::BodySink {
public:
    std::string text{};
    Task<bool> write(std::string_view bytes) override {
        text += bytes;
        co_return true;
    }
};

class DeploymentRoutesTest : public testing::Test, protected TestApi {
protected:
    DeploymentRoutesTest() {
        services.deployments = &deployments_;
        services.schedules = &schedules_;
        services.logs = &logs_;
        services.bus = bus_.get();
        services.objects = objects_.get();
        services.publisher = &publisher_;
        add_project(ann_, "shop");
    }

    static deployments::DeploymentsConfig config() {
        deployments::DeploymentsConfig config;
        config.url_of = [](const std::string& host) { return "http://" + host; };
        return config;
    }

    std::string deploy() { return post("/api/v1/projects/shop/deployments", "{}", ann_).at("id"); }

    /// A deployment whose log is "abc\n" after the two lines of our own, and that failed.
    std::string failed() {
        const std::string id = deploy();
        const auto claimed = wait(deployments_.claim({.id = "wrk_1"}, "here"));
        const std::int64_t epoch = claimed->deployment.epoch;
        jobs::LogAppend batch{.epoch = epoch, .first = 2, .lines = {}, .open = {}};
        batch.lines.push_back({.text = "abc"});
        EXPECT_TRUE(wait(logs_.append(id, batch)).has_value());
        const jobs::Finish finish{.epoch = epoch, .state = jobs::State::failed};
        EXPECT_TRUE(wait(deployments_.finish(id, finish)).has_value());
        return id;
    }

    TestReply log_range(const std::string& id, const std::string& range) {
        http::Headers headers;
        headers.set("range", range);
        return send(Verb::get, "/api/v1/deployments/" + id + "/log", "", ann_, headers);
    }

    /// What a streamed answer writes.
    std::string streamed(const std::string& path, const std::string& query,
                         const std::string& accept) {
        http::Request request;
        request.path = path;
        request.query = query;
        request.headers.set("authorization", "Bearer " + ann_.bearer);
        request.headers.set("accept", accept);
        const http::Response response = wait(answer(services, request));
        TextSink sink;
        wait(std::get<http::StreamBody>(response.body)(sink));
        return sink.text;
    }

    Sender ann_ = owner();
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    deployments::RoutePublisher publisher_{database, *objects_, *bus_};
    logs::LogStore logs_{database, *objects_, *bus_};
    deployments::Deployments deployments_{database,   *objects_, *bus_, [this] { return now; },
                                          publisher_, config()};
    deployments::Schedules schedules_{database, deployments_, [this] { return now; }};
};

TEST_F(DeploymentRoutesTest, variables_of_one_deployment_are_sealed_named_and_forgotten) {
    const auto rows = [&] {
        const auto query = [](soci::session& sql) {
            return db::value<std::string>(sql,
                                          "select sealed_values from deployment_own_variables");
        };
        return wait(database.read(query));
    };
    const TestReply made =
        post("/api/v1/projects/shop/deployments",
             R"({"variables":[{"key":"A","value":"s3cret"},{"key":"B","value":"2"}]})", ann_);
    ASSERT_EQ(made.status, 201u) << made.text;
    EXPECT_EQ(made.json().at("own_variables"), boost::json::parse(R"(["A","B"])"));
    EXPECT_EQ(made.text.find("s3cret"), std::string::npos);
    ASSERT_TRUE(rows());
    EXPECT_EQ(rows()->find("s3cret"), std::string::npos);
    const auto open = wait(services.projects.own_variables(made.at("id"))).value();
    ASSERT_EQ(open.size(), 2u);
    EXPECT_EQ(open[0].value, "s3cret");
    EXPECT_TRUE(open[0].sensitive);
    EXPECT_EQ(get("/api/v1/projects/shop/env", ann_).json().at("items").as_array().size(), 0u)
        << "the project has none of them";

    ASSERT_EQ(post("/api/v1/deployments/" + made.at("id") + "/cancel", "{}", ann_).status, 200u);
    EXPECT_FALSE(rows()) << "it has ended";
    EXPECT_EQ(get("/api/v1/deployments/" + made.at("id"), ann_).json().at("own_variables"),
              boost::json::parse(R"(["A","B"])"));
    const std::string again =
        post("/api/v1/deployments/" + made.at("id") + "/redeploy", "{}", ann_).at("id");
    EXPECT_EQ(get("/api/v1/deployments/" + again, ann_).json().at("own_variables"),
              boost::json::array{});
    for (const auto& [body, pointer] :
         {std::pair(R"({"variables":[{"key":"1A","value":"x"}]})", "/variables/0/key"),
          std::pair(R"({"variables":[{"key":"A","value":"x"},{"key":"A","value":"y"}]})",
                    "/variables/1/key"),
          std::pair(R"({"variables":[{"key":"BERTH_X","value":"x"}]})", "/variables/0/key")}) {
        const TestReply refused = post("/api/v1/projects/shop/deployments", body, ann_);
        EXPECT_EQ(refused.status, 422u) << body;
        EXPECT_EQ(refused.pointer(), pointer) << body;
    }
}

/// What is left of a request whose api was killed after it had acted is a key without an answer.
TEST_F(DeploymentRoutesTest, a_deployment_is_made_once_though_the_api_died_before_its_answer) {
    http::Headers key;
    key.set("idempotency-key", "k-1");
    const auto send = [&](const std::string& path) { return post(path, "{}", ann_, key); };
    const auto count = [&] {
        return get("/api/v1/projects/shop/deployments", ann_).json().at("items").as_array().size();
    };
    const std::string first = send("/api/v1/projects/shop/deployments").at("id");
    const std::string again = send("/api/v1/deployments/" + first + "/redeploy").at("id");
    const auto die = [&](soci::session& sql) {
        db::execute(sql, "update idempotency set status = 0, body = :id where target like :target",
                    first, std::string("POST /api/v1/projects/%"));
        db::execute(sql, "update idempotency set status = 0, body = :id where target like :target",
                    again, std::string("POST /api/v1/deployments/%"));
    };
    wait(database.write(die));
    EXPECT_EQ(send("/api/v1/projects/shop/deployments").code(), "idempotency_running");
    now += 1;
    services.started_ms = now;
    const TestReply other = post("/api/v1/projects/shop/deployments", R"({"ref":"x"})", ann_, key);
    EXPECT_EQ(other.code(), "idempotency_mismatch");
    EXPECT_EQ(send("/api/v1/projects/shop/deployments").at("id"), first);
    EXPECT_EQ(send("/api/v1/deployments/" + first + "/redeploy").at("id"), again);
    EXPECT_EQ(count(), 2u);
    EXPECT_EQ(send("/api/v1/projects/shop/deployments").headers.get("idempotency-replayed"), "?1");
}

TEST_F(DeploymentRoutesTest, pages_through_deployments_and_refuses_a_made_up_cursor) {
    for (int i = 0; i < 3; ++i)
        deploy();
    const std::string list = "/api/v1/projects/shop/deployments?limit=2";
    const TestReply first = get(list, ann_);
    EXPECT_EQ(first.json().at("items").as_array().size(), 2u);
    const TestReply last = get(list + "&cursor=" + first.at("next"), ann_);
    EXPECT_EQ(last.json().at("items").as_array().size(), 1u);
    EXPECT_EQ(last.json().at("next"), nullptr);
    const std::string project = get("/api/v1/projects/shop", ann_).at("id");
    for (const char* place : {"x", "-1", "99999999999999999999", "1x", ""}) {
        const std::string made_up = cursor_after("deployments/" + project, place);
        const TestReply reply = get(fmt::format("{}&cursor={}", list, made_up), ann_);
        EXPECT_EQ(reply.status, 400u) << place;
        EXPECT_EQ(reply.code(), "bad_cursor") << place;
    }
}

TEST_F(DeploymentRoutesTest, gives_one_range_of_a_log) {
    const std::string id = failed();
    const TestReply all = log_range(id, "bytes=0-");
    EXPECT_EQ(all.status, 206u);
    EXPECT_TRUE(all.text.ends_with("abc\n"));
    const std::string size = std::to_string(all.text.size());
    EXPECT_EQ(log_range(id, "bytes=-4").text, "abc\n");
    EXPECT_EQ(log_range(id, "bytes=-9999").text, all.text);
    EXPECT_EQ(log_range(id, "bytes=0-0").headers.get("content-range"), "bytes 0-0/" + size);
    for (const char* range : {"bytes=-0", "bytes=99999-", "bytes=5-4", "bytes=-", "bytes=x-"}) {
        const TestReply refused = log_range(id, range);
        EXPECT_EQ(refused.status, 416u) << range;
        EXPECT_EQ(refused.headers.get("content-range"), "bytes */" + size) << range;
    }
}

TEST_F(DeploymentRoutesTest, a_page_of_lines_says_the_state_and_where_to_go_on) {
    const std::string path = "/api/v1/deployments/" + failed() + "/log";
    const std::string ndjson = "application/x-ndjson";
    const std::string page = streamed(path, "limit=1", ndjson);
    EXPECT_TRUE(page.ends_with("{\"end\":false,\"next\":1,\"state\":\"failed\"}\n")) << page;
    const std::string rest = streamed(path, "after=1", ndjson);
    EXPECT_TRUE(rest.ends_with("{\"end\":true,\"next\":3,\"state\":\"failed\"}\n")) << rest;
    EXPECT_NE(rest.find("\"text\":\"abc\""), std::string::npos);
    http::Headers headers;
    headers.set("accept", ndjson);
    for (const char* query : {"limit=0", "limit=x", "after=-1", "wait=1.5"}) {
        const TestReply refused = send(Verb::get, path + "?" + query, "", ann_, headers);
        EXPECT_EQ(refused.code(), "bad_parameter") << query;
    }
}

TEST_F(DeploymentRoutesTest, a_log_that_is_followed_says_where_to_go_on_when_the_server_ends) {
    http::Request request;
    request.path = "/api/v1/deployments/" + deploy() + "/log";
    request.query = "wait=60";
    request.headers.set("authorization", "Bearer " + ann_.bearer);
    request.headers.set("accept", "application/x-ndjson");
    const http::Response response = wait(answer(services, request));
    TextSink sink;
    asio::io_context loop;
    asio::cancellation_signal end;
    bool whole = false;
    asio::co_spawn(loop, std::get<http::StreamBody>(response.body)(sink),
                   asio::bind_cancellation_slot(
                       end.slot(), [&](std::exception_ptr escaped) { whole = !escaped; }));
    while (sink.text.find("\"line\":1") == sink.text.npos)
        ASSERT_EQ(loop.run_one_for(std::chrono::seconds(5)), 1U);
    end.emit(asio::cancellation_type::all);
    loop.run();
    EXPECT_TRUE(whole);
    EXPECT_TRUE(sink.text.ends_with("{\"end\":false,\"next\":2,\"state\":\"queued\"}\n"))
        << sink.text;
}

TEST_F(DeploymentRoutesTest, a_build_without_caches_goes_to_workers_that_know_of_it) {
    services.job_inputs = [](const deployments::Deployment&) {
        return answered(Result<deployments::JobInputs>(deployments::JobInputs{}));
    };
    const auto claim = [&](const char* version) {
        http::Request request;
        request.verb = Verb::post;
        // One look is enough.
        request.gone = [asked = false]() mutable { return std::exchange(asked, true); };
        request.headers.set("content-type", "application/json");
        if (version != nullptr) request.headers.set("berth-jobs", version);
        request.path = "/api/v1/worker/claim";
        request.body = R"({"worker":"wrk_1","name":"here","kinds":["build"]})";
        request.headers.set("authorization", "Bearer " + accounts->secrets().worker_token);
        const http::Response response = wait(answer(services, request));
        return boost::json::parse(std::get<std::string>(response.body)).as_object();
    };
    const auto ended = [&](const std::string& id) {
        const jobs::Finish finish{.epoch = 1, .state = jobs::State::failed};
        ASSERT_TRUE(wait(deployments_.finish(id, finish)).has_value());
    };
    const std::string first = deploy();
    boost::json::object reply = claim(nullptr);
    ASSERT_TRUE(reply.contains("job") && reply.at("job").is_object())
        << boost::json::serialize(reply);
    EXPECT_FALSE(reply.at("job").as_object().contains("use_caches"))
        << "an older worker refuses keys that it does not know";
    ended(first);

    const std::string again = "/api/v1/deployments/" + first + "/redeploy";
    const std::string second = post(again, R"({"use_caches":false,"reuse":true})", ann_).at("id");
    reply = claim("2");
    EXPECT_EQ(reply.at("job").at("id").as_string(), second);
    EXPECT_EQ(reply.at("job").at("use_caches"), false);
    EXPECT_FALSE(reply.at("job").as_object().contains("reuse")) << "nothing is reused";
    ended(second);

    const std::string third =
        post("/api/v1/projects/shop/deployments", R"({"use_caches":false})", ann_).at("id");
    EXPECT_FALSE(claim(nullptr).contains("job"));
    const TestReply view = get("/api/v1/deployments/" + third, ann_);
    EXPECT_EQ(view.at("state"), "failed");
    EXPECT_NE(view.at("detail").find("upgrade it"), std::string::npos) << view.text;
}

TEST_F(DeploymentRoutesTest, deploys_reuse_and_redeploys_build_unless_told_otherwise) {
    const auto last = [&] {
        const auto claimed = wait(deployments_.claim({.id = "wrk_1"}, "here")).value();
        const jobs::Finish end{.epoch = claimed.deployment.epoch, .state = jobs::State::failed};
        EXPECT_TRUE(wait(deployments_.finish(claimed.deployment.id, end)));
        return claimed.deployment.reuse;
    };
    const std::string id = deploy();
    EXPECT_TRUE(last());
    const std::string all = "/api/v1/projects/shop/deployments";
    post(all, R"({"reuse":false})", ann_);
    EXPECT_FALSE(last());
    post("/api/v1/deployments/" + id + "/redeploy", "{}", ann_);
    EXPECT_FALSE(last());
    post("/api/v1/deployments/" + id + "/redeploy", R"({"reuse":true})", ann_);
    EXPECT_TRUE(last());
}

TEST_F(DeploymentRoutesTest, who_waits_for_news_is_let_go_when_the_server_ends) {
    deploy();
    http::Request request;
    request.verb = Verb::post;
    request.gone = [] { return true; };
    request.headers.set("content-type", "application/json");
    request.path = "/api/v1/worker/claim";
    request.body = R"({"worker":"wrk_1","name":"here","kinds":["build"]})";
    request.headers.set("authorization", "Bearer " + accounts->secrets().worker_token);
    EXPECT_EQ(wait(answer(services, request)).status, 503U);
    EXPECT_TRUE(wait(deployments_.claim({.id = "wrk_2"}, "there"))) << "nobody has taken it";
    request.path = "/api/v1/edge/wait";
    request.body = R"({"edge":"edg_1","generation":999})";
    request.headers.set("authorization", "Bearer " + accounts->secrets().edge_token);
    EXPECT_EQ(wait(answer(services, request)).status, 200U);
}

TEST_F(DeploymentRoutesTest, an_event_stream_tells_lines_then_the_state_then_the_end) {
    const std::string path = "/api/v1/deployments/" + failed() + "/log";
    const std::string text = streamed(path, "after=2", "text/event-stream");
    EXPECT_TRUE(text.starts_with("event: lines\nid: 3\n")) << text;
    EXPECT_LT(text.find("event: state\nid: 3\n"), text.find("event: end\nid: 3\n")) << text;
}

TEST_F(DeploymentRoutesTest, explains_a_url_by_the_published_rules) {
    const std::string id = deploy();
    const std::string path = "/api/v1/deployments/" + id;
    EXPECT_EQ(send(Verb::get, path + "/rules", "", ann_).code(), "nothing_published");
    artifacts::Manifest manifest;
    manifest.deployment = id;
    manifest.files["index.html"] = {.sha256 = std::string(64, 'a'), .type = "text/html"};
    manifest.files["assets/index-BsK3x9ab.js"] = {.sha256 = std::string(64, 'b'),
                                                  .type = "text/javascript"};
    manifest.rules = rules::read_rules(
        {{"_redirects", "/old /new\nbroken\n/app.js /assets/index-BsK3x9ab.js 200\n"},
         {"_headers", "/*\n X-A: 1\n"}});
    const objects::Object stored{artifacts::manifest_key(id), json::text(manifest)};
    wait(objects_->put(stored));

    const auto rules = send(Verb::get, path + "/rules", "", ann_);
    EXPECT_EQ(rules.at("dialect"), "netlify");
    const boost::json::value problem = rules.json().at("problems").at(0);
    EXPECT_EQ(problem.at("line"), 2);
    EXPECT_EQ(problem.at("severity"), "error");

    const auto told = send(Verb::post, path + "/explain", R"({"url": "/old?x=1"})", ann_);
    EXPECT_EQ(told.status, 200u) << told.text;
    EXPECT_EQ(told.json().at("status"), 301);
    EXPECT_EQ(told.json().at("location"), "/new?x=1");
    EXPECT_EQ(told.json().at("url"), "https://shop.localhost/old?x=1");
    EXPECT_EQ(told.json().at("steps").at(0).at("rule").at("file"), "_redirects");

    const auto headers_of = [&](const std::string& url) {
        const auto asset =
            send(Verb::post, path + "/explain", R"({"url": ")" + url + R"("})", ann_);
        EXPECT_EQ(asset.json().at("file"), "assets/index-BsK3x9ab.js");
        std::map<std::string, std::string> headers;
        const boost::json::value sent = asset.json().at("headers");
        for (const auto& header : sent.as_array())
            headers[json::to<std::string>(header.at("name")).value()] =
                json::to<std::string>(header.at("value")).value();
        return headers;
    };
    auto headers = headers_of("/assets/index-BsK3x9ab.js");
    EXPECT_EQ(headers["cache-control"], "public, max-age=31536000, immutable");
    EXPECT_EQ(headers["x-a"], "1");
    EXPECT_EQ(headers["etag"], "\"" + std::string(64, 'b') + "\"");
    EXPECT_EQ(headers["referrer-policy"], "strict-origin-when-cross-origin");
    EXPECT_FALSE(headers.contains("x-robots-tag"));
    EXPECT_EQ(headers_of("/app.js")["cache-control"], "public, max-age=0, must-revalidate");
    headers = headers_of("http://shop-git-next.localhost:8080/assets/index-BsK3x9ab.js?v=1");
    EXPECT_EQ(headers["x-robots-tag"], "noindex");
    EXPECT_EQ(headers["cache-control"], "public, max-age=31536000, immutable");

    const auto wrong = send(Verb::post, path + "/explain", R"({"url": "/%zz"})", ann_);
    EXPECT_EQ(wrong.code(), "invalid_url");
    EXPECT_EQ(send(Verb::post, path + "/explain", R"({"url": 3})", ann_).status, 422u);
}

TEST_F(DeploymentRoutesTest, what_failed_a_check_is_promoted_by_force_and_by_an_admin_alone) {
    const std::string id = deploy();
    const auto claimed = wait(deployments_.claim({.id = "wrk_1"}, "here"));
    jobs::Finish finish{.epoch = claimed->deployment.epoch, .state = jobs::State::ready};
    finish.manifest.emplace();
    finish.checks = {{.kind = jobs::CheckKind::route,
                      .subject = "/about",
                      .declared = "berth.toml:1",
                      .limit = "answered with 200",
                      .found = "404"}};
    ASSERT_TRUE(wait(deployments_.finish(id, finish)));
    const TestReply checks = get("/api/v1/deployments/" + id + "/checks", ann_);
    EXPECT_EQ(checks.json().at("items").at(0).at("found").as_string(), "404");
    EXPECT_EQ(get("/api/v1/deployments/" + id, ann_).json().at("checks_failed").as_int64(), 1);

    const std::string place = "/api/v1/projects/shop/production";
    const std::string wanted = R"({"deployment":")" + id + R"(","force":)";
    EXPECT_EQ(send(Verb::put, place, wanted + "false}", ann_).code(), "checks_failed");
    const TestReply weak = send(Verb::put, place, wanted + "true}", token(ann_, "deploy"));
    EXPECT_EQ(weak.status, 403u);
    EXPECT_EQ(weak.code(), "admin_needed");
    EXPECT_EQ(weak.pointer(), "/force");
    EXPECT_EQ(send(Verb::put, place, wanted + "true}", token(ann_, "admin")).status, 200u);
    EXPECT_EQ(get(place, ann_).at("deployment"), id);
}

TEST_F(DeploymentRoutesTest, previews_are_listed_and_kept) {
    const std::string place = "/api/v1/projects/shop/previews";
    EXPECT_TRUE(get(place, ann_).json().at("items").as_array().empty());
    post("/api/v1/projects/shop/deployments", R"({"ref":"cart"})", ann_);
    EXPECT_EQ(get(place, ann_).json().at("items").at(0).at("ref").as_string(), "cart");
    EXPECT_TRUE(
        send(Verb::put, place, R"({"ref":"cart","kept":true})", ann_).json().at("kept").as_bool());
    EXPECT_EQ(send(Verb::put, place, R"({"ref":"main","kept":true})", ann_).code(),
              "preview_not_found");
}

TEST_F(DeploymentRoutesTest, schedules_are_added_listed_and_removed) {
    const std::string place = "/api/v1/projects/shop/schedules";
    const TestReply made =
        post(place, R"({"cron":"30 4 * * *","time_zone":"Europe/Berlin"})", ann_);
    ASSERT_EQ(made.status, 201u) << made.text;
    EXPECT_EQ(get(place, ann_).json().at("items").as_array().size(), 1u);
    EXPECT_EQ(post(place, R"({"cron":"often"})", ann_).pointer(), "/cron");
    EXPECT_EQ(send(Verb::del, place + "/" + made.at("id"), "", ann_).status, 204u);
    EXPECT_EQ(send(Verb::del, place + "/" + made.at("id"), "", ann_).code(), "schedule_not_found");
}

}  // namespace
}  // namespace berth::api
