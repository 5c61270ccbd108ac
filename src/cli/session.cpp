#include "cli/session.hpp"

#include <charconv>
#include <future>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr std::array retry_after_ms = {250, 1'000, 3'000};  // three repeats, then the problem
constexpr std::int64_t patience_ms = 10'000;                // the longest Retry-After we honour
constexpr std::chrono::milliseconds stream_limit{120'000};

/// Whether an answer of 502, 503 or 504 may be another one in a moment: the edge without its api,
/// or an api that starts. No worker, or a full disk, is a state to report, not one to wait for.
bool may_pass(const http::Reply& reply) {
    const Result<json::value> body = json::parse(reply.body);
    const std::string code = body ? text(*body, "code") : "";
    return code.empty() || code == "unavailable" || code == "starting" || code == "not_ready";
}

/// How long to wait before a repeat; nothing: do not repeat.
std::optional<std::int64_t> wait_before_repeat(const Result<http::Reply>& reply,
                                               std::size_t attempt) {
    if (attempt >= retry_after_ms.size()) return std::nullopt;
    if (!reply) {
        const bool lost = reply.error().failure == Failure::unavailable;
        return lost ? std::optional<std::int64_t>(retry_after_ms[attempt]) : std::nullopt;
    }
    const unsigned status = reply->status;
    // The first try of a repeated POST is still being answered.
    if (status == 409 && reply->body.contains("\"idempotency_running\"")) {
        return retry_after_ms[attempt];
    }
    if (status != 429 && status != 502 && status != 503 && status != 504) return std::nullopt;
    if (status != 429 && !may_pass(*reply)) return std::nullopt;
    const std::string_view asked = reply->headers.get("retry-after");
    std::int64_t seconds = 0;
    const auto [end, bad] = std::from_chars(asked.data(), asked.data() + asked.size(), seconds);
    if (bad == std::errc{}) {
        if (seconds * 1000 > patience_ms) return std::nullopt;
        return std::max<std::int64_t>(seconds * 1000, retry_after_ms[0]);
    }
    // A limit without a time is a limit to respect; a server that starts is one to wait for.
    return status == 429 ? std::nullopt : std::optional<std::int64_t>(retry_after_ms[attempt]);
}

/// The path as -v says it: what follows is a secret of its own.
std::string shown_path(std::string path) {
    for (const std::string_view before : {"/hooks/deploy/", "/invitations/"}) {
        const std::size_t at = path.find(before);
        if (at != path.npos) return path.substr(0, at + before.size()) + "***";
    }
    return path;
}

Problem unreachable(const std::string& server, const Error& error) {
    Problem said = problem_of(error);
    if (error.failure == Failure::unavailable) {
        said.code = "unreachable";
        said.detail = fmt::format("{} does not answer ({})", server, error.message);
        said.next.push_back({.label = "check that Berth runs there, or give another --server"});
    }
    return said;
}

}  // namespace

Session::Session(std::string server, std::string token, http::Client& client, Loop& loop,
                 Output& output)
    : server_(std::move(server)),
      token_(std::move(token)),
      client_(client),
      loop_(loop),
      output_(output) {}

http::Call Session::call(const std::string& verb, const std::string& path,
                         const Extra& extra) const {
    http::Call made{.verb = verb, .url = server_ + "/api/v1" + path};
    made.headers.add("accept", "application/json");
    made.headers.add("user-agent", "berth-cli/" BERTH_VERSION);
    const std::string& token = extra.token.empty() ? token_ : extra.token;
    if (!token.empty()) made.headers.add("authorization", "Bearer " + token);
    if (!extra.if_match.empty()) made.headers.add("if-match", extra.if_match);
    if (verb == "POST") made.headers.add("idempotency-key", hex(random_bytes(16)));
    return made;
}

