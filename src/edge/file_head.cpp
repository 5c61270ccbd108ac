#include "edge/file_head.hpp"

#include "artifacts/caching.hpp"
#include "http/message.hpp"

namespace berth::edge {

namespace {

/// What every answer about a file says: 200, 206, 304, 404.
void add_caching(std::string& head, const SiteFile& file, Manner manner, std::string_view etag) {
    if (manner.status != 404) add_field(head, "etag", etag);
    const bool for_good = file.immutable && manner.by_its_name;
    add_field(head, "cache-control", artifacts::cache_control(for_good, manner.status));
    if (file.compressible) add_field(head, "vary", "accept-encoding");
}

/// Where the field's line begins and how long it is, with its line end; npos: there is none.
std::pair<std::size_t, std::size_t> line_of(std::string_view head, std::string_view name) {
    std::string start = "\r\n";
    start.append(name).append(": ");
    const std::size_t at = head.find(start);
    if (at == head.npos) return {head.npos, 0};
    return {at + 2, head.find("\r\n", at + 2) + 2 - (at + 2)};
}

}  // namespace

std::string etag_of(const SiteFile& file, Coding coding) {
    return artifacts::etag(hex_of(file.sha256), word_of(coding));
}

void add_status(std::string& head, unsigned status) {
    head.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
    head.append(http::reason_phrase(status)).append("\r\n");
}

void add_field(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

std::string_view field_of(std::string_view head, std::string_view name) {
    const auto [at, size] = line_of(head, name);
    if (at == head.npos) return {};
    return head.substr(at + name.size() + 2, size - name.size() - 4);
}

void drop_field(std::string& head, std::string_view name) {
    const auto [at, size] = line_of(head, name);
    if (at != head.npos) head.erase(at, size);
}

void add_noindex(std::string& head) {
    add_field(head, "x-robots-tag", "noindex");
}

void add_safety(std::string& head) {
    add_field(head, "x-content-type-options", "nosniff");
    add_field(head, "referrer-policy", artifacts::referrer_policy);
}

std::string file_head(const SiteFile& file, Manner manner, Coding coding, std::uint64_t bytes,
                      std::string_view type) {
    std::string head;
    head.reserve(500);
    add_status(head, manner.status);
    add_field(head, "content-type", type);
    add_field(head, "content-length", std::to_string(bytes));
    add_caching(head, file, manner, etag_of(file, coding));
    if (coding != Coding::identity) add_field(head, "content-encoding", word_of(coding));
    if (manner.status == 200) add_field(head, "accept-ranges", "bytes");
    add_safety(head);
    if (!manner.searchable) add_noindex(head);
    return head;
}

std::string not_modified_head(const SiteFile& file, Manner manner, std::string_view etag) {
    manner.status = 304;
    std::string head;
    add_status(head, 304);
    add_caching(head, file, manner, etag);
    return head;
}

std::string unsatisfiable_head(const SiteFile& file) {
    std::string head;
    add_status(head, 416);
    add_field(head, "content-range", "bytes */" + std::to_string(file.bytes));
    add_field(head, "content-length", "0");
    add_field(head, "etag", etag_of(file, Coding::identity));
    add_field(head, "cache-control", "no-store");  // the next may ask for another range
    if (file.compressible) add_field(head, "vary", "accept-encoding");
    return head;
}

}  // namespace berth::edge
