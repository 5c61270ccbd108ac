#pragma once
/// For tests: a real launcher in a process of its own, started from this very test program.

#include <sys/types.h>

#include <string>
#include <vector>

#include "engines/launcher.hpp"
#include "engines/subordinate_ids.hpp"

namespace berth::engines::test {

/// Who starts Berth, and with it whose ids its sandboxes have.
enum class Starter { root, user };

struct LauncherOptions {
    std::string instance = "enginetest";
    std::string allow_nets{};
    std::string allow_build_nets{};
    std::string own_port{};
    std::uint64_t reserve_bytes = 64 << 20;
    std::size_t prepared_networks = 1;
    std::string disk_images = "yes";
    std::string proxy{};  // HOST:PORT
    /// `user`: test_user, who has `test_ids` in an /etc/subuid and a /dev/net/tun that this
    /// launcher alone sees.
    Starter starter = Starter::root;
};

inline constexpr uid_t test_user = 70'001;
inline constexpr IdRange test_ids{700'000, 65'536};

/// Listens on a socket in a new temporary directory; ends with this object.
class LauncherProcess {
public:
    explicit LauncherProcess(LauncherOptions options);
    ~LauncherProcess();
    LauncherProcess(const LauncherProcess&) = delete;
    LauncherProcess& operator=(const LauncherProcess&) = delete;

    const std::string& socket_path() const { return socket_path_; }
    const std::string& state_directory() const { return state_directory_; }
    pid_t pid() const { return pid_; }
    const std::string& instance() const { return options_.instance; }

    void kill();   // as a power cut does
    int stop();    // asks it to end; its exit code
    void start();  // again, over the same state

private:
    LauncherOptions options_;
    std::string directory_;
    std::string socket_path_;
    std::string state_directory_;
    pid_t pid_ = -1;
};

/// The launcher's side, when this program was started as one: runs it and returns the exit code.
int launcher_main(int argc, char** argv);

}  // namespace berth::engines::test
