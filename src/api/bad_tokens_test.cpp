// Tokens that are not ours, though they look like it: none is taken, as a Bearer or as a cookie.
#include <gtest/gtest.h>

#include <set>

#include "accounts/access_token.hpp"
#include "api/testing.hpp"
#include "db/records.hpp"

namespace berth::api {
namespace {

std::string jwt(const std::string& head, const std::string& body, const std::string& signature) {
    return base64url(head) + "." + base64url(body) + "." + base64url(signature);
}

class BadTokensTest : public testing::Test, protected TestApi {
protected:
    void SetUp() override {
        good_ = ann_.bearer;
        const std::size_t first = good_.find('.');
        const std::size_t last = good_.rfind('.');
        head_ = from_base64url(good_.substr(0, first)).value();
        body_ = from_base64url(good_.substr(first + 1, last - first - 1)).value();
        signature_ = from_base64url(good_.substr(last + 1)).value();
        kid_ = head_.substr(head_.find("\"kid\":\"") + 7, 16);
    }

    unsigned as_bearer(const std::string& value) {
        return get("/api/v1/auth/session", {.bearer = value}).status;
    }
    unsigned as_cookie(const std::string& value) {
        return get("/api/v1/auth/session", {.cookies = "berth_access=" + value}).status;
    }

    /// Signed by a key that is not ours, with a head that is.
    std::string of_another_key(const std::string& head, const std::string& body) const {
        const SigningKey other(make_signing_key());
        const std::string text = base64url(head) + "." + base64url(body);
        return text + "." + base64url(other.sign(text));
    }
    /// Signed by our own key, as only we could.
    std::string of_our_key(const std::string& head, const std::string& body) const {
        const SigningKey ours(accounts->secrets().signing_key);
        const std::string text = base64url(head) + "." + base64url(body);
        return text + "." + base64url(ours.sign(text));
    }
    std::string body_with(const std::string& from, const std::string& to) const {
        std::string changed = body_;
        const std::size_t at = changed.find(from);
        EXPECT_NE(at, changed.npos) << from;
        return changed.replace(at, from.size(), to);
    }

