#pragma once
/// An edge that outlived its supervisor (kill -9) goes on serving. The next supervisor starts a new
/// one beside it on the same port, then tells the old one to finish.

#include <sys/types.h>

#include <string>

namespace berth::roles {

class Orphan {
public:
    /// `state`: the edge's directory, where each edge writes its pid and start time.
    explicit Orphan(std::string state);

    bool lives() const { return pid_ > 0; }

    /// Sends SIGTERM once another edge has written its own pid, or after 150 calls. Call it a few
    /// times a second for as long as it returns true.
    bool end_if_replaced();

private:
    std::string path_;
    std::string written_;
    pid_t pid_ = -1;
    int calls_ = 0;
};

/// "PID STARTTIME" of this process, written by the edge when it serves.
void write_edge_pid(const std::string& state);

}  // namespace berth::roles
