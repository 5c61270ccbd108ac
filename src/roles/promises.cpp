#include "roles/promises.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.hpp"
#include "builds/masker.hpp"
#include "builds/output.hpp"
#include "builds/step_run.hpp"
#include "engines/cgroups.hpp"
#include "engines/reach_policy.hpp"
#include "engines/sandbox_engine.hpp"
#include "roles/doctor_launcher.hpp"

namespace berth::roles {
namespace {

using State = Promise::State;

constexpr std::size_t output_bytes_max = 16 << 20;
constexpr std::chrono::milliseconds run_limit = std::chrono::seconds(20);

struct Tried {
    engines::Exit exit{};
    std::string out{};
    bool timed_out = false;
};

engines::Run script_run(std::string script) {
    engines::Run run{.sandbox = "doctor", .tenant = "doctor", .argv = {"sh"}, .directory = "/tmp"};
    run.limits = {.memory_bytes = 256 << 20, .cpu_percent = 100, .processes = 64};
    run.input = builds::memory_file(script);
    if (::lseek(run.input.get(), 0, SEEK_SET) != 0) throw_errno("lseek");
    return run;
}

/// Throws: the engine refused, with its reason.
Task<Tried> try_run(engines::Engine& engine, engines::Run run) {
    builds::CaptureOutput output(output_bytes_max);
    builds::Stop stop;
    const Result<builds::RunEnd> ended =
        co_await builds::drive(engine, std::move(run), output, run_limit, stop);
    if (!ended) throw std::runtime_error(ended.error().message);
    co_return Tried{ended->exit, std::move(output.out), ended->timed_out};
}

/// What the attempts that worked said, in one line.
Promise judged(const char* id, const char* name, const Tried& tried, std::string what) {
    std::string worked = tried.out;
    std::replace(worked.begin(), worked.end(), '\n', ' ');
    if (tried.timed_out) worked = "the attempt did not end";
    if (tried.exit.code != 0) worked += fmt::format("the attempt ended with {}", tried.exit.code);
    if (worked.empty()) return {id, name, State::holds, std::move(what)};
    return {id, name, State::broken, "seen: " + worked};
}

constexpr const char* i1 = "Nothing inside a build can touch the host";
constexpr const char* i2 = "No tenant's process is the host's root, none sees an engine";
constexpr const char* i3 = "No user's text reaches a shell outside of a sandbox";
constexpr const char* i4 = "No output reads or writes outside of itself";
constexpr const char* i5 = "A cloned repository runs nothing outside of a sandbox";
constexpr const char* i6 = "A build cannot take what others need";
constexpr const char* i7 = "No build reaches the internal network";
constexpr const char* i8 = "No secret appears in a log or an output";
constexpr const char* i9 = "Previews and other projects share no cache and no secret";

/// Each line says a word when it is possible. By numbers: x86-64 and aarch64 share none.
Task<Promise> try_host(engines::Engine& engine) {
    engines::Run run = script_run(
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
        "can() { word=$1; shift; \"$@\" >/dev/null 2>&1 && echo \"$word\"; }\n"
        "can user-namespace unshare -Ur true\n"
        "can mount-namespace unshare -m true\n"
        "can mount mount -t tmpfs none /tmp\n"
        "can write-usr touch /usr/x\n"
        "can write-root touch /x\n"
        "can device sh -c 'mknod /tmp/d b 8 0 && head -c 1 /tmp/d'\n"
        "can kernel-settings sh -c 'echo 1 >/proc/sys/kernel/panic'\n"
        // Masked by /dev/null, which takes and gives all the same.
        "can sysrq sh -c '[ ! -c /proc/sysrq-trigger ] && echo h >/proc/sysrq-trigger'\n"
        "can kernel-memory sh -c '[ $(head -c 1 /proc/kcore | wc -c) -gt 0 ]'\n"
        "can shadow-file head -c 1 /etc/shadow\n"
        "can sysfs ls /sys/*\n"
        "can loop-devices ls /dev/loop-control /dev/kvm /dev/mem\n"
        "can capabilities grep -q 'Cap\\(Eff\\|Prm\\|Bnd\\|Amb\\):.*[1-9a-f]' /proc/self/status\n"
        "grep -q 'NoNewPrivs:.1' /proc/self/status || echo new-privileges\n"
        "grep -q 'Seccomp:.2' /proc/self/status || echo no-seccomp-filter\n"
        "exit 0\n");
    const Tried tried = co_await try_run(engine, std::move(run));
    co_return judged("I1", i1, tried, "15 attempts from inside were refused");
}

bool is_root() {
    return ::geteuid() == 0;
}

/// The first of the users that sandboxes may have, as the launcher numbers them: 0 is itself.
unsigned least_outer_uid() {
    return is_root() ? DoctorLauncher::first_uid : 1;
}

Task<Promise> try_identity(engines::Engine& engine) {
    engines::Run run = script_run(
        fmt::format("read -r inner outer count </proc/self/uid_map\n"
                    "[ \"$outer\" -ge {} ] || echo \"mapped to $outer\"\n"
                    "[ \"$(id -u)\" != 0 ] || echo root-inside\n"
                    "for path in /run/docker.sock /var/run/docker.sock /run/containerd /run/podman "
                    "/run/berth; do\n"
                    "[ ! -e $path ] || echo $path; done\n"
                    "[ \"$(ls /proc | grep -c '^[0-9]')\" -lt 10 ] || echo processes-of-others\n",
                    least_outer_uid()));
    const Tried tried = co_await try_run(engine, std::move(run));
    const std::string whose =
        is_root() ? "user " + std::to_string(DoctorLauncher::first_uid) + " or above"
                  : "one of your subordinate ids, not you";
    co_return judged("I2", i2, tried, "its root is " + whose + ", no socket is there");
}

Task<Promise> try_output(engines::Engine& engine) {
    engines::Run run =
        script_run("mkdir d && cd d && ln -s /etc/passwd page.html && exec tar -cf - .\n");
    const Tried tried = co_await try_run(engine, std::move(run));
    const Fd tar = builds::memory_file(tried.out);
    builds::BlobSpool spool("/tmp");
    const auto output = builds::collect_output(tar.get(), {}, spool);
    if (!output && output.error().code == "output_unsafe") {
        co_return Promise{"I4", i4, State::holds, "a link to /etc/passwd was refused"};
    }
    co_return Promise{"I4", i4, State::broken, "a link out of the output was taken"};
}

Task<Promise> try_clone(engines::Engine& engine) {
    engines::Run run = script_run("true\n");
    run.reach = {.kind = engines::Reach::Kind::host, .host = "169.254.169.254", .port = 80};
    const auto started = co_await engine.start(std::move(run));
    if (!started && started.error().code == "clone_blocked") {
        co_return Promise{"I5", i5, State::holds,
                          "Git runs in a sandbox that reaches the clone's host alone"};
    }
    co_return Promise{"I5", i5, State::broken,
                      started ? "a clone may reach 169.254.169.254" : started.error().message};
}

bool has_resource_right() {
    constexpr int sys_resource = 24;
    return ::prctl(PR_CAPBSET_READ, sys_resource, 0, 0, 0) == 1;
}

constexpr const char* measured_disk =
    "the disk is measured, and can be overdrawn for a second or two";

/// What can be said once all limits have ended somebody.
Promise limits_held(bool groups) {
    if (!groups) {
        std::string detail =
            "no cgroups: memory and processes are counted ten times a second and the build ended, "
            "not held by the kernel; processor time is not limited";
        if (!is_root()) detail += std::string("; ") + measured_disk;
        return {"I6", i6, State::in_part, std::move(detail)};
    }
    if (!is_root()) {
        return {"I6", i6, State::in_part,
                std::string("the kernel limits memory and processes; ") + measured_disk};
    }
    if (!has_resource_right()) {
        return {"I6", i6, State::in_part,
                "limits hold, but this root lacks CAP_SYS_RESOURCE: when the whole machine is out "
                "of memory, a build can ask to be killed no earlier than the rest"};
    }
    return {"I6", i6, State::holds, "memory, processes, disk and watchers are limited"};
}

Task<Promise> try_limits(engines::Engine& engine) {
    std::string missing;
    const auto lacks = [&](const char* what) {
        missing += (missing.empty() ? "" : ", ") + std::string(what);
    };
    // Not fewer: the runtime's own threads count until the command has begun.
    constexpr unsigned few = 32;
    engines::Run forks = script_run("perl -e '1 while defined fork; sleep 9'\n");
    forks.limits.processes = few;
    const Tried forked = co_await try_run(engine, std::move(forks));
    if (!forked.exit.too_many_processes) lacks("processes");
    engines::Run memory = script_run("head -c 3000000000 /dev/zero | tail >/dev/null\n");
    memory.limits.memory_bytes = 64 << 20;
    const Tried eaten = co_await try_run(engine, std::move(memory));
    if (!eaten.exit.out_of_memory) lacks("memory");
    engines::Volume volume{"doctor-disk", "doctor", 16 << 20, 500};
    const Result<> made = co_await engine.make_volume(volume);
    engines::Run disk = script_run("head -c 32000000 /dev/zero >/build/x 2>/dev/null; exit 0\n");
    if (made) disk.mounts = {{"/build", {}, "doctor-disk"}};
    const Tried filled = co_await try_run(engine, std::move(disk));
    if (!made || !filled.exit.disk_full) lacks("disk");
    engines::Run watchers = script_run("cat /proc/sys/user/max_user_namespaces\n");
    const Tried shares = co_await try_run(engine, std::move(watchers));
    if (shares.out != "0\n") lacks("watchers of files");
    if (!missing.empty()) {
        co_return Promise{"I6", i6, State::in_part, "this machine does not limit: " + missing};
    }
    co_return Promise{"I6", i6, State::holds, ""};  // as far as limits_held() says
}

/// A door on every address of this machine.
struct Door {
    Door() : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_in place{};
        place.sin_family = AF_INET;
        socklen_t size = sizeof place;
        if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&place), size) != 0 ||
            ::listen(socket.get(), 16) != 0) {
            throw_errno("listen");
        }
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&place), &size);
        port = ntohs(place.sin_port);
    }
    bool had_guests() const {
        const Fd guest(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
        return static_cast<bool>(guest);
    }
    Fd socket;
    std::uint16_t port = 0;
};

