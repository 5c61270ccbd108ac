// The launcher itself: what its clients may not do, and what is left when it or they are gone.
#include "engines/launcher.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/clock.hpp"
#include "base/within.hpp"
#include "engines/cgroups.hpp"
#include "engines/engine_runs.hpp"
#include "engines/launcher_process.hpp"
#include "engines/probe.hpp"
#include "engines/protocol.hpp"
#include "engines/reach_policy.hpp"
#include "engines/sandbox_engine.hpp"
#include "engines/volumes.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;
using test::LauncherProcess;
using test::Outcome;
using test::run_to_end;
using test::shell_run;

/// Processes whose command line has `text`.
int processes_with(const std::string& text) {
    int count = 0;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
        std::ifstream file(entry.path() / "cmdline");
        std::string line;
        std::getline(file, line);
        if (line.find(text) != std::string::npos) ++count;
    }
    return count;
}

bool any_loop_below(const std::string& directory) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/sys/block", ignored)) {
        std::ifstream file(entry.path() / "loop/backing_file");
        std::string image;
        if (std::getline(file, image) && image.starts_with(directory)) return true;
    }
    return false;
}

template <class Condition>
bool soon(Condition holds) {
    for (int i = 0; i < 1000; ++i) {  // ten seconds: the promise for everything that is killed
        if (holds()) return true;
        ::usleep(10'000);
    }
    return false;
}

/// A raw client that keeps to nothing.
class RawClient {
public:
    explicit RawClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            throw_errno("connect");
        }
        const timeval patience{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }

    void send(std::string_view bytes) {
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    void send_frame(std::string_view text) {
        std::string bytes;
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<char>(text.size() >> shift));
        }
        send(bytes + std::string(text));
    }
    /// The next reply's text; "" when the launcher closed the connection.
    std::string reply() {
        std::string head(4, '\0');
        if (::recv(socket_.get(), head.data(), 4, MSG_WAITALL) != 4) return {};
        std::size_t size = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            size |= static_cast<std::size_t>(static_cast<unsigned char>(head[i])) << (8 * i);
        }
        std::string text(size, '\0');
        if (::recv(socket_.get(), text.data(), size, MSG_WAITALL) <= 0) return {};
        return text;
    }

private:
    Fd socket_;
};

class LauncherTest : public testing::Test {
protected:
    template <class T>
    T go(Task<T> task) {
        return loop_.go(std::move(task));
    }
    std::unique_ptr<Engine> connect(const LauncherProcess& launcher) {
        return make_sandbox_engine(loop_.executor(), launcher.socket_path());
    }

    test::Loop loop_;
};

LauncherProcess& shared() {
    static LauncherProcess launcher({.instance = "launchertest", .prepared_networks = 0});
    return launcher;
}

TEST_F(LauncherTest, closes_on_what_is_no_request_and_serves_others_on) {
    const std::string huge("\xff\xff\xff\x7f", 4);
    const std::string empty(4, '\0');
    for (const std::string& bytes : {huge, empty, std::string("GET / HTTP/1.1\r\n\r\n")}) {
        RawClient client(shared().socket_path());
        client.send(bytes);
        EXPECT_EQ(client.reply(), "");
    }
    for (const char* text : {"{", "[]", "null", "{\"id\":1,\"verb\":\"shell\",\"body\":{}}",
                             "\xff\xfe", "{\"id\":-1,\"verb\":\"volumes\",\"body\":{}}",
                             "{\"id\":1,\"verb\":\"volumes\",\"body\":{},\"more\":1}"}) {
        RawClient client(shared().socket_path());
        client.send_frame(text);
        EXPECT_EQ(client.reply(), "") << text;
    }
    RawClient good(shared().socket_path());
    good.send_frame("{\"id\":7,\"verb\":\"volumes\",\"body\":{}}");
    EXPECT_NE(good.reply().find("\"id\":7"), std::string::npos);
}

TEST_F(LauncherTest, stands_any_bytes) {
    std::uint64_t seed = 42;  // the same bytes every time
    for (int round = 0; round < 100; ++round) {
        RawClient client(shared().socket_path());
        std::string bytes;
        for (int i = 0; i < 300; ++i) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            bytes.push_back(static_cast<char>(seed >> 56));
        }
        if (round % 2 == 0) client.send(bytes);
        if (round % 2 == 1) client.send_frame("{\"id\":1,\"verb\":\"start\",\"body\":" + bytes);
    }
    RawClient good(shared().socket_path());
    good.send_frame("{\"id\":7,\"verb\":\"volumes\",\"body\":{}}");
    EXPECT_NE(good.reply().find("\"id\":7"), std::string::npos);
}

