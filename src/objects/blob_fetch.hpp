#pragma once
/// One blob as the readers of a disk cache share it: a file that is whole, or grows. Its fields
/// belong to the cache's strand; the file may be read anywhere up to what is shown.

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "objects/disk_cache.hpp"

namespace berth::objects {

struct BlobFetch {
    enum class State {
        coming,
        whole,
        broken,  // `error` says why
        unkept,  // the disk refused; the store may have the rest
    };

    BlobFetch(const asio::any_io_executor& strand, BlobName name)
        : blob(std::move(name)), changed(strand, asio::steady_timer::time_point::max()) {}

    void show(std::uint64_t bytes) {
        shown = bytes;
        changed.cancel();
    }
    void end(State how, Error why = {}) {
        state = how;
        error = std::move(why);
        changed.cancel();
    }

    BlobName blob;
    Fd file{};
    std::string path{};  // of the draft
    State state = State::coming;
    Error error{};
    std::uint64_t shown = 0;  // bytes that may be read
    asio::steady_timer changed;
    asio::cancellation_signal stop{};
};

/// What a reader at `offset` finds once there is something to find.
struct BlobProgress {
    BlobFetch::State state = BlobFetch::State::coming;
    std::uint64_t shown = 0;
    Error error{};
};

/// Waits until there is more than `offset`, or no more is to come. On the strand.
inline Task<BlobProgress> wait_beyond(std::shared_ptr<BlobFetch> fetch, std::uint64_t offset) {
    while (fetch->state == BlobFetch::State::coming && fetch->shown <= offset) {
        boost::system::error_code woken;  // always: somebody canceled the timer
        co_await fetch->changed.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    co_return BlobProgress{fetch->state, fetch->shown, fetch->error};
}

}  // namespace berth::objects
