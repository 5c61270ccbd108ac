#pragma once
/// Shows a deployment's way on stderr: its log lines under a heading per step, a spinner on a
/// terminal, and a sign of life each 15 s elsewhere.

#include <cstdint>
#include <string>

#include "cli/log_stream.hpp"
#include "cli/output.hpp"

namespace berth::cli {

class Progress {
public:
    explicit Progress(Output& output);

    void show(const LogLine& line);
    /// Often called while waiting; `state` is the deployment's, as last heard.
    void tick(const std::string& state);

private:
    Output& output_;
    std::string step_{};
    std::int64_t began_ms_;
    std::int64_t spoke_ms_;
    std::int64_t drew_ms_ = 0;
};

/// A log line for a person; colours of the build only where colours are wanted.
std::string shown(const LogLine& line, bool colour);

}  // namespace berth::cli
