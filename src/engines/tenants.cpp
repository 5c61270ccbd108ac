#include "engines/tenants.hpp"

#include "base/file.hpp"
#include "base/json.hpp"

namespace berth::engines {
namespace {

constexpr std::uint32_t whole_range = 65536;

struct TenantFile {
    std::map<std::string, std::uint32_t> ranges{};
};
BOOST_DESCRIBE_STRUCT(TenantFile, (), (ranges))

bool is_whole(const TenantRange& range) {
    return range.width == TenantRange::Width::whole;
}

}  // namespace

std::vector<IdMapLine> map_of(const TenantIds& ids) {
    if (ids.user == ids.root + inner_uid) return {{0, ids.root, whole_range}};
    return {{0, ids.root, 1}, {inner_uid, ids.user, 1}};
}

Tenants::Tenants(std::string file, TenantRange range) : file_(std::move(file)), range_(range) {
    const auto bytes = read_file(file_);
    if (!bytes) return;
    const auto parsed = json::parse_as<TenantFile>(*bytes);
    if (!parsed) throw std::runtime_error(file_ + ": " + parsed.error().message);
    numbers_ = parsed->ranges;
}

Result<TenantIds> Tenants::ids_of(const std::string& tenant) {
    const std::uint32_t width = is_whole(range_) ? whole_range : 2;
    const std::uint32_t many = (range_.end - range_.first) / width;
    const auto ids_at = [&](std::uint32_t number) {
        const std::uint32_t root = range_.first + number * width;
        return TenantIds{root, root + (is_whole(range_) ? inner_uid : 1)};
    };
    const auto known = numbers_.find(tenant);
    const auto number =
        known == numbers_.end() ? static_cast<std::uint32_t>(numbers_.size()) : known->second;
    // One of yesterday may lie outside of a range that has become smaller.
    if (number >= many) {
        return fail(Failure::limited, "no users are left for '{}': {} have theirs already", tenant,
                    numbers_.size());
    }
    if (known != numbers_.end()) return ids_at(number);
    TenantFile next{numbers_};
    next.ranges.emplace(tenant, number);
    write_file(file_, json::text(next), 0600);
    numbers_ = std::move(next.ranges);
    return ids_at(number);
}

}  // namespace berth::engines
