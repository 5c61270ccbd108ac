#pragma once
/// Runs the commands as a program, with pipes or on terminals, and keeps what they said.

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace berth::cli::test {

struct Ran {
    int exit = -1;
    std::string out{};
    std::string err{};
};

struct Start {
    std::vector<std::string> arguments{};
    std::map<std::string, std::string> environment{};
    std::string input{};      // typed, or piped in
    bool terminal = false;    // stdin and stderr are one, stdout is another
    std::string directory{};  // "" is an empty one
    /// Ctrl-C comes as soon as stdout or stderr has this; "" never.
    std::string interrupt_at{};
    /// What is typed waits until stderr has this.
    std::string type_at{};
};

Ran run_program(const Start& start);

/// A directory that is removed with everything in it.
class Scratch {
public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace berth::cli::test
