// Every Engine must pass these. They need root and a real OCI runtime and fail without.
#include "engines/engine.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/within.hpp"
#include "engines/engine_runs.hpp"
#include "engines/launcher_process.hpp"
#include "engines/reach_policy.hpp"
#include "engines/sandbox_engine.hpp"

namespace berth::engines {
namespace {

using test::collect;
using test::Outcome;
using test::run_to_end;

/// What an implementation brings: a real engine, for a loop.
using MakeEngine = std::unique_ptr<Engine> (*)(asio::any_io_executor loop);

test::LauncherProcess& shared_launcher() {
    static test::LauncherProcess launcher({.allow_nets = "127.0.0.0/8"});
    return launcher;
}

std::unique_ptr<Engine> make_sandbox(asio::any_io_executor loop) {
    return make_sandbox_engine(std::move(loop), shared_launcher().socket_path());
}

/// As an ordinary user: the same promises, kept by other means.
test::LauncherProcess& shared_users_launcher() {
    static test::LauncherProcess launcher(
        {.instance = "usersengine", .allow_nets = "127.0.0.0/8", .starter = test::Starter::user});
    return launcher;
}

std::unique_ptr<Engine> make_users_sandbox(asio::any_io_executor loop) {
    return make_sandbox_engine(std::move(loop), shared_users_launcher().socket_path());
}

class EngineTest : public testing::TestWithParam<MakeEngine> {
protected:
    template <class T>
    T go(Task<T> task) {
        return loop_.go(std::move(task));
    }

    static engines::Run shell(std::string script) { return test::shell_run(std::move(script)); }

    Outcome sh(std::string script) { return go(run_to_end(*engine_, shell(std::move(script)))); }

