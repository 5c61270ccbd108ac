#include "engines/trees.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <unordered_set>
#include <vector>

#include "base/file.hpp"

namespace berth::engines {
namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
constexpr int passes_max = 1000;  // over a folder that somebody still writes to

struct Closer {
    void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, Closer>;

/// Names in `folder` but for "." and "..", until `take` says false. Throws: it cannot be read.
void for_each_name(int folder, const std::function<bool(const char* name)>& take) {
    const int own = ::openat(folder, ".", folder_flags);
    if (own < 0) throw_errno("open a folder of a build");
    const Folder open(::fdopendir(own));
    if (!open) throw_errno("read a folder of a build");
    while (const dirent* entry = ::readdir(open.get())) {
        const char* name = entry->d_name;
        if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
        if (!take(name)) return;
    }
}

/// Beneath `top`, through no link, on its disk.
Fd open_below(const Fd& top, const std::string& path) {
    open_how how{};
    how.flags = static_cast<__u64>(folder_flags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    return Fd(static_cast<int>(::syscall(SYS_openat2, top.get(), path.c_str(), &how, sizeof how)));
}

class Measure {
public:
    Measure(const std::string& top, const TreeUse& most)
        : top_(::open(top.c_str(), folder_flags)), most_(most) {}

    TreeUse run() {
        if (top_) waiting_.emplace_back(".");
        while (!waiting_.empty() && !is_over()) {  // ends: each folder is looked at once
            const std::string path = std::move(waiting_.back());
            waiting_.pop_back();
            look_at(path);
        }
        return use_;
    }

private:
    bool is_over() const { return use_.bytes > most_.bytes || use_.files > most_.files; }

    void look_at(const std::string& path) {
        const Fd folder = open_below(top_, path);
        if (!folder) {
            // Removed or exchanged meanwhile; or out of reach on purpose.
            if (errno == ENAMETOOLONG) use_.files = std::numeric_limits<std::uint64_t>::max();
            return;
        }
        for_each_name(folder.get(), [&](const char* name) {
            struct stat info{};
            if (::fstatat(folder.get(), name, &info, AT_SYMLINK_NOFOLLOW) != 0) return true;
            if (S_ISDIR(info.st_mode)) waiting_.push_back(path + "/" + name);
            if (S_ISDIR(info.st_mode) || info.st_nlink < 2 || seen_.insert(info.st_ino).second) {
                use_.bytes += static_cast<std::uint64_t>(info.st_blocks) * 512;
                ++use_.files;
            }
            return !is_over();
        });
    }

    Fd top_;
    TreeUse most_;
    TreeUse use_{};
    std::vector<std::string> waiting_{};
    std::unordered_set<ino_t> seen_{};  // of files with several names
};

/// Removes what is in `top` a layer at a time: what lies in a folder of `top` is moved up into it,
/// so that no path ever gets long and no more than two folders are open.
class Removal {
public:
    explicit Removal(const std::string& top) : top_(::open(top.c_str(), folder_flags)) {
        if (!top_) throw_errno("open " + top);
    }

    void run() {
        for (int pass = 0; !is_empty(); ++pass) {
            // Each pass removes a layer: what stays is being written to, or may not be removed.
            if (pass > 0 && removed_ == 0 && lifted_ == 0) throw_last();
            removed_ = 0;
            lifted_ = 0;
            for (const std::string& name : names())
                remove(name);
        }
    }

private:
    static constexpr std::size_t names_max = 10'000;  // at a time

    bool is_empty() const {
        bool empty = true;
        for_each_name(top_.get(), [&](const char*) { return empty = false; });
        return empty;
    }

    std::vector<std::string> names() const {
        std::vector<std::string> list;
        for_each_name(top_.get(), [&](const char* name) {
            list.emplace_back(name);
            return list.size() < names_max;
        });
        return list;
    }

    void remove(const std::string& name) {
        if (::unlinkat(top_.get(), name.c_str(), 0) == 0) {
            ++removed_;
            return;
        }
        if (errno != EISDIR && errno != EPERM) {
            refused_ = errno;
            return;
        }
        const Fd folder(::openat(top_.get(), name.c_str(), folder_flags));
        if (!folder) {
            refused_ = errno;
            return;
        }
        lift(folder);
        if (::unlinkat(top_.get(), name.c_str(), AT_REMOVEDIR) == 0) {
            ++removed_;
        } else {
            refused_ = errno;
        }
    }

    /// Empties a folder into the top: files go at once, folders move up.
    void lift(const Fd& folder) {
        for (int pass = 0; pass < passes_max; ++pass) {
            std::vector<std::string> list;
            for_each_name(folder.get(), [&](const char* name) {
                list.emplace_back(name);
                return list.size() < names_max;
            });
            const std::uint64_t before = removed_ + lifted_;
            for (const std::string& name : list) {
                if (::unlinkat(folder.get(), name.c_str(), 0) == 0) {
                    ++removed_;
                } else if (::renameat(folder.get(), name.c_str(), top_.get(),
                                      fmt::format("{}.{}", ::getpid(), number_++).c_str()) == 0) {
                    ++lifted_;
                } else {
                    refused_ = errno;
                }
            }
            if (list.empty() || removed_ + lifted_ == before) return;
        }
    }

    [[noreturn]] void throw_last() const {
        errno = refused_ == 0 ? ENOTEMPTY : refused_;
        throw_errno("remove what a build wrote");
    }

    Fd top_;
    std::uint64_t removed_ = 0;
    std::uint64_t lifted_ = 0;
    std::uint64_t number_ = 0;
    int refused_ = 0;
};

}  // namespace

TreeUse measure_tree(const std::string& top, const TreeUse& most) {
    return Measure(top, most).run();
}

void remove_tree(const std::string& top) {
    if (::unlink(top.c_str()) == 0 || errno == ENOENT) return;
    Removal(top).run();
    if (::rmdir(top.c_str()) != 0 && errno != ENOENT) throw_errno("remove " + top);
}

}  // namespace berth::engines
