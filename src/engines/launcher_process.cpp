#include "engines/launcher_process.hpp"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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

void show(const std::string& file, const char* at) {
    if (::mount(file.c_str(), at, nullptr, MS_BIND, nullptr) != 0) throw_errno(at);
}

/// Gives up root for good, in a view where the test's user may make sandboxes.
void become_user(const std::string& folder) {
    if (::unshare(CLONE_NEWNS) != 0) throw_errno("unshare");
    if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) throw_errno("private mounts");
    const std::string view = folder + "/view";
    std::filesystem::create_directories(view);
    if (::mount("view", view.c_str(), "tmpfs", 0, "mode=0755") != 0) throw_errno("mount view");
    const std::string passwd = read_file("/etc/passwd").value();
    write_file(view + "/passwd",
               fmt::format("{}berth-test:x:{}:{}::/:/bin/sh\n", passwd, test_user, test_user));
    show(view + "/passwd", "/etc/passwd");
    const std::string ids = fmt::format("{}:{}:{}\n", test_user, test_ids.first, test_ids.count);
    for (const char* file : {"subuid", "subgid"}) {
        write_file(view + "/" + file, ids);
        show(view + "/" + file, fmt::format("/etc/{}", file).c_str());
    }
    const std::string tun = view + "/tun";
    if (::mknod(tun.c_str(), S_IFCHR | 0666, makedev(10, 200)) != 0 ||
        ::chmod(tun.c_str(), 0666) != 0) {
        throw_errno("make a tun device");
    }
    show(tun, "/dev/net/tun");
    if (::chown(folder.c_str(), test_user, test_user) != 0) throw_errno("chown " + folder);
    if (::setgroups(0, nullptr) != 0 || ::setresgid(test_user, test_user, test_user) != 0 ||
        ::setresuid(test_user, test_user, test_user) != 0) {
        throw_errno("become a user");
    }
    ::prctl(PR_SET_DUMPABLE, 1);  // as every program that a user starts
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
                                            options_.proxy,
                                            options_.starter == Starter::user ? "user" : "root"};
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
    if (argc != 14) return 2;
    if (std::string_view(argv[13]) == "user") {
        become_user(std::filesystem::path(argv[3]).parent_path().string());
    }
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
    constexpr std::uint32_t nobody = 65'534;  // so the test, root of the host, looks from inside
    if (std::string_view(argv[13]) == "user") config.allowed_uids = {nobody};
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
