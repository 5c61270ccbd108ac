#include "engines/user_namespace.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>

#include "base/file.hpp"
#include "base/process.hpp"

namespace berth::engines {
namespace {

constexpr auto map_limit = std::chrono::seconds(10);
constexpr std::size_t words_max = 4000;

struct Pipe {
    Fd reading{};
    Fd writing{};
};

Pipe make_pipe() {
    int ends[2] = {};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

std::string kernel_value(const char* path) {
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    return text;
}

std::string read_to_end(const Fd& pipe) {
    std::string text;
    std::array<char, 512> buffer{};
    while (text.size() < words_max) {  // ends when the other side has closed
        const ssize_t count = ::read(pipe.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
}

void wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
}

/// "" or why not.
std::string map_ids(const char* program, pid_t process, std::uint32_t self,
                    const std::vector<IdRange>& ranges) {
    Command command{.argv = {program, std::to_string(process)}, .environment = plain_environment()};
    for (std::string& word : map_arguments(self, ranges))
        command.argv.push_back(std::move(word));
    const Result<Ended> ended = run_blocking(command, map_limit);
    if (!ended) {
        return fmt::format("{}; it gives builds their users: apt-get install uidmap",
                           ended.error().message);
    }
    if (ended->exit_code == 0) return "";
    std::string why = fmt::format("{}: {}", program, ended->errors);
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
        why += "; Berth was started with NoNewPrivileges=, and these programs need new ones";
    }
    return why;
}

/// Outside of the namespace, where the set-uid programs have their rights: waits until `process`
/// is in its own, maps, and says what went wrong.
[[noreturn]] void map_from_outside(pid_t process, const OwnIds& own, const Pipe& go,
                                   const Pipe& said) {
    char word = 0;
    std::string why;
    if (::read(go.reading.get(), &word, 1) == 1) {
        why = map_ids("newuidmap", process, own.uid, own.uids);
        if (why.empty()) why = map_ids("newgidmap", process, own.gid, own.gids);
    }
    [[maybe_unused]] const ssize_t ignored =
        ::write(said.writing.get(), why.data(), std::min(why.size(), words_max));
    ::_exit(0);
}

Error no_namespace(int refused) {
    const char* what = std::strerror(refused);
    if (kernel_value("/proc/sys/kernel/unprivileged_userns_clone") == "0") {
        return fail(Failure::unavailable,
                    "user namespaces are switched off for users: sysctl -w "
                    "kernel.unprivileged_userns_clone=1");
    }
    if (kernel_value("/proc/sys/user/max_user_namespaces") == "0") {
        return fail(Failure::unavailable,
                    "user namespaces are switched off: sysctl -w user.max_user_namespaces=15000");
    }
    return fail(Failure::unavailable,
                "the kernel gives no user namespace: {} (in a container, its own filter of system "
                "calls has to allow them)",
                what);
}

/// Ubuntu gives the namespace and takes every right in it. Errors: unavailable.
Result<> check_rights() {
    if (::unshare(CLONE_NEWNS) == 0) return {};
    const int refused = errno;
    if (kernel_value("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1") {
        return fail(Failure::unavailable,
                    "AppArmor takes the rights of users' namespaces: sysctl -w "
                    "kernel.apparmor_restrict_unprivileged_userns=0, or give the program of Berth "
                    "a profile with 'userns,'");
    }
    return fail(Failure::unavailable, "the user namespace has no rights of its own: {}",
                std::strerror(refused));
}

}  // namespace

bool has_host_ids() {
    std::ifstream map("/proc/self/uid_map");
    std::uint64_t inner = 1;
    std::uint64_t outer = 1;
    std::uint64_t count = 0;
    return map >> inner >> outer >> count && inner == 0 && outer == 0 && count == 0xffffffff;
}

Result<> enter_user_namespace(const OwnIds& own) {
    int at_parents_death = 0;
    ::prctl(PR_GET_PDEATHSIG, &at_parents_death);
    const pid_t parent = ::getppid();
    const pid_t self = ::getpid();
    Pipe go = make_pipe();
    Pipe said = make_pipe();
    const pid_t helper = ::fork();
    if (helper < 0) return fail(Failure::unavailable, "cannot fork: {}", std::strerror(errno));
    if (helper == 0) {
        go.writing.reset(-1);
        map_from_outside(self, own, go, said);
    }
    said.writing.reset(-1);
    const int refused = ::unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
    if (refused == 0) {
        const char word = 1;
        [[maybe_unused]] const ssize_t ignored = ::write(go.writing.get(), &word, 1);
    }
    go.writing.reset(-1);
    const std::string why = read_to_end(said.reading);
    wait_for(helper);
    if (refused != 0) return no_namespace(refused);
    if (!why.empty()) {
        return fail(Failure::unavailable, "the namespace got no users: {}", why);
    }
    if (::setgroups(0, nullptr) != 0 || ::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) {
        return fail(Failure::unavailable, "no root in the user namespace: {}",
                    std::strerror(errno));
    }
    // A change of rights clears it.
    if (at_parents_death != 0) {
        ::prctl(PR_SET_PDEATHSIG, at_parents_death);
        if (::getppid() != parent) ::_exit(0);
    }
    return check_rights();
}

Result<> try_in_user_namespace(const OwnIds& own, const std::function<void()>& work) {
    Pipe said = make_pipe();
    const pid_t child = ::fork();
    if (child < 0) return fail(Failure::unavailable, "cannot fork: {}", std::strerror(errno));
    if (child == 0) {
        std::string why;
        try {
            const Result<> entered = enter_user_namespace(own);
            if (!entered) why = entered.error().message;
            if (why.empty()) work();
        } catch (const std::exception& broken) {
            why = broken.what();
        }
        [[maybe_unused]] const ssize_t ignored =
            ::write(said.writing.get(), why.data(), std::min(why.size(), words_max));
        ::_exit(0);
    }
    said.writing.reset(-1);
    const std::string why = read_to_end(said.reading);
    wait_for(child);
    if (why.empty()) return {};
    return fail(Failure::unavailable, "{}", why);
}

}  // namespace berth::engines
