// Searching the logs of a project, as a client sees it.
#include <gtest/gtest.h>

#include "api/paging.hpp"
#include "api/testing.hpp"
#include "db/records.hpp"
#include "logs/log_store.hpp"
#include "objects/object_store.hpp"

namespace berth::api {
namespace {

class LogSearchRoutesTest : public testing::Test, protected TestApi {
protected:
    LogSearchRoutesTest() {
        services.logs = &logs_;
        services.bus = bus_.get();
        services.objects = objects_.get();
        const std::string project = add_project(ann_, "shop");
        add_project(ann_, "blog");
        for (int i = 1; i <= 3; ++i)
            add_deployment(project, i);
    }

    void add_deployment(const std::string& project, int intent) {
        const std::string id = fmt::format("dpl_{}", intent);
        const auto insert = [&](soci::session& sql) {
            db::execute(sql,
                        "insert into deployments (id, project, intent, state, environment, ref, "
                        "\"trigger\", created_at_ms, epoch) values (:id, :project, :intent, "
                        "'building', 'production', 'main', 'cli', 5, 1)",
                        id, project, intent);
        };
        wait(database.write(insert));
        jobs::LogAppend batch{.epoch = 1, .first = 0, .lines = {}, .open = {}};
        for (const char* text : {"$ vite build", "\x1b[31mTS2304\x1b[0m no name", "done"}) {
            const bool error = std::string_view(text).contains("TS");
            batch.lines.push_back({.at_ms = 9,
                                   .stream = jobs::LineStream::out,
                                   .level = error ? jobs::Level::error : jobs::Level::info,
                                   .step = jobs::Step::build,
                                   .text = text});
        }
        wait(logs_.append(id, batch)).value();
    }

    TestReply search(const std::string& query, const std::string& project = "shop") {
        return send(http::Verb::get,
                    fmt::format("/api/v1/projects/{}/logs/search{}", project, query), "", ann_);
    }

    Sender ann_ = owner();
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    logs::LogStore logs_{database, *objects_, *bus_};
};

TEST_F(LogSearchRoutesTest, finds_lines_with_their_place) {
    const auto found = search("?q=ts%5B0-9%5D%2B%20no&match=regex").json();
    ASSERT_EQ(found.at("items").as_array().size(), 3u);
    const auto& hit = found.at("items").as_array().front();
    EXPECT_EQ(hit.at("deployment"), "dpl_3");
    EXPECT_EQ(hit.at("line"), 1);
    EXPECT_EQ(hit.at("level"), "error");
    EXPECT_EQ(hit.at("text"), "\x1b[31mTS2304\x1b[0m no name");
    EXPECT_TRUE(found.at("next").is_null());
    EXPECT_EQ(found.at("deployments"), 3);
}

TEST_F(LogSearchRoutesTest, takes_every_filter) {
    const auto count = [&](const std::string& query) {
        return search(query).json().at("items").as_array().size();
    };
    EXPECT_EQ(count(""), 9u);
    EXPECT_EQ(count("?level=error"), 3u);
    EXPECT_EQ(count("?step=install"), 0u);
    EXPECT_EQ(count("?step=build&deployment=dpl_2"), 3u);
    EXPECT_EQ(count("?q=VITE"), 3u);
    EXPECT_EQ(count("?q=VITE&case=true"), 0u);
    EXPECT_EQ(search("?deployment=dpl_2", "blog").json().at("items").as_array().size(), 0u);
}

TEST_F(LogSearchRoutesTest, goes_on_by_a_cursor_of_the_same_search) {
    std::vector<std::string> places;
    std::string cursor;
    for (int page = 0; page < 20; ++page) {
        const auto found =
            search("?level=error&limit=1" + (cursor.empty() ? "" : "&cursor=" + cursor)).json();
        for (const auto& hit : found.at("items").as_array())
            places.emplace_back(hit.at("deployment").as_string());
        if (found.at("next").is_null()) break;
        cursor = found.at("next").as_string();
        EXPECT_EQ(search("?level=info&cursor=" + cursor).code(), "cursor_mismatch");
    }
    const std::vector<std::string> expected{"dpl_3", "dpl_2", "dpl_1"};
    EXPECT_EQ(places, expected);
}

TEST_F(LogSearchRoutesTest, refuses_what_it_does_not_understand) {
    for (const auto& [query, status, code] :
         {std::tuple("?q=(&match=regex", 422, "invalid_pattern"),
          std::tuple("?match=glob", 400, "bad_parameter"),
          std::tuple("?level=loud", 400, "bad_parameter"),
          std::tuple("?step=deploy", 400, "bad_parameter"),
          std::tuple("?case=maybe", 400, "bad_parameter"), std::tuple("?limit=0", 400, "bad_limit"),
          std::tuple("?cursor=x", 400, "bad_cursor"),
          std::tuple("?colour=red", 400, "unknown_parameter")}) {
        const TestReply refused = search(query);
        EXPECT_EQ(refused.status, static_cast<unsigned>(status)) << query;
        EXPECT_EQ(refused.code(), code) << query;
    }
}

}  // namespace
}  // namespace berth::api
