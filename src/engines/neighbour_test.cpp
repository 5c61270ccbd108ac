// What one sandbox takes as much as it can of, another one must still get, and the host too.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <mqueue.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <fstream>

#include "engines/engine_runs.hpp"
#include "engines/launcher_process.hpp"
#include "engines/sandbox_engine.hpp"

namespace berth::engines {
namespace {

using test::LauncherProcess;
using test::Outcome;
using test::run_to_end;
using test::shell_run;

LauncherProcess& launcher() {
    static LauncherProcess process({.instance = "neighbourtest"});
    return process;
}

/// Each takes all it can get, by itself and by children, says how much, and keeps it.
struct Bomb {
    const char* name;
    const char* script;     // python; ends by calling hold(count)
    const char* neighbour;  // python: what must still work elsewhere
};

constexpr const char* prelude = R"py(
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def hold(count):
    print("took", count, flush=True)
    time.sleep(60)
def in_children(count, take):
    total = 0
    for _ in range(count):
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            n = 0
            try:
                n = take()
            except OSError:
                pass
            os.write(w, str(n).encode())
            time.sleep(60)
            os._exit(0)
        os.close(w)
        total += int(os.read(r, 20) or b"0")
        os.close(r)
    hold(total)
)py";

constexpr Bomb bombs[] = {
    {"descriptors", R"py(
def take():
    n = 0
    try:
        while True:
            os.open("/dev/null", os.O_RDONLY)
            n += 1
    except OSError:
        return n
in_children(40, take)
)py",
     R"py(
held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1000)]
)py"},
    {"terminals", R"py(
held = []
try:
    while True:
        held.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
except OSError:
    pass
hold(len(held))
)py",
     R"py(
held = [os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY) for _ in range(8)]
)py"},
    {"watchers of files", R"py(
held = []
while len(held) < 5000:
    fd = libc.inotify_init1(0)
    if fd < 0:
        break
    held.append(fd)
hold(len(held))
)py",
     R"py(
held = [libc.inotify_init1(0) for _ in range(8)]
assert all(fd >= 0 for fd in held), held
)py"},
    {"watched files", R"py(
fd = libc.inotify_init1(0)
n = 0
os.mkdir("/tmp/w")
while n < 600000:
    name = b"/tmp/w/%d" % n
    try:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
    except OSError:
        break
    if libc.inotify_add_watch(fd, name, 2) < 0:
        break
    n += 1
hold(n)
)py",
     R"py(
fd = libc.inotify_init1(0)
for n in range(5000):
    name = b"/tmp/%d" % n
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
    assert libc.inotify_add_watch(fd, name, 2) >= 0, n
)py"},
    {"queued signals", R"py(
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {40})
n = 0
while n < 400000 and libc.sigqueue(os.getpid(), 40, None) == 0:
    n += 1
hold(n)
)py",
     R"py(
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {40})
assert all(libc.sigqueue(os.getpid(), 40, None) == 0 for _ in range(100))
)py"},
    {"message queues", R"py(
rt = ctypes.CDLL("librt.so.1", use_errno=True)
n = 0
while rt.mq_open(b"/q%d" % n, os.O_CREAT | os.O_RDWR, 0o600, None) >= 0:
    n += 1
hold(n)
)py",
     ""},  // no build uses them; the host does
    {"memory of pipes", R"py(
import fcntl
def take():
    n = 0
    while True:
        r, w = os.pipe()
        try:
            fcntl.fcntl(w, 1031, 1 << 20)
        except OSError:
            return n
        n += 1
in_children(8, take)
)py",
     R"py(
import fcntl
r, w = os.pipe()
assert os.write(w, b"x" * 60000) == 60000
)py"},
};

Task<Outcome> run_during(Engine& engine, engines::Run bomb, engines::Run neighbour,
                         std::string& took, std::function<void()> host) {
    Result<std::unique_ptr<Running>> started = co_await engine.start(std::move(bomb));
    const std::unique_ptr<Running> running = std::move(started).value();
    const Chunk first = co_await running->read();
    took = first.bytes;
    host();
    const Outcome outcome = co_await run_to_end(engine, std::move(neighbour));
    co_await running->kill();
    const Outcome rest = co_await test::collect(*running);
    co_return outcome;
}

/// What the host's own processes need.
void host_gets_its_share() {
    const Fd watcher(::inotify_init1(IN_CLOEXEC));
    EXPECT_TRUE(watcher) << "inotify: " << std::strerror(errno);
    const Fd terminal(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_TRUE(terminal) << "terminal: " << std::strerror(errno);
    const mqd_t queue = ::mq_open("/berth-neighbour", O_RDWR | O_CREAT, 0600, nullptr);
    EXPECT_NE(queue, static_cast<mqd_t>(-1)) << "message queue: " << std::strerror(errno);
    ::mq_close(queue);
    ::mq_unlink("/berth-neighbour");
    std::uint64_t open = 0;
    std::uint64_t unused = 0;
    std::uint64_t most = 0;
    std::ifstream("/proc/sys/fs/file-nr") >> open >> unused >> most;
    EXPECT_LT(open, most / 2);
}

TEST(NeighbourTest, gets_its_share_whatever_a_sandbox_takes) {
    test::Loop loop;
    const auto engine = make_sandbox_engine(loop.executor(), launcher().socket_path());
    for (const Bomb& bomb : bombs) {
        engines::Run greedy = shell_run("exec python3 -c \"$1\"");
        greedy.argv.insert(greedy.argv.end(), {"bomb", std::string(prelude) + bomb.script});
        greedy.limits.memory_bytes = 1 << 30;
        engines::Run modest = shell_run("exec python3 -c \"$1\"");
        modest.argv.insert(modest.argv.end(),
                           {"modest", std::string(prelude) + bomb.neighbour + "\nprint('fine')\n"});
        modest.tenant = "neighbour";
        std::string took;
        const Outcome outcome = loop.go(
            run_during(*engine, std::move(greedy), std::move(modest), took, host_gets_its_share));
        EXPECT_TRUE(took.starts_with("took ")) << bomb.name << ": " << took;
        EXPECT_EQ(outcome.out, "fine\n") << bomb.name << " (" << took << "): " << outcome.err;
        RecordProperty(bomb.name, took);
    }
}

}  // namespace
}  // namespace berth::engines
