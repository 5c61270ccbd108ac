#include "edge/store_hint.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/file.hpp"

namespace berth::edge {

StoreHint::StoreHint(asio::any_io_executor loop) : events_(std::move(loop)) {
    Fd events(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!events) throw_errno("inotify");
    events_.assign(events.release());
}

void StoreHint::watch(const std::string& routes_directory) {
    if (watching_) return;
    const std::uint32_t mask = IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_ONLYDIR;
    watching_ = ::inotify_add_watch(events_.native_handle(), routes_directory.c_str(), mask) >= 0;
}

Task<> StoreHint::wait() {
    while (!take_events()) {
        co_await events_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    }
}

/// Takes all that is there. True: a head was among it.
bool StoreHint::take_events() {
    alignas(inotify_event) std::array<char, 4096> bytes{};
    bool head = false;
    while (true) {  // ends when nothing is left
        const ssize_t count = ::read(events_.native_handle(), bytes.data(), bytes.size());
        if (count <= 0) return head;
        for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
            inotify_event event{};
            std::memcpy(&event, bytes.data() + at, sizeof event);
            const char* name = bytes.data() + at + sizeof event;
            if (event.len > 0 && std::strcmp(name, "_head") == 0) head = true;
            if ((event.mask & (IN_IGNORED | IN_Q_OVERFLOW)) != 0) head = true;
            if ((event.mask & IN_IGNORED) != 0) watching_ = false;
            at += sizeof event + event.len;
        }
    }
}

}  // namespace berth::edge
