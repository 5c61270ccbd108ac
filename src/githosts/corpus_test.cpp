// The fuzzer's seeds and findings, again at each run of the tests.
#include <gtest/gtest.h>

#include "githosts/fuzzing.hpp"

namespace berth::githosts {
namespace {

TEST(WebhookCorpusTest, holds_for_every_input_of_the_corpus) {
    EXPECT_GE(fuzzing::replay(BERTH_CORPUS, testing::check_webhook), 6u);
}

}  // namespace
}  // namespace berth::githosts
