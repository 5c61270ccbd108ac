#include "edge/known_routes.hpp"

#include <gtest/gtest.h>

namespace berth::edge {
namespace {

using Kind = KnownRoutes::Answer::Kind;

FoundRoute found(const std::string& deployment, Place place) {
    auto route = std::make_shared<artifacts::Route>();
    route->host = "a.test";
    route->deployment = deployment;
    return {.route = std::move(route), .unknown = false, .place = place};
}

class KnownRoutesTest : public testing::Test {
protected:
    /// The table's next version, in which the host's route lies there.
    void change(Place place) {
        HostTable next(*table_);
        next.put(next.fingerprint_of("a.test"), place);
        next.set_version(table_->version() + 1);
        table_ = std::make_unique<HostTable>(std::move(next));
    }
    KnownRoutes::Answer ask() { return known_.find(*table_, "a.test"); }

    std::unique_ptr<HostTable> table_ = std::make_unique<HostTable>();
    KnownRoutes known_{1 << 20};
};

TEST_F(KnownRoutesTest, unknown_hosts_are_known_to_be_so) {
    EXPECT_EQ(ask().kind, Kind::unknown);
}

TEST_F(KnownRoutesTest, a_route_is_loaded_once) {
    change(Place::kept(1, 1));
    EXPECT_EQ(ask().kind, Kind::load);
    known_.remember("a.test", found("dpl_1", Place::kept(1, 1)));
    EXPECT_EQ(ask().kind, Kind::route);
    EXPECT_EQ(ask().route->deployment, "dpl_1");
    change(Place::kept(1, 1));  // a table that says the same
    EXPECT_EQ(ask().kind, Kind::route);
}

TEST_F(KnownRoutesTest, a_change_counts_at_once) {
    change(Place::kept(1, 1));
    known_.remember("a.test", found("dpl_1", Place::kept(1, 1)));
    EXPECT_EQ(ask().kind, Kind::route);
    change(Place::kept(1, 2));
    EXPECT_EQ(ask().kind, Kind::load);
    change(Place::gone());
    EXPECT_EQ(ask().kind, Kind::unknown);
}

// The store is to be looked at again, though our own route is the same.
TEST_F(KnownRoutesTest, an_unsure_route_is_loaded_again) {
    change(Place::kept(1, 1));
    known_.remember("a.test", found("dpl_1", Place::kept(1, 1)));
    change(Place::kept(1, 1).unsure());
    EXPECT_EQ(ask().kind, Kind::load);
    known_.remember("a.test", found("dpl_1", Place::kept(1, 1)));
    change(Place::kept(1, 1));
    EXPECT_EQ(ask().kind, Kind::route);
}

TEST_F(KnownRoutesTest, what_is_not_to_be_had_is_not_asked_for_each_time) {
    change(Place::unread());
    known_.remember("a.test", {.route = nullptr, .unknown = false, .place = Place::unread()});
    EXPECT_EQ(ask().kind, Kind::unavailable);
    change(Place::kept(1, 1));
    EXPECT_EQ(ask().kind, Kind::load);
}

TEST_F(KnownRoutesTest, keeps_no_more_than_its_bound) {
    KnownRoutes few(2'000);
    HostTable table;
    table.set_version(1);
    for (int number = 0; number < 100; ++number) {
        const std::string host = "host-" + std::to_string(number) + ".test";
        table.put(table.fingerprint_of(host), Place::kept(1, static_cast<std::uint64_t>(number)));
        few.remember(host, found("dpl_1", Place::kept(1, static_cast<std::uint64_t>(number))));
    }
    EXPECT_EQ(few.find(table, "host-0.test").kind, Kind::load);
    EXPECT_EQ(few.find(table, "host-99.test").kind, Kind::route);
}

}  // namespace
}  // namespace berth::edge
