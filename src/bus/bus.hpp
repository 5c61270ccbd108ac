#pragma once
/// Hints between tasks and processes: "something about X changed, look at the database". An event
/// may be lost; whoever waits on one also looks by himself every few seconds.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/task.hpp"

namespace berth::bus {

struct Event {
    std::string topic{};  // "deployments", "projects", "log/dpl_…", "queue", "routes"
    std::string type{};   // "state", "created", "lines"…
    std::string id{};     // of the thing that changed
    std::int64_t at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Event, (), (topic, type, id, at_ms))

/// What one reader has not read yet: at most 256 events, then the oldest are dropped.
class Subscription {
public:
    virtual ~Subscription() = default;
    /// Waits for the next event; nothing after `limit`.
    virtual Task<std::optional<Event>> next(std::chrono::milliseconds limit) = 0;
};

class Bus {
public:
    virtual ~Bus() = default;
    virtual void publish(Event event) = 0;
    /// Events whose topic begins with one of `topics`, from now on.
    virtual std::unique_ptr<Subscription> subscribe_any(std::vector<std::string> topics) = 0;
    std::unique_ptr<Subscription> subscribe(std::string topic) {
        return subscribe_any({std::move(topic)});
    }
};

/// Within one loop. Subscriptions must not outlive the bus.
std::unique_ptr<Bus> make_local_bus();

}  // namespace berth::bus
