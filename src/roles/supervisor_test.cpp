/// The supervisor and the succession of roles, with shell scripts in the place of roles: each is
/// named like its role and writes down what happens to it.

#include "roles/supervisor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "base/file.hpp"
#include "base/process.hpp"
#include "roles/crew.hpp"
#include "roles/succession.hpp"

namespace berth::roles {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// Tells when it serves; what it is told it writes down.
constexpr const char* role_script = R"(
say() { echo "$AGE $0 $1" >> log; }
trap 'say retires; [ "$0" = worker ] && sleep 0.1; say ends; exit 0' USR1
trap 'say ends; exit 0' TERM
say starts
[ -n "$BERTH_READY" ] && printf 1 >&"$BERTH_READY"
while :; do sleep 0.02; done
)";

class SupervisorTest : public testing::Test {
protected:
    SupervisorTest() : before_(fs::current_path()) {
        std::string path = fs::temp_directory_path() / "berth-roles-XXXXXX";
        if (::mkdtemp(path.data()) == nullptr) throw_errno("mkdtemp");
        directory_ = path;
        fs::current_path(directory_);  // a role is a script of that name here
        for (const char* role : {"launcher", "api", "edge", "worker"})
            write(role, role_script);
        ::sigprocmask(SIG_BLOCK, nullptr, &mask_);
        block_signals();
    }
    ~SupervisorTest() override {
        for (const pid_t pid : started_)
            ::kill(pid, SIGKILL);
        while (wait_for_signal(1) != 0) {  // what was not taken must not end the next test
        }
        ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
        fs::current_path(before_);
        fs::remove_all(directory_);
    }

    static Fd shell() { return Fd(::open("/bin/sh", O_RDONLY | O_CLOEXEC)); }

    static void write(const std::string& role, const std::string& script) {
        write_file(role, script);
    }

    static ChildSpec spec(const std::string& role, const std::string& age) {
        std::vector<std::string> environment = plain_environment();
        environment.push_back("AGE=" + age);
        return {.role = role, .environment = std::move(environment)};
    }

    static void add_roles(Supervisor& supervisor) {
        for (const char* role : {"launcher", "api", "edge", "worker"})
            supervisor.add(spec(role, "new"));
    }

