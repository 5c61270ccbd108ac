#include "accounts/identities.hpp"

#include <gtest/gtest.h>

#include "accounts/provider_logins.hpp"
#include "accounts/testing.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

class IdentitiesTest : public testing::Test, protected TestAccounts {
protected:
    void SetUp() override {
        ann_ = wait(accounts->users.add_first("ann@example.com", "correct horse")).value();
    }
    static identity::Identity identity(const std::string& subject) {
        return {.issuer = "https://login.example", .subject = subject, .email = "a@b.example"};
    }
    std::string code(const Result<KnownPerson>& found) {
        return found ? found->user.email : found.error().code;
    }

    Identities identities_{database, [this] { return now; }};
    ProviderLogins logins_{database, [this] { return now; }};
    User ann_{};
};

TEST_F(IdentitiesTest, a_person_links_several_of_one_issuer) {
    EXPECT_TRUE(wait(identities_.link(ann_, identity("u-1"))));
    EXPECT_TRUE(wait(identities_.link(ann_, identity("u-2"))));
    EXPECT_EQ(wait(identities_.link(ann_, identity("u-1"))).error().code, "identity_taken");
    EXPECT_EQ(wait(identities_.list(ann_.id)).size(), 2u);
    EXPECT_EQ(code(wait(identities_.find(identity("u-2"), ""))), "ann@example.com");
    EXPECT_EQ(code(wait(identities_.find(identity("u-3"), ""))), "identity_unknown");
}

TEST_F(IdentitiesTest, the_same_subject_of_another_issuer_is_somebody_else) {
    wait(identities_.link(ann_, identity("u-1"))).value();
    identity::Identity other = identity("u-1");
    other.issuer = "https://login.example/";
    EXPECT_EQ(code(wait(identities_.find(other, ""))), "identity_unknown");
}

TEST_F(IdentitiesTest, holds_twenty_a_person) {
    for (int i = 0; i < 20; ++i)
        wait(identities_.link(ann_, identity(std::to_string(i)))).value();
    EXPECT_EQ(wait(identities_.link(ann_, identity("x"))).error().code, "too_many_identities");
}

TEST_F(IdentitiesTest, a_login_is_one_browser_s_and_gives_its_code_one_turn) {
    const BegunLogin begun = wait(logins_.begin("p", "")).value();
    EXPECT_EQ(begun.secrets.verifier.size(), 43u);
    EXPECT_NE(begun.secrets.verifier, begun.secrets.nonce);
    const std::string state = begun.secrets.state;
    EXPECT_FALSE(wait(logins_.take("p", "", state, "other")));
    EXPECT_FALSE(wait(logins_.take("q", "", state, begun.browser)));
    EXPECT_FALSE(wait(logins_.take("p", "usr_x", state, begun.browser)));
    const ReturnedLogin back = wait(logins_.take("p", "", state, begun.browser)).value();
    EXPECT_EQ(back.secrets.verifier, begun.secrets.verifier);
    EXPECT_EQ(back.secrets.nonce, begun.secrets.nonce);
    EXPECT_EQ(back.identity, "");
    EXPECT_EQ(wait(logins_.take("p", "", state, begun.browser)).error().code, "login_expired");
    // Known by now: a second factor may be tried until the end.
    wait(logins_.keep(state, "idn_x"));
    EXPECT_EQ(wait(logins_.take("p", "", state, begun.browser)).value().identity, "idn_x");
    EXPECT_EQ(wait(logins_.take("p", "", state, begun.browser)).value().identity, "idn_x");
    wait(logins_.end(state));
    EXPECT_FALSE(wait(logins_.take("p", "", state, begun.browser)));
}

TEST_F(IdentitiesTest, bounds_those_that_wait) {
    const auto fill = [&](soci::session& sql) {
        for (int i = 0; i < ProviderLogins::waiting_max; ++i) {
            db::execute(sql,
                        "insert into provider_logins (state_hash, browser_hash, provider, user_id, "
                        "spent, identity, expires_at_ms) values (:s, '', '', '', 0, '', :e)",
                        std::to_string(i), now + 1000);
        }
    };
    wait(database.write(fill));
    EXPECT_EQ(wait(logins_.begin("p", "")).error().code, "too_many_logins");
    now += 1000;
    EXPECT_TRUE(wait(logins_.begin("p", "")));
}

}  // namespace
}  // namespace berth::accounts
