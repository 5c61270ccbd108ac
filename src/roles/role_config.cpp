#include "roles/role_config.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cstdlib>
#include <stdexcept>

#include "base/log.hpp"
#include "base/task.hpp"
#include "roles/roles.hpp"

namespace berth::roles {

Fd config_file(const std::string& text) {
    Fd file(::memfd_create("berth-config", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) throw_errno("memfd_create");
    write_all(file.get(), text);
    ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return file;
}

bool is_started_as_role() {
    const int seals = ::fcntl(config_descriptor, F_GET_SEALS);
    return seals >= 0 && (seals & F_SEAL_WRITE) != 0;
}

std::string read_config_text() {
    std::string text;
    std::array<char, 4096> buffer{};
    while (true) {  // ends at the end of the file
        const ssize_t count = ::pread(config_descriptor, buffer.data(), buffer.size(),
                                      static_cast<off_t>(text.size()));
        if (count < 0) {
            throw std::runtime_error("this role is started by `berth serve`: run that instead");
        }
        if (count == 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    ::close(config_descriptor);
    return text;
}

void say_ready() {
    const char* descriptor = std::getenv(ready_variable);
    if (descriptor == nullptr) return;
    const Fd pipe(std::atoi(descriptor));
    write_all(pipe.get(), "1");
}

bool was_canceled(std::exception_ptr escaped) {
    try {
        std::rethrow_exception(escaped);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

void end_role(int code) {
    log::info("ended", {{"code", code}});
    std::_Exit(code);
}

void start_log(const std::string& role, const std::string& level) {
    ::signal(SIGPIPE, SIG_IGN);
    const log::Level least = level == "debug"     ? log::Level::debug
                             : level == "warning" ? log::Level::warning
                             : level == "error"   ? log::Level::error
                                                  : log::Level::info;
    log::start(role, least);
}

}  // namespace berth::roles