TEST_F(LauncherTest, refuses_bodies_that_are_not_of_the_verb) {
    RawClient client(shared().socket_path());
    const char* volume =
        R"({"id":1,"verb":"make_volume","body":{"name":"../../etc","tenant":"t","bytes_max":16777216,"files_max":100}})";
    const std::vector<std::string> requests = {
        volume,
        R"({"id":1,"verb":"make_volume","body":{"name":"a","path":"/etc"}})",
        R"({"id":1,"verb":"make_volume","body":[]})",
        R"({"id":1,"verb":"keep_volume","body":{"name":"a","as":"../b"}})",
        R"({"id":1,"verb":"remove_volume","body":{"name":"/etc/passwd"}})",
        R"({"id":1,"verb":"remove_volume","body":{"name":".hidden"}})",
        R"({"id":1,"verb":"destroy","body":{"name":""}})",
        R"({"id":1,"verb":"start","body":{"sandbox":"a","tenant":"t","argv":["id"]}})",
        R"({"id":1,"verb":"start","body":{"sandbox":"a","tenant":"t","argv":["id"],"directory":"/tmp"}})",
        R"({"id":1,"verb":"wait","body":{"name":"unknown"}})",
    };
    for (const std::string& request : requests) {
        client.send_frame(request);
        const auto reply = json::parse_as<Reply>(client.reply());
        ASSERT_TRUE(reply) << request;
        EXPECT_TRUE(reply->error) << request;
    }
}

Task<int> make_volumes_at_once(Engine& engine) {
    const auto here = co_await asio::this_coro::executor;
    int left = 3;
    for (int i = 0; i < 3; ++i) {
        asio::co_spawn(here, engine.make_volume({fmt::format("at-once-{}", i), "t", 16 << 20, 500}),
                       [&left](std::exception_ptr, const Result<>& made) { left -= made ? 1 : 9; });
    }
    constexpr auto pause = std::chrono::milliseconds(10);
    for (int i = 0; i < 500 && left > 0; ++i)
        co_await sleep_for(pause);
    const auto all = co_await engine.volumes();
    co_return left == 0 ? static_cast<int>(all->size()) : -1;
}

TEST_F(LauncherTest, is_connected_to_once_by_runs_that_begin_at_once) {
    // What three connections had made, one alone would not see.
    const auto engine = connect(shared());
    EXPECT_EQ(go(make_volumes_at_once(*engine)), 3);
}

