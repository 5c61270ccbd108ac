// The door of a protected site, as browsers meet it behind the edge.
#include "api/visitor_door.hpp"

#include <gtest/gtest.h>

#include "api/testing.hpp"
#include "db/records.hpp"
#include "visitors/pass_cookie.hpp"

namespace berth::api {
namespace {

using http::Verb;

class VisitorDoorTest : public testing::Test, protected TestApi {
protected:
    VisitorDoorTest() { project_ = add_project(ann_, "shop"); }

    void protect(const std::string& access) {
        http::Headers any;
        any.set("if-match", "*");
        const TestReply reply =
            send(Verb::patch, "/api/v1/projects/shop", R"({"access":)" + access + "}", ann_, any);
        ASSERT_EQ(reply.status, 200u) << reply.text;
    }
    void protect_by_password() {
        protect(R"({"production":"password","password":"let me in please"})");
    }

    struct Visit {
        std::string body{};
        bool html = true;
        bool secure = false;
        std::string origin{};
        std::string site{};
        std::string host = "shop.localhost";
        Verb verb = Verb::get;
        std::string peer = "192.0.2.9";
    };
    TestReply visit(const std::string& query, const Visit& how) {
        http::Request request;
        request.verb = how.verb;
        request.path = "/.berth/access";
        request.query = query;
        request.target = request.path + "?" + query;
        request.host = how.host;
        request.secure = how.secure;
        request.peer = how.peer;
        request.body = how.body;
        request.headers.set("host", how.host + ":8080");
        if (how.html) request.headers.set("accept", "text/html,*/*");
        if (!how.origin.empty()) request.headers.set("origin", how.origin);
        if (!how.site.empty()) request.headers.set("sec-fetch-site", how.site);
        http::Response response = wait(answer(services, request));
        return {.status = response.status,
                .headers = response.headers,
                .text = std::get<std::string>(response.body)};
    }
    TestReply get_door(const std::string& query) { return visit(query, {}); }
    TestReply post_door(const std::string& body) {
        return visit("", {.body = body, .verb = Verb::post});
    }
    /// What the pass in an answer says; nothing without one, or when it does not hold.
    std::optional<visitors::Pass> pass_in(const TestReply& reply) {
        std::vector<std::string_view> found;
        const std::string cookie(reply.headers.get("set-cookie"));
        visitors::add_passes(cookie, cookie.starts_with("__Host-"), found);
        if (found.empty()) return std::nullopt;
        return visitors::PassCheck::make(passes.public_keys()).value()->verify(found.front());
    }
    std::string code_for(const std::string& host, const Sender& who) {
        const TestReply reply =
            post("/api/v1/access-codes", R"({"host":")" + host + R"(","return_to":"/a?b"})", who);
        if (reply.status != 201) return "";
        const std::string url = reply.at("url");
        const std::string start = "http://" + host + ":8080/.berth/access?";
        EXPECT_TRUE(url.starts_with(start)) << url;
        return url.substr(start.size());
    }

