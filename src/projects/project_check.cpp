#include <algorithm>

#include "projects/project.hpp"
#include "rules/branch_rules.hpp"
#include "rules/repo_url.hpp"

namespace berth::projects {
namespace {

constexpr std::size_t name_max = 40;
constexpr std::size_t directory_bytes_max = 255;
constexpr std::size_t command_bytes_max = 1000;
constexpr std::int64_t preview_days_max = 365;

/// Names that would be taken for Berth's own, or that mail and browsers treat specially.
constexpr std::string_view reserved[] = {
    "account", "accounts",   "admin",        "api",   "app",      "apps",      "assets",
    "auth",    "autoconfig", "autodiscover", "berth", "cdn",      "dashboard", "docs",
    "edge",    "ftp",        "git",          "help",  "hooks",    "imap",      "internal",
    "isatap",  "localhost",  "login",        "logs",  "mail",     "metrics",   "ns",
    "ns1",     "ns2",        "platform",     "pop",   "registry", "root",      "setup",
    "signin",  "signup",     "smtp",         "ssh",   "static",   "status",    "support",
    "system",  "webmail",    "worker",       "wpad",  "www",
};

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

Error bad_name(const char* why) {
    return fail_as(Failure::invalid, "invalid_name", "/name", "name: {}", why);
}

Result<> check_command(const std::optional<std::string>& command, const std::string& field) {
    if (!command) return {};
    if (command->size() > command_bytes_max) {
        return fail_as(Failure::invalid, "too_long", "/" + field, "{}: at most {} bytes", field,
                       command_bytes_max);
    }
    if (std::ranges::any_of(*command, is_control)) {
        return fail_as(Failure::invalid, "invalid_command", "/" + field,
                       "{}: one line without control characters", field);
    }
    return {};
}

/// A semver range as package.json's `engines` has it: ">=20 <23", "22.x", "lts/*".
Result<> check_node(const std::optional<std::string>& node) {
    if (!node) return {};
    const auto fits = [](char c) {
        return is_letter_or_digit(c) || (c >= 'A' && c <= 'Z') ||
               std::string_view(".*^~<>=| /-").find(c) != std::string_view::npos;
    };
    if (!node->empty() && node->size() <= 60 && std::ranges::all_of(*node, fits)) return {};
    return fail_as(Failure::invalid, "invalid_node", "/node",
                   "node: a version or a range, like 22, 20.x or >=20");
}

Result<> check_framework(const std::optional<std::string>& framework) {
    if (!framework) return {};
    const auto fits = [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; };
    if (!framework->empty() && framework->size() <= 40 && std::ranges::all_of(*framework, fits)) {
        return {};
    }
    return fail_as(Failure::invalid, "invalid_framework", "/framework",
                   "framework: a word like vite or static_site");
}

Result<> check_previews(const Project& project) {
    const Result<> branches = rules::check_patterns(project.preview_branches,
                                                    rules::Exclusion::allowed, "preview_branches");
    if (!branches) return branches.error();
    if (project.preview_days < 0 || project.preview_days > preview_days_max) {
        return fail_as(Failure::invalid, "out_of_range", "/preview_days",
                       "preview_days: from 0 (as long as the branch) to {}", preview_days_max);
    }
    return rules::check_patterns(project.watch_paths, rules::Exclusion::refused, "watch_paths");
}

/// An empty text means "detect", as a cleared form field does; commands keep it ("run none").
void clear_if_empty(std::optional<std::string>& text) {
    if (text && text->empty()) text.reset();
}

}  // namespace

Result<> check_name(std::string_view name) {
    if (name.empty()) return bad_name("is missing");
    if (name.size() > name_max) return bad_name("at most 40 characters");
    const auto fits = [](char c) { return is_letter_or_digit(c) || c == '-'; };
    if (!std::ranges::all_of(name, fits)) {
        return bad_name("only a-z, 0-9 and hyphens: it becomes a host name");
    }
    if (name.front() == '-' || name.back() == '-') {
        return bad_name("begins and ends with a letter or digit");
    }
    const bool looks_taken =
        name.find("--") != std::string_view::npos || name.find("-git-") != std::string_view::npos;
    if (looks_taken || std::ranges::find(reserved, name) != std::end(reserved)) {
        return fail_as(Failure::invalid, "reserved_name", "/name",
                       "name: '{}' is reserved; choose another", name);
    }
    return {};
}

Result<std::string> check_directory(std::string_view path, const std::string& field) {
    const auto bad = [&](const char* why) {
        return fail_as(Failure::invalid, "invalid_path", "/" + field, "{}: {}", field, why);
    };
    if (path.size() > directory_bytes_max) return bad("at most 255 bytes");
    if (path.starts_with('/')) return bad("relative to the repository's top, without a leading /");
    std::string plain;
    while (!path.empty()) {
        const std::string_view part = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(path.size(), part.size() + 1));
        if (part.empty() || part == ".") continue;
        if (part == "..") return bad("must not lead outside with ..");
        if (part.starts_with('-')) return bad("no part may begin with a hyphen");
        const bool odd = std::ranges::any_of(part, is_control) ||
                         part.find('\\') != std::string_view::npos || part == ".git";
        if (odd) return bad("has characters or names that are not allowed");
        plain += (plain.empty() ? "" : "/") + std::string(part);
    }
    return plain;
}

