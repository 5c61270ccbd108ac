#include "api/testing.hpp"

namespace berth::api {
namespace {

using http::Verb;

class ChannelRoutesTest : public testing::Test, protected TestApi {
protected:
    TestReply add(const std::string& body) { return post(place_, body, ann_); }
    TestReply change(const std::string& target, const std::string& body, const std::string& etag) {
        http::Headers headers;
        headers.set("if-match", etag);
        return send(Verb::patch, target, body, ann_, headers);
    }

    Sender ann_ = owner();
    std::string place_ =
        "/api/v1/teams/" +
        std::string(get("/api/v1/teams", ann_).json().at("items").at(0).at("id").as_string()) +
        "/channels";
};

TEST_F(ChannelRoutesTest, adds_tests_and_removes_a_channel) {
    const TestReply added = add(R"({"kind":"webhook","name":"ops","events":["deployment_failed"],
                "config":{"url":"https://hooks.example/s3cret"}})");
    ASSERT_EQ(added.status, 201u) << added.text;
    EXPECT_TRUE(added.at("secret").starts_with("whsec_"));
    const std::string id(added.json().at("channel").at("id").as_string());
    const TestReply shown = get(place_ + "/" + id, ann_);
    EXPECT_EQ(shown.at("target"), "hooks.example");
    EXPECT_EQ(get(place_, ann_).text.find("s3cret"), std::string::npos);

    const TestReply tested = post(place_ + "/" + id + "/test", "", ann_);
    ASSERT_EQ(tested.status, 202u) << tested.text;
    EXPECT_EQ(tested.at("state"), "waiting");
    const TestReply told = get(place_ + "/" + id + "/notifications", ann_);
    EXPECT_EQ(std::string(told.json().at("items").at(0).at("id").as_string()), tested.at("id"));
    EXPECT_EQ(post(place_ + "/" + id + "/notifications/" + tested.at("id") + "/redeliver", "", ann_)
                  .status,
              202u);
    EXPECT_EQ(send(Verb::del, place_ + "/" + id, "", ann_).status, 204u);
    EXPECT_EQ(get(place_ + "/" + id, ann_).status, 404u);
}

TEST_F(ChannelRoutesTest, changes_under_its_etag_and_says_who_was_faster) {
    const TestReply added = add(R"({"kind":"email","name":"ops","events":["deployment_failed"],
                                    "config":{"addresses":["ann@example.com"]}})");
    const std::string target =
        place_ + "/" + std::string(added.json().at("channel").at("id").as_string());
    EXPECT_EQ(send(Verb::patch, target, "{}", ann_).code(), "precondition_required");
    EXPECT_EQ(change(target, R"({"name":"all"})", "\"1\"").at("name"), "all");
    const TestReply late = change(target, R"({"name":"x"})", "\"1\"");
    EXPECT_EQ(late.status, 412u);
    EXPECT_TRUE(late.at("detail").starts_with("ann@example.com changed it")) << late.text;
    EXPECT_EQ(change(target, R"({"events":[]})", "*").pointer(), "/events");
    EXPECT_EQ(change(target, R"({"config":{"addresses":["x"]}})", "*").code(), "invalid_address");
}

TEST_F(ChannelRoutesTest, refuses_what_it_cannot_send_to) {
    EXPECT_EQ(add(R"({"name":"a","events":["deployment_ready"]})").pointer(), "/kind");
    EXPECT_EQ(add(R"({"kind":"slack","name":"a","events":["deployment_ready"],
                      "config":{"url":"http://127.0.0.1/"}})")
                  .code(),
              "invalid_url");
    EXPECT_EQ(add(R"({"kind":"pager","name":"a","events":["deployment_ready"]})").status, 422u);
}

TEST_F(ChannelRoutesTest, keeps_the_mail_servers_password_for_that_server_alone) {
    const std::string mail = "/api/v1/instance/mail";
    EXPECT_EQ(get(mail, ann_).text, R"({"server":null})");
    const auto put = [&](const std::string& host, const std::string& more) {
        return send(
            Verb::put, mail,
            R"({"host":")" + host + R"(","username":"u","from":"b@example.com")" + more + "}",
            ann_);
    };
    const TestReply set = put("mail.example", R"(,"password":"s3cret")");
    ASSERT_EQ(set.status, 200u) << set.text;
    EXPECT_EQ(set.text.find("s3cret"), std::string::npos);
    EXPECT_TRUE(set.json().at("server").at("has_password").as_bool());
    EXPECT_TRUE(put("mail.example", "").json().at("server").at("has_password").as_bool());
    EXPECT_FALSE(put("other.example", "").json().at("server").at("has_password").as_bool());
    EXPECT_EQ(put("mail.example", R"(,"security":"none")").code(), "password_in_the_open");
    EXPECT_EQ(send(Verb::del, mail, "", ann_).status, 204u);
    EXPECT_EQ(get(mail, stranger(ann_)).status, 403u);
}

}  // namespace
}  // namespace berth::api
