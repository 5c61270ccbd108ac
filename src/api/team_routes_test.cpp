// Teams, members, invitations and roles in projects, as a client sees them. Who may call which
// route at all is matrix_test.cpp's.
#include <gtest/gtest.h>

#include "api/testing.hpp"
#include "db/records.hpp"

namespace berth::api {
namespace {

using http::Verb;

class TeamRoutesTest : public testing::Test, protected TestApi {
protected:
    void SetUp() override {
        const TestReply made = post("/api/v1/teams", R"({"slug":"crew","name":"Crew"})", ann_);
        ASSERT_EQ(made.status, 201u) << made.text;
        team_ = made.at("id");
        EXPECT_EQ(made.headers.get("location"), place());
    }

    std::string place(const std::string& rest = "") { return "/api/v1/teams/" + team_ + rest; }
    /// The secret of a new invitation.
    std::string invite(const std::string& email, const std::string& role) {
        const TestReply made =
            post(place("/invitations"), R"({"email":")" + email + R"(","role":")" + role + R"("})",
                 ann_);
        EXPECT_EQ(made.status, 201u) << made.text;
        const std::string url = made.at("url");
        return url.substr(url.rfind('/') + 1);
    }
    TestReply accept(const std::string& secret, const std::string& body, const Sender& who = {}) {
        return post("/api/v1/invitations/" + secret, body, who);
    }
    /// Somebody new in the team.
    Sender join(const std::string& email, const std::string& role) {
        const TestReply joined = accept(invite(email, role), R"({"password":"correct horse"})");
        EXPECT_EQ(joined.status, 201u) << joined.text;
        return {.bearer = joined.at("access_token")};
    }
    std::string id_of(const Sender& who) {
        return get("/api/v1/auth/session", who).json().at("user").at("id").as_string().c_str();
    }
    std::vector<std::string> projects_of(const Sender& who) {
        std::vector<std::string> names;
        for (const auto& item : get("/api/v1/projects", who).json().at("items").as_array())
            names.emplace_back(item.at("name").as_string());
        return names;
    }
    TestReply add_project_to_crew(const std::string& name, const Sender& who) {
        return post(
            "/api/v1/projects",
            R"({"name":")" + name + R"(","repo_url":"https://git.example/a.git","team":"crew"})",
            who);
    }