Result<> check(Project& project) {
    if (const Result<> fits = check_name(project.name); !fits) return fits.error();
    if (!project.repo_url.empty()) {
        const Result<rules::RepoUrl> url = rules::parse_repo_url(project.repo_url);
        if (!url) return url.error();
        project.repo_url = url->text;
    }
    if (!project.branch.empty() && !rules::is_ref_name(project.branch)) {
        return fail_as(Failure::invalid, "invalid_branch", "/branch",
                       "branch: not a name that Git allows");
    }
    const Result<std::string> root = check_directory(project.root, "root");
    if (!root) return root.error();
    project.root = *root;
    clear_if_empty(project.output_dir);
    clear_if_empty(project.node);
    clear_if_empty(project.framework);
    if (project.output_dir) {
        const Result<std::string> output = check_directory(*project.output_dir, "output_dir");
        if (!output) return output.error();
        project.output_dir = output->empty() ? "." : *output;
    }
    if (const Result<> fits = check_command(project.install_command, "install_command"); !fits) {
        return fits.error();
    }
    if (const Result<> fits = check_command(project.build_command, "build_command"); !fits) {
        return fits.error();
    }
    if (const Result<> fits = check_framework(project.framework); !fits) return fits.error();
    if (const Result<> fits = check_previews(project); !fits) return fits.error();
    return check_node(project.node);
}

Result<> check(const CredentialInput& credential, const std::string& repo_url) {
    using jobs::CredentialKind;
    if (credential.kind == CredentialKind::none) return {};
    const Result<rules::RepoUrl> url = rules::parse_repo_url(repo_url);
    if (!url) return url.error();
    const bool web =
        url->scheme == rules::RepoScheme::http || url->scheme == rules::RepoScheme::https;
    if (credential.kind == CredentialKind::token && !web) {
        return fail_as(Failure::invalid, "credential_kind", "/credential/kind",
                       "a token works with an https address; this one needs a deploy key");
    }
    if (credential.kind == CredentialKind::deploy_key && url->scheme != rules::RepoScheme::ssh) {
        return fail_as(Failure::invalid, "credential_kind", "/credential/kind",
                       "a deploy key works with an ssh address (git@host:team/name.git)");
    }
    const auto plain = [](const std::optional<std::string>& text, std::size_t most) {
        return !text || (text->size() <= most && std::ranges::none_of(*text, is_control));
    };
    if (!plain(credential.username, 200)) {
        return fail_as(Failure::invalid, "invalid_username", "/credential/username",
                       "username: at most 200 bytes, one line");
    }
    if (!plain(credential.secret, 8192)) {
        return fail_as(Failure::invalid, "invalid_secret", "/credential/secret",
                       "secret: at most 8192 bytes, one line");
    }
    return {};
}

}  // namespace berth::projects
