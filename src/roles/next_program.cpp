#include "roles/next_program.hpp"

#include <sys/auxv.h>

#include <bit>

#include "base/process.hpp"
#include "roles/handover.hpp"
#include "roles/layout.hpp"

namespace berth::roles {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds limit = 20s;
constexpr std::size_t said_bytes_max = 300;

Error bad_program(const std::string& path, const std::string& why) {
    return fail_as(Failure::invalid, "bad_program", "", "{} {}", path, why);
}

std::string first_line(const std::string& text) {
    return text.substr(0, std::min(text.find('\n'), said_bytes_max));
}

/// What it printed. Errors: as of check().
Result<std::string> ask(const std::string& path, std::vector<std::string> words) {
    Command command{.argv = {path}, .environment = outer_environment()};
    const std::string verb = words.front();
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    const Result<Ended> ended = run_blocking(command, limit);
    if (!ended) return bad_program(path, "cannot be run: " + ended.error().message);
    if (ended->exit_code == 0) return ended->output;
    const std::string said = first_line(ended->errors.empty() ? ended->output : ended->errors);
    return bad_program(path, fmt::format("is not fit: `{}` ended with {}{}{}", verb,
                                         ended->exit_code, said.empty() ? "" : ": ", said));
}

bool is_same(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino &&
           one.st_size == other.st_size && one.st_mtim.tv_sec == other.st_mtim.tv_sec &&
           one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

}  // namespace

std::string program_path() {
    const auto* path = std::bit_cast<const char*>(::getauxval(AT_EXECFN));
    return absolute_path(path == nullptr ? "/proc/self/exe" : path);
}

Result<NextProgram> NextProgram::check(const std::string& path,
                                       const std::vector<std::string>& words) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return bad_program(path, "is not there");
    NextProgram next(path, found);
    constexpr std::string_view name = "berth ";
    const Result<std::string> version = ask(path, {"version"});
    if (!version) return version.error();
    next.version_ = first_line(*version);
    if (!next.version_.starts_with(name)) return bad_program(path, "is no Berth");
    next.version_.erase(0, name.size());
    const Result<std::string> takes =
        ask(path, {"upgrade", "--accepts", std::to_string(handover_form)});
    if (!takes) return takes.error();
    std::vector<std::string> config{"config", "check"};
    config.insert(config.end(), words.begin(), words.end());
    const Result<std::string> accepted = ask(path, std::move(config));
    if (!accepted) return accepted.error();
    return next;
}

bool NextProgram::is_unchanged() const {
    struct stat now{};
    return ::stat(path_.c_str(), &now) == 0 && is_same(now, found_);
}

}  // namespace berth::roles
