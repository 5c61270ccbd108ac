#include "local/output_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/crypto.hpp"
#include "local/blob_file.hpp"

namespace berth::local {
namespace {

namespace fs = std::filesystem;

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

Error may_not(const std::string& path) {
    return fail_as(Failure::forbidden, "output_not_writable", "", "{} cannot be made: {}", path,
                   std::strerror(errno));
}

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> segments;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        segments.emplace_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return segments;
}

/// One folder below another, made if it is missing; no link.
Fd step_down(int from, const std::string& name, unsigned mode) {
    if (::mkdirat(from, name.c_str(), mode) != 0 && errno != EEXIST) return Fd();
    return Fd(::openat(from, name.c_str(), folder_flags | O_NOFOLLOW));
}

/// The folder that the output is to be in.
Result<Fd> open_parent(const fs::path& parent, const std::string& top) {
    const std::string below = parent.lexically_relative(top).generic_string();
    if (below.empty() || below == ".." || below.starts_with("../")) {
        std::error_code failed;
        fs::create_directories(parent, failed);
        Fd folder(::open(parent.c_str(), folder_flags));
        if (!folder) return may_not(parent.string());
        return folder;
    }
    Fd folder(::open(top.c_str(), folder_flags));
    if (!folder) return may_not(top);
    if (below == ".") return folder;
    for (const std::string& name : segments_of(below)) {
        Fd next = step_down(folder.get(), name, 0755);
        if (!next && (errno == ELOOP || errno == ENOTDIR)) {
            return fail_as(Failure::conflict, "output_through_link", "",
                           "{}: '{}' is no folder but a link or a file, which is not followed; "
                           "choose another with --output",
                           parent.string(), name);
        }
        if (!next) return may_not(parent.string());
        folder = std::move(next);
    }
    return folder;
}

bool is_empty(int parent, const std::string& name) {
    Fd folder(::openat(parent, name.c_str(), folder_flags | O_NOFOLLOW));
    DIR* list = folder ? ::fdopendir(folder.get()) : nullptr;
    if (list == nullptr) return false;
    (void)folder.release();  // the list's
    bool empty = true;
    while (const dirent* entry = ::readdir(list)) {
        const std::string_view found = entry->d_name;
        empty = empty && (found == "." || found == "..");
    }
    ::closedir(list);
    return empty;
}

bool has_mark(int parent, const std::string& name) {
    struct stat found{};
    const std::string path = name + "/" + output_mark;
    return ::fstatat(parent, path.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(found.st_mode);
}

/// Nothing, an empty folder, or an output of ours.
bool may_replace(int parent, const std::string& name) {
    struct stat found{};
    if (::fstatat(parent, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
    return S_ISDIR(found.st_mode) && (has_mark(parent, name) || is_empty(parent, name));
}

/// Never through a link: std::filesystem removes links themselves.
void remove_all(int parent, const std::string& name) {
    std::error_code ignored;
    fs::remove_all(fmt::format("/proc/self/fd/{}/{}", parent, name), ignored);
}

void write_new(int folder, const std::string& name, unsigned mode, const auto& fill) {
    const Fd file(
        ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file) throw_errno("write " + name);
    fill(file.get());
}

Result<> write_entry(int top, const std::string& path, const artifacts::ManifestEntry& entry,
                     const End& end, int blobs) {
    const std::vector<std::string> segments = segments_of(path);
    for (const std::string& name : segments) {
        if (name.empty() || name == "." || name == ".." || name.contains('\0'))
            return fail(Failure::invalid, "'{}' is no path of a site", path);
    }
    const auto place = end.blobs.find(entry.sha256);
    if (place == end.blobs.end()) return fail(Failure::invalid, "'{}' has no content", path);
    Fd folder(::openat(top, ".", folder_flags));
    for (std::size_t i = 0; i + 1 < segments.size() && folder; ++i)
        folder = step_down(folder.get(), segments[i], 0755);
    if (!folder) throw_errno("make the folder of " + path);
    Result<> copied;
    write_new(folder.get(), segments.back(), entry.executable ? 0755 : 0644,
              [&](int file) { copied = copy_part(blobs, place->second, entry.bytes, file); });
    return copied;
}

Result<> fill(int folder, const artifacts::Manifest& manifest, const End& end, int blobs) {
    for (const auto& [path, entry] : manifest.files) {
        if (path == output_mark) continue;
        const Result<> written = write_entry(folder, path, entry, end, blobs);
        if (!written) return written;
    }
    write_new(folder, output_mark, 0644, [](int file) {
        write_all(file, "Made by `berth build`, which replaces this folder as a whole.\n");
    });
    return {};
}

/// Git is not to see our own folder, whatever the repository's .gitignore says.
void hide_from_git(int folder) {
    const Fd file(
        ::openat(folder, ".gitignore", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (file) write_all(file.get(), "*\n");
}

}  // namespace

Result<OutputFolder> OutputFolder::open(const std::string& path, const std::string& top) {
    const fs::path whole = fs::path(path).lexically_normal();
    const std::string name = whole.filename().string();
    if (name.empty() || name == "." || name == ".." || !whole.is_absolute()) {
        return fail_as(Failure::conflict, "output_not_ours", "", "{} cannot be replaced", path);
    }
    Result<Fd> parent = open_parent(whole.parent_path(), top);
    if (!parent) return parent.error();
    if (whole.parent_path().filename() == own_folder) hide_from_git(parent->get());
    if (!may_replace(parent->get(), name)) {
        return fail_as(Failure::conflict, "output_not_ours", "",
                       "{} is there and was not made by `berth build`: move it away, or choose "
                       "another folder with --output",
                       whole.string());
    }
    return OutputFolder(std::move(*parent), name);
}

Result<> OutputFolder::replace(const artifacts::Manifest& manifest, const End& end, int blobs) {
    const std::string beside = fmt::format(".{}-{}", name_.substr(0, 100), random_word(10));
    if (::mkdirat(parent_.get(), beside.c_str(), 0755) != 0) throw_errno("make " + beside);
    try {
        const Fd folder(::openat(parent_.get(), beside.c_str(), folder_flags | O_NOFOLLOW));
        if (!folder) throw_errno("open " + beside);
        const Result<> filled = fill(folder.get(), manifest, end, blobs);
        if (!filled) {
            remove_all(parent_.get(), beside);
            return filled;
        }
        const auto rename = [&](unsigned how) {
            return ::renameat2(parent_.get(), beside.c_str(), parent_.get(), name_.c_str(), how) ==
                   0;
        };
        bool done = rename(RENAME_NOREPLACE);
        // What has come there since `open` has to be ours as well.
        if (!done && errno == EEXIST && may_replace(parent_.get(), name_))
            done = rename(RENAME_EXCHANGE);
        if (!done) throw_errno("put the output in its place");
    } catch (...) {
        remove_all(parent_.get(), beside);
        throw;
    }
    remove_all(parent_.get(), beside);  // the one before, if there was one
    return {};
}

}  // namespace berth::local
