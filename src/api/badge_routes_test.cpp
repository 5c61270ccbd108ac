#include "api/webhook_testing.hpp"

namespace berth::api {
namespace {

constexpr const char* place = "/api/v1/projects/shop/badge";

class BadgeRoutesTest : public WebhookTest {
protected:
    /// Turns it on; its path.
    std::string made() {
        const TestReply reply = post(place, "", ann_);
        EXPECT_EQ(reply.status, 201u) << reply.text;
        return reply.at("url").substr(services.config.platform_url.size());
    }
    void deploy(const std::string& ref, const std::string& state, int checks_failed = 0) {
        deployments::NewDeployment wanted{.project = project_, .ref = ref};
        const std::string id = wait(services.deployments->create(wanted)).value().id;
        write(fmt::format("update deployments set state = '{}', checks_failed = {} where id = '{}'",
                          state, checks_failed, id));
    }
    std::string word(const std::string& path) {
        const std::string svg = get(path).text;
        const std::size_t begin = svg.find("<title>berth: ") + 14;
        return svg.substr(begin, svg.find("</title>") - begin);
    }
};

TEST_F(BadgeRoutesTest, is_off_until_somebody_asks_for_it) {
    EXPECT_TRUE(get(place, ann_).json().at("url").is_null());
    const std::string path = made();
    EXPECT_EQ(get(place, ann_).at("url"), services.config.platform_url + path);
    EXPECT_EQ(get(path).status, 200u) << "nobody is signed in";
    EXPECT_EQ(get(path).headers.get("content-type"), "image/svg+xml");
    EXPECT_EQ(send(http::Verb::del, place, "", ann_).status, 204u);
    EXPECT_EQ(get(path).status, 404u);
}

TEST_F(BadgeRoutesTest, a_new_address_ends_the_old_one) {
    const std::string old = made();
    const std::string path = made();
    EXPECT_NE(old, path);
    EXPECT_EQ(get(old).status, 404u);
    EXPECT_EQ(get(path).status, 200u);
    EXPECT_EQ(get("/api/v1/badges/bdg_0123456789abcdef0123456789abcdef").status, 404u);
}

TEST_F(BadgeRoutesTest, says_how_the_branch_does) {
    const std::string path = made();
    EXPECT_EQ(word(path), "not deployed");
    deploy("main", "ready");
    EXPECT_EQ(word(path), "ready");
    deploy("main", "ready", 2);
    EXPECT_EQ(word(path), "checks failed");
    deploy("main", "failed");
    EXPECT_EQ(word(path), "failed");
    deploy("main", "canceled");
    EXPECT_EQ(word(path), "failed") << "what was canceled says nothing";
    deploy("main", "building");
    EXPECT_EQ(word(path), "building");
    deploy("next", "ready");
    EXPECT_EQ(word(path + "?branch=next"), "ready");
    EXPECT_EQ(word(path + "?branch=%3Cscript%3E"), "not deployed");
    EXPECT_EQ(get(path + "?branch=" + std::string(256, 'x')).code(), "bad_parameter");
}

TEST_F(BadgeRoutesTest, is_kept_for_a_while_and_compared) {
    const std::string path = made();
    const TestReply first = get(path);
    EXPECT_EQ(first.headers.get("cache-control"), "public, max-age=30, must-revalidate");
    http::Headers same;
    same.set("if-none-match", std::string(first.headers.get("etag")));
    EXPECT_EQ(send(http::Verb::get, path, "", {}, same).status, 304u);
    deploy("main", "ready");
    EXPECT_EQ(send(http::Verb::get, path, "", {}, same).status, 200u);
}

TEST_F(BadgeRoutesTest, of_a_deleted_project_is_none) {
    const std::string path = made();
    write("update projects set deleted_at_ms = 1");
    EXPECT_EQ(get(path).status, 404u);
}

}  // namespace
}  // namespace berth::api
