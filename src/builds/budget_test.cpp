#include "builds/budget.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "builds/cache_holds.hpp"

namespace berth::builds {
namespace {

/// An engine of kept volumes. `between` runs when the list has been handed out, as a build does
/// that is claimed while the budget is looked at.
class KeepingEngine final : public engines::Engine {
public:
    Task<Result<>> make_volume(engines::Volume) override { co_return Result<>{}; }
    Task<Result<>> keep_volume(std::string, std::string) override { co_return Result<>{}; }
    Task<Result<>> remove_volume(std::string name) override {
        removed.push_back(name);
        if (between) between();
        co_return Result<>{};
    }
    Task<Result<std::vector<engines::VolumeState>>> volumes() override { co_return there; }
    Task<Result<std::unique_ptr<engines::Running>>> start(engines::Run) override {
        co_return fail(Failure::unavailable, "nothing runs here");
    }
    Task<Result<>> destroy(std::string) override { co_return Result<>{}; }

    std::vector<engines::VolumeState> there{{"snap-prj_1-a", true, 10, 1},
                                            {"tool-node-20.0.0", true, 10, 2},
                                            {"fw-prj_2-production-b-2", true, 10, 3},
                                            {"snap-prj_3-c", true, 10, 4}};
    std::vector<std::string> removed{};
    std::function<void()> between{};
};

using Names = std::vector<std::string>;

TEST(CacheHolds, end_with_their_last_copy_even_after_the_holds_themselves) {
    CacheHolds::Hold left;
    {
        CacheHolds holds;
        CacheHolds::Hold one = holds.project("prj_1");
        CacheHolds::Hold other = holds.project("prj_1");
        const CacheHolds::Hold tool = holds.volume("tool-node-20.0.0");
        EXPECT_TRUE(holds.is_held("snap-prj_1-a"));
        EXPECT_TRUE(holds.is_held("tool-node-20.0.0"));
        EXPECT_FALSE(holds.is_held("snap-prj_2-a"));
        one.reset();
        EXPECT_TRUE(holds.is_held("snap-prj_1-a"));
        left = std::move(other);
    }
    left.reset();
}

TEST(CacheHolds, hold_nothing_for_no_project) {
    CacheHolds holds;
    const CacheHolds::Hold none = holds.project("");
    EXPECT_FALSE(holds.is_held("tool-node-20.0.0"));
}

TEST(KeepBudget, others_go_in_the_place_of_what_is_held) {
    KeepingEngine engine;
    CacheHolds holds;
    const CacheHolds::Hold project = holds.project("prj_1");
    const CacheHolds::Hold tool = holds.volume("tool-node-20.0.0");
    wait(keep_budget(engine, {30, 100}, holds));
    EXPECT_EQ(engine.removed, Names{"fw-prj_2-production-b-2"});
}

TEST(KeepBudget, what_a_build_has_come_to_hold_meanwhile_stays) {
    KeepingEngine engine;
    CacheHolds holds;
    CacheHolds::Hold project;
    CacheHolds::Hold tool;
    engine.between = [&] {  // while the first one is removed
        project = holds.project("prj_2");
        tool = holds.volume("tool-node-20.0.0");
    };
    wait(keep_budget(engine, {0, 100}, holds));
    EXPECT_EQ(engine.removed, (Names{"snap-prj_1-a", "snap-prj_3-c"}));
}

}  // namespace
}  // namespace berth::builds
