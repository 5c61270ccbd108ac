#include "edge/elsewhere.hpp"

#include "base/log.hpp"
#include "edge/dial.hpp"
#include "edge/passing.hpp"
#include "edge/proxy.hpp"
#include "edge/site_fields.hpp"
#include "http/body_reader.hpp"

namespace berth::edge {

namespace {

constexpr std::chrono::milliseconds body_silence_max{30'000};
constexpr int rounds_max = 3;

/// How often the request has come through such a rewrite already.
int rounds_of(const http::HeadView& head) {
    int rounds = 0;
    for (const http::FieldView& field : head.all()) {
        if (field.name != "via") continue;
        for (std::size_t at = field.value.find(via_name); at != field.value.npos;
             at = field.value.find(via_name, at + 1))
            ++rounds;
    }
    return rounds;
}

}  // namespace

Task<After> pass_elsewhere(Connection& connection, std::size_t head_bytes, Step step) {
    Loop& loop = connection.loop;
    const Result<Target> target = parse_target_url(step.elsewhere);
    Passing passing = make_passing_elsewhere(connection, target ? *target : Target{}, step);
    const int rounds = rounds_of(loop.head);
    http::BodyReader body(connection.stream, loop.head, UINT64_MAX, body_silence_max);
    connection.stream.consume(head_bytes);
    connection.stream.no_limit();
    Counters::add(loop.counters.proxied);
    if (!target || rounds >= rounds_max) {
        const After after =
            co_await say(connection, passing, target ? 508 : 502, "rewrite_loop",
                         "The rewrite of this site leads back to itself, or nowhere.");
        co_return after;
    }
    Target wanted = *target;
    Result<Fd> socket =
        co_await dial(loop.outside.reach, loop.outside.client_tls, std::move(wanted));
    if (!socket) {
        log::info("rewrite failed", {{"host", target->host}, {"why", socket.error().message}});
        const bool slow = socket.error().failure == Failure::timed_out;
        const After after = co_await say(
            connection, passing, slow ? 504 : 502, slow ? "gateway_timeout" : "bad_gateway",
            socket.error().failure == Failure::forbidden
                ? "The address that this site is rewritten to is not one of the internet."
                : "The address that this site is rewritten to cannot be reached.");
        co_return after;
    }
    UpstreamPool::Lent lent;
    lent.stream =
        std::make_unique<http::Stream>(loop.io.get_executor(), loop.deadlines, std::move(*socket));
    const std::optional<After> after =
        co_await exchange(connection, passing, body, std::move(lent));
    co_return after.value_or(After::close);
}

}  // namespace berth::edge
