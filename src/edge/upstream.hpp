#pragma once
/// Connections to the api's unix socket, kept and used again; and the heads of its answers.

#include <memory>
#include <string>
#include <vector>

#include "http/head_parser.hpp"
#include "http/stream.hpp"

namespace berth::edge {

/// Belongs to one loop.
class UpstreamPool {
public:
    UpstreamPool(asio::any_io_executor loop, http::Deadlines& deadlines, std::string socket_path);

    struct Lent {
        std::unique_ptr<http::Stream> stream{};  // null: nobody listens
        bool used_before = false;
    };
    Lent take();
    Lent connect();
    /// Only a connection whose last answer was whole and that has nothing buffered.
    void give_back(std::unique_ptr<http::Stream> stream);
    void clear() { kept_.clear(); }

private:
    struct Kept {
        std::unique_ptr<http::Stream> stream{};
        std::int64_t since_ms = 0;
    };

    asio::any_io_executor loop_;
    http::Deadlines& deadlines_;
    std::string socket_path_;
    std::vector<Kept> kept_{};
};

/// Views of one answer's head.
struct ReplyHead {
    unsigned status = 0;
    bool keep_alive = true;
    bool until_close = false;  // neither a length nor chunks
    http::Framing framing = http::Framing::none;
    std::uint64_t content_bytes = 0;
    std::string_view connection{};
    std::vector<http::FieldView> fields{};  // all but those about the connection
};

/// False: not an HTTP/1.1 answer that we would pass on.
bool parse_reply_head(std::span<char> head, ReplyHead& into);

/// Whether the field is about one connection only, or framing that each side writes for itself.
bool is_hop_by_hop(std::string_view name, std::string_view connection);

}  // namespace berth::edge