TEST_F(LauncherTest, refuses_other_users) {
    fs::permissions(shared().socket_path(), fs::perms(0777));
    const pid_t child = ::fork();
    if (child == 0) {
        if (::setuid(65534) != 0) ::_exit(2);
        RawClient client(shared().socket_path());
        client.send_frame("{\"id\":7,\"verb\":\"volumes\",\"body\":{}}");
        ::_exit(client.reply().empty() ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST_F(LauncherTest, shows_nobody_the_runs_and_volumes_of_another) {
    const auto mine = connect(shared());
    const auto other = connect(shared());
    ASSERT_TRUE(go(mine->make_volume({"private", "t", 16 << 20, 100})));
    EXPECT_TRUE(go(other->volumes())->empty());
    EXPECT_EQ(go(other->keep_volume("private", "p")).error().failure, Failure::not_found);
    engines::Run run = shell_run("true");
    run.mounts = {{"/build", {"private"}, ""}};
    EXPECT_EQ(go(other->start(std::move(run))).error().failure, Failure::not_found);
    EXPECT_TRUE(go(mine->remove_volume("private")));
}

TEST_F(LauncherTest, ends_everything_of_a_connection_that_closed) {
    auto engine = connect(shared());
    ASSERT_TRUE(go(engine->make_volume({"gone", "tenant", 16 << 20, 100})));
    engines::Run run = shell_run("exec sleep 4711");
    run.mounts = {{"/build", {}, "gone"}};
    auto running = go(engine->start(std::move(run)));
    ASSERT_TRUE(running);
    EXPECT_TRUE(soon([] { return processes_with("sleep" + std::string(1, '\0') + "4711") > 0; }));
    engine.reset();
    EXPECT_TRUE(soon([] { return processes_with("sleep" + std::string(1, '\0') + "4711") == 0; }));
    EXPECT_TRUE(soon([] { return !any_loop_below(shared().state_directory() + "/volumes"); }));
    const auto next = connect(shared());
    EXPECT_TRUE(
        soon([&] { return go(next->make_volume({"gone", "t", 16 << 20, 100})).has_value(); }));
    // What waited on the old connection is told so.
    EXPECT_EQ(go((*running)->wait()).error().failure, Failure::unavailable);
}

TEST_F(LauncherTest, removes_what_a_closed_connection_had_still_asked_for) {
    const auto other = connect(shared());
    EXPECT_TRUE(go(other->volumes()));  // connected
    for (int i = 0; i < 3; ++i) {
        RawClient client(shared().socket_path());
        client.send_frame(R"({"id":1,"verb":"make_volume","body":{"name":"late","tenant":"t",)"
                          R"("bytes_max":16777216,"files_max":100}})");
    }
    EXPECT_TRUE(soon([] { return !any_loop_below(shared().state_directory() + "/volumes"); }));
    EXPECT_TRUE(
        soon([&] { return go(other->make_volume({"late", "t", 16 << 20, 100})).has_value(); }));
    EXPECT_TRUE(go(other->remove_volume("late")));
}

TEST_F(LauncherTest, removes_a_volume_that_could_not_be_kept) {
    LauncherProcess launcher({.instance = "keeptest", .prepared_networks = 0});
    const auto engine = connect(launcher);
    ASSERT_TRUE(go(engine->make_volume({"half", "tenant", 16 << 20, 100})));
    fs::create_directories(launcher.state_directory() + "/kept/whole/in-the-way");
    EXPECT_EQ(go(engine->keep_volume("half", "whole")).error().failure, Failure::unavailable);
    EXPECT_TRUE(go(engine->remove_volume("half")));
    EXPECT_FALSE(fs::exists(launcher.state_directory() + "/volumes/half"));
    EXPECT_TRUE(go(engine->make_volume({"half", "tenant", 16 << 20, 100})));
}

TEST_F(LauncherTest, leaves_the_last_used_of_what_it_keeps_mounted) {
    LauncherProcess launcher({.instance = "idletest", .prepared_networks = 0});
    const auto engine = connect(launcher);
    const auto loops = [&] {
        std::size_t count = 0;
        for (const auto& loop : fs::directory_iterator("/sys/block")) {
            const auto file = read_file(loop.path().string() + "/loop/backing_file", 4096);
            if (file && file->starts_with(launcher.state_directory() + "/kept/")) ++count;
        }
        return count;
    };
    const auto read = [&](const std::string& name) {
        engines::Run run = shell_run("cat /build/file");
        run.mounts = {{"/build", {name}, ""}};
        return go(run_to_end(*engine, std::move(run))).out;
    };
    for (std::size_t i = 0; i <= idle_mounts_max; ++i) {
        const std::string name = "v" + std::to_string(i);
        ASSERT_TRUE(go(engine->make_volume({name, "tenant", 16 << 20, 100})));
        engines::Run fill = shell_run("echo " + name + " > /build/file");
        fill.mounts = {{"/build", {}, name}};
        ASSERT_EQ(go(run_to_end(*engine, std::move(fill))).exit.code, 0);
        ASSERT_TRUE(go(engine->keep_volume(name, "kept-" + name)));
        EXPECT_EQ(read("kept-" + name), name + "\n");
    }
    EXPECT_TRUE(soon([&] { return loops() == idle_mounts_max; }));
    EXPECT_EQ(read("kept-v0"), "v0\n");  // the one that had to go
    EXPECT_TRUE(soon([&] { return loops() == idle_mounts_max; }));
    // What is mounted and unread can be removed, and is gone from the disk.
    for (const engines::VolumeState& volume : *go(engine->volumes()))
        EXPECT_TRUE(go(engine->remove_volume(volume.name)));
    EXPECT_TRUE(soon([&] { return loops() == 0; }));
    EXPECT_TRUE(fs::is_empty(launcher.state_directory() + "/kept"));
}

TEST_F(LauncherTest, leaves_nothing_when_it_is_killed_and_sweeps_when_it_comes_back) {
    LauncherProcess launcher({.instance = "sweeptest", .prepared_networks = 1});
    const auto engine = connect(launcher);
    ASSERT_TRUE(go(engine->make_volume({"kept-not", "tenant", 16 << 20, 100})));
    ASSERT_TRUE(go(engine->make_volume({"keep-me", "tenant", 16 << 20, 100})));
    engines::Run fill = shell_run("echo kept > /build/file");
    fill.mounts = {{"/build", {}, "keep-me"}};
    ASSERT_EQ(go(run_to_end(*engine, std::move(fill))).exit.code, 0);
    ASSERT_TRUE(go(engine->keep_volume("keep-me", "snapshot")));
    engines::Run run = shell_run("trap '' TERM HUP INT; exec sleep 4712");
    run.mounts = {{"/build", {}, "kept-not"}};
    run.reach.kind = Reach::Kind::internet;
    const auto running = go(engine->start(std::move(run)));
    ASSERT_TRUE(running);
    const std::string mark = "/proc/" + std::to_string(launcher.pid()) + "/fd/";
    EXPECT_GT(processes_with("slirp4netns"), 0);
    EXPECT_GT(processes_with(mark), 0);

    launcher.kill();
    EXPECT_TRUE(soon([] { return processes_with("sleep" + std::string(1, '\0') + "4712") == 0; }));
    EXPECT_TRUE(soon([&] { return processes_with(mark) == 0; }));
    EXPECT_TRUE(soon([&] { return !any_loop_below(launcher.state_directory()); }));

    launcher.start();
    bool back = false;
    EXPECT_TRUE(soon([&] {
        const auto listed = go(engine->volumes());
        back = listed && listed->size() == 1 && listed->front().name == "snapshot";
        return back;
    }));
    EXPECT_TRUE(fs::is_empty(launcher.state_directory() + "/volumes"));
    EXPECT_TRUE(soon([] {
        const auto left = Cgroups("sweeptest").left_behind();
        return std::all_of(left.begin(), left.end(),
                           [](const auto& name) { return name == "net"; });
    }));
    engines::Run read = shell_run("cat /build/file");
    read.mounts = {{"/build", {"snapshot"}, ""}};
    EXPECT_EQ(go(run_to_end(*engine, std::move(read))).out, "kept\n");
}

TEST_F(LauncherTest, ends_in_order_when_it_is_asked_to) {
    LauncherProcess launcher({.instance = "stoptest", .prepared_networks = 1});
    const auto engine = connect(launcher);
    ASSERT_TRUE(go(engine->make_volume({"v", "tenant", 16 << 20, 100})));
    engines::Run run = shell_run("exec sleep 4713");
    run.mounts = {{"/build", {}, "v"}};
    run.reach.kind = Reach::Kind::internet;
    const auto running = go(engine->start(std::move(run)));
    ASSERT_TRUE(running);
    EXPECT_EQ(launcher.stop(), 0);
    EXPECT_EQ(processes_with("sleep" + std::string(1, '\0') + "4713"), 0);
    EXPECT_TRUE(Cgroups("stoptest").left_behind().empty());
    EXPECT_TRUE(soon([&] { return !any_loop_below(launcher.state_directory()); }));
}

std::vector<pid_t> children_of(pid_t pid) {
    std::vector<pid_t> children;
    std::error_code gone;
    for (const auto& thread : fs::directory_iterator(fmt::format("/proc/{}/task", pid), gone)) {
        std::ifstream file(thread.path() / "children");
        for (pid_t child = 0; file >> child;)
            children.push_back(child);
    }
    return children;
}

/// "socket:[…]" and the like, of a process.
std::set<std::string> sockets_of(pid_t pid) {
    std::set<std::string> sockets;
    std::error_code gone;
    for (const auto& fd : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), gone)) {
        const std::string what = fs::read_symlink(fd.path(), gone).string();
        if (what.starts_with("socket:")) sockets.insert(what);
    }
    return sockets;
}

long descriptors_of(pid_t pid) {
    return std::distance(fs::directory_iterator(fmt::format("/proc/{}/fd", pid)),
                         fs::directory_iterator());
}

TEST_F(LauncherTest, holds_nothing_of_runs_that_ended) {
    LauncherProcess launcher({.instance = "leaktest", .prepared_networks = 0});
    const auto engine = connect(launcher);
    const auto once = [&](Reach::Kind kind) {
        ASSERT_TRUE(go(engine->make_volume({"v", "tenant", 16 << 20, 100})));
        engines::Run run = shell_run("true");
        run.mounts = {{"/build", {}, "v"}};
        run.reach.kind = kind;
        EXPECT_EQ(go(run_to_end(*engine, std::move(run))).exit.code, 0);
        engines::Run refused = shell_run("true");
        refused.mounts = {{"/build", {"v"}, ""}};
        refused.directory = "/build/none";
        EXPECT_EQ(go(engine->start(std::move(refused))).error().code, "no_directory");
        EXPECT_TRUE(go(engine->remove_volume("v")));
    };
    once(Reach::Kind::internet);
    EXPECT_TRUE(soon([&] { return children_of(launcher.pid()).empty(); }));
    const long before = descriptors_of(launcher.pid());
    for (int i = 0; i < 5; ++i)
        once(i == 0 ? Reach::Kind::internet : Reach::Kind::none);
    EXPECT_TRUE(soon([&] { return children_of(launcher.pid()).empty(); }));
    EXPECT_TRUE(soon([&] { return descriptors_of(launcher.pid()) <= before; }));
    const auto left = Cgroups("leaktest").left_behind();
    EXPECT_TRUE(
        std::all_of(left.begin(), left.end(), [](const auto& one) { return one == "net"; }));
}

TEST_F(LauncherTest, gives_its_helpers_no_descriptor_but_their_own) {
    LauncherProcess launcher({.instance = "helpertest", .prepared_networks = 1});
    const auto engine = connect(launcher);
    engines::Run run = shell_run("sleep 60");
    run.reach.kind = Reach::Kind::internet;
    const auto running = go(engine->start(std::move(run)));
    ASSERT_TRUE(running);
    const std::set<std::string> ours = sockets_of(launcher.pid());
    EXPECT_FALSE(ours.empty());
    const std::vector<pid_t> children = children_of(launcher.pid());
    EXPECT_GE(children.size(), 2u);  // the command and slirp4netns
    for (const pid_t child : children) {
        for (const std::string& socket : sockets_of(child))
            EXPECT_FALSE(ours.contains(socket));
    }
}

TEST_F(LauncherTest, prepares_a_way_to_the_loopback_only_where_clones_may_go_there) {
    const auto slirps = [](const LauncherProcess& launcher) {
        std::pair<int, int> count;  // all, and those that lead to the loopback
        for (const pid_t child : children_of(launcher.pid())) {
            const auto line = read_file(fmt::format("/proc/{}/cmdline", child), 1 << 16);
            if (!line || !line->starts_with("slirp4netns")) continue;
            ++count.first;
            if (!line->contains("--disable-host-loopback")) ++count.second;
        }
        return count;
    };
    LauncherProcess open(
        {.instance = "opentest", .allow_nets = "127.0.0.1/32:9", .prepared_networks = 1});
    EXPECT_TRUE(soon([&] { return slirps(open) == std::pair(2, 1); }));
    LauncherProcess closed({.instance = "closedtest", .prepared_networks = 1});
    const auto engine = connect(closed);
    engines::Run run = shell_run("exit 0");
    run.reach.kind = Reach::Kind::internet;
    EXPECT_EQ(go(run_to_end(*engine, std::move(run))).exit.code,
              0);  // and the pool is filled again
    EXPECT_TRUE(soon([&] { return slirps(closed) == std::pair(1, 0); }));
}

Task<Result<>> start_and_drop(Engine& engine, Run run) {
    const auto started = co_await engine.start(std::move(run));
    if (!started) co_return started.error();
    co_return Result<>();
}

Task<bool> start_and_give_up(Engine& engine, Run run) {
    constexpr auto at_once = std::chrono::milliseconds(1);
    const Result<> started = co_await within(at_once, start_and_drop(engine, std::move(run)));
    co_return !started && started.error().failure == Failure::timed_out;
}

TEST_F(LauncherTest, ends_a_run_whose_starter_gave_up) {
    const auto engine = connect(shared());
    EXPECT_TRUE(go(engine->volumes()));  // connected
    EXPECT_TRUE(go(start_and_give_up(*engine, shell_run("exec sleep 4714"))));
    const auto is_there = [] {
        return processes_with("sleep" + std::string(1, '\0') + "4714") > 0;
    };
    EXPECT_TRUE(soon([&] {
        EXPECT_TRUE(go(engine->volumes()));  // turns the loop
        return !is_there() && Cgroups("launchertest").left_behind().empty();
    }));
}

/// Answers "here" on an address of this machine, from a process of its own.
class GreeterProcess {
public:
    explicit GreeterProcess(Address address) {
        const Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_addr.s_addr = htonl(address);
        socklen_t size = sizeof place;
        if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&place), size) != 0 ||
            ::listen(socket.get(), 8) != 0) {
            throw_errno("listen");
        }
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&place), &size);
        port_ = ntohs(place.sin_port);
        pid_ = ::fork();
        while (pid_ == 0) {  // ends with SIGKILL
            const Fd guest(::accept(socket.get(), nullptr, nullptr));
            if (guest) ::send(guest.get(), "here\n", 5, MSG_NOSIGNAL);
        }
    }
    ~GreeterProcess() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    GreeterProcess(const GreeterProcess&) = delete;
    GreeterProcess& operator=(const GreeterProcess&) = delete;
    std::uint16_t port() const { return port_; }

