#include "builds/clone_failure.hpp"

#include <algorithm>
#include <array>

#include "builds/first_error.hpp"
#include "builds/line_framer.hpp"

namespace berth::builds {
namespace {

using jobs::Reason;

struct Sign {
    std::string_view words;
    Reason reason;
};

/// In order: the first that is said decides. Source: git 2.39 (http.c, remote-curl.c, connect.c,
/// upload-pack.c) and OpenSSH 9.2, tried by hand.
constexpr std::array<Sign, 35> signs{{
    {"host key verification failed", Reason::clone_blocked},
    {"remote host identification has changed", Reason::clone_blocked},
    {"returned error: 301", Reason::clone_blocked},
    {"returned error: 302", Reason::clone_blocked},
    {"returned error: 303", Reason::clone_blocked},
    {"returned error: 307", Reason::clone_blocked},
    {"returned error: 308", Reason::clone_blocked},
    {"unable to update url base from redirection", Reason::clone_blocked},
    {"transport '", Reason::clone_blocked},  // transport 'file' not allowed
    {"authentication failed", Reason::clone_auth},
    {"could not read username", Reason::clone_auth},
    {"could not read password", Reason::clone_auth},
    {"terminal prompts disabled", Reason::clone_auth},
    {"returned error: 401", Reason::clone_auth},
    {"returned error: 403", Reason::clone_auth},
    {"invalid credentials", Reason::clone_auth},
    {"permission denied (", Reason::clone_auth},
    {"error in libcrypto", Reason::clone_auth},
    {"invalid format", Reason::clone_auth},
    {"access denied or repository not exported", Reason::clone_not_found},
    {"couldn't find remote ref", Reason::clone_ref},
    {"remote branch", Reason::clone_ref},
    {"not our ref", Reason::clone_ref},
    {"unadvertised object", Reason::clone_ref},
    {"is not in this repository", Reason::clone_ref},
    {"the repository is empty", Reason::clone_ref},
    {"repository not found", Reason::clone_not_found},
    {"returned error: 404", Reason::clone_not_found},
    {"returned error: 410", Reason::clone_not_found},
    {"' not found", Reason::clone_not_found},
    {"does not appear to be a git repository", Reason::clone_not_found},
    {"not found: did you run git update-server-info", Reason::clone_not_found},
    {"could not resolve host", Reason::clone_not_found},
    {"project you were looking for could not be found", Reason::clone_not_found},
    {"not valid: is this a git repository", Reason::clone_not_found},
}};

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

/// The line that says most: the last `fatal:` or `ERROR:`, else the last one.
std::string telling_line(std::string_view said) {
    std::string last;
    std::string fatal;
    while (!said.empty()) {
        const std::size_t end = std::min(said.find_first_of("\r\n"), said.size());
        const std::string line = without_ansi(said.substr(0, end));
        said.remove_prefix(std::min(end + 1, said.size()));
        if (line.find_first_not_of(' ') == line.npos) continue;
        last = line;
        const bool tells = line.starts_with("fatal:") || line.find("ERROR:") != line.npos ||
                           line.starts_with("Host key") || line.find("denied") != line.npos ||
                           line.starts_with("remote: ") || line.starts_with("ssh: ");
        const bool vague = line.find("Could not read from remote repository") != line.npos;
        if (tells && !vague && !line.starts_with("remote: Enum")) fatal = line;
    }
    return std::string(utf8_prefix(repair_utf8(fatal.empty() ? last : fatal), 500));
}

std::string advice(Reason reason, bool had_credential) {
    switch (reason) {
        case Reason::clone_not_found:
            return "Check the address of the repository.";
        case Reason::clone_auth:
            return had_credential
                       ? "The server refused the credential: check that it is valid and may read "
                         "this repository."
                       : "The repository does not exist or is private: add an access token or a "
                         "deploy key to the project.";
        case Reason::clone_ref:
            return "Check that the branch, tag or commit exists in the repository.";
        case Reason::clone_blocked:
            return "Berth does not follow redirects or changed host keys when it clones: use the "
                   "repository's final address, or remove the pinned host key if the change is "
                   "right.";
        default:
            return "Try again; if it stays, check that this machine reaches the server.";
    }
}

}  // namespace

CloneFailure classify_clone(std::string_view said, bool had_credential) {
    const std::string text = lower(said);
    CloneFailure failure{.detail = telling_line(said)};
    for (const Sign& sign : signs) {
        if (text.find(sign.words) == text.npos) continue;
        failure.reason = sign.reason;
        break;
    }
    failure.next_step = advice(failure.reason, had_credential);
    if (text.find("certificate verification failed") != text.npos ||
        text.find("ssl certificate problem") != text.npos) {
        failure.next_step =
            "This machine does not trust the server's certificate: the operator "
            "can add its authority with BERTH_CA_FILE.";
    }
    return failure;
}

}  // namespace berth::builds
