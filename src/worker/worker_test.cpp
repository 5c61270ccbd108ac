#include "worker/worker.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "worker/backoff.hpp"
#include "worker/tenure.hpp"

namespace berth::worker {
namespace {

using namespace std::chrono_literals;

/// An api that answers from a script; what was sent is remembered.
class FakeClient final : public http::Client {
public:
    Task<Result<http::Reply>> send(http::Call call) override {
        std::string body = call.body;
        if (call.source) {
            std::string block(4096, '\0');
            while (const std::size_t count = call.source(block))
                body += block.substr(0, count);
        }
        const std::string path = call.url.substr(call.url.find("/worker/") + 8);
        sent.push_back({call.verb, path, body, std::string(call.headers.get("authorization"))});
        const std::chrono::milliseconds pause = slow && path.ends_with(*slow) ? 200ms : 0ms;
        if (pause.count() > 0) co_await sleep_for(pause);
        answered.push_back(path);
        if (answer) co_return answer(path, body);
        co_return http::Reply{.status = 200, .body = "{}"};
    }

    struct Sent {
        std::string verb, path, body, authorization;
    };
    std::vector<Sent> sent;
    std::vector<std::string> answered;  // paths, in the order of the answers
    std::optional<std::string> slow{};  // calls whose path ends so wait for their answer
    std::function<Result<http::Reply>(const std::string& path, const std::string& body)> answer;

    std::size_t count(std::string_view end) const {
        return static_cast<std::size_t>(std::count_if(
            sent.begin(), sent.end(), [&](const Sent& one) { return one.path.ends_with(end); }));
    }
    std::string last_body(std::string_view end) const {
        for (auto one = sent.rbegin(); one != sent.rend(); ++one) {
            if (one->path.ends_with(end)) return one->body;
        }
        return "";
    }
};

/// An engine whose runs never end by themselves: they print nothing until they are killed.
class HangingEngine final : public engines::Engine {
public:
    class Hang final : public engines::Running {
    public:
        Hang(const asio::any_io_executor& loop, HangingEngine& engine)
            : changed_(loop), engine_(engine) {
            engine_.running = this;
        }
        ~Hang() override {
            if (engine_.running == this) engine_.running = nullptr;
        }
        Task<engines::Chunk> read() override {
            while (!dead)
                co_await changed_.wait();
            co_return engines::Chunk{};
        }
        Task<Result<engines::Exit>> wait() override { co_return engines::Exit{.code = 137}; }
        Task<> kill() override {
            end();
            co_return;
        }
        void end() {
            dead = true;
            changed_.notify();
        }
        bool dead = false;

    private:
        builds::Signal changed_;
        HangingEngine& engine_;
    };

    Task<Result<>> make_volume(engines::Volume volume) override {
        if (broken) throw std::runtime_error("the world is broken");
        volumes_made.insert(volume.name);
        co_return Result<>{};
    }
    Task<Result<>> keep_volume(std::string, std::string) override { co_return Result<>{}; }
    Task<Result<>> remove_volume(std::string name) override {
        volumes_made.erase(name);
        co_return Result<>{};
    }
    Task<Result<std::vector<engines::VolumeState>>> volumes() override {
        co_return std::vector<engines::VolumeState>{};
    }
    Task<Result<std::unique_ptr<engines::Running>>> start(engines::Run) override {
        const auto loop = co_await asio::this_coro::executor;
        co_return std::make_unique<Hang>(loop, *this);
    }
    Task<Result<>> destroy(std::string sandbox) override {
        destroyed.push_back(sandbox);
        if (running != nullptr) running->end();
        co_return Result<>{};
    }

