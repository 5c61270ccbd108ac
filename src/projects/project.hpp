#pragma once
/// A project: what Berth builds and serves under one name, of one Git repository or of what people
/// upload and push.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "jobs/job.hpp"

namespace berth::projects {

/// The row. Nothing in a setting = detected at each build.
struct Project {
    std::string id{};        // prj_…
    std::string team{};      // tea_…
    std::string name{};      // DNS label: the `shop` of shop.example.com
    std::string repo_url{};  // normalised, without credentials; "": there is none
    std::string branch{};    // production branch; "" until the first clone told the remote's own
    std::string root{};      // directory below the top; "" is the top
    std::optional<std::string> framework{};
    std::optional<std::string> install_command{};  // "" runs none
    std::optional<std::string> build_command{};    // "" runs none
    std::optional<std::string> output_dir{};
    std::optional<std::string> node{};
    bool supersede = true;          // a newer deployment of a branch ends an older, unfinished one
    std::int64_t keep_sources = 5;  // deployments whose source is kept
    jobs::SecretInOutput secret_in_output = jobs::SecretInOutput::fail;  // an owner's to change
    std::vector<std::string> preview_branches{};  // rules/branch_rules.hpp; empty: all
    std::int64_t preview_days = 0;                // after the last deployment; 0: with its branch
    std::vector<std::string> watch_paths{};  // of the repository; a change elsewhere builds nothing
    bool wait_for_checks = false;            // of the Git host, before a deployment goes live
    std::int64_t version = 1;                // ETag of the settings
    std::int64_t env_version = 1;            // ETag of the variables
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> deleted_at_ms{};
    std::optional<std::int64_t> purge_at_ms{};  // of a deleted one that can be had back: until then
};
BOOST_DESCRIBE_STRUCT(Project, (),
                      (id, team, name, repo_url, branch, root, framework, install_command,
                       build_command, output_dir, node, supersede, keep_sources, secret_in_output,
                       preview_branches, preview_days, watch_paths, wait_for_checks, version,
                       env_version, created_at_ms, deleted_at_ms, purge_at_ms))

/// A deleted project that can be had back.
struct DeletedProject {
    std::string id{};
    std::string name{};
    std::int64_t deleted_at_ms = 0;
    std::int64_t purge_at_ms = 0;  // until then
};
BOOST_DESCRIBE_STRUCT(DeletedProject, (), (id, name, deleted_at_ms, purge_at_ms))

/// How Git gets in, as people may see it.
struct CredentialView {
    jobs::CredentialKind kind = jobs::CredentialKind::none;
    std::string username{};
    std::optional<std::string> public_key{};  // of a deploy key: "ssh-ed25519 …"
};
BOOST_DESCRIBE_STRUCT(CredentialView, (), (kind, username, public_key))

/// How Git gets in, as people send it.
struct CredentialInput {
    jobs::CredentialKind kind = jobs::CredentialKind::none;
    std::optional<std::string> username{};
    std::optional<std::string> secret{};         // for token
    std::optional<std::string> deploy_key_id{};  // for deploy_key: from POST /deploy-keys
};
BOOST_DESCRIBE_STRUCT(CredentialInput, (), (kind, username, secret, deploy_key_id))

/// Whether `name` may name a project: a DNS label of at most 40 characters that Berth does not use
/// itself and that no host of another kind could look like.
/// Errors: invalid — invalid_name, reserved_name, at /name.
Result<> check_name(std::string_view name);

/// Checks the settings and puts them into their one form: the URL parsed, "./web/" as "web".
/// Errors: invalid — with the pointer of the first field at fault.
Result<> check(Project& project);

/// Whether a credential fits the address: a token is for http(s), a deploy key for ssh.
/// Errors: invalid — credential_kind at /credential/kind, or what is missing.
Result<> check(const CredentialInput& credential, const std::string& repo_url);

/// The directory in its one form, relative to the top. `field`: "root".
/// Errors: invalid — invalid_path: absolute, leads outside, over 255 bytes, odd characters.
Result<std::string> check_directory(std::string_view path, const std::string& field);

}  // namespace berth::projects
