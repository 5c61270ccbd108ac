#pragma once
/// A file without a name that a loop still writes while a thread reads it from its beginning.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>

#include "base/file.hpp"

namespace berth::builds {

class GrowingFile {
public:
    /// `directory`: where the file lies. Throws: the disk refused.
    explicit GrowingFile(const std::string& directory);

    int descriptor() const { return file_.get(); }

    /// The writer's word that the first `bytes` of it are written.
    void grow_to(std::uint64_t bytes);
    /// Nothing more comes. Whoever waits in `read` gets what there is.
    void end();

    /// The next bytes, at most as many as fit. Blocks while there are none; 0: the end. For one
    /// thread. Throws: the disk refused.
    std::size_t read(std::span<char> into);

private:
    Fd file_;
    std::uint64_t read_ = 0;  // the reader's alone
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t written_ = 0;
    bool ended_ = false;
};

}  // namespace berth::builds