Task<Promise> try_network(engines::Engine& engine) {
    const Door door;
    std::string targets = "127.0.0.1 10.213.71.2 10.0.2.2";
    for (const engines::Address own : engines::own_addresses())
        targets += " " + engines::text_of(own);
    std::string script =
        "knock() { perl -MIO::Socket::INET -e 'exit(IO::Socket::INET->new("
        "PeerAddr=>$ARGV[0],PeerPort=>$ARGV[1],Timeout=>1)?0:1)' $1 $2 "
        "2>/dev/null && echo $1:$2; }\n";
    script += fmt::format("for host in {}; do knock $host {}; done\n", targets, door.port);
    script +=
        "for host in 169.254.169.254 100.100.100.200 168.63.129.16; do knock $host 80; done\n"
        "exit 0\n";
    engines::Run run = script_run(script);
    run.reach.kind = engines::Reach::Kind::internet;
    const Tried tried = co_await try_run(engine, std::move(run));
    if (door.had_guests()) {
        co_return Promise{"I7", i7, State::broken, "a build reached this machine"};
    }
    co_return judged("I7", i7, tried,
                     "this machine's addresses and metadata services were refused");
}

Promise try_secrets() {
    const std::string secret = "p@ss \"w'o<r>d&/+=x";
    const builds::Masker masker({secret});
    std::size_t count = 0;
    for (const builds::Encoding& encoding : builds::encodings()) {
        if (!masker.mask(encoding.encode(secret)).contains("***")) {
            return {"I8", i8, State::broken, std::string("not masked: ") + encoding.name};
        }
        ++count;
    }
    return {"I8", i8, State::holds, fmt::format("masked in {} encodings", count)};
}

