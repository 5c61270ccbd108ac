#pragma once
/// One accepted or connected socket (TCP or unix) with what was received and not yet consumed. It
/// holds no memory while it waits with nothing buffered. One reader and one writer at a time. A
/// peer that is always ready does not keep the loop from the others: after 64 KiB (of a file: 256
/// KiB) they have a turn. After handshake() all of this is over TLS, and bytes are those in the
/// clear.

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/task.hpp"
#include "http/deadlines.hpp"
#include "http/ready_socket.hpp"
#include "http/tls.hpp"

namespace berth::http {

class Stream final : private Expiring {
public:
    /// `socket` must be connected; `deadlines` must outlive the stream.
    Stream(const asio::any_io_executor& loop, Deadlines& deadlines, Fd socket);

    /// What is buffered and what comes is TLS from here on. False: it did not come about; a peer
    /// that speaks TLS was told why. Once, before anything is written.
    Task<bool> handshake(std::unique_ptr<Tls> tls);
    /// Null in the clear.
    const Tls* tls() const { return tls_.get(); }

    std::string_view buffered() const;
    std::span<char> buffered_in_place();
    void consume(std::size_t bytes);
    /// Receives what is there into the buffer, else waits. False: the peer ended or the limit is
    /// over (`expired()`), or the connection broke.
    Task<bool> fill();
    /// The same without waiting: 1 received, 0 nothing there, -1 ended or broken.
    int try_fill();
    /// False: the kernel said that there is nothing, and has not said otherwise since; to be asked
    /// before try_fill() by who waits next.
    bool may_fill() const { return !socket_.is_open() || socket_.may(ReadySocket::reading); }

    /// Sends all of both, in order, with back-pressure. False: broken, or the limit is over.
    Task<bool> write(std::string_view first, std::string_view second = {},
                     std::string_view third = {});
    /// Sends what the kernel takes now. Negative: broken. What was not sent has to be given again
    /// first: over TLS it may be sealed already.
    std::ptrdiff_t try_write(std::string_view first, std::string_view second = {},
                             std::string_view third = {});
    /// The same for a head that send_file() follows: it leaves with the first bytes of the file.
    std::ptrdiff_t try_write_before_file(std::string_view first, std::string_view second = {});
    /// Sends `bytes` of a file from `offset`, with back-pressure. False: broken, or the limit is
    /// over, or the file is shorter than that.
    Task<bool> send_file(int file, std::uint64_t offset, std::uint64_t bytes);
    /// What of it the kernel takes now and the loop's others have patience for; moves both on, and
    /// send_file() has the rest. False: broken, or shorter.
    bool try_send_file(int file, std::uint64_t& offset, std::uint64_t& bytes);
    /// True: it is worth trying again. False: the limit is over, or it was closed.
    Task<bool> wait_writable();
    Task<bool> wait_readable();

    /// Ends every wait that is not over by then. While something is sent the limit is renewed
    /// with each piece that the kernel takes.
    void limit(std::chrono::milliseconds limit);
    /// The same, but renewed no further than `total` from now: a least rate for what is sent.
    void limit(std::chrono::milliseconds limit, std::chrono::milliseconds total);
    void no_limit();
    bool expired() const { return expired_; }

    void end_sending();  // FIN
    void close();
    bool is_open() const { return socket_.is_open(); }
    /// True when the peer has closed its side or the connection broke (without consuming).
    bool peer_gone();

    /// Says that no more requests come, and reads for a moment what the peer still sends, so that
    /// the kernel does not destroy our last answer with a reset.
    Task<> linger();

    std::uint64_t received_bytes() const { return received_bytes_; }
    std::uint64_t sent_bytes() const { return sent_bytes_; }

private:
    void expire() override;
    void renew();
    bool must_give_way(std::size_t bytes, std::size_t most);
    /// recv() into the loop's scratch: above 0 received, 0 nothing there, -1 ended or broken.
    std::ptrdiff_t receive(std::span<char> into);
    int take_sealed(std::string_view bytes);
    std::ptrdiff_t write_in_clear(std::span<const std::string_view> pieces, int flags);
    std::ptrdiff_t write_sealed(std::span<const std::string_view> pieces);
    /// Sends what of `tls_->wire()` the kernel takes. False: broken.
    bool flush_wire();
    void say_end();
    Task<bool> send_file_sealed(int file, std::uint64_t offset, std::uint64_t bytes);
    void make_room();

    ReadySocket socket_;
    Deadlines& deadlines_;
    std::string buffer_{};
    std::size_t begin_ = 0;
    std::unique_ptr<Tls> tls_{};
    std::size_t sealed_bytes_ = 0;  // given to try_write(), in `tls_->wire()`, not yet all sent
    bool handshaken_ = false;
    bool tls_over_ = false;  // nothing more can be read
    std::chrono::milliseconds limit_{0};
    std::int64_t total_end_ms_ = 0;  // 0: none
    bool expired_ = false;
    std::size_t turn_bytes_ = 0;  // moved since the loop last had its turn
    std::uint64_t received_bytes_ = 0;
    std::uint64_t sent_bytes_ = 0;
};

}  // namespace berth::http
