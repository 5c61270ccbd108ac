// Variables of one deployment alone. They are under the master key, not the project's: they live as
// long as a build, and a project's key may be made in between.
#include "db/database.hpp"
#include "db/records.hpp"
#include "projects/project_store.hpp"

namespace berth::projects {

struct OwnVariables {
    std::vector<jobs::JobVariable> items{};
};
BOOST_DESCRIBE_STRUCT(OwnVariables, (), (items))

namespace {

std::string context_of(const std::string& deployment) {
    return "deployment-variables/" + deployment;
}

}  // namespace

std::string ProjectStore::seal_own_variables(const std::string& deployment,
                                             std::vector<jobs::JobVariable> variables) const {
    const OwnVariables own{std::move(variables)};
    return sealer_.seal(context_of(deployment), json::text(own));
}

Task<Result<std::vector<jobs::JobVariable>>> ProjectStore::own_variables(std::string deployment) {
    const auto query = [&](soci::session& sql) {
        return db::value<std::string>(
            sql, "select sealed_values from deployment_own_variables where deployment = :id",
            deployment);
    };
    const std::optional<std::string> sealed = co_await database_.read(query);
    if (!sealed) co_return std::vector<jobs::JobVariable>{};
    const Result<std::string> text = sealer_.open(context_of(deployment), *sealed);
    if (!text) co_return text.error();
    Result<OwnVariables> own = json::parse_as<OwnVariables>(*text);
    if (!own) co_return own.error();
    co_return std::move(own->items);
}

}  // namespace berth::projects
