// What a tenant's program can do from inside a sandbox, tried by the program of tests/escape: none
// of its probes may succeed there, and most must outside, or they would prove nothing.
#include <gtest/gtest.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/crypto.hpp"
#include "base/process.hpp"
#include "engines/engine_runs.hpp"
#include "engines/launcher_process.hpp"
#include "engines/sandbox_engine.hpp"
#include "engines/spawn_program.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;
using test::LauncherProcess;
using test::Outcome;
using test::run_to_end;
using test::shell_run;
using test::Starter;

/// Things of the host for the probes to find, each with the same secret word where it has room.
class Baits {
public:
    Baits() {
        fs::create_directory(folder_);
        fs::permissions(folder_, fs::perms(0755));
        std::ofstream(folder_ + "/file") << word_;
        std::ofstream(shared_) << word_;
        listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        abstract_.copy(address.sun_path + 1, sizeof address.sun_path - 2);
        const auto size = offsetof(sockaddr_un, sun_path) + abstract_.size() + 1;
        if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address),
                   static_cast<socklen_t>(size)) != 0 ||
            ::listen(listener_.get(), 4) != 0) {
            throw_errno("listen");
        }
        key_ = 0x62000000 | static_cast<key_t>(::getpid());
        segment_ = ::shmget(key_, 4096, IPC_CREAT | 0666);
        semaphore_ = ::semget(key_, 1, IPC_CREAT | 0666);
        messages_ = ::msgget(key_, IPC_CREAT | 0666);
        queue_handle_ = ::mq_open(queue_.c_str(), O_RDWR | O_CREAT, 0666, nullptr);
        if (segment_ < 0 || semaphore_ < 0 || messages_ < 0 ||
            queue_handle_ == static_cast<mqd_t>(-1)) {
            throw_errno("baits between processes");
        }
        Program sleeper{.argv = {"tail", "-f", "/dev/null", "--retry", "BAIT=" + word_},
                        .environment = plain_environment()};
        sleeper.environment.push_back("BAIT=" + word_);
        sleeper.descriptors = {-1, -1, -1};
        sleeper_ = spawn_program(sleeper).value();
    }
    ~Baits() {
        ::kill(sleeper_, SIGKILL);
        ::waitpid(sleeper_, nullptr, 0);
        ::shmctl(segment_, IPC_RMID, nullptr);
        ::semctl(semaphore_, 0, IPC_RMID);
        ::msgctl(messages_, IPC_RMID, nullptr);
        ::mq_close(queue_handle_);
        ::mq_unlink(queue_.c_str());
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
        fs::remove(shared_, ignored);
    }
    Baits(const Baits&) = delete;
    Baits& operator=(const Baits&) = delete;

    /// As arguments for the probes.
    std::vector<std::string> arguments(const LauncherProcess& launcher) const {
        return {"word=" + word_,
                "file=" + folder_ + "/file",
                "shared=" + shared_,
                "abstract=" + abstract_,
                "queue=" + queue_,
                "pid=" + std::to_string(sleeper_),
                "shm=" + std::to_string(key_),
                "socket=" + launcher.socket_path(),
                "state=" + launcher.state_directory()};
    }
    const std::string& word() const { return word_; }

private:
    std::string word_ = "bait-" + random_word(24);
    std::string folder_ = "/var/tmp/berth-bait-" + random_word(8);
    std::string shared_ = "/dev/shm/berth-bait-" + random_word(8);
    std::string abstract_ = "berth-bait-" + random_word(8);
    std::string queue_ = "/berth-bait-" + random_word(8);
    Fd listener_;
    key_t key_ = 0;
    int segment_ = -1;
    int semaphore_ = -1;
    int messages_ = -1;
    mqd_t queue_handle_ = -1;
    pid_t sleeper_ = -1;
};

struct Verdict {
    int all = 0;
    int refused = 0;
    std::vector<std::string> possible{};
};

Verdict read_verdict(const std::string& text) {
    Verdict verdict;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("POSSIBLE ")) verdict.possible.push_back(line.substr(9));
        if (line.starts_with("refused ")) ++verdict.refused;
        if (line.starts_with("probes ")) verdict.all = std::stoi(line.substr(7));
    }
    return verdict;
}

/// Some roots (of containers, of small virtual machines) may not do what this one needs; what a
/// sandbox can do there is said by `berth doctor`, and here.
bool root_lacks_resource_right() {
    constexpr int sys_resource = 24;
    return ::prctl(PR_CAPBSET_READ, sys_resource, 0, 0, 0) != 1;
}

