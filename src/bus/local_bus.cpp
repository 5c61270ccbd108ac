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
    LocalSubscription(Readers& readers, std::vector<std::string> topics)
        : readers_(readers), topics_(std::move(topics)) {
        place_ = readers_.insert(readers_.end(), this);
    }
    ~LocalSubscription() override { readers_.erase(place_); }

    void offer(const Event& event) {
        const auto wanted = [&](const std::string& topic) {
            return event.topic.starts_with(topic);
        };
        if (std::ranges::none_of(topics_, wanted)) return;
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
    std::vector<std::string> topics_;
    std::deque<Event> events_;
    asio::steady_timer* waiting_ = nullptr;
};

class LocalBus final : public Bus {
public:
    void publish(Event event) override {
        for (LocalSubscription* reader : readers_)
            reader->offer(event);
    }
    std::unique_ptr<Subscription> subscribe_any(std::vector<std::string> topics) override {
        return std::make_unique<LocalSubscription>(readers_, std::move(topics));
    }

private:
    Readers readers_;
};

}  // namespace

std::unique_ptr<Bus> make_local_bus() {
    return std::make_unique<LocalBus>();
}

}  // namespace berth::bus
