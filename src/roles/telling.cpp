#include "roles/telling.hpp"

#include <charconv>
#include <filesystem>

#include "roles/layout.hpp"

namespace berth::roles {
namespace {

constexpr std::string_view unix_prefix = "unix:";

}  // namespace

Result<double> parse_sample(const std::string& text) {
    double sample = -1;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, sample, std::chars_format::fixed);
    if (read.ec != std::errc{} || read.ptr != end || !(sample >= 0 && sample <= 1)) {
        return fail_as(Failure::invalid, "bad_value", "/access_log_sample",
                       "--access-log-sample: '{}' is not a number from 0 to 1, like 0.01", text);
    }
    return sample;
}

Result<> check_telling(const ServeConfig& config) {
    const Result<double> sample = parse_sample(config.access_log_sample);
    if (!sample) return sample.error();
    const std::string& admin = config.admin_listen;
    if (admin.empty()) return {};
    if (admin.starts_with(unix_prefix)) {
        const std::filesystem::path path = admin.substr(unix_prefix.size());
        if (path.is_absolute() && path.has_filename()) return {};
        return fail_as(Failure::invalid, "bad_address", "/admin-listen",
                       "--admin-listen: 'unix:' needs an absolute path, like "
                       "unix:/run/berth-edge/admin.sock");
    }
    const Result<Address> address = parse_address(admin, "admin-listen");
    if (!address) return address.error();
    return {};
}

std::string access_log_directory(const ServeConfig& config) {
    if (config.access_log.empty() || config.access_log == "-") return "";
    return std::filesystem::path(absolute_path(config.access_log)).parent_path().string();
}

Result<> add_admin(EdgeSockets& sockets, Sockets& handed, const ServeConfig& config,
                   Takeover takeover) {
    const std::string& admin = config.admin_listen;
    if (admin.empty()) return {};
    if (admin.starts_with(unix_prefix)) {
        const std::filesystem::path path = admin.substr(unix_prefix.size());
        sockets.admin =
            listen_unix(handed, path.parent_path().string(), path.filename().string(), 0);
        return {};
    }
    const Result<Address> address = parse_address(admin, "admin-listen");
    if (!address) return address.error();
    Result<std::vector<Fd>> listening = listen_tcp(handed, *address, 1, takeover);
    if (!listening) return listening.error();
    sockets.admin = std::move(listening->front());
    return {};
}

}  // namespace berth::roles
