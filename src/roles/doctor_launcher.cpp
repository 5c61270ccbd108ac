#include "roles/doctor_launcher.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/signal_set.hpp>
#include <filesystem>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "engines/launcher.hpp"
#include "engines/trees.hpp"
#include "engines/user_namespace.hpp"

namespace berth::roles {
namespace {

Fd listen_at(const std::string& path) {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), 4) != 0) {
        throw_errno("listen at " + path);
    }
    return socket;
}

[[noreturn]] void run(engines::LauncherConfig config) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    log::start("doctor", log::Level::error);
    asio::io_context loop(1);
    asio::cancellation_signal stop;
    asio::signal_set signals(loop, SIGTERM, SIGINT);
    signals.async_wait([&](const boost::system::error_code& canceled, int) {
        if (!canceled) stop.emit(asio::cancellation_type::all);
    });
    asio::co_spawn(loop, engines::run_launcher(std::move(config)),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr escaped) {
                       if (escaped) report_escaped("launcher", escaped);
                       loop.stop();
                   }));
    loop.run();
    ::_exit(0);
}

}  // namespace

DoctorLauncher::DoctorLauncher(const std::string& ca_file, const std::string& runtime,
                               const std::string& cgroups)
    : instance_("doctor-" + random_word(8)) {
    char name[] = "/tmp/berth-doctor-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw_errno("a temporary directory");
    folder_ = name;
    // The root of a sandbox, who is nobody out here, walks through it.
    if (::chmod(name, 0711) != 0) throw_errno(folder_);
    engines::LauncherConfig config;
    config.listener = listen_at(socket_path());
    config.state_directory = folder_ + "/state";
    config.run_directory = folder_ + "/run";
    config.instance = instance_;
    config.reserve_bytes = 64 << 20;
    config.ca_file = ca_file;
    config.first_uid = first_uid;
    config.runtime = runtime;
    config.cgroups = cgroups;
    config.prepared_networks = 0;
    pid_ = ::fork();
    if (pid_ < 0) throw_errno("fork");
    if (pid_ == 0) run(std::move(config));
}

DoctorLauncher::~DoctorLauncher() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    std::error_code refused;
    std::filesystem::remove_all(folder_, refused);
    if (!refused || ::geteuid() == 0) return;
    // What is left belongs to users that are ours in the launcher's namespace alone.
    const Result<engines::OwnIds> own = engines::read_own_ids();
    if (own) engines::try_in_user_namespace(*own, [&] { engines::remove_tree(folder_); });
}

}  // namespace berth::roles
