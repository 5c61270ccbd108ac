#pragma once
/// `?limit=` and `?cursor=`: opaque, bound to the list and its filters.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace berth::api {

struct Page {
    std::int64_t limit = 50;  // 1 to 100
    std::string after{};      // the sort key of the last item of the page before; "" is the start
};

/// `filter` names the list and its filters ("deployments/prj_…"): a cursor of another list is
/// refused. Errors: invalid — bad_limit, bad_cursor, cursor_mismatch (all 400).
Result<Page> page_of(const http::Request& request, std::string_view filter);

/// The sort key of a list that goes by number; 0 at the start. Anybody can make up a cursor.
/// Errors: invalid — bad_cursor.
Result<std::int64_t> number_after(const Page& page);

/// How the ids of a list go: they sort by time.
enum class Order { newest_first, oldest_first };

/// One page of a short list that is at hand as a whole; its items have an `id` and go by it.
http::Response page_response(const boost::json::array& all, Order order, const Page& page,
                             std::string_view filter);

/// The cursor that goes on after `last`.
std::string cursor_after(std::string_view filter, std::string_view last);

}  // namespace berth::api
