#include "roles/join.hpp"

#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/json.hpp"
#include "base/log.hpp"
#include "http/client.hpp"
#include "roles/supervisor.hpp"

namespace berth::roles {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t token_bytes_max = 4096;
constexpr std::int64_t pause_min_ms = 200;
constexpr std::int64_t pause_max_ms = 5'000;

Error bad_file(const std::string& path, std::string_view why) {
    return fail_as(Failure::invalid, "bad_token_file", "/token_file", "--token-file: {} {}", path,
                   why);
}

const char* plural_of(Starter who) {
    return who == Starter::worker ? "workers" : "edges";
}

/// "" when it is not said.
std::string text_at(const std::string& body, const char* key) {
    const auto parsed = json::parse(body);
    if (!parsed || !parsed->is_object()) return "";
    const json::value* found = parsed->get_object().if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

bool is_away(const Result<http::Reply>& reply) {
    return !reply || reply->status == 429 || reply->status >= 500;
}

std::string why_away(const Result<http::Reply>& reply) {
    return reply ? "it answers " + std::to_string(reply->status) : reply.error().message;
}

/// What one try found out; `away` when it is worth another.
struct Tried {
    std::string away{};
    Result<> answer{};
};

Result<> check_version(const Knock& at, const http::Reply& health) {
    const std::string version = text_at(health.body, "version");
    if (health.status != 200 || version.empty()) {
        return fail_as(Failure::invalid, "not_a_berth", "/server",
                       "--server: {} is not the address of a Berth: its health answers {}",
                       at.server, health.status);
    }
    if (version == BERTH_VERSION) return {};
    return fail_as(Failure::conflict, "version_mismatch", "/server",
                   "{} is Berth {}, this is Berth {}: run the same version on both", at.server,
                   version, BERTH_VERSION);
}

/// A body that cannot be right does nothing; but it is read only after the token is.
http::Call question(const Knock& at) {
    const char* path = at.who == Starter::worker ? "worker/claim" : "edge/wait";
    http::Call call{
        .verb = "POST", .url = at.server + "/api/v1/" + path, .body = "[]", .limit = 10s};
    call.headers.set("authorization", "Bearer " + at.token);
    call.headers.set("content-type", "application/json");
    return call;
}

Tried try_once(const Knock& at, http::Client& client) {
    http::Call health{.url = at.server + "/api/v1/instance/health", .limit = 10s};
    const Result<http::Reply> alive = wait(client.send(std::move(health)));
    if (is_away(alive)) return {why_away(alive), {}};
    if (const Result<> same = check_version(at, *alive); !same) return {"", same};
    const Result<http::Reply> asked = wait(client.send(question(at)));
    if (is_away(asked)) return {why_away(asked), {}};
    if (asked->status == 401 || asked->status == 403) {
        return {"", fail(Failure::unauthenticated,
                         "{} refuses the token of --token-file: write what `berth {} token` prints "
                         "on that machine into the file",
                         at.server, plural_of(at.who))};
    }
    return {};
}

}  // namespace

Result<std::string> read_token_file(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return bad_file(path, std::strerror(errno));
    if (!S_ISREG(found.st_mode)) return bad_file(path, "is not a file");
    if ((found.st_mode & 077) != 0) {
        return bad_file(path, "can be read by others than its owner: chmod 600 it");
    }
    Result<std::string> text = read_file(path, token_bytes_max);
    if (!text) return bad_file(path, text.error().message);
    while (!text->empty() && std::isspace(static_cast<unsigned char>(text->back())) != 0)
        text->pop_back();
    if (text->empty()) return bad_file(path, "is empty");
    const auto is_plain = [](unsigned char c) { return c > ' ' && c < 0x7f; };
    if (!std::ranges::all_of(*text, is_plain)) return bad_file(path, "is not one token");
    return text;
}

Result<> knock(const Knock& at) {
    const auto client = http::make_curl_client(1, at.ca_file);
    bool said = false;
    for (std::int64_t pause = pause_min_ms;; pause = std::min(pause * 2, pause_max_ms)) {
        const Tried tried = try_once(at, *client);
        if (tried.away.empty()) return tried.answer;
        if (!std::exchange(said, true)) {
            log::warning("the server does not answer yet; trying on",
                         {{"server", at.server}, {"why", tried.away}});
        }
        const int signal = wait_for_signal(pause);
        if (signal == SIGTERM || signal == SIGINT) {
            return fail(Failure::unavailable, "stopped before {} answered", at.server);
        }
    }
}

}  // namespace berth::roles
