#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <list>

#include "bus/bus.hpp"

namespace berth::bus {
namespace {

constexpr std::size_t events_max = 256;

class LocalSubscription;
using Readers = std::list<LocalSubscription*>;

class LocalSubscription final : public Subscription {
public:
    LocalSubscription(Readers& readers, std::string topic)
        : readers_(readers), topic_(std::move(topic)) {
        place_ = readers_.insert(readers_.end(), this);
    }
    ~LocalSubscription() override { readers_.erase(place_); }

    void offer(const Event& event) {
        if (!event.topic.starts_with(topic_)) return;
        if (events_.size() == events_max) events_.pop_front();
        events_.push_back(event);
        if (waiting_ != nullptr) waiting_->cancel();
    }

    Task<std::optional<Event>> next(std::chrono::milliseconds limit) override {
        if (events_.empty()) {
            asio::steady_timer timer(co_await asio::this_coro::executor, limit);
            waiting_ = &timer;
            boost::system::error_code stopped;
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, stopped));
            waiting_ = nullptr;
        }
        if (events_.empty()) co_return std::nullopt;
        Event event = std::move(events_.front());
        events_.pop_front();
        co_return event;
    }

private:
    Readers& readers_;
    Readers::iterator place_;
    std::string topic_;
    std::deque<Event> events_;
    asio::steady_timer* waiting_ = nullptr;
};

class LocalBus final : public Bus {
public:
    void publish(Event event) override {
        for (LocalSubscription* reader : readers_)
            reader->offer(event);
    }
    std::unique_ptr<Subscription> subscribe(std::string topic) override {
        return std::make_unique<LocalSubscription>(readers_, std::move(topic));
    }

private:
    Readers readers_;
};

}  // namespace

std::unique_ptr<Bus> make_local_bus() {
    return std::make_unique<LocalBus>();
}

}  // namespace berth::bus
