#include "edge/route_files.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "edge/background.hpp"
#include "edge/testing.hpp"

namespace berth::edge {
namespace {

namespace fs = std::filesystem;

class RouteFilesTest : public testing::Test {
protected:
    static RouteRecord record(const std::string& host, std::int64_t generation) {
        artifacts::Route route;
        route.host = host;
        route.generation = generation;
        route.deployment = "dpl_" + std::to_string(generation);
        return {RouteRecord::Kind::route, host, json::text(route)};
    }
    static void append(RouteFiles& files, const std::string& host, std::int64_t generation) {
        files.append(record(host, generation)).value();
    }
    static void append_generation(RouteFiles& files, std::int64_t generation) {
        files.append({RouteRecord::Kind::generation, {}, std::to_string(generation)}).value();
    }
    /// The kept generation of a host's route; 0: there is none, -1: it cannot be read.
    static std::int64_t kept(const RouteFiles& files, const HostTable& table,
                             const std::string& host) {
        const std::optional<Place> place = table.find(host);
        if (!place) return 0;
        const Result<RouteRecord> read = files.read(*place);
        return read ? json::parse_as<artifacts::Route>(read->json).value().generation : -1;
    }
    std::string directory() const { return root_ / "routes"; }
    /// The only file whose name begins so.
    std::string file(const std::string& prefix) const {
        std::string found;
        for (const fs::directory_entry& entry : fs::directory_iterator(directory())) {
            if (!entry.path().filename().string().starts_with(prefix)) continue;
            EXPECT_EQ(found, "") << "several files of " << prefix;
            found = entry.path();
        }
        return found;
    }
    static std::string content(const std::string& path) { return read_file(path).value(); }
    static void put(const std::string& path, const std::string& bytes) {
        std::ofstream(path, std::ios::trunc | std::ios::binary) << bytes;
    }
    /// Three hosts in a base, a fourth in a journal after it.
    void make_base() {
        RouteFiles files(directory());
        files.restore();
        for (int number = 1; number <= 3; ++number)
            append(files, "host-" + std::to_string(number) + ".test", number);
        append_generation(files, 3);
        files.sync();
        RouteFiles again(directory());
        merge(again, again.restore().table);
        append(again, "host-4.test", 4);
        append_generation(again, 4);
        again.sync();
    }
    void merge(RouteFiles& files, const HostTable& table) {
        KeptManifests manifests(root_ / "manifests");
        Merge work(files, manifests, std::make_shared<const HostTable>(table));
        while (work.step()) {
        }
        files.use_base(work.number());
    }