    std::set<std::string> volumes_made;
    std::vector<std::string> destroyed;
    Hang* running = nullptr;
    bool broken = false;
};

http::Reply reply(unsigned status, std::string body) {
    return {.status = status, .body = std::move(body)};
}

TEST(Backoff, grows_to_its_limit_and_starts_anew) {
    Backoff backoff(100ms, 300ms);
    for (const auto most : {100ms, 200ms, 300ms, 300ms}) {
        const auto pause = backoff.next();
        EXPECT_GE(pause, most / 2);
        EXPECT_LE(pause, most);
    }
    backoff.reset();
    EXPECT_LE(backoff.next(), 100ms);
}

struct Said {
    Result<std::int64_t> next{};
    Result<> advanced{};
};

Task<Said> talk(FakeClient& client, std::chrono::milliseconds patience) {
    builds::Stop stop;
    const ApiAddress address{"http://api", "token"};
    HttpJobApi api(client, address, "dpl_1", 7, patience, stop);
    jobs::LogAppend batch{.first = 3, .lines = {{.text = "x"}}};
    Said said;
    said.next = co_await api.append(std::move(batch));
    jobs::Advance step{.to = jobs::State::building};
    said.advanced = co_await api.advance(std::move(step));
    co_return said;
}

TEST(HttpJobApi, sends_the_token_and_the_epoch) {
    FakeClient client;
    client.answer = [](const std::string&, const std::string&) {
        return reply(200, R"({"next": 4})");
    };
    const Said said = wait(talk(client, 1s));
    EXPECT_EQ(said.next.value(), 4);
    EXPECT_TRUE(said.advanced);
    EXPECT_EQ(client.sent[0].path, "jobs/dpl_1/log");
    EXPECT_EQ(client.sent[0].authorization, "Bearer token");
    EXPECT_NE(client.sent[0].body.find(R"("epoch":7)"), std::string::npos);
    EXPECT_NE(client.sent[1].body.find(R"("to":"building")"), std::string::npos);
}

Task<std::vector<std::string>> wait_long(FakeClient& client) {
    builds::Stop stop;
    const ApiAddress address{"http://api", "token"};
    HttpJobApi api(client, address, "dpl_1", 7, 10s, stop);
    std::vector<std::string> told;
    api.on_waiting([&told](const Error& why) { told.push_back(why.code); });
    jobs::Advance step{.to = jobs::State::building};
    const Result<> advanced = co_await api.advance(std::move(step));
    EXPECT_TRUE(advanced);
    co_return told;
}

TEST(HttpJobApi, says_once_that_it_waits_for_others) {
    FakeClient client;
    const auto fail_with = [&client](const std::string& code) {
        client.sent.clear();
        client.answer = [&client, code](const std::string&, const std::string&) {
            return client.sent.size() < 6 ? reply(503, R"({"code": ")" + code + R"("})")
                                          : reply(204, "");
        };
        return wait(wait_long(client));
    };
    EXPECT_EQ(fail_with("object_store_unavailable"),
              std::vector<std::string>{"object_store_unavailable"});
    EXPECT_EQ(fail_with("internal"), std::vector<std::string>{});
}

TEST(HttpJobApi, takes_the_next_line_from_a_refusal_and_knows_a_lost_lease) {
    FakeClient client;
    client.answer = [](const std::string& path, const std::string&) {
        return path.ends_with("log") ? reply(409, R"({"code": "wrong_line", "next": 2})")
                                     : reply(409, R"({"code": "lease_lost", "detail": "gone"})");
    };
    const Said said = wait(talk(client, 1s));
    EXPECT_EQ(said.next.value(), 2);
    EXPECT_TRUE(builds::is_lease_lost(said.advanced.error()));
    EXPECT_EQ(client.count("advance"), 1u) << "a lost lease is not tried again";
}

TEST(HttpJobApi, tries_again_while_the_api_is_away_but_not_for_ever) {
    FakeClient client;
    int away = 2;
    client.answer = [&](const std::string&, const std::string&) -> Result<http::Reply> {
        if (away-- > 1) return fail(Failure::unavailable, "refused");
        if (away >= 0) return reply(503, "");
        return reply(200, R"({"next": 4})");
    };
    EXPECT_EQ(wait(talk(client, 5s)).next.value(), 4);
    EXPECT_EQ(client.count("log"), 3u);
    client.answer = [](const std::string&, const std::string&) -> Result<http::Reply> {
        return fail(Failure::timed_out, "slow");
    };
    EXPECT_EQ(wait(talk(client, 10ms)).next.error().failure, Failure::unavailable);
}

std::string claimed_job() {
    jobs::ClaimReply claimed{.lease_ms = 50};
    claimed.job =
        jobs::Job{.id = "dpl_1", .epoch = 1, .project = "prj_1", .environment = "production"};
    claimed.job->source.repo_url = "https://git.example/x.git";
    return json::text(claimed);
}

/// A worker that gets one job and is drained when `until` says so.
using Order = void (Drain::*)();
Task<> drain_when(std::function<bool()> until, std::shared_ptr<Drain> drain, Order order) {
    const std::int64_t end_ms = steady_now_ms() + 5000;
    while (!until() && steady_now_ms() < end_ms)
        co_await sleep_for(5ms);
    ((*drain).*order)();
}

Task<> work(FakeClient& client, HangingEngine& engine, std::function<bool()> until,
            std::int64_t drain_ms, Order order = &Drain::begin, std::string ids_file = {}) {
    const auto loop = co_await asio::this_coro::executor;
    WorkerConfig config{.api = {"http://api", "token"},
                        .name = "test",
                        .build_slots = 1,
                        .scratch_directory = "/tmp",
                        .ids_file = std::move(ids_file),
                        .npm_registry = "http://registry",
                        .drain_ms = drain_ms};
    spawn(loop, drain_when(std::move(until), config.drain, order), "drain");
    co_await run_worker(std::move(config), client, engine);
}

class WorkerTest : public testing::Test {
protected:
    /// Answers claims with one job, then with none, and everything else with `other`.
    void script(std::function<Result<http::Reply>(const std::string&)> other) {
        client_.answer = [other, given = false](
                             const std::string& path,
                             const std::string& body) mutable -> Result<http::Reply> {
            if (path == "claim" && body.find("inspect") == body.npos && !given) {
                given = true;
                return reply(200, claimed_job());
            }
            if (path == "claim") return fail(Failure::unavailable, "nothing to do");
            if (path.ends_with("/log")) {
                const auto batch = json::parse_as<jobs::LogAppend>(body).value();
                return reply(
                    200, json::text(jobs::LogReply{batch.first +
                                                   static_cast<std::int64_t>(batch.lines.size())}));
            }
            return other(path);
        };
    }

