#include "builds/growing_file.hpp"

#include <unistd.h>

#include <algorithm>

#include "builds/step_run.hpp"

namespace berth::builds {

GrowingFile::GrowingFile(const std::string& directory) : file_(scratch_file(directory)) {}

void GrowingFile::grow_to(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    written_ = bytes;
    changed_.notify_one();
}

void GrowingFile::end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_one();
}

std::size_t GrowingFile::read(std::span<char> into) {
    std::uint64_t there = 0;
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return written_ > read_ || ended_; });
        there = written_ - read_;
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), there));
    for (;;) {  // ends with bytes or an error
        const ssize_t count = ::pread(file_.get(), into.data(), wanted, static_cast<off_t>(read_));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("read a scratch file");
        read_ += static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
    }
}

}  // namespace berth::builds
