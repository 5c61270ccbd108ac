#include "local/packing.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/crypto.hpp"
#include "base/file.hpp"
#include "builds/archive.hpp"

namespace berth::local {
namespace {

using builds::TarWriter;
using plans::WorkingTree;

Error unreadable(const std::string& path) {
    return fail_as(Failure::forbidden, "unreadable", "", "{} cannot be read: {}", path,
                   std::strerror(errno));
}

/// A line per fact; what a line end would break is cut there.
std::string facts_of(const WorkingTree& tree, const std::string& hash) {
    const auto line = [](std::string_view key, std::string_view value) {
        return value.empty() ? std::string()
                             : fmt::format("{} {}\n", key, value.substr(0, value.find('\n')));
    };
    return line("commit", tree.commit.commit) + line("branch", tree.commit.branch) +
           line("tree", hash) + line("author", tree.commit.author) +
           line("message", tree.commit.message);
}

struct Packer {
    TarWriter tar;
    Sha256 hash{};
    Packed packed{};
    std::uint64_t bytes_max = 0;
    int top = -1;

    void name(const std::string& path, std::string_view kind, std::uint64_t bytes) {
        hash.add(fmt::format("{} {} {}:{}", kind, bytes, path.size(), path));
        packed.files += 1;
        packed.bytes += bytes;
    }

    Result<> link(const std::string& path) {
        std::string target(4096, '\0');
        const ssize_t count = ::readlinkat(top, path.c_str(), target.data(), target.size());
        if (count < 0) return unreadable(path);
        target.resize(static_cast<std::size_t>(count));
        name(path, "link", target.size());
        hash.add(target);
        tar.link("tree/" + path, target);
        return {};
    }

    Result<> file(const std::string& path) {
        const Fd from(::openat(top, path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        struct stat found{};
        if (!from || ::fstat(from.get(), &found) != 0) return unreadable(path);
        if (!S_ISREG(found.st_mode)) return {};  // it changed since it was listed
        const auto bytes = static_cast<std::uint64_t>(found.st_size);
        if (packed.bytes + bytes > bytes_max) {
            return fail_as(Failure::too_large, "source_too_large", "",
                           "the source is larger than {} MiB, at {}: .gitignore or .vercelignore "
                           "keep files out",
                           bytes_max >> 20, path);
        }
        const bool executable = (found.st_mode & S_IXUSR) != 0;
        name(path, executable ? "program" : "file", bytes);
        bool failed = false;
        std::uint64_t left = bytes;  // what is appended meanwhile is not part
        const builds::ReadContent read = [&](std::span<char> block) -> std::size_t {
            const std::size_t wanted = std::min<std::uint64_t>(left, block.size());
            const ssize_t count = wanted == 0 ? 0 : ::read(from.get(), block.data(), wanted);
            failed = failed || count < 0;
            if (count <= 0) return 0;
            left -= static_cast<std::uint64_t>(count);
            hash.add({block.data(), static_cast<std::size_t>(count)});
            return static_cast<std::size_t>(count);
        };
        tar.file("tree/" + path, bytes, executable ? 0755 : 0644, read);
        if (failed) return unreadable(path);
        return {};
    }
};

}  // namespace

Result<Packed> pack(const WorkingTree& tree, int into, std::uint64_t bytes_max,
                    std::size_t files_max, const std::function<bool()>& stopped) {
    if (tree.files.size() > files_max) {
        return fail_as(Failure::too_large, "source_too_large", "",
                       "{} has {} files to build from, the limit is {}", tree.top,
                       tree.files.size(), files_max);
    }
    const Fd top(::open(tree.top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!top) return unreadable(tree.top);
    Packer packer{
        .tar = TarWriter(into, TarWriter::Packing::zstd), .bytes_max = bytes_max, .top = top.get()};
    for (const std::string& path : tree.files) {
        if (stopped()) return fail_as(Failure::conflict, "stopped", "", "stopped");
        struct stat found{};
        if (::fstatat(top.get(), path.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) continue;
        const Result<> done = S_ISLNK(found.st_mode) ? packer.link(path) : packer.file(path);
        if (!done) return done.error();
    }
    packer.packed.tree = packer.hash.hex();
    packer.tar.file("facts", facts_of(tree, packer.packed.tree), 0644);
    packer.tar.close();
    return packer.packed;
}

}  // namespace berth::local
