// Every route × every method × everybody who might try it × whose project and team it is about,
// against a small model of who may do what that knows nothing of access.cpp and its policies. What
// a route needs stands in the table below: a route without a row, or a row without a route, fails.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "api/access.hpp"
#include "api/testing.hpp"
#include "db/records.hpp"

namespace berth::api {
namespace {

/// What a request must bring, in the order of the table.
enum class Needs {
    open,            // nothing, or a secret in the path that the handler looks at
    person,          // to be signed in
    browser,         // to be signed in, and not by a token
    instance,        // to own the instance
    see_project,     // viewer and more
    deploy,          // developer and more
    change_project,  // admin and more
    own_project,     // owner
    see_team,
    manage_team,
    own_team,
    worker,
    edge,
};

const std::map<std::string, Needs, std::less<>> table = {
    {"POST /api/v1/auth/device", Needs::open},
    {"POST /api/v1/auth/device/token", Needs::open},
    {"POST /api/v1/auth/login", Needs::open},
    {"POST /api/v1/auth/logout", Needs::open},
    {"POST /api/v1/auth/passkey-login", Needs::open},
    {"POST /api/v1/auth/passkey-login/options", Needs::open},
    {"GET /api/v1/auth/providers", Needs::open},
    {"POST /api/v1/auth/providers/{provider}/begin", Needs::open},
    {"POST /api/v1/auth/providers/{provider}/complete", Needs::open},
    {"POST /api/v1/auth/refresh", Needs::open},
    {"POST /api/v1/auth/signup", Needs::open},
    {"GET /api/v1/badges/{key}", Needs::open},
    {"POST /api/v1/hooks/deploy/{secret}", Needs::open},
    {"POST /api/v1/hooks/git/{hook}", Needs::open},
    {"GET /api/v1/instance/health", Needs::open},
    {"GET /api/v1/instance/version", Needs::open},
    {"GET /api/v1/invitations/{secret}", Needs::open},
    {"POST /api/v1/invitations/{secret}", Needs::open},
    {"GET /api/v1/livez", Needs::open},
    {"GET /api/v1/openapi.json", Needs::open},
    {"GET /api/v1/readyz", Needs::open},
    {"GET /api/v1/setup", Needs::open},
    {"POST /api/v1/setup", Needs::open},
    {"GET /livez", Needs::open},
    {"GET /readyz", Needs::open},
    {"GET /api/v1/auth/session", Needs::person},
    {"POST /api/v1/deploy-keys", Needs::person},
    {"GET /api/v1/events", Needs::person},
    {"POST /api/v1/inspect", Needs::person},
    {"GET /api/v1/instance/settings", Needs::person},
    {"GET /api/v1/projects", Needs::person},
    {"POST /api/v1/projects", Needs::person},
    {"GET /api/v1/sessions", Needs::person},
    {"DELETE /api/v1/sessions/{id}", Needs::person},
    {"GET /api/v1/teams", Needs::person},
    {"POST /api/v1/teams", Needs::person},
    {"GET /api/v1/tokens", Needs::person},
    {"POST /api/v1/tokens", Needs::person},
    {"DELETE /api/v1/tokens/{id}", Needs::person},
    {"POST /api/v1/access-codes", Needs::browser},
    {"POST /api/v1/auth/device/decision", Needs::browser},
    {"POST /api/v1/auth/device/request", Needs::browser},
    {"GET /api/v1/auth/identities", Needs::browser},
    {"POST /api/v1/auth/identities", Needs::browser},
    {"POST /api/v1/auth/identity-return", Needs::browser},
    {"DELETE /api/v1/auth/identities/{id}", Needs::browser},
    {"GET /api/v1/auth/passkeys", Needs::browser},
    {"POST /api/v1/auth/passkeys", Needs::browser},
    {"POST /api/v1/auth/passkey-options", Needs::browser},
    {"DELETE /api/v1/auth/passkeys/{id}", Needs::browser},
    {"POST /api/v1/auth/password", Needs::browser},
    {"POST /api/v1/auth/recovery-codes", Needs::browser},
    {"GET /api/v1/auth/second-factor", Needs::browser},
    {"POST /api/v1/auth/totp", Needs::browser},
    {"POST /api/v1/auth/totp/confirm", Needs::browser},
    {"POST /api/v1/auth/totp/remove", Needs::browser},
    {"GET /api/v1/audit", Needs::instance},
    {"GET /api/v1/audit/export", Needs::instance},
    {"GET /api/v1/audit/verification", Needs::instance},
    {"GET /api/v1/instance/caches", Needs::instance},
    {"PATCH /api/v1/instance/settings", Needs::instance},
    {"GET /api/v1/instance/mail", Needs::instance},
    {"PUT /api/v1/instance/mail", Needs::instance},
    {"DELETE /api/v1/instance/mail", Needs::instance},
    {"GET /api/v1/instance/sign-in-providers", Needs::instance},
    {"POST /api/v1/instance/sign-in-providers", Needs::instance},
    {"GET /api/v1/instance/sign-in-providers/{provider}", Needs::instance},
    {"PUT /api/v1/instance/sign-in-providers/{provider}", Needs::instance},
    {"DELETE /api/v1/instance/sign-in-providers/{provider}", Needs::instance},
    {"GET /api/v1/users", Needs::instance},
    {"POST /api/v1/users", Needs::instance},
    {"PATCH /api/v1/users/{id}", Needs::instance},
    {"POST /api/v1/users/{id}/reset-password", Needs::instance},
    {"GET /api/v1/projects/{project}/logs/search", Needs::see_project},
    {"GET /api/v1/deployments/{deployment}", Needs::see_project},
    {"GET /api/v1/deployments/{deployment}/checks", Needs::see_project},
    {"GET /api/v1/deployments/{deployment}/diff/{other}", Needs::see_project},
    {"GET /api/v1/deployments/{deployment}/events", Needs::see_project},
    {"POST /api/v1/deployments/{deployment}/explain", Needs::see_project},
    {"GET /api/v1/deployments/{deployment}/files", Needs::see_project},
    {"GET /api/v1/deployments/{deployment}/log", Needs::see_project},
    {"GET /api/v1/deployments/{deployment}/rules", Needs::see_project},
    {"GET /api/v1/projects/{project}", Needs::see_project},
    {"GET /api/v1/projects/{project}/badge", Needs::see_project},
    {"GET /api/v1/projects/{project}/caches", Needs::see_project},
    {"GET /api/v1/projects/{project}/deployments", Needs::see_project},
    {"GET /api/v1/projects/{project}/env", Needs::see_project},
    {"GET /api/v1/projects/{project}/env/changes", Needs::see_project},
    {"GET /api/v1/projects/{project}/git", Needs::see_project},
    {"GET /api/v1/projects/{project}/git/requests", Needs::see_project},
    {"GET /api/v1/projects/{project}/previews", Needs::see_project},
    {"GET /api/v1/projects/{project}/production", Needs::see_project},
    {"GET /api/v1/projects/{project}/schedules", Needs::see_project},
    {"GET /api/v1/projects/{project}/share-links", Needs::see_project},
    {"GET /api/v1/projects/{project}/traffic", Needs::see_project},
    {"GET /api/v1/projects/{project}/builds", Needs::see_project},
    {"GET /api/v1/projects/{project}/webhook/deliveries", Needs::see_project},
    {"POST /api/v1/deployments/{deployment}/cancel", Needs::deploy},
    {"POST /api/v1/deployments/{deployment}/redeploy", Needs::deploy},
    {"DELETE /api/v1/projects/{project}/caches", Needs::deploy},
    {"POST /api/v1/projects/{project}/deployments", Needs::deploy},
    {"POST /api/v1/projects/{project}/git/requests/{number}/approve", Needs::deploy},
    {"PUT /api/v1/projects/{project}/previews", Needs::deploy},
    {"PUT /api/v1/projects/{project}/production", Needs::deploy},
    {"POST /api/v1/projects/{project}/share-links", Needs::deploy},
    {"DELETE /api/v1/projects/{project}/share-links/{id}", Needs::deploy},
    {"POST /api/v1/projects/{project}/webhook/deliveries/{delivery}/redeliver", Needs::deploy},
    {"GET /git/{team}/{project}/info/refs", Needs::see_project},  // a push's asks for more
    {"POST /git/{team}/{project}/git-upload-pack", Needs::see_project},
    {"POST /git/{team}/{project}/git-receive-pack", Needs::deploy},
    {"POST /api/v1/projects/{project}/uploads", Needs::deploy},
    {"POST /api/v1/projects/{project}/uploads/blobs", Needs::deploy},
    {"DELETE /api/v1/deployments/{deployment}", Needs::change_project},
    {"PATCH /api/v1/projects/{project}", Needs::change_project},
    {"PUT /api/v1/projects/{project}/env", Needs::change_project},
    {"DELETE /api/v1/projects/{project}/git", Needs::change_project},
    {"PUT /api/v1/projects/{project}/git", Needs::change_project},
    {"GET /api/v1/projects/{project}/hook", Needs::change_project},
    {"POST /api/v1/projects/{project}/hook", Needs::change_project},
    {"GET /api/v1/projects/{project}/members", Needs::change_project},
    {"DELETE /api/v1/projects/{project}/members/{user}", Needs::change_project},
    {"GET /api/v1/projects/{project}/members/{user}", Needs::change_project},
    {"PUT /api/v1/projects/{project}/members/{user}", Needs::change_project},
    {"DELETE /api/v1/projects/{project}/badge", Needs::change_project},
    {"POST /api/v1/projects/{project}/badge", Needs::change_project},
    {"POST /api/v1/projects/{project}/schedules", Needs::change_project},
    {"DELETE /api/v1/projects/{project}/schedules/{id}", Needs::change_project},
    {"POST /api/v1/projects/{project}/visitors/sign-out", Needs::change_project},
    {"DELETE /api/v1/projects/{project}/webhook", Needs::change_project},
    {"GET /api/v1/projects/{project}/webhook", Needs::change_project},
    {"POST /api/v1/projects/{project}/webhook", Needs::change_project},
    {"DELETE /api/v1/projects/{project}", Needs::own_project},
    {"POST /api/v1/projects/{project}/transfer", Needs::own_project},
    {"POST /api/v1/teams/{team}/leave", Needs::see_team},
    {"GET /api/v1/teams/{team}/git-connections", Needs::see_team},
    {"GET /api/v1/teams/{team}/members", Needs::see_team},
    {"GET /api/v1/teams/{team}/audit", Needs::manage_team},
    {"GET /api/v1/teams/{team}/audit/export", Needs::manage_team},
    {"POST /api/v1/teams/{team}/git-connections", Needs::manage_team},
    {"DELETE /api/v1/teams/{team}/git-connections/{connection}", Needs::manage_team},
    {"GET /api/v1/teams/{team}/git-connections/{connection}/repositories", Needs::manage_team},
    {"PUT /api/v1/teams/{team}/git-connections/{connection}/token", Needs::manage_team},
    {"GET /api/v1/teams/{team}/invitations", Needs::manage_team},
    {"POST /api/v1/teams/{team}/invitations", Needs::manage_team},
    {"DELETE /api/v1/teams/{team}/invitations/{invitation}", Needs::manage_team},
    {"DELETE /api/v1/teams/{team}/members/{user}", Needs::manage_team},
    {"PATCH /api/v1/teams/{team}/members/{user}", Needs::manage_team},
    {"GET /api/v1/teams/{team}/channels", Needs::manage_team},
    {"POST /api/v1/teams/{team}/channels", Needs::manage_team},
    {"GET /api/v1/teams/{team}/channels/{channel}", Needs::manage_team},
    {"PATCH /api/v1/teams/{team}/channels/{channel}", Needs::manage_team},
    {"DELETE /api/v1/teams/{team}/channels/{channel}", Needs::manage_team},
    {"POST /api/v1/teams/{team}/channels/{channel}/test", Needs::manage_team},
    {"GET /api/v1/teams/{team}/channels/{channel}/notifications", Needs::manage_team},
    {"POST /api/v1/teams/{team}/channels/{channel}/notifications/{notification}/redeliver",
     Needs::manage_team},
    {"DELETE /api/v1/teams/{team}", Needs::own_team},
    {"GET /api/v1/teams/{team}/deleted-projects", Needs::own_team},
    {"DELETE /api/v1/teams/{team}/deleted-projects/{id}", Needs::own_team},
    {"POST /api/v1/teams/{team}/deleted-projects/{id}/restore", Needs::own_team},
    {"PATCH /api/v1/teams/{team}", Needs::own_team},
    {"POST /api/v1/worker/caches", Needs::worker},
    {"POST /api/v1/worker/claim", Needs::worker},
    {"POST /api/v1/worker/forms", Needs::worker},
    {"POST /api/v1/worker/gone", Needs::worker},
    {"POST /api/v1/worker/jobs/{job}/advance", Needs::worker},
    {"POST /api/v1/worker/jobs/{job}/blobs", Needs::worker},
    {"POST /api/v1/worker/jobs/{job}/finish", Needs::worker},
    {"POST /api/v1/worker/jobs/{job}/log", Needs::worker},
    {"POST /api/v1/worker/jobs/{job}/missing", Needs::worker},
    {"POST /api/v1/worker/jobs/{job}/renew", Needs::worker},
    {"POST /api/v1/worker/jobs/{job}/reuse", Needs::worker},
    {"GET /api/v1/worker/jobs/{job}/source", Needs::worker},
    {"POST /api/v1/worker/jobs/{job}/source", Needs::worker},
    {"POST /api/v1/edge/traffic", Needs::edge},
    {"POST /api/v1/edge/wait", Needs::edge},
};

constexpr http::Verb methods[] = {http::Verb::get,    http::Verb::head,  http::Verb::post,
                                  http::Verb::put,    http::Verb::patch, http::Verb::del,
                                  http::Verb::options};

/// How much somebody may do, in a project, in a team, or by a token.
constexpr int nothing = 0, views = 1, deploys = 2, changes = 3, owns = 4;

/// What a path is about, and what people may do there.
struct Target {
    std::string name{};
    std::string project{};  // id
    std::string deployment{};
    std::string team{};  // slug
};

/// A person: what they are in the team "crew" and in its project "shop". In the team's other
/// project they are what the team makes them; in the team "away" and its project, nothing.
struct Person {
    std::string name{};
    int in_crew = nothing;
    int in_shop = nothing;
    bool owns_instance = false;
};

const Person people[] = {
    {.name = "instance-owner", .owns_instance = true},
    {.name = "stranger"},
    {.name = "viewer", .in_crew = views},
    {.name = "developer", .in_crew = deploys},
    {.name = "admin", .in_crew = changes},
    {.name = "owner", .in_crew = owns},
    {.name = "project-viewer", .in_shop = views},
    {.name = "project-developer", .in_shop = deploys},
    {.name = "project-admin", .in_shop = changes},
    {.name = "viewer-and-project-developer", .in_crew = views, .in_shop = deploys},
    {.name = "admin-and-project-viewer", .in_crew = changes, .in_shop = views},
};

/// Who sends a request, and with what.
struct Actor {
    std::string name{};
    std::string bearer{};
    std::optional<Person> person{};
    std::string machine{};  // "worker", "edge" or ""
    int token = nothing;    // by a token: views, deploys or changes is its scope
    std::string bound{};    // by a token of one project: its id
};

/// The model. It answers "ok" or the kind of failure.
struct Model {
    const Actor& who;
    const Target& target;