/// Probes that this machine cannot keep from succeeding, each with its reason.
std::set<std::string> declared_possible(Starter starter) {
    std::set<std::string> names;
    // The kernel names the directory that is bound, where root has an image without a name.
    if (starter == Starter::user) names.insert("the launcher's folder in the table of mounts");
    // The kernel remembers the lowest score that somebody with the right has set.
    if (root_lacks_resource_right()) names.insert("killed later than the build's init");
    return names;
}

class EscapeTest : public testing::TestWithParam<Starter> {
protected:
    template <class T>
    T go(Task<T> task) {
        return loop_.go(std::move(task));
    }

    static LauncherProcess& launcher() {
        static LauncherProcess roots({.instance = "escapetest"});
        static LauncherProcess users({.instance = "usersescape", .starter = Starter::user});
        return GetParam() == Starter::root ? roots : users;
    }

    /// A run that gets a program by its stdin, as a tenant would write one, and starts it.
    static engines::Run probing(const std::vector<std::string>& arguments) {
        engines::Run run =
            shell_run("cat >/tmp/escape && chmod 755 /tmp/escape && exec /tmp/escape \"$@\"");
        run.argv.push_back("berth");
        run.argv.insert(run.argv.end(), arguments.begin(), arguments.end());
        run.input = Fd(::open(BERTH_ESCAPE, O_RDONLY | O_CLOEXEC));
        if (!run.input) throw_errno(BERTH_ESCAPE);
        return run;
    }

    /// A volume of somebody else with the word in it; a path to it as the host has it.
    std::string plant_at_another_tenant(const std::string& word) {
        const Volume volume{"secret-" + random_word(8), "neighbour", 16 << 20, 500};
        go(engine_->make_volume(volume)).value();
        engines::Run write = shell_run("printf %s \"$1\" >/build/word");
        write.argv.insert(write.argv.end(), {"berth", word});
        write.tenant = "neighbour";
        write.mounts = {{"/build", {}, volume.name}};
        EXPECT_EQ(go(run_to_end(*engine_, std::move(write))).exit.code, 0);
        const std::string run_folder = fs::path(launcher().socket_path()).parent_path() / "run";
        return run_folder + "/v/" + volume.name + "/data/word";
    }

    test::Loop loop_;
    std::unique_ptr<Engine> engine_ =
        make_sandbox_engine(loop_.executor(), launcher().socket_path());
};

TEST_P(EscapeTest, lets_no_probe_succeed_in_a_sandbox) {
    const Baits baits;
    std::vector<std::string> arguments = baits.arguments(launcher());
    arguments.push_back("tenant=" + plant_at_another_tenant(baits.word()));

    const Volume lower{"low-" + random_word(8), "tenant", 16 << 20, 500};
    const Volume upper{"up-" + random_word(8), "tenant", 16 << 20, 500};
    ASSERT_TRUE(go(engine_->make_volume(lower)));
    ASSERT_TRUE(go(engine_->make_volume(upper)));
    struct Shape {
        const char* what;
        Reach::Kind reach;
        std::vector<Mount> mounts;
    };
    const std::vector<Shape> shapes = {
        {"as a collection runs", Reach::Kind::none, {}},
        {"as an install runs", Reach::Kind::internet, {{"/build", {}, upper.name}}},
        {"as a build runs", Reach::Kind::internet, {{"/build", {lower.name}, upper.name}}},
    };
    for (const Shape& shape : shapes) {
        engines::Run run = probing(arguments);
        run.reach.kind = shape.reach;
        run.mounts = shape.mounts;
        if (!shape.mounts.empty()) run.directory = "/build";
        const Outcome outcome = go(run_to_end(*engine_, std::move(run)));
        EXPECT_EQ(outcome.exit.code, 0) << shape.what << outcome.err;
        const Verdict verdict = read_verdict(outcome.out);
        EXPECT_GE(verdict.all, 450) << shape.what << outcome.out << outcome.err;
        EXPECT_EQ(verdict.refused + static_cast<int>(verdict.possible.size()), verdict.all);
        for (const std::string& probe : verdict.possible) {
            const bool declared =
                declared_possible(GetParam()).contains(probe.substr(0, probe.find(": ")));
            if (declared) RecordProperty("declared", probe);
            EXPECT_TRUE(declared) << shape.what << ", possible: " << probe;
        }
    }
}

TEST_P(EscapeTest, lets_most_probes_succeed_outside_of_one) {
    const Baits baits;
    std::vector<std::string> argv = {BERTH_ESCAPE, "--outside"};
    const std::vector<std::string> arguments = baits.arguments(launcher());
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Command command{.argv = std::move(argv), .environment = plain_environment()};
    const Result<Ended> ended = run_blocking(command, std::chrono::seconds(60));
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->exit_code, 0) << ended->errors;
    const Verdict verdict = read_verdict(ended->output);
    // What is missing are this machine's devices and files, and rights that not every root has.
    EXPECT_GE(verdict.possible.size(), 250u) << ended->output;
}

