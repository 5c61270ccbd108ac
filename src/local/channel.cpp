#include "local/channel.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

namespace berth::local {
namespace {

constexpr std::size_t pending_bytes_max = 1 << 20;

}  // namespace

Channel::Channel(const asio::any_io_executor& loop, Fd socket)
    : socket_(loop, asio::local::stream_protocol(), socket.release()), sent_(loop) {}

Task<Result<Order>> Channel::receive() {
    std::string text;
    boost::system::error_code broken;
    const auto bytes =
        co_await asio::async_read_until(socket_, asio::dynamic_buffer(text, message_bytes_max),
                                        '\n', asio::redirect_error(asio::use_awaitable, broken));
    if (broken) co_return fail(Failure::unavailable, "no order came: {}", broken.message());
    co_return json::parse_as<Order>(std::string_view(text).substr(0, bytes - 1));
}

Task<> Channel::wait_for_end() {
    std::array<char, 256> block{};
    boost::system::error_code ended;
    while (!ended) {  // ends with the client, or its wish to stop
        co_await socket_.async_read_some(asio::buffer(block),
                                         asio::redirect_error(asio::use_awaitable, ended));
    }
}

Task<> Channel::send(Event event) {
    pending_ += json::text(event) + "\n";
    if (writing_) {  // whoever writes takes it along
        while (writing_ && pending_.size() > pending_bytes_max)
            co_await sent_.wait();
        co_return;
    }
    writing_ = true;
    while (!pending_.empty()) {
        const std::string now = std::exchange(pending_, {});
        if (gone_) continue;
        boost::system::error_code broken;
        co_await asio::async_write(socket_, asio::buffer(now),
                                   asio::redirect_error(asio::use_awaitable, broken));
        gone_ = static_cast<bool>(broken);
        sent_.notify();
    }
    writing_ = false;
    sent_.notify();
}

}  // namespace berth::local
