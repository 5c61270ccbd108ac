#include "roles/orphan.hpp"

#include <signal.h>
#include <unistd.h>

#include "base/file.hpp"

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

}  // namespace

Orphan::Orphan(std::string state) : path_(pid_path(state)) {
    const auto text = read_file(path_, 100);
    if (!text) return;
    const std::size_t space = text->find(' ');
    if (space == text->npos || text->find_first_not_of("0123456789 ") != text->npos) return;
    const pid_t pid = static_cast<pid_t>(std::stol(text->substr(0, space)));
    if (pid <= 1 || start_time(pid) != text->substr(space + 1)) return;
    written_ = *text;
    pid_ = pid;
}

bool Orphan::end_if_replaced() {
    if (!lives()) return false;
    const auto now = read_file(path_, 100);
    const bool replaced = now && *now != written_;
    if (!replaced && ++calls_ < 150) return true;
    ::kill(pid_, SIGTERM);
    pid_ = -1;
    return false;
}

void write_edge_pid(const std::string& state) {
    const pid_t pid = ::getpid();
    write_file(pid_path(state), std::to_string(pid) + " " + start_time(pid), 0644);
}

}  // namespace berth::roles
