#pragma once
/// What must hold for every payload, whatever it says: the fuzzer's property, and that of the test
/// that replays its corpus.

#include <string>
#include <string_view>

#include "base/fuzzing.hpp"
#include "githosts/push_rules.hpp"
#include "rules/repo_url.hpp"

namespace berth::githosts::testing {

/// The input: one byte that says who sent what, then the body.
inline void check_webhook(std::string_view input) {
    using fuzzing::must;
    constexpr const char* events[] = {"push", "Push Hook",   "repo:push", "repo:refs_changed",
                                      "ping", "pull_request"};
    constexpr const char* types[] = {"application/json", "application/x-www-form-urlencoded"};
    const unsigned kind = input.empty() ? 0 : static_cast<unsigned char>(input.front());
    input.remove_prefix(std::min<std::size_t>(input.size(), 1));
    const Origin origin{static_cast<Provider>(kind % 6), events[kind / 6 % 6], "1"};
    const Result<Event> event = read_event(origin, types[kind / 36 % 2], input);
    if (!event) {
        must(event.error().code == "unreadable_payload", "another code", event.error().code);
        return;
    }
    must(event->pushes.size() <= pushes_max + 1, "too many pushes", input);
    must(event->addresses.size() <= addresses_max, "too many addresses", input);
    must(event->pusher.size() <= 100, "a long name", event->pusher);
    // What is kept is written as JSON and read again.
    const auto again = json::parse_as<Event>(json::text(*event));
    must(again && again->pushes.size() == event->pushes.size(), "does not survive", input);
    for (const Push& push : event->pushes) {
        must(push.ref.size() <= 255 && push.message.size() <= 2000, "a long text", push.ref);
        const Verdict verdict = judge_push(*event, push, "https://git.example/team/shop");
        must(verdict.deploys == verdict.reason.empty(), "a verdict without a reason", push.ref);
        if (!verdict.deploys) continue;
        must(rules::is_ref_name(push.ref), "not a ref name", push.ref);
        must(rules::is_commit_id(push.commit), "not a commit", push.commit);
    }
}

}  // namespace berth::githosts::testing
