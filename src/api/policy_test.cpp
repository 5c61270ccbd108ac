// Every route, tried by everybody who might try it. Nothing here names a route to be let off: a new
// one is tried as soon as it is in the table.
#include <gtest/gtest.h>

#include "api/access.hpp"
#include "api/testing.hpp"
#include "db/records.hpp"

namespace berth::api {
namespace {

class PolicyTest : public testing::Test, protected TestApi {
protected:
    void SetUp() override {
        project_ = add_project(owner_, "shop");
        other_project_ = add_project(owner_, "other");
        const auto work = [&](soci::session& sql) {
            db::execute(sql,
                        "insert into deployments (id, project, intent, state, environment, ref, "
                        "\"trigger\", created_at_ms) "
                        "values ('dpl_a', :project, 1, 'queued', 'production', 'main', 'api', 1)",
                        project_);
        };
        wait(database.write(work));
        post("/api/v1/users",
             R"({"email":"cy@example.com","password":"correct horse","team":"default"})", owner_);
    }

    /// The path of a route, about our project and deployment.
    std::string path_of(const Route& route, const std::string& project) {
        std::string path(route.pattern);
        const auto fill = [&](const std::string& name, const std::string& text) {
            const std::size_t at = path.find(name);
            if (at != std::string::npos) path.replace(at, name.size(), text);
        };
        fill("{project}", project);
        fill("{deployment}", "dpl_a");
        fill("{job}", "dpl_a");
        fill("{id}", "usr_x");
        fill("{user}", "usr_x");
        fill("{invitation}", "inv_x");
        fill("{team}", "default");
        fill("{secret}", "whk_x");
        return path;
    }

    /// "ok", or the kind of failure that the policy gives.
    std::string tried(const Route& route, const Sender& sender, const std::string& project) {
        http::Request request;
        request.verb = route.verb;
        request.path = path_of(route, project);
        request.host = "localhost";
        if (!sender.bearer.empty()) {
            request.headers.set("authorization", "Bearer " + sender.bearer);
        }
        Context context{.request = request};
        Result<Match> found = match(request.verb, request.path);
        EXPECT_EQ(found.value().route, &route) << request.path;
        context.path = std::move(found->path);
        const Result<> admitted = wait(admit(services, route, context));
        return admitted ? "ok" : word(admitted.error().failure);
    }

    void expect(const std::string& who, const Sender& sender,
                const std::function<std::string(const Route&)>& wanted) {
        for (const Route& route : all_routes()) {
            EXPECT_EQ(tried(route, sender, project_), wanted(route))
                << who << ": " << http::word(route.verb) << " " << route.pattern;
        }
    }

