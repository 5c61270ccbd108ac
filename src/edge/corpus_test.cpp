/// Replays what the fuzzers of the store's objects begin with and have found.

#include <gtest/gtest.h>

#include "edge/fuzzing.hpp"

namespace berth::edge {
namespace {

TEST(Corpus, of_manifests_breaks_no_promise) {
    EXPECT_GT(berth::fuzzing::replay(BERTH_CORPUS "/manifest", fuzzing::check_manifest), 5U);
}

TEST(Corpus, of_routes_breaks_no_promise) {
    EXPECT_GT(berth::fuzzing::replay(BERTH_CORPUS "/route", fuzzing::check_route), 5U);
}

}  // namespace
}  // namespace berth::edge
