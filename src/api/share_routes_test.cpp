// Who may visit a project's sites, as a client of the API sets it.
#include <gtest/gtest.h>

#include "api/testing.hpp"
#include "base/es256.hpp"
#include "db/records.hpp"

namespace berth::api {
namespace {

using http::Verb;

class ShareRoutesTest : public testing::Test, protected TestApi {
protected:
    ShareRoutesTest() { add_project(ann_, "shop"); }

    TestReply change(const std::string& access) {
        http::Headers any;
        any.set("if-match", "*");
        return send(Verb::patch, "/api/v1/projects/shop", R"({"access":)" + access + "}", ann_,
                    any);
    }
    std::string refused(const std::string& access) {
        const TestReply reply = change(access);
        EXPECT_EQ(reply.status, 422u) << access << reply.text;
        return reply.code() + " " + reply.pointer();
    }
    std::string access_now() {
        return boost::json::serialize(get("/api/v1/projects/shop", ann_).json().at("access"));
    }

    Sender ann_ = owner();
};

TEST_F(ShareRoutesTest, a_project_says_who_may_visit_and_never_the_password) {
    EXPECT_EQ(
        access_now(),
        R"({"previews":"everybody","production":"everybody","has_password":false,"role_key":""})");
    const TestReply changed = change(R"({"previews":"password","password":"let me in please"})");
    ASSERT_EQ(changed.status, 200u) << changed.text;
    EXPECT_EQ(changed.text.find("let me in"), std::string::npos);
    EXPECT_EQ(changed.text.find("argon2"), std::string::npos);
    EXPECT_EQ(
        access_now(),
        R"({"previews":"password","production":"everybody","has_password":true,"role_key":""})");
    EXPECT_EQ(change(R"({"production":"members"})").status, 200u);
    EXPECT_EQ(
        access_now(),
        R"({"previews":"password","production":"members","has_password":true,"role_key":""})");
    EXPECT_EQ(change("null").status, 200u);
    EXPECT_EQ(
        access_now(),
        R"({"previews":"password","production":"members","has_password":true,"role_key":""})");
}

TEST_F(ShareRoutesTest, a_project_has_a_key_for_roles_or_none) {
    const std::string key = SigningKey(make_signing_key()).public_key();
    const auto with = [&](const std::string& text) {
        return json::bj::serialize(json::bj::object{{"role_key", text}});
    };
    EXPECT_EQ(change(with(key)).status, 200u);
    const json::value now = get("/api/v1/projects/shop", ann_).json();
    EXPECT_EQ(now.at("access").at("role_key").as_string(), key);
    for (const std::string& wrong : {make_signing_key(), key.substr(0, 90), std::string("key")})
        EXPECT_EQ(refused(with(wrong)), "invalid_role_key /access/role_key") << wrong;
    EXPECT_EQ(change(with("")).status, 200u);
    EXPECT_NE(access_now().find(R"("role_key":"")"), std::string::npos);
}

TEST_F(ShareRoutesTest, names_the_field_at_fault) {
    EXPECT_EQ(refused(R"({"previews":"nobody"})"), "wrong_type /access/previews");
    EXPECT_EQ(refused(R"({"colour":1})"), "unknown_field /access/colour");
    EXPECT_EQ(refused(R"({"production":"password"})"), "password_missing /access/password");
    EXPECT_EQ(refused(R"({"password":"short"})"), "password_too_short /access/password");
    EXPECT_EQ(
        access_now(),
        R"({"previews":"everybody","production":"everybody","has_password":false,"role_key":""})");
}

TEST_F(ShareRoutesTest, a_link_is_shown_once_and_listed_without_its_token) {
    const TestReply made = post("/api/v1/projects/shop/share-links", "", ann_);
    ASSERT_EQ(made.status, 201u) << made.text;
    EXPECT_EQ(made.at("host"), "shop.localhost");
    const std::string url = made.at("url");
    EXPECT_TRUE(url.starts_with("http://shop.localhost:8080/.berth/access?share=")) << url;
    EXPECT_TRUE(url.ends_with("&return=%2F"));
    EXPECT_EQ(made.json().at("expires_at_ms").to_number<std::int64_t>(),
              now + 7ll * 24 * 3600 * 1000);
    const std::string token = url.substr(url.find('=') + 1, 22);
    const TestReply listed = get("/api/v1/projects/shop/share-links", ann_);
    EXPECT_EQ(listed.text.find(token), std::string::npos);
    EXPECT_EQ(listed.json().at("items").at(0).at("id").as_string(), made.at("id"));
    const std::string place = "/api/v1/projects/shop/share-links/" + made.at("id");
    EXPECT_EQ(send(Verb::del, place, "", ann_).status, 204u);
    EXPECT_EQ(send(Verb::del, place, "", ann_).status, 404u);
    EXPECT_TRUE(
        get("/api/v1/projects/shop/share-links", ann_).json().at("items").as_array().empty());
}

TEST_F(ShareRoutesTest, refuses_links_that_make_no_sense) {
    const auto wrong = [&](const std::string& body) {
        const TestReply reply = post("/api/v1/projects/shop/share-links", body, ann_);
        return std::to_string(reply.status) + " " + reply.code() + " " + reply.pointer();
    };
    EXPECT_EQ(wrong(R"({"host":"other.localhost"})"), "404 host_not_found /host");
    EXPECT_EQ(wrong(R"({"deployment":"dpl_x"})"), "404 host_not_found /host");
    EXPECT_EQ(wrong(R"({"host":"a","deployment":"b"})"), "422 wrong_type /deployment");
    EXPECT_EQ(wrong(R"({"expires_in_s":0})"), "422 out_of_range /expires_in_s");
    EXPECT_EQ(wrong(R"({"expires_in_s":7776001})"), "422 out_of_range /expires_in_s");
    EXPECT_EQ(wrong(R"({"expires_in_s":9223372036854775807})"), "422 out_of_range /expires_in_s");
    EXPECT_EQ(wrong(R"({"expires_in_s":-9223372036854775808})"), "422 out_of_range /expires_in_s");
}

TEST_F(ShareRoutesTest, signs_visitors_out) {
    const std::string place = "/api/v1/projects/shop/visitors/sign-out";
    EXPECT_EQ(post(place, "", ann_).status, 204u);
    EXPECT_EQ(post(place, "", token(ann_, "deploy")).status, 403u);
    EXPECT_EQ(post(place, "", stranger(ann_)).status, 404u);
    const auto look = [&](soci::session& sql) {
        return db::value<std::int64_t>(
            sql, "select count(*) from audit where action = 'visitors_signed_out'");
    };
    EXPECT_EQ(wait(database.read(look)), 1);
}

}  // namespace
}  // namespace berth::api
