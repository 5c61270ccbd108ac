#include "cli/progress.hpp"

#include "base/clock.hpp"

namespace berth::cli {

namespace {

constexpr std::int64_t heartbeat_ms = 15'000;
constexpr std::int64_t frame_ms = 100;

std::string_view heading(std::string_view step) {
    if (step == "prepare") return "Prepare";
    if (step == "clone") return "Clone";
    if (step == "install") return "Install";
    if (step == "build") return "Build";
    if (step == "publish") return "Publish";
    return step;
}

}  // namespace

Progress::Progress(Output& output)
    : output_(output), began_ms_(steady_now_ms()), spoke_ms_(began_ms_) {}

void Progress::show(const LogLine& line) {
    if (!line.step.empty() && line.step != step_) {
        step_ = line.step;
        output_.note(fmt::format("== {}", heading(step_)), Style::bold);
    }
    output_.note(shown(line, output_.terminal().colour_err()));
    spoke_ms_ = steady_now_ms();
}

void Progress::tick(const std::string& state) {
    const std::int64_t now_ms = steady_now_ms();
    const std::string what = state.empty() ? "waiting" : state;
    if (output_.terminal().animates()) {
        if (now_ms - drew_ms_ < frame_ms) return;
        drew_ms_ = now_ms;
        output_.status(fmt::format("{} {} s", what, (now_ms - began_ms_) / 1000));
    } else if (now_ms - spoke_ms_ >= heartbeat_ms) {
        spoke_ms_ = now_ms;
        output_.note(fmt::format("-- {}, {} s", what, (now_ms - began_ms_) / 1000));
    }
}

std::string shown(const LogLine& line, bool colour) {
    const std::string text = printable(line.text, colour ? Colour::keep : Colour::strip);
    if (!colour) return text;
    if (line.level == "error") return fmt::format("\x1b[31m{}\x1b[0m", text);
    if (line.level == "warning") return fmt::format("\x1b[33m{}\x1b[0m", text);
    if (line.stream == "system") return fmt::format("\x1b[2m{}\x1b[0m", text);
    return text;
}

}  // namespace berth::cli
