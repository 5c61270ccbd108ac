// The audit log over the API: whose rows one sees, search, pages, files, and that what people do is
// in it with who, from where and by which token.
#include <gtest/gtest.h>

#include "api/audit_export.hpp"
#include "api/testing.hpp"
#include "db/records.hpp"

namespace berth::api {
namespace {

class TextSink final : public http::BodySink {
public:
    std::string text{};
    Task<bool> write(std::string_view bytes) override {
        text += bytes;
        co_return true;
    }
};

class AuditRoutesTest : public testing::Test, protected TestApi {
protected:
    static std::vector<std::string> actions(const TestReply& reply) {
        std::vector<std::string> found;
        for (const auto& item : reply.json().at("items").as_array())
            found.emplace_back(item.at("action").as_string());
        return found;
    }
    boost::json::object newest(const std::string& filter = "") {
        return get("/api/v1/audit?limit=1" + filter, ann_).json().at("items").at(0).as_object();
    }
    std::string file(const std::string& query) {
        http::Request request;
        request.path = "/api/v1/audit/export";
        request.query = query;
        request.headers.set("authorization", "Bearer " + ann_.bearer);
        const http::Response response = wait(answer(services, request));
        TextSink sink;
        wait(std::get<http::StreamBody>(response.body)(sink));
        return sink.text;
    }
    void write(const std::string& actor, const std::string& detail) {
        const auto work = [&](soci::session& sql) {
            accounts::write_audit(sql, now, {actor, "tried", "", detail});
        };
        wait(database.write(work));
    }

    Sender ann_ = owner();
};

TEST_F(AuditRoutesTest, rows_say_who_from_where_and_by_which_token) {
    const Sender by_token = token(ann_, "admin");
    const boost::json::object made = newest();
    EXPECT_EQ(made.at("action").as_string(), "token_created");
    EXPECT_EQ(made.at("actor").as_string(), "ann@example.com");
    EXPECT_EQ(made.at("address").as_string(), "192.0.2.1");
    EXPECT_EQ(made.at("token").as_string(), "");
    const std::string project = add_project(by_token, "shop");
    const boost::json::object added = newest();
    EXPECT_EQ(added.at("action").as_string(), "project_created");
    EXPECT_EQ(added.at("project").as_string(), project);
    EXPECT_EQ(added.at("token").as_string(), made.at("target").as_string());
    EXPECT_EQ(newest("&project=shop&action=project_created").at("id"), added.at("id"));
}

TEST_F(AuditRoutesTest, no_secret_is_in_it) {
    const Sender by_token = token(ann_, "admin");
    add_project(ann_, "shop");
    send(http::Verb::put, "/api/v1/projects/shop/env",
         R"({"items":[{"key":"API_KEY","value":"s3cr3t-value"}]})", ann_, [] {
             http::Headers any;
             any.set("if-match", "*");
             return any;
         }());
    post("/api/v1/auth/login", R"({"email":"ann@example.com","password":"wr0ng-one"})");
    const std::string all = file("");
    EXPECT_TRUE(all.contains("set: API_KEY")) << all;
    EXPECT_TRUE(all.contains("sign_in_failed"));
    for (const std::string& secret :
         {std::string("s3cr3t-value"), std::string("wr0ng-one"), by_token.bearer, ann_.bearer})
        EXPECT_FALSE(all.contains(secret)) << secret;
}

TEST_F(AuditRoutesTest, a_team_sees_its_own_rows_and_no_others) {
    const Sender bob = stranger(ann_);
    post("/api/v1/teams", R"({"slug":"crew"})", bob);
    post("/api/v1/projects",
         R"({"name":"shop","team":"crew","repo_url":"https://git.example/a.git"})", bob);
    const std::vector<std::string> wanted{"project_created", "team_created"};
    EXPECT_EQ(actions(get("/api/v1/teams/crew/audit", bob)), wanted);
    EXPECT_EQ(get("/api/v1/teams/crew/audit", ann_).status, 404u);
    EXPECT_EQ(get("/api/v1/audit", bob).status, 403u);
    EXPECT_EQ(get("/api/v1/audit/verification", bob).status, 403u);
}

TEST_F(AuditRoutesTest, pages_go_on_where_the_last_one_ended) {
    for (int i = 0; i < 7; ++i)
        write("cy", std::to_string(i));
    std::string details;
    std::string cursor;
    for (int pages = 0; pages < 4; ++pages) {
        const TestReply page = get("/api/v1/audit?actor=cy&limit=2" + cursor, ann_);
        for (const auto& item : page.json().at("items").as_array())
            details += item.at("detail").as_string();
        if (page.json().at("next").is_null()) break;
        cursor = "&cursor=" + page.at("next");
    }
    EXPECT_EQ(details, "6543210");
    EXPECT_EQ(get("/api/v1/audit?actor=ann" + cursor, ann_).code(), "cursor_mismatch");
}

TEST_F(AuditRoutesTest, what_cannot_be_asked_is_refused_by_name) {
    EXPECT_EQ(get("/api/v1/audit?since_ms=yesterday", ann_).code(), "invalid_time");
    EXPECT_EQ(get("/api/v1/audit/export?format=xlsx", ann_).code(), "invalid_format");
    EXPECT_EQ(get("/api/v1/audit?who=x", ann_).status, 400u);
}

TEST_F(AuditRoutesTest, a_spreadsheet_is_given_no_formula) {
    EXPECT_EQ(csv_cell("=1+1"), "'=1+1");
    EXPECT_EQ(csv_cell("+1"), "'+1");
    EXPECT_EQ(csv_cell("-1"), "'-1");
    EXPECT_EQ(csv_cell("@SUM(A1)"), "'@SUM(A1)");
    EXPECT_EQ(csv_cell("\t=1"), "'\t=1");
    EXPECT_EQ(csv_cell("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
    EXPECT_EQ(csv_cell("=HYPERLINK(\"x\",\"y\")"), "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
    EXPECT_EQ(csv_cell("ann@example.com"), "ann@example.com");
    write("=cmd|' /C calc'!A0", "x,y");
    const std::string csv = file("format=csv");
    EXPECT_TRUE(csv.starts_with("id,at,actor,"));
    EXPECT_TRUE(csv.contains(",'=cmd|' /C calc'!A0,")) << csv;
    EXPECT_TRUE(csv.contains(",\"x,y\","));
}

TEST_F(AuditRoutesTest, an_export_can_be_checked_by_itself) {
    for (int i = 0; i < 3; ++i)
        write("ann@example.com", "ü \"" + std::to_string(i));
    std::string previous;
    int rows = 0;
    const std::string all = file("format=ndjson");
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = all.find('\n', at);
        const auto row = json::parse_as<accounts::AuditRow>(all.substr(at, end - at)).value();
        EXPECT_EQ(row.previous_hash, previous);
        EXPECT_EQ(row.hash, accounts::hash_of(row));
        previous = row.hash;
        at = end + 1;
        ++rows;
    }
    EXPECT_GE(rows, 5);
    const TestReply verdict = get("/api/v1/audit/verification", ann_);
    EXPECT_TRUE(verdict.json().at("intact").as_bool());
    EXPECT_EQ(verdict.at("last_hash"), previous);
}

}  // namespace
}  // namespace berth::api
