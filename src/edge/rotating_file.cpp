#include "edge/rotating_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace berth::edge {

bool RotatingFile::give_up(const char* what) {
    why_ = std::string(what) + ": " + std::strerror(errno);
    if (path_ != "-") file_.reset(-1);
    return false;
}

bool RotatingFile::open() {
    if (path_ == "-") {
        file_.reset(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
        return file_ || give_up("stdout");
    }
    file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    if (!file_) return give_up("open");
    struct stat found{};
    bytes_ = ::fstat(file_.get(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
    return true;
}

/// What cannot be renamed is written over: the bound holds, whatever happens.
void RotatingFile::rotate() {
    for (int number = kept_max; number > 0; --number) {
        const std::string from = number == 1 ? path_ : path_ + "." + std::to_string(number - 1);
        const std::string to = path_ + "." + std::to_string(number);
        ::rename(from.c_str(), to.c_str());
    }
    ::unlink(path_.c_str());
    file_.reset(-1);
}

bool RotatingFile::write(std::string_view piece) {
    const bool rotates = path_ != "-";
    if (!file_ && !open()) return false;
    if (rotates && bytes_ > 0 && bytes_ + piece.size() > bytes_max_) {
        rotate();
        if (!open()) return false;
    }
    while (!piece.empty()) {
        const ssize_t count = ::write(file_.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return give_up("write");
        bytes_ += static_cast<std::uint64_t>(count);
        piece.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace berth::edge
