#include "base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/crypto.hpp"

namespace berth {

void Fd::reset(int number) {
    if (number_ >= 0) ::close(number_);
    number_ = number;
}

void throw_errno(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return fail(Failure::not_found, "no file {}", path);
        }
        throw_errno("open " + path);
    }
    std::string bytes;
    struct stat info{};
    if (::fstat(file.get(), &info) == 0 && info.st_size > 0) {
        if (static_cast<std::size_t>(info.st_size) > bytes_max) {
            return fail(Failure::too_large, "{} has {} bytes", path, info.st_size);
        }
        bytes.reserve(static_cast<std::size_t>(info.st_size));
    }
    std::string buffer(64 << 10, '\0');
    while (true) {  // ends at the end of the file, at the limit, or by throwing
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("read " + path);
        if (count == 0) return bytes;
        if (bytes.size() + static_cast<std::size_t>(count) > bytes_max) {
            return fail(Failure::too_large, "{} has over {} bytes", path, bytes_max);
        }
        bytes.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

void write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("write");
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void sync_directory(const std::string& path) {
    const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) throw_errno("open " + path);
    if (::fsync(directory.get()) != 0) throw_errno("fsync " + path);
}

void write_file(const std::string& path, std::string_view bytes, unsigned mode) {
    const std::string beside = path + ".new-" + random_word(8);
    Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file) throw_errno("create " + beside);
    try {
        write_all(file.get(), bytes);
        if (::fsync(file.get()) != 0) throw_errno("fsync " + beside);
        if (::rename(beside.c_str(), path.c_str()) != 0) throw_errno("rename to " + path);
    } catch (...) {
        ::unlink(beside.c_str());
        throw;
    }
    const std::string parent = std::filesystem::path(path).parent_path().string();
    sync_directory(parent.empty() ? "." : parent);
}

}  // namespace berth
