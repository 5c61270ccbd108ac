#include "edge/route_record.hpp"

#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace berth::edge {

namespace {

// A control byte: it stands in no host and, as it is, in no JSON.
constexpr std::string_view magic{"\x01RT1", 4};
constexpr std::size_t header_bytes = 16;
constexpr std::size_t record_bytes_max =
    header_bytes + record_host_bytes_max + record_json_bytes_max;
constexpr std::size_t window_bytes = 1 << 20;
static_assert(window_bytes > record_bytes_max);

template <class T>
void append_number(std::string& bytes, T number) {
    std::array<char, sizeof number> raw{};
    std::memcpy(raw.data(), &number, sizeof number);
    bytes.append(raw.data(), raw.size());
}

template <class T>
T number_at(std::string_view bytes, std::size_t at) {
    T number{};
    std::memcpy(&number, bytes.data() + at, sizeof number);
    return number;
}

/// The record's size, as its header says; 0: that is no header.
std::size_t size_of(std::string_view header) {
    if (header.size() < header_bytes || !header.starts_with(magic)) return 0;
    const auto json_bytes = number_at<std::uint32_t>(header, 8);
    const auto host_bytes = number_at<std::uint8_t>(header, 13);
    if (json_bytes > record_json_bytes_max || host_bytes > record_host_bytes_max) return 0;
    return header_bytes + host_bytes + json_bytes;
}

/// `bytes` is as long as its header says.
std::optional<RouteRecord> unpack(std::string_view bytes) {
    if (number_at<std::uint32_t>(bytes, 4) != checksum(bytes.substr(8))) return std::nullopt;
    const auto host_bytes = number_at<std::uint8_t>(bytes, 13);
    return RouteRecord{static_cast<RouteRecord::Kind>(number_at<std::uint8_t>(bytes, 12)),
                       std::string(bytes.substr(header_bytes, host_bytes)),
                       std::string(bytes.substr(header_bytes + host_bytes))};
}

/// As much as there is, up to `into`'s size; -1: the disk refused.
ssize_t read_at(int file, std::string& into, std::uint64_t offset) {
    std::size_t got = 0;
    while (got < into.size()) {  // ends with the piece, the file, or an error
        const ssize_t count =
            ::pread(file, into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return -1;
        if (count == 0) break;
        got += static_cast<std::size_t>(count);
    }
    return static_cast<ssize_t>(got);
}

}  // namespace

std::uint32_t checksum(std::string_view bytes, std::uint32_t before) {
    return static_cast<std::uint32_t>(
        ::crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string pack(const RouteRecord& record) {
    std::string rest;
    rest.reserve(header_bytes + record.host.size() + record.json.size());
    append_number(rest, static_cast<std::uint32_t>(record.json.size()));
    append_number(rest, static_cast<std::uint8_t>(record.kind));
    append_number(rest, static_cast<std::uint8_t>(record.host.size()));
    append_number(rest, std::uint16_t{0});
    rest.append(record.host).append(record.json);
    std::string bytes(magic);
    append_number(bytes, checksum(rest));
    return bytes + rest;
}

Result<RouteRecord> read_record(int file, std::uint64_t offset) {
    constexpr std::size_t usual_bytes = 1024;  // most records come with one call
    std::string bytes(usual_bytes, '\0');
    ssize_t got = read_at(file, bytes, offset);
    const std::size_t size =
        got < 0 ? 0 : size_of(std::string_view(bytes).substr(0, static_cast<std::size_t>(got)));
    if (size > usual_bytes) {
        bytes.resize(size);
        got = read_at(file, bytes, offset);
    }
    if (got < 0) return fail(Failure::unavailable, "a kept route: {}", std::strerror(errno));
    if (size == 0 || static_cast<std::size_t>(got) < size)
        return fail(Failure::invalid, "a kept route is damaged");
    std::optional<RouteRecord> record = unpack(std::string_view(bytes).substr(0, size));
    if (!record) return fail(Failure::invalid, "a kept route's checksum is another");
    return std::move(*record);
}

std::size_t scan_records(int file, std::uint64_t begin, std::uint64_t end,
                         const std::function<void(std::uint64_t, RouteRecord)>& take) {
    std::size_t damaged = 0;
    bool lost = false;  // looking for where the next record begins
    std::string window;
    std::uint64_t at = begin;
    std::size_t used = 0;  // of the window, which begins at `at - used`
    while (at < end) {     // each round goes on by a byte at least, or reads the window anew
        std::string_view left = std::string_view(window).substr(used);
        const std::size_t wanted = std::min<std::uint64_t>(record_bytes_max, end - at);
        if (left.size() < wanted && window.size() - used < end - at) {
            window.resize(std::min<std::uint64_t>(window_bytes, end - at));
            const ssize_t got = read_at(file, window, at);
            window.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
            used = 0;
            left = window;
            if (left.size() < wanted) end = at + left.size();  // the file or the disk says so
            if (got < 0 || left.empty()) return damaged + 1;
        }
        const std::size_t size = size_of(left);
        std::optional<RouteRecord> record;
        if (size > 0 && size <= left.size()) record = unpack(left.substr(0, size));
        std::size_t step = size;
        if (record) {
            lost = false;
            take(at, std::move(*record));
        } else {
            if (!lost) ++damaged;
            lost = true;
            const std::size_t next = left.find(magic, 1);
            // What may be the begin of a record's magic is looked at again.
            step = next != left.npos ? next : std::max<std::size_t>(left.size(), 4) - 3;
        }
        at += step;
        used += step;
    }
    return damaged;
}

}  // namespace berth::edge
