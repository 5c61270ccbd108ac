#include <gtest/gtest.h>

#include "api/testing.hpp"

namespace berth::api {
namespace {

class BuildTimesRoutesTest : public testing::Test, protected TestApi {
protected:
    BuildTimesRoutesTest() {
        ann_ = owner();
        add_project(ann_, "shop");
    }

    Sender ann_{};
};

TEST_F(BuildTimesRoutesTest, shows_the_last_thirty_days_by_the_day) {
    const TestReply reply = get("/api/v1/projects/shop/builds", ann_);
    ASSERT_EQ(reply.status, 200u) << reply.text;
    constexpr std::int64_t day_ms = 24ll * 3600 * 1000;
    EXPECT_EQ(reply.json().at("step_ms"), day_ms);
    EXPECT_EQ(reply.json().at("totals").at("builds"), 0);
    EXPECT_TRUE(reply.json().at("totals").at("p50_ms").is_null());
    EXPECT_TRUE(reply.json().at("points").as_array().empty());
}

TEST_F(BuildTimesRoutesTest, says_what_is_wrong_and_shows_nothing_to_strangers) {
    for (const char* query : {"from=x", "step=year", "from=10&to=10", "from=0&step=hour"}) {
        const TestReply reply = get(fmt::format("/api/v1/projects/shop/builds?{}", query), ann_);
        EXPECT_EQ(reply.status, 400u) << query;
        EXPECT_EQ(reply.code(), "bad_parameter") << query;
    }
    EXPECT_EQ(get("/api/v1/projects/shop/builds", stranger(ann_)).status, 404u);
    EXPECT_EQ(get("/api/v1/projects/shop/builds", token(ann_, "read")).status, 200u);
}

}  // namespace
}  // namespace berth::api
