#include "cli/client_state.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <filesystem>

#include "base/file.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr std::size_t state_bytes_max = 1 << 20;

/// The servers of credentials.json, or none.
json::bj::object servers_of(const json::bj::object& content) {
    const json::value* servers = content.if_contains("servers");
    return servers != nullptr && servers->is_object() ? servers->get_object() : json::bj::object{};
}

}  // namespace

json::bj::object ClientState::read(const std::string& path) const {
    const Result<std::string> bytes = read_file(path, state_bytes_max);
    if (!bytes) return {};
    const Result<json::value> content = json::parse(*bytes);
    // A damaged file is as good as none: signing in again writes a whole one.
    return content && content->is_object() ? content->get_object() : json::bj::object{};
}

Outcome<> ClientState::write(const std::string& name, const json::value& content) const {
    const std::string path = directory_ + "/" + name;
    try {
        std::filesystem::create_directories(directory_);
        std::filesystem::permissions(directory_, std::filesystem::perms::owner_all);
        write_file(path, json::bj::serialize(content) + "\n", 0600);
    } catch (const std::exception& refused) {
        return problem(Exit::failure, "state_not_written",
                       fmt::format("{} cannot be written: {}", path, refused.what()),
                       "point XDG_CONFIG_HOME at a directory of yours, or use BERTH_TOKEN");
    }
    return {};
}

std::string ClientState::server() const {
    return text(read(directory_ + "/config.json"), "server");
}

std::map<std::string, Credential> ClientState::credentials() const {
    std::map<std::string, Credential> all;
    for (const auto& [server, found] : servers_of(read(credentials_path()))) {
        Credential credential{.token = text(found, "token"),
                              .token_id = text(found, "token_id"),
                              .email = text(found, "email"),
                              .expires_at_ms = number(found, "expires_at_ms").value_or(0)};
        if (!credential.token.empty()) all[std::string(server)] = std::move(credential);
    }
    return all;
}

std::optional<Credential> ClientState::find(const std::string& server) const {
    const std::map<std::string, Credential> all = credentials();
    const auto found = all.find(server);
    return found == all.end() ? std::nullopt : std::optional(found->second);
}

Outcome<> ClientState::remember(const std::string& server, const Credential& credential) {
    json::bj::object servers = servers_of(read(credentials_path()));
    servers[server] = json::from(credential);
    const json::bj::object credentials{{"servers", servers}};
    if (const Outcome<> ok = write("credentials.json", credentials); !ok) return ok;
    return choose(server);
}

Outcome<> ClientState::choose(const std::string& server) {
    return write("config.json", json::bj::object{{"server", server}});
}

Outcome<> ClientState::forget(const std::string& server) {
    json::bj::object servers = servers_of(read(credentials_path()));
    if (servers.erase(server) == 0) return {};
    return write("credentials.json", json::bj::object{{"servers", servers}});
}

Outcome<std::string> parse_server(const std::string& text) {
    const auto parsed = boost::urls::parse_uri(text);
    Problem wrong =
        usage(fmt::format("--server: '{}' is not an address such as https://berth.example", text));
    if (!parsed) return wrong;
    const boost::urls::url_view& url = *parsed;
    std::string scheme(url.scheme());
    std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool plain = !url.has_userinfo() && !url.has_query() && !url.has_fragment() &&
                       (url.encoded_path().empty() || url.encoded_path() == "/");
    if ((scheme != "http" && scheme != "https") || url.encoded_host().empty() || !plain) {
        return wrong;
    }
    std::string authority(url.encoded_host_and_port());
    std::transform(authority.begin(), authority.end(), authority.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return scheme + "://" + authority;
}

}  // namespace berth::cli