    testing_support::TemporaryDirectory root_{};
};

TEST_F(RouteFilesTest, begins_with_nothing) {
    RouteFiles files(directory());
    const RouteFiles::Kept kept = files.restore();
    EXPECT_FALSE(kept.damaged);
    EXPECT_EQ(kept.table.hosts(), 0U);
    EXPECT_TRUE(fs::is_empty(directory()));
}

TEST_F(RouteFilesTest, replays_its_journal) {
    {
        RouteFiles files(directory());
        files.restore();
        append(files, "a.test", 1);
        append(files, "b.test", 2);
        append(files, "a.test", 3);
        files.append({RouteRecord::Kind::gone, "b.test", {}}).value();
        append_generation(files, 4);
    }
    RouteFiles files(directory());
    const RouteFiles::Kept again = files.restore();
    EXPECT_FALSE(again.damaged);
    EXPECT_EQ(again.table.generation(), 4);
    EXPECT_EQ(again.table.hosts(), 1U);
    EXPECT_EQ(kept(files, again.table, "a.test"), 3);
    EXPECT_EQ(kept(files, again.table, "b.test"), 0);
}

TEST_F(RouteFilesTest, a_base_replaces_what_came_before_it) {
    make_base();
    EXPECT_TRUE(fs::exists(file("base-")));
    EXPECT_TRUE(fs::exists(file("journal-")));  // one: the older one is gone
    RouteFiles files(directory());
    const RouteFiles::Kept again = files.restore();
    EXPECT_FALSE(again.damaged);
    EXPECT_EQ(again.table.generation(), 4);
    for (int number = 1; number <= 4; ++number)
        EXPECT_EQ(kept(files, again.table, "host-" + std::to_string(number) + ".test"), number);
}

// A place names one version of a route, so it must never name another one later.
TEST_F(RouteFilesTest, never_gives_a_place_twice) {
    std::set<std::uint64_t> places;
    for (int start = 0; start < 3; ++start) {
        RouteFiles files(directory());
        HostTable table = files.restore().table;
        for (int number = 0; number < 3; ++number) {
            const Place place = files.append(record("a.test", number)).value();
            EXPECT_TRUE(places.insert(place.bits()).second);
            table.put(table.fingerprint_of("a.test"), place);
        }
        merge(files, table);
        EXPECT_TRUE(places.insert(files.append(record("a.test", 9)).value().bits()).second);
    }
}

TEST_F(RouteFilesTest, cuts_a_torn_journal_at_any_byte) {
    {
        RouteFiles files(directory());
        files.restore();
        append(files, "a.test", 1);
        append(files, "b.test", 2);
    }
    const std::string path = file("journal-");
    const std::string whole = content(path);
    const std::size_t first = pack(record("a.test", 1)).size();
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        put(path, whole.substr(0, size));
        RouteFiles files(directory());
        const RouteFiles::Kept again = files.restore();
        const bool at_an_end = size == 0 || size == first || size == whole.size();
        ASSERT_EQ(again.damaged, !at_an_end) << size;
        ASSERT_EQ(kept(files, again.table, "a.test"), size >= first ? 1 : 0) << size;
        ASSERT_EQ(kept(files, again.table, "b.test"), size == whole.size() ? 2 : 0) << size;
    }
}

TEST_F(RouteFilesTest, loses_no_other_record_to_a_damaged_byte) {
    {
        RouteFiles files(directory());
        files.restore();
        append(files, "a.test", 1);
        append(files, "b.test", 2);
        append(files, "c.test", 3);
        append_generation(files, 3);
    }
    const std::string path = file("journal-");
    const std::string whole = content(path);
    const std::size_t begin = pack(record("a.test", 1)).size();
    const std::size_t end = begin + pack(record("b.test", 2)).size();
    for (std::size_t at = begin; at < end; ++at) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
        put(path, damaged);
        RouteFiles files(directory());
        const RouteFiles::Kept again = files.restore();
        ASSERT_TRUE(again.damaged) << at;
        // The lost change may be of any host: no generation is claimed.
        ASSERT_EQ(again.table.generation(), 0) << at;
        ASSERT_EQ(kept(files, again.table, "a.test"), 1) << at;
        ASSERT_EQ(kept(files, again.table, "b.test"), 0) << at;
        ASSERT_EQ(kept(files, again.table, "c.test"), 3) << at;
    }
}

TEST_F(RouteFilesTest, finds_the_records_of_a_base_with_a_damaged_header_or_index) {
    make_base();
    const std::string path = file("base-");
    const std::string whole = content(path);
    // One byte of each 16 of the header and of the index.
    std::vector<std::size_t> damages;
    for (std::size_t at = 0; at < 64; at += 4)
        damages.push_back(at);
    for (std::size_t at = whole.size() - 3 * 16 - 4; at < whole.size(); ++at)
        damages.push_back(at);
    for (const std::size_t at : damages) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
        put(path, damaged);
        RouteFiles files(directory());
        const RouteFiles::Kept again = files.restore();
        ASSERT_TRUE(again.damaged) << at;
        ASSERT_EQ(again.table.generation(), 0) << at;
        for (int number = 1; number <= 4; ++number)
            ASSERT_EQ(kept(files, again.table, "host-" + std::to_string(number) + ".test"), number)
                << at;
    }
}

TEST_F(RouteFilesTest, a_base_that_is_cut_short_gives_what_is_left) {
    make_base();
    const std::string path = file("base-");
    const std::string whole = content(path);
    for (std::size_t size = 0; size < whole.size(); size += 7) {
        put(path, whole.substr(0, size));
        RouteFiles files(directory());
        const RouteFiles::Kept again = files.restore();
        ASSERT_TRUE(again.damaged) << size;
        ASSERT_EQ(again.table.generation(), 0) << size;
        ASSERT_EQ(kept(files, again.table, "host-4.test"), 4) << size;  // of the journal
    }
}

