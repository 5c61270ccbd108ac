/// `berth edge`: serves sites; beside it, one loop that listens for hints from the api, reports to
/// it what was counted, and answers the operator.

#include <signal.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/signal_set.hpp>
#include <thread>

#include "base/id.hpp"
#include "base/log.hpp"
#include "edge/edge.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "roles/backends.hpp"
#include "roles/config.hpp"
#include "roles/edge_admin.hpp"
#include "roles/edge_certificates.hpp"
#include "roles/edge_reports.hpp"
#include "roles/orphan.hpp"
#include "roles/role_config.hpp"
#include "roles/roles.hpp"

namespace berth::roles {
namespace {

using namespace std::chrono_literals;

constexpr int first_listener = 4;

struct WaitBody {
    std::string edge{};
    std::int64_t generation = 0;
};
BOOST_DESCRIBE_STRUCT(WaitBody, (), (edge, generation))

struct WaitReply {
    std::int64_t generation = 0;
};
BOOST_DESCRIBE_STRUCT(WaitReply, (), (generation))

edge::EdgeConfig edge_config(const EdgeRoleConfig& config) {
    edge::EdgeConfig made;
    for (int i = 0; i < config.listeners; ++i)
        made.listening.emplace_back(first_listener + i);
    for (std::int64_t i = 0; i < config.listeners_tls; ++i)
        made.listening_tls.emplace_back(static_cast<int>(first_listener + config.listeners + i));
    if (config.listeners_tls > 0) made.certificates = load_certificates(config.certificates);
    made.https_port = config.https_port;
    made.hsts_s = config.hsts_s;
    made.proxy_protocol = config.proxy_protocol;
    made.h2c = config.h2c;
    made.loops = static_cast<std::size_t>(config.listeners);
    if (!config.store.empty()) made.public_directory = config.store + "/public";
    made.state_directory = config.state;
    made.platform_hosts = config.platform_hosts;
    made.platform_on_ip = config.platform_on_ip;
    made.base_host = config.base_host;
    made.api_socket = config.api_socket;
    made.platform_elsewhere = config.platform_elsewhere;
    made.trusted_proxies = split_list(config.trusted_proxy);
    made.country_header = config.country_header;
    made.rewrite_nets = split_list(config.allow_rewrite_nets);
    made.ca_file = config.ca_file;
    made.access_log.path = config.access_log;
    made.access_log.sample = config.access_log_sample;
    made.access_log.bytes_max = static_cast<std::uint64_t>(config.access_log_bytes);
    return made;
}

/// Until the edge serves what the hint spoke of; the truth comes by its own polling anyway.
Task<> load(edge::Edge& edge, std::int64_t generation) {
    edge.refresh();
    for (int i = 0; i < 500 && edge.generation() < generation; ++i)
        co_await sleep_for(2ms);
}

/// Asks the api for news; its answer is a hint, the next question says what we serve now.
Task<> follow_hints(edge::Edge& edge, EdgeRoleConfig config, std::string id, const bool& leaving) {
    const auto client = http::make_curl_client(1, config.ca_file);
    auto pause = 100ms;
    while (!leaving) {  // nobody waits for one that leaves to serve what is new
        const WaitBody body{id, edge.generation()};
        http::Call call{.verb = "POST",
                        .url = config.server + "/api/v1/edge/wait",
                        .body = json::text(body),
                        .limit = 40s};
        call.headers.set("authorization", "Bearer " + config.token);
        call.headers.set("content-type", "application/json");
        const Result<http::Reply> reply = co_await client->send(std::move(call));
        const auto news = reply && reply->status == 200
                              ? json::parse_as<WaitReply>(reply->body)
                              : Result<WaitReply>(fail(Failure::unavailable, "no answer"));
        if (!news) {  // the api is away: what we have is served on
            co_await sleep_for(pause);
            pause = std::min<std::chrono::milliseconds>(pause * 2, 2000ms);
            continue;
        }
        pause = 100ms;
        if (news->generation > edge.generation()) co_await load(edge, news->generation);
    }
}

Task<> answer_operator(edge::Edge& edge, const EdgeReports& reports, int descriptor) {
    const http::Answer answer = [&](http::Request& request) {
        return answer_edge_admin(edge, reports, request);
    };
    const http::PlanBody small = [](const http::Request&) { return http::BodyPlan{}; };
    http::ServerLimits limits;
    limits.connections_max = 100;
    co_await http::serve(Fd(descriptor), answer, small, limits);
}

/// Without its pid there nobody could end it once its supervisor is gone: then it must not serve.
void say_serving(const std::string& state) {
    try {
        write_edge_pid(state);
    } catch (const std::exception& broken) {
        log::error("cannot serve", {{"why", broken.what()}});
        end_role(1);
    }
    say_ready();
}

/// What goes on beside the edge only while it takes visitors: another edge has the rest.
struct Beside {
    bool leaving = false;
    asio::cancellation_signal admin{};
};

/// SIGUSR1: another edge serves from the same sockets by now.
Task<> follow_signals(asio::io_context& loop, edge::Edge& edge, Beside& beside,
                      std::chrono::milliseconds drain_limit) {
    boost::asio::signal_set signals(loop, SIGTERM, SIGINT, SIGUSR1);
    while (true) {  // ends with the process
        const int signal = co_await signals.async_wait(asio::use_awaitable);
        beside.leaving = true;
        beside.admin.emit(asio::cancellation_type::all);
        if (signal == SIGUSR1) {
            log::info("draining", {{"limit_ms", drain_limit.count()}});
            edge.drain(drain_limit);
        } else {
            edge.stop();
        }
    }
}

void start_answering_operator(asio::io_context& loop, edge::Edge& edge, const EdgeReports& reports,
                              int descriptor, Beside& beside) {
    asio::co_spawn(
        loop, answer_operator(edge, reports, descriptor),
        asio::bind_cancellation_slot(beside.admin.slot(), [](std::exception_ptr escaped) {
            if (escaped && !was_canceled(escaped)) report_escaped("edge admin", escaped);
        }));
}

/// The bucket, when that is where the objects are.
struct Bucket {
    explicit Bucket(const EdgeRoleConfig& config) {
        if (config.s3.url.empty()) return;
        small = open_quick_store(config.s3, config.state, config.ca_file);
        blobs = open_store("", config.s3, config.state, config.ca_file);
    }