    int role_in_team() const { return target.team == "crew" ? who.person->in_crew : nothing; }
    int role_in_project() const {
        const int own = target.name == "shop" ? who.person->in_shop : nothing;
        return std::max(role_in_team(), own);
    }
    bool by_token() const { return who.token != nothing; }

    std::string in_project(int needed) const {
        const int role = role_in_project();
        const bool bound_elsewhere = !who.bound.empty() && who.bound != target.project;
        if (role == nothing || bound_elsewhere) return "not_found";
        const int scope = std::min(needed, changes);  // there is no wider one
        const bool may = role >= needed && (!by_token() || who.token >= scope);
        return may ? "ok" : "forbidden";
    }
    std::string in_team(int needed, bool reads) const {
        if (!who.bound.empty()) return "forbidden";
        const int role = role_in_team();
        if (role == nothing) return "not_found";
        const int scope = reads ? views : changes;
        const bool may = role >= needed && (!by_token() || who.token >= scope);
        return may ? "ok" : "forbidden";
    }
    std::string alone(bool reads) const {
        if (!who.bound.empty()) return "forbidden";
        return by_token() && who.token < (reads ? views : changes) ? "forbidden" : "ok";
    }
    std::string on_instance() const {
        const bool may =
            who.person->owns_instance && who.bound.empty() && (!by_token() || who.token == changes);
        return may ? "ok" : "forbidden";
    }