Outcome<http::Reply> Session::send(http::Call call) {
    const std::string path = call.url.substr(std::min(server_.size(), call.url.size()));
    for (std::size_t attempt = 0;; ++attempt) {  // ends with the repeats of wait_before_repeat
        const std::int64_t begin = steady_now_ms();
        const Outcome<Result<http::Reply>> ended = loop_.run(client_.send(call));
        if (!ended) return ended.error();
        const Result<http::Reply>& reply = *ended;
        output_.detail(fmt::format("{} {} {} ({} ms)", call.verb, shown_path(path),
                                   reply ? std::to_string(reply->status) : reply.error().code,
                                   steady_now_ms() - begin));
        const std::optional<std::int64_t> wait_ms = wait_before_repeat(reply, attempt);
        if (!wait_ms) {
            if (!reply) return unreachable(server_, reply.error());
            return *reply;
        }
        output_.detail(fmt::format("trying again in {}", duration(*wait_ms)));
        const Outcome<> paused = loop_.pause(std::chrono::milliseconds(*wait_ms));
        if (!paused) return paused.error();
    }
}

Outcome<Answer> Session::exchange(http::Call call) {
    const Outcome<http::Reply> reply = send(std::move(call));
    if (!reply) return reply.error();
    if (reply->status >= 300) {
        Problem said = problem_of(*reply);
        for (Next& next : said.next) {
            if (next.href.starts_with('/')) next.href = server_ + next.href;
        }
        return said;
    }
    Answer answer{.status = reply->status, .etag = std::string(reply->headers.get("etag"))};
    if (reply->body.empty()) return answer;
    const Result<json::value> body = json::parse(reply->body);
    if (!body) {
        return problem(Exit::failure, "not_berth",
                       fmt::format("{} does not answer as Berth does", server_),
                       "check the address", "berth login --server URL");
    }
    answer.body = *body;
    return answer;
}

Outcome<Answer> Session::get(const std::string& path) {
    return exchange(call("GET", path, {}));
}

namespace {

http::Call with_body(http::Call call, const json::value& body) {
    call.headers.add("content-type", "application/json");
    call.body = json::bj::serialize(body);
    return call;
}

}  // namespace

Outcome<Answer> Session::post(const std::string& path, const json::value& body, Extra extra) {
    return exchange(with_body(call("POST", path, extra), body));
}

Outcome<Answer> Session::put(const std::string& path, const json::value& body, Extra extra) {
    return exchange(with_body(call("PUT", path, extra), body));
}

Outcome<Answer> Session::patch(const std::string& path, const json::value& body, Extra extra) {
    return exchange(with_body(call("PATCH", path, extra), body));
}

Outcome<Answer> Session::remove(const std::string& path, Extra extra) {
    return exchange(call("DELETE", path, extra));
}

Outcome<json::bj::array> Session::get_all(const std::string& path, std::size_t items_max) {
    json::bj::array items;
    std::string cursor;
    const std::string limit = fmt::format("{}limit={}", path.contains('?') ? "&" : "?",
                                          std::min<std::size_t>(items_max, 100));
    do {  // ends with the last page, or with items_max
        const std::string at = cursor.empty() ? "" : "&cursor=" + path_part(cursor);
        const Outcome<Answer> page = get(path + limit + at);
        if (!page) return page.error();
        for (const json::value& item : list(page->body, "items")) {
            if (items.size() < items_max) items.push_back(item);
        }
        cursor = text(page->body, "next");
    } while (!cursor.empty() && items.size() < items_max);
    return items;
}

Outcome<> Session::stream(const std::string& path, const std::string& accept,
                          std::function<void(std::string_view)> piece) {
    http::Call streamed = call("GET", path, {});
    streamed.headers.set("accept", accept);
    streamed.limit = stream_limit;
    // The pool's thread waits until we took the piece: what we cannot print, we do not read.
    streamed.sink = [&loop = loop_, piece = std::move(piece)](std::string_view bytes) {
        const auto taken = std::make_shared<std::promise<void>>();
        loop.post([piece, taken, copy = std::string(bytes)] {
            piece(copy);
            taken->set_value();
        });
        taken->get_future().wait();
        return true;
    };
    const Outcome<Result<http::Reply>> ended = loop_.run(client_.send(std::move(streamed)));
    if (!ended) return ended.error();
    if (!*ended) return unreachable(server_, ended->error());
    if ((*ended)->status >= 300) return problem_of(**ended);
    return {};
}

}  // namespace berth::cli
