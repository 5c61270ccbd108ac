#pragma once
/// The program that a running Berth is to be replaced by: what lies now at the path by which it was
/// started.

#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/result.hpp"

namespace berth::roles {

/// The path by which this process was started, absolute; the file there may be another one by now.
std::string program_path();

class NextProgram {
public:
    /// Runs `path` for its version, for whether it takes a hand-over of our form, and for whether
    /// it accepts the configuration (`words`, the options of `berth serve`); each at most 20 s.
    /// Errors: invalid — bad_program, with what it said.
    static Result<NextProgram> check(const std::string& path,
                                     const std::vector<std::string>& words);

    const std::string& path() const { return path_; }
    const std::string& version() const { return version_; }

    /// Whether the file is still the one that was checked.
    bool is_unchanged() const;

private:
    NextProgram(std::string path, struct stat found) : path_(std::move(path)), found_(found) {}

    std::string path_;
    struct stat found_;
    std::string version_{};
};

}  // namespace berth::roles
