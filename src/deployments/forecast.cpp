#include "deployments/forecast.hpp"

#include <algorithm>

namespace berth::deployments {
namespace {

class Simulation {
public:
    explicit Simulation(Line line) : line_(std::move(line)), now_ms_(line_.now_ms) {
        for (const Runner& runner : line_.running) {
            ++of_project_[runner.project];
            ++of_team_[runner.team];
        }
        for (Machine& machine : line_.machines) {
            // It asks when it has a slot; until it does, it has those that are in use.
            if (machine.slots == 0) machine.slots = std::max<std::int64_t>(1, load(machine).first);
        }
    }

    std::map<std::string, Place> run() {
        begin_what_can();
        say_reasons();
        while (!line_.waiting.empty() && end_the_next())  // each turn ends one of the running
            begin_what_can();
        while (!line_.waiting.empty()) {  // nobody knows when: in the order of the rule
            const auto next = first(Blocked::too);
            place(*next, std::nullopt);
            line_.waiting.erase(next);
        }
        say_teams();
        return std::move(places_);
    }

private:
    enum class Blocked { left_out, too };
    using Waiting = std::vector<Waiter>::iterator;

    bool project_is_full(const Waiter& waiter) {
        return of_project_[waiter.project] >= line_.project_running_max;
    }

    Waiting first(Blocked blocked) {
        auto best = line_.waiting.end();
        for (auto one = line_.waiting.begin(); one != line_.waiting.end(); ++one) {
            if (blocked == Blocked::left_out && project_is_full(*one)) continue;
            if (best == line_.waiting.end() || goes_first(*one, *best)) best = one;
        }
        return best;
    }

    bool goes_first(const Waiter& a, const Waiter& b) {
        return std::pair(of_team_[a.team], a.intent) < std::pair(of_team_[b.team], b.intent);
    }

    /// How many run there, and the memory that they hold.
    std::pair<std::int64_t, std::int64_t> load(const Machine& machine) const {
        std::pair<std::int64_t, std::int64_t> load{0, 0};
        for (const Runner& runner : line_.running) {
            if (runner.machine != machine.id) continue;
            ++load.first;
            load.second += runner.memory_bytes;
        }
        return load;
    }

    const Machine* machine_for(const Waiter& waiter) const {
        for (const Machine& machine : line_.machines) {
            const auto [running, held] = load(machine);
            if (has_slot(machine, running) &&
                has_memory(machine, running, held, waiter.memory_bytes)) {
                return &machine;
            }
        }
        return nullptr;
    }

    bool any_slot() const {
        return std::ranges::any_of(line_.machines, [&](const Machine& machine) {
            return has_slot(machine, load(machine).first);
        });
    }

    void begin_what_can() {
        while (true) {  // ends when nobody is left, or the first has to wait
            const auto next = first(Blocked::left_out);
            if (next == line_.waiting.end()) return;
            const Machine* machine = machine_for(*next);
            if (machine == nullptr) return;
            place(*next, now_ms_);
            Runner runner{.project = next->project,
                          .team = next->team,
                          .machine = machine->id,
                          .memory_bytes = next->memory_bytes};
            if (next->usual_ms) runner.end_ms = now_ms_ + *next->usual_ms;
            line_.running.push_back(std::move(runner));
            ++of_project_[next->project];
            ++of_team_[next->team];
            line_.waiting.erase(next);
        }
    }

    /// Goes on to the time when the next one ends. False: none is known to.
    bool end_the_next() {
        auto next = line_.running.end();
        for (auto one = line_.running.begin(); one != line_.running.end(); ++one) {
            const bool sooner =
                one->end_ms && (next == line_.running.end() || *one->end_ms < *next->end_ms);
            if (sooner) next = one;
        }
        if (next == line_.running.end()) return false;
        now_ms_ = std::max(now_ms_, *next->end_ms);
        --of_project_[next->project];
        --of_team_[next->team];
        line_.running.erase(next);
        return true;
    }

    void place(const Waiter& waiter, std::optional<std::int64_t> begin_ms) {
        Place& place = places_[waiter.id];
        place.position = ++placed_;
        place.begin_ms = begin_ms;
        order_.push_back(waiter);
    }

    /// Of those that cannot begin now.
    void say_reasons() {
        const bool slot = any_slot();
        for (const Waiter& waiter : line_.waiting) {
            std::optional<WaitReason>& reason = places_[waiter.id].reason;
            if (line_.machines.empty()) {
                reason = WaitReason::worker;
            } else if (project_is_full(waiter)) {
                reason = WaitReason::project;
            } else {
                reason = slot ? WaitReason::memory : WaitReason::slot;
            }
        }
    }

    /// Whom a younger one of another team goes before waits for its team's turn.
    void say_teams() {
        for (std::size_t at = 0; at < order_.size(); ++at) {
            std::optional<WaitReason>& reason = places_[order_[at].id].reason;
            if (reason != WaitReason::slot && reason != WaitReason::memory) continue;
            const bool overtaken = std::any_of(
                order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(at),
                [&](const Waiter& earlier) {
                    return earlier.team != order_[at].team && earlier.intent > order_[at].intent;
                });
            if (overtaken) reason = WaitReason::team;
        }
    }

    Line line_;
    std::int64_t now_ms_;
    std::int64_t placed_ = 0;
    std::map<std::string, std::int64_t> of_project_{};
    std::map<std::string, std::int64_t> of_team_{};
    std::map<std::string, Place> places_{};
    std::vector<Waiter> order_{};  // as they were placed
};

}  // namespace

bool has_slot(const Machine& machine, std::int64_t running) {
    return machine.slots == 0 || running < machine.slots;
}

bool has_memory(const Machine& machine, std::int64_t running, std::int64_t held_bytes,
                std::int64_t memory_bytes) {
    return machine.memory_bytes == 0 || running == 0 ||
           held_bytes + memory_bytes <= machine.memory_bytes;
}

std::map<std::string, Place> forecast(Line line) {
    return Simulation(std::move(line)).run();
}

}  // namespace berth::deployments
