#include "roles/orphan.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "base/file.hpp"
#include "roles/layout.hpp"

namespace berth::roles {
namespace {

std::string pid_path(const std::string& state) {
    return state + "/edge.pid";
}

/// The 22nd field of /proc/PID/stat (proc(5)): with it, a pid used again is no match.
std::string start_time(pid_t pid) {
    const auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
    if (!text) return "";
    std::string rest = text->substr(text->rfind(')') + 2);
    for (int field = 3; field < 22; ++field)
        rest.erase(0, rest.find(' ') + 1);
    return rest.substr(0, rest.find(' '));
}

/// The effective uid of a process (proc(5)); an edge that serves as itself has ours or its own.
std::optional<uid_t> user_of(pid_t pid) {
    const auto text = read_file("/proc/" + std::to_string(pid) + "/status");
    if (!text) return std::nullopt;
    std::istringstream words(text->substr(std::min(text->find("\nUid:"), text->size())));
    std::string label;
    uid_t real = 0;
    uid_t effective = 0;
    if (!(words >> label >> real >> effective)) return std::nullopt;
    return effective;
}

/// The file is the edge's own to write, and we may end any process: it names none but an edge.
bool is_an_edges(pid_t pid) {
    const uid_t own = ::geteuid();
    return user_of(pid) == (own == 0 ? edge_identity.uid : own);
}

/// "PID STARTTIME" of a process that runs: its pid; else -1.
pid_t running_pid(const std::string& text) {
    pid_t pid = -1;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, pid);
    if (read.ec != std::errc{} || read.ptr == end || *read.ptr != ' ' || pid <= 1) return -1;
    if (start_time(pid) != std::string_view(read.ptr + 1, end)) return -1;
    return is_an_edges(pid) ? pid : -1;
}

/// "" for what is no plain file. The directory is the edge's own, and we may be root: a FIFO there
/// must not hold us, a link not lead us.
std::string read_pid_file(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    struct stat found{};
    if (!file || ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return "";
    std::string text(100, '\0');
    const ssize_t count = ::read(file.get(), text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, count)));
    return text;
}

}  // namespace

Orphan::Orphan(std::string state) : path_(pid_path(state)) {
    const std::string text = read_pid_file(path_);
    pid_ = running_pid(text);
    if (pid_ > 0) written_ = text;
}

bool Orphan::end_if_replaced() {
    if (!lives()) return false;
    const std::string now = read_pid_file(path_);
    const bool replaced = !now.empty() && now != written_;
    if (!replaced && ++calls_ < 150) return true;
    if (running_pid(written_) == pid_) ::kill(pid_, SIGTERM);  // it may have ended by itself
    pid_ = -1;
    return false;
}

void write_edge_pid(const std::string& state) {
    const pid_t pid = ::getpid();
    write_file(pid_path(state), std::to_string(pid) + " " + start_time(pid), 0644);
}

}  // namespace berth::roles
