#include "objects/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace berth::objects {

Fd unnamed_file(const std::string& directory) {
    Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file) return file;
    if (errno != EOPNOTSUPP && errno != EISDIR) throw_errno("make a file in " + directory);
    // A file system without O_TMPFILE.
    std::string path = directory + "/berth-XXXXXX";
    file.reset(::mkostemp(path.data(), O_CLOEXEC));
    if (!file) throw_errno("make a file in " + directory);
    ::unlink(path.c_str());
    return file;
}

std::size_t read_at(const Fd& file, std::uint64_t offset, std::span<char> into) {
    while (true) {  // ends when no signal came between
        const ssize_t count =
            ::pread(file.get(), into.data(), into.size(), static_cast<off_t>(offset));
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) throw_errno("read a file");
    }
}

void write_at(const Fd& file, std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count =
            ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) throw_errno("write a file");
        offset += static_cast<std::uint64_t>(count);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void cut_file(const Fd& file, std::uint64_t bytes) {
    if (::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) throw_errno("cut a copy");
    if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("rewind a copy");
}

}  // namespace berth::objects
