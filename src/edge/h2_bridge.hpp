#pragma once
/// One request of an HTTP/2 connection that is passed on: to the api, or where a rewrite leads. It
/// travels as HTTP/1.1 over a socket pair whose other end is served like any visitor's.

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "edge/loop.hpp"
#include "edge/upstream.hpp"
#include "http/h2_session.hpp"

namespace berth::edge {

class H2Bridge : public std::enable_shared_from_this<H2Bridge> {
public:
    /// What it tells its connection. Called on the loop, never after close().
    struct Owner {
        std::function<void(unsigned status, std::span<const http::H2Session::Field> fields,
                           std::unique_ptr<http::H2Body> body)>
            respond{};
        std::function<void()> more{};  // the body has more, or is over
        std::function<void(std::size_t)> consumed{};
        std::function<void()> broken{};
    };

    /// Throws: no descriptor is left.
    H2Bridge(const Connection& visitor, Owner owner);

    /// `head`: as HTTP/1.1; `chunked`: so is the body that follows; `whole`: none does.
    void start(std::string head, bool head_only, bool chunked, bool whole);
    void take_body(std::string_view bytes);
    void end_body();
    /// The stream is gone; so is what was asked.
    void close();

private:
    class Body;

    Task<> send_request(std::string head, bool chunked);
    Task<> receive_reply(bool head_only);
    Task<bool> receive_body(const ReplyHead& reply);
    void break_off();

    Loop& loop_;
    http::Stream stream_;
    Owner owner_;
    std::string inbox_{};  // of the request's body; as large as the window
    bool request_whole_ = false;
    asio::steady_timer request_more_;
    std::string outbox_{};  // of the reply's body
    bool reply_whole_ = false;
    bool broken_ = false;
    asio::steady_timer outbox_taken_;
    bool closed_ = false;
};

}  // namespace berth::edge
