#pragma once
/// A file that is written at its end and never grows beyond a bound: then it becomes FILE.1, what
/// was FILE.1 becomes FILE.2, and the oldest goes. A disk that refuses is asked again with the next
/// piece.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.hpp"

namespace berth::edge {

class RotatingFile {
public:
    static constexpr int kept_max = 4;  // beside the one that is written

    /// `path`: "-" is stdout, which does not rotate. `bytes_max`: of each file; one piece that is
    /// larger is written nevertheless.
    RotatingFile(std::string path, std::uint64_t bytes_max)
        : path_(std::move(path)), bytes_max_(bytes_max) {}

    /// Appends `piece`. False: not all of it was written; `why()` says why.
    bool write(std::string_view piece);

    const std::string& why() const { return why_; }

private:
    bool open();
    void rotate();
    bool give_up(const char* what);

    std::string path_;
    std::uint64_t bytes_max_;
    Fd file_{};
    std::uint64_t bytes_ = 0;
    std::string why_{};
};

}  // namespace berth::edge
