// A device's sign-in over the API: what it gets, who may approve, and how guessing ends.
#include <gtest/gtest.h>

#include "api/testing.hpp"

namespace berth::api {
namespace {

class DeviceRoutesTest : public testing::Test, protected TestApi {
protected:
    TestReply begin(const std::string& scope = "deploy") {
        return post("/api/v1/auth/device", R"({"name":"cli on laptop","scope":")" + scope + "\"}");
    }
    TestReply poll(const TestReply& offer) {
        return post("/api/v1/auth/device/token",
                    R"({"device_code":")" + offer.at("device_code") + "\"}");
    }
    TestReply decide(const std::string& code, const std::string& decision, const Sender& who) {
        return post("/api/v1/auth/device/decision",
                    R"({"user_code":")" + code + R"(","decision":")" + decision + "\"}", who);
    }
    TestReply look(const std::string& code, const Sender& who) {
        return post("/api/v1/auth/device/request", R"({"user_code":")" + code + "\"}", who);
    }

    Sender ann_ = owner();
};

TEST_F(DeviceRoutesTest, an_approved_device_gets_a_token_of_its_scope) {
    const TestReply offer = begin();
    EXPECT_EQ(offer.status, 201u);
    EXPECT_EQ(offer.at("verification_uri"), "http://localhost:8080/device");
    EXPECT_FALSE(offer.at("verification_uri").contains(offer.at("user_code")));
    EXPECT_EQ(poll(offer).code(), "authorization_pending");
    const TestReply shown = look(offer.at("user_code"), ann_);
    EXPECT_EQ(shown.at("name"), "cli on laptop");
    EXPECT_EQ(shown.at("address"), "192.0.2.1");
    EXPECT_EQ(decide(offer.at("user_code"), "approve", ann_).status, 204u);
    const TestReply made = poll(offer);
    ASSERT_EQ(made.status, 201u) << made.text;
    EXPECT_EQ(made.at("email"), "ann@example.com");
    EXPECT_EQ(made.at("scope"), "deploy");
    EXPECT_GT(made.json().at("expires_at_ms").as_int64(), now);
    const Sender device{.bearer = made.at("token")};
    EXPECT_EQ(get("/api/v1/auth/session", device).status, 200u);
    EXPECT_EQ(post("/api/v1/tokens", R"({"name":"more","scope":"admin"})", device).status, 403u);
    EXPECT_EQ(poll(offer).code(), "expired_token");
    const std::string rows = get("/api/v1/audit", ann_).text;
    EXPECT_TRUE(rows.contains("device_approved"));
    EXPECT_TRUE(rows.contains("cli on laptop at 192.0.2.1"));
    EXPECT_FALSE(rows.contains(offer.at("device_code")));
}

TEST_F(DeviceRoutesTest, only_a_person_in_a_browser_decides) {
    const TestReply offer = begin();
    const Sender by_token = token(ann_, "admin");
    EXPECT_EQ(decide(offer.at("user_code"), "approve", by_token).status, 403u);
    EXPECT_EQ(decide(offer.at("user_code"), "approve", {}).status, 401u);
    EXPECT_EQ(look(offer.at("user_code"), by_token).status, 403u);
    EXPECT_EQ(decide(offer.at("user_code"), "perhaps", ann_).status, 422u);
    EXPECT_EQ(decide(offer.at("user_code"), "deny", ann_).status, 204u);
    EXPECT_EQ(poll(offer).code(), "access_denied");
}

TEST_F(DeviceRoutesTest, who_has_a_one_time_password_signs_nothing_else_in) {
    const TestReply added = post("/api/v1/users", R"({"email":"cy@example.com"})", ann_);
    const Sender cy = sign_in("cy@example.com", added.at("password"));
    const TestReply offer = begin();
    EXPECT_EQ(decide(offer.at("user_code"), "approve", cy).code(), "password_must_change");
    EXPECT_EQ(poll(offer).code(), "authorization_pending");
}

TEST_F(DeviceRoutesTest, guessing_a_code_ends_after_ten) {
    const TestReply offer = begin();
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(look("BBBB-BBBB", ann_).status, 404u);
    EXPECT_EQ(look(offer.at("user_code"), ann_).code(), "too_many_attempts");
    EXPECT_EQ(decide(offer.at("user_code"), "approve", ann_).code(), "too_many_attempts");
    now += 15 * 60'000;
    const Sender again = sign_in("ann@example.com", "correct horse");  // that access has expired
    EXPECT_EQ(look("BBBB-BBBB", again).status, 404u);
}

TEST_F(DeviceRoutesTest, an_address_begins_a_bounded_number) {
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(begin().status, 201u);
    EXPECT_EQ(begin().code(), "too_many_attempts");
    EXPECT_EQ(post("/api/v1/auth/device", R"({"name":""})").status, 429u);
}

}  // namespace
}  // namespace berth::api
