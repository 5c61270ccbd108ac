#include "deployments/forecast.hpp"

#include <gtest/gtest.h>

namespace berth::deployments {
namespace {

constexpr std::int64_t gib = 1ll << 30;

Waiter waiter(const std::string& id, const std::string& project, const std::string& team,
              std::int64_t intent) {
    return {.id = id,
            .project = project,
            .team = team,
            .intent = intent,
            .memory_bytes = 2 * gib,
            .usual_ms = 60'000};
}

Runner runner(const std::string& project, const std::string& team, std::int64_t end_ms) {
    return {.project = project,
            .team = team,
            .machine = "wrk_1",
            .memory_bytes = 2 * gib,
            .end_ms = end_ms};
}

Line line_of_one_machine(std::int64_t slots) {
    return {.now_ms = 1000, .project_running_max = 2, .machines = {{"wrk_1", slots, 0}}};
}

TEST(Forecast, what_a_worker_takes_at_once_waits_for_nothing) {
    Line line = line_of_one_machine(2);
    line.waiting = {waiter("a", "p", "t", 1)};
    const Place place = forecast(line).at("a");
    EXPECT_EQ(place.position, 1);
    EXPECT_EQ(place.reason, std::nullopt);
    EXPECT_EQ(place.begin_ms, 1000);
}

TEST(Forecast, says_that_nobody_is_there_to_build) {
    Line line;
    line.waiting = {waiter("a", "p", "t", 1), waiter("b", "p", "t", 2)};
    const auto places = forecast(line);
    EXPECT_EQ(places.at("b").position, 2);
    EXPECT_EQ(places.at("b").reason, WaitReason::worker);
    EXPECT_EQ(places.at("b").begin_ms, std::nullopt);
}

TEST(Forecast, a_slot_is_free_when_what_runs_is_likely_to_have_ended) {
    Line line = line_of_one_machine(1);
    line.running = {runner("q", "t", 31'000)};
    line.waiting = {waiter("a", "p", "t", 1), waiter("b", "p", "t", 2)};
    const auto places = forecast(line);
    EXPECT_EQ(places.at("a").reason, WaitReason::slot);
    EXPECT_EQ(places.at("a").begin_ms, 31'000);
    EXPECT_EQ(places.at("b").position, 2);
    EXPECT_EQ(places.at("b").begin_ms, 91'000);
}

TEST(Forecast, nothing_is_foretold_from_what_nobody_knows) {
    Line line = line_of_one_machine(1);
    line.running = {runner("q", "t", 0)};
    line.running[0].end_ms = std::nullopt;
    line.waiting = {waiter("a", "p", "t", 1)};
    const Place place = forecast(line).at("a");
    EXPECT_EQ(place.position, 1);
    EXPECT_EQ(place.reason, WaitReason::slot);
    EXPECT_EQ(place.begin_ms, std::nullopt);
}

TEST(Forecast, a_project_waits_behind_itself_while_slots_are_free) {
    Line line = line_of_one_machine(4);
    line.running = {runner("p", "t", 20'000), runner("p", "t", 40'000)};
    line.waiting = {waiter("a", "p", "t", 1), waiter("b", "q", "t", 2)};
    const auto places = forecast(line);
    EXPECT_EQ(places.at("a").reason, WaitReason::project);
    EXPECT_EQ(places.at("a").begin_ms, 20'000);
    EXPECT_EQ(places.at("b").position, 1);
    EXPECT_EQ(places.at("b").reason, std::nullopt);
}

TEST(Forecast, the_team_with_less_goes_first_and_the_other_is_told) {
    Line line = line_of_one_machine(1);
    line.running = {runner("p", "busy", 20'000)};
    line.waiting = {waiter("older", "q", "busy", 1), waiter("younger", "r", "other", 2)};
    const auto places = forecast(line);
    // At 20,000 neither team runs anything: the older one's turn.
    EXPECT_EQ(places.at("older").position, 1);
    EXPECT_EQ(places.at("older").reason, WaitReason::slot);

    line.machines[0].slots = 2;
    line.running.push_back(runner("s", "busy", 30'000));
    const auto shared = forecast(line);
    EXPECT_EQ(shared.at("younger").position, 1);
    EXPECT_EQ(shared.at("younger").reason, WaitReason::slot);
    EXPECT_EQ(shared.at("older").position, 2);
    EXPECT_EQ(shared.at("older").reason, WaitReason::team);
    EXPECT_EQ(shared.at("older").begin_ms, 30'000);
}

TEST(Forecast, memory_is_waited_for_and_nothing_overtakes) {
    Line line = line_of_one_machine(4);
    line.machines[0].memory_bytes = 5 * gib;
    line.running = {runner("q", "t", 20'000), runner("r", "t", 40'000)};
    line.waiting = {waiter("large", "p", "t", 1), waiter("small", "s", "t", 2)};
    line.waiting[1].memory_bytes = gib / 2;
    const auto places = forecast(line);
    EXPECT_EQ(places.at("large").reason, WaitReason::memory);
    EXPECT_EQ(places.at("large").begin_ms, 20'000);
    EXPECT_EQ(places.at("small").position, 2) << "it would fit, but then the large one never might";
    EXPECT_EQ(places.at("small").reason, WaitReason::memory);
}

TEST(Forecast, a_machine_that_runs_nothing_takes_what_is_too_large_for_it) {
    Line line = line_of_one_machine(4);
    line.machines[0].memory_bytes = gib;
    line.waiting = {waiter("a", "p", "t", 1), waiter("b", "q", "t", 2)};
    const auto places = forecast(line);
    EXPECT_EQ(places.at("a").reason, std::nullopt);
    EXPECT_EQ(places.at("b").reason, WaitReason::memory);
    EXPECT_EQ(places.at("b").begin_ms, 61'000);
}

TEST(Forecast, a_machine_that_does_not_say_its_slots_has_those_that_it_uses) {
    Line line = line_of_one_machine(0);
    line.running = {runner("q", "t", 20'000), runner("r", "t", 40'000)};
    line.waiting = {waiter("a", "p", "t", 1)};
    EXPECT_EQ(forecast(line).at("a").begin_ms, 20'000);
}

}  // namespace
}  // namespace berth::deployments
