// A model of a network around the launcher, in which somebody answers at every address there is:
// what builds and clones reach of it. The answers are counted where they are given.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/crypto.hpp"
#include "base/process.hpp"
#include "engines/engine_runs.hpp"
#include "engines/launcher_process.hpp"
#include "engines/namespaces.hpp"
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

const std::string scripts = BERTH_ESCAPE_SCRIPTS;

Ended run_program(std::vector<std::string> argv) {
    const Command command{.argv = std::move(argv), .environment = plain_environment()};
    return run_blocking(command, std::chrono::seconds(120)).value();
}

void ip(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "ip");
    const Ended ended = run_program(arguments);
    if (ended.exit_code != 0) throw std::runtime_error(arguments[1] + ": " + ended.errors);
}

/// A server of world.py in the thread's namespaces.
class Answerer {
public:
    Answerer(const std::string& log, const std::vector<std::string>& ports) : log_(log) {
        std::ofstream touch(log);
        Program program{.argv = {"python3", scripts + "/world.py", log},
                        .environment = plain_environment()};
        program.argv.insert(program.argv.end(), ports.begin(), ports.end());
        program.descriptors = {-1, -1, 2};
        pid_ = spawn_program(program).value();
        for (int i = 0; i < 1000 && !text().contains("ready"); ++i)
            ::usleep(10'000);
    }
    ~Answerer() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Answerer(const Answerer&) = delete;
    Answerer& operator=(const Answerer&) = delete;

    std::string text() const {
        std::ifstream file(log_);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// Where guests came, less the server's own look at itself.
    std::set<std::string> guests() const {
        std::istringstream lines(text());
        std::set<std::string> places;
        bool ready = false;
        for (std::string line; std::getline(lines, line);) {
            if (ready) places.insert(line);
            ready = ready || line == "ready";
        }
        return places;
    }
    void forget() { std::ofstream(log_) << "ready\n"; }

private:
    std::string log_;
    pid_t pid_ = -1;
};

/// Two network namespaces with a line between them: a machine, and everything else. Whatever
/// address the machine sends to, everything else takes it for its own.
class World {
public:
    World() {
        fs::create_directory(folder_);
        const Visit to_machine(NamespaceKind::network, machine_);
        ip({"link", "add", "w0", "type", "veth", "peer", "name", "w1"});
        ip({"link", "set", "w1", "netns", fmt::format("/proc/{}/fd/{}", ::getpid(), rest_.get())});
        ip({"address", "add", "198.51.100.1/24", "dev", "w0"});
        ip({"address", "add", "10.77.0.1/24", "dev", "w0"});
        ip({"address", "add", "192.0.2.77/32", "dev", "lo"});
        ip({"link", "set", "w0", "up"});
        ip({"route", "add", "default", "via", "198.51.100.2"});
        {
            const Visit to_rest(NamespaceKind::network, rest_);
            ip({"address", "add", "198.51.100.2/24", "dev", "w1"});
            ip({"link", "set", "w1", "up"});
            ip({"route", "add", "default", "via", "198.51.100.1"});
            ip({"route", "add", "local", "0.0.0.0/1", "dev", "lo"});
            ip({"route", "add", "local", "128.0.0.0/1", "dev", "lo"});
            rest_answers_ = std::make_unique<Answerer>(
                folder_ + "/rest", std::vector<std::string>{"80", "8080", "25"});
        }
        machine_answers_ = std::make_unique<Answerer>(folder_ + "/machine",
                                                      std::vector<std::string>{"80", "8080"});
        start_launchers();
    }
    ~World() {
        launcher_.reset();
        users_launcher_.reset();
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    const std::string& socket_path(Starter starter) const {
        return starter == Starter::root ? launcher_->socket_path() : users_launcher_->socket_path();
    }
    Answerer& rest() { return *rest_answers_; }
    Answerer& machine() { return *machine_answers_; }

    /// knock.py on the machine itself, with nothing in between.
    std::string knock_from_the_machine() {
        const Visit to_machine(NamespaceKind::network, machine_);
        const Visit to_resolver(NamespaceKind::mount, mounts_);
        return run_program({"python3", scripts + "/knock.py"}).output;
    }

private:
    /// With a resolver of the world's.
    void start_launchers() {
        const std::string resolver = folder_ + "/resolv.conf";
        std::ofstream(resolver) << "nameserver 203.0.113.53\noptions timeout:1 attempts:1\n";
        const Fd home = current_namespace(NamespaceKind::mount);
        const Visit and_back(NamespaceKind::mount, home);
        if (::unshare(CLONE_NEWNS) != 0 ||
            ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount(resolver.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) != 0) {
            throw_errno("a resolver of its own");
        }
        mounts_ = current_namespace(NamespaceKind::mount);
        launcher_ = std::make_unique<LauncherProcess>(
            test::LauncherOptions{.instance = "worldtest", .own_port = "8080"});
        users_launcher_ = std::make_unique<LauncherProcess>(test::LauncherOptions{
            .instance = "usersworld", .own_port = "8080", .starter = Starter::user});
    }

    std::string folder_ = "/tmp/berth-world-" + random_word(8);
    Fd machine_ = make_network_namespace();
    Fd rest_ = make_network_namespace();
    Fd mounts_{};
    std::unique_ptr<Answerer> rest_answers_;
    std::unique_ptr<Answerer> machine_answers_;
    std::unique_ptr<LauncherProcess> launcher_;
    std::unique_ptr<LauncherProcess> users_launcher_;
};

struct Knocks {
    std::set<std::string> internal_reached{};
    std::set<std::string> public_reached{};
    int internal = 0;
    bool rebinding_began = false;
};

Knocks read_knocks(const std::string& text) {
    Knocks knocks;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string kind, name, result;
        words >> kind >> name >> result;
        const bool reached = result == "reached" || result == "connected";
        if (kind == "internal") ++knocks.internal;
        if (kind == "internal" && reached) knocks.internal_reached.insert(name);
        if (kind == "public" && reached) knocks.public_reached.insert(name);
        if (kind == "rebinding") knocks.rebinding_began = reached;
    }
    return knocks;
}

class InternalNetworkTest : public testing::TestWithParam<Starter> {
protected:
    static World& world() {
        static World made;
        return made;
    }

    Outcome knock(Reach reach) {
        engines::Run run = shell_run("exec python3 -");
        run.input = Fd(::open((scripts + "/knock.py").c_str(), O_RDONLY | O_CLOEXEC));
        run.reach = std::move(reach);
        world().rest().forget();
        world().machine().forget();
        const auto engine = make_sandbox_engine(loop_.executor(), world().socket_path(GetParam()));
        return loop_.go(run_to_end(*engine, std::move(run)));
    }

    test::Loop loop_;
};

TEST_P(InternalNetworkTest, is_there_for_whoever_is_not_held_back) {
    const Knocks knocks = read_knocks(world().knock_from_the_machine());
    EXPECT_EQ(knocks.public_reached.size(), 2u);
    EXPECT_GE(knocks.internal, 80);
    // Less those of IPv6, and those that no machine can connect to.
    EXPECT_GE(knocks.internal_reached.size(), 60u);
    for (const char* name : {"169.254.169.254", "10.0.0.1", "192.168.1.1", "100.64.0.1",
                             "127.0.0.1", "192.0.2.77", "168.63.129.16", "::ffff:169.254.169.254",
                             "rebinding-0", "redirect|http://169.254.169.254/latest/meta-data/"}) {
        EXPECT_TRUE(knocks.internal_reached.contains(name)) << name;
    }
}

TEST_P(InternalNetworkTest, is_not_reached_by_builds) {
    const Outcome outcome = knock({Reach::Kind::internet, "", 0});
    const Knocks knocks = read_knocks(outcome.out);
    EXPECT_EQ(outcome.exit.code, 0) << outcome.err;
    EXPECT_EQ(knocks.public_reached.size(), 2u) << outcome.out << outcome.err;
    EXPECT_GE(knocks.internal, 80);
    EXPECT_TRUE(knocks.rebinding_began) << outcome.out;
    EXPECT_EQ(knocks.internal_reached, std::set<std::string>{}) << outcome.out;
    // Nobody came but to the public address, and slirp with the questions of the resolver.
    EXPECT_EQ(world().rest().guests(),
              (std::set<std::string>{"tcp 203.0.113.10 80", "udp 203.0.113.53 53"}));
    EXPECT_EQ(world().machine().guests(), std::set<std::string>{});
}

TEST_P(InternalNetworkTest, is_not_reached_by_clones) {
    const Outcome outcome = knock({Reach::Kind::host, "203.0.113.10", 80});
    const Knocks knocks = read_knocks(outcome.out);
    EXPECT_EQ(knocks.public_reached.size(), 2u) << outcome.out << outcome.err;
    EXPECT_EQ(knocks.internal_reached, std::set<std::string>{}) << outcome.out;
    EXPECT_EQ(world().rest().guests(),
              (std::set<std::string>{"tcp 203.0.113.10 80", "udp 203.0.113.53 53"}));
    EXPECT_EQ(world().machine().guests(), std::set<std::string>{});
}

TEST_P(InternalNetworkTest, is_not_there_without_a_network) {
    const Outcome outcome = knock({});
    const Knocks knocks = read_knocks(outcome.out);
    EXPECT_TRUE(knocks.public_reached.empty() && knocks.internal_reached.empty()) << outcome.out;
    EXPECT_EQ(world().rest().guests(), std::set<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(as_root, InternalNetworkTest, testing::Values(Starter::root));
INSTANTIATE_TEST_SUITE_P(as_user, InternalNetworkTest, testing::Values(Starter::user));

}  // namespace
}  // namespace berth::engines