    test::Loop loop_;
    std::unique_ptr<Engine> engine_ = GetParam()(loop_.executor());
};

TEST_P(EngineTest, gives_back_output_and_exit_code) {
    const Outcome outcome = sh("echo one; echo two >&2; exit 3");
    EXPECT_EQ(outcome.out, "one\n");
    EXPECT_EQ(outcome.err, "two\n");
    EXPECT_EQ(outcome.exit.code, 3);
    EXPECT_FALSE(outcome.exit.signal);
}

TEST_P(EngineTest, tells_a_signal_from_an_exit_code_that_looks_like_one) {
    const Outcome killed = sh("kill -9 $$");
    EXPECT_EQ(killed.exit.code, 137);
    EXPECT_EQ(killed.exit.signal, 9);
    const Outcome exited = sh("exit 137");
    EXPECT_EQ(exited.exit.code, 137);
    EXPECT_FALSE(exited.exit.signal);
}

TEST_P(EngineTest, says_that_a_command_is_not_there) {
    engines::Run run = shell("");
    run.argv = {"no-such-command"};
    const Outcome outcome = go(run_to_end(*engine_, std::move(run)));
    EXPECT_EQ(outcome.exit.code, 127);
    EXPECT_NE(outcome.err.find("no-such-command: not found"), std::string::npos);
}

TEST_P(EngineTest, gives_the_command_its_arguments_untouched) {
    engines::Run run = shell("");
    run.argv = {"printf", "%s|", "a b", "$HOME", "'\"", "", "-x", "ü"};
    EXPECT_EQ(go(run_to_end(*engine_, std::move(run))).out, "a b|$HOME|'\"||-x|ü|");
}

TEST_P(EngineTest, adds_what_every_command_needs_to_the_environment) {
    engines::Run run = shell("echo $HOME $TMPDIR $LANG $MINE $PATH; cd; pwd; ls -a | wc -l");
    run.environment = {"MINE=a=b", "PATH=/opt/x:/usr/bin:/bin"};
    EXPECT_EQ(go(run_to_end(*engine_, std::move(run))).out,
              "/home/build /tmp C.UTF-8 a=b /opt/x:/usr/bin:/bin\n/home/build\n2\n");
}

/// @swc's native parts are unpacked into ~/.cache, and only below folders that nobody but root and
/// the user could replace.
TEST_P(EngineTest, has_nothing_above_a_home_that_another_user_could_replace) {
    const auto ended = go(run_to_end(*engine_, shell("stat -c '%u %a' / /home /home/build /tmp")));
    EXPECT_EQ(ended.out, "0 755\n0 755\n1000 755\n0 1777\n");
}

TEST_P(EngineTest, feeds_stdin_from_a_descriptor) {
    int ends[2] = {};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    engines::Run run = shell("cat");
    run.input = Fd(ends[0]);
    write_all(ends[1], "from outside");
    ::close(ends[1]);
    EXPECT_EQ(go(run_to_end(*engine_, std::move(run))).out, "from outside");
    EXPECT_EQ(sh("wc -c").out, "0\n");  // none: /dev/null
}

Task<bool> flood_waits_for_its_reader(Engine& engine, engines::Run run) {
    Result<std::unique_ptr<Running>> started = co_await engine.start(std::move(run));
    const std::unique_ptr<Running> running = std::move(started).value();
    const Chunk first = co_await running->read();
    std::size_t bytes = first.bytes.size();
    constexpr auto pause = std::chrono::milliseconds(100);
    co_await sleep_for(pause);
    // A pipe holds 64 KiB; were the flood buffered anywhere, there would be megabytes by now.
    for (int i = 0; i < 8; ++i) {
        const Chunk more = co_await running->read();
        bytes += more.bytes.size();
    }
    co_await running->kill();
    std::size_t left = 0;
    while (true) {  // ends with the output
        const Chunk more = co_await running->read();
        if (more.bytes.empty()) break;
        left += more.bytes.size();
    }
    const Result<Exit> exit = co_await running->wait();
    co_return exit->code == 137 && bytes > 0 && left <= 256 << 10;
}

TEST_P(EngineTest, slows_a_flood_down_to_its_reader) {
    EXPECT_TRUE(go(flood_waits_for_its_reader(*engine_, shell("yes"))));
}

TEST_P(EngineTest, refuses_what_cannot_be_right) {
    struct Wrong {
        const char* what;
        std::function<void(engines::Run&)> spoil;
    };
    const std::vector<Wrong> table = {
        {"no command", [](auto& run) { run.argv.clear(); }},
        {"sandbox name", [](auto& run) { run.sandbox = "../x"; }},
        {"tenant name", [](auto& run) { run.tenant = "A"; }},
        {"zero byte", [](auto& run) { run.argv.push_back(std::string("a\0b", 3)); }},
        {"variable", [](auto& run) { run.environment = {"NOVALUE"}; }},
        {"directory", [](auto& run) { run.directory = "/tmp/../etc"; }},
        {"directory in /proc", [](auto& run) { run.directory = "/proc/self/fd/7"; }},
        {"relative target", [](auto& run) { run.mounts = {{"build", {"v"}, ""}}; }},
        {"target over /usr", [](auto& run) { run.mounts = {{"/usr/bin", {"v"}, ""}}; }},
        {"target over /proc", [](auto& run) { run.mounts = {{"/proc", {"v"}, ""}}; }},
        {"dots in a volume", [](auto& run) { run.mounts = {{"/build", {"v/../w"}, ""}}; }},
        {"absolute volume", [](auto& run) { run.mounts = {{"/build", {"/etc"}, ""}}; }},
        {"mount of nothing", [](auto& run) { run.mounts = {{"/build", {}, ""}}; }},
        {"no memory", [](auto& run) { run.limits.memory_bytes = 1; }},
        {"no cpu", [](auto& run) { run.limits.cpu_percent = 0; }},
        {"no processes", [](auto& run) { run.limits.processes = 0; }},
        {"reach without a host", [](auto& run) { run.reach.kind = Reach::Kind::host; }},
    };
    for (const Wrong& wrong : table) {
        engines::Run run = shell("true");
        wrong.spoil(run);
        const auto started = go(engine_->start(std::move(run)));
        ASSERT_FALSE(started) << wrong.what;
        // a host of "" is looked up before the launcher sees it
        EXPECT_NE(started.error().failure, Failure::unavailable) << wrong.what;
    }
}

// --- volumes

TEST_P(EngineTest, keeps_what_was_written_and_shows_it_again) {
    const Volume volume{"w-" + random_word(8), "tenant", 32 << 20, 2000};
    const std::string kept = "k-" + random_word(8);
    ASSERT_TRUE(go(engine_->make_volume(volume)));
    engines::Run write = shell("echo hello > a; mkdir -p d/e; echo deep > d/e/f; id -u; pwd");
    write.mounts = {{"/build", {}, volume.name}};
    write.directory = "/build";
    EXPECT_EQ(go(run_to_end(*engine_, std::move(write))).out, "1000\n/build\n");
    ASSERT_TRUE(go(engine_->keep_volume(volume.name, kept)));

    engines::Run read = shell("cat /opt/snap/a /opt/deep/f; touch /opt/snap/x || echo refused");
    read.mounts = {{"/opt/snap", {kept}, ""}, {"/opt/deep", {kept + "/d/e"}, ""}};
    const Outcome seen = go(run_to_end(*engine_, std::move(read)));
    EXPECT_EQ(seen.out, "hello\ndeep\nrefused\n");
    EXPECT_TRUE(go(engine_->remove_volume(kept)));
}

TEST_P(EngineTest, writes_over_a_snapshot_without_changing_it) {
    const Volume base{"b-" + random_word(8), "tenant", 32 << 20, 2000};
    const Volume top{"t-" + random_word(8), "tenant", 32 << 20, 2000};
    const std::string kept = "k-" + random_word(8);
    ASSERT_TRUE(go(engine_->make_volume(base)));
    engines::Run fill =
        shell("mkdir -p node_modules/a node_modules/b; echo 1 > node_modules/a/x; echo 2 > f");
    fill.mounts = {{"/build", {}, base.name}};
    fill.directory = "/build";
    EXPECT_EQ(go(run_to_end(*engine_, std::move(fill))).exit.code, 0);
    ASSERT_TRUE(go(engine_->keep_volume(base.name, kept)));
    ASSERT_TRUE(go(engine_->make_volume(top)));

    engines::Run change = shell(
        "rm -rf node_modules/a && mkdir node_modules/a && echo new > node_modules/a/y && "
        "mv node_modules/b node_modules/c && echo more >> f && rm -rf node_modules/c && "
        "find . | sort | tr '\\n' ' '; cat f");
    change.mounts = {{"/build", {kept}, top.name}};
    change.directory = "/build";
    const Outcome changed = go(run_to_end(*engine_, std::move(change)));
    EXPECT_EQ(changed.out, ". ./f ./node_modules ./node_modules/a ./node_modules/a/y 2\nmore\n");
    EXPECT_EQ(changed.exit.code, 0) << changed.err;

    // The next run of the job, over both layers, read only; then the snapshot alone, unharmed.
    engines::Run again = shell("find . | sort | tr '\\n' ' '");
    again.mounts = {{"/build", {top.name, kept}, ""}};
    again.directory = "/build";
    EXPECT_EQ(go(run_to_end(*engine_, std::move(again))).out,
              ". ./f ./node_modules ./node_modules/a ./node_modules/a/y ");
    engines::Run whole = shell("find . | sort | tr '\\n' ' '; cat f");
    whole.mounts = {{"/build", {kept}, ""}};
    whole.directory = "/build";
    EXPECT_EQ(go(run_to_end(*engine_, std::move(whole))).out,
              ". ./f ./node_modules ./node_modules/a ./node_modules/a/x ./node_modules/b 2\n");
    EXPECT_TRUE(go(engine_->remove_volume(kept)));
    EXPECT_TRUE(go(engine_->remove_volume(top.name)));
}

TEST_P(EngineTest, makes_missing_directories_of_an_upper_volume_but_follows_no_link) {
    const Volume volume{"l-" + random_word(8), "tenant", 32 << 20, 2000};
    ASSERT_TRUE(go(engine_->make_volume(volume)));
    engines::Run first = shell("touch mine; stat -c %u .");
    first.mounts = {{"/build", {}, volume.name + "/new/dir"}};
    first.directory = "/build";
    EXPECT_EQ(go(run_to_end(*engine_, std::move(first))).out, "1000\n");
    engines::Run plant =
        shell("ln -s /etc /vol/evil; ln -s ../.. /vol/up; test -e /vol/new/dir/mine");
    plant.mounts = {{"/vol", {}, volume.name}};
    EXPECT_EQ(go(run_to_end(*engine_, std::move(plant))).exit.code, 0);
    for (const char* link : {"/evil", "/up", "/up/new", "/nowhere"}) {
        engines::Run follow = shell("ls /opt/x");
        follow.mounts = {{"/opt/x", {volume.name + link}, ""}};
        const auto started = go(engine_->start(std::move(follow)));
        ASSERT_FALSE(started) << link;
        EXPECT_EQ(started.error().failure, Failure::not_found) << link;
    }
    engines::Run write = shell("touch x");
    write.mounts = {{"/opt/x", {}, volume.name + "/evil"}};
    EXPECT_FALSE(go(engine_->start(std::move(write))));
    EXPECT_TRUE(go(engine_->remove_volume(volume.name)));
}

TEST_P(EngineTest, refuses_names_of_volumes_that_are_taken_or_missing) {
    const Volume volume{"n-" + random_word(8), "tenant", 16 << 20, 500};
    ASSERT_TRUE(go(engine_->make_volume(volume)));
    EXPECT_EQ(go(engine_->make_volume(volume)).error().failure, Failure::conflict);
    EXPECT_EQ(go(engine_->keep_volume("nothing", "x")).error().failure, Failure::not_found);
    ASSERT_TRUE(go(engine_->make_volume({volume.name + "2", "tenant", 16 << 20, 500})));
    EXPECT_EQ(go(engine_->keep_volume(volume.name, volume.name + "2")).error().failure,
              Failure::conflict);
    EXPECT_TRUE(go(engine_->remove_volume("nothing")));
    EXPECT_EQ(go(engine_->make_volume({"../x", "tenant", 16 << 20, 500})).error().failure,
              Failure::invalid);
    EXPECT_EQ(go(engine_->make_volume({"tiny", "tenant", 1, 500})).error().failure,
              Failure::invalid);
    engines::Run run = shell("true");
    run.mounts = {{"/build", {"missing"}, ""}};
    EXPECT_EQ(go(engine_->start(std::move(run))).error().failure, Failure::not_found);
    engines::Run stranger = shell("true");
    stranger.tenant = "other";
    stranger.mounts = {{"/build", {}, volume.name}};
    EXPECT_EQ(go(engine_->start(std::move(stranger))).error().failure, Failure::invalid);
    EXPECT_TRUE(go(engine_->remove_volume(volume.name)));
    EXPECT_TRUE(go(engine_->remove_volume(volume.name + "2")));
}

Task<int> kill(Running& running) {
    co_await running.kill();
    co_return 0;
}

TEST_P(EngineTest, lets_one_run_at_a_time_write_to_a_volume) {
    const Volume volume{"o-" + random_word(8), "tenant", 16 << 20, 500};
    ASSERT_TRUE(go(engine_->make_volume(volume)));
    const auto over = [&](const char* script) {
        engines::Run run = shell(script);
        run.mounts = {{"/build", {}, volume.name}};
        return run;
    };
    auto first = go(engine_->start(over("sleep 60")));
    ASSERT_TRUE(first);
    EXPECT_EQ(go(engine_->start(over("true"))).error().failure, Failure::conflict);
    EXPECT_EQ(go(engine_->keep_volume(volume.name, "x")).error().failure, Failure::conflict);
    EXPECT_EQ(go(engine_->remove_volume(volume.name)).error().failure, Failure::conflict);
    go(kill(**first));
    EXPECT_TRUE(go(engine_->remove_volume(volume.name)));
}

TEST_P(EngineTest, lists_its_volumes) {
    const Volume volume{"s-" + random_word(8), "tenant", 16 << 20, 500};
    ASSERT_TRUE(go(engine_->make_volume(volume)));
    engines::Run fill = shell("head -c 100000 /dev/urandom > /build/file");
    fill.mounts = {{"/build", {}, volume.name}};
    ASSERT_EQ(go(run_to_end(*engine_, std::move(fill))).exit.code, 0);
    bool found = false;
    const std::vector<VolumeState> all = go(engine_->volumes()).value();
    for (const VolumeState& state : all) {
        if (state.name != volume.name) continue;
        found = true;
        EXPECT_FALSE(state.kept);
        EXPECT_GT(state.disk_bytes, 0u);
        EXPECT_LT(state.disk_bytes, 8u << 20);
        EXPECT_GT(state.used_at_ms, 0);
    }
    EXPECT_TRUE(found);
    EXPECT_TRUE(go(engine_->remove_volume(volume.name)));
}

// --- limits

TEST_P(EngineTest, fails_a_memory_hog_even_when_its_script_goes_on) {
    const std::int64_t began_ms = steady_now_ms();
    engines::Run run =
        shell("perl -e '@a=(); push @a, \"x\" x (16<<20) for 1..64' ; echo still here; sleep 60");
    run.limits.memory_bytes = 128 << 20;
    const Outcome outcome = go(run_to_end(*engine_, std::move(run)));
    EXPECT_TRUE(outcome.exit.out_of_memory);
    EXPECT_NE(outcome.exit.code, 0);
    EXPECT_GT(outcome.exit.memory_peak_bytes, 100u << 20);
    EXPECT_LT(steady_now_ms() - began_ms, 20'000);
}

TEST_P(EngineTest, stands_a_fork_bomb) {
    const Outcome outcome = sh("perl -e '1 while defined fork; sleep 900'; exit 4");
    EXPECT_TRUE(outcome.exit.too_many_processes);
    EXPECT_FALSE(outcome.exit.out_of_memory);
    // One that burns out at once: where nobody counts refusals it may go unseen, and does no harm.
    const Outcome flash = sh("bomb() { bomb | bomb & }; (bomb) 2>/dev/null; sleep 1; exit 4");
    EXPECT_NE(flash.exit.code, 0);
}

TEST_P(EngineTest, says_when_bytes_or_files_ran_out) {
    for (const char* filler : {"dd if=/dev/zero of=big bs=1M count=100 2>/dev/null",
                               "i=0; while : > f$i; do i=$((i+1)); done 2>/dev/null"}) {
        const Volume volume{"d-" + random_word(8), "tenant", 16 << 20, 500};
        ASSERT_TRUE(go(engine_->make_volume(volume)));
        engines::Run run = shell(filler);
        run.mounts = {{"/build", {}, volume.name}};
        run.directory = "/build";
        const Outcome outcome = go(run_to_end(*engine_, std::move(run)));
        EXPECT_TRUE(outcome.exit.disk_full) << filler;
        EXPECT_NE(outcome.exit.code, 0) << filler;
        EXPECT_TRUE(go(engine_->remove_volume(volume.name)));
    }
}

TEST_P(EngineTest, ends_what_stays_over_its_limit) {
    // Neither would end by itself within the test's time.
    const Outcome forks =
        sh("for i in 1 2 3 4 5 6 7 8; do for j in 1 2 3 4 5 6 7 8; do sleep 900 & done; done "
           "2>/dev/null; sleep 900; exit 0");
    EXPECT_TRUE(forks.exit.too_many_processes);
    EXPECT_NE(forks.exit.code, 0);
    const Volume volume{"d-" + random_word(8), "tenant", 16 << 20, 500};
    ASSERT_TRUE(go(engine_->make_volume(volume)));
    engines::Run filler = shell("head -c 99M /dev/zero >/build/big 2>/dev/null; sleep 900; exit 0");
    filler.mounts = {{"/build", {}, volume.name}};
    const Outcome disk = go(run_to_end(*engine_, std::move(filler)));
    EXPECT_TRUE(disk.exit.disk_full);
    EXPECT_NE(disk.exit.code, 0);
    EXPECT_TRUE(go(engine_->remove_volume(volume.name)));
}

TEST_P(EngineTest, bounds_the_temporary_folders) {
    engines::Run run = shell("dd if=/dev/zero of=/tmp/x bs=1M count=64 2>/dev/null || echo full");
    run.limits.tmp_bytes = 8 << 20;
    const Outcome outcome = go(run_to_end(*engine_, std::move(run)));
    EXPECT_EQ(outcome.out, "full\n");
}

Task<std::int64_t> ms_to_kill(Engine& engine, engines::Run run) {
    Result<std::unique_ptr<Running>> started = co_await engine.start(std::move(run));
    const std::unique_ptr<Running> running = std::move(started).value();
    const Chunk ready = co_await running->read();
    const std::int64_t began_ms = steady_now_ms();
    co_await running->kill();
    const Outcome outcome = co_await collect(*running);
    co_return outcome.exit.code == 137 && !ready.bytes.empty() ? steady_now_ms() - began_ms
                                                               : 99'999;
}

TEST_P(EngineTest, kills_what_ignores_signals_and_hides_in_other_sessions) {
    EXPECT_LT(
        go(ms_to_kill(*engine_, shell("trap '' TERM HUP INT; (trap '' TERM; setsid sleep 600) & "
                                      "(setsid sh -c 'sleep 600' &) ; echo ready; sleep 600"))),
        10'000);
    EXPECT_LT(go(ms_to_kill(*engine_, shell("echo ready; exec perl -e 'fork while 1'"))), 10'000);
}

TEST_P(EngineTest, ends_with_its_command_and_takes_daemons_along) {
    const std::int64_t began_ms = steady_now_ms();
    const Outcome outcome = sh("(trap '' TERM HUP; setsid sleep 600) & echo left one; exit 5");
    EXPECT_EQ(outcome.exit.code, 5);
    EXPECT_EQ(outcome.out, "left one\n");
    EXPECT_LT(steady_now_ms() - began_ms, 10'000);
}

TEST_P(EngineTest, destroys_all_runs_of_a_sandbox) {
    engines::Run first = shell("sleep 600");
    engines::Run second = shell("sleep 600");
    second.sandbox = first.sandbox;
    const std::string sandbox = first.sandbox;
    const Volume volume{"z-" + random_word(8), "tenant", 16 << 20, 500};
    ASSERT_TRUE(go(engine_->make_volume(volume)));
    first.mounts = {{"/build", {}, volume.name}};
    auto one = go(engine_->start(std::move(first)));
    auto two = go(engine_->start(std::move(second)));
    ASSERT_TRUE(one && two);
    EXPECT_TRUE(go(engine_->destroy(sandbox)));
    EXPECT_TRUE(go(engine_->make_volume(volume)));  // what it wrote to went with it
    EXPECT_TRUE(go(engine_->remove_volume(volume.name)));
    EXPECT_TRUE(go(engine_->destroy("never-was")));
}

// --- reach

/// A listener on this machine that says "here" to whoever connects.
class Greeter {
public:
    explicit Greeter(std::uint32_t address) {
        socket_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_addr.s_addr = htonl(address);
        socklen_t size = sizeof place;
        if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&place), size) != 0 ||
            ::listen(socket_.get(), 8) != 0) {
            throw_errno("listen");
        }
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&place), &size);
        port_ = ntohs(place.sin_port);
        ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
    }