private:
    pid_t pid_ = -1;
    std::uint16_t port_ = 0;
};

std::string knock(Address address, std::uint16_t port) {
    return fmt::format(
        "perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(PeerAddr=>\"{}\",PeerPort=>{},"
        "Timeout=>2) or print(\"no\\n\"), exit; print scalar <$s>'; ",
        text_of(address), port);
}

// The control of every "blocked" elsewhere: the same knock is heard once the operator allows it.
TEST_F(LauncherTest, lets_builds_reach_what_the_operator_allows_but_never_berth) {
    const std::vector<Address> own = own_addresses();
    ASSERT_FALSE(own.empty()) << "needs an address other than loopback";
    const GreeterProcess allowed(own.front());
    const GreeterProcess other(own.front());
    const GreeterProcess berth(own.front());
    LauncherProcess launcher(
        {.instance = "allowtest",
         .allow_nets = "0.0.0.0/0",
         .allow_build_nets =
             fmt::format("{0}:{1},{0}:{2}", text_of(own.front()), allowed.port(), berth.port()),
         .own_port = std::to_string(berth.port()),
         .prepared_networks = 0});
    const auto engine = connect(launcher);
    engines::Run run =
        shell_run(knock(own.front(), allowed.port()) + knock(own.front(), other.port()) +
                  knock(own.front(), berth.port()));
    run.reach.kind = Reach::Kind::internet;
    EXPECT_EQ(go(run_to_end(*engine, std::move(run))).out, "here\nno\nno\n");

    engines::Run clone =
        shell_run(knock(own.front(), other.port()) + knock(own.front(), allowed.port()));
    clone.reach = {Reach::Kind::host, text_of(own.front()), other.port()};
    EXPECT_EQ(go(run_to_end(*engine, std::move(clone))).out, "here\nno\n");
    engines::Run attack = shell_run("true");
    attack.reach = {Reach::Kind::host, text_of(own.front()), berth.port()};
    EXPECT_EQ(go(engine->start(std::move(attack))).error().code, "clone_blocked");
}

