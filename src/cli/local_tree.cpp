#include "cli/local_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "base/crypto.hpp"
#include "base/file.hpp"
#include "plans/working_tree.hpp"
#include "rules/read_rules.hpp"

namespace berth::cli {

namespace {

namespace fs = std::filesystem;

// Those of the api (deployments/upload_tree.hpp): said here before anything is read.
constexpr std::size_t files_max = 50'000;
constexpr std::uint64_t bytes_max = 2ull << 30;
constexpr std::uint64_t file_bytes_max = 512 << 20;
constexpr std::size_t block_bytes = 1 << 20;

Problem unreadable(const std::string& file) {
    return problem(Exit::failure, "unreadable",
                   fmt::format("{} cannot be read: {}", file, std::strerror(errno)));
}

Problem too_large(std::string detail) {
    return problem(Exit::failure, "upload_too_large", std::move(detail),
                   "keep files out: a .berthignore has the words of a .gitignore");
}

Outcome<std::string> directory_of(const std::string& given) {
    std::error_code broken;
    const fs::path here = fs::canonical(given, broken);
    if (broken || !fs::is_directory(here, broken)) {
        return problem(Exit::not_found, "no_directory",
                       fmt::format("there is no directory '{}'", given));
    }
    return here.string();
}

bool is_named(const std::string& path, const std::vector<std::string>& include) {
    return std::ranges::any_of(include, [&](const std::string& named) {
        return path == named || path.starts_with(named + "/");
    });
}

/// "./a/" → "a"
std::string plain(const std::string& path) {
    std::string text = fs::path(path).lexically_normal().generic_string();
    while (text.ends_with('/'))
        text.pop_back();
    return text;
}

/// The file's mode, size and hash.
Outcome<> read_facts(LocalFile& local) {
    struct stat found{};
    if (::lstat(local.file.c_str(), &found) != 0) return unreadable(local.file);
    if (S_ISLNK(found.st_mode)) {
        const Outcome<std::string> target = link_target(local.file);
        if (!target) return target.error();
        local.mode = "link";
        local.bytes = target->size();
        local.sha256 = sha256_hex(*target);
        return {};
    }
    const Fd file(::open(local.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file) return unreadable(local.file);
    local.mode = (found.st_mode & S_IXUSR) != 0 ? "program" : "file";
    local.bytes = 0;
    Sha256 hash;
    std::string block(block_bytes, '\0');
    while (true) {  // ends with the file, or where it is too large
        const ssize_t count = ::read(file.get(), block.data(), block.size());
        if (count < 0) return unreadable(local.file);
        if (count == 0) break;
        local.bytes += static_cast<std::uint64_t>(count);
        if (local.bytes > file_bytes_max) {
            return too_large(
                fmt::format("{} is larger than {} MiB", local.path, file_bytes_max >> 20));
        }
        hash.add({block.data(), static_cast<std::size_t>(count)});
    }
    local.sha256 = hash.hex();
    return {};
}

Outcome<> read_all(LocalTree& tree, const std::function<void()>& tick) {
    if (tree.files.size() > files_max) {
        return too_large(fmt::format("{} files are more than {}, the most of one upload",
                                     tree.files.size(), files_max));
    }
    std::uint64_t bytes = 0;
    for (LocalFile& file : tree.files) {
        tick();
        if (const Outcome<> read = read_facts(file); !read) return read;
        bytes += file.bytes;
        if (bytes <= bytes_max) continue;
        return too_large(fmt::format("the directory has more than {} MiB, the most of one upload",
                                     bytes_max >> 20));
    }
    return {};
}

void add(LocalTree& tree, const TreeWish& wish, const std::string& top, const std::string& path,
         const std::string& as) {
    if (is_kept_back(as) && !is_named(as, wish.include)) {
        tree.kept_back.push_back(as);
        return;
    }
    tree.files.push_back({.path = as, .file = top + "/" + path});
}

/// A name that was given must be there, or its absence is noticed on the site.
Outcome<> add_named(LocalTree& tree, const TreeWish& wish, const std::string& top) {
    std::set<std::string> there;
    for (const LocalFile& file : tree.files)
        there.insert(file.path);
    for (const std::string& named : wish.include) {
        const fs::file_status status = fs::symlink_status(top + "/" + named);
        const bool inside = !named.empty() && named != ".." && !named.starts_with("../") &&
                            !named.starts_with('/') && !("/" + named + "/").contains("/.git/");
        const bool known = fs::is_regular_file(status) || fs::is_symlink(status);
        const bool listed = std::ranges::any_of(
            there, [&](const std::string& path) { return path.starts_with(named + "/"); });
        if (!inside || (!known && !listed)) {
            return usage(fmt::format("--include: there is no file '{}' in {}", named, top));
        }
        if (known && there.insert(named).second) {
            tree.files.push_back({.path = named, .file = top + "/" + named});
        }
    }
    return {};
}

Outcome<LocalTree> list_source(const TreeWish& wish, const std::string& top) {
    const Result<plans::WorkingTree> found = plans::read_working_tree(top, "");
    if (!found) return problem_of(found.error());
    LocalTree tree{.ignored = found->left_out,
                   .commit = found->commit.commit,
                   .branch = found->commit.branch,
                   .message = found->commit.message,
                   .author = found->commit.author};
    for (const std::string& path : found->files)
        add(tree, wish, top, path, path);
    return tree;
}

/// The directory whose rule files count, and where in it the site lies.
struct Ground {
    std::string top{};
    std::string prefix{};  // "dist/", or "" when the site is all there is
};

Ground ground_of(const std::string& base, const std::string& site) {
    const std::string below = fs::path(site).lexically_relative(base).generic_string();
    if (below.empty() || below == "." || below.starts_with("..")) return {site, ""};
    return {base, below + "/"};
}

Outcome<LocalTree> list_prebuilt(const TreeWish& wish, const std::string& base,
                                 const std::string& site) {
    const Ground ground = ground_of(base, site);
    LocalTree tree{.prebuilt = ground.prefix.empty()
                                   ? "."
                                   : ground.prefix.substr(0, ground.prefix.size() - 1)};
    std::error_code broken;
    for (fs::recursive_directory_iterator at(site, broken), end; !broken && at != end;
         at.increment(broken)) {
        const fs::file_status status = at->symlink_status();
        if (!fs::is_regular_file(status) && !fs::is_symlink(status)) continue;
        const std::string path = at->path().lexically_relative(site).generic_string();
        add(tree, wish, site, path, ground.prefix + path);
        if (tree.files.size() > files_max) break;  // said by read_all
    }
    if (broken) {
        return problem(Exit::failure, "unreadable",
                       fmt::format("{} cannot be read: {}", site, broken.message()));
    }
    if (tree.files.empty()) {
        return problem(Exit::not_found, "nothing_to_build", fmt::format("{} has no file", site));
    }
    if (ground.prefix.empty()) return tree;
    for (const std::string& name : rules::source_rule_files()) {
        if (fs::is_regular_file(fs::symlink_status(ground.top + "/" + name)))
            tree.files.push_back({.path = name, .file = ground.top + "/" + name});
    }
    return tree;
}

}  // namespace

bool is_kept_back(std::string_view path) {
    while (true) {  // ends with the last part
        const std::string_view part = path.substr(0, path.find('/'));
        const bool last = part.size() == path.size();
        if (part == "node_modules" || part == ".git") return true;
        if (last) return part == ".env" || part.starts_with(".env.");
        path.remove_prefix(part.size() + 1);
    }
}

Outcome<std::string> link_target(const std::string& file) {
    std::string target(4096, '\0');
    const ssize_t count = ::readlink(file.c_str(), target.data(), target.size());
    if (count < 0) return unreadable(file);
    target.resize(static_cast<std::size_t>(count));
    return target;
}

Outcome<LocalTree> read_local_tree(const TreeWish& wish, const std::function<void()>& tick) {
    const Outcome<std::string> top = directory_of(wish.directory);
    if (!top) return top.error();
    TreeWish plainly = wish;
    for (std::string& named : plainly.include)
        named = plain(named);
    Outcome<LocalTree> tree = problem(Exit::failure, "", "");
    if (wish.prebuilt.empty()) {
        tree = list_source(plainly, *top);
        if (tree) {
            if (const Outcome<> added = add_named(*tree, plainly, *top); !added)
                return added.error();
        }
    } else {
        const Outcome<std::string> site = directory_of(wish.prebuilt);
        if (!site) return site.error();
        tree = list_prebuilt(plainly, *top, *site);
    }
    if (!tree) return tree;
    if (tree->files.empty()) {
        return problem(Exit::not_found, "nothing_to_build",
                       fmt::format("{} has no file that may travel", *top));
    }
    if (const Outcome<> read = read_all(*tree, tick); !read) return read.error();
    return tree;
}

}  // namespace berth::cli
