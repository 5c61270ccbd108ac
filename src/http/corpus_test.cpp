/// Replays what the fuzzers of requests begin with and have found.

#include <gtest/gtest.h>

#include "http/fuzzing.hpp"
#include "http/h2_fuzzing.hpp"

namespace berth::http {
namespace {

TEST(Corpus, of_request_heads_breaks_no_promise) {
    EXPECT_GT(berth::fuzzing::replay(BERTH_CORPUS "/request_head", fuzzing::check_head), 20U);
}

TEST(Corpus, of_chunked_bodies_breaks_no_promise) {
    EXPECT_GT(berth::fuzzing::replay(BERTH_CORPUS "/chunked_body", fuzzing::check_chunks), 10U);
}

TEST(Corpus, of_paths_and_hosts_breaks_no_promise) {
    EXPECT_GT(berth::fuzzing::replay(BERTH_CORPUS "/normalise", fuzzing::check_normalise), 20U);
}

TEST(Corpus, of_http2_connections_breaks_no_promise) {
    EXPECT_GT(berth::fuzzing::replay(BERTH_CORPUS "/h2", fuzzing::check_h2), 40U);
}

}  // namespace
}  // namespace berth::http
