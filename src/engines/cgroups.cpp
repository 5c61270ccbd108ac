#include "engines/cgroups.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/file.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

// Of all builds together, beside the 100 and 1024 that any other group or process has.
constexpr int builds_weight = 25;   // version 2
constexpr int builds_shares = 256;  // version 1

/// A small kernel file; "" when there is none.
std::string read_small(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> buffer{};
    const ssize_t count = file ? ::read(file.get(), buffer.data(), buffer.size()) : 0;
    return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

bool write_small(const std::string& path, const std::string& text) {
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return file &&
           ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::uint64_t number_in(const std::string& text) {
    std::uint64_t number = 0;
    std::istringstream(text) >> number;
    return number;
}

/// "max 3\noom_kill 1\n", "oom_kill" → 1
std::uint64_t keyed_number(const std::string& text, const std::string& key) {
    std::istringstream lines(text);
    std::string name;
    std::uint64_t number = 0;
    while (lines >> name >> number) {
        if (name == key) return number;
    }
    return 0;
}

bool is_folder(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// Removes a group and the groups that its processes could have made below.
bool remove_group(const std::string& path) {
    if (!is_folder(path)) return true;
    std::error_code ignored;
    for (const auto& below : fs::directory_iterator(path, ignored)) {
        if (below.is_directory(ignored)) remove_group(below.path().string());
    }
    return ::rmdir(path.c_str()) == 0 || errno == ENOENT;
}

}  // namespace

Cgroups::Cgroups(std::string instance, std::string mountinfo, std::string below)
    : below_(std::move(below)), top_("berth-" + std::move(instance)) {
    if (!below_.empty()) top_ = below_.substr(1) + "/" + top_;
    constexpr std::array<std::string_view, 5> wanted = {"memory", "pids", "cpu", "cpuset",
                                                        "freezer"};
    const auto is_wanted = [&](std::string_view name) {
        return name.starts_with("name=") ||
               std::find(wanted.begin(), wanted.end(), name) != wanted.end();
    };
    std::ifstream table(mountinfo);
    std::map<std::string, std::string> all;
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::string id, parent, device, root, point, word, type, source, options;
        fields >> id >> parent >> device >> root >> point;
        while (fields >> word && word != "-") {
        }
        fields >> type >> source >> options;
        if (type == "cgroup2") unified_ = point;
        if (type != "cgroup") continue;
        std::istringstream words(options);
        for (std::string option; std::getline(words, option, ',');) {
            if (is_wanted(option)) all[option] = point;
        }
    }
    if (all.contains("memory") || all.contains("pids")) {
        mode_ = CgroupMode::v1;
        controllers_ = std::move(all);
    } else if (!unified_.empty()) {
        mode_ = CgroupMode::v2;
    }
}

bool Cgroups::has(const std::string& controller) const {
    if (mode_ == CgroupMode::v1) return controllers_.contains(controller);
    if (mode_ == CgroupMode::none) return false;
    // Of a group: what it hands on to those below.
    const char* file = below_.empty() ? "/cgroup.controllers" : "/cgroup.subtree_control";
    std::istringstream words(read_small(unified_ + below_ + file));
    for (std::string word; words >> word;) {
        if (word == controller) return true;
    }
    return false;
}

bool Cgroups::limits_swap() const {
    if (mode_ == CgroupMode::v2) return has("memory");
    const auto memory = controllers_.find("memory");
    return memory != controllers_.end() &&
           ::access((memory->second + "/memory.memsw.limit_in_bytes").c_str(), F_OK) == 0;
}

std::vector<std::string> Cgroups::folders_of(const std::string& run) const {
    std::set<std::string> folders;
    for (const auto& [name, point] : controllers_)
        folders.insert(point + path_of(run));
    if (!unified_.empty()) folders.insert(unified_ + path_of(run));
    // The runtime joins every version 1 hierarchy, also those that we do not name.
    if (mode_ == CgroupMode::v1) {
        for (const char* other :
             {"devices", "blkio", "cpuacct", "net_cls", "net_prio", "perf_event", "hugetlb", "rdma",
              "misc", "cpu,cpuacct", "net_cls,net_prio"}) {
            const std::string folder = std::string("/sys/fs/cgroup/") + other + path_of(run);
            if (is_folder(folder)) folders.insert(folder);
        }
    }
    return {folders.begin(), folders.end()};
}

Counts Cgroups::counts(const std::string& run) const {
    const std::string path = path_of(run);
    if (mode_ == CgroupMode::v2) {
        const std::string group = unified_ + path;
        return {keyed_number(read_small(group + "/memory.events"), "oom_kill"),
                keyed_number(read_small(group + "/pids.events"), "max"),
                number_in(read_small(group + "/memory.peak"))};
    }
    Counts counts;
    if (const auto memory = controllers_.find("memory"); memory != controllers_.end()) {
        const std::string group = memory->second + path;
        counts.oom_kills = keyed_number(read_small(group + "/memory.oom_control"), "oom_kill");
        counts.memory_peak_bytes = number_in(read_small(group + "/memory.max_usage_in_bytes"));
    }
    if (const auto pids = controllers_.find("pids"); pids != controllers_.end()) {
        counts.forks_refused =
            keyed_number(read_small(pids->second + path + "/pids.events"), "max");
    }
    return counts;
}

Memory Cgroups::memory(const std::string& run) const {
    const bool v2 = mode_ == CgroupMode::v2;
    const auto controller = controllers_.find("memory");
    if (!v2 && controller == controllers_.end()) return {};
    const std::string group = (v2 ? unified_ : controller->second) + path_of(run);
    const std::string stat = read_small(group + "/memory.stat");
    return {
        number_in(read_small(group + (v2 ? "/memory.max" : "/memory.limit_in_bytes"))),
        number_in(read_small(group + (v2 ? "/memory.current" : "/memory.usage_in_bytes"))),
        keyed_number(stat, "active_file") + keyed_number(stat, "inactive_file"),
        keyed_number(stat, "workingset_refault_file"),
        keyed_number(stat, "pgmajfault"),
    };
}

void Cgroups::adopt(int pid, const std::string& run) const {
    const auto pids = controllers_.find("pids");
    if (mode_ == CgroupMode::none || (mode_ == CgroupMode::v1 && pids == controllers_.end()))
        return;
    const std::string group = (mode_ == CgroupMode::v2 ? unified_ : pids->second) + path_of(run);
    std::error_code ignored;
    fs::create_directories(group, ignored);
    write_small(group + "/cgroup.procs", std::to_string(pid));
}

bool Cgroups::kill(const std::string& run) const {
    bool empty = true;
    for (const std::string& folder : folders_of(run)) {
        write_small(folder + "/cgroup.kill", "1");  // version 2, Linux 5.14; elsewhere no such file
        std::istringstream pids(read_small(folder + "/cgroup.procs"));
        for (int pid = 0; pids >> pid;) {
            empty = false;
            if (pid > 1) ::kill(pid, SIGKILL);
        }
    }
    return empty;
}

bool Cgroups::remove(const std::string& run) const {
    bool gone = true;
    for (const std::string& folder : folders_of(run))
        gone = remove_group(folder) && gone;
    return gone;
}

std::vector<std::string> Cgroups::left_behind() const {
    std::set<std::string> runs;
    std::vector<std::string> roots;
    roots.reserve(controllers_.size() + 1);
    for (const auto& [name, point] : controllers_)
        roots.push_back(point);
    if (!unified_.empty()) roots.push_back(unified_);
    for (const std::string& root : roots) {
        std::error_code ignored;
        for (const auto& group : fs::directory_iterator(root + "/" + top_, ignored)) {
            if (group.is_directory(ignored)) runs.insert(group.path().filename().string());
        }
    }
    return {runs.begin(), runs.end()};
}

void Cgroups::make_top(bool spare) const {
    const auto cpu = controllers_.find("cpu");
    const bool v2 = mode_ == CgroupMode::v2;
    if (!v2 && (mode_ != CgroupMode::v1 || cpu == controllers_.end())) return;
    if (v2) write_small(unified_ + below_ + "/cgroup.subtree_control", "+cpu");
    const std::string top = (v2 ? unified_ : cpu->second) + "/" + top_;
    std::error_code ignored;
    fs::create_directories(top, ignored);
    // An idle group has the least weight of all and takes no other.
    write_small(top + "/cpu.idle", "0");
    if (v2) write_small(top + "/cpu.weight", std::to_string(builds_weight));
    if (!v2) write_small(top + "/cpu.shares", std::to_string(builds_shares));
    if (spare) write_small(top + "/cpu.idle", "1");
}

void Cgroups::remove_top() const {
    std::error_code ignored;
    for (const auto& [name, point] : controllers_)
        ::rmdir((point + "/" + top_).c_str());
    if (!unified_.empty()) ::rmdir((unified_ + "/" + top_).c_str());
    if (mode_ != CgroupMode::v1) return;
    for (const auto& hierarchy : fs::directory_iterator("/sys/fs/cgroup", ignored)) {
        ::rmdir((hierarchy.path() / top_).c_str());
    }
}

}  // namespace berth::engines
