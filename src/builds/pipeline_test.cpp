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
#include "builds/archive.hpp"
#include "builds/caches.hpp"
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
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
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
        argv.reserve(texts.size() + 1);
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
            const fs::path place = fs::path(path) / file;
            fs::create_directories(place.parent_path());
            if (content.starts_with("-> ")) {
                fs::create_symlink(content.substr(3), place);
            } else {
                std::ofstream(place) << content;
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
    return {.instance = "buildstest",
            .allow_nets = fmt::format("127.0.0.0/8:{}", git_port),
            .proxy = "127.0.0.1:9"};
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

    /// What builds go through; none unless a test says so.
    static engines::Proxies& proxies() {
        static engines::Proxies set;
        return set;
    }

    static Task<Ended> on_loop(jobs::Job wanted, std::shared_ptr<MemoryJobApi> api, What what,
                               std::chrono::milliseconds stop_after,
                               std::optional<jobs::State> stop_at) {
        const auto loop = co_await asio::this_coro::executor;
        const auto engine = engines::make_sandbox_engine(loop, world->launcher.socket_path());
        const auto client = http::make_curl_client(4, "");
        Workers workers(2);
        NpmRegistry registry(*client, workers, registry_url());
        Toolchains toolchains(loop, *engine, registry, workers, "/tmp");
        Workshop workshop{.engine = *engine,
                          .toolchains = toolchains,
                          .workers = workers,
                          .scratch_directory = "/tmp",
                          .proxies = proxies()};
        Stop stop;
        std::string sandbox = sandbox_of(wanted);
        if (stop_after.count() > 0 && !stop_at)
            spawn(loop, ask(stop, *engine, sandbox, stop_after), "stop");
        if (stop_at) {
            api->on_advance = [&](jobs::State to) {
                if (to != *stop_at) return;
                if (stop_after.count() == 0) stop.ask();
                spawn(loop, ask(stop, *engine, sandbox, stop_after), "stop");
            };
        }
        Ended ended{.api = api};
        JobEnd end;
        if (what == What::inspect) {
            ended.finish = co_await run_inspection(workshop, wanted, api, stop);
        } else {
            end = co_await run_build(workshop, wanted, api, stop);
            ended.finish = end.finish;
        }
        co_await clean_up(workshop, wanted, std::move(end));
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
                     std::chrono::milliseconds stop_after = 0ms,
                     std::optional<jobs::State> stop_at = std::nullopt) {
        Ended ended = wait(on_loop(wanted, api, what, stop_after, stop_at));
        if (testing::Test::HasFailure()) fmt::print("{}", ended.api->log());
        return ended;
    }

    /// The names of a project's kept volumes.
    static Task<std::vector<std::string>> kept_on_loop(std::string project) {
        const auto loop = co_await asio::this_coro::executor;
        const auto engine = engines::make_sandbox_engine(loop, world->launcher.socket_path());
        const auto volumes = co_await engine->volumes();
        std::vector<std::string> names;
        for (const jobs::KeptCache& cache : kept_caches(volumes.value())) {
            if (cache.project == project) names.push_back(cache.name);
        }
        co_return names;
    }
    static std::vector<std::string> kept(const std::string& project) {
        return wait(kept_on_loop(project));
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

TEST_F(PipelineTest, compiles_the_rules_of_source_and_output) {
    world->git.add("rules", {{"web/index.html", "home"},
                             {"web/_redirects", "/a /b\n/wrong\n"},
                             {"web/_headers", "/*\n X-A: 1\n"},
                             {"netlify.toml", "[[redirects]]\nfrom = \"/c\"\nto = \"/d\"\n"}});
    jobs::Job wanted = job("rules");
    wanted.source.root = "web";
    const Ended ended = run(wanted);
    ASSERT_TRUE(ended.finish);
    ASSERT_TRUE(ended.finish->manifest) << ended.finish->detail << ended.api->log();
    const rules::RuleSet& set = ended.finish->manifest->rules;
    EXPECT_EQ(set.dialect, rules::Dialect::netlify);
    ASSERT_EQ(set.rules.size(), 2u);
    EXPECT_EQ(set.rules[0].origin.file, "_redirects");
    EXPECT_EQ(set.rules[1].origin.file, "netlify.toml");
    EXPECT_EQ(set.headers.size(), 1u);
    EXPECT_EQ(set.problems.size(), 1u);
    EXPECT_EQ(ended.finish->manifest->files.size(), 1u);
    const std::string log = ended.api->log();
    EXPECT_NE(log.find("Rules in the words of netlify: there is a netlify.toml"), log.npos) << log;
    EXPECT_NE(log.find("2 rules for paths, 1 rule for headers"), log.npos) << log;
    EXPECT_NE(log.find("_redirects:2: a target is missing"), log.npos) << log;
}

TEST_F(PipelineTest, publishes_a_plain_site_as_it_is) {
    world->git.add("plain", {{"index.html", "<h1>Hello</h1>" + std::string(9000, ' ')},
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
    EXPECT_EQ(files.at("index.html").variants.size(), 3u);
    EXPECT_TRUE(ended.api->blobs.contains(files.at("index.html").sha256 + ".br"));
    EXPECT_TRUE(ended.api->blobs.contains(files.at("index.html").sha256 + ".zst"));
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

const std::string builder = R"js(
import { mkdirSync, writeFileSync } from 'node:fs'
mkdirSync('dist/assets', { recursive: true })
writeFileSync('dist/index.html', `<p>${process.version} ${process.env.VITE_NAME}</p>`)
writeFileSync('dist/assets/app.js', 'console.log(1)')
console.log('built', process.env.CI, process.cwd())
)js";

GitServer::Files npm_site(const std::string& build = "node build.mjs") {
    return {{"package.json", R"({"name": "site", "scripts": {"build": ")" + build + R"("}})"},
            {"build.mjs", builder}};
}

TEST_F(PipelineTest, builds_with_node_and_publishes_what_the_build_made) {
    world->git.add("npm", npm_site());
    jobs::Job wanted = job("npm");
    wanted.variables = {{"VITE_NAME", "shop", false}};
    const Ended ended = run(wanted);
    ASSERT_TRUE(ended.finish);
    ASSERT_EQ(ended.finish->state, jobs::State::ready) << ended.finish->detail << ended.api->log();
    EXPECT_TRUE(content(ended, "index.html").starts_with("<p>v24."));
    EXPECT_NE(content(ended, "index.html").find("shop"), std::string::npos);
    EXPECT_EQ(content(ended, "assets/app.js"), "console.log(1)");
    EXPECT_NE(ended.api->log().find("built 1 /build"), std::string::npos) << ended.api->log();
    std::string states;
    for (const jobs::Advance& step : ended.api->steps) {
        states += std::string(boost::describe::enum_to_string(step.to, "")) + " ";
    }
    EXPECT_EQ(states, "cloning cloning installing building publishing publishing ");
}

TEST_F(PipelineTest, installs_once_and_takes_the_snapshot_the_next_time) {
    GitServer::Files files = npm_site(
        "node -e \"require('is-odd'); require('fs').mkdirSync('dist'); "
        "require('fs').writeFileSync('dist/index.html', 'x')\"");
    files["package.json"] =
        R"({"name": "site", "scripts": {"build": "node b.cjs"}, "dependencies": {"ms": "2.1.3"}})";
    files["b.cjs"] =
        "const ms = require('ms'); const fs = require('fs'); fs.rmSync('node_modules/ms', "
        "{recursive: true}); fs.mkdirSync('out'); fs.writeFileSync('out/index.html', "
        "String(ms('1s')))";
    world->git.add("deps", files);
    const Ended first = run(job("deps"));
    ASSERT_TRUE(first.finish);
    ASSERT_EQ(first.finish->state, jobs::State::ready) << first.finish->detail << first.api->log();
    EXPECT_EQ(content(first, "index.html"), "1000");
    const Ended second = run(job("deps"));
    ASSERT_TRUE(second.finish);
    ASSERT_EQ(second.finish->state, jobs::State::ready)
        << second.finish->detail << second.api->log();
    EXPECT_EQ(content(second, "index.html"), "1000");
    EXPECT_NE(second.api->log().find("this step is skipped"), std::string::npos)
        << second.api->log();
    EXPECT_EQ(first.finish->reuse_key, second.finish->reuse_key);
}

/// Its own scripts read `note`, and take an installed package that nobody changed before.
GitServer::Files site_with_own_scripts(const std::string& note) {
    return {
        {"package.json",
         R"({"name": "own", "scripts": {"postinstall": "node patch.cjs", "prepare": "node gen.cjs",)"
         R"( "build": "node b.cjs"}, "dependencies": {"ms": "2.1.3"}})"},
        {"note", note},
        {"patch.cjs",
         "const fs = require('fs'); const file = 'node_modules/ms/patched';"
         "if (fs.existsSync(file)) throw Error('patched already');"
         "fs.writeFileSync(file, fs.readFileSync('note'))"},
        {"gen.cjs",
         "const fs = require('fs'); fs.mkdirSync('gen');"
         "fs.copyFileSync('node_modules/ms/patched', 'gen/note')"},
        {"b.cjs",
         "const fs = require('fs'); fs.mkdirSync('dist'); const own = require('./package.json');"
         "fs.writeFileSync('dist/index.html', fs.readFileSync('gen/note', 'utf8') + ' ' +"
         "Object.keys(own.scripts).join() + ' ' + require('ms')('1s'))"}};
}

TEST_F(PipelineTest, keeps_an_install_and_runs_the_packages_own_scripts_each_time) {
    const auto build = [](const std::string& note) {
        world->git.add("own-" + note, site_with_own_scripts(note));
        Ended ended = run(job("own-" + note));
        EXPECT_TRUE(ended.finish && ended.finish->state == jobs::State::ready) << ended.api->log();
        EXPECT_EQ(content(ended, "index.html"), note + " postinstall,prepare,build 1000");
        EXPECT_NE(ended.api->log().find("$ npm run prepare"), std::string::npos);
        return ended.api->log();
    };
    EXPECT_NE(build("one").find("Installed in"), std::string::npos);
    const std::string log = build("two");
    EXPECT_EQ(log.find("Installed in"), std::string::npos) << log;
    EXPECT_NE(log.find("only postinstall and prepare of package.json run again"), log.npos) << log;
}

TEST_F(PipelineTest, says_which_of_the_packages_own_scripts_failed) {
    GitServer::Files files = site_with_own_scripts("x");
    files["gen.cjs"] = "console.error('Error: no schema here'); process.exit(7)";
    world->git.add("own-fails", files);
    const Ended ended = run(job("own-fails"));
    ASSERT_TRUE(ended.finish);
    EXPECT_EQ(ended.finish->reason, jobs::Reason::install_failed) << ended.api->log();
    EXPECT_EQ(ended.finish->exit_code, 7);
    EXPECT_NE(ended.finish->detail.find("npm run prepare"), std::string::npos)
        << ended.finish->detail;
    EXPECT_EQ(ended.finish->first_error, "Error: no schema here");
}

TEST_F(PipelineTest, leaves_scripts_to_a_variable_that_keeps_them_from_running) {
    world->git.add("own-none", site_with_own_scripts("none"));
    jobs::Job wanted = job("own-none");
    wanted.variables.push_back({.key = "npm_config_ignore_scripts", .value = "true"});
    const Ended ended = run(wanted);
    ASSERT_TRUE(ended.finish);
    EXPECT_EQ(ended.finish->reason, jobs::Reason::build_failed) << ended.api->log();
    EXPECT_EQ(ended.api->log().find("npm run prepare"), std::string::npos) << ended.api->log();
}

/// Counts its own builds in a directory that bundlers use so, and says the number.
GitServer::Files counting_site(const std::string& salt) {
    return {{"package.json", R"({"name": "count", "scripts": {"build": "node count.cjs"}})"},
            {"salt", salt},
            {"count.cjs",
             "const fs = require('fs'); const file = '.next/cache/count';"
             "let n = 0; try { n = +fs.readFileSync(file) } catch {}"
             "fs.mkdirSync('.next/cache', {recursive: true}); fs.mkdirSync('dist');"
             "fs.writeFileSync(file, `${n + 1}`); fs.writeFileSync('dist/index.html', `${n + 1}`);"
             "fs.writeFileSync('left', 'x')"}};
}

TEST_F(PipelineTest, keeps_the_cache_of_the_bundler_by_branch_and_trust) {
    world->git.add("count", counting_site("1"));
    const auto build = [](const std::string& branch, const std::string& environment) {
        jobs::Job wanted = job("count");
        wanted.project = "prj_counts";
        wanted.source.ref = branch;
        wanted.environment = environment;
        const Ended ended = run(wanted);
        EXPECT_TRUE(ended.finish && ended.finish->state == jobs::State::ready) << ended.api->log();
        return content(ended, "index.html");
    };
    EXPECT_EQ(build("main", "production"), "1");
    EXPECT_EQ(build("main", "production"), "2");
    // Another branch has none yet: a copy of production's, which stays as it is.
    EXPECT_EQ(build("main", "preview"), "3");
    EXPECT_EQ(build("main", "preview"), "4");
    EXPECT_EQ(build("main", "production"), "3");
    // Of another project nothing.
    const Ended other = run(job("count"));
    EXPECT_EQ(content(other, "index.html"), "1");
}

TEST_F(PipelineTest, leaves_caches_out_when_told_to_and_puts_its_own_in_their_place) {
    GitServer::Files files = counting_site("2");
    files["package.json"] =
        R"({"name": "count", "scripts": {"build": "node count.cjs"}, "dependencies": )"
        R"({"ms": "2.1.3"}})";
    world->git.add("anew", files);
    const auto build = [](bool use_caches) {
        jobs::Job wanted = job("anew");
        wanted.project = "prj_anew";
        wanted.use_caches = use_caches;
        wanted.reuse = true;
        const Ended ended = run(wanted);
        EXPECT_TRUE(ended.finish && ended.finish->state == jobs::State::ready) << ended.api->log();
        return ended;
    };
    const auto says = [](const Ended& ended, std::string_view words) {
        return ended.api->log().find(words) != std::string::npos;
    };
    EXPECT_EQ(content(build(true), "index.html"), "1");
    EXPECT_EQ(content(build(true), "index.html"), "2");
    const std::vector<std::string> before = kept("prj_anew");
    const Ended anew = build(false);
    EXPECT_EQ(content(anew, "index.html"), "1");
    EXPECT_TRUE(says(anew, "Building without caches")) << anew.api->log();
    EXPECT_TRUE(says(anew, "Installed in")) << anew.api->log();
    EXPECT_FALSE(says(anew, "earlier installs have downloaded")) << anew.api->log();
    // As many as before: nothing is kept twice.
    EXPECT_EQ(kept("prj_anew").size(), before.size());
    const Ended next = build(true);
    EXPECT_EQ(content(next, "index.html"), "2") << "it goes on from the one that was made anew";
    EXPECT_TRUE(says(next, "this step is skipped")) << next.api->log();
}

TEST_F(PipelineTest, downloads_no_package_twice_when_the_lock_changes) {
    const auto site = [](const std::string& name) {
        return GitServer::Files{
            {"package.json", R"({"name": ")" + name +
                                 R"(", "scripts": {"build": "mkdir dist && cp )"
                                 R"(node_modules/ms/package.json dist/index.html"},)"
                                 R"("dependencies": {"ms": "2.1.3"}})"}};
    };
    world->git.add("near", site("one"));
    jobs::Job wanted = job("near");
    wanted.project = "prj_near";
    const Ended first = run(wanted);
    ASSERT_TRUE(first.finish && first.finish->state == jobs::State::ready) << first.api->log();
    world->git.add("near", site("two"));
    wanted = job("near");
    wanted.project = "prj_near";
    wanted.variables = {{"npm_config_offline", "true", false}};  // there is no other way now
    const Ended second = run(wanted);
    ASSERT_TRUE(second.finish && second.finish->state == jobs::State::ready)
        << second.finish->detail << second.api->log();
    EXPECT_NE(second.api->log().find("Installed in"), std::string::npos) << second.api->log();
    // And again over what the second one left.
    world->git.add("near", site("three"));
    wanted.id = job("near").id;
    const Ended third = run(wanted);
    EXPECT_TRUE(third.finish && third.finish->state == jobs::State::ready) << third.api->log();
}

/// "remote: Total 7 (delta 0)" → 7; 0 when nothing was sent.
int objects_sent(const std::string& log) {
    const std::size_t at = log.rfind("remote: Total ");
    return at == log.npos ? 0 : std::atoi(log.c_str() + at + 14);
}

TEST_F(PipelineTest, fetches_only_what_is_new) {
    GitServer::Files files{{"index.html", "one"}};
    for (int i = 0; i < 50; ++i)
        files[fmt::format("f{}.txt", i)] =
            std::string(2'000, static_cast<char>('a' + i % 26)) + std::to_string(i);
    world->git.add("mirrored", files);
    const auto deploy = [](const std::string& commit = "") {
        jobs::Job wanted = job("mirrored");
        wanted.project = "prj_mirrored";
        wanted.source.commit = commit;
        Ended ended = run(wanted);
        EXPECT_TRUE(ended.finish && ended.finish->state == jobs::State::ready) << ended.api->log();
        return ended;
    };
    const Ended first = deploy();
    EXPECT_GT(objects_sent(first.api->log()), 50) << first.api->log();
    world->git.add("mirrored", {{"index.html", "two"}});
    const Ended second = deploy();
    EXPECT_EQ(content(second, "index.html"), "two");
    EXPECT_EQ(second.finish->manifest->files.size(), 51u);
    EXPECT_LT(objects_sent(second.api->log()), 10) << second.api->log();
    // The same commit again; and the first one, which a mirror may know and the branch is past.
    EXPECT_EQ(content(deploy(), "index.html"), "two");
    std::string old;
    for (const jobs::Advance& step : first.api->steps)
        if (step.commit) old = step.commit->commit;
    EXPECT_EQ(content(deploy(old), "index.html"), "one");
}

TEST_F(PipelineTest, fails_with_the_exit_code_though_an_old_output_is_committed) {
    GitServer::Files files = npm_site("exit 3");
    files["dist/index.html"] = "old";
    world->git.add("old", files);
    const Ended ended = run(job("old"));
    expect_failed(ended, jobs::Reason::build_failed);
    EXPECT_EQ(ended.finish->exit_code, 3);
    EXPECT_TRUE(ended.api->blobs.empty());
}

TEST_F(PipelineTest, names_what_there_is_when_the_output_is_missing) {
    world->git.add("nowhere", npm_site("mkdir made && touch made/x"));
    const Ended ended = run(job("nowhere"));
    expect_failed(ended, jobs::Reason::output_missing);
    EXPECT_NE(ended.finish->detail.find("made/"), std::string::npos) << ended.finish->detail;
}

TEST_F(PipelineTest, gives_builds_the_operators_proxy_and_shows_its_password_to_nobody) {
    world->git.add("proxied", {{"package.json", R"({"scripts": {"build": "sh ./build.sh"}})"},
                               {"build.sh",
                                "env | grep -i _proxy | sort\n"
                                "tr '\\0' '\\n' </proc/$$/cmdline\n"
                                "mkdir dist; echo 1 >dist/index.html\n"}});
    proxies() = {.https = "http://ada:pass%2Dword@127.0.0.1:9", .no_proxy = "git.example"};
    const Ended ended = run(job("proxied"));
    const std::string log = ended.api->log();
    EXPECT_NE(log.find("HTTPS_PROXY=http://***@127.0.0.1:9\n"), std::string::npos) << log;
    EXPECT_NE(log.find("https_proxy=http://***@127.0.0.1:9\n"), std::string::npos);
    EXPECT_NE(log.find("no_proxy=git.example,localhost,127.0.0.1\n"), std::string::npos);
    EXPECT_EQ(log.find("Dword"), std::string::npos);
    ASSERT_TRUE(ended.finish);
    EXPECT_EQ(ended.finish->state, jobs::State::ready) << log;

    world->git.add("leaks-proxy", {{"package.json", R"({"scripts": {"build": "sh ./build.sh"}})"},
                                   {"build.sh", "mkdir dist; env >dist/index.html\n"}});
    const Ended leak = run(job("leaks-proxy"));
    proxies() = {};
    expect_failed(leak, jobs::Reason::secret_in_output);
}

TEST_F(PipelineTest, refuses_outputs_that_are_unsafe) {
    const std::map<std::string, std::string> builds{
        {"link", "mkdir dist && ln -s /etc/passwd dist/passwd"},
        {"up", "mkdir dist && ln -s ../../../etc/passwd dist/passwd"},
        {"fifo", "mkdir dist && mkfifo dist/pipe"},
        {"root", "ln -s /etc dist"}};
    for (const auto& [name, build] : builds) {
        world->git.add(name, npm_site(build));
        const Ended ended = run(job(name));
        expect_failed(ended, jobs::Reason::output_unsafe);
        EXPECT_TRUE(ended.api->blobs.empty()) << name;
    }
}

TEST_F(PipelineTest, masks_secrets_in_the_log_and_refuses_them_in_the_output) {
    world->git.add(
        "secret",
        npm_site("echo hush $TOKEN && mkdir dist && echo \\\"$TOKEN\\\" > dist/index.html"));
    jobs::Job wanted = job("secret");
    wanted.variables = {{"TOKEN", "tok-0123456789", true}};
    const Ended ended = run(wanted);
    expect_failed(ended, jobs::Reason::secret_in_output);
    EXPECT_NE(ended.api->log().find("hush ***"), std::string::npos) << ended.api->log();
    EXPECT_EQ(ended.api->log().find("tok-0123456789"), std::string::npos);
}

TEST_F(PipelineTest, warns_of_secrets_in_the_output_where_an_owner_wants_that) {
    GitServer::Files files{{"index.html", "see tok-0123456789"},
                           // The repository has no say in it.
                           {"berth.toml", "[build]\nsecret_in_output = \"warn\"\n"}};
    world->git.add("public-secret", files);
    jobs::Job wanted = job("public-secret");
    wanted.variables = {{"TOKEN", "tok-0123456789", true}};
    expect_failed(run(wanted), jobs::Reason::secret_in_output);
    wanted.secret_in_output = jobs::SecretInOutput::warn;
    const Ended ended = run(wanted);
    ASSERT_TRUE(ended.finish && ended.finish->state == jobs::State::ready) << ended.api->log();
    EXPECT_NE(ended.api->log().find(
                  "index.html contains the value of the secret variable TOKEN: everybody can read"),
              std::string::npos)
        << ended.api->log();
}

TEST_F(PipelineTest, says_why_a_build_was_stopped_by_its_limits) {
    world->git.add("endless", npm_site("sleep 100"));
    jobs::Job slow = job("endless");
    slow.limits.build_ms = 1500;
    expect_failed(run(slow), jobs::Reason::timed_out);

    world->git.add("hog",
                   npm_site("node -e \\\"const a=[];for(;;)a.push(Buffer.alloc(1e7,1))\\\""));
    jobs::Job hog = job("hog");
    hog.limits.memory_bytes = 200 << 20;
    expect_failed(run(hog), jobs::Reason::out_of_memory);

    world->git.add("loud", npm_site("yes"));
    jobs::Job loud = job("loud");
    loud.limits.log_lines = 5000;
    const Ended ended = run(loud);
    expect_failed(ended, jobs::Reason::log_limit);
    EXPECT_LT(ended.api->lines.size(), 5100u);

    world->git.add("full", npm_site("head -c 200000000 /dev/zero > big"));
    jobs::Job full = job("full");
    full.limits.disk_bytes = 64 << 20;
    expect_failed(run(full), jobs::Reason::disk_full);
}

TEST_F(PipelineTest, survives_fork_bombs_and_left_behind_daemons) {
    world->git.add("bomb", npm_site("sh -c ':() { : | : & }; :; sleep 2; exit 9'"));
    jobs::Job bomb = job("bomb");
    bomb.limits.processes = 60;
    const Ended bombed = run(bomb);
    ASSERT_TRUE(bombed.finish);
    EXPECT_EQ(bombed.finish->state, jobs::State::failed) << bombed.api->log();

    world->git.add("daemon",
                   npm_site("(setsid sleep 100 &) ; mkdir dist && echo hi > dist/index.html"));
    const std::int64_t began = steady_now_ms();
    const Ended left = run(job("daemon"));
    ASSERT_TRUE(left.finish);
    EXPECT_EQ(content(left, "index.html"), "hi\n") << left.finish->detail;
    EXPECT_LT(steady_now_ms() - began, 30'000);
}

TEST_F(PipelineTest, refuses_a_root_outside_of_the_repository) {
    world->git.add("rooted", {{"index.html", "x"}, {"out", "-> /etc"}});
    for (const char* root : {"../../../etc", "/etc", "out"}) {
        jobs::Job wanted = job("rooted");
        wanted.source.root = root;
        expect_failed(run(wanted), jobs::Reason::plan_failed);
    }
}

TEST_F(PipelineTest, stops_at_once_when_asked) {
    world->git.add("stopped", npm_site("sleep 100"));
    const std::int64_t began = steady_now_ms();
    const Ended ended = run(job("stopped"), What::build, std::make_shared<MemoryJobApi>(), 1500ms);
    EXPECT_FALSE(ended.finish);
    EXPECT_LT(steady_now_ms() - began, 10'000);
}

/// Install and build are stopped while they run; the quick steps just before they do.
TEST_F(PipelineTest, stops_in_every_step) {
    world->git.add("stopped-steps",
                   npm_site("mkdir dist && echo x >dist/index.html && sleep ${SLEEP:-0}"));
    const auto stopped = [](jobs::State at, std::chrono::milliseconds after,
                            const std::function<void(jobs::Job&)>& change) {
        SCOPED_TRACE(boost::describe::enum_to_string(at, ""));
        jobs::Job wanted = job("stopped-steps");
        change(wanted);
        const auto api = std::make_shared<MemoryJobApi>();
        const Ended ended = run(wanted, What::build, api, after, at);
        EXPECT_FALSE(ended.finish) << api->log();
        ASSERT_FALSE(api->steps.empty());
        EXPECT_EQ(api->steps.back().to, at) << "no later step begins";
        EXPECT_TRUE(api->blobs.empty());
    };
    const auto as_it_is = [](jobs::Job&) {};
    stopped(jobs::State::cloning, 0ms, as_it_is);
    stopped(jobs::State::installing, 0ms, as_it_is);
    stopped(jobs::State::installing, 300ms, [](jobs::Job& job) {
        job.settings.install_command = "trap '' TERM INT; sleep 100 & sleep 100";
    });
    stopped(jobs::State::building, 0ms, as_it_is);
    stopped(jobs::State::building, 300ms,
            [](jobs::Job& job) { job.variables = {{"SLEEP", "100", false}}; });
    stopped(jobs::State::publishing, 0ms, as_it_is);
    const Ended next = run(job("stopped-steps"));
    EXPECT_EQ(content(next, "index.html"), "x\n") << "nothing of them is in the way";
}

TEST_F(PipelineTest, ends_silently_when_the_lease_is_lost) {
    auto api = std::make_shared<MemoryJobApi>();
    api->lease_lost = true;
    world->git.add("lost", npm_site());
    EXPECT_FALSE(run(job("lost"), What::build, api).finish);
}

TEST_F(PipelineTest, takes_the_kept_source_without_a_clone) {
    world->git.add("kept", {{"index.html", "first"}});
    const Ended first = run(job("kept"));
    ASSERT_EQ(first.api->sources.size(), 1u);
    jobs::Job again = job("gone");  // no such repository
    again.source_sha256 = first.api->sources.begin()->first;
    const Ended second = run(again, What::build, first.api);
    ASSERT_TRUE(second.finish);
    EXPECT_EQ(second.finish->state, jobs::State::ready) << second.finish->detail;
    EXPECT_EQ(content(second, "index.html"), "first");
}

TEST_F(PipelineTest, of_an_upload_that_is_kept_no_longer_says_what_to_do) {
    jobs::Job wanted = job("none");
    wanted.source.repo_url.clear();
    wanted.source_sha256 = std::string(64, 'a');
    const Ended ended = run(wanted);
    ASSERT_TRUE(ended.finish);
    EXPECT_EQ(ended.finish->reason, jobs::Reason::clone_not_found);
    EXPECT_TRUE(ended.finish->next_step.contains("Deploy the directory again"));
}

TEST_F(PipelineTest, lets_ignore_files_have_their_say_in_what_was_uploaded) {
    const Fd file = scratch_file("/tmp");
    TarWriter tar(file.get(), TarWriter::Packing::zstd);
    tar.file("tree/index.html", "page", 0644);
    tar.file("tree/.berthignore", "*.md\n", 0644);
    tar.file("tree/.vercelignore", "drafts\n", 0644);
    tar.file("tree/notes.md", "secret", 0644);
    tar.file("tree/drafts/a.html", "secret", 0644);
    tar.file("facts", "tree 1\nmessage Uploaded\nignore_files yes\n", 0644);
    tar.close();
    std::string bytes(1 << 20, '\0');
    const ssize_t count = ::pread(file.get(), bytes.data(), bytes.size(), 0);
    ASSERT_GT(count, 0);
    bytes.resize(static_cast<std::size_t>(count));
    const auto api = std::make_shared<MemoryJobApi>();
    api->sources["a"] = bytes;
    jobs::Job wanted = job("uploaded");
    wanted.source.repo_url.clear();
    wanted.source_sha256 = "a";
    const Ended ended = run(wanted, What::build, api);
    ASSERT_TRUE(ended.finish);
    EXPECT_EQ(ended.finish->state, jobs::State::ready) << ended.finish->detail;
    EXPECT_EQ(content(ended, "index.html"), "page");
    EXPECT_EQ(content(ended, "notes.md"), "(no file)");
    EXPECT_EQ(content(ended, "drafts/a.html"), "(no file)");
    EXPECT_NE(api->log().find("1 file is left out, as .berthignore says"), std::string::npos);
}

TEST_F(PipelineTest, uses_an_earlier_success_when_nothing_changed) {
    world->git.add("reuse", {{"index.html", "x"}});
    auto api = std::make_shared<MemoryJobApi>();
    api->reused.deployment = "dpl_earlier";
    jobs::Job wanted = job("reuse");
    wanted.reuse = true;
    const Ended ended = run(wanted, What::build, api);
    ASSERT_TRUE(ended.finish);
    EXPECT_EQ(ended.finish->reused_deployment, "dpl_earlier");
    EXPECT_FALSE(ended.finish->manifest);
}

TEST_F(PipelineTest, builds_again_when_plan_variables_or_trust_differ_and_says_why_it_does_not) {
    world->git.add("memo", {{"index.html", "x"}, {"deep/index.html", "y"}});
    const auto api = std::make_shared<MemoryJobApi>();
    int runs = 0;
    const auto key_of = [&](const std::function<void(jobs::Job&)>& change) {
        jobs::Job wanted = job("memo");
        wanted.id += std::to_string(++runs);
        wanted.reuse = true;
        change(wanted);
        run(wanted, What::build, api);
        return api->reuse_keys.back();
    };
    const std::string same = key_of([](jobs::Job&) {});
    EXPECT_EQ(key_of([](jobs::Job&) {}), same);
    std::set<std::string> others{same};
    others.insert(key_of([](jobs::Job& job) { job.variables = {{"A", "1", false}}; }));
    others.insert(key_of([](jobs::Job& job) { job.variables = {{"A", "2", false}}; }));
    others.insert(key_of([](jobs::Job& job) { job.settings.output_dir = "deep"; }));
    others.insert(key_of([](jobs::Job& job) { job.source.root = "deep"; }));
    others.insert(key_of([](jobs::Job& job) { job.environment = "preview"; }));
    EXPECT_EQ(others.size(), 6u);

    api->reused.deployment = "dpl_earlier";
    key_of([](jobs::Job&) {});
    EXPECT_NE(api->log().find("Nothing has changed since dpl_earlier: its files are published "
                              "again, no step runs."),
              std::string::npos);
    const std::size_t asked = api->reuse_keys.size();
    jobs::Job redeploy = job("memo");
    redeploy.id += "r";
    const Ended built = run(redeploy, What::build, api);
    EXPECT_EQ(api->reuse_keys.size(), asked) << "nobody asked to reuse";
    EXPECT_TRUE(built.finish && built.finish->manifest);
}

TEST_F(PipelineTest, builds_again_when_something_beside_the_root_directory_changed) {
    world->git.add("beside", {{"apps/web/index.html", "x"}, {"packages/ui/button.js", "one"}});
    const std::string path = world->git.directory() + "/beside";
    const auto api = std::make_shared<MemoryJobApi>();
    jobs::Job wanted = job("beside");
    wanted.source.root = "apps/web";
    wanted.reuse = true;
    run(wanted, What::build, api);
    std::ofstream(path + "/packages/ui/button.js") << "two";
    world->git.git(path, {"-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qam", "second"});
    api->lines.clear();
    wanted.id += "b";
    run(wanted, What::build, api);
    ASSERT_EQ(api->reuse_keys.size(), 2u);
    EXPECT_NE(api->reuse_keys[0], api->reuse_keys[1]);
}

/// A workspace of npm: `web` needs `ui`, whose build must come first; `admin` needs neither.
GitServer::Files workspace() {
    return {
        {"package.json",
         R"({"name": "top", "private": true, "workspaces": ["apps/*", "packages/*"]})"},
        {"packages/ui/package.json",
         R"({"name": "ui", "version": "1.0.0", "main": "made.js", "scripts": {"build":
                 "echo 'module.exports = \"from ui\"' >made.js"}})"},
        {"apps/web/package.json",
         R"({"name": "web", "version": "1.0.0", "dependencies": {"ui": "*"}, "scripts": {"build":
                 "mkdir -p dist && node -p 'require(\"ui\")' >dist/index.html"}})"},
        {"apps/admin/package.json", R"({"name": "admin", "version": "1.0.0"})"}};
}

TEST_F(PipelineTest, installs_at_the_top_of_a_workspace_and_builds_what_the_package_needs) {
    world->git.add("workspace", workspace());
    jobs::Job wanted = job("workspace");
    wanted.source.root = "apps/web";
    const Ended ended = run(wanted);
    ASSERT_TRUE(ended.finish);
    ASSERT_EQ(ended.finish->state, jobs::State::ready) << ended.finish->detail;
    EXPECT_EQ(content(ended, "index.html"), "from ui\n");
}

TEST_F(PipelineTest, skips_what_only_changes_packages_that_it_does_not_need) {
    world->git.add("skip", workspace());
    const std::string path = world->git.directory() + "/skip";
    const auto api = std::make_shared<MemoryJobApi>();
    jobs::Job wanted = job("skip");
    wanted.source.root = "apps/web";
    wanted.reuse = true;
    run(wanted, What::build, api);
    const auto change = [&](const std::string& file) {
        std::ofstream(path + "/" + file) << "changed";
        world->git.git(path, {"add", "-A"});
        world->git.git(path,
                       {"-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "next"});
        api->lines.clear();
        wanted.id += "x";
        return run(wanted, What::build, api);
    };
    api->reused = {.deployment = "dpl_earlier", .newest = true};
    const Ended skipped = change("apps/admin/page.js");
    ASSERT_TRUE(skipped.finish);
    EXPECT_EQ(skipped.finish->state, jobs::State::skipped);
    EXPECT_NE(skipped.finish->detail.find("dpl_earlier"), std::string::npos);
    EXPECT_NE(api->log().find("skipped"), std::string::npos);

    api->reused.newest = false;  // of another branch, or replaced since: it has to be served
    const Ended published = change("apps/admin/other.js");
    ASSERT_TRUE(published.finish);
    EXPECT_EQ(published.finish->state, jobs::State::ready);
    EXPECT_EQ(published.finish->reused_deployment, "dpl_earlier");

    api->reused = {};
    change("packages/ui/note.txt");
    ASSERT_EQ(api->reuse_keys.size(), 4u);
    EXPECT_EQ(api->reuse_keys[0], api->reuse_keys[1]);
    EXPECT_EQ(api->reuse_keys[0], api->reuse_keys[2]);
    EXPECT_NE(api->reuse_keys[0], api->reuse_keys[3]);
}

TEST_F(PipelineTest, asks_the_repositorys_ignore_command) {
    const auto with = [](std::string command) {
        const std::string name = "ignore" + std::to_string(std::hash<std::string>()(command));
        world->git.add(name,
                       {{"package.json", R"({"scripts": {"build": "mkdir dist && touch dist/a"}})"},
                        {"vercel.json", fmt::format(R"({{"ignoreCommand": "{}"}})", command)}});
        jobs::Job wanted = job(name);
        wanted.reuse = true;
        return run(wanted);
    };
    const Ended skipped = with("test $BERTH_BRANCH = main");
    ASSERT_TRUE(skipped.finish);
    EXPECT_EQ(skipped.finish->state, jobs::State::skipped) << skipped.finish->detail;
    EXPECT_NE(skipped.finish->detail.find("vercel.json"), std::string::npos);
    const Ended built = with("exit 1");
    ASSERT_TRUE(built.finish);
    EXPECT_EQ(built.finish->state, jobs::State::ready) << built.finish->detail;
}

TEST_F(PipelineTest, installs_development_dependencies_inside_a_build_script_too) {
    world->git.add(
        "nested",
        {{"package.json",
          R"({"scripts": {"build": "cd web && npm install && mkdir -p ../dist && cp node_modules/tool/made.txt ../dist/index.html"}})"},
         {"web/package.json", R"({"devDependencies": {"tool": "file:../tool"}})"},
         {"tool/package.json", R"({"name": "tool", "version": "1.0.0"})"},
         {"tool/made.txt", "by the tool"}});
    const Ended ended = run(job("nested"));
    ASSERT_TRUE(ended.finish);
    ASSERT_EQ(ended.finish->state, jobs::State::ready) << ended.finish->detail;
    EXPECT_EQ(content(ended, "index.html"), "by the tool");
}

TEST_F(PipelineTest, leaves_out_what_vercelignore_names) {
    world->git.add("ignored", {{"index.html", "x"},
                               {"notes/plan.txt", "secret"},
                               {"notes/public.txt", "open"},
                               {".vercelignore", "notes/*\n!notes/public.txt\n"}});
    const Ended ended = run(job("ignored"));
    ASSERT_TRUE(ended.finish);
    EXPECT_EQ(content(ended, "notes/plan.txt"), "(no file)");
    EXPECT_EQ(content(ended, "notes/public.txt"), "open");
    EXPECT_NE(ended.api->log().find("1 file is left out"), std::string::npos);
}

TEST_F(PipelineTest, hands_npm_its_secrets_and_shows_them_to_nobody) {
    const std::string script =
        "grep -c _authToken ~/.npmrc; sed s/.*=// ~/.npmrc; mkdir dist; touch dist/a; echo "
        "mode $NODE_ENV";
    world->git.add("npmrc",
                   {{"package.json", fmt::format(R"({{"scripts": {{"build": "{}"}}}})", script)}});
    jobs::Job wanted = job("npmrc");
    wanted.variables = {{"NPM_RC", "//r.example/:_authToken=npm_very_secret\nfund=false", true}};
    const Ended ended = run(wanted);
    ASSERT_TRUE(ended.finish);
    ASSERT_EQ(ended.finish->state, jobs::State::ready) << ended.finish->detail;
    EXPECT_NE(ended.api->log().find("\n1\n"), std::string::npos) << "the file was there";
    EXPECT_EQ(ended.api->log().find("npm_very_secret"), std::string::npos);
    EXPECT_NE(ended.api->log().find("mode production"), std::string::npos);
}

TEST_F(PipelineTest, builds_a_directory_below_the_top_and_another_commit) {
    world->git.add("deep", {{"apps/web/index.html", "one"}, {"README.md", "x"}});
    const std::string path = world->git.directory() + "/deep";
    const Command head{.argv = {"git", "rev-parse", "HEAD"},
                       .environment = plain_environment(),
                       .directory = path};
    std::string first = run_blocking(head, 20s).value().output.substr(0, 40);
    std::ofstream(path + "/apps/web/index.html") << "two";
    world->git.git(path, {"-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qam", "second"});
    jobs::Job wanted = job("deep");
    wanted.source.root = "apps/web";
    EXPECT_EQ(content(run(wanted), "index.html"), "two");
    wanted.id += "b";
    wanted.source.commit = first;
    EXPECT_EQ(content(run(wanted), "index.html"), "one");
    wanted.id += "c";
    wanted.source.root = "apps/none";
    const Ended none = run(wanted);
    expect_failed(none, jobs::Reason::plan_failed);
    EXPECT_NE(none.finish->next_step.find("apps/web"), std::string::npos);
}

TEST_F(PipelineTest, says_why_a_clone_failed) {
    expect_failed(run(job("nothing-here")), jobs::Reason::clone_not_found);
    world->git.add("branches", {{"index.html", "x"}});
    jobs::Job wrong = job("branches");
    wrong.source.ref = "no-such-branch";
    expect_failed(run(wrong), jobs::Reason::clone_ref);
    jobs::Job commit = job("branches");
    commit.source.commit = std::string(40, 'a');
    expect_failed(run(commit), jobs::Reason::clone_ref);
    jobs::Job blocked = job("x");
    blocked.source.repo_url = "http://10.1.2.3/x.git";
    expect_failed(run(blocked), jobs::Reason::clone_blocked);
    jobs::Job refused = job("x");
    refused.source.repo_url = "ext::sh";
    expect_failed(run(refused), jobs::Reason::clone_not_found);
}

TEST_F(PipelineTest, says_not_yet_to_servers) {
    world->git.add("express",
                   {{"package.json",
                     R"({"dependencies": {"express": "4"}, "scripts": {"start": "node ."}})"}});
    const Ended ended = run(job("express"));
    expect_failed(ended, jobs::Reason::plan_failed);
    EXPECT_NE(ended.finish->detail.find("Express"), std::string::npos) << ended.finish->detail;
}

TEST_F(PipelineTest, inspects_a_repository_for_the_import_page) {
    world->git.add(
        "looked",
        {{"web/package.json",
          R"({"devDependencies": {"vite": "8"}, "scripts": {"build": "vite build"}, "engines": {"node": ">=20"}})"},
         {"web/package-lock.json", "{}"},
         {"docs/index.html", "x"}});
    jobs::Job wanted = job("looked");
    wanted.kind = jobs::Kind::inspect;
    wanted.source.root = "web";
    const Ended ended = run(wanted, What::inspect);
    ASSERT_TRUE(ended.finish);
    ASSERT_TRUE(ended.finish->inspection) << ended.finish->detail;
    const jobs::Inspection& found = *ended.finish->inspection;
    EXPECT_EQ(found.branches, std::vector<std::string>{"main"});
    EXPECT_EQ(found.default_branch, "main");
    EXPECT_EQ(found.framework.value, "vite");
    EXPECT_EQ(found.install_command.value, "npm ci");
    EXPECT_EQ(found.build_command.value, "npm run build");
    EXPECT_EQ(found.output_dir.value, "dist");
    EXPECT_EQ(found.node.value, ">=20");
    EXPECT_TRUE(found.spa);
    EXPECT_EQ(found.root_candidates, (std::vector<std::string>{"docs", "web"}));
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
