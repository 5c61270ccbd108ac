#include "roles/handover.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "roles/role_config.hpp"

extern char** environ;

namespace berth::roles {

namespace {

constexpr const char* variable_name = "BERTH_HANDOVER";

Error bad_handover(const std::string& why) {
    return fail_as(Failure::invalid, "bad_handover", "", "{}: {}", variable_name, why);
}

std::vector<int> descriptors_of(const Handover& handover) {
    std::vector<int> all{handover.lock};
    if (handover.previous >= 0) all.push_back(handover.previous);
    for (const HandedSocket& socket : handover.sockets)
        all.push_back(socket.descriptor);
    return all;
}

void set_inherited(const std::vector<int>& descriptors, int flags) {
    for (const int descriptor : descriptors)
        ::fcntl(descriptor, F_SETFD, flags);
}

/// Errors: invalid — bad_handover.
Result<std::string> read_sealed(int descriptor) {
    const int seals = ::fcntl(descriptor, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_WRITE) == 0)
        return bad_handover("this is no sealed memory file");
    std::string text;
    std::array<char, 4096> buffer{};
    while (true) {  // ends at the end of the file
        const ssize_t count =
            ::pread(descriptor, buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    ::close(descriptor);
    return text;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    list.reserve(texts.size() + 1);
    for (std::string& text : texts)
        list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

}  // namespace

Result<std::optional<Handover>> take_handover() {
    const char* given = std::getenv(variable_name);
    if (given == nullptr) return std::optional<Handover>{};
    const int descriptor = std::atoi(given);
    ::unsetenv(variable_name);
    const Result<std::string> text = read_sealed(descriptor);
    if (!text) return text.error();
    const Result<json::value> parsed = json::parse(*text);
    if (!parsed || !parsed->is_object()) return bad_handover("this is no object");
    // Before the rest is looked at: another form has other fields.
    const json::value* form = parsed->get_object().if_contains("form");
    if (form == nullptr || *form != json::value(handover_form))
        return bad_handover("it is of a form that this Berth does not know");
    Result<Handover> handover = json::to<Handover>(*parsed);
    if (!handover) return bad_handover(handover.error().message);
    for (const int open : descriptors_of(*handover)) {
        if (::fcntl(open, F_SETFD, FD_CLOEXEC) != 0)
            return bad_handover(fmt::format("descriptor {} is not open", open));
    }
    return std::optional<Handover>(std::move(*handover));
}

void close_handed(const Handover& handover) {
    for (const int descriptor : descriptors_of(handover))
        ::close(descriptor);
}

Error become(const std::string& program, const std::vector<std::string>& words,
             const Handover& handover) {
    const Fd memory = config_file(json::text(handover));
    std::vector<int> inherited = descriptors_of(handover);
    inherited.push_back(memory.get());
    std::vector<std::string> arguments{handover.program};
    arguments.insert(arguments.end(), words.begin(), words.end());
    std::vector<std::string> environment = outer_environment();
    environment.push_back(fmt::format("{}={}", variable_name, memory.get()));
    const std::vector<char*> argv = pointers(arguments);
    const std::vector<char*> envp = pointers(environment);
    set_inherited(inherited, 0);
    ::execve(program.c_str(), argv.data(), envp.data());
    const int refused = errno;
    set_inherited(inherited, FD_CLOEXEC);
    return fail(Failure::unavailable, "{} cannot be executed: {}", program, std::strerror(refused));
}

std::vector<std::string> outer_environment() {
    std::vector<std::string> list;
    const std::string ours = std::string(variable_name) + "=";
    for (char** entry = environ; *entry != nullptr; ++entry) {
        if (!std::string_view(*entry).starts_with(ours)) list.emplace_back(*entry);
    }
    return list;
}

}  // namespace berth::roles
