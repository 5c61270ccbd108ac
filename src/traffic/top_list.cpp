#include "traffic/top_list.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

namespace berth::traffic {

namespace {

constexpr std::string_view cut_mark = "…";

/// `name` as it is kept: whole, or cut between two characters into `room`.
std::string_view kept_form(std::string_view name, std::array<char, TopList::name_bytes_max>& room) {
    if (name.size() <= room.size()) return name;
    std::size_t size = room.size() - cut_mark.size();
    while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xc0) == 0x80)
        --size;
    std::memcpy(room.data(), name.data(), size);
    std::memcpy(room.data() + size, cut_mark.data(), cut_mark.size());
    return {room.data(), size + cut_mark.size()};
}

}  // namespace

void TopList::put(std::size_t at, std::uint32_t hash, std::string_view name) {
    hashes_[at] = hash;
    sizes_[at] = static_cast<std::uint8_t>(name.size());
    std::memcpy(names_[at].data(), name.data(), name.size());
}

void TopList::count(std::string_view name) {
    std::array<char, name_bytes_max> room;  // NOLINT: filled only for long names
    name = kept_form(name, room);
    const auto hash = static_cast<std::uint32_t>(std::hash<std::string_view>{}(name));
    std::size_t least = 0;
    for (std::size_t at = 0; at < size_; ++at) {
        if (hashes_[at] == hash && name_at(at) == name) {
            ++requests_[at];
            return;
        }
        if (requests_[at] < requests_[least]) least = at;
    }
    if (size_ < names_max) {
        put(size_, hash, name);
        requests_[size_++] = 1;
        return;
    }
    put(least, hash, name);
    errors_[least] = requests_[least]++;
}

std::vector<Ranked> TopList::ranked() const {
    std::vector<Ranked> list;
    for (std::size_t at = 0; at < size_; ++at)
        list.push_back({std::string(name_at(at)), requests_[at], errors_[at]});
    sort(list);
    return list;
}

}  // namespace berth::traffic
