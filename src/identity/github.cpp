#include "identity/github.hpp"

namespace berth::identity {
namespace {

bool truth(const json::bj::object& from, std::string_view name) {
    const json::value* found = from.if_contains(name);
    return found != nullptr && found->is_bool() && found->get_bool();
}

}  // namespace

std::string github_api(const std::string& issuer) {
    return issuer == "https://github.com" ? "https://api.github.com" : issuer + "/api/v3";
}

Result<Identity> read_github_user(const std::string& issuer, const json::value& user) {
    const json::value* id = user.is_object() ? user.get_object().if_contains("id") : nullptr;
    if (id == nullptr || !id->is_int64() || id->get_int64() <= 0) {
        return fail_as(Failure::unavailable, "provider_answer", "",
                       "GitHub's answer does not say who you are");
    }
    return Identity{.issuer = issuer, .subject = std::to_string(id->get_int64())};
}

void read_github_emails(const json::value& emails, Identity& into) {
    if (!emails.is_array()) return;
    for (const json::value& item : emails.get_array()) {
        if (!item.is_object()) continue;
        const json::bj::object& email = item.get_object();
        const json::value* address = email.if_contains("email");
        if (address == nullptr || !address->is_string() || !truth(email, "primary")) continue;
        into.email = std::string(address->get_string());
        into.email_verified = truth(email, "verified");
        return;
    }
}

}  // namespace berth::identity
