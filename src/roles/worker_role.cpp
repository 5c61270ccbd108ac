/// `berth worker`: builds what the api gives it.

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <filesystem>

#include "base/log.hpp"
#include "engines/sandbox_engine.hpp"
#include "http/client.hpp"
#include "roles/config.hpp"
#include "roles/machine_memory.hpp"
#include "roles/role_config.hpp"
#include "roles/roles.hpp"
#include "worker/worker.hpp"

namespace berth::roles {
namespace {

constexpr std::size_t calls_per_slot = 4;  // claim, renewal, log, upload
constexpr std::size_t calls_beside = 3;    // two for the caches, one for dense forms

Task<> drain_on_signal(asio::io_context& loop, std::shared_ptr<worker::Drain> drain) {
    boost::asio::signal_set signals(loop, SIGTERM, SIGINT, SIGUSR1);
    while (!drain->begun()) {
        const int signal = co_await signals.async_wait(asio::use_awaitable);
        if (signal == SIGUSR1) {
            log::info("no more jobs are claimed");
            drain->retire();
        } else {
            drain->begin();
        }
    }
}

std::string host_name() {
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    return name;
}

worker::WorkerConfig worker_config(const WorkerRoleConfig& config) {
    worker::WorkerConfig made;
    made.api.server = config.server;
    made.api.token = config.token;
    made.name = host_name();
    made.build_slots = static_cast<std::size_t>(config.builds);
    made.build_bytes = config.builds_memory_mb == 0
                           ? memory_for_builds(read_machine_memory("/sys/fs/cgroup"))
                           : static_cast<std::uint64_t>(config.builds_memory_mb) << 20;
    made.scratch_directory = config.state + "/scratch";
    made.ids_file = config.state + "/workers";
    made.npm_registry = config.npm_registry;
    made.proxies = config.proxies;
    made.kept_bytes_max = static_cast<std::uint64_t>(config.cache_gb) << 30;
    made.project_bytes_max = static_cast<std::uint64_t>(config.project_cache_gb) << 30;
    return made;
}

}  // namespace

int run_worker() {
    const auto config = read_role_config<WorkerRoleConfig>();
    start_log("worker", config.log_level);
    // Its memory holds secrets of projects; nobody of the same user may read it.
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    asio::io_context loop(1);
    const auto client = http::make_curl_client(
        (static_cast<std::size_t>(config.builds) + 1) * calls_per_slot + calls_beside,
        config.ca_file);
    // What a killed worker left there is nobody's.
    std::filesystem::remove_all(config.state + "/scratch");
    std::filesystem::create_directories(config.state + "/scratch");
    const auto engine = engines::make_sandbox_engine(loop.get_executor(), config.launcher);
    const worker::WorkerConfig settings = worker_config(config);
    spawn(loop.get_executor(), drain_on_signal(loop, settings.drain), "signals");
    int code = 0;
    asio::co_spawn(loop, worker::run_worker(settings, *client, *engine),
                   [&](std::exception_ptr escaped) {
                       if (escaped) {
                           report_escaped("worker", escaped);
                           code = 1;
                       }
                       loop.stop();
                   });
    loop.run();
    end_role(code);
}

}  // namespace berth::roles
