#include "rules/repo_url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace berth::rules {
namespace {

constexpr std::size_t url_bytes_max = 2048;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

Error refused(std::string_view why) {
    return fail_as(Failure::invalid, "invalid_repo_url", "/repo_url", "repo_url: {}", why);
}

int digit_of(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// What no part of an address may hold, whatever its form; "" when it is clean.
std::string_view unclean(std::string_view text) {
    if (text.empty()) return "is empty";
    if (text.size() > url_bytes_max) return "is longer than 2,048 bytes";
    if (text.front() == '-') return "starts with '-', which git would read as an option";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) return "has a control character";
        if (c == ' ') return "has a space; write it as %20";
        if (byte >= 0x80) return "has a character outside ASCII; write it as %XX";
        if (c == '\\' || c == '"' || c == '\'' || c == '`' || c == '<' || c == '>') {
            return "has a character that no address has";
        }
    }
    for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
        const int high = at + 2 < text.size() ? digit_of(text[at + 1]) : -1;
        const int low = at + 2 < text.size() ? digit_of(text[at + 2]) : -1;
        if (high < 0 || low < 0) return "has a '%' without two hex digits";
        if (high * 16 + low < 0x20 || high * 16 + low == 0x7f) {
            return "has an encoded control character";
        }
    }
    return "";
}

bool is_host(std::string_view host) {
    if (host.empty() || host.size() > 253 || host.front() == '-' || host.front() == '.') {
        return false;
    }
    const bool v6 = host.find(':') != host.npos;
    return std::all_of(host.begin(), host.end(), [&](char c) {
        return v6 ? digit_of(c) >= 0 || c == ':' || c == '.'
                  : is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
    });
}

bool is_user(std::string_view user) {
    return !user.empty() && user.size() <= 64 && user.front() != '-' &&
           std::all_of(user.begin(), user.end(), [](char c) {
               return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
           });
}

std::uint16_t default_port(RepoScheme scheme) {
    switch (scheme) {
        case RepoScheme::https:
            return 443;
        case RepoScheme::http:
            return 80;
        case RepoScheme::ssh:
            return 22;
        case RepoScheme::git:
            return 9418;
    }
    return 0;
}

Result<RepoScheme> parse_scheme(std::string_view word) {
    RepoScheme scheme{};
    if (lower(word) == "git+ssh" || lower(word) == "ssh+git") return RepoScheme::ssh;
    if (boost::describe::enum_from_string(lower(word).c_str(), scheme)) return scheme;
    return refused(
        fmt::format("'{}' is not a scheme that Berth clones from; use https, http, ssh or git",
                    word.substr(0, 20)));
}

/// "host", "host:8080", "[::1]:8080" into `url`.
Result<> parse_host(std::string_view text, RepoUrl& url) {
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == text.npos) return refused("has a '[' without ']'");
        url.host = lower(text.substr(1, end - 1));
        if (url.host.find(':') == url.host.npos) return refused("has no IPv6 address between [ ]");
        port = text.substr(end + 1);
    } else {
        const std::size_t colon = text.find(':');
        url.host = lower(text.substr(0, colon));
        port = colon == text.npos ? "" : text.substr(colon);
    }
    if (!is_host(url.host)) return refused("has no valid host name");
    url.port = default_port(url.scheme);
    if (port.empty()) return {};
    const auto parsed = std::from_chars(port.data() + 1, port.data() + port.size(), url.port);
    if (port.front() != ':' || port.size() < 2 || !is_digit(port[1]) || parsed.ec != std::errc{} ||
        parsed.ptr != port.data() + port.size() || url.port == 0) {
        return refused("has a port that is not 1 to 65535");
    }
    return {};
}

/// Checks `url.path` and strips its trailing slashes.
Result<> parse_path(std::string_view path, RepoUrl& url) {
    if (path.find_first_of("?#") != path.npos) return refused("has a query or a fragment");
    while (path.size() > 1 && path.ends_with('/'))
        path.remove_suffix(1);
    if (path.empty() || path == "/") return refused("names a host but no repository");
    if (path.find_first_not_of('/') != path.npos && path[path.find_first_not_of('/')] == '-') {
        return refused("has a path that starts with '-'");
    }
    url.path = path;
    return {};
}