TEST_F(LauncherTest, lets_runs_reach_the_operators_proxy_and_not_its_neighbour) {
    const Address loopback = parse_address("127.0.0.1").value();
    const GreeterProcess proxy(loopback);
    const GreeterProcess neighbour(loopback);
    const GreeterProcess hidden(own_addresses().front());
    LauncherProcess launcher({.instance = "proxytest",
                              .prepared_networks = 0,
                              .proxy = fmt::format("localhost:{}", proxy.port())});
    const auto engine = connect(launcher);
    const std::string script = knock(loopback, proxy.port()) + knock(loopback, neighbour.port()) +
                               knock(parse_address("10.213.71.2").value(), neighbour.port()) +
                               knock(own_addresses().front(), hidden.port());
    const std::vector<ProxyPlace> proxies{{"localhost", proxy.port()}};
    engines::Run build = shell_run(script);
    build.reach = {.kind = Reach::Kind::internet, .proxies = proxies};
    EXPECT_EQ(go(run_to_end(*engine, std::move(build))).out, "here\nno\nno\nno\n");
    // A clone goes through the proxy alone, though nobody here knows its host.
    engines::Run clone = shell_run(script);
    clone.reach = {Reach::Kind::host, "no-such-host.invalid", 443, proxies};
    EXPECT_EQ(go(run_to_end(*engine, std::move(clone))).out, "here\nno\nno\nno\n");
    // It is no way around what clones may not reach.
    engines::Run attack = shell_run("true");
    attack.reach = {Reach::Kind::host, "10.0.0.7", 443, proxies};
    EXPECT_EQ(go(engine->start(std::move(attack))).error().code, "clone_blocked");
    engines::Run stranger = shell_run("true");
    stranger.reach = {.kind = Reach::Kind::internet, .proxies = {{"localhost", neighbour.port()}}};
    EXPECT_EQ(go(engine->start(std::move(stranger))).error().failure, Failure::forbidden);
}

