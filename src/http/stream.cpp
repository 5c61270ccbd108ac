#include "http/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "base/clock.hpp"

namespace berth::http {

namespace {

constexpr std::size_t kept_bytes_max = 1 << 10;  // of an empty buffer's memory
constexpr std::size_t linger_bytes_max = 256 << 10;
constexpr std::size_t turn_bytes_max = 64 << 10;
constexpr std::size_t file_turn_bytes_max = 256 << 10;  // by sendfile, a few µs for each 64 KiB
constexpr std::size_t record_bytes = 16 << 10;          // of TLS, at most
constexpr std::chrono::milliseconds linger_limit{1'000};

/// Where a loop receives before it knows whose buffer must grow.
std::span<char> scratch() {
    thread_local std::array<char, 16 << 10> bytes;
    return bytes;
}

/// What is written goes out at once. Means nothing to a unix socket.
void send_without_delay(int socket) {
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

}  // namespace

Stream::Stream(const asio::any_io_executor& loop, Deadlines& deadlines, Fd socket)
    : socket_(loop, std::move(socket)), deadlines_(deadlines) {
    send_without_delay(socket_.native());
}

std::string_view Stream::buffered() const {
    return std::string_view(buffer_).substr(begin_);
}

std::span<char> Stream::buffered_in_place() {
    return std::span(buffer_).subspan(begin_);
}

void Stream::consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ < buffer_.size()) return;
    begin_ = 0;
    buffer_.clear();
    if (buffer_.capacity() > kept_bytes_max) buffer_ = std::string();
}

std::ptrdiff_t Stream::receive(std::span<char> into) {
    if (!socket_.is_open()) return -1;
    while (true) {  // ends unless a signal interrupts
        const ssize_t count = ::recv(socket_.native(), into.data(), into.size(), 0);
        if (count > 0) {
            if (static_cast<std::size_t>(count) < into.size())
                socket_.exhausted(ReadySocket::reading);
            return count;
        }
        if (count == 0) return -1;
        if (errno == EINTR) continue;
        socket_.exhausted(ReadySocket::reading);
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    }
}

void Stream::make_room() {
    if (begin_ == 0) return;
    buffer_.erase(0, begin_);
    begin_ = 0;
}

int Stream::try_fill() {
    const std::span<char> into = scratch();
    while (!tls_over_) {  // ends unless what came over TLS had nothing for us
        const std::ptrdiff_t count = receive(into);
        if (count <= 0) return static_cast<int>(count);
        const std::string_view bytes(into.data(), static_cast<std::size_t>(count));
        if (tls_) {
            if (take_sealed(bytes) > 0) return 1;
            continue;
        }
        make_room();
        buffer_.append(bytes);
        received_bytes_ += bytes.size();
        return 1;
    }
    return -1;
}

/// How many bytes in the clear it was.
int Stream::take_sealed(std::string_view bytes) {
    make_room();
    const std::size_t before = buffer_.size();
    tls_->receive(bytes);
    tls_over_ = tls_->read(buffer_) == Tls::Done::broken;
    tls_over_ = !flush_wire() || tls_over_;
    const std::size_t count = buffer_.size() - before;
    received_bytes_ += count;
    return static_cast<int>(count);
}

bool Stream::flush_wire() {
    std::string& wire = tls_->wire();
    std::size_t gone = 0;
    bool good = socket_.is_open();
    while (good && gone < wire.size()) {
        const ssize_t sent =
            ::send(socket_.native(), wire.data() + gone, wire.size() - gone, MSG_NOSIGNAL);
        if (sent >= 0) {
            gone += static_cast<std::size_t>(sent);
        } else if (errno != EINTR) {
            socket_.exhausted(ReadySocket::writing);
            good = errno == EAGAIN || errno == EWOULDBLOCK;
            break;
        }
    }
    wire.erase(0, gone);
    if (wire.empty() && wire.capacity() > kept_bytes_max) wire = std::string();
    return good;
}

Task<bool> Stream::handshake(std::unique_ptr<Tls> tls) {
    tls_ = std::move(tls);
    const std::string early = std::exchange(buffer_, {}).substr(std::exchange(begin_, 0));
    tls_->receive(early);
    while (true) {  // ends when it is done, broken, or the limit is over
        const Tls::Done done = tls_->handshake();
        // The first request may have come together with the last of the handshake.
        if (done == Tls::Done::yes) tls_over_ = tls_->read(buffer_) == Tls::Done::broken;
        bool good = flush_wire();
        while (good && !tls_->wire().empty()) {
            good = co_await wait_writable();
            good = good && flush_wire();
        }
        if (!good || done == Tls::Done::broken) co_return false;
        if (done == Tls::Done::yes) break;
        const std::span<char> into = scratch();
        std::ptrdiff_t count = receive(into);
        while (count == 0) {
            const bool ready = co_await wait_readable();
            count = ready ? receive(into) : -1;
        }
        if (count < 0) co_return false;
        tls_->receive({into.data(), static_cast<std::size_t>(count)});
    }
    received_bytes_ += buffer_.size();
    handshaken_ = true;
    co_return true;
}

Task<bool> Stream::fill() {
    while (true) {  // ends when something came, at the end, and at the limit
        const std::uint64_t before = received_bytes_;
        const int got = may_fill() ? try_fill() : 0;
        if (got != 0) {
            if (must_give_way(static_cast<std::size_t>(received_bytes_ - before), turn_bytes_max)) {
                co_await asio::post(socket_.loop(), asio::use_awaitable);
            }
            co_return got > 0;
        }
        const bool ready = co_await wait_readable();
        if (!ready) co_return false;
    }
}

Task<bool> Stream::wait_readable() {
    turn_bytes_ = 0;
    co_await socket_.wait(ReadySocket::reading);
    co_return socket_.is_open() && !expired_;
}

Task<bool> Stream::wait_writable() {
    turn_bytes_ = 0;
    co_await socket_.wait(ReadySocket::writing);
    co_return socket_.is_open() && !expired_;
}

std::ptrdiff_t Stream::try_write(std::string_view first, std::string_view second,
                                 std::string_view third) {
    if (!socket_.is_open()) return -1;
    if (tls_) return write_sealed(std::array{first, second, third});
    return write_in_clear(std::array{first, second, third}, 0);
}

std::ptrdiff_t Stream::try_write_before_file(std::string_view first, std::string_view second) {
    if (!socket_.is_open()) return -1;
    if (tls_) return write_sealed(std::array{first, second});
    return write_in_clear(std::array{first, second}, MSG_MORE);
}

std::ptrdiff_t Stream::write_in_clear(std::span<const std::string_view> given, int flags) {
    std::array<iovec, 3> pieces{};
    std::size_t count = 0;
    for (const std::string_view piece : given) {
        if (!piece.empty()) pieces[count++] = {const_cast<char*>(piece.data()), piece.size()};
    }
    if (count == 0) return 0;
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    while (true) {  // ends unless a signal interrupts
        const ssize_t sent = ::sendmsg(socket_.native(), &message, MSG_NOSIGNAL | flags);
        if (sent >= 0) {
            sent_bytes_ += static_cast<std::uint64_t>(sent);
            return sent;
        }
        if (errno == EINTR) continue;
        socket_.exhausted(ReadySocket::writing);
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    }
}

std::ptrdiff_t Stream::write_sealed(std::span<const std::string_view> pieces) {
    if (!flush_wire()) return -1;
    if (!tls_->wire().empty()) return 0;
    if (sealed_bytes_ > 0) {
        sent_bytes_ += sealed_bytes_;
        return static_cast<std::ptrdiff_t>(std::exchange(sealed_bytes_, 0));
    }
    // Head and body go in one record where they fit.
    thread_local std::array<char, record_bytes> record;
    std::size_t filled = 0;
    std::size_t taken = 0;
    bool good = true;
    for (std::string_view piece : pieces) {
        while (good && !piece.empty() && taken < turn_bytes_max) {
            const std::size_t count = std::min(piece.size(), record.size() - filled);
            std::memcpy(record.data() + filled, piece.data(), count);
            piece.remove_prefix(count);
            filled += count;
            taken += count;
            if (filled < record.size()) continue;
            good = tls_->write({record.data(), filled});
            filled = 0;
        }
    }
    good = good && tls_->write({record.data(), filled}) && flush_wire();
    if (!good) return -1;
    if (tls_->wire().empty()) {
        sent_bytes_ += taken;
        return static_cast<std::ptrdiff_t>(taken);
    }
    sealed_bytes_ = taken;
    return 0;
}

Task<bool> Stream::write(std::string_view first, std::string_view second, std::string_view third) {
    std::array<std::string_view, 3> left{first, second, third};
    while (true) {  // ends when all is sent, when it breaks, and at the limit
        const std::ptrdiff_t sent = try_write(left[0], left[1], left[2]);
        if (sent < 0) co_return false;
        auto rest = static_cast<std::size_t>(sent);
        for (std::string_view& piece : left) {
            const std::size_t gone = std::min(rest, piece.size());
            piece.remove_prefix(gone);
            rest -= gone;
        }
        if (left[0].empty() && left[1].empty() && left[2].empty()) {
            if (must_give_way(static_cast<std::size_t>(sent), turn_bytes_max)) {
                co_await asio::post(socket_.loop(), asio::use_awaitable);
            }
            co_return true;
        }
        if (sent > 0) renew();
        const bool ready = co_await wait_writable();
        if (!ready) co_return false;
    }
}

Task<bool> Stream::send_file_sealed(int file, std::uint64_t offset, std::uint64_t bytes) {
    std::string piece(std::min<std::uint64_t>(bytes, turn_bytes_max), '\0');
    while (bytes > 0) {
        const std::size_t wanted = std::min<std::uint64_t>(bytes, piece.size());
        const ssize_t count = ::pread(file, piece.data(), wanted, static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) co_return false;  // the file is shorter than promised
        const auto got = static_cast<std::size_t>(count);
        const bool sent = co_await write(std::string_view(piece).substr(0, got));
        if (!sent) co_return false;
        renew();
        bytes -= got;
        offset += got;
    }
    co_return true;
}

bool Stream::try_send_file(int file, std::uint64_t& offset, std::uint64_t& bytes) {
    if (!socket_.is_open()) return false;
    if (tls_) return true;
    auto at = static_cast<off_t>(offset);
    while (bytes > 0 && turn_bytes_ < file_turn_bytes_max) {
        const std::size_t piece = std::min<std::uint64_t>(bytes, file_turn_bytes_max);
        const ssize_t sent = ::sendfile(socket_.native(), file, &at, piece);
        if (sent == 0) return false;
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) {
            socket_.exhausted(ReadySocket::writing);
            return errno == EAGAIN || errno == EWOULDBLOCK;
        }
        const auto count = static_cast<std::uint64_t>(sent);
        offset += count;
        bytes -= count;
        sent_bytes_ += count;
        turn_bytes_ += count;
    }
    return true;
}

