#include "api/paging.hpp"

#include <charconv>

#include "api/body.hpp"
#include "base/crypto.hpp"

namespace berth::api {
namespace {

/// A short mark of the list, so that a cursor is not used on another one.
std::string mark_of(std::string_view filter) {
    return sha256_hex(filter).substr(0, 12);
}

Result<std::int64_t> limit_of(const std::string& text) {
    std::int64_t limit = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, limit);
    if (read.ec != std::errc{} || read.ptr != end || limit < 1 || limit > 100) {
        return fail_as(Failure::invalid, "bad_limit", "", "limit: a whole number from 1 to 100");
    }
    return limit;
}

}  // namespace

Result<Page> page_of(const http::Request& request, std::string_view filter) {
    Page page;
    if (const auto text = request.parameter("limit")) {
        const Result<std::int64_t> limit = limit_of(*text);
        if (!limit) return limit.error();
        page.limit = *limit;
    }
    const auto cursor = request.parameter("cursor");
    if (!cursor) return page;
    const Result<std::string> plain = from_base64url(*cursor);
    if (!plain || plain->size() < 13 || plain->size() > 300 || (*plain)[12] != '/') {
        return fail_as(Failure::invalid, "bad_cursor", "", "cursor: not one of ours");
    }
    if (plain->substr(0, 12) != mark_of(filter)) {
        return fail_as(Failure::invalid, "cursor_mismatch", "",
                       "cursor: belongs to another list or other filters");
    }
    page.after = plain->substr(13);
    return page;
}

http::Response page_response(const boost::json::array& all, const Page& page,
                             std::string_view filter) {
    boost::json::array items;
    std::optional<std::string> next;
    bool begun = page.after.empty();
    for (const boost::json::value& item : all) {
        const std::string_view id = item.at("id").as_string();
        if (begun && std::cmp_equal(items.size(), page.limit)) {
            next = cursor_after(filter, std::string_view(items.back().at("id").as_string()));
            break;
        }
        if (begun) items.push_back(item);
        begun = begun || id == page.after;
    }
    return list_response(std::move(items), next);
}

std::string cursor_after(std::string_view filter, std::string_view last) {
    return base64url(mark_of(filter) + "/" + std::string(last));
}

}  // namespace berth::api