TEST_F(LauncherTest, refuses_work_when_the_disk_has_only_its_reserve) {
    LauncherProcess launcher(
        {.instance = "reservetest", .reserve_bytes = 1ull << 60, .prepared_networks = 0});
    const auto engine = connect(launcher);
    EXPECT_EQ(go(engine->make_volume({"v", "t", 16 << 20, 100})).error().code, "disk_full");
    EXPECT_EQ(go(engine->start(shell_run("true"))).error().code, "disk_full");
}

TEST_F(LauncherTest, keeps_volumes_in_directories_where_there_are_no_loop_devices) {
    LauncherProcess launcher(
        {.instance = "directorytest", .prepared_networks = 0, .disk_images = "no"});
    const auto engine = connect(launcher);
    ASSERT_TRUE(go(engine->make_volume({"base", "tenant", 16 << 20, 100})));
    engines::Run fill = shell_run("mkdir d; echo 1 > d/f");
    fill.mounts = {{"/build", {}, "base"}};
    fill.directory = "/build";
    EXPECT_EQ(go(run_to_end(*engine, std::move(fill))).exit.code, 0);
    ASSERT_TRUE(go(engine->keep_volume("base", "kept")));
    ASSERT_TRUE(go(engine->make_volume({"top", "tenant", 16 << 20, 100})));
    engines::Run change = shell_run("rm -rf d && mkdir d && ls -A d; touch g; ls");
    change.mounts = {{"/build", {"kept"}, "top"}};
    change.directory = "/build";
    const Outcome changed = go(run_to_end(*engine, std::move(change)));
    EXPECT_EQ(changed.out, "d\ng\n") << changed.err;
    engines::Run read = shell_run("cat d/f; touch d/g 2>/dev/null || echo refused");
    read.mounts = {{"/build", {"kept"}, ""}};
    read.directory = "/build";
    EXPECT_EQ(go(run_to_end(*engine, std::move(read))).out, "1\nrefused\n");
    EXPECT_TRUE(go(engine->remove_volume("kept")));
    EXPECT_FALSE(fs::exists(launcher.state_directory() + "/kept/kept"));
}

