#include "base/task.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include "base/log.hpp"

namespace berth {

void report_escaped(const std::string& what, std::exception_ptr escaped) {
    try {
        std::rethrow_exception(escaped);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) return;
        log::error("task broke", {{"task", what}, {"why", error.what()}});
    } catch (const std::exception& error) {
        log::error("task broke", {{"task", what}, {"why", error.what()}});
    }
}

Task<> sleep_for(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace berth
