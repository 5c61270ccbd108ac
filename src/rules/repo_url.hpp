#pragma once
/// The address of a Git repository, checked once at the door: api, cli and builds all parse with
/// this, and what it returned may be handed to git.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace berth::rules {

enum class RepoScheme { https, http, ssh, git };
BOOST_DESCRIBE_ENUM(RepoScheme, https, http, ssh, git)

struct RepoUrl {
    RepoScheme scheme = RepoScheme::https;
    std::string user{};  // ssh only; "" for the others
    std::string host{};  // lower case; an IPv6 address without brackets
    std::uint16_t port = 443;
    std::string path{};  // "/team/shop.git"; of the scp form without a leading slash
    std::string text{};  // normalised, what git gets: lower-case host, no default port
};

/// Shape:  "HTTPS://Git.Example:443/a/b.git/" → "https://git.example/a/b.git";
///         "git@host:a/b.git" stays in that form, its scheme is ssh.
/// Errors: invalid — invalid_repo_url, at `/repo_url`: the message names what is wrong. Refused
///         are credentials, other schemes (`file:`, `ext::`), options, local paths, queries,
///         control characters and what is over 2,048 bytes.
Result<RepoUrl> parse_repo_url(std::string_view text);

/// Whether `text` may be a branch, tag or other ref name of a user: no option, no control
/// character, nothing that git-check-ref-format(1) forbids; at most 244 bytes.
bool is_ref_name(std::string_view text);

/// Whether `text` is a full commit id: 40 lower-case hex digits.
bool is_commit_id(std::string_view text);

}  // namespace berth::rules
