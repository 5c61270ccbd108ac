#pragma once
/// What an answer that is no success means to whoever waits for it, in words that say what to
/// check.

#include "http/client.hpp"
#include "objects/s3_config.hpp"

namespace berth::objects {

struct S3Failure {
    Error error{};
    bool again = false;  // the same request may go better in a moment
};

/// `reply` has a status that is no 2xx.
/// Shape:  not_found — no such object; conflict — no such upload; precondition — a range behind
///         the end; unavailable — code
///         object_store_unavailable, with `again`; or object_store_refused: it stays so until
///         somebody changes something.
S3Failure s3_failure(const S3Config& config, const http::Reply& reply);

/// `error` is the HTTP client's: no answer came.
S3Failure s3_no_answer(const Error& error);

}  // namespace berth::objects