    /// What a program before has left running.
    Handover start_old() {
        Handover handover;
        const Fd program = shell();
        for (const char* role : {"launcher", "api", "edge", "worker"}) {
            started_.push_back(start_child(spec(role, "old"), program));
            handover.roles.push_back({role, started_.back(), false});
            for (int i = 0; i < 1'000 && place(std::string("old ") + role + " starts") < 0; ++i)
                ::usleep(1'000);
        }
        return handover;
    }

    /// The line's number in what was written down; -1: it is not there.
    static int place(const std::string& line) {
        const Result<std::string> log = read_file("log");
        std::istringstream lines(log ? *log : "");
        std::string one;
        for (int number = 0; std::getline(lines, one); ++number) {
            if (one == line) return number;
        }
        return -1;
    }

    static void expect_order(const std::vector<std::string>& lines) {
        for (std::size_t i = 0; i < lines.size(); ++i) {
            EXPECT_GE(place(lines[i]), 0) << lines[i] << " in\n" << read_file("log").value();
            if (i > 0) EXPECT_LT(place(lines[i - 1]), place(lines[i])) << lines[i];
        }
    }

    static void note(const std::string& line) {
        const Fd log(::open("log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
        write_all(log.get(), line + "\n");
    }

    fs::path before_;
    std::string directory_;
    sigset_t mask_{};
    std::vector<pid_t> started_{};
};

SuccessionLimits short_limits() {
    SuccessionLimits limits;
    limits.ready = 5s;
    limits.api_end = 5s;
    return limits;
}

TEST_F(SupervisorTest, waits_until_a_role_serves) {
    Supervisor supervisor(shell());
    supervisor.add(spec("edge", "new"));
    EXPECT_TRUE(supervisor.start_and_wait("edge", 5s));
    const auto running = supervisor.running();
    ASSERT_EQ(running.size(), 1U);
    started_.push_back(running[0].pid);
    EXPECT_FALSE(running[0].leaving);
    EXPECT_EQ(supervisor.start_and_wait("nobody", 1s).error().failure, Failure::not_found);
}

TEST_F(SupervisorTest, says_that_a_role_ended_or_did_not_serve) {
    Supervisor supervisor(shell());
    write("edge", "exit 3\n");
    supervisor.add(spec("edge", "new"));
    EXPECT_EQ(supervisor.start_and_wait("edge", 5s).error().failure, Failure::unavailable);
    write("api", "exec sleep 60\n");
    supervisor.add(spec("api", "new"));
    EXPECT_EQ(supervisor.start_and_wait("api", 50ms).error().failure, Failure::timed_out);
    EXPECT_TRUE(supervisor.is_leaving("api"));
    supervisor.end_leaving("api", 5s);
    EXPECT_TRUE(supervisor.running().empty());
}

TEST_F(SupervisorTest, keeps_a_word_to_stop_that_comes_while_it_waits) {
    Supervisor supervisor(shell());
    write("edge", "exec sleep 60\n");
    supervisor.add(spec("edge", "new"));
    ::kill(::getpid(), SIGTERM);
    EXPECT_FALSE(supervisor.start_and_wait("edge", 5s));
    EXPECT_TRUE(supervisor.is_to_stop());
    EXPECT_EQ(supervisor.run(), 0);
    EXPECT_TRUE(supervisor.running().empty());
}

TEST_F(SupervisorTest, calls_what_hangup_does) {
    Supervisor supervisor(shell());
    int calls = 0;
    supervisor.on_hangup([&] {
        ++calls;
        ::kill(::getpid(), SIGTERM);
    });
    ::kill(::getpid(), SIGHUP);
    supervisor.run();
    EXPECT_EQ(calls, 1);
}

TEST_F(SupervisorTest, replaces_the_roles_in_an_order_that_loses_nothing) {
    const Handover handover = start_old();
    Supervisor supervisor(shell());
    add_roles(supervisor);
    const auto prepare = [] {
        note("prepared");
        return Result<>();
    };
    Succession succession(supervisor, handover, prepare, short_limits());
    const Result<> done = succession.run();
    ASSERT_TRUE(done) << done.error().message;
    supervisor.watch(
        [&] {
            if (succession.settle()) return true;
            const bool all = place("new worker starts") >= 0 && place("new launcher starts") >= 0;
            if (all) ::kill(::getpid(), SIGTERM);
            return !all;
        },
        10);
    supervisor.run();
    expect_order({"new edge starts", "old api ends", "prepared", "new api starts",
                  "old edge retires", "old edge ends"});
    expect_order({"old worker retires", "old worker ends", "old launcher ends",
                  "new launcher starts", "new launcher ends"});
    expect_order({"new edge starts", "old worker retires"});
    EXPECT_LT(place("old launcher ends"), place("new worker starts"));
}

TEST_F(SupervisorTest, leaves_the_old_edge_alone_when_the_new_one_does_not_come) {
    const Handover handover = start_old();
    write("edge", "exit 1\n");
    Supervisor supervisor(shell());
    add_roles(supervisor);
    Succession succession(supervisor, handover, [] { return Result<>(); }, short_limits());
    EXPECT_FALSE(succession.run());
    for (const char* line : {"old edge retires", "old edge ends", "old api ends",
                             "old worker retires", "new api starts"})
        EXPECT_EQ(place(line), -1) << line;
}

TEST_F(SupervisorTest, leaves_the_old_edge_alone_when_the_database_cannot_be_prepared) {
    const Handover handover = start_old();
    Supervisor supervisor(shell());
    add_roles(supervisor);
    const auto prepare = [] { return Result<>(fail(Failure::unavailable, "no")); };
    Succession succession(supervisor, handover, prepare, short_limits());
    EXPECT_EQ(succession.run().error().message, "no");
    EXPECT_EQ(place("old edge retires"), -1);
    EXPECT_EQ(place("new api starts"), -1);
    for (const auto& process : supervisor.running())
        started_.push_back(process.pid);
}

TEST_F(SupervisorTest, goes_on_with_what_was_given_back) {
    Handover handover = start_old();
    handover.kind = HandoverKind::give_back;
    // A new edge was begun and is to end.
    started_.push_back(start_child(spec("edge", "newer"), shell()));
    handover.roles.push_back({"edge", started_.back(), true});
    Supervisor supervisor(shell());
    add_roles(supervisor);
    Succession succession(supervisor, handover, [] { return Result<>(); }, short_limits());
    EXPECT_TRUE(supervisor.is_leaving("edge"));
    EXPECT_EQ(supervisor.running().size(), 5U);
    ::kill(started_.back(), SIGTERM);
    supervisor.watch(
        [&] {
            if (succession.settle()) return true;
            ::kill(::getpid(), SIGTERM);
            return false;
        },
        10);
    supervisor.run();
    EXPECT_EQ(place("new edge starts"), -1) << "the old ones were taken for what they are";
    EXPECT_EQ(place("new worker starts"), -1);
    for (const char* line : {"old edge ends", "old api ends", "old worker ends"})
        EXPECT_GE(place(line), 0) << line;
}

}  // namespace
}  // namespace berth::roles
