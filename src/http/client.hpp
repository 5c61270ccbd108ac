#pragma once
/// HTTP requests to others: the worker's and edge's to the api, the CLI's, hooks. libcurl easy
/// handles on a bounded pool of threads; connections are kept and reused.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/message.hpp"

namespace berth::http {

struct Call {
    std::string verb = "GET";
    /// http(s)://… or unix:/path/of/socket:/target (then the Host is `localhost`).
    std::string url{};
    Headers headers{};
    std::string body{};
    /// When set, the body is read from it instead (on a worker thread; return 0 at the end).
    std::function<std::size_t(std::span<char>)> source{};
    /// How many bytes the source has: sent as Content-Length. Nothing: sent in chunks.
    std::optional<std::uint64_t> source_bytes{};
    /// When set, a 2xx answer's body goes here piece by piece (on a worker thread) and
    /// `Reply::body` stays empty; return false to stop.
    std::function<bool(std::string_view)> sink{};
    std::chrono::milliseconds limit{30'000};
    /// When set, the call also ends once less than 1 KiB a second moved for that long.
    std::chrono::seconds stall{0};
    std::size_t reply_bytes_max = 16 << 20;
};

struct Reply {
    unsigned status = 0;
    Headers headers{};
    std::string body{};
};

class Client {
public:
    virtual ~Client() = default;

    /// Any status is an answer, not an error. Redirects are not followed.
    /// Errors: unavailable — no connection or it broke; timed_out; too_large; invalid — bad URL.
    virtual Task<Result<Reply>> send(Call call) = 0;
};

/// `ca_file`: extra trust beside the system's, or "". At most `threads` calls at a time.
std::unique_ptr<Client> make_curl_client(std::size_t threads, std::string ca_file);

}  // namespace berth::http
