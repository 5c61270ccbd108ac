// Two hundred repositories whose weapon is Git itself, a name, a link, or what package managers
// read (tests/escape/repositories.py): nothing of them runs outside of a sandbox, and nothing at
// all before the install.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <set>

#include "base/process.hpp"
#include "builds/inspect.hpp"
#include "builds/memory_job_api_test.hpp"
#include "builds/pipeline.hpp"
#include "engines/launcher_process.hpp"
#include "engines/sandbox_engine.hpp"
#include "engines/spawn_program.hpp"

namespace berth::builds {
namespace {

namespace fs = std::filesystem;

constexpr int at_a_time = 3;

/// A port of this machine's loopback that was free a moment ago.
std::uint16_t unused_port() {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) throw_errno("bind");
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

struct Repository {
    std::string name{};
    std::string stage{};  // where its weapon could go off: "clone", "build"
    std::string word{};   // what it prints when it does
};

/// The repositories behind a git daemon, a launcher, and the folder on the host that says when
/// something ran there.
class HostileWorld {
public:
    HostileWorld() {
        char name[] = "/tmp/berth-hostile-XXXXXX";
        folder_ = ::mkdtemp(name);
        fs::create_directory(canary());
        fs::permissions(folder_, fs::perms(0755));
        fs::permissions(canary(), fs::perms(0777));
        const Command make{.argv = {"python3", BERTH_ESCAPE_SCRIPTS "/repositories.py", folder_,
                                    canary(), std::to_string(port_)},
                           .environment = plain_environment()};
        const Ended made = run_blocking(make, std::chrono::seconds(120)).value();
        if (made.exit_code != 0) throw std::runtime_error(made.errors);
        std::istringstream lines(made.output);
        for (Repository next; lines >> next.name >> next.stage >> next.word;)
            repositories_.push_back(next);
        engines::Program daemon{.argv = {"git", "daemon", "--reuseaddr", "--listen=127.0.0.1",
                                         fmt::format("--port={}", port_), "--base-path=" + folder_,
                                         "--export-all", "--log-destination=none"},
                                .environment = plain_environment()};
        daemon.descriptors = {-1, -1, -1};
        daemon_ = engines::spawn_program(daemon).value();
    }
    ~HostileWorld() {
        ::kill(-daemon_, SIGTERM);  // a session of its own
        ::waitpid(daemon_, nullptr, 0);
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    HostileWorld(const HostileWorld&) = delete;
    HostileWorld& operator=(const HostileWorld&) = delete;

    const std::vector<Repository>& repositories() const { return repositories_; }
    std::string url(const Repository& repository) const {
        return fmt::format("git://127.0.0.1:{}/{}.git", port_, repository.name);
    }
    std::string canary() const { return folder_ + "/canary"; }
    std::string launcher_socket() const { return launcher_.socket_path(); }
    /// What ran on the host.
    std::set<std::string> ran_outside() const {
        std::set<std::string> names;
        for (const auto& file : fs::directory_iterator(canary()))
            names.insert(file.path().filename());
        return names;
    }

private:
    std::uint16_t port_ = unused_port();
    std::string folder_;
    std::vector<Repository> repositories_;
    engines::test::LauncherProcess launcher_{
        {.instance = "hostiletest", .allow_nets = fmt::format("127.0.0.1/32:{}", port_)}};
    pid_t daemon_ = -1;
};

struct Fate {
    std::optional<jobs::Finish> finish{};
    std::string log{};
};

std::string registry_url() {
    const Command ask{.argv = {"npm", "config", "get", "registry"},
                      .environment = plain_environment()};
    std::string url = run_blocking(ask, std::chrono::seconds(20)).value().output;
    while (url.ends_with('\n'))
        url.pop_back();
    return url;
}

/// What several deployments at a time share.
struct Yard {
    HostileWorld& world;
    Workshop& workshop;
    std::deque<Repository> left{};
    std::map<std::string, Fate> fates{};
};

Task<> deploy_one(Yard& yard, Repository repository) {
    jobs::Job job{.id = "dpl_" + std::to_string(yard.fates.size()) + "-" + repository.name,
                  .epoch = 1,
                  .project = "prj_" + repository.stage,
                  .environment = "production"};
    std::replace(job.id.begin(), job.id.end(), '_', '-');
    job.source.repo_url = yard.world.url(repository);
    job.limits.build_ms = 60'000;
    job.limits.output_files = 5000;
    yard.fates[repository.name] = {};
    const auto api = std::make_shared<test::MemoryJobApi>();
    Stop stop;
    JobEnd end = co_await run_build(yard.workshop, job, api, stop);
    std::optional<jobs::Finish> finish = std::move(end.finish);
    co_await clean_up(yard.workshop, job, std::move(end));
    yard.fates[repository.name] = {std::move(finish), api->log()};
}

Task<> deploy_what_is_left(Yard& yard) {
    while (!yard.left.empty()) {
        Repository next = std::move(yard.left.front());
        yard.left.pop_front();
        co_await deploy_one(yard, std::move(next));
    }
}

Task<std::map<std::string, Fate>> deploy_all(HostileWorld& world, std::deque<Repository> list) {
    const auto loop = co_await asio::this_coro::executor;
    const auto engine = engines::make_sandbox_engine(loop, world.launcher_socket());
    const auto client = http::make_curl_client(4, "");
    Workers workers(2);
    NpmRegistry registry(*client, workers, registry_url());
    Toolchains toolchains(loop, *engine, registry, workers, "/tmp");
    const engines::Proxies none;
    Workshop workshop{.engine = *engine,
                      .toolchains = toolchains,
                      .workers = workers,
                      .scratch_directory = "/tmp",
                      .proxies = none};
    Yard yard{.world = world, .workshop = workshop, .left = std::move(list)};
    int running = 0;
    for (; running < at_a_time; ++running) {
        asio::co_spawn(loop, deploy_what_is_left(yard), [&running](std::exception_ptr broken) {
            if (broken) std::rethrow_exception(broken);
            --running;
        });
    }
    constexpr auto look = std::chrono::milliseconds(5);
    while (running > 0)
        co_await sleep_for(look);
    co_return std::move(yard.fates);
}

Task<std::optional<jobs::Finish>> inspect_one(HostileWorld& world, jobs::Job job) {
    const auto loop = co_await asio::this_coro::executor;
    const auto engine = engines::make_sandbox_engine(loop, world.launcher_socket());
    const auto client = http::make_curl_client(4, "");
    Workers workers(1);
    NpmRegistry registry(*client, workers, "http://127.0.0.1:9/");
    Toolchains toolchains(loop, *engine, registry, workers, "/tmp");
    const engines::Proxies none;
    Workshop workshop{.engine = *engine,
                      .toolchains = toolchains,
                      .workers = workers,
                      .scratch_directory = "/tmp",
                      .proxies = none};
    Stop stop;
    const auto api = std::make_shared<test::MemoryJobApi>();
    std::optional<jobs::Finish> finish = co_await run_inspection(workshop, job, api, stop);
    co_await clean_up(workshop, job, {});
    co_return finish;
}

class HostileRepositoryTest : public testing::Test {
protected:
    static HostileWorld& world() {
        static HostileWorld made;
        return made;
    }

