#include "plans/working_tree.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "base/file.hpp"
#include "base/process.hpp"

namespace berth::plans {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr std::chrono::milliseconds git_limit = std::chrono::minutes(1);
constexpr std::size_t list_bytes_max = 256 << 20;

/// What tools make or keep for themselves; asked where no .git says better.
constexpr std::string_view made_by_tools[] = {
    "node_modules", "bower_components", ".git",      ".hg",       ".svn",       "CVS",
    ".berth",       ".vercel",          ".netlify",  ".wrangler", ".next",      ".nuxt",
    ".output",      ".svelte-kit",      ".astro",    ".turbo",    ".cache",     ".parcel-cache",
    ".venv",        "__pycache__",      ".DS_Store", "*.swp",     ".env.local", ".env.*.local"};

/// Of who we are now, who need not be who started the command.
std::string home() {
    const passwd* entry = ::getpwuid(::geteuid());
    return entry == nullptr || entry->pw_dir == nullptr ? "/nonexistent" : entry->pw_dir;
}

class Git {
public:
    Git(std::string directory, Words place)
        : directory_(std::move(directory)), place_(std::move(place)) {}

    /// stdout. Errors: as read_working_tree.
    Result<std::string> ask(const Words& words) const {
        // Hooks, file-system monitors and transports are programs that a configuration names.
        Command command{.argv = {"git", "-c", "core.fsmonitor=false", "-c",
                                 "core.hooksPath=/dev/null", "-c", "gc.auto=0"},
                        .directory = directory_,
                        .output_bytes_max = list_bytes_max};
        command.argv.insert(command.argv.end(), place_.begin(), place_.end());
        command.argv.insert(command.argv.end(), words.begin(), words.end());
        const char* path = std::getenv("PATH");
        command.environment = {fmt::format("PATH={}", path == nullptr ? "/usr/bin:/bin" : path),
                               "HOME=" + home(),
                               "LC_ALL=C.UTF-8",
                               "GIT_TERMINAL_PROMPT=0",
                               "GIT_OPTIONAL_LOCKS=0",
                               "GIT_ALLOW_PROTOCOL=none"};
        const Result<Ended> ended = run_blocking(command, git_limit);
        if (!ended && ended.error().failure == Failure::not_found) {
            return fail_as(Failure::not_found, "no_git", "",
                           "there is no git on this machine: apt-get install git");
        }
        if (!ended) return ended.error();
        if (ended->exit_code != 0) {
            std::string said = ended->errors.substr(0, ended->errors.find('\n'));
            return fail_as(Failure::forbidden, "git_failed", "",
                           "git does not list the files of {}: {}", directory_, said);
        }
        return ended->output;
    }

    /// Whether `words` succeed; their stdout without its line end.
    std::string line(const Words& words) const {
        const Result<std::string> said = ask(words);
        return said ? said->substr(0, said->find('\n')) : std::string();
    }

    Result<std::set<std::string>> list(Words words) const {
        words.insert(words.begin(), {"ls-files", "-z"});
        const Result<std::string> said = ask(words);
        if (!said) return said.error();
        std::set<std::string> paths;
        for (std::size_t begin = 0; begin < said->size();) {
            const std::size_t end = std::min(said->find('\0', begin), said->size());
            paths.insert(said->substr(begin, end - begin));
            begin = end + 1;
        }
        return paths;
    }

private:
    std::string directory_;
    Words place_;
};

/// A repository without a commit, beside the directory: only so that Git can be asked.
class BareGround {
public:
    BareGround() {
        char name[] = "/tmp/berth-build-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw_errno("a temporary directory");
        path_ = name;
    }
    ~BareGround() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    BareGround(const BareGround&) = delete;
    BareGround& operator=(const BareGround&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

bool is_below(std::string_view path, std::string_view folder) {
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

/// Of Git's own, also of repositories inside this one, or of ours.
bool is_never_part(const std::string& path, const std::string& output) {
    const std::string whole = "/" + path + "/";
    return whole.contains("/.git/") || is_below(path, ".berth") ||
           (!output.empty() && is_below(path, output));
}

/// Takes what is there and is a file or a link; says whether the rest looks like submodules.
void keep_what_is_there(std::set<std::string> listed, const std::string& output,
                        WorkingTree& tree) {
    for (const std::string& path : listed) {
        struct stat found{};
        if (is_never_part(path, output)) continue;
        if (::lstat((tree.top + "/" + path).c_str(), &found) != 0) continue;  // removed, not staged
        if (S_ISDIR(found.st_mode)) tree.has_submodules = true;
        if (S_ISREG(found.st_mode) || S_ISLNK(found.st_mode)) tree.files.insert(path);
    }
}

/// The files that have a say beside .gitignore, in its words.
constexpr const char* ignore_files[] = {".berthignore", ".vercelignore"};

Result<> leave_out(const Git& git, const Words& kinds, WorkingTree& tree) {
    for (const std::string name : ignore_files) {
        const bool any = std::ranges::any_of(tree.files, [&](const std::string& path) {
            return path == name || path.ends_with("/" + name);
        });
        if (!any) continue;
        Words words = kinds;
        words.insert(words.end(), {"--ignored", "--exclude-per-directory=" + name});
        const auto ignored = git.list(std::move(words));
        if (!ignored) return ignored.error();
        for (const std::string& path : *ignored)
            tree.left_out += tree.files.erase(path);
    }
    return {};
}

Result<> list_with(const Git& git, const Words& kinds, Words excludes, const std::string& output,
                   WorkingTree& tree) {
    Words words = kinds;
    words.insert(words.end(), excludes.begin(), excludes.end());
    auto listed = git.list(std::move(words));
    if (!listed) return listed.error();
    keep_what_is_there(std::move(*listed), output, tree);
    return leave_out(git, kinds, tree);
}

void read_commit(const Git& git, jobs::CommitFacts& commit) {
    commit.commit = git.line({"rev-parse", "--verify", "--quiet", "HEAD^{commit}"});
    commit.branch = git.line({"symbolic-ref", "--quiet", "--short", "HEAD"});
    if (commit.commit.empty()) return;
    const auto shown = [&](const char* format) {
        return git.line(
            {"log", "-1", "--no-show-signature", "--no-color", "--no-patch", format, "HEAD"});
    };
    commit.author = shown("--format=%an");
    commit.message = shown("--format=%s");
}

}  // namespace

Result<WorkingTree> read_working_tree(const std::string& top, const std::string& output) {
    WorkingTree tree{.top = top};
    const Git here(top, {});
    std::error_code unknown;
    Result<> listed;
    if (here.line({"rev-parse", "--is-inside-work-tree"}) == "true" ||
        fs::exists(top + "/.git", unknown)) {
        tree.of_git = true;
        listed = list_with(here, {"--cached", "--others"}, {"--exclude-standard"}, output, tree);
        if (listed) read_commit(here, tree.commit);
    } else {
        const BareGround ground;
        const Result<std::string> made = here.ask({"init", "-q", "--template=", ground.path()});
        if (!made) return made.error();
        const Git git(top, {"--git-dir=" + ground.path() + "/.git", "--work-tree=" + top});
        Words excludes{"--exclude-per-directory=.gitignore"};
        for (const std::string_view name : made_by_tools)
            excludes.push_back(fmt::format("--exclude={}", name));
        listed = list_with(git, {"--others"}, std::move(excludes), output, tree);
    }
    if (!listed) return listed.error();
    if (tree.files.empty()) {
        return fail_as(Failure::not_found, "nothing_to_build", "",
                       "{} has no file that would be deployed", top);
    }
    return tree;
}

}  // namespace berth::plans