    FakeClient client_;
    HangingEngine engine_;
};

TEST_F(WorkerTest, kills_a_canceled_job_and_says_so) {
    script([](const std::string& path) {
        return reply(200, path.ends_with("renew") ? R"({"stop": "canceled"})" : "{}");
    });
    wait(work(client_, engine_, [&] { return client_.count("finish") > 0; }, 1000));
    EXPECT_NE(client_.last_body("finish").find(R"("state":"canceled")"), std::string::npos);
    EXPECT_EQ(engine_.destroyed.front(), "dpl_1-1");
    EXPECT_EQ(client_.count("finish"), 1u);
    EXPECT_TRUE(engine_.volumes_made.empty()) << "nothing is left behind";
}

TEST_F(WorkerTest, says_nothing_more_when_the_lease_is_lost) {
    script([](const std::string& path) {
        return path.ends_with("renew") ? reply(409, R"({"code": "lease_lost"})") : reply(200, "{}");
    });
    wait(work(client_, engine_, [&] { return engine_.destroyed.size() >= 2; }, 1000));
    EXPECT_EQ(client_.count("finish"), 0u);
    EXPECT_EQ(engine_.running, nullptr);
}

TEST_F(WorkerTest, goes_on_while_renewals_do_not_get_through) {
    script([](const std::string& path) -> Result<http::Reply> {
        if (path.ends_with("renew")) return fail(Failure::unavailable, "away");
        return reply(200, "{}");
    });
    wait(work(client_, engine_, [&] { return client_.count("renew") > 5; }, 1));
    EXPECT_NE(client_.last_body("finish").find("lost_worker"), std::string::npos)
        << "only the drain ended it";
}

TEST_F(WorkerTest, tells_an_internal_failure_when_the_world_breaks) {
    engine_.broken = true;
    script([](const std::string&) { return reply(200, "{}"); });
    wait(work(client_, engine_, [&] { return client_.count("finish") > 0; }, 1000));
    EXPECT_NE(client_.last_body("finish").find(R"("reason":"internal")"), std::string::npos);
}

TEST_F(WorkerTest, hands_the_log_over_before_the_end_when_the_world_breaks) {
    engine_.broken = true;
    client_.slow = "log";
    script([](const std::string&) { return reply(200, "{}"); });
    wait(work(client_, engine_, [&] { return client_.count("finish") > 0; }, 1000));
    const auto& paths = client_.answered;
    const auto log = std::find(paths.rbegin(), paths.rend(), "jobs/dpl_1/log");
    const auto finish = std::find(paths.rbegin(), paths.rend(), "jobs/dpl_1/finish");
    ASSERT_NE(log, paths.rend());
    ASSERT_NE(finish, paths.rend());
    EXPECT_LT(finish - paths.rbegin(), log - paths.rbegin());
}

TEST_F(WorkerTest, tells_how_a_job_ended_before_it_goes) {
    engine_.broken = true;
    client_.slow = "finish";
    script([](const std::string&) { return reply(200, "{}"); });
    wait(work(client_, engine_, [&] { return client_.count("finish") > 0; }, 1000));
    EXPECT_EQ(std::count(client_.answered.begin(), client_.answered.end(), "jobs/dpl_1/finish"), 1);
}

TEST_F(WorkerTest, retires_when_its_jobs_have_ended_however_long_they_take) {
    engine_.broken = true;
    client_.slow = "finish";  // longer than a drain would give it
    script([](const std::string&) { return reply(200, "{}"); });
    wait(work(client_, engine_, [&] { return client_.count("advance") > 0; }, 1, &Drain::retire));
    EXPECT_EQ(std::count(client_.answered.begin(), client_.answered.end(), "jobs/dpl_1/finish"), 1);
    EXPECT_EQ(client_.last_body("finish").find("shut down"), std::string::npos);
}

TEST_F(WorkerTest, tells_of_the_workers_before_it_until_the_api_has_heard) {
    const std::string file = testing::TempDir() + "workers-" + new_id("tst");
    int refusals = 2;
    client_.answer = [&](const std::string& path, const std::string&) -> Result<http::Reply> {
        if (path == "gone" && refusals-- > 0) return reply(503, "{}");
        return path == "gone" ? reply(200, "{}") : reply(500, "nothing to do");
    };
    const auto run = [&](std::function<bool()> until) {
        client_.sent.clear();
        wait(work(client_, engine_, std::move(until), 1, &Drain::begin, file));
        return client_.count("gone") > 0
                   ? json::parse_as<jobs::GoneReport>(client_.last_body("gone")).value().workers
                   : std::vector<std::string>{};
    };
    const auto own = [&] {
        return json::parse_as<jobs::ClaimRequest>(client_.last_body("claim")).value().worker;
    };
    EXPECT_EQ(run([&] { return client_.count("claim") > 1; }), std::vector<std::string>{});
    const std::string first = own();
    // Killed before it was heard: the next one tells of both.
    EXPECT_EQ(run([&] { return client_.count("gone") == 1; }), std::vector{first});
    const std::string second = own();
    EXPECT_EQ(run([&] { return client_.count("gone") == 2; }), (std::vector{second, first}));
    const std::string third = own();
    EXPECT_EQ(run([&] { return client_.count("gone") == 1; }), std::vector{third});
}

TEST_F(WorkerTest, claims_again_after_errors) {
    client_.answer = [](const std::string&, const std::string&) { return reply(500, "oops"); };
    wait(work(client_, engine_, [&] { return client_.count("claim") >= 4; }, 1));
    EXPECT_GE(client_.count("claim"), 4u);
}

}  // namespace
}  // namespace berth::worker