    std::string answer(Needs needs, bool reads) const {
        if (needs == Needs::open) return "ok";
        const bool for_machine = needs == Needs::worker || needs == Needs::edge;
        if (!who.machine.empty()) {
            if (!for_machine) return "unauthenticated";
            return (needs == Needs::worker) == (who.machine == "worker") ? "ok" : "forbidden";
        }
        if (!who.person) return "unauthenticated";
        switch (needs) {
            case Needs::person:
                return alone(reads);
            case Needs::browser:
                return by_token() ? "forbidden" : "ok";
            case Needs::instance:
                return on_instance();
            case Needs::see_project:
                return in_project(views);
            case Needs::deploy:
                return in_project(deploys);
            case Needs::change_project:
                return in_project(changes);
            case Needs::own_project:
                return in_project(owns);
            case Needs::see_team:
                return in_team(views, reads);
            case Needs::manage_team:
                return in_team(changes, reads);
            case Needs::own_team:
                return in_team(owns, reads);
            default:
                return "forbidden";  // a person at a machine's address
        }
    }
};

class MatrixTest : public testing::Test, protected TestApi {
protected:
    void SetUp() override {
        // Who made the teams; not tried themselves.
        const Sender maker = person("maker");
        const std::string crew = post("/api/v1/teams", R"({"slug":"crew"})", maker).at("id");
        post("/api/v1/teams", R"({"slug":"away"})", maker);
        targets_ = {target("shop", "crew", maker), target("sibling", "crew", maker),
                    target("far", "away", maker)};
        actors_.push_back({.name = "nobody"});
        actors_.push_back({.name = "forged", .bearer = "tok_x"});
        actors_.push_back(
            {.name = "worker", .bearer = accounts->secrets().worker_token, .machine = "worker"});
        actors_.push_back(
            {.name = "edge", .bearer = accounts->secrets().edge_token, .machine = "edge"});
        for (const Person& one : people)
            add_actors(one, crew);
    }