/// The users of all tenants on the host.
IdRange tenants_of(Starter starter) {
    return starter == Starter::root ? IdRange{1 << 20, 1u << 30} : test::test_ids;
}

bool has(const IdRange& range, unsigned id) {
    return id >= range.first && id - range.first < range.count;
}

/// Every process of a sandbox, seen from the host.
std::vector<pid_t> tenants_processes(const IdRange& tenants) {
    std::vector<pid_t> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
        struct stat info{};
        const std::string name = entry.path().filename();
        if (::isdigit(static_cast<unsigned char>(name[0])) == 0) continue;
        if (::stat(entry.path().c_str(), &info) == 0 && has(tenants, info.st_uid)) {
            found.push_back(std::stoi(name));
        }
    }
    return found;
}

std::set<unsigned> users_of(pid_t pid) {
    std::ifstream status(fmt::format("/proc/{}/status", pid));
    std::set<unsigned> users;
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with("Uid:") && !line.starts_with("Gid:")) continue;
        std::istringstream fields(line.substr(4));
        for (unsigned id = 0; fields >> id;)
            users.insert(id);
    }
    return users;
}

/// Sockets that a process holds; init's one is the lifeline.
int sockets_of(pid_t pid) {
    int count = 0;
    std::error_code ignored;
    for (const auto& fd : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), ignored)) {
        const std::string target = fs::read_symlink(fd.path(), ignored);
        if (target.starts_with("socket:")) ++count;
    }
    return count;
}

struct Seen {
    int samples = 0;
    int processes = 0;
    int others = 0;        // users and groups that are no tenant's: root, the owner of Berth
    int sockets_most = 0;  // of one process
    std::string mounts{};  // the table of one of them
};

Task<Seen> watch_from_outside(Engine& engine, Run run, IdRange tenants) {
    Result<std::unique_ptr<Running>> started = co_await engine.start(std::move(run));
    const std::unique_ptr<Running> running = std::move(started).value();
    Seen seen;
    constexpr auto pause = std::chrono::milliseconds(20);
    while (seen.samples < 25) {
        ++seen.samples;
        for (const pid_t pid : tenants_processes(tenants)) {
            ++seen.processes;
            for (const unsigned id : users_of(pid))
                seen.others += has(tenants, id) ? 0 : 1;
            seen.sockets_most = std::max(seen.sockets_most, sockets_of(pid));
            std::ifstream table(fmt::format("/proc/{}/mountinfo", pid));
            std::string text(std::istreambuf_iterator<char>(table), {});
            if (!text.empty()) seen.mounts = std::move(text);
        }
        co_await sleep_for(pause);
    }
    co_await running->kill();
    (void)co_await running->wait();
    co_return seen;
}

TEST_P(EscapeTest, runs_nothing_as_root_nor_as_berths_owner_and_shows_no_engine) {
    engines::Run run = shell_run("while :; do id >/dev/null; (sleep 0.01); done");
    run.reach.kind = Reach::Kind::internet;
    const Seen seen = go(watch_from_outside(*engine_, std::move(run), tenants_of(GetParam())));
    EXPECT_GE(seen.processes, 25);
    EXPECT_EQ(seen.others, 0);
    EXPECT_LE(seen.sockets_most, 1);
    ASSERT_FALSE(seen.mounts.empty());
    for (const char* engine : {"docker.sock", "containerd", "podman", "launcher", "/state"}) {
        EXPECT_EQ(seen.mounts.find(engine), std::string::npos) << seen.mounts;
    }
}

INSTANTIATE_TEST_SUITE_P(as_root, EscapeTest, testing::Values(Starter::root));
INSTANTIATE_TEST_SUITE_P(as_user, EscapeTest, testing::Values(Starter::user));

TEST(LauncherOfNobodyTest, starts_no_sandbox_for_a_user_who_has_no_others_to_give) {
    const std::string folder = "/tmp/berth-user-" + random_word(8);
    fs::create_directory(folder);
    ASSERT_EQ(::chown(folder.c_str(), 65534, 65534), 0);
    const std::string program = folder + "/launcher";
    fs::copy_file("/proc/self/exe", program);
    fs::permissions(program, fs::perms(0755));
    const Command command{.argv = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                   program, "--launcher", "0", folder + "/state", folder + "/run",
                                   "usertest", "", "", "", "1", "0", "yes", "", "root"},
                          .environment = plain_environment()};
    const Result<Ended> ended = run_blocking(command, std::chrono::seconds(20));
    fs::remove_all(folder);
    ASSERT_TRUE(ended);
    EXPECT_NE(ended->errors.find("usermod --add-subuids"), std::string::npos) << ended->errors;
}

}  // namespace
}  // namespace berth::engines
