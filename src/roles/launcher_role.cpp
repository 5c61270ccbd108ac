/// `berth launcher`: the only privileged role.

#include <signal.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/log.hpp"
#include "engines/launcher.hpp"
#include "roles/config.hpp"
#include "roles/role_config.hpp"
#include "roles/roles.hpp"

namespace berth::roles {
namespace {

constexpr int listener_descriptor = 4;

Task<> stop_on_signal(asio::io_context& loop, asio::cancellation_signal& stop) {
    boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
    co_await signals.async_wait(asio::use_awaitable);
    stop.emit(asio::cancellation_type::all);
}

engines::LauncherConfig launcher_config(const LauncherRoleConfig& config) {
    engines::LauncherConfig made;
    made.listener = Fd(listener_descriptor);
    made.state_directory = config.state;
    made.run_directory = config.run;
    made.instance = config.instance;
    made.allowed_uids = config.allowed_uids;
    made.runtime = config.runtime;
    made.cgroups = config.cgroups;
    made.spare_processors = config.builds_processors != "shared";
    made.first_uid = static_cast<std::uint32_t>(config.first_uid);
    made.reserve_bytes = static_cast<std::uint64_t>(config.disk_reserve_mb) << 20;
    made.reach.clone_nets = engines::parse_nets(config.allow_nets).value();
    made.reach.build_nets = engines::parse_nets(config.allow_build_nets).value();
    made.reach.own_ports = config.own_ports;
    made.reach.proxies = config.proxies;
    if (!config.ca_file.empty()) made.ca_file = config.ca_file;
    return made;
}

}  // namespace

int run_launcher() {
    const auto config = read_role_config<LauncherRoleConfig>();
    start_log("launcher", config.log_level);
    asio::io_context loop(1);
    asio::cancellation_signal stop;
    spawn(loop.get_executor(), stop_on_signal(loop, stop), "signals");
    int code = 0;
    asio::co_spawn(loop, engines::run_launcher(launcher_config(config)),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr escaped) {
                       if (escaped && !was_canceled(escaped)) {
                           report_escaped("launcher", escaped);
                           code = 1;
                       }
                       loop.stop();
                   }));
    loop.run();
    end_role(code);
}

}  // namespace berth::roles