TEST_F(LauncherTest, forgets_what_was_kept_by_users_whose_numbers_have_changed) {
    LauncherProcess launcher(
        {.instance = "idstest", .prepared_networks = 0, .starter = test::Starter::user});
    const auto kept = [&] {
        const auto engine = connect(launcher);
        return go(engine->volumes()).value().size();
    };
    {
        const auto engine = connect(launcher);
        ASSERT_TRUE(go(engine->make_volume({"one", "tenant", 16 << 20, 500})));
        engines::Run run = shell_run("mkdir /build/d && echo x >/build/d/x && chmod 0 /build/d");
        run.mounts = {{"/build", {}, "one"}};
        EXPECT_EQ(go(run_to_end(*engine, std::move(run))).exit.code, 0);
        ASSERT_TRUE(go(engine->keep_volume("one", "kept")));
    }
    EXPECT_EQ(launcher.stop(), 0);
    launcher.start();
    EXPECT_EQ(kept(), 1u);
    EXPECT_EQ(launcher.stop(), 0);
    std::ofstream(launcher.state_directory() + "/users") << "others";
    launcher.start();
    EXPECT_EQ(kept(), 0u);
    EXPECT_TRUE(fs::is_empty(launcher.state_directory() + "/kept"));
}

TEST_F(LauncherTest, maps_the_tenants_to_ranges_of_their_own_and_none_to_root) {
    const auto engine = connect(shared());
    std::set<std::uint64_t> outer;
    for (const char* tenant : {"one", "two", "one"}) {
        engines::Run run = shell_run("cat /proc/self/uid_map; id -u");
        run.tenant = tenant;
        const Outcome outcome = go(run_to_end(*engine, std::move(run)));
        std::istringstream words(outcome.out);
        std::uint64_t inner = 1;
        std::uint64_t first = 0;
        std::uint64_t count = 0;
        std::uint64_t uid = 0;
        words >> inner >> first >> count >> uid;
        EXPECT_EQ(inner, 0u);
        EXPECT_GE(first, 1u << 20);
        EXPECT_EQ(count, 65536u);
        EXPECT_EQ(uid, 1000u);
        outer.insert(first);
    }
    EXPECT_EQ(outer.size(), 2u);
}

TEST_F(LauncherTest, shows_a_run_the_processors_it_pays_for) {
    const auto engine = connect(shared());
    engines::Run run = shell_run("nproc");
    run.limits.cpu_percent = 100;
    EXPECT_EQ(go(run_to_end(*engine, std::move(run))).out, "1\n");
}