    std::unique_ptr<objects::ObjectStore> small{};
    std::unique_ptr<objects::ObjectStore> blobs{};
};

}  // namespace

int run_edge() {
    const auto config = read_role_config<EdgeRoleConfig>();
    start_log("edge", config.log_level);
    edge::EdgeConfig own = edge_config(config);
    const Bucket bucket(config);
    if (bucket.small) {
        own.remote = edge::EdgeConfig::Remote{.small = bucket.small.get(),
                                              .blobs = bucket.blobs.get(),
                                              .cache = {.directory = config.state + "/blobs"}};
        own.remote->cache.bytes_max = static_cast<std::uint64_t>(config.cache_gb) << 30;
        own.remote->cache.fetches_max = 64;
    }
    own.on_ready = [state = config.state] { say_serving(state); };
    edge::Edge edge(std::move(own));
    asio::io_context loop(1);
    Beside beside;
    const std::chrono::milliseconds drain_limit(config.drain_ms);
    spawn(loop.get_executor(), follow_signals(loop, edge, beside, drain_limit), "signals");
    const std::string id = new_id("edg");
    EdgeReports reports(edge, config, id);
    spawn(loop.get_executor(), follow_hints(edge, config, id, beside.leaving), "hints");
    spawn(loop.get_executor(), reports.send_forever(), "traffic reports");
    if (config.admin) {
        const auto descriptor = first_listener + config.listeners + config.listeners_tls;
        start_answering_operator(loop, edge, reports, static_cast<int>(descriptor), beside);
    }
    if (config.listeners_tls > 0) {
        spawn(loop.get_executor(),
              follow_certificates(edge, config.certificates, config.state, config.ca_file),
              "certificates");
    }
    std::thread hints([&loop] { loop.run(); });
    log::info("serving", {{"loops", config.listeners}});
    edge.run();
    loop.stop();
    hints.join();
    reports.send_last();
    end_role(0);
}

}  // namespace berth::roles
