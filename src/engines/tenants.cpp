#include "engines/tenants.hpp"

#include "base/file.hpp"
#include "base/json.hpp"
#include "engines/bundle.hpp"

namespace berth::engines {
namespace {

constexpr std::uint32_t uid_end = 0x7fff0000;

struct TenantFile {
    std::map<std::string, std::uint32_t> ranges{};
};
BOOST_DESCRIBE_STRUCT(TenantFile, (), (ranges))

}  // namespace

Tenants::Tenants(std::string file, std::uint32_t first_uid)
    : file_(std::move(file)), first_uid_(first_uid) {
    const auto bytes = read_file(file_);
    if (!bytes) return;
    const auto parsed = json::parse_as<TenantFile>(*bytes);
    if (!parsed) throw std::runtime_error(file_ + ": " + parsed.error().message);
    numbers_ = parsed->ranges;
}

Result<std::uint32_t> Tenants::first_uid_of(const std::string& tenant) {
    const auto uid_of = [&](std::uint32_t number) { return first_uid_ + number * uids_per_tenant; };
    if (const auto known = numbers_.find(tenant); known != numbers_.end()) {
        return uid_of(known->second);
    }
    const auto number = static_cast<std::uint32_t>(numbers_.size());
    if (number >= (uid_end - first_uid_) / uids_per_tenant) {
        return fail(Failure::limited, "no range of uids is left for '{}'", tenant);
    }
    TenantFile next{numbers_};
    next.ranges.emplace(tenant, number);
    write_file(file_, json::text(next), 0600);
    numbers_ = std::move(next.ranges);
    return uid_of(number);
}

}  // namespace berth::engines
