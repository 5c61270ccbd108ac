#include "api/git_repositories.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/streaming_process.hpp"
#include "base/within.hpp"

namespace berth::api {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds git_limit{60'000};
constexpr std::chrono::milliseconds archive_limit{300'000};
constexpr std::size_t piece_bytes = 256 << 10;
constexpr std::size_t trees_max = 20'000;  // lines of what may have changed since another commit
constexpr int tree_depth_max = 4;

Error no_git(const std::string& why) {
    return fail_as(Failure::unavailable, "no_git", "",
                   "git does not run on the machine of this Berth ({}): its operator can install "
                   "it",
                   why);
}

/// A file without a name. Throws: the disk refused.
Fd nameless_file(const std::string& directory) {
    Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file) throw_errno("a file in " + directory);
    return file;
}

/// "tree_of <hash> TAB <path>" of what lies up to four deep, as a clone says it.
std::string tree_lines(std::string_view listed) {
    std::string lines;
    std::size_t count = 0;
    while (!listed.empty() && count < trees_max) {  // ends with the list, or the bound
        const std::string_view line = listed.substr(0, listed.find('\n'));
        listed.remove_prefix(std::min(listed.size(), line.size() + 1));
        if (std::count(line.begin(), line.end(), '/') >= tree_depth_max - 1) continue;
        const std::size_t kind = line.find(' ');
        const std::size_t hash = line.find(' ', kind + 1);
        if (hash == line.npos) continue;
        lines += fmt::format("tree_of {}\n", line.substr(hash + 1));
        ++count;
    }
    return lines;
}

/// What export-ignore and export-subst say is about archives for people; a build gets all files, as
/// a clone has them.
constexpr std::string_view attributes = "* -export-ignore -export-subst -filter -text -ident\n";

/// Streams stdout into the file. Errors: too_large.
Task<Result<>> save_output(StreamingProcess& process, int file, std::uint64_t bytes_max) {
    std::string piece(piece_bytes, '\0');
    std::uint64_t bytes = 0;
    while (true) {  // ends with the output, or over the bound
        const std::span<char> into(piece);
        const std::size_t count = co_await process.read(into);
        if (count == 0) break;
        bytes += count;
        if (bytes > bytes_max) {
            co_return fail_as(Failure::too_large, "source_too_large", "",
                              "the commit's files are more than {} MiB", bytes_max >> 20);
        }
        write_all(file, std::string_view(piece).substr(0, count));
    }
    const int code = co_await process.wait();
    if (code == 0) co_return Result<>{};
    co_return fail(Failure::not_found, "git made no archive: {}", process.errors().substr(0, 500));
}

}  // namespace

std::vector<std::string> GitRepositories::environment() {
    std::vector<std::string> all = plain_environment();
    for (const char* one :
         {"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
          "GIT_ALLOW_PROTOCOL=none", "GIT_ATTR_NOSYSTEM=1", "GIT_OPTIONAL_LOCKS=0"}) {
        all.push_back(one);
    }
    const std::pair<const char*, const char*> settings[] = {
        {"core.hooksPath", "/dev/null"},
        {"core.fsmonitor", "false"},
        {"core.fsync", "all"},
        {"gc.auto", "0"},
        {"maintenance.auto", "false"},
        {"receive.autogc", "false"},
        {"receive.fsckObjects", "true"},
        {"receive.unpackLimit", "1"},  // packs, as they come: not a file an object
        {"receive.advertisePushOptions", "false"},
        {"receive.denyCurrentBranch", "ignore"},
        {"receive.certNonceSeed", ""},
        {"http.receivepack", "true"},
        {"http.uploadpack", "true"},
        {"http.getanyfile", "false"},
        {"uploadpack.packObjectsHook", ""},
        {"safe.directory", "*"},
    };
    std::size_t count = 0;
    for (const auto& [key, value] : settings) {
        if (*value == '\0') continue;
        all.push_back(fmt::format("GIT_CONFIG_KEY_{}={}", count, key));
        all.push_back(fmt::format("GIT_CONFIG_VALUE_{}={}", count, value));
        ++count;
    }
    all.push_back(fmt::format("GIT_CONFIG_COUNT={}", count));
    return all;
}

Task<Result<std::string>> GitRepositories::git(std::string project,
                                               std::vector<std::string> words) {
    Command command{.argv = {"git", "--git-dir=" + path_of(project)},
                    .environment = environment(),
                    .directory = directory_,
                    .output_bytes_max = 64 << 20};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    Result<Ended> ended = co_await run(std::move(command), git_limit);
    if (!ended && ended.error().failure == Failure::not_found)
        co_return no_git(ended.error().message);
    if (!ended) co_return ended.error();
    if (ended->exit_code != 0) {
        co_return fail(
            Failure::not_found, "git said: {}",
            ended->errors.substr(0, std::min<std::size_t>(500, ended->errors.find('\n'))));
    }
    co_return std::move(ended->output);
}

Task<Result<>> GitRepositories::make(std::string project, std::string branch) {
    const std::string path = path_of(project);
    if (fs::exists(path + "/info/attributes")) co_return Result<>{};
    fs::create_directories(directory_);
    const std::vector<std::string> words{"init", "-q", "--bare",
                                         "--template=", "--initial-branch=" + branch};
    const Result<std::string> made = co_await git(project, words);
    if (!made) co_return made.error();
    fs::create_directories(path + "/info");
    write_file(path + "/info/attributes", attributes);  // last: it says that all is there
    co_return Result<>{};
}

std::vector<std::string> GitRepositories::projects() const {
    std::vector<std::string> ids;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(directory_, none)) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(".git")) ids.push_back(name.substr(0, name.size() - 4));
    }
    return ids;
}

