#pragma once
/// Talks to one Berth: address, token, retries, and how answers become problems. Paths here begin
/// after /api/v1. Every POST carries an Idempotency-Key, so that a repeat makes nothing twice.

#include <functional>
#include <memory>
#include <string>

#include "cli/loop.hpp"
#include "cli/output.hpp"
#include "cli/problem.hpp"
#include "http/client.hpp"

namespace berth::cli {

struct Answer {
    unsigned status = 0;
    json::value body{};
    std::string etag{};
};

/// What a call may carry beside its path.
struct Extra {
    std::string if_match{};
    std::string token{};  // instead of the session's: for the minute of a login
};

class Session {
public:
    /// All four must outlive the session.
    Session(std::string server, std::string token, http::Client& client, Loop& loop,
            Output& output);

    const std::string& server() const { return server_; }
    Loop& loop() { return loop_; }

    Outcome<Answer> get(const std::string& path);
    Outcome<Answer> post(const std::string& path, const json::value& body, Extra extra = {});
    Outcome<Answer> put(const std::string& path, const json::value& body, Extra extra = {});
    Outcome<Answer> patch(const std::string& path, const json::value& body, Extra extra = {});
    Outcome<Answer> remove(const std::string& path, Extra extra = {});

    /// The items of all pages of a list, at most `items_max`.
    Outcome<json::bj::array> get_all(const std::string& path, std::size_t items_max = 2000);

    /// Sends as it is and returns any answer, also one that says no; for `berth api`.
    Outcome<http::Reply> send(http::Call call);

    /// A GET whose body comes piece by piece, on the loop. Not repeated when it breaks off.
    Outcome<> stream(const std::string& path, const std::string& accept,
                     std::function<void(std::string_view)> piece);

    /// A call of the API, ready but for its body.
    http::Call call(const std::string& verb, const std::string& path, const Extra& extra) const;

private:
    Outcome<Answer> exchange(http::Call call);

    std::string server_;
    std::string token_;
    http::Client& client_;
    Loop& loop_;
    Output& output_;
};

}  // namespace berth::cli
