#include "worker/recompressor.hpp"

#include <malloc.h>
#include <sys/resource.h>

#include "base/json.hpp"
#include "base/log.hpp"
#include "jobs/job.hpp"

namespace berth::worker {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds send_limit = 60s;
constexpr int least_priority = 19;
constexpr std::uint64_t portion_bytes_max = 4 << 20;
static_assert(portion_bytes_max + builds::dense_bytes_max < jobs::forms_bytes_max);

std::uint64_t bytes_of(const builds::QuickForms& forms) {
    return forms.spool->bytes_of(forms.spool->names());
}

std::string text_of(const builds::ByteSource& source) {
    std::string text;
    std::string block(64 << 10, '\0');
    while (const std::size_t count = source(block))
        text.append(block, 0, count);
    return text;
}

}  // namespace

Recompressor::Recompressor(const asio::any_io_executor& loop, http::Client& client, Config config)
    : client_(client), config_(std::move(config)), changed_(loop) {}

void Recompressor::add(builds::QuickForms forms) {
    if (!forms.spool || forms.names.empty()) return;
    orders_.push_back(std::move(forms));
    std::uint64_t bytes = 0;
    for (const builds::QuickForms& each : orders_)
        bytes += bytes_of(each);
    while (!orders_.empty() && (orders_.size() > orders_max || bytes > spool_bytes_max)) {
        bytes -= bytes_of(orders_.front());
        orders_.pop_front();
    }
    changed_.notify();
}

void Recompressor::stop() {
    stopped_ = true;
    orders_.clear();
    changed_.notify();
}

Task<> Recompressor::run() {
    while (!stopped_) {
        if (orders_.empty() || !config_.is_idle()) {
            co_await changed_.wait();
            continue;
        }
        builds::QuickForms forms = std::move(orders_.front());
        orders_.pop_front();
        try {
            co_await improve(std::move(forms));
        } catch (const boost::system::system_error& error) {
            if (error.code() == asio::error::operation_aborted) throw;
            log::warning("not recompressed", {{"why", error.what()}});
        } catch (const std::exception& error) {
            log::warning("not recompressed", {{"why", error.what()}});
        }
        ::malloc_trim(0);  // the best brotli takes a hundred times what a worker has otherwise
    }
}

Task<> Recompressor::improve(builds::QuickForms forms) {
    std::uint64_t saved = 0;
    std::size_t improved = 0;
    for (auto name = forms.names.begin(); name != forms.names.end() && !stopped_;) {
        builds::BlobSpool made(config_.scratch_directory);
        std::uint64_t bytes = 0;
        for (; name != forms.names.end() && bytes < portion_bytes_max && !stopped_; ++name) {
            while (!config_.is_idle() && !stopped_)
                co_await changed_.wait();
            const std::string form = co_await compress(forms, *name);
            if (form.empty()) continue;
            made.append(form);
            made.name_last(*name);
            bytes += form.size();
            saved += forms.spool->size_of(*name) - form.size();
            ++improved;
        }
        if (bytes > 0 && !stopped_) co_await send(made);
    }
    if (!stopped_) log::debug("recompressed", {{"forms", improved}, {"saved_bytes", saved}});
}

Task<std::string> Recompressor::compress(const builds::QuickForms& forms, std::string name) {
    const auto work = [this, spool = forms.spool, &name] {
        ::setpriority(PRIO_PROCESS, 0, least_priority);  // of this thread alone, in Linux
        const std::size_t dot = name.find('.');
        const std::string plain = spool->read(name.substr(0, dot));
        const auto form = builds::dense_form(name.substr(dot), plain, stopped_);
        return form && form->size() < spool->size_of(name) ? *form : std::string();
    };
    co_return co_await thread_.run(work);
}

Task<> Recompressor::send(const builds::BlobSpool& made) {
    std::vector<std::string> names = made.names();
    std::string body = text_of(made.stream(std::move(names)));
    const Result<http::Reply> reply =
        co_await post_bytes(client_, config_.api, "forms", std::move(body), send_limit);
    // An older api has no place for them; one that is away is not waited for.
    if (!reply) log::info("dense forms not stored", {{"why", reply.error().message}});
}

}  // namespace berth::worker
