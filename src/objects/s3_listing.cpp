#include "objects/s3_listing.hpp"

#include <algorithm>

namespace berth::objects {
namespace {

constexpr std::size_t page_max = 1000;  // S3's own

Result<> check_page(const S3Page& page, const std::string& prefix, const std::string& after) {
    const std::string* last = &after;
    for (const S3Listed& object : page.objects) {
        if (object.key <= *last || !object.key.starts_with(prefix)) {
            return fail(Failure::unavailable, "a listing with keys that were not asked for");
        }
        last = &object.key;
    }
    if (page.more && page.objects.empty()) {
        return fail(Failure::unavailable, "a listing that goes on with nothing");
    }
    return boost::system::in_place_value;
}

}  // namespace

Task<Result<S3Page>> s3_list_page(S3Client& client, std::string prefix, std::string after,
                                  std::size_t limit) {
    S3Page page;
    S3Request request{.query = {{"list-type", "2"},
                                {"max-keys", std::to_string(std::min(limit, page_max))},
                                {"prefix", prefix}}};
    if (!after.empty()) request.query.emplace_back("start-after", after);
    request.accept = [&](const http::Reply& reply) -> Result<> {
        Result<S3Page> parsed = parse_s3_page(reply.body);
        if (!parsed) return parsed.error();
        page = std::move(*parsed);
        return check_page(page, prefix, after);
    };
    const Result<http::Reply> reply = co_await client.send(std::move(request));
    if (!reply) co_return reply.error();
    co_return page;
}

}  // namespace berth::objects
