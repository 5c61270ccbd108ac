/// The agent of `berth build`, as a role.

#include <sys/prctl.h>

#include <filesystem>

#include "base/log.hpp"
#include "engines/sandbox_engine.hpp"
#include "http/client.hpp"
#include "local/agent.hpp"
#include "roles/config.hpp"
#include "roles/role_config.hpp"
#include "roles/roles.hpp"

namespace berth::roles {
namespace {

constexpr std::size_t calls_at_once = 8;  // toolchains and their packages

}  // namespace

int run_local_build() {
    const auto config = read_role_config<LocalBuildRoleConfig>();
    local::AgentStreams streams{Fd(4), Fd(5), Fd(6)};
    start_log("local-build", config.log_level);
    // Its memory holds secrets of the build; nobody of the same user may read it.
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    asio::io_context loop(1);
    const auto client = http::make_curl_client(calls_at_once, config.ca_file);
    const std::string scratch = config.state + "/scratch";
    std::filesystem::remove_all(scratch);  // of one that was killed
    std::filesystem::create_directories(scratch);
    const auto engine = engines::make_sandbox_engine(loop.get_executor(), config.launcher);
    local::AgentConfig settings{
        .scratch_directory = scratch,
        .npm_registry = config.npm_registry,
        .kept_bytes_max = static_cast<std::uint64_t>(config.cache_gb) << 30,
        .project_bytes_max = static_cast<std::uint64_t>(config.project_cache_gb) << 30,
        .proxies = config.proxies};
    int code = 0;
    asio::co_spawn(loop, local::run_agent(settings, *client, *engine, std::move(streams)),
                   [&](std::exception_ptr escaped) {
                       if (escaped) {
                           report_escaped("local-build", escaped);
                           code = 1;
                       }
                       loop.stop();
                   });
    loop.run();
    end_role(code);
}

}  // namespace berth::roles
