#pragma once
/// What a bucket holds, a page at a time.

#include "objects/s3_answers.hpp"
#include "objects/s3_client.hpp"

namespace berth::objects {

/// At most `limit` objects, and at most 1,000, whose keys begin with `prefix` and are greater than
/// `after` (both with the store's prefix; `after` may be ""), in order. `next` is "" on the last
/// page. Pages are asked for by key instead of by token: a token may expire, and this way each page
/// is checked against the one before. Errors: unavailable — also for a page that is not what was
/// asked for.
Task<Result<S3Page>> s3_list_page(S3Client& client, std::string prefix, std::string after,
                                  std::size_t limit);

}  // namespace berth::objects
