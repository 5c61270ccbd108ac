#include "engines/frames.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>

namespace berth::engines {
namespace {

/// Descriptors below this number are those that a child's own streams are put on.
constexpr int lowest_descriptor = 16;

/// Takes over what a message carried, away from the low numbers.
void take_descriptors(msghdr& message, std::vector<Fd>& descriptors) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof number);
            const Fd received(number);
            descriptors.emplace_back(::fcntl(number, F_DUPFD_CLOEXEC, lowest_descriptor));
        }
    }
}

}  // namespace

Frames::Frames(asio::local::stream_protocol::socket socket) : socket_(std::move(socket)) {
    socket_.native_non_blocking(true);
    ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);  // Asio does not
}

Task<bool> Frames::receive(char* into, std::size_t count, std::vector<Fd>& descriptors) {
    while (count > 0) {  // ends when all is there or the peer is gone
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * descriptors_max)> control{};
        iovec part{into, count};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t got = ::recvmsg(socket_.native_handle(), &message, MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            boost::system::error_code error;
            co_await socket_.async_wait(asio::socket_base::wait_read,
                                        asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return false;
            continue;
        }
        if (got <= 0) co_return false;
        take_descriptors(message, descriptors);
        const bool too_many = descriptors.size() > descriptors_max;
        if (too_many || (message.msg_flags & MSG_CTRUNC) != 0) co_return false;
        into += got;
        count -= static_cast<std::size_t>(got);
    }
    co_return true;
}

Task<std::optional<Frame>> Frames::read() {
    Frame frame;
    std::array<unsigned char, 4> head{};
    const bool begun =
        co_await receive(reinterpret_cast<char*>(head.data()), head.size(), frame.descriptors);
    if (!begun) co_return std::nullopt;
    const std::size_t count =
        static_cast<std::size_t>(head[0]) | static_cast<std::size_t>(head[1]) << 8 |
        static_cast<std::size_t>(head[2]) << 16 | static_cast<std::size_t>(head[3]) << 24;
    if (count == 0 || count > text_bytes_max) co_return std::nullopt;
    frame.text.resize(count);
    const bool whole = co_await receive(frame.text.data(), count, frame.descriptors);
    if (!whole) co_return std::nullopt;
    co_return std::optional<Frame>(std::move(frame));
}

void Frames::send(Frame frame) {
    if (!socket_.is_open()) return;
    if (waiting_.size() >= waiting_max || frame.text.size() > text_bytes_max) {
        close();
        return;
    }
    waiting_.push_back(std::move(frame));
    if (writing_) return;
    writing_ = true;
    spawn(socket_.get_executor(), write_queued(shared_from_this()), "launcher socket");
}

Task<> Frames::write_queued(std::shared_ptr<Frames> self) {
    while (!self->waiting_.empty()) {  // ends with the queue or the socket
        const Frame frame = std::move(self->waiting_.front());
        self->waiting_.pop_front();
        const bool written = co_await self->write(frame);
        if (!written) {
            self->close();
            break;
        }
    }
    self->writing_ = false;
}

Task<bool> Frames::write(const Frame& frame) {
    const std::size_t count = frame.text.size();
    std::string bytes;
    for (int shift = 0; shift < 32; shift += 8)
        bytes.push_back(static_cast<char>(count >> shift));
    bytes += frame.text;
    std::size_t done = 0;
    while (done < bytes.size()) {  // ends when all is sent or the peer is gone
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * descriptors_max)> control{};
        iovec part{bytes.data() + done, bytes.size() - done};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (done == 0 && !frame.descriptors.empty()) {
            const std::size_t size = sizeof(int) * frame.descriptors.size();
            message.msg_control = control.data();
            message.msg_controllen = CMSG_SPACE(size);
            cmsghdr* head = CMSG_FIRSTHDR(&message);
            head->cmsg_level = SOL_SOCKET;
            head->cmsg_type = SCM_RIGHTS;
            head->cmsg_len = CMSG_LEN(size);
            for (std::size_t i = 0; i < frame.descriptors.size(); ++i) {
                const int number = frame.descriptors[i].get();
                std::memcpy(CMSG_DATA(head) + i * sizeof(int), &number, sizeof number);
            }
        }
        const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            boost::system::error_code error;
            co_await socket_.async_wait(asio::socket_base::wait_write,
                                        asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return false;
            continue;
        }
        if (sent <= 0) co_return false;
        done += static_cast<std::size_t>(sent);
    }
    co_return true;
}

void Frames::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    waiting_.clear();
}

}  // namespace berth::engines
