#include "githosts/dialect.hpp"

#include <algorithm>
#include <charconv>

#include "githosts/event.hpp"

namespace berth::githosts {
namespace detail {

constexpr std::size_t description_bytes_max = 140;  // GitHub's

std::string id_at(const json::value& from, std::initializer_list<std::string_view> path) {
    const json::value* found = value_at(from, path);
    if (found == nullptr) return "";
    if (found->is_int64()) return std::to_string(found->get_int64());
    if (found->is_uint64()) return std::to_string(found->get_uint64());
    return found->is_string() ? shown(found->get_string(), 100) : "";
}

bool flag_at(const json::value& from, std::string_view key) {
    const json::value* found = value_at(from, {key});
    return found != nullptr && found->is_bool() && found->get_bool();
}

std::int64_t number_at(const json::value& from, std::string_view key) {
    const json::value* found = value_at(from, {key});
    return found != nullptr && found->is_int64() ? found->get_int64() : 0;
}

std::vector<std::string> words_of(std::string_view list) {
    std::vector<std::string> words;
    while (!list.empty()) {
        const std::string_view word = list.substr(0, list.find(','));
        list.remove_prefix(std::min(list.size(), word.size() + 1));
        const std::size_t begin = word.find_first_not_of(' ');
        if (begin == word.npos) continue;
        words.emplace_back(word.substr(begin, word.find_last_not_of(' ') + 1 - begin));
    }
    return words;
}

json::value hook_body(std::string_view type, const std::string& url, const std::string& secret) {
    json::bj::object config{{"url", url}, {"content_type", "json"}, {"secret", secret}};
    if (type == "web") config["insecure_ssl"] = "0";
    return json::bj::object{{type == "web" ? "name" : "type", type},
                            {"active", true},
                            {"events", json::bj::array{"push", "pull_request"}},
                            {"config", std::move(config)}};
}

json::value status_body(const CommitStatus& status) {
    constexpr const char* words[] = {"pending", "success", "failure", "error"};
    return json::bj::object{{"state", words[static_cast<int>(status.state)]},
                            {"context", status.context},
                            {"description", shown(status.description, description_bytes_max)},
                            {"target_url", status.target_url}};
}

const json::bj::array& array_at(const json::value& from, std::string_view key) {
    static const json::bj::array none;
    const json::value* found = value_at(from, {key});
    return found != nullptr && found->is_array() ? found->get_array() : none;
}

std::vector<CommitCheck> read_statuses(const json::value& body) {
    std::vector<CommitCheck> checks;
    for (const json::value& one : array_at(body, "statuses")) {
        // GitHub: state; Gitea: status.
        const std::string_view state = text_at(one, {"state"});
        const std::string_view word = state.empty() ? text_at(one, {"status"}) : state;
        const bool good = word == "success" || word == "warning";
        const bool bad = word == "failure" || word == "error";
        checks.push_back({shown(text_at(one, {"context"}), 200), good  ? StatusState::success
                                                                 : bad ? StatusState::failure
                                                                       : StatusState::pending});
    }
    return checks;
}

OpenRequest read_pull(const json::value& item) {
    const std::string_view from = text_at(item, {"head", "repo", "full_name"});
    const std::string_view to = text_at(item, {"base", "repo", "full_name"});
    return {.number = number_at(item, "number"),
            .commit = shown(text_at(item, {"head", "sha"}), 64),
            .branch = shown(text_at(item, {"head", "ref"}), 255),
            .target = shown(text_at(item, {"base", "ref"}), 255),
            .title = shown(text_at(item, {"title"}), 200),
            .author = shown(text_at(item, {"user", "login"}), 100),
            .author_id = id_at(item, {"user", "id"}),
            // A fork that was deleted has no repository any more.
            .fork = from != to || from.empty()};
}

}  // namespace detail

namespace {

bool is_segment(std::string_view segment) {
    if (segment.empty() || segment == "." || segment == "..") return false;
    return std::ranges::all_of(segment, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

Error bad_base_url(std::string_view why) {
    return fail_as(Failure::invalid, "invalid_base_url", "/base_url", "base_url: {}", why);
}

/// "git.example:8443": a name or IPv4 address, and at most a port.
bool is_authority(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view host = text.substr(0, colon);
    const bool plain = std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    });
    if (host.empty() || host.size() > 253 || !plain || host.front() == '-') return false;
    if (colon == text.npos) return true;
    const std::string_view port = text.substr(colon + 1);
    unsigned number = 0;
    const auto [end, bad] = std::from_chars(port.data(), port.data() + port.size(), number);
    return bad == std::errc() && end == port.data() + port.size() && number > 0 && number < 65536;
}

}  // namespace

bool is_repository_path(std::string_view path) {
    if (path.size() > 255) return false;
    int segments = 0;
    while (true) {  // ends with the last segment, or a bad one
        const std::size_t end = path.find('/');
        if (!is_segment(path.substr(0, end))) return false;
        ++segments;
        if (end == path.npos) return segments >= 2 && segments <= 20;
        path.remove_prefix(end + 1);
    }
}

Result<std::string> check_base_url(Provider provider, std::string_view text) {
    if (text.empty()) {
        if (provider == Provider::github) return std::string("https://github.com");
        if (provider == Provider::gitlab) return std::string("https://gitlab.com");
        return bad_base_url("say where your host is: https://git.example");
    }
    const std::string_view scheme = text.starts_with("https://")  ? "https://"
                                    : text.starts_with("http://") ? "http://"
                                                                  : "";
    if (scheme.empty()) return bad_base_url("it begins with https:// or http://");
    std::string_view rest = text.substr(scheme.size());
    while (rest.ends_with('/'))
        rest.remove_suffix(1);
    const std::size_t slash = rest.find('/');
    std::string authority(rest.substr(0, slash));
    std::ranges::transform(authority, authority.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    if (!is_authority(authority)) {
        return bad_base_url("a host name and at most a port; no user, query or IPv6 address");
    }
    const std::string_view usual = scheme == "https://" ? ":443" : ":80";
    if (authority.ends_with(usual)) authority.resize(authority.size() - usual.size());
    std::string url = std::string(scheme) + authority;
    while (slash != rest.npos && !rest.empty()) {  // ends with the last segment
        rest.remove_prefix(std::min(rest.size(), rest.find('/') + 1));
        const std::string_view segment = rest.substr(0, rest.find('/'));
        if (!is_segment(segment)) return bad_base_url("its path has odd characters");
        url += "/" + std::string(segment);
        if (segment.size() == rest.size()) break;
    }
    if (url.size() > 512) return bad_base_url("at most 512 bytes");
    return url;
}

const Dialect* dialect_of(Provider provider) {
    switch (provider) {
        case Provider::github:
            return &detail::github_dialect();
        case Provider::gitlab:
            return &detail::gitlab_dialect();
        case Provider::gitea:
            return &detail::gitea_dialect();
        case Provider::bitbucket:
        case Provider::bitbucket_server:
        case Provider::generic:
            return nullptr;
    }
    return nullptr;
}

Result<std::vector<json::value>> items_of(const Answer& answer) {
    const json::value* wrapped = detail::value_at(answer.body, {"data"});
    const json::value& list = wrapped != nullptr ? *wrapped : answer.body;
    if (!list.is_array()) {
        return fail_as(Failure::unavailable, "git_host_answer", "",
                       "the Git host's answer is not a list");
    }
    const auto& items = list.get_array();
    return std::vector<json::value>(items.begin(), items.end());
}

bool has_next(const Answer& answer) {
    return answer.headers.get("link").find("rel=\"next\"") != std::string_view::npos;
}

}  // namespace berth::githosts