/// Of a process's control group, as the kernel has it: "-1", "max 100000", "50000".
std::string cpu_quota_of(pid_t pid) {
    std::ifstream groups(fmt::format("/proc/{}/cgroup", pid));
    for (std::string line; std::getline(groups, line);) {
        const std::string path = line.substr(line.rfind(':') + 1);
        const std::string controllers = line.substr(line.find(':') + 1);
        const bool v1 = controllers.starts_with("cpu,") || controllers.starts_with("cpu:");
        std::ifstream quota(v1 ? "/sys/fs/cgroup/cpu" + path + "/cpu.cfs_quota_us"
                               : "/sys/fs/cgroup" + path + "/cpu.max");
        std::string text;
        if (std::getline(quota, text)) return text;
    }
    return "none";
}

TEST_F(LauncherTest, limits_processor_time_only_where_the_processors_do_not) {
    LauncherProcess launcher({.instance = "quotatest", .prepared_networks = 0});
    const auto quota = [&](unsigned percent) {
        const auto engine = connect(launcher);  // the run ends with it
        engines::Run run = shell_run("exec sleep 60");
        run.limits.cpu_percent = percent;
        const auto running = go(engine->start(std::move(run)));
        const std::vector<pid_t> children = children_of(launcher.pid());
        return running && children.size() == 1 ? cpu_quota_of(children.front()) : "no run";
    };
    EXPECT_TRUE(quota(50).starts_with("50000"));
    EXPECT_TRUE(soon([&] { return children_of(launcher.pid()).empty(); }));
    const std::string free = quota(100);
    EXPECT_TRUE(free == "-1" || free.starts_with("max")) << free;
}

TEST_F(LauncherTest, finds_what_sandboxes_need_on_this_machine) {
    for (const Probed& probed : probe_sandbox("/etc/ssl/certs/ca-certificates.crt")) {
        EXPECT_TRUE(probed.ok) << probed.name << ": " << probed.detail << "; " << probed.fix;
    }
    bool said = false;
    for (const Probed& probed : probe_sandbox("/nowhere.pem")) {
        if (probed.name == "certificates") said = !probed.ok && !probed.fix.empty();
    }
    EXPECT_TRUE(said);
}

TEST(RuntimeTest, is_refused_when_it_is_not_there_or_cannot_do_what_sandboxes_need) {
    EXPECT_TRUE(check_runtime("runc"));
    EXPECT_EQ(check_runtime("no-such-runtime").error().code, "runtime_missing");
    EXPECT_EQ(check_runtime("/nowhere/crun").error().code, "runtime_missing");
    // It ends well and says nothing of descriptors, as runsc does.
    const Result<> unfit = check_runtime("/bin/true");
    ASSERT_FALSE(unfit);
    EXPECT_EQ(unfit.error().code, "runtime_unfit");
    EXPECT_NE(unfit.error().message.find("use runc or crun"), std::string::npos);
}

TEST_F(LauncherTest, tries_what_sandboxes_need_and_leaves_no_trace) {
    const auto read_mounts = [] { return read_file("/proc/self/mountinfo").value(); };
    const std::string before = read_mounts();
    std::map<std::string, std::string> found;
    for (const Probed& probed : probe_sandbox(""))
        found[probed.name] = probed.detail;
    EXPECT_EQ(found["overlay"], "can be mounted");
    EXPECT_EQ(found["ext4"], "can be mounted");
    EXPECT_EQ(found["nf_tables"], "takes the filters of sandboxes");
    EXPECT_EQ(read_mounts(), before);
    EXPECT_FALSE(fs::exists("/tmp/both"));
}

TEST(ProbeTest, knows_the_modules_that_are_loaded_when_used) {
    const std::string list =
        "kernel/fs/overlayfs/overlay.ko.xz: kernel/fs/some.ko\n"
        "kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko kernel/fs/mbcache.ko\n";
    EXPECT_TRUE(lists_module(list, "overlay"));
    EXPECT_TRUE(lists_module(list, "ext4"));
    for (const char* none : {"mbcache", "some", "over", "lay", "xz", ""}) {
        EXPECT_FALSE(lists_module(list, none)) << none;
    }
    EXPECT_FALSE(lists_module("", "overlay"));
}

TEST_F(LauncherTest, says_that_there_is_no_launcher) {
    const auto engine = make_sandbox_engine(loop_.executor(), "/nonexistent/socket");
    EXPECT_EQ(go(engine->volumes()).error().failure, Failure::unavailable);
    EXPECT_EQ(go(engine->start(shell_run("true"))).error().failure, Failure::unavailable);
}

}  // namespace
}  // namespace berth::engines
