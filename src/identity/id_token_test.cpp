// Forged, stale and misdirected tokens: none is taken.
#include "identity/id_token.hpp"

#include <gtest/gtest.h>

#include "identity/testing.hpp"

namespace berth::identity {
namespace {

using json::bj::array;
using json::bj::object;
using testing::TestKey;
using testing::token_of;

constexpr std::int64_t now_s = 1'800'000'000;

class IdTokenTest : public ::testing::Test {
protected:
    static const TestKey& rsa() {
        static const TestKey key = TestKey::rsa("r");
        return key;
    }
    static const TestKey& p256() {
        static const TestKey key = TestKey::p256("p");
        return key;
    }
    static KeySet keys() {
        return KeySet::parse(object{{"keys", array{rsa().jwk(), p256().jwk()}}}).value();
    }
    static object claims() {
        return {{"iss", "https://login.example"},
                {"sub", "u-1"},
                {"aud", "berth"},
                {"exp", now_s + 300},
                {"iat", now_s - 1},
                {"nonce", "n0nce"}};
    }
    static object with(std::string_view name, json::value value) {
        object changed = claims();
        changed[name] = std::move(value);
        return changed;
    }
    static object without(std::string_view name) {
        object changed = claims();
        changed.erase(name);
        return changed;
    }
    static Result<Identity> check(const std::string& token) {
        return check_id_token(token, keys(),
                              {.issuer = "https://login.example",
                               .client_id = "berth",
                               .nonce = "n0nce",
                               .now_ms = now_s * 1000});
    }
    static std::string code(const std::string& token) {
        const Result<Identity> found = check(token);
        return found ? "taken" : found.error().code;
    }
};

TEST_F(IdTokenTest, takes_both_algorithms) {
    for (const TestKey* key : {&rsa(), &p256()}) {
        const Identity identity = check(token_of(*key, claims())).value();
        EXPECT_EQ(identity.issuer, "https://login.example");
        EXPECT_EQ(identity.subject, "u-1");
        EXPECT_EQ(identity.email, "");
        EXPECT_FALSE(identity.email_verified);
    }
}

TEST_F(IdTokenTest, takes_what_the_specification_leaves_open) {
    const object good[] = {
        with("aud", array{"berth"}),
        with("azp", "berth"),
        with("exp", now_s - 59),  // clocks differ
        with("iat", now_s + 59),
        with("nbf", now_s + 59),
        with("exp", static_cast<double>(now_s) + 0.5),
        with("unknown", object{{"a", 1}}),
    };
    for (const object& one : good)
        EXPECT_EQ(code(token_of(rsa(), one)), "taken") << json::bj::serialize(one);
    object several = with("aud", array{"other", "berth"});
    several["azp"] = "berth";
    EXPECT_EQ(code(token_of(rsa(), several)), "taken");
    // Without a name of its key, any of the provider's will do.
    const object nameless{{"alg", "ES256"}};
    const auto sign = [](const std::string& text) { return p256().sign(text); };
    EXPECT_EQ(code(token_of(nameless, claims(), sign)), "taken");
}

TEST_F(IdTokenTest, refuses_claims_that_do_not_hold) {
    const object bad[] = {
        with("iss", "https://evil.example"),
        with("iss", "https://login.example/"),
        with("iss", nullptr),
        without("iss"),
        with("aud", "other"),
        with("aud", array{"other"}),
        with("aud", array{}),
        with("aud", array{"other", "berth"}),  // and no azp
        with("aud", object{{"berth", true}}),
        with("aud", "Berth"),
        without("aud"),
        with("azp", "other"),
        with("azp", nullptr),
        with("exp", now_s - 60),
        with("exp", now_s - 3600),
        with("exp", "never"),
        with("exp", nullptr),
        with("exp", -1),
        with("exp", 1e300),
        without("exp"),
        with("iat", now_s + 61),
        with("iat", now_s - 661),
        with("iat", "now"),
        without("iat"),
        with("nbf", now_s + 61),
        with("nbf", "soon"),
        with("nonce", "other"),
        with("nonce", ""),
        with("nonce", "n0nce "),
        with("nonce", array{"n0nce"}),
        without("nonce"),
        with("sub", ""),
        with("sub", 1),
        with("sub", json::bj::string(256, 'a')),
        without("sub"),
    };
    for (const object& one : bad) {
        EXPECT_EQ(code(token_of(rsa(), one)), "id_token_refused") << json::bj::serialize(one);
        EXPECT_EQ(code(token_of(p256(), one)), "id_token_refused") << json::bj::serialize(one);
    }
}

TEST_F(IdTokenTest, refuses_what_the_provider_did_not_sign) {
    const auto mac_with = [](const std::string& secret) {
        return [secret](const std::string& text) { return hmac_sha256(secret, text); };
    };
    const auto nothing = [](const std::string&) { return std::string(); };
    const TestKey foreign = TestKey::rsa("r");
    const TestKey foreign_point = TestKey::p256("p");
    const auto by_rsa = [](const std::string& text) { return rsa().sign(text); };
    const auto by_p256 = [](const std::string& text) { return p256().sign(text); };
    const std::pair<const char*, std::string> forged[] = {
        {"none", token_of({{"alg", "none"}}, claims(), nothing)},
        {"None", token_of({{"alg", "None"}, {"kid", "r"}}, claims(), nothing)},
        {"no alg", token_of({{"kid", "r"}}, claims(), by_rsa)},
        {"alg of another kind", token_of({{"alg", 1}, {"kid", "r"}}, claims(), by_rsa)},
        {"HS256 with the public key",
         token_of({{"alg", "HS256"}, {"kid", "r"}}, claims(), mac_with(rsa().public_pem()))},
        {"HS256 with the client's secret",
         token_of({{"alg", "HS256"}}, claims(), mac_with("s3cret"))},
        {"HS256 said to be RS256",
         token_of({{"alg", "RS256"}, {"kid", "r"}}, claims(), mac_with(rsa().public_pem()))},
        {"another key of that name", token_of(foreign, claims())},
        {"another point of that name", token_of(foreign_point, claims())},
        {"the other key", token_of({{"alg", "RS256"}, {"kid", "r"}}, claims(), by_p256)},
        {"PS256", token_of({{"alg", "PS256"}, {"kid", "r"}}, claims(), by_rsa)},
        {"no signature", token_of({{"alg", "RS256"}, {"kid", "r"}}, claims(), nothing)},
        {"zeros for ES256", token_of({{"alg", "ES256"}, {"kid", "p"}}, claims(),
                                     [](const std::string&) { return std::string(64, '\0'); })},
        {"extension",
         token_of({{"alg", "RS256"}, {"kid", "r"}, {"crit", array{"x"}}}, claims(), by_rsa)},
        {"own key inside",
         token_of({{"alg", "RS256"}, {"kid", "r"}, {"jwk", foreign.jwk()}}, claims(),
                  [&](const std::string& t) { return foreign.sign(t); })},
    };
    for (const auto& [name, token] : forged)
        EXPECT_EQ(code(token), "id_token_refused") << name;
}

TEST_F(IdTokenTest, says_when_the_key_is_not_known) {
    const TestKey newer = TestKey::rsa("r2");
    EXPECT_EQ(code(token_of(newer, claims())), "unknown_key");
    // A name that is there, for the other algorithm.
    const auto sign = [](const std::string& text) { return p256().sign(text); };
    EXPECT_EQ(code(token_of({{"alg", "ES256"}, {"kid", "r"}}, claims(), sign)), "unknown_key");
}

TEST_F(IdTokenTest, refuses_what_was_changed_on_the_way) {
    const std::string token = token_of(rsa(), claims());
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    const std::string other =
        token.substr(0, first + 1) + testing::part(with("sub", "u-2")) + token.substr(last);
    EXPECT_EQ(code(other), "id_token_refused");
    for (std::size_t at = 0; at < token.size(); at += 7) {
        std::string changed = token;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        EXPECT_NE(code(changed), "taken") << at;
    }
}

TEST_F(IdTokenTest, refuses_what_is_no_token) {
    const std::string token = token_of(rsa(), claims());
    for (const std::string& bad :
         {std::string(), std::string("."), std::string(".."), std::string("a.b.c"),
          std::string("e30.e30.e30"), token + ".x", token + "=", " " + token,
          token.substr(0, token.rfind('.')), token + std::string(20'000, 'A')}) {
        EXPECT_EQ(code(bad), "id_token_refused") << bad.substr(0, 40);
    }
}

TEST_F(IdTokenTest, reads_an_address_and_whether_it_was_verified) {
    const auto read = [](json::value verified) {
        object told = with("email", "ann@example.com");
        told["email_verified"] = std::move(verified);
        return check(token_of(p256(), told)).value();
    };
    EXPECT_EQ(read(true).email, "ann@example.com");
    EXPECT_TRUE(read(true).email_verified);
    EXPECT_TRUE(read("true").email_verified);
    for (const json::value& no : {json::value(false), json::value("false"), json::value(1),
                                  json::value(nullptr), json::value("TRUE")}) {
        EXPECT_FALSE(read(no).email_verified) << json::bj::serialize(no);
    }
}

}  // namespace
}  // namespace berth::identity
