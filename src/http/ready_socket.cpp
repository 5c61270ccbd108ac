#include "http/ready_socket.hpp"

#include <fcntl.h>
#include <sys/epoll.h>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

namespace berth::http {

namespace {

constexpr std::size_t batch_max = 128;

}  // namespace

/// A loop's sockets in one epoll instance, which the loop itself waits for, but only while somebody
/// waits for one of them: a loop ends when nobody waits for anything.
class Readiness : public std::enable_shared_from_this<Readiness> {
public:
    explicit Readiness(const asio::any_io_executor& loop) : epoll_(loop) {
        const int made = ::epoll_create1(EPOLL_CLOEXEC);
        if (made < 0) throw_errno("epoll_create1");
        epoll_.assign(made);
    }

    static std::shared_ptr<Readiness> of(const asio::any_io_executor& loop);

    void add(ReadySocket& socket) {
        epoll_event wanted{};
        wanted.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        wanted.data.ptr = &socket;
        const int fd = socket.native();
        if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, fd, &wanted) != 0)
            throw_errno("epoll_ctl");
        sockets_.push_back(socket);
    }

    void remove(ReadySocket& socket) {
        if (epoll_.is_open() && socket.is_open()) {
            epoll_event unused{};
            ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, socket.native(), &unused);
        }
        for (std::size_t i = at_; i < count_; ++i) {
            if (events_[i].data.ptr == &socket) events_[i].data.ptr = nullptr;
        }
        if (socket.is_linked()) socket.unlink();
    }

    void waits_begin() {
        ++waiting_;
        if (!armed_ && !handling_) arm();
    }

    void waits_end() {
        if (--waiting_ > 0 || !armed_ || handling_) return;
        boost::system::error_code ignored;
        epoll_.cancel(ignored);
        armed_ = false;
        ++turn_;
    }

    /// The loop is going: who waits is dropped with what it holds.
    void shut_down() {
        while (!sockets_.empty()) {
            ReadySocket& socket = sockets_.front();
            sockets_.pop_front();
            // What it holds may be the socket itself.
            const auto reader = socket.take_waiter(ReadySocket::reading);
            const auto writer = socket.is_open() ? socket.take_waiter(ReadySocket::writing)
                                                 : std::move_only_function<void()>();
        }
        boost::system::error_code ignored;
        epoll_.close(ignored);
    }

private:
    using Sockets =
        boost::intrusive::list<ReadySocket, boost::intrusive::constant_time_size<false>>;

    void arm() {
        armed_ = true;
        epoll_.async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this(), turn = turn_](boost::system::error_code no) {
                              if (!no && turn == self->turn_) self->handle();
                          });
    }

    /// Wakes those whose sockets are ready. A batch at a time: others of the loop have their turn.
    void handle() {
        armed_ = false;
        const int got = ::epoll_wait(epoll_.native_handle(), events_.data(),
                                     static_cast<int>(events_.size()), 0);
        handling_ = true;
        count_ = got > 0 ? static_cast<std::size_t>(got) : 0;
        for (at_ = 0; at_ < count_;) {
            const epoll_event event = events_[at_++];
            if (event.data.ptr == nullptr) continue;  // gone meanwhile
            wake(*static_cast<ReadySocket*>(event.data.ptr), event.events);
        }
        handling_ = false;
        count_ = at_ = 0;
        if (waiting_ > 0) arm();
    }

    static void wake(ReadySocket& socket, std::uint32_t what) {
        constexpr std::uint32_t over = EPOLLHUP | EPOLLERR;
        if ((what & (EPOLLRDHUP | over)) != 0) socket.ended_ = true;
        std::move_only_function<void()> reader;
        std::move_only_function<void()> writer;
        if ((what & (EPOLLIN | EPOLLRDHUP | over)) != 0) {
            socket.ready_[ReadySocket::reading] = true;
            reader = socket.take_waiter(ReadySocket::reading);
        }
        if ((what & (EPOLLOUT | over)) != 0) {
            socket.ready_[ReadySocket::writing] = true;
            writer = socket.take_waiter(ReadySocket::writing);
        }
        // The first may destroy the socket: nothing of it is touched from here on.
        if (reader) reader();
        if (writer) writer();
    }

    asio::posix::stream_descriptor epoll_;
    Sockets sockets_{};
    std::array<epoll_event, batch_max> events_{};
    std::size_t at_ = 0;     // the next of the batch at hand
    std::size_t count_ = 0;  // in the batch at hand
    std::size_t waiting_ = 0;
    std::uint64_t turn_ = 0;  // tells a wait that was canceled from the one after it
    bool armed_ = false;
    bool handling_ = false;
};

namespace {

/// Ties a loop's Readiness to the loop's life.
class ReadinessService final : public asio::execution_context::service {
public:
    using key_type = ReadinessService;
    static asio::execution_context::id id;

    explicit ReadinessService(asio::execution_context& context)
        : asio::execution_context::service(context) {}

    std::shared_ptr<Readiness> readiness{};

private:
    void shutdown() override {
        if (readiness) std::exchange(readiness, nullptr)->shut_down();
    }
};

asio::execution_context::id ReadinessService::id;

}  // namespace

std::shared_ptr<Readiness> Readiness::of(const asio::any_io_executor& loop) {
    auto& service =
        asio::use_service<ReadinessService>(asio::query(loop, asio::execution::context));
    if (!service.readiness) service.readiness = std::make_shared<Readiness>(loop);
    return service.readiness;
}

ReadySocket::ReadySocket(const asio::any_io_executor& loop, Fd socket)
    : loop_(loop), readiness_(Readiness::of(loop)), socket_(std::move(socket)) {
    const int flags = ::fcntl(socket_.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK) != 0) throw_errno("fcntl");
    readiness_->add(*this);
}

ReadySocket::~ReadySocket() {
    close();
}

std::move_only_function<void()> ReadySocket::release(Waiter& waiter) {
    if (waiter.slot.is_connected()) waiter.slot.clear();
    waiter.slot = {};
    return std::exchange(waiter.resume, {});
}

std::move_only_function<void()> ReadySocket::take_waiter(Direction direction) {
    if (!waiters_[direction].resume) return {};
    readiness_->waits_end();
    return release(waiters_[direction]);
}

void ReadySocket::begin_wait(Direction direction) {
    if (is_open() && !may(direction)) return readiness_->waits_begin();
    asio::post(loop_, release(waiters_[direction]));
}

/// Not at once: who calls may be in the middle of something that the waiter would undo.
void ReadySocket::wake_later(Direction direction) {
    if (auto resume = take_waiter(direction)) asio::post(loop_, std::move(resume));
}

void ReadySocket::wake() {
    wake_later(reading);
    wake_later(writing);
}

void ReadySocket::close() {
    readiness_->remove(*this);
    socket_.reset(-1);
    wake();
}

}  // namespace berth::http
