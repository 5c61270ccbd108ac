#include <gtest/gtest.h>

#include "api/testing.hpp"
#include "db/records.hpp"

namespace berth::api {
namespace {

constexpr const char* place = "/api/v1/instance/sign-in-providers";

class SignInProviderRoutesTest : public testing::Test, protected TestApi {
protected:
    static std::string body(const std::string& change = "{}") {
        boost::json::object wanted{{"id", "login"},        {"kind", "oidc"},
                                   {"name", "Login"},      {"issuer", "https://login.example"},
                                   {"client_id", "berth"}, {"client_secret", "s3cret"}};
        for (const auto& member : boost::json::parse(change).as_object()) {
            if (member.value().is_null()) {
                wanted.erase(member.key());
            } else {
                wanted[member.key()] = member.value();
            }
        }
        return boost::json::serialize(wanted);
    }
    TestReply put(const std::string& change, const std::string& etag) {
        http::Headers match;
        if (!etag.empty()) match.set("if-match", etag);
        return send(http::Verb::put, std::string(place) + "/login", body(change), owner_, match);
    }

    Sender owner_ = owner();
};

TEST_F(SignInProviderRoutesTest, adds_shows_and_removes) {
    const TestReply added = post(place, body(), owner_);
    EXPECT_EQ(added.status, 201u) << added.text;
    EXPECT_EQ(added.at("redirect_url"), "http://localhost:8080/login/callback/login");
    EXPECT_EQ(added.at("new_people"), "nobody");
    EXPECT_TRUE(added.json().at("has_secret").as_bool());
    EXPECT_EQ(added.text.find("s3cret"), std::string::npos);
    EXPECT_EQ(get(place, owner_).json().at("items").as_array().size(), 1u);
    EXPECT_EQ(post(place, body(), owner_).code(), "provider_taken");
    EXPECT_EQ(send(http::Verb::del, std::string(place) + "/login", "", owner_).status, 204u);
    EXPECT_EQ(send(http::Verb::del, std::string(place) + "/login", "", owner_).status, 404u);
    EXPECT_EQ(get(std::string(place) + "/login", owner_).code(), "provider_not_found");
    const std::string rows = get("/api/v1/audit?limit=100", owner_).text;
    EXPECT_NE(rows.find("sign_in_provider_added"), std::string::npos);
    EXPECT_NE(rows.find("sign_in_provider_removed"), std::string::npos);
}

TEST_F(SignInProviderRoutesTest, seals_the_secret) {
    post(place, body(), owner_);
    const auto look = [](soci::session& sql) {
        return db::value<std::string>(sql, "select sealed_secret from sign_in_providers").value();
    };
    const std::string sealed = wait(database.read(look));
    EXPECT_EQ(sealed.find("s3cret"), std::string::npos);
    EXPECT_EQ(sealer.open("sign_in_provider/login", sealed).value(), "s3cret");
}

TEST_F(SignInProviderRoutesTest, refuses_what_cannot_be) {
    const std::pair<const char*, const char*> bad[] = {
        {R"({"id":"a"})", "invalid_id"},
        {R"({"id":"A-b"})", "invalid_id"},
        {R"({"id":"a/b"})", "invalid_id"},
        {R"({"id":"-ab"})", "invalid_id"},
        {R"({"id":null})", "missing_field"},
        {R"({"name":""})", "invalid_name"},
        {R"({"name":"a\nb"})", "invalid_name"},
        {R"({"issuer":"http://login.example"})", "invalid_issuer"},
        {R"({"issuer":"javascript:x"})", "invalid_issuer"},
        {R"({"issuer":null})", "invalid_issuer"},
        {R"({"client_id":""})", "invalid_client"},
        {R"({"new_people":"domains"})", "invalid_domain"},
        {R"({"new_people":"domains","domains":["org"]})", "invalid_domain"},
        {R"({"new_people":"domains","domains":["@example.org"]})", "invalid_domain"},
        {R"({"new_people":"domains","domains":["*.example.org"]})", "invalid_domain"},
        {R"({"new_people":"domains","domains":[""]})", "invalid_domain"},
        {R"({"new_people":"everybody"})", "wrong_type"},
        {R"({"kind":"saml"})", "wrong_type"},
        {R"({"color":"red"})", "unknown_field"},
    };
    for (const auto& [change, code] : bad) {
        const TestReply refused = post(place, body(change), owner_);
        EXPECT_EQ(refused.status, 422u) << change;
        EXPECT_EQ(refused.code(), code) << change << refused.text;
    }
}

TEST_F(SignInProviderRoutesTest, changes_what_was_read) {
    const std::string etag(post(place, body(), owner_).headers.get("etag"));
    EXPECT_EQ(put(R"({"name":"New"})", "").status, 428u);
    EXPECT_EQ(put(R"({"name":"New"})", "\"9\"").status, 412u);
    EXPECT_EQ(put(R"({"id":"other"})", etag).code(), "read_only");
    const TestReply changed =
        put(R"({"name":"New","client_secret":null,"new_people":"domains","domains":["A.example"]})",
            etag);
    EXPECT_EQ(changed.status, 200u) << changed.text;
    EXPECT_EQ(changed.at("name"), "New");
    EXPECT_TRUE(changed.json().at("has_secret").as_bool());
    EXPECT_EQ(changed.json().at("domains").at(0).as_string(), "a.example");
    EXPECT_EQ(put("{}", etag).status, 412u);
}

TEST_F(SignInProviderRoutesTest, a_secret_goes_to_no_other_issuer) {
    const std::string etag(post(place, body(), owner_).headers.get("etag"));
    const TestReply moved = put(R"({"issuer":"https://evil.example","client_secret":null})", etag);
    EXPECT_EQ(moved.status, 200u) << moved.text;
    EXPECT_FALSE(moved.json().at("has_secret").as_bool());
}

TEST_F(SignInProviderRoutesTest, holds_twenty) {
    for (int i = 0; i < 20; ++i) {
        const std::string id = R"({"id":"login-)" + std::to_string(i) + "\"}";
        EXPECT_EQ(post(place, body(id), owner_).status, 201u);
    }
    EXPECT_EQ(post(place, body(), owner_).code(), "too_many_providers");
}

}  // namespace
}  // namespace berth::api
