#pragma once
/// Makes what a site serves as small as it gets, once it is live and this worker has nothing to
/// build. What is left undone costs bytes and nothing else, so nothing of it is kept or retried.

#include <atomic>
#include <deque>
#include <functional>
#include <string>

#include "base/workers.hpp"
#include "builds/dense_form.hpp"
#include "builds/signal.hpp"
#include "http/client.hpp"
#include "worker/http_job_api.hpp"

namespace berth::worker {

/// Belongs to one loop; compresses on a thread of its own, at the least priority.
class Recompressor {
public:
    struct Config {
        ApiAddress api{};
        std::string scratch_directory{};
        /// Whether this worker has nothing better to do.
        std::function<bool()> is_idle{};
    };
    Recompressor(const asio::any_io_executor& loop, http::Client& client, Config config);
    ~Recompressor() { stop(); }

    /// Takes what a build stored. Beyond `orders_max`, and `spool_bytes_max` of their disk, the
    /// oldest is let go.
    void add(builds::QuickForms forms);

    /// Works until `stop`.
    Task<> run();
    /// To be called when `is_idle` may say something else.
    void look() { changed_.notify(); }
    /// What is being compressed is given up.
    void stop();

    static constexpr std::size_t orders_max = 16;
    static constexpr std::uint64_t spool_bytes_max = 512 << 20;

private:
    /// Of the next form; "": not smaller than the quick one, or stopped.
    Task<std::string> compress(const builds::QuickForms& forms, std::string name);
    Task<> improve(builds::QuickForms forms);
    Task<> send(const builds::BlobSpool& made);

    http::Client& client_;
    Config config_;
    builds::Signal changed_;
    std::deque<builds::QuickForms> orders_{};
    std::atomic<bool> stopped_ = false;
    Workers thread_{1};  // last: it ends first
};

}  // namespace berth::worker
