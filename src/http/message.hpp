#pragma once
/// Requests and responses as handlers see them. The edge's hot path does not use these: it works
/// on views of the received bytes (edge/).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace berth::http {

enum class Verb { get, head, post, put, patch, del, options };

/// "GET" … "DELETE".
std::string_view word(Verb verb);
/// Nothing: another verb, or other letters.
std::optional<Verb> verb_of(std::string_view text);

/// Header fields in the order they came. Names are lower case.
class Headers {
public:
    /// The first field of that (lower-case) name, or null.
    const std::string* find(std::string_view name) const;
    /// The first field of that name, or "".
    std::string_view get(std::string_view name) const;
    void add(std::string name, std::string value);
    /// Replaces every field of that name.
    void set(std::string name, std::string value);
    void remove(std::string_view name);

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// The rest of a request's body, read piece by piece.
class BodySource {
public:
    virtual ~BodySource() = default;
    /// Fills up to `into.size()` bytes; 0 at the end.
    /// Errors: too_large — over the route's limit; unavailable — the peer went away.
    virtual Task<Result<std::size_t>> read(std::span<char> into) = 0;
};

struct Request {
    Verb verb = Verb::get;
    std::string target{};  // as received: "/a%20b?x=1"
    std::string path{};    // decoded and normalised: "/a b"
    std::string query{};   // without "?", as received
    Headers headers{};
    std::string body{};            // whole, for routes that buffer
    BodySource* source = nullptr;  // set instead of `body` for routes that stream
    std::string host{};            // lower case, without port and trailing dot
    std::string peer{};            // address of the client, behind the trusted proxies
    bool secure = false;           // came over TLS (to us or to a trusted proxy)
    /// Whether nobody waits for the answer any more, or nobody should: the server is to end. Ask
    /// before doing what cannot be taken back, and while waiting for what may not come.
    std::function<bool()> gone{};

    /// The decoded value of a query parameter, or nothing.
    std::optional<std::string> parameter(std::string_view name) const;
    /// The value of a cookie, or nothing.
    std::optional<std::string> cookie(std::string_view name) const;
};

/// Writes a response's body piece by piece, with back-pressure.
class BodySink {
public:
    virtual ~BodySink() = default;
    /// Waits until the kernel took it. False: the reader has gone; stop.
    virtual Task<bool> write(std::string_view bytes) = 0;
};

/// One WebSocket connection, after the upgrade. Pings and pongs are answered inside.
class WebSocket {
public:
    virtual ~WebSocket() = default;
    struct Message {
        bool binary = false;
        std::string bytes{};
    };
    /// Errors: unavailable — closed or broken; too_large — over 64 KiB.
    virtual Task<Result<Message>> read() = 0;
    /// Sends one message; one writer at a time. False: closed.
    virtual Task<bool> send_text(std::string_view text) = 0;
    virtual Task<bool> send_binary(std::string_view bytes) = 0;
    virtual Task<> close(std::uint16_t code, std::string_view reason) = 0;
};

using StreamBody = std::function<Task<>(BodySink&)>;
using SocketBody = std::function<Task<>(WebSocket&)>;

/// A piece of an open file, sent without copying it through us.
struct FileBody {
    std::shared_ptr<Fd> file{};
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

struct Response {
    unsigned status = 200;
    Headers headers{};
    /// Text; or a file; or a coroutine that writes (chunked); or the conversation after a
    /// WebSocket upgrade (status is then 101 and `headers` may name the sub-protocol).
    std::variant<std::string, FileBody, StreamBody, SocketBody> body{};
};

/// A handler never throws for what the client did: see Result in handlers, mapped in api/.
using Answer = std::function<Task<Response>(Request&)>;

Response text_response(unsigned status, std::string type, std::string body);
Response empty_response(unsigned status);
/// application/problem+json {type, title, status, detail, code}.
Response problem_response(unsigned status, std::string_view code, std::string_view detail);

/// "Not Found".
std::string_view reason_phrase(unsigned status);

template <class T>
Response json_response(unsigned status, const T& body) {
    return text_response(status, "application/json", json::text(body));
}

/// Decodes %XX; with `plus`, + is a space. Nothing when malformed.
std::optional<std::string> percent_decode(std::string_view text, bool plus = false);
std::string percent_encode(std::string_view text);

}  // namespace berth::http
