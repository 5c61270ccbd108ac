#include "api/git_door.hpp"

#include "base/crypto.hpp"

namespace berth::api {
namespace {

constexpr std::string_view root = "/git/";
constexpr std::string_view basic = "basic ";
constexpr std::size_t secret_bytes_max = 4096;

/// The password of "user:password" in base64, or "".
std::string password_of(std::string_view encoded) {
    std::string url_safe(encoded.substr(0, secret_bytes_max));
    for (char& c : url_safe) {
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    while (url_safe.ends_with('='))
        url_safe.pop_back();
    const Result<std::string> text = from_base64url(url_safe);
    if (!text) return "";
    const std::size_t colon = text->find(':');
    return colon == text->npos ? "" : text->substr(colon + 1);
}

bool is_basic(std::string_view field) {
    if (field.size() <= basic.size()) return false;
    for (std::size_t i = 0; i < basic.size(); ++i) {
        if ((field[i] | 0x20) != basic[i]) return false;
    }
    return true;
}

}  // namespace

bool is_git_request(const http::Request& request) {
    return request.path.starts_with(root);
}

std::string git_route_path(std::string path) {
    constexpr std::string_view suffix = ".git";
    const std::size_t project = path.find('/', root.size());
    if (project == path.npos) return path;
    const std::size_t end = std::min(path.find('/', project + 1), path.size());
    if (std::string_view(path).substr(0, end).ends_with(suffix))
        path.erase(end - suffix.size(), suffix.size());
    return path;
}

void open_git_request(http::Request& request) {
    request.path = git_route_path(std::move(request.path));
    const std::string given(request.headers.get("authorization"));
    if (!is_basic(given)) return;
    const std::string password = password_of(std::string_view(given).substr(basic.size()));
    request.headers.set("authorization", "Bearer " + password);
}

void close_git_answer(http::Response& response) {
    if (response.status == 401) {
        response.headers.set("www-authenticate", "Basic realm=\"Berth: an API token as password\"");
    }
    const std::string* text = std::get_if<std::string>(&response.body);
    if (text == nullptr || response.headers.get("content-type") != "application/problem+json")
        return;
    const Result<json::value> problem = json::parse(*text);
    if (!problem || !problem->is_object()) return;
    const auto* detail = problem->get_object().if_contains("detail");
    if (detail == nullptr || !detail->is_string()) return;
    response.headers.set("content-type", "text/plain; charset=utf-8");
    response.body = std::string(detail->get_string()) + "\n";
}

}  // namespace berth::api
