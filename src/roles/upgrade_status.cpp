#include "roles/upgrade_status.hpp"

#include "base/file.hpp"
#include "base/log.hpp"

namespace berth::roles {

namespace {

constexpr std::size_t bytes_max = 64 << 10;

}  // namespace

UpgradeStatus read_upgrade_status(const std::string& path) {
    try {
        const Result<std::string> text = read_file(path, bytes_max);
        if (!text) return {};
        const Result<UpgradeStatus> status = json::parse_as<UpgradeStatus>(*text);
        return status ? *status : UpgradeStatus{};
    } catch (const std::exception&) {  // somebody else's file
        return {};
    }
}

void write_upgrade_status(const std::string& path, const UpgradeStatus& status) {
    try {
        write_file(path, json::text(status) + "\n", 0600);
    } catch (const std::exception& broken) {
        log::error("the upgrade's status is not written", {{"why", broken.what()}});
    }
}

}  // namespace berth::roles