    void add_cut(std::vector<std::string>& bad, const std::string& token) const {
        for (std::size_t i = 1; i <= 10; ++i) {
            bad.push_back(token.substr(0, token.size() * i / 11));
            bad.push_back(token.substr(token.size() * i / 11));
        }
    }
    void add_edited(std::vector<std::string>& bad, const std::string& token) const {
        for (std::size_t i = 0; i < 20; ++i) {
            std::string edited = token;
            char& c = edited[(token.size() - 2) * i / 20];
            c = c == 'A' ? 'B' : 'A';
            bad.push_back(edited);
        }
    }
    void add_heads(std::vector<std::string>& bad) const {
        for (const char* algorithm :
             {"none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "RS256", "PS256",
              "ES384", "ES512", "ES256K", "EdDSA", "es256", "dir"}) {
            const std::string head = R"({"alg":")" + std::string(algorithm) + R"(","kid":")" +
                                     kid_ + R"(","typ":"at+jwt"})";
            bad.push_back(jwt(head, body_, ""));
            bad.push_back(jwt(head, body_, signature_));
            // The public key as the secret of an HMAC (the confusion of RFC 8725 §2.1).
            const std::string text = base64url(head) + "." + base64url(body_);
            bad.push_back(text + "." +
                          base64url(hmac_sha256(accounts->sessions.public_key(), text)));
        }
        for (const char* more :
             {R"(,"jku":"https://evil.example/jwks")", R"(,"x5u":"https://evil.example/c.pem")",
              R"(,"jwk":{"kty":"EC"})", R"(,"crit":["exp"])", R"(,"kid":"../../etc/passwd")",
              R"(,"b64":false)"}) {
            const std::string head =
                R"({"alg":"ES256","kid":")" + kid_ + R"(","typ":"at+jwt")" + more + "}";
            bad.push_back(of_another_key(head, body_));
            bad.push_back(of_our_key(head, body_));
        }
        bad.push_back(of_our_key(R"({"alg":"ES256","kid":")" + kid_ + R"(","typ":"JWT"})", body_));
        bad.push_back(of_our_key(R"({"typ":"at+jwt","alg":"ES256"})", body_));
    }
    void add_bodies(std::vector<std::string>& bad) const {
        const std::string before = std::to_string(now / 1000 - 1);
        const std::string ends = body_.substr(body_.find("\"exp\":") + 6);
        bad.push_back(of_our_key(head_, body_with(ends, before + "}")));  // over
        bad.push_back(of_our_key(head_, body_with("berth-api", "berth-edge")));
        bad.push_back(of_our_key(head_, body_with(R"("iss":"berth")", R"("iss":"other")")));
        bad.push_back(of_our_key(head_, body_with("\"sub\":\"usr_", "\"sub\":\"usr_x")));
        bad.push_back(of_our_key(head_, body_with("\"sid\":\"ses_", "\"sid\":\"ses_x")));
        bad.push_back(of_our_key(head_, "{}"));
        bad.push_back(of_our_key(head_, "[]"));
        bad.push_back(of_our_key(head_, "null"));
        bad.push_back(of_our_key(head_, ""));
        bad.push_back(of_our_key(head_, body_ + body_));
        bad.push_back(of_another_key(head_, body_));
        bad.push_back(jwt(head_, body_, ""));
        bad.push_back(jwt(head_, body_, std::string(64, '\0')));  // r = s = 0 (CVE-2022-21449)
        bad.push_back(jwt(head_, body_, signature_ + signature_));
        bad.push_back(jwt(head_, body_, signature_.substr(0, 63)));
    }
    void add_shapes(std::vector<std::string>& bad, const std::string& token) const {
        for (const char* end :
             {".", "=", "==", "%00", "\xc2\xa0", "\xe2\x80\x8b", " x", ",", "\t"}) {
            bad.push_back(token + end);
            bad.push_back(end + token);
        }
        bad.push_back(token + token);
        bad.push_back(token + "." + token);
        bad.push_back(token + std::string(4000, 'A'));
        bad.push_back(std::string(60'000, 'a'));
        bad.push_back("tok_" + std::string(60'000, 'a'));
        std::string upper = token;
        for (char& c : upper)
            c = static_cast<char>(std::toupper(c));
        bad.push_back(upper);
    }
    void add_others(std::vector<std::string>& bad, const std::string& api_token) const {
        for (const char* other :
             {"tok_", "tok__", "tok_x", "tok_' or '1'='1", "tok_%", "tok_*", "tok_\xe2\x82\xac",
              "ses_x", "rft_x.0.y", "wkt_", "edt_", "null", "undefined", "true", "0", "..", ".",
              "Bearer", "\xf0\x9f\x94\x91"})
            bad.emplace_back(other);
        bad.push_back(api_token.substr(0, api_token.rfind('_')));  // its id alone
        bad.push_back(sha256_hex(api_token));                      // what the database has of it
        bad.push_back("tok_" + sha256_hex(api_token));
    }

    Sender ann_ = owner();
    std::string good_, head_, body_, signature_, kid_;
};

TEST_F(BadTokensTest, none_is_taken) {
    const std::string api_token = token(ann_, "admin").bearer;
    ASSERT_EQ(as_bearer(good_), 200u);
    ASSERT_EQ(as_cookie(good_), 200u);
    ASSERT_EQ(as_bearer(api_token), 200u);
    ASSERT_EQ(as_bearer(of_our_key(head_, body_)), 200u);  // the rig makes good ones, too

    std::vector<std::string> bad;
    for (const std::string& token : {good_, api_token}) {
        add_cut(bad, token);
        add_edited(bad, token);
        add_shapes(bad, token);
    }
    add_heads(bad);
    add_bodies(bad);
    add_others(bad, api_token);
    const std::set<std::string> each(bad.begin(), bad.end());
    EXPECT_GE(each.size(), 120U);
    for (const std::string& value : each) {
        EXPECT_EQ(as_bearer(value), 401u) << value.substr(0, 300);
        const bool cookie = value.find_first_of(" ,;\t") == value.npos;
        if (cookie) EXPECT_EQ(as_cookie(value), 401u) << value.substr(0, 300);
    }
    // An API token is for scripts, and a browser's cookie is no place for it.
    EXPECT_EQ(as_cookie(api_token), 401u);
}

TEST_F(BadTokensTest, what_ended_is_not_taken_again) {
    const Sender api = token(ann_, "admin");
    const std::string id = api.bearer.substr(0, api.bearer.rfind('_'));
    const std::int64_t end = now + 60'000;
    const TestReply made = post(
        "/api/v1/tokens",
        R"({"name":"short","scope":"read","expires_at_ms":)" + std::to_string(end) + "}", ann_);
    const std::string brief = made.at("token");
    EXPECT_EQ(as_bearer(brief), 200u);
    now = end - 1;
    EXPECT_EQ(as_bearer(brief), 200u);
    now = end;
    EXPECT_EQ(as_bearer(brief), 401u);
    EXPECT_EQ(send(http::Verb::del, "/api/v1/tokens/" + made.at("id"), "", ann_).status, 204u);
    EXPECT_EQ(as_bearer(brief), 401u);
    now += 15 * 60'000;
    EXPECT_EQ(as_bearer(good_), 401u);
}

TEST_F(BadTokensTest, the_last_use_is_noted_with_its_address_once_a_minute) {
    const Sender api = token(ann_, "read");
    const auto listed = [&] { return get("/api/v1/tokens", ann_).json().at("items").at(0); };
    EXPECT_TRUE(listed().at("last_used_ms").is_null());
    EXPECT_EQ(listed().at("last_used_address").as_string(), "");
    const std::int64_t first = now;
    EXPECT_EQ(as_bearer(api.bearer), 200u);
    EXPECT_EQ(listed().at("last_used_ms").as_int64(), first);
    EXPECT_EQ(listed().at("last_used_address").as_string(), "192.0.2.1");
    now += 59'000;
    EXPECT_EQ(as_bearer(api.bearer), 200u);
    EXPECT_EQ(listed().at("last_used_ms").as_int64(), first);
    now += 2'000;
    EXPECT_EQ(as_bearer(api.bearer), 200u);
    EXPECT_EQ(listed().at("last_used_ms").as_int64(), now);
}

}  // namespace
}  // namespace berth::api
