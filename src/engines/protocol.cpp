#include "engines/protocol.hpp"

#include <algorithm>
#include <array>

namespace berth::engines {
namespace {

constexpr std::size_t argument_bytes_max = 128 << 10;  // the kernel's own limit for one string
constexpr std::size_t arguments_max = 256;
constexpr std::size_t variables_max = 512;
constexpr std::size_t strings_bytes_max = 512 << 10;
constexpr std::size_t mounts_max = 24;
constexpr std::size_t lowers_max = 16;
constexpr std::size_t segments_max = 16;
constexpr std::size_t addresses_max = 32;
constexpr std::size_t proxies_max = 4;

/// What a mount of a run may not hide, and no run starts in: the parts that make it a sandbox and a
/// working system.
constexpr std::array reserved = {"bin",  "boot", "dev", "etc",  "lib", "lib32", "lib64", "libx32",
                                 "proc", "root", "run", "sbin", "sys", "usr",   "var"};

template <class... Args>
Error invalid(std::string pointer, fmt::format_string<Args...> text, Args&&... args) {
    return fail_as(Failure::invalid, "invalid", std::move(pointer), text,
                   std::forward<Args>(args)...);
}

bool is_segment(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("._-+@").find(c) != std::string_view::npos;
    };
    return !text.empty() && text.size() <= 255 && text != "." && text != ".." &&
           std::all_of(text.begin(), text.end(), plain);
}

/// "a/b" → {"a","b"}; nothing when a segment is not plain or there are too many.
std::vector<std::string> segments_of(std::string_view text) {
    std::vector<std::string> segments;
    while (segments.size() <= segments_max) {  // ends with the text
        const std::size_t slash = text.find('/');
        const std::string_view segment = text.substr(0, slash);
        if (!is_segment(segment)) return {};
        segments.emplace_back(segment);
        if (slash == std::string_view::npos) return segments;
        text.remove_prefix(slash + 1);
    }
    return {};
}

bool is_plain_path(std::string_view text) {
    return text.starts_with('/') && !segments_of(text.substr(1)).empty();
}

bool is_reserved(std::string_view path) {
    const std::string_view rest = path.substr(1);
    const std::string_view top = rest.substr(0, rest.find('/'));
    return std::find(reserved.begin(), reserved.end(), top) != reserved.end();
}

bool is_text(std::string_view text) {
    return text.find('\0') == std::string_view::npos;
}

Result<> check_mount(const Mount& mount, const std::string& pointer) {
    if (!is_plain_path(mount.target)) {
        return invalid(pointer + "/target", "'{}' is not a plain absolute path", mount.target);
    }
    if (is_reserved(mount.target)) {
        return invalid(pointer + "/target", "'{}' belongs to the sandbox itself", mount.target);
    }
    if (mount.lower.empty() && mount.upper.empty()) {
        return invalid(pointer, "a mount needs a lower or an upper volume");
    }
    if (mount.lower.size() > lowers_max) {
        return invalid(pointer + "/lower", "at most {} lower volumes", lowers_max);
    }
    for (const std::string& lower : mount.lower) {
        if (const auto path = parse_volume_path(lower); !path) return path.error();
    }
    if (mount.upper.empty()) return {};
    if (const auto path = parse_volume_path(mount.upper); !path) return path.error();
    return {};
}

Result<> check_strings(const StartBody& start) {
    if (start.argv.empty() || start.argv.front().empty() || start.argv.size() > arguments_max) {
        return invalid("/argv", "a command and at most {} arguments", arguments_max - 1);
    }
    if (start.environment.size() > variables_max) {
        return invalid("/environment", "at most {} variables", variables_max);
    }
    std::size_t bytes = 0;
    for (const auto* list : {&start.argv, &start.environment}) {
        for (const std::string& text : *list) {
            bytes += text.size();
            if (!is_text(text) || text.size() >= argument_bytes_max) {
                return invalid(list == &start.argv ? "/argv" : "/environment",
                               "no zero bytes, and less than {} bytes each", argument_bytes_max);
            }
        }
    }
    if (bytes > strings_bytes_max) {
        return invalid("/environment", "arguments and variables have {} bytes together; at most {}",
                       bytes, strings_bytes_max);
    }
    for (const std::string& variable : start.environment) {
        const std::size_t equals = variable.find('=');
        if (equals == std::string::npos || equals == 0) {
            return invalid("/environment", "a variable is KEY=value");
        }
    }
    return {};
}

Result<> check_limits(const Limits& limits) {
    if (limits.memory_bytes < (16ull << 20) || limits.memory_bytes > (1ull << 42)) {
        return invalid("/limits/memory_bytes", "from 16 MiB to 4 TiB");
    }
    if (limits.cpu_percent < 1 || limits.cpu_percent > 102'400) {
        return invalid("/limits/cpu_percent", "from 1 to 102400");
    }
    if (limits.processes < 4 || limits.processes > 100'000) {
        return invalid("/limits/processes", "from 4 to 100000");
    }
    if (limits.tmp_bytes < (1ull << 20) || limits.tmp_bytes > (1ull << 40)) {
        return invalid("/limits/tmp_bytes", "from 1 MiB to 1 TiB");
    }
    return {};
}

bool is_host(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_' || c == ':';
    };
    return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), plain);
}