Task<bool> Stream::send_file(int file, std::uint64_t offset, std::uint64_t bytes) {
    if (tls_) {
        const bool sent = co_await send_file_sealed(file, offset, bytes);
        co_return sent;
    }
    do {  // ends when all is sent, when it breaks, and at the limit
        const std::uint64_t before = bytes;
        if (!try_send_file(file, offset, bytes)) co_return false;
        if (bytes < before) renew();
        if (must_give_way(0, file_turn_bytes_max)) {
            co_await asio::post(socket_.loop(), asio::use_awaitable);
        } else if (bytes > 0) {
            const bool ready = co_await wait_writable();
            if (!ready) co_return false;
        }
    } while (bytes > 0);
    co_return true;
}

void Stream::limit(std::chrono::milliseconds limit) {
    limit_ = limit;
    total_end_ms_ = 0;
    expired_ = false;
    deadlines_.set(*this, limit);
}

void Stream::limit(std::chrono::milliseconds limit, std::chrono::milliseconds total) {
    this->limit(std::min(limit, total));
    limit_ = limit;
    total_end_ms_ = steady_now_ms() + total.count();
}

void Stream::no_limit() {
    limit_ = {};
    expired_ = false;
    Deadlines::clear(*this);
}

void Stream::renew() {
    if (limit_.count() == 0) return;
    std::chrono::milliseconds left = limit_;
    if (total_end_ms_ != 0) {
        left = std::min(left, std::chrono::milliseconds(total_end_ms_ - steady_now_ms()));
    }
    deadlines_.set(*this, left);
}

bool Stream::must_give_way(std::size_t bytes, std::size_t most) {
    turn_bytes_ += bytes;
    if (turn_bytes_ < most) return false;
    turn_bytes_ = 0;
    return true;
}

void Stream::expire() {
    expired_ = true;
    socket_.wake();
}

void Stream::say_end() {
    // Behind a record of which a part is sent it would make no sense.
    if (!tls_ || !handshaken_ || !socket_.is_open() || !tls_->wire().empty()) return;
    tls_->end();
    flush_wire();
}

void Stream::end_sending() {
    say_end();
    ::shutdown(socket_.native(), SHUT_WR);
}

void Stream::close() {
    Deadlines::clear(*this);
    say_end();
    socket_.close();
}

bool Stream::peer_gone() {
    if (!socket_.is_open() || tls_over_) return true;
    char byte = 0;
    const ssize_t count = ::recv(socket_.native(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count > 0) return false;
    return count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

Task<> Stream::linger() {
    end_sending();
    limit(linger_limit);
    const std::uint64_t most = received_bytes_ + linger_bytes_max;
    bool more = true;
    while (more && received_bytes_ < most) {
        consume(buffered().size());
        more = co_await fill();
    }
    close();
}

}  // namespace berth::http