TEST_F(RouteFilesTest, says_that_a_record_is_damaged) {
    make_base();
    const std::string path = file("base-");
    std::string bytes = content(path);
    const std::size_t at = bytes.find("\"host\":\"host-2.test\"");
    ASSERT_NE(at, bytes.npos);
    bytes[at] = '#';
    put(path, bytes);
    RouteFiles files(directory());
    const RouteFiles::Kept again = files.restore();
    EXPECT_FALSE(again.damaged);  // nobody reads a million records at a start
    EXPECT_EQ(kept(files, again.table, "host-2.test"), -1);
    EXPECT_EQ(kept(files, again.table, "host-1.test"), 1);
    EXPECT_EQ(files.read(*again.table.find("host-2.test")).error().failure, Failure::invalid);
    // The next base has no place for it, but the host is not forgotten.
    KeptManifests manifests(root_ / "manifests");
    Merge work(files, manifests, std::make_shared<const HostTable>(again.table));
    while (work.step()) {
    }
    EXPECT_EQ(work.damaged(), 1U);
    EXPECT_EQ(work.take_index()->find(again.table.fingerprint_of("host-2.test")), Place::unread());
}

TEST_F(RouteFilesTest, an_unfinished_base_counts_for_nothing) {
    make_base();
    put(directory() + "/base-00000099.new", "half of it");
    RouteFiles files(directory());
    const RouteFiles::Kept again = files.restore();
    EXPECT_FALSE(again.damaged);
    EXPECT_EQ(again.table.hosts(), 4U);
    EXPECT_FALSE(fs::exists(directory() + "/base-00000099.new"));
}

TEST_F(RouteFilesTest, a_merge_that_is_given_up_leaves_no_file) {
    make_base();
    RouteFiles files(directory());
    const RouteFiles::Kept again = files.restore();
    {
        KeptManifests manifests(root_ / "manifests");
        Merge work(files, manifests, std::make_shared<const HostTable>(again.table));
        work.step();
    }
    append(files, "host-5.test", 5);
    RouteFiles later(directory());
    const RouteFiles::Kept last = later.restore();
    EXPECT_FALSE(last.damaged);
    EXPECT_EQ(last.table.hosts(), 5U);
}

// As a full disk does: the file may not grow over the limit.
TEST_F(RouteFilesTest, a_refused_record_does_not_damage_the_journal) {
    RouteFiles files(directory());
    files.restore();
    append(files, "a.test", 1);
    const std::size_t bytes = pack(record("a.test", 1)).size();
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    rlimit tight = before;
    tight.rlim_cur = bytes + 10;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &tight);
    const Result<Place> refused = files.append(record("b.test", 2));
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().failure, Failure::unavailable);
    append(files, "c.test", 3);
    RouteFiles later(directory());
    const RouteFiles::Kept again = later.restore();
    EXPECT_FALSE(again.damaged);
    EXPECT_EQ(kept(later, again.table, "a.test"), 1);
    EXPECT_EQ(kept(later, again.table, "b.test"), 0);
    EXPECT_EQ(kept(later, again.table, "c.test"), 3);
}

TEST_F(RouteFilesTest, refuses_a_record_over_its_bound) {
    RouteFiles files(directory());
    files.restore();
    const RouteRecord large{RouteRecord::Kind::route, "a.test",
                            std::string(record_json_bytes_max + 1, 'x')};
    EXPECT_EQ(files.append(large).error().failure, Failure::too_large);
}

// What a host or a project is called is no key to the file's form.
TEST_F(RouteFilesTest, a_record_within_a_record_is_none) {
    {
        RouteFiles files(directory());
        files.restore();
        RouteRecord outer = record("a.test", 1);
        outer.json.insert(1, "\"x\":\"" + pack(record("inner.test", 2)) + "\",");
        files.append(outer).value();
    }
    RouteFiles files(directory());
    EXPECT_EQ(files.restore().table.hosts(), 1U);
}

TEST_F(RouteFilesTest, manifests_that_no_route_needs_go_with_the_next_base) {
    RouteFiles files(directory());
    HostTable table = files.restore().table;
    artifacts::Route route;
    route.host = "a.test";
    route.deployment = "dpl_now";
    route.previous = {{"dpl_before", 9}};
    const Place place =
        files.append({RouteRecord::Kind::route, "a.test", json::text(route)}).value();
    table.put(table.fingerprint_of("a.test"), place);
    KeptManifests manifests(root_ / "manifests");
    for (const char* deployment : {"dpl_now", "dpl_before", "dpl_old"})
        manifests.keep(deployment, "{}");
    Merge work(files, manifests, std::make_shared<const HostTable>(table));
    work.step();
    manifests.keep("dpl_meanwhile", "{}");
    while (work.step()) {
    }
    EXPECT_TRUE(manifests.has("dpl_now"));
    EXPECT_TRUE(manifests.has("dpl_before"));
    EXPECT_TRUE(manifests.has("dpl_meanwhile"));
    EXPECT_FALSE(manifests.has("dpl_old"));
}

}  // namespace
}  // namespace berth::edge
