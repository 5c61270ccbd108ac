#include "edge/publication.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "edge/testing.hpp"

namespace berth::edge {
namespace {

namespace fs = std::filesystem;

class PublicationTest : public testing::Test {
protected:
    PublicationTest() {
        store_.deploy("dpl_1", {{"index.html", "one"}});
        store_.deploy("dpl_2", {{"index.html", "two"}});
    }
    /// "none": there is no such host; "unavailable": it cannot be had now.
    static std::string deployment_of(Publication& publication, const std::string& host) {
        const FoundRoute found = publication.route(host);
        if (found.route) return found.route->deployment;
        return found.unknown ? "none" : "unavailable";
    }
    static void begin_with(Publication& publication) {
        publication.restore();
        if (publication.poll()) publication.keep();
        while (publication.is_partial())
            publication.work();
    }
    std::unique_ptr<Publication> make() {
        return std::make_unique<Publication>(*files_, store_.state_directory());
    }
    std::unique_ptr<Publication> open() {
        auto publication = make();
        begin_with(*publication);
        return publication;
    }
    static void finish(Publication& publication) {
        while (publication.has_work())
            publication.work();
    }
    /// A head that says nothing of what came before it: names are to be compared.
    void put_distant_head(std::int64_t generation) {
        artifacts::RouteHead distant;
        distant.generation = generation;
        distant.changed.push_back({"unrelated.test", generation});
        store_.put_head(distant);
    }
    /// The only file of ours whose name begins so.
    std::string kept_file(const std::string& prefix) const {
        std::string found;
        for (const auto& entry : fs::directory_iterator(store_.state_directory() + "/routes")) {
            if (entry.path().filename().string().starts_with(prefix)) found = entry.path();
        }
        return found;
    }
    testing_support::Store store_;
    std::unique_ptr<PublicFiles> files_ = make_directory_files(store_.public_directory());
};

TEST_F(PublicationTest, begins_with_nothing) {
    const auto opened = open();
    Publication& publication = *opened;
    EXPECT_EQ(publication.table()->hosts(), 0U);
    EXPECT_FALSE(publication.poll());
}

TEST_F(PublicationTest, sees_what_is_published_changed_and_withdrawn) {
    const auto opened = open();
    Publication& publication = *opened;
    store_.publish(store_.route("a.test", "dpl_1"));
    store_.publish(store_.route("b.test", "dpl_1"));
    EXPECT_TRUE(publication.poll());
    EXPECT_EQ(deployment_of(publication, "a.test"), "dpl_1");
    EXPECT_FALSE(publication.poll());
    store_.publish(store_.route("a.test", "dpl_2"));
    EXPECT_TRUE(publication.poll());
    EXPECT_EQ(deployment_of(publication, "a.test"), "dpl_2");
    store_.withdraw("b.test");
    EXPECT_TRUE(publication.poll());
    EXPECT_EQ(deployment_of(publication, "b.test"), "none");
}

TEST_F(PublicationTest, lists_everything_when_the_head_does_not_reach_back) {
    const auto opened = open();
    Publication& publication = *opened;
    store_.publish(store_.route("a.test", "dpl_1"));
    publication.poll();
    store_.publish(store_.route("b.test", "dpl_1"));
    store_.withdraw("a.test");
    artifacts::RouteHead late;
    late.generation = 5000;
    late.changed.push_back({"c.test", 4001});
    store_.put_head(late);
    publication.poll();
    EXPECT_EQ(publication.table()->generation(), 1);  // until all names are compared
    finish(publication);
    EXPECT_EQ(publication.table()->generation(), 5000);
    EXPECT_EQ(deployment_of(publication, "b.test"), "dpl_1");
    EXPECT_EQ(deployment_of(publication, "a.test"), "none");
}

TEST_F(PublicationTest, lists_everything_after_a_backup_is_put_back) {
    const auto opened = open();
    Publication& publication = *opened;
    store_.publish(store_.route("a.test", "dpl_1"));
    store_.publish(store_.route("a.test", "dpl_2"));
    publication.poll();
    store_.put(store_ / "public/routes/a.test.json", json::text(store_.route("a.test", "dpl_1")));
    artifacts::RouteHead old;
    old.generation = 1;
    old.changed.push_back({"a.test", 1});
    store_.put_head(old);
    EXPECT_TRUE(publication.poll());
    finish(publication);
    EXPECT_EQ(publication.table()->generation(), 1);
    EXPECT_EQ(deployment_of(publication, "a.test"), "dpl_1");
}

// As when descriptors have run out: a change that could not be listed is not a change seen.
TEST_F(PublicationTest, misses_nothing_when_the_store_cannot_be_listed) {
    const auto opened = open();
    Publication& publication = *opened;
    store_.publish(store_.route("a.test", "dpl_1"));
    publication.poll();
    store_.publish(store_.route("b.test", "dpl_1"));
    artifacts::RouteHead late;
    late.generation = 5000;
    late.changed.push_back({"c.test", 4001});
    store_.put_head(late);
    const fs::path routes = store_ / "public/routes";
    fs::permissions(store_ / "", fs::perms::owner_all | fs::perms::others_exec);
    fs::permissions(routes,
                    fs::perms::owner_write | fs::perms::owner_exec | fs::perms::others_exec);
    const bool root = ::geteuid() == 0;
    if (root) ASSERT_EQ(::seteuid(65534), 0);  // nothing is unreadable to root
    const bool listed = publication.poll();
    if (root) ASSERT_EQ(::seteuid(0), 0);
    EXPECT_FALSE(listed);
    EXPECT_EQ(publication.table()->generation(), 1);
    fs::permissions(routes, fs::perms::owner_all);
    publication.poll();
    finish(publication);
    EXPECT_EQ(publication.table()->generation(), 5000);
    EXPECT_EQ(deployment_of(publication, "b.test"), "dpl_1");
}

TEST_F(PublicationTest, keeps_the_last_good_route_until_the_new_one_holds) {
    const auto opened = open();
    Publication& publication = *opened;
    store_.publish(store_.route("a.test", "dpl_1"));
    publication.poll();
    store_.publish(store_.route("a.test", "dpl_3"));
    publication.poll();
    EXPECT_EQ(deployment_of(publication, "a.test"), "dpl_1");
    EXPECT_EQ(publication.unsettled(), 1U);
    store_.deploy("dpl_3", {{"index.html", "three"}});
    EXPECT_TRUE(publication.poll());
    EXPECT_EQ(deployment_of(publication, "a.test"), "dpl_3");
    EXPECT_EQ(publication.unsettled(), 0U);
}

TEST_F(PublicationTest, refuses_damaged_generations) {
    const auto opened = open();
    Publication& publication = *opened;
    store_.publish(store_.route("a.test", "dpl_1"));
    publication.poll();
    const auto still_one = [&](const char* what) {
        publication.poll();
        EXPECT_EQ(deployment_of(publication, "a.test"), "dpl_1") << what;
    };
    store_.put(store_.blob_path("two"), "tw");  // cut short
    store_.publish(store_.route("a.test", "dpl_2"));
    still_one("a blob of another size");
    fs::remove(store_.blob_path("two"));
    still_one("a missing blob");
    store_.put(store_ / "public/manifests/dpl_2.json", "{\"version\":1,");
    still_one("half a manifest");
    store_.put(store_ / "public/manifests/dpl_2.json", "{\"version\":2}");
    still_one("a manifest of the future");
    store_.put(store_ / "public/routes/a.test.json", json::text(store_.route("b.test", "dpl_2")));
    still_one("a route of another host");
    store_.put(store_ / "public/routes/a.test.json", json::text(store_.route("a.test", "../../x")));
    still_one("a deployment that is a path");
    store_.put(store_ / "public/routes/_head", "rubbish");
    still_one("a damaged head");
}

TEST_F(PublicationTest, starts_from_its_own_copy_without_the_store) {
    {
        const auto first = open();
        Publication& publication = *first;
        store_.publish(store_.route("a.test", "dpl_1"));
        store_.publish(store_.route("b.test", "dpl_2"));
        publication.poll();
        publication.keep();
    }
    fs::rename(store_.public_directory(), store_ / "away");
    const auto opened = open();
    Publication& publication = *opened;
    EXPECT_EQ(deployment_of(publication, "a.test"), "dpl_1");
    EXPECT_EQ(publication.load("dpl_2").value()->files().size(), 1U);
    EXPECT_FALSE(publication.poll());
    EXPECT_EQ(deployment_of(publication, "b.test"), "dpl_2");
}

TEST_F(PublicationTest, keeps_a_copy_of_each_manifest_that_it_needs) {
    const auto opened = open();
    Publication& publication = *opened;
    store_.publish(store_.route("a.test", "dpl_1"));
    publication.poll();
    publication.keep();
    EXPECT_TRUE(fs::exists(store_ / "state/manifests/dpl_1.json"));
}

TEST_F(PublicationTest, shares_a_site_that_is_in_use) {
    const auto opened = open();
    Publication& publication = *opened;
    const auto site = publication.load("dpl_1").value();
    EXPECT_EQ(publication.load("dpl_1").value(), site);
    EXPECT_EQ(publication.load("dpl_9").error().failure, Failure::not_found);
}

TEST_F(PublicationTest, keeps_only_plain_hosts) {
    const auto opened = open();
    Publication& publication = *opened;
    artifacts::RouteHead head;
    head.generation = 1;
    head.changed = {{"../../etc/x", 1}, {"", 1}, {".a", 1}, {"A.test", 1}};
    store_.put_head(head);
    publication.poll();
    EXPECT_EQ(publication.table()->hosts(), 0U);
}

// Each of these is one of many changes that came one by one; the last word on each host counts.
TEST_F(PublicationTest, goes_on_where_it_stood_after_many_changes) {
    std::int64_t generation = 0;
    {
        const auto first = open();
        for (int round = 0; round < 300; ++round) {
            const std::string host = "host-" + std::to_string(round % 7) + ".test";
            store_.publish(store_.route(host, round % 2 == 0 ? "dpl_1" : "dpl_2"));
            if (round == 200) store_.withdraw("host-6.test");
            first->poll();
            first->keep();
            first->work();  // a step of writing all anew now and then
        }
        generation = first->table()->generation();
    }
    fs::rename(store_.public_directory(), store_ / "away");
    const auto second = open();
    EXPECT_EQ(second->table()->generation(), generation);
    EXPECT_EQ(second->table()->hosts(), 7U);
    EXPECT_EQ(deployment_of(*second, "host-5.test"), "dpl_2");  // of the last round
    EXPECT_EQ(deployment_of(*second, "host-4.test"), "dpl_1");
    EXPECT_EQ(second->refused().kept, 0U);
}

TEST_F(PublicationTest, withdrawn_hosts_stay_gone_after_a_restart_without_the_store) {
    {
        const auto first = open();
        store_.publish(store_.route("a.test", "dpl_1"));
        store_.publish(store_.route("b.test", "dpl_1"));
        first->poll();
        store_.withdraw("a.test");
        first->poll();
        first->keep();
    }
    fs::rename(store_.public_directory(), store_ / "away");
    const auto second = open();
    EXPECT_EQ(deployment_of(*second, "a.test"), "none");
    EXPECT_EQ(deployment_of(*second, "b.test"), "dpl_1");
}

// Pages that are open ask for the hashed files of the deployment before, also after a restart.
TEST_F(PublicationTest, remembers_the_deployments_before_without_the_store) {
    {
        const auto first = open();
        store_.publish(store_.route("a.test", "dpl_1"));
        first->poll();
        first->keep();
        artifacts::Route route = store_.route("a.test", "dpl_2");
        route.previous = {{"dpl_1", INT64_MAX}};
        store_.publish(route);
        first->poll();
        first->keep();
        put_distant_head(9'000);
        first->poll();
        finish(*first);  // all is written anew, and what is not needed forgotten
    }
    fs::rename(store_.public_directory(), store_ / "away");
    const auto second = open();
    const FoundRoute found = second->route("a.test");
    ASSERT_TRUE(found.route);
    ASSERT_EQ(found.route->previous.size(), 1U);
    EXPECT_EQ(found.route->previous[0].deployment, "dpl_1");
    EXPECT_TRUE(second->load("dpl_1"));
    EXPECT_TRUE(second->load("dpl_2"));
}

TEST_F(PublicationTest, takes_over_the_table_of_an_older_edge) {
    store_.put(store_ / "state/table.json", R"({"version":1,"generation":7,"routes":[)" +
                                                json::text(store_.route("a.test", "dpl_1")) + "," +
                                                json::text(store_.route("b.test", "dpl_2")) + "]}");
    store_.put(store_ / "state/manifests/dpl_1.json",
               read_file(store_ / "public/manifests/dpl_1.json").value());
    // As one that was killed at once leaves it.
    store_.put(store_ / "state/routes/journal-00000001", "");
    fs::rename(store_.public_directory(), store_ / "away");
    {
        const auto first = open();
        EXPECT_EQ(first->table()->generation(), 7);
        EXPECT_EQ(deployment_of(*first, "a.test"), "dpl_1");
        EXPECT_TRUE(first->load("dpl_1"));
        EXPECT_FALSE(fs::exists(store_ / "state/table.json"));
    }
    const auto second = open();
    EXPECT_EQ(second->table()->generation(), 7);
    EXPECT_EQ(deployment_of(*second, "b.test"), "dpl_2");
}

TEST_F(PublicationTest, refuses_a_route_that_is_older_than_the_good_one) {
    const auto opened = open();
    store_.publish(store_.route("b.test", "dpl_1"));
    store_.publish(store_.route("a.test", "dpl_1"));
    opened->poll();
    artifacts::Route older = store_.route("a.test", "dpl_2");
    older.generation = 1;
    artifacts::RouteHead head = store_.head();
    store_.put(store_ / "public/routes/a.test.json", json::text(older));
    head.generation = 3;
    head.changed.push_back({"a.test", 3});
    store_.put_head(head);
    opened->poll();
    EXPECT_EQ(deployment_of(*opened, "a.test"), "dpl_1");
    EXPECT_EQ(opened->refused().routes, 1U);
    EXPECT_EQ(opened->unsettled(), 1U);
}

TEST_F(PublicationTest, looks_again_at_a_refused_route_after_a_restart) {
    for (const bool written_anew : {false, true}) {
        const std::string host = written_anew ? "b.test" : "a.test";
        const std::string other = written_anew ? "d.test" : "c.test";  // of which none was good
        const std::string missing = written_anew ? "dpl_4" : "dpl_3";
        {
            const auto first = open();
            store_.publish(store_.route(host, "dpl_1"));
            first->poll();
            store_.publish(store_.route(host, missing));
            store_.publish(store_.route(other, missing));
            first->poll();
            for (int number = 0; written_anew && number < 300; ++number) {
                store_.publish(store_.route("busy.test", "dpl_1"));
                first->poll();
            }
            finish(*first);
            EXPECT_EQ(kept_file("base-").empty(), !written_anew);
            first->keep();
        }
        store_.deploy(missing, {{"index.html", "there at last"}});
        const auto second = open();
        EXPECT_EQ(second->table()->generation(), store_.head().generation);
        EXPECT_EQ(deployment_of(*second, host), missing);
        // A host that never had a good route is in the table all the same.
        EXPECT_EQ(deployment_of(*second, other), missing);
    }
}

TEST_F(PublicationTest, refuses_a_route_over_its_bound) {
    const auto opened = open();
    store_.publish(store_.route("a.test", "dpl_1"));
    opened->poll();
    artifacts::Route large = store_.route("a.test", "dpl_2");
    large.project = std::string(300 << 10, 'p');
    store_.publish(large);
    opened->poll();
    EXPECT_EQ(deployment_of(*opened, "a.test"), "dpl_1");
    EXPECT_EQ(opened->refused().routes, 1U);
}

// What nobody asked for is not read; who asks gets what the store has.
TEST_F(PublicationTest, reads_routes_that_it_only_listed_when_they_are_asked_for) {
    for (int number = 0; number < 40; ++number)
        store_.publish(store_.route("host-" + std::to_string(number) + ".test", "dpl_1"));
    put_distant_head(9'000);
    const auto opened = open();
    EXPECT_EQ(opened->table()->generation(), 9'000);
    EXPECT_EQ(opened->table()->hosts(), 40U);
    EXPECT_EQ(opened->table()->find("host-7.test"), Place::unread());
    EXPECT_EQ(deployment_of(*opened, "host-7.test"), "dpl_1");
    EXPECT_EQ(opened->table()->find("host-7.test")->kind(), Place::Kind::kept);
    EXPECT_FALSE(opened->table()->find("host-7.test")->is_unsure());
    EXPECT_EQ(opened->table()->find("host-8.test"), Place::unread());
    EXPECT_EQ(deployment_of(*opened, "host-40.test"), "none");
    EXPECT_EQ(opened->table()->generation(), 9'000);
}

TEST_F(PublicationTest, remembers_unread_hosts_and_read_ones_after_a_restart) {
    store_.publish(store_.route("read.test", "dpl_1"));
    store_.publish(store_.route("unread.test", "dpl_1"));
    put_distant_head(9'000);
    {
        const auto first = open();
        deployment_of(*first, "read.test");
        finish(*first);
    }
    fs::rename(store_.public_directory(), store_ / "away");
    const auto second = open();
    EXPECT_EQ(second->table()->generation(), 9'000);
    EXPECT_EQ(deployment_of(*second, "read.test"), "dpl_1");
    EXPECT_EQ(deployment_of(*second, "unread.test"), "unavailable");
    fs::rename(store_ / "away", store_.public_directory());
    EXPECT_EQ(deployment_of(*second, "unread.test"), "dpl_1");
}

// Until the base is written, the journal alone must not claim to know what only a listing said.
TEST_F(PublicationTest, lists_again_after_a_crash_before_the_listing_was_kept) {
    store_.publish(store_.route("listed.test", "dpl_1"));
    put_distant_head(9'000);
    {
        const auto first = open();
        store_.publish(store_.route("later.test", "dpl_1"));
        first->poll();
        first->keep();
        EXPECT_EQ(first->table()->generation(), 9'001);
    }
    const auto second = open();
    EXPECT_EQ(deployment_of(*second, "listed.test"), "dpl_1");
    EXPECT_EQ(deployment_of(*second, "later.test"), "dpl_1");
    EXPECT_EQ(second->table()->generation(), 9'001);
}

TEST_F(PublicationTest, serves_the_kept_route_where_the_listed_one_does_not_hold) {
    const auto opened = open();
    store_.publish(store_.route("a.test", "dpl_1"));
    store_.publish(store_.route("b.test", "dpl_1"));
    opened->poll();
    store_.publish(store_.route("a.test", "dpl_3"));  // has no manifest
    store_.publish(store_.route("c.test", "dpl_3"));
    put_distant_head(9'000);
    opened->poll();
    finish(*opened);
    EXPECT_TRUE(opened->table()->find("a.test")->is_unsure());
    EXPECT_EQ(opened->refused().routes, 0U);  // nobody asked
    EXPECT_EQ(deployment_of(*opened, "a.test"), "dpl_1");
    EXPECT_EQ(opened->refused().routes, 1U);
    EXPECT_FALSE(opened->table()->find("a.test")->is_unsure());  // served without asking again
    EXPECT_EQ(deployment_of(*opened, "c.test"), "unavailable");
    EXPECT_EQ(deployment_of(*opened, "c.test"), "unavailable");
    EXPECT_EQ(opened->refused().routes, 2U);  // each is read once, however often it is asked for
    store_.deploy("dpl_3", {{"index.html", "three"}});
    EXPECT_TRUE(opened->poll());
    EXPECT_EQ(deployment_of(*opened, "a.test"), "dpl_3");
    EXPECT_EQ(deployment_of(*opened, "c.test"), "dpl_3");
    EXPECT_EQ(opened->unsettled(), 0U);
}

TEST_F(PublicationTest, a_listed_change_is_taken_at_the_first_request) {
    const auto opened = open();
    store_.publish(store_.route("a.test", "dpl_1"));
    store_.publish(store_.route("gone.test", "dpl_1"));
    opened->poll();
    store_.publish(store_.route("a.test", "dpl_2"));
    put_distant_head(9'000);
    opened->poll();
    finish(*opened);
    fs::remove(store_ / "public/routes/gone.test.json");  // after the listing
    EXPECT_EQ(deployment_of(*opened, "a.test"), "dpl_2");
    EXPECT_EQ(deployment_of(*opened, "gone.test"), "none");
    EXPECT_EQ(opened->table()->hosts(), 1U);
}

// Deployments wait for what the head names, however long the rest takes.
TEST_F(PublicationTest, takes_named_changes_while_it_lists) {
    const auto opened = open();
    store_.publish(store_.route("a.test", "dpl_1"));
    store_.publish(store_.route("b.test", "dpl_1"));
    opened->poll();
    put_distant_head(9'000);
    opened->poll();
    opened->work();
    store_.publish(store_.route("a.test", "dpl_2"));
    store_.publish(store_.route("new.test", "dpl_2"));
    store_.withdraw("b.test");
    EXPECT_TRUE(opened->poll());
    EXPECT_EQ(deployment_of(*opened, "a.test"), "dpl_2");
    EXPECT_EQ(deployment_of(*opened, "new.test"), "dpl_2");
    EXPECT_EQ(deployment_of(*opened, "b.test"), "none");
    finish(*opened);
    EXPECT_EQ(opened->table()->generation(), 9'003);
    EXPECT_FALSE(opened->table()->find("a.test")->is_unsure());
    EXPECT_EQ(deployment_of(*opened, "new.test"), "dpl_2");
    EXPECT_EQ(deployment_of(*opened, "b.test"), "none");
    EXPECT_EQ(opened->table()->hosts(), 2U);
}

TEST_F(PublicationTest, takes_changes_while_all_is_written_anew) {
    {
        const auto first = open();
        store_.publish(store_.route("kept.test", "dpl_1"));
        store_.publish(store_.route("changed.test", "dpl_1"));
        store_.publish(store_.route("gone.test", "dpl_1"));
        put_distant_head(9'000);
        first->poll();
        while (kept_file("base-").empty())
            first->work();  // the listing, then into the first base
        store_.publish(store_.route("changed.test", "dpl_2"));
        store_.withdraw("gone.test");
        first->poll();
        EXPECT_EQ(deployment_of(*first, "kept.test"), "dpl_1");  // read while it is written
        finish(*first);
        first->keep();
    }
    fs::rename(store_.public_directory(), store_ / "away");
    const auto second = open();
    EXPECT_EQ(second->table()->generation(), 9'002);
    EXPECT_EQ(deployment_of(*second, "kept.test"), "dpl_1");
    EXPECT_EQ(deployment_of(*second, "changed.test"), "dpl_2");
    EXPECT_EQ(deployment_of(*second, "gone.test"), "none");
}

TEST_F(PublicationTest, asks_the_store_for_a_kept_route_that_is_damaged) {
    {
        const auto first = open();
        store_.publish(store_.route("a.test", "dpl_1"));
        store_.publish(store_.route("b.test", "dpl_1"));
        first->poll();
        first->keep();
    }
    const auto second = open();
    const std::string journal = kept_file("journal-");
    std::string bytes = read_file(journal).value();
    bytes[bytes.find("\"host\":\"a.test\"")] = '#';
    store_.put(journal, bytes);  // beside the open one: as it is after the next start
    const auto third = open();
    EXPECT_EQ(deployment_of(*third, "a.test"), "dpl_1");
    EXPECT_EQ(deployment_of(*third, "b.test"), "dpl_1");
}

TEST_F(PublicationTest, asks_the_store_for_a_route_that_rots_while_it_serves) {
    const auto opened = open();
    store_.publish(store_.route("a.test", "dpl_1"));
    opened->poll();
    const std::string journal = kept_file("journal-");
    {
        std::fstream file(journal, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(40);
        file.put('#');
    }
    EXPECT_EQ(deployment_of(*opened, "a.test"), "dpl_1");
    EXPECT_EQ(opened->refused().kept, 1U);
    EXPECT_EQ(deployment_of(*opened, "a.test"), "dpl_1");
    EXPECT_EQ(opened->refused().kept, 1U);  // it was written anew
}

TEST_F(PublicationTest, waits_for_the_store_where_a_kept_route_is_damaged) {
    const auto opened = open();
    store_.publish(store_.route("a.test", "dpl_1"));
    opened->poll();
    {
        std::fstream file(kept_file("journal-"), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(40);
        file.put('#');
    }
    fs::rename(store_.public_directory(), store_ / "away");
    EXPECT_EQ(deployment_of(*opened, "a.test"), "unavailable");
    EXPECT_EQ(opened->table()->hosts(), 1U);
    fs::rename(store_ / "away", store_.public_directory());
    EXPECT_EQ(deployment_of(*opened, "a.test"), "dpl_1");
}

// The worst of it: nothing that we kept can be read. The store is there, and so are all hosts.
TEST_F(PublicationTest, survives_rubbish_in_place_of_what_it_kept) {
    for (int number = 0; number < 20; ++number)
        store_.publish(store_.route("host-" + std::to_string(number) + ".test", "dpl_1"));
    put_distant_head(9'000);
    {
        const auto first = open();
        finish(*first);
    }
    store_.put(kept_file("base-"), std::string(5'000, '\x01'));
    const auto second = open();
    EXPECT_EQ(second->table()->hosts(), 20U);
    EXPECT_EQ(deployment_of(*second, "host-3.test"), "dpl_1");
    finish(*second);
    const auto third = open();
    EXPECT_EQ(third->table()->hosts(), 20U);
    EXPECT_EQ(third->table()->generation(), 9'000);
}

// As on a full disk: nothing more can be kept, and everything is served.
TEST_F(PublicationTest, serves_changes_that_its_own_disk_refuses) {
    const auto opened = open();
    store_.publish(store_.route("a.test", "dpl_1"));
    opened->poll();
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    rlimit tight = before;
    tight.rlim_cur = 1;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    artifacts::RouteHead head = store_.head();
    store_.put(store_ / "public/routes/b.test.json", json::text(store_.route("b.test", "dpl_2")));
    head.generation = 2;
    head.changed.push_back({"b.test", 2});
    store_.put_head(head);
    ::setrlimit(RLIMIT_FSIZE, &tight);
    const bool changed = opened->poll();
    opened->keep();
    finish(*opened);  // it cannot be written anew now
    const std::string deployment = deployment_of(*opened, "b.test");
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_TRUE(changed);
    EXPECT_EQ(deployment, "dpl_2");
    EXPECT_EQ(opened->table()->generation(), 2);
    // After a restart the head names it again.
    const auto second = open();
    EXPECT_EQ(deployment_of(*second, "a.test"), "dpl_1");
    EXPECT_EQ(deployment_of(*second, "b.test"), "dpl_2");
}

TEST_F(PublicationTest, many_changes_leave_few_files_and_no_old_manifests) {
    const auto opened = open();
    for (int round = 0; round < 300; ++round) {
        const std::string deployment = "dpl_r" + std::to_string(round);
        store_.deploy(deployment, {{"index.html", deployment}});
        store_.publish(store_.route("a.test", deployment));
        opened->poll();
        opened->keep();
        finish(*opened);
    }
    EXPECT_EQ(deployment_of(*opened, "a.test"), "dpl_r299");
    const auto count = [&](const std::string& folder) {
        const fs::directory_iterator files(store_.state_directory() + folder);
        return std::distance(begin(files), end(files));
    };
    EXPECT_LE(count("/routes"), 3);
    EXPECT_TRUE(fs::exists(store_ / "state/manifests/dpl_r299.json"));
    EXPECT_LT(count("/manifests"), 200);
}

}  // namespace
}  // namespace berth::edge
