#pragma once
/// A deployment's log as NDJSON, read by long polls that go on where the last one stopped.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cli/session.hpp"

namespace berth::cli {

struct LogLine {
    std::int64_t number = 0;
    std::int64_t at_ms = 0;
    std::string stream{};  // out, err, system
    std::string level{};   // info, warning, error
    std::string step{};    // prepare, clone, install, build, publish
    std::string text{};
    std::string object{};  // as received
};

/// Where we are in a log. Shared with the callbacks of a call that may be left behind.
struct LogPlace {
    std::int64_t next = 0;  // number of the first line not yet seen
    std::string state{};    // of the deployment, when last heard
    bool over = false;      // everything was sent and nothing will follow
    bool closed = false;    // the last answer ended as it should
};

/// Takes NDJSON in pieces of any size. Lines that were seen before are dropped.
class LogParser {
public:
    LogParser(std::shared_ptr<LogPlace> place, std::function<void(const LogLine&)> on_line)
        : place_(std::move(place)), on_line_(std::move(on_line)) {}

    void feed(std::string_view bytes);

private:
    void take(std::string_view object);

    std::shared_ptr<LogPlace> place_;
    std::function<void(const LogLine&)> on_line_;
    std::string rest_;
};

/// Asks once for the lines from `place->next` on, waiting up to `wait_s` seconds for one.
Outcome<> read_log(Session& session, const std::string& deployment,
                   const std::shared_ptr<LogPlace>& place, int wait_s,
                   std::function<void(const LogLine&)> on_line);

/// Reads to the end of a log that is still written. An api that restarts is waited for, up to
/// a minute. Errors: as Session, and of the loop.
Outcome<> follow_log(Session& session, Output& output, const std::string& deployment,
                     const std::shared_ptr<LogPlace>& place,
                     std::function<void(const LogLine&)> on_line);

}  // namespace berth::cli
