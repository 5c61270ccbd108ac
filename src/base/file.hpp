#pragma once
/// Files of our own: descriptors that close themselves, durable writes. Never for a path that a
/// build could have written.

#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace berth {

/// A file descriptor that closes itself; -1 is none.
class Fd {
public:
    Fd() = default;
    explicit Fd(int number) : number_(number) {}
    Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) reset(std::exchange(other.number_, -1));
        return *this;
    }
    ~Fd() { reset(-1); }

    int get() const { return number_; }
    int release() { return std::exchange(number_, -1); }
    void reset(int number);
    explicit operator bool() const { return number_ >= 0; }

private:
    int number_ = -1;
};

/// Throws: std::system_error naming `what` and errno.
[[noreturn]] void throw_errno(const std::string& what);

/// Errors: not_found — no such file; too_large — more than `bytes_max`. Throws: unreadable.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max = 64 << 20);

/// Replaces `path` as a whole: writes beside, fsyncs, renames, fsyncs the directory.
/// Throws: the disk refused.
void write_file(const std::string& path, std::string_view bytes, unsigned mode = 0644);

/// Writes all of it to a descriptor, through interruptions. Throws: the disk refused.
void write_all(int fd, std::string_view bytes);

void sync_directory(const std::string& path);

}  // namespace berth