Task<Promise> try_caches(engines::Engine& engine) {
    engines::Volume volume{"doctor-cache", "doctor-production", 16 << 20, 500};
    const Result<> made = co_await engine.make_volume(volume);
    if (!made) co_return Promise{"I9", i9, State::broken, made.error().message};
    engines::Run run = script_run("echo poison >/build/x\n");
    run.tenant = "doctor-preview";
    run.mounts = {{"/build", {}, "doctor-cache"}};
    const auto started = co_await engine.start(std::move(run));
    if (started)
        co_return Promise{"I9", i9, State::broken, "a preview wrote what production reads"};
    co_return Promise{"I9", i9, State::holds,
                      "caches belong to project and trust level, with a range of users each"};
}

using Attempt = Task<Promise> (*)(engines::Engine& engine);

struct Row {
    const char* id;
    const char* name;
    Attempt attempt;  // nullptr: no sandbox is needed
};

constexpr Row rows[] = {{"I1", i1, try_host},    {"I2", i2, try_identity}, {"I3", i3, nullptr},
                        {"I4", i4, try_output},  {"I5", i5, try_clone},    {"I6", i6, try_limits},
                        {"I7", i7, try_network}, {"I8", i8, nullptr},      {"I9", i9, try_caches}};

Promise untried(const Row& row) {
    if (std::string_view(row.id) == "I8") return try_secrets();
    return {row.id, row.name, State::holds,
            "by construction: programs are started by argument lists"};
}

/// The boundary: an attempt that breaks says so and the others go on.
Task<std::vector<Promise>> try_all(std::string socket_path, bool groups) {
    const auto loop = co_await asio::this_coro::executor;
    const auto engine = engines::make_sandbox_engine(loop, std::move(socket_path));
    std::vector<Promise> promises;
    for (const Row& row : rows) {
        if (row.attempt == nullptr) {
            promises.push_back(untried(row));
            continue;
        }
        try {
            Promise promise = co_await row.attempt(*engine);
            const bool limits = row.attempt == try_limits && promise.state == State::holds;
            promises.push_back(limits ? limits_held(groups) : std::move(promise));
        } catch (const std::exception& broken) {
            promises.push_back({row.id, row.name, State::broken,
                                std::string("no sandbox to try it in: ") + broken.what()});
        }
    }
    co_return promises;
}

}  // namespace

std::vector<Promise> try_promises(const std::string& ca_file, const std::string& runtime,
                                  const std::string& cgroups) {
    const DoctorLauncher launcher(ca_file, runtime, cgroups);
    const bool roots = engines::Cgroups("doctor").mode() != engines::CgroupMode::none;
    return wait(try_all(launcher.socket_path(), is_root() ? roots : !cgroups.empty()));
}

std::vector<Promise> untried_promises(const std::string& why) {
    std::vector<Promise> promises;
    for (const Row& row : rows) {
        promises.push_back(row.attempt == nullptr
                               ? untried(row)
                               : Promise{row.id, row.name, State::not_tried, why});
    }
    return promises;
}

}  // namespace berth::roles