    Sender ann_ = owner();
    std::string team_;
};

TEST_F(TeamRoutesTest, lists_renames_and_deletes_a_team) {
    const auto teams = get("/api/v1/teams", ann_).json().at("items").as_array();
    ASSERT_EQ(teams.size(), 2u);
    EXPECT_EQ(teams[0].at("slug"), "default");
    EXPECT_EQ(teams[1].at("role"), "owner");
    EXPECT_EQ(get("/api/v1/teams?limit=1", ann_).json().at("items").as_array().size(), 1u);
    const TestReply renamed =
        send(Verb::patch, "/api/v1/teams/crew", R"({"slug":"band","name":"Band"})", ann_);
    EXPECT_EQ(renamed.status, 200u);
    EXPECT_EQ(renamed.at("slug"), "band");
    EXPECT_EQ(send(Verb::patch, place(), "{}", ann_).code(), "missing_field");
    EXPECT_EQ(send(Verb::patch, place(), R"({"slug":"default"})", ann_).code(), "slug_taken");
    EXPECT_EQ(send(Verb::patch, place(), R"({"slug":"A"})", ann_).pointer(), "/slug");
    EXPECT_EQ(send(Verb::del, "/api/v1/teams/default", "", ann_).status, 204u);
    EXPECT_EQ(get("/api/v1/teams/default/members", ann_).code(), "team_not_found");
    EXPECT_EQ(post("/api/v1/teams", R"({"slug":"me"})", ann_).code(), "reserved_slug");
}

class TeamFactorTest : public TeamRoutesTest {
protected:
    /// Straight into the database: how people come by an app is other tests' matter.
    void give_app(const Sender& who) {
        const std::string user = id_of(who);
        const auto work = [&](soci::session& sql) {
            db::execute(sql,
                        "insert into totp (user_id, sealed_secret, created_at_ms, confirmed_at_ms, "
                        "used_step) values (:user, 'x', 1, 1, 0)",
                        user);
        };
        wait(database.write(work));
    }
    TestReply ask(const std::string& from, const Sender& who) {
        return send(Verb::patch, place(), R"({"second_factor_from_ms":)" + from + "}", who);
    }
    std::string now_text() const { return std::to_string(now); }
    boost::json::value crew(const Sender& who) {
        for (const auto& team : get("/api/v1/teams", who).json().at("items").as_array())
            if (team.at("slug") == "crew") return team;
        return nullptr;
    }
};

TEST_F(TeamFactorTest, who_asks_for_it_is_an_owner_and_has_one) {
    EXPECT_EQ(ask(now_text(), ann_).code(), "second_factor_first");
    give_app(ann_);
    const TestReply on = ask(now_text(), ann_);
    EXPECT_EQ(on.status, 200u) << on.text;
    EXPECT_EQ(on.json().at("second_factor_from_ms").as_int64(), now);
    EXPECT_FALSE(on.json().at("second_factor_missing").as_bool());
    const Sender cy = join("cy@example.com", "admin");
    give_app(cy);
    EXPECT_EQ(ask("null", cy).status, 403u);
    const TestReply off = ask("null", ann_);
    EXPECT_TRUE(off.json().at("second_factor_from_ms").is_null()) << off.text;
    const std::string late = std::to_string(now + 31ll * 24 * 3600 * 1000);
    EXPECT_EQ(ask(late, ann_).code(), "invalid_time");
    const std::string rows = get("/api/v1/audit?limit=100", ann_).text;
    EXPECT_NE(rows.find("team_second_factor_on"), std::string::npos);
    EXPECT_NE(rows.find("team_second_factor_off"), std::string::npos);
}

TEST_F(TeamFactorTest, members_without_one_are_told_and_do_nothing_there) {
    add_project_to_crew("shop", ann_);
    const Sender cy = join("cy@example.com", "admin");
    const Sender cys_token = token(cy, "admin");
    give_app(ann_);
    ask(now_text(), ann_);
    EXPECT_TRUE(crew(cy).at("second_factor_missing").as_bool());
    for (const Sender& who : {cy, cys_token}) {
        EXPECT_EQ(get("/api/v1/projects/shop", who).code(), "team_needs_second_factor");
        EXPECT_EQ(send(Verb::patch, "/api/v1/projects/shop", "{}", who).code(),
                  "team_needs_second_factor");
        EXPECT_EQ(get(place("/members"), who).code(), "team_needs_second_factor");
        EXPECT_EQ(add_project_to_crew("blog", who).code(), "team_needs_second_factor");
    }
    // Elsewhere it is of no matter.
    EXPECT_EQ(post("/api/v1/teams", R"({"slug":"band"})", cy).status, 201u);
    add_project(cy, "own");
    EXPECT_EQ(get("/api/v1/projects/own", cy).status, 200u);
    EXPECT_EQ(post("/api/v1/projects/own/transfer", R"({"team":"crew"})", cy).code(),
              "team_needs_second_factor");
    give_app(cy);
    EXPECT_FALSE(crew(cy).at("second_factor_missing").as_bool());
    EXPECT_EQ(get("/api/v1/projects/shop", cy).status, 200u);
    EXPECT_EQ(get("/api/v1/projects/shop", cys_token).status, 200u);
}

TEST_F(TeamFactorTest, a_time_to_set_it_up_can_be_given) {
    add_project_to_crew("shop", ann_);
    const Sender cy = join("cy@example.com", "viewer");
    give_app(ann_);
    EXPECT_EQ(ask(std::to_string(now + 60'000), ann_).status, 200u);
    EXPECT_TRUE(crew(cy).at("second_factor_missing").as_bool());
    EXPECT_EQ(get("/api/v1/projects/shop", cy).status, 200u);
    now += 60'000;
    EXPECT_EQ(get("/api/v1/projects/shop", cy).code(), "team_needs_second_factor");
}

TEST_F(TeamFactorTest, people_of_one_project_need_it_too_and_everybody_may_leave) {
    add_project_to_crew("shop", ann_);
    const Sender bob = stranger(ann_);
    send(Verb::put, "/api/v1/projects/shop/members/bob@example.com", R"({"role":"developer"})",
         ann_);
    const Sender cy = join("cy@example.com", "developer");
    give_app(ann_);
    ask(now_text(), ann_);
    EXPECT_EQ(get("/api/v1/projects/shop", bob).code(), "team_needs_second_factor");
    EXPECT_EQ(post(place("/leave"), "", cy).status, 204u);
}

TEST_F(TeamRoutesTest, a_team_with_projects_stays) {
    EXPECT_EQ(add_project_to_crew("shop", ann_).status, 201u);
    EXPECT_EQ(send(Verb::del, place(), "", ann_).code(), "team_has_projects");
    EXPECT_EQ(send(Verb::del, "/api/v1/projects/shop", "", ann_).status, 204u);
    EXPECT_EQ(send(Verb::del, place(), "", ann_).status, 204u);
}

TEST_F(TeamRoutesTest, a_new_person_joins_by_link_alone) {
    const std::string secret = invite("cy@example.com", "developer");
    const TestReply shown = get("/api/v1/invitations/" + secret);
    EXPECT_EQ(shown.status, 200u);
    EXPECT_EQ(shown.at("team"), "Crew");
    EXPECT_EQ(shown.at("email"), "cy@example.com");
    EXPECT_EQ(shown.json().at("has_account"), false);
    EXPECT_EQ(accept(secret, "{}").status, 401u);
    EXPECT_EQ(accept(secret, R"({"password":"short"})").pointer(), "/password");
    const TestReply joined = accept(secret, R"({"password":"correct horse"})");
    ASSERT_EQ(joined.status, 201u) << joined.text;
    EXPECT_FALSE(joined.headers.get("set-cookie").empty());
    const Sender cy{.bearer = joined.at("access_token")};
    const auto teams = get("/api/v1/auth/session", cy).json().at("teams").as_array();
    ASSERT_EQ(teams.size(), 1u);
    EXPECT_EQ(teams[0].at("role"), "developer");
    EXPECT_EQ(accept(secret, R"({"password":"correct horse"})").code(), "invitation_used");
    EXPECT_EQ(get("/api/v1/invitations/" + secret).status, 409u);
}

TEST_F(TeamRoutesTest, who_is_signed_in_joins_as_themselves) {
    const Sender bob = stranger(ann_);
    const std::string secret = invite("bob@example.com", "viewer");
    EXPECT_EQ(accept(secret, "{}", ann_).code(), "other_address");
    EXPECT_EQ(accept(secret, R"({"password":"correct horse"})").code(), "email_taken");
    EXPECT_EQ(accept(secret, "{}", token(bob, "deploy")).status, 403u);
    const TestReply joined = accept(secret, "{}", bob);
    ASSERT_EQ(joined.status, 200u) << joined.text;
    EXPECT_EQ(joined.at("role"), "viewer");
    EXPECT_EQ(get(place("/members"), bob).json().at("items").as_array().size(), 2u);
    EXPECT_EQ(
        post(place("/invitations"), R"({"email":"bob@example.com","role":"admin"})", ann_).code(),
        "already_member");
    const std::string later = invite("di@example.com", "viewer");
    EXPECT_EQ(accept(later, "{}", token(ann_, "admin")).code(), "other_address")
        << "a token of all rights acts as its person";
}

TEST_F(TeamRoutesTest, a_cookie_accepts_from_our_own_pages_alone) {
    stranger(ann_);
    const std::string secret = invite("bob@example.com", "viewer");
    const TestReply login =
        post("/api/v1/auth/login", R"({"email":"bob@example.com","password":"correct horse"})");
    const std::string cookies = "berth_access=" + login.at("access_token");
    EXPECT_EQ(accept(secret, "{}", {.bearer = {}, .cookies = cookies, .origin = {}}).code(),
              "origin_missing");
    EXPECT_EQ(
        accept(secret, "{}", {.bearer = {}, .cookies = cookies, .origin = "https://evil.example"})
            .code(),
        "origin_refused");
    EXPECT_EQ(accept(secret, "{}",
                     {.bearer = {}, .cookies = cookies, .origin = services.config.platform_url})
                  .status,
              200u);
}

TEST_F(TeamRoutesTest, a_one_time_password_is_changed_before_joining) {
    const TestReply added = post("/api/v1/users", R"({"email":"di@example.com"})", ann_);
    const Sender di = sign_in("di@example.com", added.at("password"));
    EXPECT_EQ(accept(invite("di@example.com", "viewer"), "{}", di).code(), "password_must_change");
}

TEST_F(TeamRoutesTest, guessing_secrets_is_slowed_down) {
    const std::string secret = invite("cy@example.com", "viewer");
    for (int i = 0; i < 29; ++i)
        ASSERT_EQ(get("/api/v1/invitations/ivt_x").code(), "invitation_not_found");
    EXPECT_EQ(get("/api/v1/invitations/" + secret).status, 200u);
    EXPECT_EQ(accept("ivt_x", R"({"password":"correct horse"})").code(), "invitation_not_found");
    const TestReply stopped = accept(secret, R"({"password":"correct horse"})");
    EXPECT_EQ(stopped.code(), "too_many_attempts");
    EXPECT_FALSE(stopped.headers.get("retry-after").empty());
    now += 61'000;
    EXPECT_EQ(get("/api/v1/invitations/" + secret).status, 200u);
}

TEST_F(TeamRoutesTest, an_invitation_is_taken_back_or_expires) {
    const std::string revoked = invite("cy@example.com", "viewer");
    const std::string id(
        get(place("/invitations"), ann_).json().at("items").at(0).at("id").as_string());
    EXPECT_EQ(send(Verb::del, place("/invitations/" + id), "", ann_).status, 204u);
    EXPECT_EQ(send(Verb::del, place("/invitations/" + id), "", ann_).code(),
              "invitation_not_found");
    EXPECT_EQ(accept(revoked, R"({"password":"correct horse"})").code(), "invitation_revoked");
    const std::string late = invite("cy@example.com", "viewer");
    now += accounts::Invitations::lifetime_ms;
    EXPECT_EQ(get("/api/v1/invitations/" + late).code(), "invitation_expired");
}

TEST_F(TeamRoutesTest, bodies_of_invitations_and_roles_are_checked) {
    const auto invited = [&](const std::string& body) {
        return post(place("/invitations"), body, ann_).pointer();
    };
    EXPECT_EQ(invited(R"({"email":"cy@example.com"})"), "/role");
    EXPECT_EQ(invited(R"({"email":"cy@example.com","role":"member"})"), "/role");
    EXPECT_EQ(invited(R"({"email":"cy","role":"viewer"})"), "/email");
    const Sender cy = join("cy@example.com", "viewer");
    const std::string member = place("/members/" + id_of(cy));
    EXPECT_EQ(send(Verb::patch, member, "{}", ann_).code(), "missing_field");
    EXPECT_EQ(send(Verb::patch, member, R"({"role":"king"})", ann_).pointer(), "/role");
}

TEST_F(TeamRoutesTest, members_are_changed_and_taken_off) {
    const Sender cy = join("cy@example.com", "admin");
    const Sender di = join("di@example.com", "viewer");
    const std::string of_di = place("/members/di@example.com");
    EXPECT_EQ(send(Verb::patch, of_di, R"({"role":"developer"})", cy).at("role"), "developer");
    EXPECT_EQ(send(Verb::patch, of_di, R"({"role":"owner"})", cy).code(), "owner_needed");
    EXPECT_EQ(send(Verb::del, place("/members/" + id_of(ann_)), "", cy).code(), "owner_needed");
    EXPECT_EQ(post(place("/leave"), "", ann_).code(), "last_owner");
    EXPECT_EQ(send(Verb::del, of_di, "", cy).status, 204u);
    EXPECT_EQ(send(Verb::del, of_di, "", cy).code(), "member_not_found");
    EXPECT_EQ(get(place("/members"), di).code(), "team_not_found");
    EXPECT_EQ(post(place("/leave"), "", cy).status, 204u);
    EXPECT_EQ(get(place("/members"), ann_).json().at("items").as_array().size(), 1u);
}

TEST_F(TeamRoutesTest, an_owner_of_the_instance_adds_people_to_a_team_in_a_role) {
    const auto role_of = [&](const std::string& name, const std::string& more) {
        const TestReply made =
            post("/api/v1/users",
                 R"({"email":")" + name +
                     R"(@example.com","password":"correct horse","team":"crew")" + more + "}",
                 ann_);
        EXPECT_EQ(made.status, 201u) << made.text;
        const Sender who = sign_in(name + "@example.com", "correct horse");
        return std::string(
            get("/api/v1/auth/session", who).json().at("teams").at(0).at("role").as_string());
    };
    EXPECT_EQ(role_of("cy", R"(,"role":"viewer")"), "viewer");
    EXPECT_EQ(role_of("di", ""), "admin");
    EXPECT_EQ(
        post("/api/v1/users", R"({"email":"eve@example.com","role":"viewer"})", ann_).pointer(),
        "/team");
}

TEST_F(TeamRoutesTest, who_adds_projects_to_a_team_is_its_admin) {
    const Sender developer = join("cy@example.com", "developer");
    EXPECT_EQ(add_project_to_crew("shop", developer).code(), "role_needed");
    EXPECT_EQ(post("/api/v1/projects", R"({"name":"shop","repo_url":"https://git.example/a.git"})",
                   developer)
                  .code(),
              "role_needed")
        << "they have no other team";
    const Sender admin = join("di@example.com", "admin");
    EXPECT_EQ(add_project_to_crew("shop", admin).status, 201u);
    const Sender bob = stranger(ann_);
    EXPECT_EQ(add_project_to_crew("other", bob).code(), "team_not_found");
}

TEST_F(TeamRoutesTest, a_guest_of_one_project_sees_nothing_else) {
    add_project_to_crew("shop", ann_);
    add_project_to_crew("other", ann_);
    const Sender bob = stranger(ann_);
    EXPECT_TRUE(projects_of(bob).empty());
    const std::string place_of_bob = "/api/v1/projects/shop/members/bob@example.com";
    EXPECT_EQ(send(Verb::put, place_of_bob, R"({"role":"developer"})", ann_).at("role"),
              "developer");
    EXPECT_EQ(projects_of(bob), std::vector<std::string>{"shop"});
    EXPECT_EQ(get("/api/v1/projects/shop", bob).status, 200u);
    EXPECT_EQ(get("/api/v1/projects/other", bob).status, 404u);
    EXPECT_EQ(get(place("/members"), bob).status, 404u);
    EXPECT_EQ(send(Verb::patch, "/api/v1/projects/shop", R"({"root":"a"})", bob).status, 403u);
    EXPECT_EQ(get("/api/v1/projects/shop/members", ann_).json().at("items").as_array().size(), 1u);
    EXPECT_EQ(get(place_of_bob, ann_).at("role"), "developer");
    EXPECT_EQ(send(Verb::del, place_of_bob, "", ann_).status, 204u);
    EXPECT_EQ(send(Verb::del, place_of_bob, "", ann_).code(), "member_not_found");
    EXPECT_EQ(get(place_of_bob, ann_).code(), "member_not_found");
    EXPECT_TRUE(projects_of(bob).empty());
    EXPECT_EQ(get("/api/v1/projects/shop", bob).status, 404u);
}

TEST_F(TeamRoutesTest, a_project_has_no_owners_of_its_own) {
    add_project_to_crew("shop", ann_);
    stranger(ann_);
    const std::string members = "/api/v1/projects/shop/members/";
    EXPECT_EQ(send(Verb::put, members + "bob@example.com", R"({"role":"owner"})", ann_).code(),
              "invalid_role");
    EXPECT_EQ(send(Verb::put, members + "x@example.com", R"({"role":"viewer"})", ann_).code(),
              "user_not_found");
}

TEST_F(TeamRoutesTest, a_project_is_listed_once_for_who_has_both_roles) {
    add_project_to_crew("shop", ann_);
    const Sender cy = join("cy@example.com", "viewer");
    send(Verb::put, "/api/v1/projects/shop/members/cy@example.com", R"({"role":"admin"})", ann_);
    EXPECT_EQ(projects_of(cy), std::vector<std::string>{"shop"});
}

}  // namespace
}  // namespace berth::api