    Sender owner_ = owner();
    std::string project_;
    std::string other_project_;
};

bool is_open(Policy policy) {
    return policy == Policy::everybody || policy == Policy::hook_secret;
}

bool is_machine(Policy policy) {
    return policy == Policy::worker || policy == Policy::edge;
}

bool is_project(Policy policy) {
    return policy >= Policy::project_read && policy <= Policy::project_own;
}

bool is_team(Policy policy) {
    return policy >= Policy::team_read && policy <= Policy::team_own;
}

bool reads(const Route& route) {
    return route.verb == http::Verb::get;
}

TEST_F(PolicyTest, nobody_gets_only_what_is_open) {
    expect("nobody", {},
           [](const Route& route) { return is_open(route.policy) ? "ok" : "unauthenticated"; });
}

TEST_F(PolicyTest, the_open_routes_are_these) {
    std::string open;
    for (const Route& route : all_routes()) {
        if (!is_open(route.policy)) continue;
        open += std::string(http::word(route.verb)) + " " + std::string(route.pattern) + "\n";
    }
    EXPECT_EQ(open,
              "POST /api/v1/auth/device\nPOST /api/v1/auth/device/token\n"
              "POST /api/v1/auth/passkey-login\nPOST /api/v1/auth/passkey-login/options\n"
              "GET /api/v1/instance/health\nGET /livez\nGET /readyz\nGET /api/v1/livez\n"
              "GET /api/v1/readyz\nGET /api/v1/instance/version\nGET /api/v1/openapi.json\n"
              "GET /api/v1/setup\nPOST /api/v1/setup\nPOST /api/v1/auth/login\n"
              "POST /api/v1/auth/refresh\nPOST /api/v1/auth/logout\nPOST /api/v1/auth/signup\n"
              "POST /api/v1/hooks/deploy/{secret}\nPOST /api/v1/hooks/git/{hook}\n"
              "GET /api/v1/badges/{key}\n"
              "GET /api/v1/invitations/{secret}\nPOST /api/v1/invitations/{secret}\n"
              "GET /api/v1/auth/providers\nPOST /api/v1/auth/providers/{provider}/begin\n"
              "POST /api/v1/auth/providers/{provider}/complete\n");
}

TEST_F(PolicyTest, the_owner_gets_everything_but_the_machines_part) {
    expect("owner", owner_,
           [](const Route& route) { return is_machine(route.policy) ? "forbidden" : "ok"; });
}

TEST_F(PolicyTest, another_person_sees_no_project_that_is_not_theirs) {
    const Sender bob = stranger(owner_);
    expect("stranger", bob, [](const Route& route) {
        if (is_project(route.policy) || is_team(route.policy)) return "not_found";
        const bool refused = is_machine(route.policy) || route.policy == Policy::instance_owner;
        return refused ? "forbidden" : "ok";
    });
}

TEST_F(PolicyTest, an_admin_of_the_team_does_all_but_an_owner_s_part) {
    const Sender cy = sign_in("cy@example.com", "correct horse");
    expect("admin", cy, [](const Route& route) {
        const bool refused = is_machine(route.policy) || route.policy == Policy::instance_owner ||
                             route.policy == Policy::project_own ||
                             route.policy == Policy::team_own;
        return refused ? "forbidden" : "ok";
    });
}

TEST_F(PolicyTest, a_token_to_read_only_reads) {
    const Sender token_to_read = token(owner_, "read");
    expect("read token", token_to_read, [](const Route& route) {
        if (is_open(route.policy) || route.policy == Policy::project_read) return "ok";
        const bool open_to_read = route.policy == Policy::signed_in || is_team(route.policy);
        return open_to_read && reads(route) ? "ok" : "forbidden";
    });
}

TEST_F(PolicyTest, a_token_to_deploy_reads_and_deploys) {
    const Sender token_to_deploy = token(owner_, "deploy");
    expect("deploy token", token_to_deploy, [](const Route& route) {
        if (is_open(route.policy) || route.policy == Policy::project_read) return "ok";
        if (route.policy == Policy::project_deploy) return "ok";
        const bool open_to_read = route.policy == Policy::signed_in || is_team(route.policy);
        return open_to_read && reads(route) ? "ok" : "forbidden";
    });
}

TEST_F(PolicyTest, an_admin_token_does_what_its_owner_does_but_for_a_browser_s_part) {
    const Sender admin_token = token(owner_, "admin");
    expect("admin token", admin_token, [](const Route& route) {
        const bool refused = is_machine(route.policy) || route.policy == Policy::session;
        return refused ? "forbidden" : "ok";
    });
}

TEST_F(PolicyTest, a_token_of_one_project_sees_that_one_alone) {
    const Sender here = token(owner_, "admin", "shop");
    expect("token of the project", here, [](const Route& route) {
        return is_open(route.policy) || is_project(route.policy) ? "ok" : "forbidden";
    });
    const Sender elsewhere = token(owner_, "admin", other_project_);
    expect("token of another project", elsewhere, [](const Route& route) {
        if (is_open(route.policy)) return "ok";
        return is_project(route.policy) ? "not_found" : "forbidden";
    });
}

TEST_F(PolicyTest, machines_get_their_own_part_alone) {
    const Sender worker{.bearer = accounts->secrets().worker_token};
    expect("worker", worker, [](const Route& route) {
        if (is_open(route.policy) || route.policy == Policy::worker) return "ok";
        return route.policy == Policy::edge ? "forbidden" : "unauthenticated";
    });
    const Sender edge{.bearer = accounts->secrets().edge_token};
    expect("edge", edge, [](const Route& route) {
        if (is_open(route.policy) || route.policy == Policy::edge) return "ok";
        return route.policy == Policy::worker ? "forbidden" : "unauthenticated";
    });
}

TEST_F(PolicyTest, forged_tokens_open_nothing) {
    for (const char* forged : {"tok_x", "wkt_x", "edt_x", "x", "rft_x.0.y"}) {
        const Sender sender{.bearer = forged};
        expect(forged, sender,
               [](const Route& route) { return is_open(route.policy) ? "ok" : "unauthenticated"; });
    }
}

TEST_F(PolicyTest, a_disabled_person_s_tokens_and_sessions_end_at_once) {
    const Sender bob = stranger(owner_);
    const Sender bobs_token = token(bob, "admin");
    const std::string id =
        get("/api/v1/auth/session", bob).json().at("user").at("id").as_string().c_str();
    send(http::Verb::patch, "/api/v1/users/" + id, R"({"disabled":true})", owner_);
    for (const Sender& sender : {bob, bobs_token}) {
        expect("disabled", sender,
               [](const Route& route) { return is_open(route.policy) ? "ok" : "unauthenticated"; });
    }
}

TEST_F(PolicyTest, a_route_that_declares_nothing_is_refused) {
    const Route forgotten{.pattern = "/api/v1/setup", .handler = nullptr};
    http::Request request;
    Context context{.request = request};
    EXPECT_EQ(wait(admit(services, forgotten, context)).error().failure, Failure::forbidden);
}

TEST_F(PolicyTest, whoever_has_a_one_time_password_must_change_it_first) {
    const TestReply added = post("/api/v1/users", R"({"email":"di@example.com"})", owner_);
    const Sender di = sign_in("di@example.com", added.at("password"));
    EXPECT_EQ(post("/api/v1/projects", "{}", di).code(), "password_must_change");
    EXPECT_EQ(get("/api/v1/auth/session", di).status, 200u);
    const std::string change =
        R"({"current":")" + added.at("password") + R"(","new":"battery staple"})";
    EXPECT_EQ(post("/api/v1/auth/password", change, di).status, 204u);
    EXPECT_EQ(post("/api/v1/projects", "{}", di).code(), "invalid_name");
}

}  // namespace
}  // namespace berth::api
