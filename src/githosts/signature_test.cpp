#include "githosts/signature.hpp"

#include <gtest/gtest.h>

#include "githosts/forgeries_testing.hpp"
#include "githosts/testing.hpp"

namespace berth::githosts {
namespace {

using namespace testing;

constexpr std::int64_t now = 1'800'000'000'000;

Result<Proof> check(const Sent& sent) {
    const Result<Origin> origin = origin_of(sent.headers);
    if (!origin) return origin.error();
    return check_signature(origin->provider, sent.headers, sent.body, secret, now);
}

Sent token_push() {
    Sent sent{.body = gitlab_body({})};
    sent.headers.set("x-gitlab-event", "Push Hook");
    sent.headers.set("x-gitlab-token", secret);
    return sent;
}

TEST(SignatureTest, takes_what_each_host_signs) {
    for (const Provider provider : all_providers) {
        const Sent sent = push_of(provider, {}, "id-1", now);
        const Result<Origin> origin = origin_of(sent.headers);
        ASSERT_TRUE(origin.has_value()) << name_of(provider);
        EXPECT_EQ(origin->provider, provider) << name_of(provider);
        EXPECT_EQ(origin->delivery, "id-1") << name_of(provider);
        const Result<Proof> proof = check(sent);
        ASSERT_TRUE(proof.has_value()) << name_of(provider) << ": " << proof.error().message;
    }
}

// The examples of the hosts' own documentation, so that both sides of our tests cannot be wrong
// in the same way.
TEST(SignatureTest, agrees_with_the_published_examples) {
    http::Headers github;
    github.set("x-hub-signature-256",
               "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    EXPECT_TRUE(check_signature(Provider::github, github, "Hello, World!",
                                "It's a Secret to Everybody", now)
                    .has_value());
    http::Headers bitbucket;
    bitbucket.set("x-hub-signature",
                  "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9");
    EXPECT_TRUE(check_signature(Provider::bitbucket, bitbucket, "Hello World!",
                                "It's a Secret to Everybody", now)
                    .has_value());
    http::Headers standard;
    standard.set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek");
    standard.set("webhook-timestamp", "1614265330");
    standard.set("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    EXPECT_EQ(check_signature(Provider::generic, standard, R"({"test": 2432232314})",
                              "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1'614'265'330'000)
                  .value(),
              Proof::signature_with_time);
}

TEST(SignatureTest, takes_one_of_several_while_a_secret_is_changed) {
    Sent sent = push_of(Provider::generic, {}, "id-1", now);
    const std::string right(sent.headers.get("webhook-signature"));
    sent.headers.set("webhook-signature", "v1a,xyz v1,AAAA " + right);
    EXPECT_TRUE(check(sent).has_value());
    sent.headers.set("webhook-signature", std::string(16, ' ') + right);
    EXPECT_EQ(check(sent).error().code, "wrong_signature") << "beyond the bound";
}

TEST(SignatureTest, a_gitlab_that_does_not_sign_shows_its_token) {
    EXPECT_EQ(check(token_push()).value(), Proof::token);
    Sent wrong = token_push();
    wrong.headers.set("x-gitlab-token", secret + "x");
    EXPECT_EQ(check(wrong).error().code, "wrong_signature");
    wrong.headers.remove("x-gitlab-token");
    EXPECT_EQ(check(wrong).error().code, "signature_missing");
}

TEST(SignatureTest, a_token_does_not_stand_in_for_a_signature) {
    Sent sent = token_push();
    sent.headers.set("webhook-id", "id-1");
    sent.headers.set("webhook-timestamp", std::to_string(now / 1000));
    EXPECT_EQ(check(sent).error().code, "signature_missing");
    sent.headers.set("webhook-signature", "v1,AAAA");
    EXPECT_EQ(check(sent).error().code, "wrong_signature");
}

TEST(SignatureTest, refuses_another_time_by_more_than_five_minutes) {
    const auto at = [](std::int64_t then) {
        return check(push_of(Provider::generic, {}, "id-1", then));
    };
    EXPECT_TRUE(at(now - skew_ms_max).has_value());
    EXPECT_TRUE(at(now + skew_ms_max).has_value());
    EXPECT_EQ(at(now - skew_ms_max - 1000).error().code, "stale_delivery");
    EXPECT_EQ(at(now + skew_ms_max + 1000).error().code, "stale_delivery");
}

TEST(SignatureTest, names_hosts_that_it_does_not_know_and_fields_that_came_twice) {
    Sent sent;
    EXPECT_EQ(origin_of(sent.headers).error().code, "unknown_git_host");
    sent.headers.set("x-hub-signature-256", "sha256=00");
    EXPECT_EQ(origin_of(sent.headers).error().code, "unknown_git_host");
    sent = push_of(Provider::github, {}, "id-1", now);
    sent.headers.add("x-hub-signature-256", "sha256=00");
    EXPECT_EQ(origin_of(sent.headers).error().code, "doubled_field");
    sent = push_of(Provider::github, {}, std::string(201, 'x'), now);
    EXPECT_EQ(origin_of(sent.headers).error().code, "bad_delivery");
}

TEST(SignatureTest, makes_secrets_that_every_host_takes) {
    const std::string made = make_secret();
    EXPECT_EQ(made.size(), 6u + 44u);
    EXPECT_TRUE(made.starts_with("whsec_") && made.ends_with("="));
    EXPECT_NE(made, make_secret());
}

TEST(SignatureTest, takes_none_of_the_forgeries) {
    for (const Provider provider : all_providers) {
        const std::vector<Forgery> forged = forgeries(provider, now);
        EXPECT_GE(forged.size(), 200u) << name_of(provider);
        for (const Forgery& forgery : forged) {
            EXPECT_FALSE(check(forgery.sent).has_value())
                << name_of(provider) << ": " << forgery.what;
        }
    }
}

}  // namespace
}  // namespace berth::githosts
