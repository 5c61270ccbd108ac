#include "engines/usage.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "base/file.hpp"

namespace berth::engines {
namespace {

constexpr std::uint64_t kib = 1024;

struct Closer {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

std::string read_small(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> buffer{};
    const ssize_t count = file ? ::read(file.get(), buffer.data(), buffer.size()) : 0;
    return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

/// "RssAnon:\t  12 kB\n", "RssAnon:" → 12; at the beginning of a line.
std::uint64_t field(std::string_view text, std::string_view name) {
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!line.starts_with(name)) continue;
        line.remove_prefix(name.size());
        std::uint64_t number = 0;
        for (const char c : line) {
            if (c >= '0' && c <= '9') number = number * 10 + static_cast<std::uint64_t>(c - '0');
        }
        return number;
    }
    return 0;
}

/// Which pid namespace a process is in; 0 when we may not know.
std::uint64_t space_of(const std::string& process) {
    struct stat info{};
    return ::stat((process + "/ns/pid").c_str(), &info) == 0 ? info.st_ino : 0;
}

std::vector<std::string> members_of(std::uint64_t space, const std::string& proc) {
    std::vector<std::string> members;
    const std::unique_ptr<DIR, Closer> all(::opendir(proc.c_str()));
    while (const dirent* entry = all ? ::readdir(all.get()) : nullptr) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        std::string process = proc + "/" + entry->d_name;
        if (space_of(process) == space) members.push_back(std::move(process));
    }
    return members;
}

}  // namespace

Usage usage_of(pid_t first, std::uint64_t memory_max, const std::string& proc) {
    const std::uint64_t space = space_of(proc + "/" + std::to_string(first));
    if (space == 0) return {};
    const std::vector<std::string> members = members_of(space, proc);
    Usage usage;
    for (const std::string& process : members) {
        const std::string status = read_small(process + "/status");
        usage.tasks += field(status, "Threads:");
        usage.memory_bytes += (field(status, "RssAnon:") + field(status, "RssShmem:")) * kib;
    }
    if (usage.memory_bytes <= memory_max || members.size() < 2) return usage;
    std::uint64_t parts_bytes = 0;
    for (const std::string& process : members) {
        const std::string parts = read_small(process + "/smaps_rollup");
        parts_bytes += (field(parts, "Pss_Anon:") + field(parts, "Pss_Shmem:")) * kib;
    }
    if (parts_bytes > 0) usage.memory_bytes = parts_bytes;  // else the kernel does not say
    return usage;
}

}  // namespace berth::engines
