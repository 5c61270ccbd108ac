#include "logs/log_store.hpp"

#include <gtest/gtest.h>

#include "db/records.hpp"
#include "objects/testing.hpp"

namespace berth::logs {
namespace {

class LogStoreTest : public testing::Test {
protected:
    LogStoreTest() {
        database_.migrate();
        const auto prepare = [](soci::session& sql) {
            db::execute(sql,
                        "insert into teams (id, slug, name, created_at_ms) values ('tem_1', "
                        "'default', 'Default', 0)");
            db::execute(sql,
                        "insert into projects (id, team, name, repo_url, branch, created_at_ms) "
                        "values ('prj_1', 'tem_1', 'shop', 'https://x', 'main', 0)");
            db::execute(sql,
                        "insert into deployments (id, project, intent, state, environment, ref, "
                        "\"trigger\", created_at_ms, epoch) values ('dpl_1', 'prj_1', 1, "
                        "'building', 'production', 'main', 'cli', 0, 7)");
        };
        wait(database_.write(prepare));
    }

    Result<std::int64_t> append(std::int64_t epoch, std::int64_t first, int count) {
        jobs::LogAppend batch{.epoch = epoch, .first = first, .lines = {}, .open = {}};
        for (int i = 0; i < count; ++i) {
            batch.lines.push_back({.at_ms = 5,
                                   .stream = jobs::LineStream::out,
                                   .step = jobs::Step::build,
                                   .text = "line " + std::to_string(first + i) + " \x1b[1m\"ü\""});
        }
        return wait(logs_.append("dpl_1", batch));
    }

    db::Database database_{"sqlite::memory:"};
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    LogStore logs_{database_, *objects_, *bus_};
};

TEST_F(LogStoreTest, takes_lines_in_order_and_once) {
    EXPECT_EQ(append(7, 0, 3).value(), 3);
    EXPECT_EQ(append(7, 0, 3).error().code, "wrong_line");
    EXPECT_EQ(append(7, 4, 1).error().code, "wrong_line");
    EXPECT_EQ(append(7, 3, 2).value(), 5);
    EXPECT_EQ(wait(logs_.read("dpl_1", 0, 1 << 20)).lines.size(), 5u);
}

TEST_F(LogStoreTest, refuses_a_worker_that_lost_its_lease) {
    EXPECT_EQ(append(6, 0, 1).error().code, "lease_lost");
    EXPECT_EQ(wait(logs_.append("dpl_none", {})).error().code, "lease_lost");
}

TEST_F(LogStoreTest, replays_from_any_line_before_and_after_archiving) {
    for (int i = 0; i < 10; ++i)
        append(7, i * 10, 10).value();
    for (const bool archived : {false, true}) {
        if (archived) wait(logs_.archive("dpl_1"));
        for (const std::int64_t after : {0, 7, 10, 55, 99}) {
            const Page page = wait(logs_.read("dpl_1", after, 1 << 20));
            ASSERT_EQ(page.lines.size(), static_cast<std::size_t>(100 - after));
            EXPECT_EQ(page.lines.front().number, after);
            EXPECT_EQ(page.lines.front().line.text,
                      "line " + std::to_string(after) + " \x1b[1m\"ü\"");
            EXPECT_EQ(page.next, 100);
        }
        EXPECT_TRUE(wait(logs_.read("dpl_1", 100, 1 << 20)).lines.empty());
    }
    wait(logs_.archive("dpl_1"));  // again: nothing to do
    EXPECT_EQ(wait(logs_.read("dpl_1", 0, 1 << 20)).lines.size(), 100u);
}

TEST_F(LogStoreTest, ends_no_log_early_because_the_store_is_silent) {
    append(7, 0, 3).value();
    objects::SilentObjectStore store(*objects_);
    LogStore logs(database_, store, *bus_);
    wait(logs.archive("dpl_1"));
    store.silent = true;
    EXPECT_THROW(wait(logs.read("dpl_1", 0, 1 << 20)), std::runtime_error);
    store.silent = false;
    EXPECT_EQ(wait(logs.read("dpl_1", 0, 1 << 20)).lines.size(), 3u);
}

/// A store where something else happens before the first piece is written.
class BusyStore final : public objects::ForwardingObjectStore {
public:
    BusyStore(objects::ObjectStore& real, std::function<Task<>()> meanwhile)
        : ForwardingObjectStore(real), meanwhile_(std::move(meanwhile)) {}

    Task<std::unique_ptr<objects::Writer>> writer() override {
        std::unique_ptr<objects::Writer> real = co_await real_.writer();
        co_return std::make_unique<BusyWriter>(*this, std::move(real));
    }

private:
    class BusyWriter final : public objects::Writer {
    public:
        BusyWriter(BusyStore& store, std::unique_ptr<objects::Writer> real)
            : store_(store), real_(std::move(real)) {}
        Task<> write(std::string bytes) override {
            const std::function<Task<>()> meanwhile = std::exchange(store_.meanwhile_, nullptr);
            if (meanwhile) co_await meanwhile();
            co_await real_->write(std::move(bytes));
        }
        Task<> commit(std::string key) override { return real_->commit(std::move(key)); }

    private:
        BusyStore& store_;
        std::unique_ptr<objects::Writer> real_;
    };

    std::function<Task<>()> meanwhile_;
};

TEST_F(LogStoreTest, an_archive_asked_for_twice_at_once_is_whole) {
    for (int i = 0; i < 60; ++i)
        append(7, i, 1).value();
    LogStore* same = nullptr;
    BusyStore store(*objects_, [&] { return same->archive("dpl_1"); });
    LogStore logs(database_, store, *bus_);
    same = &logs;
    wait(logs.archive("dpl_1"));
    const Page page = wait(logs.read("dpl_1", 0, 1 << 20));
    ASSERT_EQ(page.lines.size(), 60u);
    EXPECT_EQ(page.lines.back().line.text, "line 59 \x1b[1m\"ü\"");
}

TEST_F(LogStoreTest, two_apis_that_archive_at_once_lose_nothing) {
    for (int i = 0; i < 60; ++i)
        append(7, i, 1).value();
    BusyStore store(*objects_, [this] { return logs_.archive("dpl_1"); });
    LogStore slower(database_, store, *bus_);
    wait(slower.archive("dpl_1"));
    const Page page = wait(logs_.read("dpl_1", 0, 1 << 20));
    ASSERT_EQ(page.lines.size(), 60u);
    EXPECT_EQ(page.lines.back().line.text, "line 59 \x1b[1m\"ü\"");
}

TEST_F(LogStoreTest, pages_are_bounded) {
    for (int i = 0; i < 10; ++i)
        append(7, i * 10, 10).value();
    const Page page = wait(logs_.read("dpl_1", 0, 1));
    EXPECT_EQ(page.next, 10);
}

TEST_F(LogStoreTest, shows_the_open_line_until_it_is_final) {
    jobs::LogAppend batch{.epoch = 7, .first = 0, .lines = {}, .open = {}};
    batch.open = jobs::Line{.text = "50 %"};
    wait(logs_.append("dpl_1", batch)).value();
    EXPECT_EQ(logs_.open_line("dpl_1")->number, 0);
    EXPECT_EQ(logs_.open_line("dpl_1")->line.text, "50 %");
    append(7, 0, 1).value();
    EXPECT_FALSE(logs_.open_line("dpl_1").has_value());
}

}  // namespace
}  // namespace berth::logs
