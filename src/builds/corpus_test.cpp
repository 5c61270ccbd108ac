// The fuzzer's seeds and findings, again at each run of the tests.
#include <gtest/gtest.h>

#include "builds/fuzzing.hpp"

namespace berth::builds {
namespace {

TEST(HtmlLinksCorpusTest, holds_for_every_page_of_the_corpus) {
    EXPECT_GE(fuzzing::replay(BERTH_CORPUS, testing::check_html_links), 6u);
}

}  // namespace
}  // namespace berth::builds
