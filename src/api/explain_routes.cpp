/// What a deployment's rules say, and "explain this URL".

#include "api/body.hpp"
#include "api/routes.hpp"
#include "artifacts/caching.hpp"
#include "artifacts/hashed_name.hpp"
#include "artifacts/manifest.hpp"
#include "deployments/deployments.hpp"
#include "http/normalise.hpp"
#include "http/utf8.hpp"
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

/// A manifest's files, by number.
class ManifestFiles final : public rules::FileIndex {
public:
    explicit ManifestFiles(const artifacts::Manifest& manifest) : manifest_(manifest) {
        for (auto at = manifest.files.begin(); at != manifest.files.end(); ++at) {
            numbers_[at->first] = static_cast<std::uint32_t>(places_.size());
            places_.push_back(at);
        }
    }
    std::uint32_t number_of(std::string_view path) const override {
        const auto found = numbers_.find(path);
        return found == numbers_.end() ? rules::no_file : found->second;
    }
    bool is_spa() const override { return manifest_.spa; }
    auto at(std::uint32_t number) const { return places_[number]; }

private:
    const artifacts::Manifest& manifest_;
    std::map<std::string, std::uint32_t, std::less<>> numbers_{};
    std::vector<std::map<std::string, artifacts::ManifestEntry>::const_iterator> places_{};
};

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

void set(std::vector<rules::ExplainedField>& fields, const std::string& name, std::string value) {
    std::erase_if(fields, [&](const auto& field) { return field.name == name; });
    if (!value.empty()) fields.push_back({name, std::move(value)});
}

/// "http://shop.localhost/a?b" → {"shop.localhost", "/a"}, as they stand there.
std::pair<std::string_view, std::string_view> host_and_path(std::string_view url) {
    url.remove_prefix(std::min(url.find("://") + 3, url.size()));
    const std::size_t slash = std::min(url.find('/'), url.size());
    const std::string_view path = url.substr(slash);
    return {url.substr(0, slash), path.substr(0, path.find('?'))};
}

/// Whether it is a host of the project's that search engines are kept away from.
bool is_preview(std::string_view host, const std::string& production,
                const std::string& base_host) {
    return host != production && host.ends_with("." + base_host);
}

/// The fields that the edge sends; beside date, length, coding and connection.
std::vector<rules::ExplainedField> fields_of(const ManifestFiles& files,
                                             const rules::Explained& explained, bool preview) {
    const rules::Explanation& told = explained.explanation;
    std::vector<rules::ExplainedField> fields;
    if (explained.file != rules::no_file) {
        const auto& [path, entry] = *files.at(explained.file);
        const bool varies = artifacts::compressible(entry.type) || !entry.variants.empty();
        set(fields, "content-type", entry.type);
        if (told.status != 404) set(fields, "etag", artifacts::etag(entry.sha256, ""));
        const auto [host, asked] = host_and_path(told.url);
        const bool immutable =
            artifacts::is_hashed_name(path) && asked == "/" + http::encode_path(path);
        set(fields, "cache-control", std::string(artifacts::cache_control(immutable, told.status)));
        if (varies) set(fields, "vary", "accept-encoding");
        set(fields, "x-content-type-options", "nosniff");
        set(fields, "referrer-policy", std::string(artifacts::referrer_policy));
    } else if (!told.location.empty() && !told.fetched) {
        set(fields, "location", told.location);
        set(fields, "cache-control", std::string(artifacts::revalidate));
    }
    if (preview) set(fields, "x-robots-tag", "noindex");
    for (const rules::Field& field : explained.fields) {
        if (field.name == "cache-control" && told.status == 404) continue;
        if (field.name == "set-cookie" && field.value) {
            fields.push_back({field.name, *field.value});
            continue;
        }
        std::string value = field.value.value_or("");
        const auto known = std::ranges::find(fields, field.name, &rules::ExplainedField::name);
        if (field.name == "vary" && known != fields.end())
            value.insert(0, value.empty() ? known->value : known->value + ", ");
        set(fields, field.name, std::move(value));
    }
    // A captured byte that is no UTF-8 has no place in JSON.
    for (rules::ExplainedField& field : fields) {
        if (!http::is_utf8(field.value)) field.value = http::encode_path(field.value);
    }
    return fields;
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
    const ManifestFiles files(*manifest);
    const rules::Rules rules(manifest->rules);
    const std::string& base_host = services.config.base_host;
    const std::string production = context.project.name + "." + base_host;
    Result<rules::Explained> explained = rules::explain(rules, files, *question, production);
    if (!explained) co_return explained.error();
    if (explained->file != rules::no_file)
        explained->explanation.file = files.at(explained->file)->first;
    const std::string_view host = host_and_path(explained->explanation.url).first;
    const bool preview = is_preview(host, production, base_host);
    explained->explanation.headers = fields_of(files, *explained, preview);
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
