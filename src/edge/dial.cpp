#include "edge/dial.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/url.hpp>
#include <charconv>

#include "base/log.hpp"
#include "base/within.hpp"

namespace berth::edge {

namespace {

using asio::ip::tcp;
using LocalSocket = asio::local::stream_protocol::socket;

constexpr std::chrono::milliseconds dial_limit{10'000};
constexpr std::size_t piece_bytes = 16 << 10;

/// What is pumped between a clear socket of ours and a TLS connection.
struct Bridge {
    Bridge(LocalSocket clear_side, tcp::socket remote, asio::ssl::context& tls)
        : clear(std::move(clear_side)), secure(std::move(remote), tls) {}
    LocalSocket clear;
    asio::ssl::stream<tcp::socket> secure;
};

template <class From, class To>
Task<> pump(From& from, To& to) {
    std::array<char, piece_bytes> piece{};
    boost::system::error_code error;
    while (!error) {
        const auto into = asio::buffer(piece);
        const std::size_t got =
            co_await from.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
        if (error || got == 0) break;
        const auto data = asio::buffer(piece.data(), got);
        co_await asio::async_write(to, data, asio::redirect_error(asio::use_awaitable, error));
    }
}

/// The request side may end first: the answer still comes. When the answer's side has ended,
/// nothing more is of use.
Task<> run_bridge(std::shared_ptr<Bridge> bridge) {
    const auto here = co_await asio::this_coro::executor;
    auto either = asio::experimental::make_parallel_group(
        asio::co_spawn(here, pump(bridge->secure, bridge->clear), asio::deferred),
        asio::co_spawn(here, pump(bridge->clear, bridge->secure), asio::deferred));
    const auto one = asio::experimental::wait_for_one();
    co_await either.async_wait(one, asio::use_awaitable);
    boost::system::error_code ignored;
    bridge->clear.close(ignored);
    bridge->secure.next_layer().close(ignored);
}

Task<Result<tcp::socket>> connect(const RewriteReach& reach, const Target& target) {
    const auto here = co_await asio::this_coro::executor;
    tcp::resolver resolver(here);
    boost::system::error_code error;
    const std::string port = std::to_string(target.port);
    const auto found = co_await resolver.async_resolve(
        target.host, port, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail(Failure::unavailable, "{} does not resolve", target.host);
    std::vector<tcp::endpoint> allowed;
    for (const auto& entry : found) {
        if (reach.allows(entry.endpoint().address(), target.port))
            allowed.push_back(entry.endpoint());
    }
    if (allowed.empty())
        co_return fail(Failure::forbidden, "{} is not an address of the internet", target.host);
    tcp::socket socket(here);
    // The addresses that were checked, not the name again: it might resolve to others now.
    co_await asio::async_connect(socket, allowed, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail(Failure::unavailable, "{}: {}", target.host, error.message());
    socket.set_option(tcp::no_delay(true), error);
    co_return socket;
}

Task<Result<Fd>> secure(tcp::socket remote, asio::ssl::context& tls, std::string host) {
    const auto here = co_await asio::this_coro::executor;
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
        co_return fail(Failure::unavailable, "no socket");
    Fd ours(ends[0]);
    LocalSocket clear(here, asio::local::stream_protocol(), ends[1]);
    const auto bridge = std::make_shared<Bridge>(std::move(clear), std::move(remote), tls);
    boost::system::error_code is_name;
    asio::ip::make_address(host, is_name);
    // An address is no server name: RFC 6066 §3.
    if (is_name) SSL_set_tlsext_host_name(bridge->secure.native_handle(), host.c_str());
    bridge->secure.set_verify_mode(asio::ssl::verify_peer);
    bridge->secure.set_verify_callback(asio::ssl::host_name_verification(host));
    boost::system::error_code error;
    co_await bridge->secure.async_handshake(asio::ssl::stream_base::client,
                                            asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail(Failure::unavailable, "{}: {}", host, error.message());
    spawn(here, run_bridge(bridge), "TLS bridge");
    co_return ours;
}

Task<Result<Fd>> dial_without_limit(const RewriteReach& reach, asio::ssl::context& tls,
                                    Target target) {
    Result<tcp::socket> socket = co_await connect(reach, target);
    if (!socket) co_return socket.error();
    if (target.tls) {
        Result<Fd> ours = co_await secure(std::move(*socket), tls, target.host);
        co_return ours;
    }
    boost::system::error_code error;
    Fd plain(socket->release(error));
    if (error) co_return fail(Failure::unavailable, "{}", error.message());
    co_return plain;
}

}  // namespace

Result<Target> parse_target_url(std::string_view text) {
    const auto url = boost::urls::parse_uri(text);
    const bool known = url && (url->scheme() == "http" || url->scheme() == "https");
    if (!known || url->host().empty()) return fail(Failure::invalid, "'{}' is no address", text);
    Target target;
    target.tls = url->scheme() == "https";
    target.host = url->host_type() == boost::urls::host_type::ipv6
                      ? std::string(url->host_address())
                      : std::string(url->host());
    target.port = target.tls ? 443 : 80;
    if (url->has_port()) {
        const std::string port(url->port());
        const char* end = port.data() + port.size();
        const auto read = std::from_chars(port.data(), end, target.port);
        if (read.ec != std::errc{} || read.ptr != end || target.port == 0)
            return fail(Failure::invalid, "'{}' has a malformed port", text);
    }
    target.authority = url->encoded_host_and_port();
    target.path = url->encoded_path().empty() ? "/" : std::string(url->encoded_path());
    if (url->has_query()) target.path.append("?").append(std::string_view(url->encoded_query()));
    return target;
}

asio::ssl::context make_client_tls(const std::string& ca_file) {
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                    asio::ssl::context::no_tlsv1_1);
    tls.set_default_verify_paths();
    if (!ca_file.empty()) tls.load_verify_file(ca_file);
    return tls;
}

Task<Result<Fd>> dial(const RewriteReach& reach, asio::ssl::context& tls, Target target) {
    Result<Fd> socket =
        co_await within(dial_limit, dial_without_limit(reach, tls, std::move(target)));
    co_return socket;
}

}  // namespace berth::edge