    /// A new person, who has a team and a project of their own.
    Sender person(const std::string& name) {
        post("/api/v1/users",
             R"({"email":")" + name + R"(@example.com","password":"correct horse"})", ann_);
        return sign_in(name + "@example.com", "correct horse");
    }

    Target target(const std::string& name, const std::string& team, const Sender& maker) {
        const TestReply made = post("/api/v1/projects",
                                    R"({"name":")" + name + R"(","team":")" + team +
                                        R"(","repo_url":"https://git.example/a.git"})",
                                    maker);
        EXPECT_EQ(made.status, 201u) << made.text;
        const Target target{
            .name = name, .project = made.at("id"), .deployment = "dpl_" + name, .team = team};
        const auto work = [&](soci::session& sql) {
            db::execute(sql,
                        "insert into deployments (id, project, intent, state, environment, ref, "
                        "\"trigger\", created_at_ms) "
                        "values (:id, :project, 1, 'queued', 'production', 'main', 'api', 1)",
                        target.deployment, target.project);
        };
        wait(database.write(work));
        return target;
    }

    /// Straight into the database: how people come by their roles is other tests' matter.
    void give_roles(const Person& one, const std::string& user, const std::string& crew) {
        constexpr const char* words[] = {"", "viewer", "developer", "admin", "owner"};
        const auto work = [&](soci::session& sql) {
            if (one.in_crew != nothing) {
                db::execute(sql, "insert into members (team, user_id, role) values (:t, :u, :r)",
                            crew, user, std::string(words[one.in_crew]));
            }
            if (one.in_shop != nothing) {
                db::execute(sql,
                            "insert into project_members (project, user_id, role) "
                            "values (:p, :u, :r)",
                            targets_.front().project, user, std::string(words[one.in_shop]));
            }
        };
        wait(database.write(work));
    }

    /// A person in their browser, and by every kind of token.
    void add_actors(const Person& one, const std::string& crew) {
        const Sender session = one.owns_instance ? ann_ : person(one.name);
        const TestReply who = get("/api/v1/auth/session", session);
        const std::string own = add_project(session, "own-" + one.name);
        give_roles(one, std::string(who.json().at("user").at("id").as_string()), crew);
        if (one.owns_instance) {
            // Whoever set the instance up belongs to its first team; not to ours.
            EXPECT_FALSE(who.text.contains("crew"));
        }
        actors_.push_back({.name = one.name, .bearer = session.bearer, .person = one});
        constexpr std::pair<const char*, int> scopes[] = {
            {"read", views}, {"deploy", deploys}, {"admin", changes}};
        for (const auto& [scope, level] : scopes) {
            const auto add = [&](const std::string& bound_to, const std::string& project) {
                actors_.push_back({.name = one.name + " by " + scope + " token" + bound_to,
                                   .bearer = token(session, scope, project).bearer,
                                   .person = one,
                                   .token = level,
                                   .bound = project});
            };
            add("", "");
            if (level == changes) add(" of another project", own);
            if (one.in_crew != nothing || one.in_shop != nothing) {
                add(" of the project", targets_.front().project);
            }
        }
    }

    static std::string path_of(std::string_view pattern, const Target& target) {
        const std::pair<std::string_view, std::string_view> texts[] = {
            {"{project}", target.project},
            {"{deployment}", target.deployment},
            {"{team}", target.team},
            {"{user}", "usr_x"},
            {"{invitation}", "inv_x"},
            {"{job}", "dpl_x"},
            {"{id}", "usr_x"},
            {"{secret}", "x"}};
        std::string path(pattern);
        for (const auto& [name, text] : texts) {
            const std::size_t at = path.find(name);
            if (at != std::string::npos) path.replace(at, name.size(), text);
        }
        return path;
    }

    /// The project or team makes no difference to the rest: that is tried with the first alone.
    static bool names_a_target(std::string_view pattern) {
        return pattern.contains("{project}") || pattern.contains("{deployment}") ||
               pattern.contains("{team}");
    }

    /// "ok", "method_not_allowed", or the kind of failure.
    Task<std::string> tried(http::Verb verb, std::string path, std::string bearer) {
        http::Request request;
        request.verb = verb;
        request.path = std::move(path);
        request.host = "localhost";
        if (!bearer.empty()) request.headers.set("authorization", "Bearer " + bearer);
        Result<Match> found = match(request.verb, request.path);
        if (!found) co_return found.error().code;
        Context context{.request = request};
        context.path = std::move(found->path);
        const Route& route = *found->route;
        const Result<> admitted = co_await admit(services, route, context);
        co_return admitted ? "ok" : word(admitted.error().failure);
    }

    /// What the table and the model say.
    static std::string expected(const Actor& who, const Target& target, http::Verb verb,
                                const std::string& pattern) {
        const bool head = verb == http::Verb::head;
        const http::Verb asked = head ? http::Verb::get : verb;
        const auto row = table.find(std::string(http::word(asked)) + " " + pattern);
        if (row == table.end()) return "method_not_allowed";
        return Model{who, target}.answer(row->second, asked == http::Verb::get);
    }

    /// Everything that one actor may try about one target; how many tries it was.
    Task<int> try_all(const Actor& who, const Target& target,
                      const std::set<std::string>& patterns) {
        int cases = 0;
        for (const std::string& pattern : patterns) {
            if (!names_a_target(pattern) && target.name != targets_.front().name) continue;
            for (const http::Verb verb : methods) {
                const std::string path = path_of(pattern, target);
                const std::string& bearer = who.bearer;
                const std::string got = co_await tried(verb, path, bearer);
                const std::string wanted = expected(who, target, verb, pattern);
                ++cases;
                // One comparison, not a macro with its streams: there are some seventy thousand.
                if (got == wanted) continue;
                ADD_FAILURE() << who.name << ": " << http::word(verb) << " " << pattern << " of "
                              << target.name << " is " << got << ", not " << wanted;
            }
        }
        co_return cases;
    }

    Sender ann_ = owner();
    std::vector<Target> targets_;  // "shop" first
    std::vector<Actor> actors_;
};