void GitRepositories::remove(const std::string& project) const {
    std::error_code ignored;
    fs::remove_all(path_of(project), ignored);
}

Task<Result<Branches>> GitRepositories::branches(std::string project) {
    const std::vector<std::string> words{"for-each-ref", "--format=%(objectname) %(refname)",
                                         "refs/heads/"};
    const Result<std::string> listed = co_await git(project, words);
    if (!listed) co_return listed.error();
    constexpr std::string_view prefix = "refs/heads/";
    Branches branches;
    std::string_view rest = *listed;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const std::size_t space = line.find(' ');
        if (space == line.npos) continue;
        branches.emplace(line.substr(space + 1 + prefix.size()), line.substr(0, space));
    }
    co_return branches;
}

Task<Result<CommitWords>> GitRepositories::commit(std::string project, std::string commit) {
    const std::vector<std::string> log{
        "log",
        "-1",
        "--no-show-signature",
        "--no-color",
        "--format=commit %H%ntree %T%nauthor %an%nmessage %s%n%x00%B",
        commit,
        "--"};
    const Result<std::string> said = co_await git(project, log);
    if (!said) co_return said.error();
    const std::vector<std::string> list{"ls-tree", "-r", "-t", commit};
    const Result<std::string> trees = co_await git(project, list);
    if (!trees) co_return trees.error();
    const std::size_t end = std::min(said->find('\0'), said->size());
    CommitWords words{.message = said->substr(std::min(end + 1, said->size())),
                      .facts = said->substr(0, end)};
    words.facts += "ignore_files yes\n" + tree_lines(*trees);
    co_return words;
}

Task<Result<std::string>> GitRepositories::pack(std::string project, std::string commit,
                                                std::string facts) {
    const auto loop = co_await asio::this_coro::executor;
    const Command command{.argv = {"git", "--git-dir=" + path_of(project), "archive",
                                   "--format=tar", "--prefix=tree/", commit},
                          .environment = environment(),
                          .directory = directory_};
    auto process = StreamingProcess::start(loop, command);
    if (!process) co_return no_git(process.error().message);
    (*process)->close_input();
    const Fd file = nameless_file(directory_);
    const Result<> saved =
        co_await within(archive_limit, save_output(**process, file.get(), archive_bytes_max_));
    if (!saved) co_return saved.error();
    co_return co_await pack_(file.get(), std::move(facts));
}

}  // namespace berth::api
