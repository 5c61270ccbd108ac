/// What a deployment's rules say, and "explain this URL".

#include "api/body.hpp"
#include "api/routes.hpp"
#include "artifacts/answers.hpp"
#include "artifacts/manifest.hpp"
#include "deployments/deployments.hpp"
#include "objects/object_store.hpp"
#include "rules/explain.hpp"

namespace berth::api {
namespace {

constexpr std::size_t manifest_bytes_max = 256 << 20;

struct ProblemView {
    rules::Problem::Severity severity{};
    std::string file{};
    std::uint32_t line = 0;
    std::string text{};
    std::string message{};
};
BOOST_DESCRIBE_STRUCT(ProblemView, (), (severity, file, line, text, message))

struct RulesView {
    rules::Dialect dialect = rules::Dialect::berth;
    std::string why{};
    std::uint64_t rules = 0;
    std::uint64_t headers = 0;
    std::vector<ProblemView> problems{};
};
BOOST_DESCRIBE_STRUCT(RulesView, (), (dialect, why, rules, headers, problems))

/// Errors: not_found — nothing was published.
Task<Result<artifacts::Manifest>> manifest_of(Services& services, const std::string& deployment) {
    const std::string key = artifacts::manifest_key(deployment);
    const Result<std::string> text = co_await services.objects->get(key, manifest_bytes_max);
    if (!text && text.error().failure == Failure::not_found) {
        co_return fail_as(Failure::not_found, "nothing_published", "",
                          "The deployment has published nothing.");
    }
    if (!text) co_return text.error();
    co_return json::parse_as<artifacts::Manifest>(*text);
}

/// Whether it is a host of the project's that search engines are kept away from.
bool is_preview(std::string_view host, const std::string& production,
                const std::string& base_host) {
    return host != production && host.ends_with("." + base_host);
}

/// GET /api/v1/deployments/{deployment}/rules → {dialect, why, rules, headers, problems}
/// Errors: not_found — nothing_published
Task<Result<http::Response>> deployment_rules(Services& services, Context& context) {
    const Result<artifacts::Manifest> manifest = co_await manifest_of(services, context.deployment);
    if (!manifest) co_return manifest.error();
    const rules::RuleSet& set = manifest->rules;
    RulesView view{set.dialect, set.why, set.rules.size(), set.headers.size(), {}};
    for (const rules::Problem& problem : set.problems) {
        view.problems.push_back({problem.severity, problem.origin.file, problem.origin.line,
                                 problem.origin.text, problem.message});
    }
    co_return http::json_response(200, view);
}

/// POST /api/v1/deployments/{deployment}/explain {url, method?, headers?, country?} → Explanation.
/// Changes nothing: a URL and headers do not fit into a query.
/// Errors: invalid — invalid_url, invalid_header, invalid_method; not_found — nothing_published
Task<Result<http::Response>> explain_url(Services& services, Context& context) {
    const Result<rules::Question> question = parse_body<rules::Question>(context.request);
    if (!question) co_return question.error();
    const Result<artifacts::Manifest> manifest = co_await manifest_of(services, context.deployment);
    if (!manifest) co_return manifest.error();
    const artifacts::ManifestFiles files(*manifest);
    const rules::Rules rules(manifest->rules);
    const std::string& base_host = services.config.base_host;
    const std::string production = context.project.name + "." + base_host;
    Result<rules::Explained> explained = rules::explain(rules, files, *question, production);
    if (!explained) co_return explained.error();
    if (explained->file != rules::no_file)
        explained->explanation.file = files.at(explained->file)->first;
    const std::string_view host = artifacts::host_and_path(explained->explanation.url).first;
    const auto audience = is_preview(host, production, base_host) ? artifacts::Audience::previewers
                                                                  : artifacts::Audience::visitors;
    explained->explanation.headers = artifacts::fields_of(files, *explained, audience);
    co_return http::json_response(200, explained->explanation);
}

using enum http::Verb;

constexpr Route table[] = {
    {get, "/api/v1/deployments/{deployment}/rules", Policy::project_read, deployment_rules},
    {post, "/api/v1/deployments/{deployment}/explain", Policy::project_read, explain_url},
};

}  // namespace

std::span<const Route> explain_routes() {
    return table;
}

}  // namespace berth::api