std::string name_of(const Route& route) {
    return std::string(http::word(route.verb)) + " " + std::string(route.pattern);
}

TEST_F(MatrixTest, every_route_says_what_it_needs) {
    std::set<std::string, std::less<>> there;
    for (const Route& route : all_routes()) {
        there.insert(name_of(route));
        EXPECT_TRUE(table.contains(name_of(route))) << name_of(route) << " has no row";
    }
    for (const auto& [name, needs] : table)
        EXPECT_TRUE(there.contains(name)) << name << " has no route";
}

TEST_F(MatrixTest, nobody_gets_more_or_less_than_they_may) {
    std::set<std::string> patterns;
    for (const Route& route : all_routes())
        patterns.emplace(route.pattern);
    int cases = 0;
    for (const Actor& who : actors_) {
        for (const Target& target : targets_)
            cases += wait(try_all(who, target, patterns));
    }
    RecordProperty("cases", cases);
    EXPECT_GE(cases, 20'000);
}

// The model itself: a few sentences that people rely on, so that it cannot agree to nonsense.
TEST_F(MatrixTest, the_model_knows_what_the_documentation_says) {
    const Target shop{.name = "shop", .project = "prj_s", .team = "crew"};
    const Target far{.name = "far", .project = "prj_f", .team = "away"};
    const auto ask = [](const Person& person, const Target& target, Needs needs) {
        const Actor actor{.name = "x", .person = person};
        return Model{actor, target}.answer(needs, false);
    };
    const Person viewer{.name = "v", .in_crew = views};
    const Person guest{.name = "g", .in_shop = changes};
    const Person owner{.name = "o", .in_crew = owns};
    EXPECT_EQ(ask(viewer, shop, Needs::see_project), "ok");
    EXPECT_EQ(ask(viewer, shop, Needs::deploy), "forbidden");
    EXPECT_EQ(ask(guest, shop, Needs::change_project), "ok");
    EXPECT_EQ(ask(guest, shop, Needs::own_project), "forbidden");
    EXPECT_EQ(ask(guest, shop, Needs::see_team), "not_found");
    EXPECT_EQ(ask(owner, shop, Needs::own_team), "ok");
    EXPECT_EQ(ask(owner, far, Needs::see_project), "not_found");
}

}  // namespace
}  // namespace berth::api