Result<RepoUrl> parse_scp(std::string_view text) {
    RepoUrl url{.scheme = RepoScheme::ssh, .port = 22};
    const std::size_t at = text.find('@');
    url.user = text.substr(0, at);
    if (!is_user(url.user)) return refused("has no valid user name before '@'");
    const std::string_view rest = text.substr(at + 1);
    const std::size_t colon = rest.starts_with('[') ? rest.find("]:") + 1 : rest.find(':');
    if (colon == rest.npos || colon == 0) return refused("is not of the form user@host:path");
    if (const Result<> host = parse_host(rest.substr(0, colon), url); !host) return host.error();
    if (rest.substr(colon + 1).starts_with(':'))
        return refused("is not of the form user@host:path");
    if (const Result<> path = parse_path(rest.substr(colon + 1), url); !path) return path.error();
    const bool v6 = url.host.find(':') != url.host.npos;
    url.text =
        fmt::format(fmt::runtime(v6 ? "{}@[{}]:{}" : "{}@{}:{}"), url.user, url.host, url.path);
    return url;
}

/// `authority` without its user, which only ssh may have.
Result<std::string_view> parse_user(std::string_view authority, RepoUrl& url) {
    const std::size_t at = authority.rfind('@');
    if (at == authority.npos) return authority;
    const std::string_view user = authority.substr(0, at);
    if (url.scheme != RepoScheme::ssh || user.find(':') != user.npos) {
        return refused(
            "has a credential in it; give it as the project's token or deploy key instead");
    }
    if (!is_user(user)) return refused("has no valid user name before '@'");
    url.user = user;
    return authority.substr(at + 1);
}

Result<RepoUrl> parse_url(std::string_view text, std::size_t scheme_end) {
    const Result<RepoScheme> scheme = parse_scheme(text.substr(0, scheme_end));
    if (!scheme) return scheme.error();
    RepoUrl url{.scheme = *scheme};
    const std::string_view rest = text.substr(scheme_end + 3);
    const std::size_t slash = rest.find('/');
    const Result<std::string_view> host = parse_user(rest.substr(0, slash), url);
    if (!host) return host.error();
    if (const Result<> ok = parse_host(*host, url); !ok) return ok.error();
    if (slash == rest.npos) return refused("names a host but no repository");
    if (const Result<> ok = parse_path(rest.substr(slash), url); !ok) return ok.error();

    const bool v6 = url.host.find(':') != url.host.npos;
    url.text = fmt::format(
        "{}://{}{}{}{}", boost::describe::enum_to_string(url.scheme, ""),
        url.user.empty() ? "" : url.user + "@", v6 ? "[" + url.host + "]" : url.host,
        url.port == default_port(url.scheme) ? "" : fmt::format(":{}", url.port), url.path);
    return url;
}

}  // namespace

Result<RepoUrl> parse_repo_url(std::string_view text) {
    if (const std::string_view why = unclean(text); !why.empty()) return refused(why);
    const std::size_t scheme_end = text.find("://");
    if (text.find("::") != text.npos && (scheme_end == text.npos || text.find("::") < scheme_end)) {
        if (text.find('[') == text.npos) {
            return refused("asks for a transport helper ('::'), which can run programs");
        }
    }
    if (scheme_end != text.npos) return parse_url(text, scheme_end);
    if (lower(text).starts_with("file:")) return refused("is a path on this machine");
    const std::size_t slash = text.find('/');
    if (text.find('@') != text.npos && text.find(':') != text.npos && text.find('@') < slash) {
        return parse_scp(text);
    }
    return refused(
        "is not a repository's address; it looks like https://host/team/repository.git "
        "or git@host:team/repository.git");
}

bool is_ref_name(std::string_view text) {
    if (text.empty() || text.size() > 244 || text == "@") return false;
    if (text.front() == '-' || text.front() == '/' || text.back() == '/' || text.back() == '.') {
        return false;
    }
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return false;
        if (std::string_view("~^:?*[\\").find(c) != std::string_view::npos) return false;
    }
    for (const std::string_view bad : {"..", "//", "@{", "/.", ".lock/"}) {
        if (text.find(bad) != text.npos) return false;
    }
    return text.front() != '.' && !text.ends_with(".lock");
}

bool is_commit_id(std::string_view text) {
    return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
               return is_digit(c) || (c >= 'a' && c <= 'f');
           });
}

}  // namespace berth::rules