    std::uint16_t port() const { return port_; }
    /// Greets everybody who has come so far; returns how many they were.
    int greet() {
        int count = 0;
        while (true) {  // ends when nobody waits
            const Fd guest(::accept(socket_.get(), nullptr, nullptr));
            if (!guest) return count;
            write_all(guest.get(), "here\n");
            ++count;
        }
    }

private:
    Fd socket_;
    std::uint16_t port_ = 0;
};

/// Tries one connection from inside: "here" or nothing, within a second.
std::string knock(const std::string& host, std::uint16_t port) {
    return fmt::format(
        "perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(PeerAddr=>\"{}\",PeerPort=>{},"
        "Timeout=>1) or die \"refused $!\\n\"; print scalar <$s>'",
        host, port);
}

/// Runs while a greeter on this machine answers.
Task<Outcome> run_beside(Engine& engine, engines::Run run, Greeter& greeter, int& guests) {
    Result<std::unique_ptr<Running>> started = co_await engine.start(std::move(run));
    const std::unique_ptr<Running> running = std::move(started).value();
    constexpr auto pause = std::chrono::milliseconds(20);
    for (int i = 0; i < 40; ++i) {
        co_await sleep_for(pause);
        guests += greeter.greet();
        if (guests > 0) break;
    }
    Outcome outcome = co_await collect(*running);
    guests += greeter.greet();
    co_return outcome;
}

std::vector<Address> machine_addresses() {
    return own_addresses();
}

TEST_P(EngineTest, has_no_network_unless_asked_for) {
    const Outcome outcome = sh("cat /proc/net/dev | grep -c :; cat /etc/resolv.conf");
    EXPECT_EQ(outcome.out, "1\n");  // loopback alone
}

TEST_P(EngineTest, reaches_the_one_host_of_a_clone_through_loopback_and_nothing_else) {
    Greeter wanted(INADDR_LOOPBACK);
    Greeter other(INADDR_LOOPBACK);
    for (const char* host : {"127.0.0.1", "localhost"}) {
        int guests = 0;
        engines::Run run = shell(knock(host, wanted.port()));
        run.reach = {Reach::Kind::host, host, wanted.port()};
        const Outcome outcome = go(run_beside(*engine_, std::move(run), wanted, guests));
        EXPECT_EQ(outcome.out, "here\n") << outcome.err;
        EXPECT_EQ(guests, 1);
    }
    int guests = 0;
    std::string script =
        knock("127.0.0.1", other.port()) + "; " + knock("10.213.71.2", other.port());
    for (const Address own : machine_addresses())
        script += "; " + knock(text_of(own), other.port());
    engines::Run run = shell(script + "; true");
    run.reach = {Reach::Kind::host, "127.0.0.1", wanted.port()};
    const Outcome outcome = go(run_beside(*engine_, std::move(run), other, guests));
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(guests, 0);
}

TEST_P(EngineTest, refuses_clones_from_private_addresses_before_anything_starts) {
    for (const char* host :
         {"10.1.2.3", "169.254.169.254", "192.168.0.1", "0.0.0.0", "100.64.0.1"}) {
        engines::Run run = shell("true");
        run.reach = {Reach::Kind::host, host, 80};
        const auto started = go(engine_->start(std::move(run)));
        ASSERT_FALSE(started) << host;
        EXPECT_EQ(started.error().code, "clone_blocked");
        EXPECT_NE(started.error().message.find("BERTH_ALLOW_NETS"), std::string::npos);
        EXPECT_NE(started.error().message.find(host), std::string::npos);
    }
}

TEST_P(EngineTest, keeps_builds_off_this_machine_and_private_networks) {
    Greeter local(INADDR_ANY);
    std::string script = knock("127.0.0.1", local.port());
    std::vector<std::string> hosts = {"10.213.71.2", "10.0.2.2",   "169.254.169.254", "192.168.0.1",
                                      "172.17.0.1",  "100.64.0.1", "2130706433"};
    for (const Address own : machine_addresses())
        hosts.push_back(text_of(own));
    for (const std::string& host : hosts)
        script += "; " + knock(host, local.port());
    int guests = 0;
    engines::Run run = shell(script + "; true");
    run.reach = {Reach::Kind::internet, "", 0};
    const Outcome outcome = go(run_beside(*engine_, std::move(run), local, guests));
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(guests, 0);
    EXPECT_NE(outcome.err.find("refused"), std::string::npos);
}

TEST_P(EngineTest, gives_builds_a_resolver_and_an_interface) {
    engines::Run run =
        shell("cat /etc/resolv.conf; grep -c tap0 /proc/net/dev; cat /proc/net/if_inet6");
    run.reach = {Reach::Kind::internet, "", 0};
    EXPECT_EQ(go(run_to_end(*engine_, std::move(run))).out, "nameserver 10.213.71.3\n1\n");
}

// --- isolation

TEST_P(EngineTest, sees_nothing_of_the_host) {
    const Outcome outcome =
        sh("ls /; ls /home /root /var /run /usr/local 2>&1; ls /proc | grep -c '^[0-9]'; hostname;"
           "cat /etc/passwd | wc -l; ls /sys 2>&1; ls /dev | sort | tr '\\n' ' '");
    EXPECT_EQ(outcome.out.find("work"), std::string::npos) << outcome.out;
    EXPECT_EQ(outcome.out.find("boot"), std::string::npos);
    EXPECT_NE(outcome.out.find("build\n"), std::string::npos);
    EXPECT_NE(outcome.out.find(" null "), std::string::npos);
    EXPECT_EQ(outcome.out.find("loop"), std::string::npos);
}

TEST_P(EngineTest, cannot_do_what_only_the_host_may) {
    const std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin; ";
    const std::vector<std::pair<const char*, std::string>> probes = {
        {"user namespace", "unshare -Ur true"},
        {"mount namespace", "unshare -m true"},
        {"mount", "mount -t tmpfs tmpfs /tmp"},
        {"remount", "mount -o remount,rw /usr"},
        {"write to /usr", "touch /usr/x"},
        {"write to the root", "touch /x"},
        {"device", "mknod /tmp/sda b 8 0 && cat /tmp/sda"},
        {"chroot", "chroot /tmp /bin/true"},
        {"become root", "su -c true"},
        {"set-uid", "cp /bin/id /tmp/id && chmod u+s /tmp/id && [ $(/tmp/id -u) = 0 ]"},
        {"vsock", "perl -e 'use Socket; socket(S, 40, SOCK_STREAM, 0) or exit 1'"},
        {"packet socket", "perl -e 'use Socket; socket(S, 17, SOCK_RAW, 0) or exit 1'"},
        {"crypto socket", "perl -e 'socket(S, 38, 5, 0) or exit 1'"},
        {"netfilter", "perl -e 'socket(S, 16, 3, 12) or exit 1'"},
        {"key ring", "perl -e 'exit(syscall(250, 0, -3, 1) < 0 ? 1 : 0)'"},
        {"add_key", "perl -e 'exit(syscall(248, \"user\", \"x\", \"y\", 1, -3) < 0 ? 1 : 0)'"},
        {"ptrace", "perl -e 'exit(syscall(101, 0, 0, 0, 0) < 0 ? 1 : 0)'"},
        {"bpf", "perl -e 'exit(syscall(321, 0, 0, 0) < 0 ? 1 : 0)'"},
        {"perf", "perl -e 'exit(syscall(298, 0, 0, 0, 0, 0) < 0 ? 1 : 0)'"},
        {"userfaultfd", "perl -e 'exit(syscall(323, 0) < 0 ? 1 : 0)'"},
        {"io_uring", "perl -e '$b=\"\\0\"x256; exit(syscall(425, 4, $b) < 0 ? 1 : 0)'"},
        {"clone with namespaces",
         "perl -e 'exit(syscall(56, 0x10000011, 0, 0, 0, 0) < 0 ? 1 : 0)'"},
        {"clone3", "perl -e '$b=\"\\0\"x88; exit(syscall(435, $b, 88) < 0 ? 1 : 0)'"},
        {"open by handle", "perl -e 'exit(syscall(304, 0, 0, 0) < 0 ? 1 : 0)'"},
        {"fsopen", "perl -e 'exit(syscall(430, \"ext4\", 0) < 0 ? 1 : 0)'"},
        {"personality", "perl -e 'exit(syscall(135, 0x0040000) < 0 ? 1 : 0)'"},
        {"host name", "hostname other"},
        {"kernel settings", "echo 1 > /proc/sys/kernel/panic"},
        {"sysrq", "echo b > /proc/sysrq-trigger"},
        {"kernel memory", "head -c1 /proc/kcore"},
        {"capabilities", "grep -q 'CapBnd:.*[1-9a-f]' /proc/self/status"},
        {"new privileges", "grep -q 'NoNewPrivs:.*0' /proc/self/status"},
        {"init's memory", "head -c1 /proc/1/environ"},
        {"init's death", "kill -9 1; sleep 0.1; ! kill -0 1"},
        {"priority", "nice -n -5 true 2>/tmp/e; ! [ -s /tmp/e ]"},
        {"more descriptors", "ulimit -n 1000000"},
        {"other descriptors", "ls /proc/self/fd | grep -q '^[4-9]$'"},
    };
    for (const auto& [what, script] : probes) {
        const Outcome outcome =
            sh(path + "{ " + script + "; } >/dev/null 2>&1 && echo POSSIBLE; true");
        EXPECT_EQ(outcome.out, "") << what;
        EXPECT_EQ(outcome.exit.code, 0) << what;
    }
}

TEST_P(EngineTest, cannot_see_another_sandbox) {
    engines::Run secret = shell("sleep 30");
    secret.environment = {"SECRET=hunter2"};
    const auto other = go(engine_->start(std::move(secret)));
    ASSERT_TRUE(other);
    const Outcome outcome =
        sh("cat /proc/*/environ | tr '\\0' '\\n' | grep SECRET; ps ax | grep -c 'sleep 30$'");
    EXPECT_EQ(outcome.out, "0\n");
}

TEST_P(EngineTest, runs_node_shaped_programs_under_its_filter) {
    // Threads, pipes, child processes, sockets between processes, file watching.
    const Outcome outcome = sh(
        "perl -MIO::Socket::UNIX -e 'my $l=IO::Socket::UNIX->new(Local=>\"/tmp/s\",Listen=>1) or "
        "die; if(!fork){IO::Socket::UNIX->new(Peer=>\"/tmp/s\")->print(\"ok\\n\"); exit} "
        "print $l->accept->getline; wait'; python3 -c 'import threading,subprocess,tempfile; "
        "t=threading.Thread(target=print,args=(\"thread\",)); t.start(); t.join(); "
        "print(subprocess.run([\"echo\",\"child\"],capture_output=True,text=True).stdout.strip())"
        "'");
    EXPECT_EQ(outcome.out, "ok\nthread\nchild\n") << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(sandbox, EngineTest, testing::Values(&make_sandbox));
INSTANTIATE_TEST_SUITE_P(users_sandbox, EngineTest, testing::Values(&make_users_sandbox));

}  // namespace
}  // namespace berth::engines
