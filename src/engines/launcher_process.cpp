#include "engines/launcher_process.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdlib>
#include <filesystem>

#include "base/log.hpp"
#include "engines/cgroups.hpp"
#include "engines/sweep.hpp"

extern char** environ;

namespace berth::engines::test {
namespace {

Fd listen_on(const std::string& path) {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ::unlink(path.c_str());
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), 16) != 0) {
        throw_errno("listen " + path);
    }
    return socket;
}

}  // namespace

LauncherProcess::LauncherProcess(LauncherOptions options) : options_(std::move(options)) {
    char name[] = "/tmp/berth.launcher-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw_errno("mkdtemp");
    directory_ = name;
    std::filesystem::permissions(directory_, std::filesystem::perms(0755));
    socket_path_ = directory_ + "/socket";
    state_directory_ = directory_ + "/state";
    start();
}

LauncherProcess::~LauncherProcess() {
    kill();
    sweep(Cgroups(options_.instance));
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void LauncherProcess::start() {
    const Fd listener = listen_on(socket_path_);
    const std::vector<std::string> texts = {"/proc/self/exe",
                                            "--launcher",
                                            std::to_string(listener.get()),
                                            state_directory_,
                                            directory_ + "/run",
                                            options_.instance,
                                            options_.allow_nets,
                                            options_.allow_build_nets,
                                            options_.own_port,
                                            std::to_string(options_.reserve_bytes),
                                            std::to_string(options_.prepared_networks),
                                            options_.disk_images,
                                            options_.proxy};
    std::vector<char*> argv;
    argv.reserve(texts.size() + 1);
    for (const std::string& text : texts)
        argv.push_back(const_cast<char*>(text.c_str()));
    argv.push_back(nullptr);
    if (::posix_spawn(&pid_, argv[0], nullptr, nullptr, argv.data(), environ) != 0) {
        throw_errno("start a launcher");
    }
}

void LauncherProcess::kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

int LauncherProcess::stop() {
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int launcher_main(int argc, char** argv) {
    if (argc != 13) return 2;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    log::start("launcher", log::Level::warning);
    LauncherConfig config;
    config.listener = Fd(std::atoi(argv[2]));
    config.state_directory = argv[3];
    config.run_directory = argv[4];
    config.instance = argv[5];
    config.reach.clone_nets = parse_nets(argv[6]).value();
    config.reach.build_nets = parse_nets(argv[7]).value();
    if (*argv[8] != 0) config.reach.own_ports = {static_cast<std::uint16_t>(std::atoi(argv[8]))};
    config.reserve_bytes = std::stoull(argv[9]);
    config.prepared_networks = std::stoull(argv[10]);
    config.disk_images = std::string_view(argv[11]) == "yes";
    if (*argv[12] != 0) {
        config.reach.proxies = places_of({.https = std::string("http://") + argv[12]});
    }
    asio::io_context loop(1);
    asio::cancellation_signal stop;
    asio::signal_set signals(loop, SIGTERM);
    signals.async_wait([&](const boost::system::error_code& canceled, int) {
        if (!canceled) stop.emit(asio::cancellation_type::all);
    });
    asio::co_spawn(loop, run_launcher(std::move(config)),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr escaped) {
                       if (escaped) report_escaped("launcher", escaped);
                       loop.stop();
                   }));
    loop.run();
    return 0;
}

}  // namespace berth::engines::test