    Sender ann_ = owner();
    std::string project_;
};

TEST_F(VisitorDoorTest, opens_by_the_password_and_goes_back_to_the_page) {
    protect_by_password();
    const TestReply wrong = post_door("password=let+me+out&return=%2Fa%3Fb%3D1");
    EXPECT_EQ(wrong.status, 401u);
    EXPECT_FALSE(pass_in(wrong).has_value());
    EXPECT_NE(wrong.text.find("That is not the password."), std::string::npos);
    EXPECT_NE(wrong.text.find("value=\"/a?b=1\""), std::string::npos) << wrong.text;
    const TestReply right = post_door("return=%2Fa%3Fb%3D1&password=let+me+in%20please");
    EXPECT_EQ(right.status, 303u);
    EXPECT_EQ(right.headers.get("location"), "/a?b=1");
    EXPECT_EQ(right.headers.get("cache-control"), "no-store");
    EXPECT_EQ(right.headers.get("referrer-policy"), "no-referrer");
    const std::optional<visitors::Pass> pass = pass_in(right);
    ASSERT_TRUE(pass.has_value());
    EXPECT_EQ(pass->aud, "shop.localhost");
    EXPECT_EQ(pass->project, project_);
    EXPECT_EQ(pass->generation, 1);
    EXPECT_EQ(pass->exp, now / 1000 + 30 * 24 * 3600);
    EXPECT_EQ(post_door("password=").status, 401u);
    EXPECT_EQ(post_door("").status, 401u);
    EXPECT_EQ(post_door("password=%zz").status, 401u);
}

TEST_F(VisitorDoorTest, leads_off_the_host_never) {
    protect_by_password();
    for (const char* wanted : {"https%3A%2F%2Fevil.example", "%2F%5Cevil.example",
                               "%2Fa%0D%0Aset-cookie%3A%20x%3D1", "%2F.berth%2Faccess"}) {
        const TestReply reply =
            post_door(std::string("password=let+me+in+please&return=") + wanted);
        EXPECT_EQ(reply.status, 303u);
        EXPECT_EQ(reply.headers.get("location"), "/") << wanted;
    }
    const TestReply slashes = post_door("password=let+me+in+please&return=%2F%2Fevil.example");
    EXPECT_EQ(slashes.headers.get("location"), "/evil.example") << "a path of this host";
}

TEST_F(VisitorDoorTest, sets_a_cookie_that_no_other_host_can_set_over_tls) {
    protect_by_password();
    const TestReply reply =
        visit("", {.body = "password=let+me+in+please", .secure = true, .verb = Verb::post});
    EXPECT_TRUE(reply.headers.get("set-cookie").starts_with("__Host-berth_pass=ey"));
    EXPECT_TRUE(reply.headers.get("set-cookie").ends_with("; Secure"));
}

TEST_F(VisitorDoorTest, takes_passwords_of_its_own_form_alone) {
    protect_by_password();
    const std::string body = "password=let+me+in+please";
    const auto status = [&](const std::string& origin, const std::string& site) {
        return visit("", {.body = body, .origin = origin, .site = site, .verb = Verb::post}).status;
    };
    EXPECT_EQ(status("http://evil.example", ""), 403u);
    EXPECT_EQ(status("null", ""), 403u);
    EXPECT_EQ(status("", "cross-site"), 403u);
    EXPECT_EQ(status("", "same-site"), 403u);
    EXPECT_EQ(status("http://shop.localhost", "same-origin"), 403u) << "another port";
    EXPECT_EQ(status("http://shop.localhost:8080", "same-origin"), 303u);
    EXPECT_EQ(status("https://shop.localhost:8080", ""), 303u) << "behind a proxy with TLS";
}

TEST_F(VisitorDoorTest, stops_listening_to_who_guesses) {
    protect_by_password();
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(post_door("password=guess").status, 401u);
    const TestReply limited = post_door("password=let+me+in+please");
    EXPECT_EQ(limited.status, 429u);
    EXPECT_EQ(limited.headers.get("retry-after"), "60");
    EXPECT_FALSE(pass_in(limited).has_value());
    EXPECT_EQ(
        visit("", {.body = "password=let+me+in+please", .verb = Verb::post, .peer = "192.0.2.10"})
            .status,
        303u)
        << "others are not held up";
    now += 60'000;
    EXPECT_EQ(post_door("password=let+me+in+please").status, 303u);
    EXPECT_EQ(get("/api/v1/projects", sign_in("ann@example.com", "correct horse")).status, 200u);
}

TEST_F(VisitorDoorTest, opens_for_a_member_by_a_code_that_works_once) {
    protect(R"({"production":"members"})");
    const TestReply away = get_door("sign_in=1&return=%2Fa%3Fb");
    EXPECT_EQ(away.status, 303u);
    EXPECT_EQ(away.headers.get("location"),
              "http://localhost:8080/access?host=shop.localhost&return=%2Fa%3Fb");
    const std::string query = code_for("shop.localhost", ann_);
    EXPECT_EQ(visit(query, {.verb = Verb::head}).status, 401u) << "uses nothing up";
    const TestReply entered = get_door(query);
    EXPECT_EQ(entered.status, 303u);
    EXPECT_EQ(entered.headers.get("location"), "/a?b");
    ASSERT_TRUE(pass_in(entered).has_value());
    EXPECT_EQ(pass_in(entered)->exp, now / 1000 + 12 * 3600);
    const TestReply again = get_door(query);
    EXPECT_EQ(again.status, 401u);
    EXPECT_FALSE(pass_in(again).has_value());
    const std::string late = code_for("shop.localhost", ann_);
    now += 60'000;
    EXPECT_EQ(get_door(late).status, 401u);
}

TEST_F(VisitorDoorTest, gives_codes_to_members_in_a_browser_alone) {
    protect(R"({"production":"members"})");
    EXPECT_EQ(code_for("shop.localhost", stranger(ann_)), "");
    EXPECT_EQ(code_for("shop.localhost", token(ann_, "admin")), "");
    EXPECT_EQ(code_for("shop.localhost", {}), "");
    EXPECT_EQ(code_for("nowhere.localhost", ann_), "");
    EXPECT_EQ(code_for("localhost", ann_), "");
    EXPECT_NE(code_for("shop.localhost", ann_), "");
    const TestReply reply = post("/api/v1/access-codes", R"({"host":"x.localhost"})", ann_);
    EXPECT_EQ(reply.code() + " " + reply.pointer(), "host_not_found /host");
}

TEST_F(VisitorDoorTest, opens_by_a_share_link_until_it_is_revoked) {
    protect(R"({"production":"members"})");
    const TestReply made =
        post("/api/v1/projects/shop/share-links", R"({"expires_in_s":3600})", ann_);
    ASSERT_EQ(made.status, 201u) << made.text;
    const std::string query = made.at("url").substr(made.at("url").find('?') + 1);
    const TestReply entered = get_door(query);
    EXPECT_EQ(entered.status, 303u);
    EXPECT_EQ(entered.headers.get("location"), "/") << "the token leaves the address bar";
    ASSERT_TRUE(pass_in(entered).has_value());
    EXPECT_EQ(pass_in(entered)->link, made.at("id"));
    EXPECT_EQ(pass_in(entered)->exp, now / 1000 + 3600);
    EXPECT_EQ(get_door("share=x").status, 401u);
    EXPECT_EQ(
        send(Verb::del, "/api/v1/projects/shop/share-links/" + made.at("id"), "", ann_).status,
        204u);
    const TestReply revoked = get_door(query);
    EXPECT_EQ(revoked.status, 401u);
    EXPECT_NE(revoked.text.find("does not work any more"), std::string::npos);
    for (int i = 0; i < 30; ++i)
        get_door("share=guess");
    EXPECT_EQ(get_door("share=guess").status, 429u);
}

TEST_F(VisitorDoorTest, is_no_door_where_everybody_may_visit_and_none_where_no_site_is) {
    EXPECT_EQ(get_door("return=%2Fa").headers.get("location"), "/a");
    EXPECT_FALSE(pass_in(get_door("share=x")).has_value());
    EXPECT_EQ(post_door("password=x&return=%2Fa").headers.get("location"), "/a");
    EXPECT_EQ(visit("", {.host = "localhost"}).status, 404u);
    EXPECT_EQ(visit("", {.host = "nowhere.localhost"}).status, 404u);
    protect(R"({"production":"members"})");
    EXPECT_EQ(post_door("password=x").status, 303u) << "asks for no password";
    EXPECT_FALSE(pass_in(post_door("password=x")).has_value());
    EXPECT_EQ(visit("", {.verb = Verb::put}).status, 405u);
}

TEST_F(VisitorDoorTest, tells_programs_by_a_problem) {
    protect_by_password();
    const TestReply reply = visit("", {.html = false});
    EXPECT_EQ(reply.status, 401u);
    EXPECT_EQ(reply.headers.get("content-type"), "application/problem+json");
    EXPECT_EQ(reply.code(), "access_needed");
    EXPECT_EQ(reply.headers.get("www-authenticate"), "Berth-Pass");
}

}  // namespace
}  // namespace berth::api
