#include "api/welcome.hpp"

#include "api/access.hpp"
#include "api/testing.hpp"

namespace berth::api {
namespace {

class WelcomeTest : public testing::Test, protected TestApi {
protected:
    Caller caller(const Sender& sender) {
        http::Request request;
        request.headers.set("authorization", "Bearer " + sender.bearer);
        return wait(find_caller(services, request)).value();
    }
    bool holds_later(Welcome& welcome) {
        now += 11'000;
        return wait(welcome.holds());
    }

    Sender ann_ = owner();
};

TEST_F(WelcomeTest, holds_while_nothing_changes) {
    Welcome welcome(services, caller(ann_), add_project(ann_, "shop"));
    EXPECT_TRUE(wait(welcome.holds()));
    EXPECT_TRUE(holds_later(welcome));
}

TEST_F(WelcomeTest, ends_with_the_session) {
    Welcome welcome(services, caller(ann_), "");
    post("/api/v1/auth/logout", "", ann_);
    const Caller who = caller(sign_in("ann@example.com", "correct horse"));
    wait(accounts->sessions.revoke_all(who.user.id, who.session));
    EXPECT_FALSE(holds_later(welcome));
    EXPECT_FALSE(holds_later(welcome));
}

TEST_F(WelcomeTest, ends_with_the_token) {
    const Sender token = this->token(ann_, "read");
    const Caller who = caller(token);
    Welcome welcome(services, who, "");
    EXPECT_TRUE(holds_later(welcome));
    wait(accounts->tokens.revoke(who.user, who.token)).value();
    EXPECT_FALSE(holds_later(welcome));
}

TEST_F(WelcomeTest, ends_with_the_person) {
    const Sender bob = stranger(ann_);
    const Caller who = caller(bob);
    Welcome welcome(services, who, "");
    EXPECT_TRUE(holds_later(welcome));
    const TestReply off =
        send(http::Verb::patch, "/api/v1/users/" + who.user.id, R"({"disabled":true})", ann_);
    EXPECT_EQ(off.status, 200u) << off.text;
    EXPECT_FALSE(holds_later(welcome));
}

TEST_F(WelcomeTest, ends_with_the_project) {
    const std::string shop = add_project(ann_, "shop");
    Welcome welcome(services, caller(ann_), shop);
    EXPECT_TRUE(holds_later(welcome));
    const Sender bob = stranger(ann_);
    Welcome never(services, caller(bob), shop);
    EXPECT_FALSE(holds_later(never));
}

}  // namespace
}  // namespace berth::api
