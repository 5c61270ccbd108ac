/// `berth admin`, `gc`, `workers token`, `edges token`: the client side of the admin socket.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "http/client.hpp"
#include "roles/admin_options.hpp"
#include "roles/garbage.hpp"
#include "roles/layout.hpp"
#include "roles/roles.hpp"

namespace berth::roles {
namespace {

using namespace std::chrono_literals;

constexpr int usage_code = 2;
constexpr int unavailable_code = 8;

int usage(const char* text) {
    std::fprintf(stderr, "Usage: %s\n", text);
    return usage_code;
}

/// Calls the admin socket; prints what went wrong and returns its exit code, else 0.
int call(const AdminOptions& options, std::string verb, std::string path, std::string body,
         std::string& answer) {
    const auto client = http::make_curl_client(1, "");
    http::Call request{.verb = std::move(verb),
                       .url = "unix:" + options.data + "/run/admin.sock:" + path,
                       .body = std::move(body),
                       .limit = 600s};
    request.headers.set("content-type", "application/json");
    const Result<http::Reply> reply = wait(client->send(std::move(request)));
    if (!reply) {
        std::fprintf(stderr,
                     "berth: no running `berth serve` answers in %s (%s).\n"
                     "Run this on the machine itself, as the user that runs it, with --data DIR if "
                     "the data is elsewhere.\n",
                     options.data.c_str(), reply.error().message.c_str());
        return unavailable_code;
    }
    answer = reply->body;
    if (reply->status < 300) return 0;
    const auto problem = json::parse(reply->body);
    const std::string detail =
        problem && problem->is_object() && problem->get_object().contains("detail")
            ? std::string(problem->at("detail").as_string())
            : reply->body;
    std::fprintf(stderr, "berth: %s\n", detail.c_str());
    return reply->status == 404 ? 3 : 1;
}

std::string text_at(const std::string& answer, const char* key) {
    const auto parsed = json::parse(answer);
    if (!parsed || !parsed->is_object()) return "";
    const json::value* found = parsed->get_object().if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

int rotate_key(const AdminOptions& options) {
    std::string answer;
    const int code = call(options, "POST", "/rotate-key", "", answer);
    if (code != 0) return code;
    std::fprintf(
        stderr,
        "A new key is there. Start Berth again: everything is sealed with it then, and the "
        "old key is gone.\nBackups from before need the old key: keep it with them.\n");
    return 0;
}

int print_token(const std::vector<std::string>& arguments, const char* which, const char* help) {
    const AdminOptions options = read_admin_options(arguments);
    if (options.rest != std::vector<std::string>{"token"}) return usage(help);
    std::string answer;
    const int code = call(options, "GET", "/tokens", "", answer);
    if (code == 0) std::printf("%s\n", text_at(answer, which).c_str());
    return code;
}

}  // namespace

AdminOptions read_admin_options(const std::vector<std::string>& arguments) {
    AdminOptions options;
    const char* data = std::getenv("BERTH_DATA");
    options.data = data == nullptr ? default_data_directory("berth") : data;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == "--data" && i + 1 < arguments.size()) {
            options.data = arguments[++i];
        } else if (arguments[i] == "--json") {
            options.json = true;
        } else {
            options.rest.push_back(arguments[i]);
        }
    }
    options.data = std::filesystem::absolute(options.data).lexically_normal().string();
    return options;
}

int run_admin(const std::vector<std::string>& arguments) {
    const AdminOptions options = read_admin_options(arguments);
    if (options.rest == std::vector<std::string>{"rotate-key"}) return rotate_key(options);
    if (options.rest.size() != 2 || options.rest[0] != "reset-password") {
        return usage("berth admin reset-password EMAIL | rotate-key [--data DIR] [--json]");
    }
    const json::bj::object body{{"email", options.rest[1]}};
    std::string answer;
    const int code = call(options, "POST", "/reset-password", boost::json::serialize(body), answer);
    if (code != 0) return code;
    if (options.json) {
        std::printf("%s\n", answer.c_str());
    } else {
        std::fprintf(stderr, "One-time password of %s (all their sessions have ended):\n",
                     text_at(answer, "email").c_str());
        std::printf("%s\n", text_at(answer, "password").c_str());
    }
    return 0;
}

int run_gc(const std::vector<std::string>& arguments) {
    const AdminOptions options = read_admin_options(arguments);
    if (!options.rest.empty()) return usage("berth gc [--data DIR] [--json]");
    std::string answer;
    const int code = call(options, "POST", "/gc", "", answer);
    if (code != 0) return code;
    if (options.json) {
        std::printf("%s\n", answer.c_str());
        return 0;
    }
    const auto swept = json::parse_as<Swept>(answer);
    if (!swept) return 1;
    std::printf("Deleted %lld objects (%.1f MiB); kept %lld (%.1f MiB).\n",
                static_cast<long long>(swept->objects),
                static_cast<double>(swept->bytes) / (1 << 20),
                static_cast<long long>(swept->kept_objects),
                static_cast<double>(swept->kept_bytes) / (1 << 20));
    return 0;
}

int run_workers(const std::vector<std::string>& arguments) {
    return print_token(arguments, "worker", "berth workers token [--data DIR]");
}

int run_edges(const std::vector<std::string>& arguments) {
    return print_token(arguments, "edge", "berth edges token [--data DIR]");
}

}  // namespace berth::roles
