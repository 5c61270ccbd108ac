/// Whole builds in real sandboxes, from a real git server. Needs root, as the launcher does.
#include "builds/pipeline.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/process.hpp"
#include "builds/inspect.hpp"
#include "builds/memory_job_api_test.hpp"
#include "engines/launcher_process.hpp"
#include "engines/sandbox_engine.hpp"

extern char** environ;

namespace berth::builds {
namespace {

using namespace std::chrono_literals;
using test::MemoryJobApi;
namespace fs = std::filesystem;

std::uint16_t free_port() {
    const Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

/// Bare repositories below a temporary directory, served over git://.
class GitServer {
public:
    GitServer() : port_(free_port()) {
        char name[] = "/tmp/berth-git-XXXXXX";
        directory_ = ::mkdtemp(name);
        const std::string port = "--port=" + std::to_string(port_);
        const std::string base = "--base-path=" + directory_;
        std::vector<std::string> texts{"git", "daemon", "--reuseaddr",  "--listen=127.0.0.1",
                                       port,  base,     "--export-all", "--log-destination=none"};
        std::vector<char*> argv;
        for (std::string& text : texts)
            argv.push_back(text.data());
        argv.push_back(nullptr);
        posix_spawnattr_t own_group;
        ::posix_spawnattr_init(&own_group);
        ::posix_spawnattr_setflags(&own_group, POSIX_SPAWN_SETPGROUP);
        EXPECT_EQ(::posix_spawnp(&pid_, "git", nullptr, &own_group, argv.data(), environ), 0);
    }
    ~GitServer() {
        ::kill(-pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
        fs::remove_all(directory_);
    }

    std::uint16_t port() const { return port_; }
    std::string url(const std::string& name) const {
        return fmt::format("git://127.0.0.1:{}/{}", port_, name);
    }

    using Files = std::map<std::string, std::string>;
    /// A repository with one commit. A content "-> x" makes a link to x.
    void add(const std::string& name, const Files& files) {
        const std::string path = directory_ + "/" + name;
        for (const auto& [file, content] : files) {
            fs::create_directories(fs::path(path + "/" + file).parent_path());
            if (content.starts_with("-> ")) {
                fs::create_symlink(content.substr(3), path + "/" + file);
            } else {
                std::ofstream(path + "/" + file) << content;
            }
        }
        git(path, {"init", "-q", "-b", "main"});
        git(path, {"add", "-A"});
        git(path, {"-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm",
                   "First words\n\nMore of them"});
    }
    void git(const std::string& path, std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "git");
        const Command command{
            .argv = arguments, .environment = plain_environment(), .directory = path};
        EXPECT_EQ(run_blocking(command, 20s).value().exit_code, 0);
    }
    std::string directory() const { return directory_; }

private:
    std::uint16_t port_;
    std::string directory_;
    pid_t pid_ = -1;
};

engines::test::LauncherOptions launcher_options(std::uint16_t git_port) {
    return {.instance = "buildstest", .allow_nets = fmt::format("127.0.0.0/8:{}", git_port)};
}

/// One launcher and one git server for all tests of this program: starting them takes a second.
struct World {
    GitServer git;
    engines::test::LauncherProcess launcher{launcher_options(git.port())};
};
std::unique_ptr<World> world;

struct Ended {
    std::optional<jobs::Finish> finish{};
    std::shared_ptr<MemoryJobApi> api{};
};

enum class What { build, inspect };

class PipelineTest : public testing::Test {
protected:
    static jobs::Job job(const std::string& repository) {
        static int count = 0;
        jobs::Job job{.id = fmt::format("dpl_{}", ++count),
                      .epoch = 1,
                      .project = "prj_test",
                      .environment = "production"};
        job.source.repo_url = world->git.url(repository);
        job.limits.build_ms = 120'000;
        return job;
    }

    static Task<Ended> on_loop(jobs::Job wanted, std::shared_ptr<MemoryJobApi> api, What what,
                               std::chrono::milliseconds stop_after) {
        const auto loop = co_await asio::this_coro::executor;
        const auto engine = engines::make_sandbox_engine(loop, world->launcher.socket_path());
        const auto client = http::make_curl_client(4, "");
        Workers workers(2);
        NpmRegistry registry(*client, workers, registry_url());
        Toolchains toolchains(loop, *engine, registry, workers, "/tmp");
        Workshop workshop{.engine = *engine,
                          .toolchains = toolchains,
                          .workers = workers,
                          .scratch_directory = "/tmp"};
        Stop stop;
        std::string sandbox = sandbox_of(wanted);
        if (stop_after.count() > 0) spawn(loop, ask(stop, *engine, sandbox, stop_after), "stop");
        Ended ended{.api = api};
        if (what == What::inspect) {
            ended.finish = co_await run_inspection(workshop, wanted, api, stop);
        } else {
            ended.finish = co_await run_build(workshop, wanted, api, stop);
        }
        (void)co_await engine->destroy(sandbox);
        co_return ended;
    }

    static Task<> ask(Stop& stop, engines::Engine& engine, std::string sandbox,
                      std::chrono::milliseconds after) {
        co_await sleep_for(after);
        stop.ask();
        (void)co_await engine.destroy(sandbox);
    }

    static std::string registry_url() {
        const Command ask{.argv = {"npm", "config", "get", "registry"},
                          .environment = plain_environment()};
        std::string url = run_blocking(ask, 20s).value().output;
        while (url.ends_with('\n'))
            url.pop_back();
        return url;
    }

    static Ended run(const jobs::Job& wanted, What what = What::build,
                     std::shared_ptr<MemoryJobApi> api = std::make_shared<MemoryJobApi>(),
                     std::chrono::milliseconds stop_after = 0ms) {
        Ended ended = wait(on_loop(wanted, api, what, stop_after));
        if (testing::Test::HasFailure()) fmt::print("{}", ended.api->log());
        return ended;
    }

    static std::string content(const Ended& ended, const std::string& path) {
        if (!ended.finish || !ended.finish->manifest) return "(no manifest)";
        const auto& files = ended.finish->manifest->files;
        const auto found = files.find(path);
        return found == files.end() ? "(no file)" : ended.api->blobs[found->second.sha256];
    }

    static void expect_failed(const Ended& ended, jobs::Reason reason) {
        ASSERT_TRUE(ended.finish);
        EXPECT_EQ(ended.finish->state, jobs::State::failed) << ended.api->log();
        ASSERT_TRUE(ended.finish->reason) << ended.api->log();
        EXPECT_STREQ(boost::describe::enum_to_string(*ended.finish->reason, "?"),
                     boost::describe::enum_to_string(reason, "?"))
            << ended.finish->detail << "\n"
            << ended.api->log();
        EXPECT_FALSE(ended.finish->detail.empty());
    }
};

TEST_F(PipelineTest, publishes_a_plain_site_as_it_is) {
    world->git.add("plain", {{"index.html", "<h1>Hello</h1>" + std::string(1000, ' ')},
                             {"img/a.svg", "<svg/>"},
                             {".env", "SECRET=1"},
                             {".well-known/x", "kept"},
                             {"node_modules/y", "left out"},
                             {"again.html", "-> index.html"}});
    const Ended ended = run(job("plain"));
    ASSERT_TRUE(ended.finish);
    ASSERT_EQ(ended.finish->state, jobs::State::ready) << ended.finish->detail << ended.api->log();
    const auto& files = ended.finish->manifest->files;
    std::string names;
    for (const auto& [path, entry] : files)
        names += path + " ";
    EXPECT_EQ(names, ".well-known/x again.html img/a.svg index.html ");
    EXPECT_EQ(content(ended, "img/a.svg"), "<svg/>");
    EXPECT_EQ(files.at("again.html").sha256, files.at("index.html").sha256);
    EXPECT_EQ(files.at("index.html").variants.size(), 2u);
    EXPECT_TRUE(ended.api->blobs.contains(files.at("index.html").sha256 + ".br"));
    ASSERT_FALSE(ended.api->steps.empty());
    const auto facts = std::find_if(ended.api->steps.begin(), ended.api->steps.end(),
                                    [](const jobs::Advance& step) { return step.commit; });
    ASSERT_NE(facts, ended.api->steps.end());
    EXPECT_EQ(facts->commit->message, "First words");
    EXPECT_EQ(facts->commit->author, "Ada");
    EXPECT_EQ(facts->commit->branch, "main");
    EXPECT_EQ(facts->commit->commit.size(), 40u);
    EXPECT_EQ(ended.api->sources.size(), 1u) << "the source is kept";
}

}  // namespace
}  // namespace berth::builds

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "--launcher") {
        return berth::engines::test::launcher_main(argc, argv);
    }
    testing::InitGoogleTest(&argc, argv);
    berth::builds::world = std::make_unique<berth::builds::World>();
    const int result = RUN_ALL_TESTS();
    berth::builds::world.reset();
    return result;
}
