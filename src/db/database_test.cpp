#include "db/database.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "db/migrations.hpp"
#include "db/records.hpp"

namespace berth::db {
namespace {

enum class Colour { red, dark_blue };
BOOST_DESCRIBE_ENUM(Colour, red, dark_blue)

struct Thing {
    std::string id{};
    Colour colour = Colour::red;
    std::optional<std::string> note{};
    std::optional<std::int64_t> size{};
    bool ready = false;
    std::vector<std::string> tags{};
};
BOOST_DESCRIBE_STRUCT(Thing, (), (id, colour, note, size, ready, tags))

// Every Database must pass these; PostgreSQL joins the list when it comes.
class DatabaseTest : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        std::filesystem::remove_all(directory_);
        std::filesystem::create_directories(directory_);
        database_ = open();
        database_->migrate();
        const auto create = [](soci::session& sql) {
            execute(sql,
                    "create table things (id text primary key, colour text, note text, "
                    "size bigint, ready bigint, tags text)");
        };
        wait(database_->write(create));
    }
    void TearDown() override {
        database_.reset();
        std::filesystem::remove_all(directory_);
    }
    std::unique_ptr<Database> open() {
        const std::string url = GetParam();
        return std::make_unique<Database>(url == "file" ? "sqlite:" + directory_ + "/db" : url);
    }

    std::string directory_ = testing::TempDir() + "berth-db-test";
    std::unique_ptr<Database> database_;
};

TEST_P(DatabaseTest, keeps_every_kind_of_field) {
    const Thing thing{.id = "a",
                      .colour = Colour::dark_blue,
                      .note = std::nullopt,
                      .size = 9007199254740993,
                      .ready = true,
                      .tags = {"x", "ü\n"}};
    const auto add = [&](soci::session& sql) { return insert(sql, "things", thing); };
    EXPECT_TRUE(wait(database_->write(add)));
    const auto find = [](soci::session& sql) {
        return select_one<Thing>(sql, "from things where id = :id", "a");
    };
    const Thing found = wait(database_->read(find)).value();
    EXPECT_EQ(json::text(found), json::text(thing));
    const auto none = [](soci::session& sql) {
        return select_one<Thing>(sql, "from things where id = :id", "b");
    };
    EXPECT_FALSE(wait(database_->read(none)).has_value());
}

TEST_P(DatabaseTest, says_whether_a_row_went_in_and_how_many_changed) {
    const auto twice = [](soci::session& sql) {
        const Thing thing{.id = "a"};
        const bool first = insert(sql, "things", thing, "on conflict (id) do nothing");
        const bool second = insert(sql, "things", thing, "on conflict (id) do nothing");
        return std::make_pair(first, second);
    };
    const auto went_in = wait(database_->write(twice));
    EXPECT_TRUE(went_in.first);
    EXPECT_FALSE(went_in.second);
    const auto change = [](soci::session& sql) {
        return execute(sql, "update things set size = :s where id = :id", std::int64_t{3}, "a");
    };
    EXPECT_EQ(wait(database_->write(change)), 1);
}

TEST_P(DatabaseTest, forgets_a_write_that_throws) {
    const auto broken = [](soci::session& sql) {
        insert(sql, "things", Thing{.id = "lost"});
        throw std::runtime_error("broken");
    };
    EXPECT_THROW(wait(database_->write(broken)), std::runtime_error);
    const auto count = [](soci::session& sql) {
        return value<std::int64_t>(sql, "select count(*) from things").value();
    };
    EXPECT_EQ(wait(database_->read(count)), 0);
}

TEST_P(DatabaseTest, readers_cannot_write) {
    const auto write = [](soci::session& sql) { execute(sql, "delete from things"); };
    EXPECT_THROW(wait(database_->read(write)), soci::soci_error);
}

Task<> add_number(Database& database) {
    const auto next = [](soci::session& sql) { return next_number(sql, "intent"); };
    co_await database.write(next);
}

TEST_P(DatabaseTest, counts_without_gaps_from_many_tasks) {
    asio::io_context loop;
    for (int i = 0; i < 100; ++i) {
        asio::co_spawn(loop, add_number(*database_), [](std::exception_ptr e) {
            if (e) std::rethrow_exception(e);
        });
    }
    loop.run();
    const auto next = [](soci::session& sql) { return next_number(sql, "intent"); };
    EXPECT_EQ(wait(database_->write(next)), 101);
}

INSTANTIATE_TEST_SUITE_P(memory, DatabaseTest, testing::Values("sqlite::memory:"));
INSTANTIATE_TEST_SUITE_P(sqlite, DatabaseTest, testing::Values("file"));

TEST(Migrations, run_once_and_refuse_a_newer_schema) {
    Database database("sqlite::memory:");
    database.migrate();
    database.migrate();
    EXPECT_EQ(database.schema_version(), newest_version());
    const auto newer = [](soci::session& sql) {
        execute(sql, "insert into schema_versions (version, applied_at_ms) values (999, 0)");
    };
    wait(database.write(newer));
    try {
        database.migrate();
        FAIL() << "a newer schema was accepted";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("999"), std::string::npos);
    }
}

TEST(Database, says_what_it_cannot_open) {
    EXPECT_THROW(Database("sqlite:/nonexistent/dir/db"), std::runtime_error);
    EXPECT_THROW(Database("mysql://x"), std::runtime_error);
}

}  // namespace
}  // namespace berth::db
