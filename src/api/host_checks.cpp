#include "api/host_checks.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "deployments/deployments.hpp"
#include "githosts/host_client.hpp"
#include "projects/git_connection_store.hpp"

namespace berth::api {
namespace {

using deployments::WaitingPromotion;
using githosts::CommitCheck;
using githosts::StatusState;

/// What is to be done with one that waits.
struct Word {
    enum class Kind { wait, live, refused };
    Kind kind = Kind::wait;
    std::string why{};
};

Word wait_on(const WaitingPromotion& waiting, std::int64_t now_ms, std::string_view for_what) {
    if (now_ms - waiting.begun_ms < host_checks_end_ms) return {};
    return {Word::Kind::refused,
            fmt::format("Waited an hour for {}: promote it to go live", for_what)};
}

Word word_of(const std::vector<CommitCheck>& checks, const WaitingPromotion& waiting,
             std::int64_t now_ms) {
    const auto is = [](StatusState state) {
        return [state](const CommitCheck& check) { return check.state == state; };
    };
    const auto failed = std::ranges::find_if(checks, is(StatusState::failure));
    if (failed != checks.end()) {
        return {Word::Kind::refused,
                fmt::format("The check '{}' of its commit failed at the Git host: it does not go "
                            "live by itself",
                            failed->name)};
    }
    const auto pending = std::ranges::find_if(checks, is(StatusState::pending));
    if (pending != checks.end())
        return wait_on(waiting, now_ms, fmt::format("the check '{}'", pending->name));
    // None yet may mean that they have not begun.
    const bool begun = !checks.empty() || now_ms - waiting.begun_ms >= host_checks_begin_ms;
    return begun ? Word{Word::Kind::live, ""} : Word{};
}

Task<Word> ask_host(Services& services, const WaitingPromotion& waiting) {
    const std::int64_t now = services.now_ms();
    const std::string project = waiting.project;
    const auto link = co_await services.git_connections->link_of(project);
    // What is not linked any more has nobody to wait for.
    if (!link) co_return Word{Word::Kind::live, ""};
    const std::string connection = link->connection;
    const auto open = co_await services.git_connections->open(connection);
    if (!open) co_return Word{Word::Kind::refused, open.error().message};
    const githosts::HostAccess& access = open->access;
    const Result<std::vector<CommitCheck>> checks =
        co_await services.git_hosts->checks(access, link->repository, waiting.commit);
    if (checks) co_return word_of(*checks, waiting, now);
    if (checks.error().failure == Failure::unavailable)
        co_return wait_on(waiting, now, "the Git host");
    co_return Word{Word::Kind::refused,
                   "The checks of its commit could not be read: " + checks.error().message};
}

}  // namespace

Task<> heed_host_checks(Services& services) {
    const std::vector<WaitingPromotion> due = co_await services.deployments->waiting_promotions();
    for (const WaitingPromotion& waiting : due) {
        const Word word = co_await ask_host(services, waiting);
        const std::string id = waiting.deployment;
        if (word.kind == Word::Kind::wait) {
            co_await services.deployments->wait_longer(id, host_check_pause_ms);
            continue;
        }
        log::info("git host's checks ended", {{"deployment", id}, {"why", word.why}});
        co_await services.deployments->end_wait(id, word.why);
    }
}

}  // namespace berth::api