Result<> check_proxies(const ReachBody& reach) {
    if (reach.proxies.size() > proxies_max) {
        return invalid("/reach/proxies", "at most {}", proxies_max);
    }
    for (const ProxyBody& proxy : reach.proxies) {
        if (reach.kind == Reach::Kind::none || !is_host(proxy.place.host) ||
            proxy.place.port == 0 || proxy.addresses.size() > addresses_max) {
            return invalid("/reach/proxies",
                           "a proxy is a host and a port, for a run with a "
                           "network");
        }
    }
    return {};
}

Result<> check_reach(const ReachBody& reach) {
    if (const Result<> ok = check_proxies(reach); !ok) return ok.error();
    if (reach.kind != Reach::Kind::host) return {};
    if (!is_host(reach.host)) {
        return invalid("/reach/host", "'{}' is not a host name or an address", reach.host);
    }
    if (reach.port == 0) return invalid("/reach/port", "from 1 to 65535");
    if (reach.addresses.size() > addresses_max) {
        return invalid("/reach/addresses", "at most {}", addresses_max);
    }
    return {};
}

}  // namespace

Result<VolumePath> parse_volume_path(const std::string& text) {
    const std::size_t slash = text.find('/');
    VolumePath path{.volume = text.substr(0, slash), .segments = {}};
    if (!is_name(path.volume))
        return invalid("/mounts", "'{}' is not a volume's name", path.volume);
    if (slash == std::string::npos) return path;
    path.segments = segments_of(std::string_view(text).substr(slash + 1));
    if (path.segments.empty()) {
        return invalid("/mounts", "'{}' is not a directory of plain names", text);
    }
    return path;
}

Result<> check(const StartBody& start) {
    if (!is_name(start.sandbox)) return invalid("/sandbox", "'{}' is not a name", start.sandbox);
    if (!is_name(start.tenant)) return invalid("/tenant", "'{}' is not a name", start.tenant);
    if (start.directory != "/" && !is_plain_path(start.directory)) {
        return invalid("/directory", "'{}' is not a plain absolute path", start.directory);
    }
    if (is_reserved(start.directory)) {
        return invalid("/directory", "'{}' belongs to the sandbox itself", start.directory);
    }
    if (const Result<> ok = check_strings(start); !ok) return ok.error();
    if (const Result<> ok = check_limits(start.limits); !ok) return ok.error();
    if (const Result<> ok = check_reach(start.reach); !ok) return ok.error();
    if (start.mounts.size() > mounts_max) return invalid("/mounts", "at most {}", mounts_max);
    for (std::size_t i = 0; i < start.mounts.size(); ++i) {
        const Result<> ok = check_mount(start.mounts[i], fmt::format("/mounts/{}", i));
        if (!ok) return ok.error();
    }
    return {};
}

Result<> check(const Volume& volume) {
    if (!is_name(volume.name)) return invalid("/name", "'{}' is not a name", volume.name);
    if (!is_name(volume.tenant)) return invalid("/tenant", "'{}' is not a name", volume.tenant);
    if (volume.bytes_max < (4ull << 20) || volume.bytes_max > (1ull << 42)) {
        return invalid("/bytes_max", "from 4 MiB to 4 TiB");
    }
    if (volume.files_max < 16 || volume.files_max > 200'000'000) {
        return invalid("/files_max", "from 16 to 200000000");
    }
    return {};
}

}  // namespace berth::engines