    static std::map<std::string, Fate> deploy(std::deque<Repository> list) {
        return wait(deploy_all(world(), std::move(list)));
    }
};

/// Whether that is an end that a user can do something with.
bool is_told(const Fate& fate) {
    if (!fate.finish) return false;
    if (fate.finish->state == jobs::State::ready) return true;
    return fate.finish->state == jobs::State::failed && fate.finish->reason &&
           *fate.finish->reason != jobs::Reason::internal && !fate.finish->detail.empty();
}

TEST_F(HostileRepositoryTest, runs_nothing_when_it_is_cloned_read_and_published) {
    std::deque<Repository> list;
    for (const Repository& repository : world().repositories()) {
        if (repository.stage == "clone") list.push_back(repository);
    }
    EXPECT_GE(list.size(), 140u);
    const std::map<std::string, Fate> fates = deploy(list);
    int ready = 0;
    for (const Repository& repository : list) {
        const Fate& fate = fates.at(repository.name);
        EXPECT_TRUE(is_told(fate)) << repository.name << "\n" << fate.log;
        EXPECT_FALSE(fate.log.contains(repository.word + "\n")) << fate.log;
        if (!fate.finish) continue;
        ready += fate.finish->state == jobs::State::ready ? 1 : 0;
        if (!fate.finish->manifest) continue;
        for (const auto& [path, entry] : fate.finish->manifest->files)
            EXPECT_FALSE(("/" + path).contains("/.git/")) << repository.name << ": " << path;
    }
    EXPECT_GE(ready, 30) << "most are odd, not broken";
    EXPECT_EQ(world().ran_outside(), std::set<std::string>{});
}

TEST_F(HostileRepositoryTest, runs_inside_what_package_managers_and_scripts_start) {
    const std::set<std::string> representative = {
        "npmrc-0",  "npmrc-1",  "npmrc-3",  "npmrc-5",  "npmrc-6",        "npmrc-13",
        "script-0", "script-2", "script-6", "script-7", "package-name-0", "manager-0",
        "node-0",   "yarnrc",   "pnpmfile", "shadow"};
    std::deque<Repository> list;
    int of_builds = 0;
    for (const Repository& repository : world().repositories()) {
        of_builds += repository.stage == "build" ? 1 : 0;
        if (representative.contains(repository.name)) list.push_back(repository);
    }
    EXPECT_EQ(list.size(), representative.size());
    EXPECT_GE(of_builds, 50);
    const std::map<std::string, Fate> fates = deploy(list);
    int ran_inside = 0;
    for (const Repository& repository : list) {
        const Fate& fate = fates.at(repository.name);
        EXPECT_TRUE(is_told(fate)) << repository.name << "\n" << fate.log;
        ran_inside += fate.log.contains(repository.word) ? 1 : 0;
    }
    EXPECT_GE(ran_inside, 3) << "their weapons do go off";
    EXPECT_EQ(world().ran_outside(), std::set<std::string>{});
}

TEST_F(HostileRepositoryTest, is_understood_or_refused_in_words_before_a_build) {
    std::deque<Repository> list;
    for (const Repository& repository : world().repositories()) {
        if (repository.stage == "build") list.push_back(repository);
    }
    // Without a worker's toolchain: survey and plan alone, as the import page asks for them.
    const auto inspect = [](Repository repository) -> jobs::Job {
        jobs::Job job{.id = "dpl-look-" + repository.name, .epoch = 1};
        job.kind = jobs::Kind::inspect;
        job.source.repo_url = world().url(repository);
        return job;
    };
    for (const Repository& repository : list) {
        const auto finish = wait(inspect_one(world(), inspect(repository)));
        ASSERT_TRUE(finish) << repository.name;
        EXPECT_TRUE(finish->inspection || !finish->detail.empty()) << repository.name;
    }
    EXPECT_EQ(world().ran_outside(), std::set<std::string>{});
}

}  // namespace
}  // namespace berth::builds
