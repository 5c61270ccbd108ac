#include "identity/identity_client.hpp"

#include <gtest/gtest.h>

#include "identity/testing.hpp"

namespace berth::identity {
namespace {

using testing::FakeProvider;
using testing::TestKey;

class IdentityClientTest : public ::testing::Test {
protected:
    /// Somebody goes there and comes back.
    Result<Identity> sign_in(const Provider& provider) {
        const Result<std::string> url = wait(client_.authorization_url(provider, back_, secrets_));
        if (!url) return url.error();
        return come_back(provider, fake_.consent(*url));
    }
    Result<Identity> come_back(const Provider& provider, const std::string& code,
                               const std::string& issuer = "") {
        return wait(client_.identify(provider, back_, secrets_, {code, issuer}));
    }
    std::string code_of(const Result<Identity>& found) {
        return found ? "taken" : found.error().code;
    }
    void answer(const std::string& path, unsigned status, const std::string& body) {
        fake_.answers[fake_.issuer + path] = {.status = status, .headers = {}, .body = body};
    }

    std::int64_t now_ = 1'800'000'000'000;
    FakeProvider fake_{[this] { return now_; }};
    IdentityClient client_{fake_, [this] { return now_; }};
    Provider provider_{.kind = ProviderKind::oidc,
                       .issuer = "https://login.example",
                       .client_id = "berth",
                       .client_secret = "s3cret"};
    Provider github_{.kind = ProviderKind::github,
                     .issuer = "https://github.com",
                     .client_id = "berth",
                     .client_secret = "s3cret"};
    std::string back_ = "https://berth.example/login/callback/login";
    SignInSecrets secrets_{.state = "st&te", .nonce = "n0nce", .verifier = std::string(43, 'v')};
};

TEST_F(IdentityClientTest, asks_as_the_specifications_have_it) {
    const std::string url = wait(client_.authorization_url(provider_, back_, secrets_)).value();
    EXPECT_TRUE(url.starts_with("https://login.example/authorize?response_type=code&")) << url;
    fake_.consent(url);
    EXPECT_EQ(fake_.last.at("client_id"), "berth");
    EXPECT_EQ(fake_.last.at("redirect_uri"), back_);
    EXPECT_EQ(fake_.last.at("scope"), "openid email profile");
    EXPECT_EQ(fake_.last.at("state"), "st&te");
    EXPECT_EQ(fake_.last.at("nonce"), "n0nce");
    EXPECT_EQ(fake_.last.at("code_challenge_method"), "S256");
    // RFC 7636, appendix B's form: base64url of SHA-256.
    EXPECT_EQ(fake_.last.at("code_challenge").size(), 43u);
    EXPECT_EQ(url.find(secrets_.verifier), url.npos);
    EXPECT_EQ(url.find("s3cret"), url.npos);
}

TEST_F(IdentityClientTest, says_who_it_is) {
    const Identity identity = sign_in(provider_).value();
    EXPECT_EQ(identity.issuer, "https://login.example");
    EXPECT_EQ(identity.subject, "u-1");
    EXPECT_EQ(identity.email, "ann@example.com");
    EXPECT_TRUE(identity.email_verified);
    EXPECT_EQ(fake_.count("/me"), 0u);
}

TEST_F(IdentityClientTest, asks_for_the_address_that_a_token_does_not_tell) {
    fake_.email_in_token = false;
    EXPECT_EQ(sign_in(provider_).value().email, "ann@example.com");
    // Of somebody else it is not taken.
    answer("/me", 200, R"({"sub":"u-2","email":"eve@example.com","email_verified":true})");
    EXPECT_EQ(sign_in(provider_).value().email, "");
    answer("/me", 500, "");
    EXPECT_EQ(sign_in(provider_).value().email, "");
}

TEST_F(IdentityClientTest, shows_its_secret_the_way_the_provider_wants) {
    json::bj::object document = fake_.discovery();
    document["token_endpoint_auth_methods_supported"] = json::bj::array{"client_secret_post"};
    answer("/.well-known/openid-configuration", 200, json::bj::serialize(document));
    EXPECT_EQ(code_of(sign_in(provider_)), "taken");
    provider_.client_secret = "wrong";
    const Result<Identity> refused = sign_in(provider_);
    EXPECT_EQ(code_of(refused), "provider_refused");
    EXPECT_NE(refused.error().message.find("invalid_client"), std::string::npos);
}

TEST_F(IdentityClientTest, redeems_a_code_once_and_with_its_verifier_alone) {
    const std::string url = wait(client_.authorization_url(provider_, back_, secrets_)).value();
    const std::string code = fake_.consent(url);
    EXPECT_EQ(code_of(come_back(provider_, code)), "taken");
    EXPECT_EQ(code_of(come_back(provider_, code)), "provider_refused");
    const std::string stolen = fake_.consent(url);
    secrets_.verifier = std::string(43, 'w');
    EXPECT_EQ(code_of(come_back(provider_, stolen)), "provider_refused");
    EXPECT_EQ(code_of(come_back(provider_, "")), "provider_refused");
    EXPECT_EQ(code_of(come_back(provider_, std::string(5000, 'c'))), "provider_refused");
}

TEST_F(IdentityClientTest, refuses_the_token_of_another_sign_in) {
    const std::string url = wait(client_.authorization_url(provider_, back_, secrets_)).value();
    const std::string code = fake_.consent(url);
    secrets_.nonce = "another";
    EXPECT_EQ(code_of(come_back(provider_, code)), "id_token_refused");
}

TEST_F(IdentityClientTest, refuses_the_answer_of_another_provider) {
    const std::string url = wait(client_.authorization_url(provider_, back_, secrets_)).value();
    EXPECT_EQ(code_of(come_back(provider_, fake_.consent(url), "https://evil.example")),
              "provider_refused");
    EXPECT_EQ(code_of(come_back(provider_, fake_.consent(url), "https://login.example")), "taken");
    // Who says that it names itself must.
    json::bj::object document = fake_.discovery();
    document["authorization_response_iss_parameter_supported"] = true;
    answer("/.well-known/openid-configuration", 200, json::bj::serialize(document));
    now_ += published_ms;
    EXPECT_EQ(code_of(come_back(provider_, fake_.consent(url))), "provider_refused");
}

TEST_F(IdentityClientTest, keeps_what_is_published_for_an_hour) {
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(code_of(sign_in(provider_)), "taken");
    EXPECT_EQ(fake_.count("/openid-configuration"), 1u);
    EXPECT_EQ(fake_.count("/keys"), 1u);
    now_ += published_ms;
    EXPECT_EQ(code_of(sign_in(provider_)), "taken");
    EXPECT_EQ(fake_.count("/openid-configuration"), 2u);
    EXPECT_EQ(fake_.count("/keys"), 2u);
}

TEST_F(IdentityClientTest, follows_a_change_of_keys) {
    EXPECT_EQ(code_of(sign_in(provider_)), "taken");
    fake_.keys.clear();
    fake_.keys.push_back(TestKey::rsa("k2"));
    // Not at once again: a stranger's tokens must not make us ask and ask.
    EXPECT_EQ(code_of(sign_in(provider_)), "unknown_key");
    now_ += fetched_again_ms;
    EXPECT_EQ(code_of(sign_in(provider_)), "taken");
    EXPECT_EQ(fake_.count("/keys"), 2u);
}

TEST_F(IdentityClientTest, stops_trusting_a_key_that_is_published_no_more) {
    const TestKey old = TestKey::p256("k1");
    EXPECT_EQ(code_of(sign_in(provider_)), "taken");
    answer("/keys", 200, R"({"keys":[]})");
    EXPECT_EQ(code_of(sign_in(provider_)), "taken");
    now_ += published_ms;
    EXPECT_EQ(code_of(sign_in(provider_)), "unknown_key");
}

TEST_F(IdentityClientTest, takes_no_discovery_document_of_others) {
    const auto changed = [&](std::string_view name, json::value value) {
        json::bj::object document = fake_.discovery();
        document[name] = std::move(value);
        return json::bj::serialize(document);
    };
    for (const std::string& bad :
         {std::string("[]"), std::string("no JSON"), changed("issuer", "https://evil.example"),
          changed("issuer", "https://login.example/"),
          changed("authorization_endpoint", "javascript:alert(1)"),
          changed("token_endpoint", "http://10.0.0.1/token"), changed("jwks_uri", nullptr),
          changed("userinfo_endpoint", "file:///etc/passwd")}) {
        answer("/.well-known/openid-configuration", 200, bad);
        EXPECT_EQ(code_of(sign_in(provider_)), "provider_answer") << bad;
    }
    answer("/.well-known/openid-configuration", 302, "");
    EXPECT_EQ(code_of(sign_in(provider_)), "provider_answer");
}

TEST_F(IdentityClientTest, says_why_it_gets_no_answer) {
    fake_.away = true;
    EXPECT_EQ(code_of(sign_in(provider_)), "provider_unreachable");
    fake_.away = false;
    fake_.blocked = true;
    const Result<Identity> blocked = sign_in(provider_);
    EXPECT_EQ(code_of(blocked), "provider_blocked");
    EXPECT_EQ(blocked.error().failure, Failure::forbidden);
    fake_.blocked = false;
    answer("/token", 500, "");
    EXPECT_EQ(code_of(sign_in(provider_)), "provider_answer");
    answer("/token", 200, "{}");
    EXPECT_EQ(code_of(sign_in(provider_)), "id_token_refused");
    answer("/token", 400, "\x01");
    EXPECT_EQ(code_of(sign_in(provider_)), "provider_refused");
}

TEST_F(IdentityClientTest, knows_people_of_github_by_their_number) {
    const std::string url = wait(client_.authorization_url(github_, back_, secrets_)).value();
    EXPECT_TRUE(url.starts_with("https://github.com/login/oauth/authorize?")) << url;
    EXPECT_EQ(fake_.asked.size(), 0u);
    const Identity identity = come_back(github_, fake_.consent(url)).value();
    EXPECT_EQ(fake_.last.at("scope"), "read:user user:email");
    EXPECT_FALSE(fake_.last.contains("nonce"));
    EXPECT_EQ(identity.issuer, "https://github.com");
    EXPECT_EQ(identity.subject, "7");
    EXPECT_EQ(identity.email, "ann@example.com");
    EXPECT_TRUE(identity.email_verified);
}

TEST_F(IdentityClientTest, believes_github_only_what_it_verified) {
    fake_.email_verified = false;
    EXPECT_FALSE(sign_in(github_).value().email_verified);
    fake_.answers["https://api.github.com/user/emails?per_page=100"] = {.status = 404};
    EXPECT_EQ(sign_in(github_).value().email, "");
    fake_.answers["https://api.github.com/user"] = {
        .status = 200, .headers = {}, .body = R"({"login":"ann"})"};
    EXPECT_EQ(code_of(sign_in(github_)), "provider_answer");
    // It refuses with a 200.
    fake_.answers["https://github.com/login/oauth/access_token"] = {
        .status = 200, .headers = {}, .body = R"({"error":"bad_verification_code"})"};
    EXPECT_EQ(code_of(sign_in(github_)), "provider_refused");
}

}  // namespace
}  // namespace berth::identity
