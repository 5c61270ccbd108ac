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

Error bad_cursor() {
    return fail_as(Failure::invalid, "bad_cursor", "", "cursor: not one of ours");
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
    if (!plain || plain->size() < 14 || plain->size() > 300 || (*plain)[12] != '/') {
        return bad_cursor();
    }
    if (plain->substr(0, 12) != mark_of(filter)) {
        return fail_as(Failure::invalid, "cursor_mismatch", "",
                       "cursor: belongs to another list or other filters");
    }
    page.after = plain->substr(13);
    return page;
}

Result<std::int64_t> number_after(const Page& page) {
    if (page.after.empty()) return 0;
    std::int64_t number = 0;
    const char* end = page.after.data() + page.after.size();
    const auto read = std::from_chars(page.after.data(), end, number);
    if (read.ec != std::errc{} || read.ptr != end || number < 1) return bad_cursor();
    return number;
}

http::Response page_response(const boost::json::array& all, Order order, const Page& page,
                             std::string_view filter) {
    // By comparing, not by looking for it: what the cursor names may be gone by now.
    const auto was_given = [&](std::string_view id) {
        if (page.after.empty()) return false;
        return order == Order::newest_first ? id >= page.after : id <= page.after;
    };
    boost::json::array items;
    std::optional<std::string> next;
    for (const boost::json::value& item : all) {
        if (was_given(item.at("id").as_string())) continue;
        if (std::cmp_equal(items.size(), page.limit)) {
            next = cursor_after(filter, std::string_view(items.back().at("id").as_string()));
            break;
        }
        items.push_back(item);
    }
    return list_response(std::move(items), next);
}

std::string cursor_after(std::string_view filter, std::string_view last) {
    return base64url(mark_of(filter) + "/" + std::string(last));
}

}  // namespace berth::api
