#include "engines/subordinate_ids.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/file.hpp"

namespace berth::engines {
namespace {

constexpr std::size_t ranges_max = 16;
constexpr std::size_t file_bytes_max = 1 << 20;
constexpr std::uint64_t id_end = 0xffffffff;  // (uid_t)-1 is no user

bool read_number(std::string_view text, std::uint64_t& number) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && stop == text.data() + text.size() && !text.empty();
}

bool overlap(const IdRange& a, const IdRange& b) {
    return std::uint64_t{a.first} < std::uint64_t{b.first} + b.count &&
           std::uint64_t{b.first} < std::uint64_t{a.first} + a.count;
}

/// "NAME:FIRST:COUNT"; a count of 0 for what is none.
IdRange range_in(std::string_view line, std::string_view name, std::string_view number) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return {};
    const std::string_view owner = line.substr(0, colon);
    if (owner != number && (name.empty() || owner != name)) return {};
    line.remove_prefix(colon + 1);
    const std::size_t second = line.find(':');
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    if (second == line.npos || !read_number(line.substr(0, second), first) ||
        !read_number(line.substr(second + 1), count)) {
        return {};
    }
    if (first == 0 || first >= id_end || count > id_end - first) return {};
    return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count)};
}

std::string name_of(uid_t uid) {
    const passwd* const entry = ::getpwuid(uid);
    return entry == nullptr ? "" : entry->pw_name;
}

Result<std::vector<IdRange>> read_ranges(const char* file, const char* option,
                                         const std::string& name, uid_t uid, std::uint32_t taken) {
    const Result<std::string> text = read_file(file, file_bytes_max);
    std::vector<IdRange> ranges;
    if (text) ranges = parse_subordinate_ids(*text, name, uid, taken);
    const std::uint32_t count = count_of(ranges);
    if (count >= subordinate_ids_min) return ranges;
    return fail_as(Failure::unavailable, "subuids_missing", "",
                   "{} gives {} ids to user {}, and sandboxes need at least {}: as root, usermod "
                   "{} 100000-165535 {} (a range that nobody else has)",
                   file, count == 0 ? "no" : std::to_string(count), name, subordinate_ids_min,
                   option, name);
}

}  // namespace

std::vector<IdRange> parse_subordinate_ids(std::string_view text, std::string_view name, uid_t uid,
                                           std::uint32_t taken) {
    const std::string number = std::to_string(uid);
    std::vector<IdRange> ranges;
    while (!text.empty() && ranges.size() < ranges_max) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const IdRange range = range_in(line, name, number);
        const auto meets = [&](const IdRange& other) { return overlap(range, other); };
        if (range.count == 0 || meets({taken, 1}) || std::ranges::any_of(ranges, meets)) continue;
        ranges.push_back(range);
    }
    return ranges;
}

std::uint32_t count_of(const std::vector<IdRange>& ranges) {
    std::uint64_t count = 0;
    for (const IdRange& range : ranges)
        count += range.count;
    return static_cast<std::uint32_t>(std::min(count, id_end - 1));
}

Result<OwnIds> read_own_ids() {
    OwnIds own{.uid = ::getuid(), .gid = ::getgid()};
    const std::string name = name_of(own.uid);
    if (name.empty()) {
        return fail_as(Failure::unavailable, "subuids_missing", "",
                       "user {} has no name in /etc/passwd, and newuidmap serves nobody without: "
                       "start Berth as a user that has one",
                       own.uid);
    }
    auto uids = read_ranges("/etc/subuid", "--add-subuids", name, own.uid, own.uid);
    if (!uids) return uids.error();
    // Of users, too: the name before the colon is never a group's.
    auto gids = read_ranges("/etc/subgid", "--add-subgids", name, own.uid, own.gid);
    if (!gids) return gids.error();
    own.uids = std::move(*uids);
    own.gids = std::move(*gids);
    return own;
}

std::vector<std::string> map_arguments(std::uint32_t self, const std::vector<IdRange>& ranges) {
    std::vector<std::string> words{"0", std::to_string(self), "1"};
    std::uint32_t inner = 1;
    for (const IdRange& range : ranges) {
        for (const std::uint32_t number : {inner, range.first, range.count})
            words.push_back(std::to_string(number));
        inner += range.count;
    }
    return words;
}

}  // namespace berth::engines
