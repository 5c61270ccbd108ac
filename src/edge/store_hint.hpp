#pragma once
/// Tells when a route head is put into a store directory on this machine (inotify), so that a
/// deployment is live at once. Only a hint: on other file systems nothing comes, and polling finds
/// the change.

#include <boost/asio/posix/stream_descriptor.hpp>
#include <string>

#include "base/task.hpp"

namespace berth::edge {

class StoreHint {
public:
    explicit StoreHint(asio::any_io_executor loop);

    /// Begins to watch the routes directory, if that is possible and not done yet.
    void watch(const std::string& routes_directory);

    /// Waits until a head was put. Throws: operation_aborted when canceled.
    Task<> wait();

private:
    bool take_events();

    asio::posix::stream_descriptor events_;
    bool watching_ = false;
};

}  // namespace berth::edge
