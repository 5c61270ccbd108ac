#pragma once
/// A project as the API shows it. Its settings have one spelling in the store, in bodies and in
/// answers (docs/architecture.md §4), so they are copied by name.

#include "accounts/team.hpp"
#include "api/services.hpp"
#include "projects/project_store.hpp"

namespace berth::api {

/// Copies what both structs describe under one name and type.
template <class From, class To>
void copy_common(const From& from, To& to) {
    boost::mp11::mp_for_each<json::members<From>>([&](auto source) {
        boost::mp11::mp_for_each<json::members<To>>([&](auto target) {
            using Source = std::remove_cvref_t<decltype(from.*source.pointer)>;
            using Target = std::remove_cvref_t<decltype(to.*target.pointer)>;
            constexpr bool same_name =
                std::string_view(decltype(source)::name) == decltype(target)::name;
            if constexpr (same_name && std::is_same_v<Source, Target>) {
                to.*target.pointer = from.*source.pointer;
            }
        });
    });
}

struct ProjectView {
    std::string id{};
    std::string name{};
    std::string repo_url{};
    std::string branch{};
    std::string root{};
    std::optional<std::string> framework{};
    std::optional<std::string> install_command{};
    std::optional<std::string> build_command{};
    std::optional<std::string> output_dir{};
    std::optional<std::string> node{};
    bool supersede = true;
    std::int64_t keep_sources = 5;
    jobs::SecretInOutput secret_in_output{};
    std::vector<std::string> preview_branches{};
    std::int64_t preview_days = 0;
    std::vector<std::string> watch_paths{};
    bool wait_for_checks = false;
    projects::CredentialView credential{};
    projects::SiteAccess access{};
    std::int64_t created_at_ms = 0;
    std::string url{};      // of production
    std::string git_url{};  // of Berth's own remote: a push to it deploys
    std::optional<projects::ProductionPointer> production{};
    json::value latest{};  // the newest deployment, or null
    /// Of who asks; nothing in lists and where the project has just come to be.
    std::optional<accounts::TeamRole> role{};
};
BOOST_DESCRIBE_STRUCT(ProjectView, (),
                      (id, name, repo_url, branch, root, framework, install_command, build_command,
                       output_dir, node, supersede, keep_sources, secret_in_output,
                       preview_branches, preview_days, watch_paths, wait_for_checks, credential,
                       access, created_at_ms, url, git_url, production, latest, role))

/// The views of projects, with their newest deployments.
Task<std::vector<ProjectView>> project_views(Services& services,
                                             std::vector<projects::ProjectDetails> found);

}  // namespace berth::api
