#include "edge/publication.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

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
    std::string deployment_of(const Publication& publication, const std::string& host) {
        const auto route = publication.table()->find(host);
        return route ? route->deployment : "none";
    }
    Publication open() {
        Publication publication(store_.public_directory(), store_.state_directory());
        publication.start();
        return publication;
    }
    testing_support::Store store_;
};

TEST_F(PublicationTest, begins_with_nothing) {
    Publication publication = open();
    EXPECT_EQ(publication.table()->routes().size(), 0U);
    EXPECT_FALSE(publication.poll());
}

TEST_F(PublicationTest, sees_what_is_published_changed_and_withdrawn) {
    Publication publication = open();
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
    Publication publication = open();
    store_.publish(store_.route("a.test", "dpl_1"));
    publication.poll();
    store_.publish(store_.route("b.test", "dpl_1"));
    store_.withdraw("a.test");
    artifacts::RouteHead late;
    late.generation = 5000;
    late.changed.push_back({"c.test", 4001});
    store_.put_head(late);
    EXPECT_TRUE(publication.poll());
    EXPECT_EQ(deployment_of(publication, "b.test"), "dpl_1");
    EXPECT_EQ(deployment_of(publication, "a.test"), "none");
}

TEST_F(PublicationTest, lists_everything_after_a_backup_is_put_back) {
    Publication publication = open();
    store_.publish(store_.route("a.test", "dpl_1"));
    store_.publish(store_.route("a.test", "dpl_2"));
    publication.poll();
    store_.put(store_ / "public/routes/a.test.json", json::text(store_.route("a.test", "dpl_1")));
    artifacts::RouteHead old;
    old.generation = 1;
    old.changed.push_back({"a.test", 1});
    store_.put_head(old);
    EXPECT_TRUE(publication.poll());
    EXPECT_EQ(deployment_of(publication, "a.test"), "dpl_1");
}

// As when descriptors have run out: a change that could not be listed is not a change seen.
TEST_F(PublicationTest, misses_nothing_when_the_store_cannot_be_listed) {
    Publication publication = open();
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
    EXPECT_TRUE(publication.poll());
    EXPECT_EQ(deployment_of(publication, "b.test"), "dpl_1");
}

TEST_F(PublicationTest, keeps_the_last_good_route_until_the_new_one_holds) {
    Publication publication = open();
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
    Publication publication = open();
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
        Publication publication = open();
        store_.publish(store_.route("a.test", "dpl_1"));
        store_.publish(store_.route("b.test", "dpl_2"));
        publication.poll();
        publication.keep();
    }
    fs::rename(store_.public_directory(), store_ / "away");
    Publication publication = open();
    EXPECT_EQ(deployment_of(publication, "a.test"), "dpl_1");
    EXPECT_EQ(publication.load("dpl_2").value()->files().size(), 1U);
    EXPECT_FALSE(publication.poll());
    EXPECT_EQ(deployment_of(publication, "b.test"), "dpl_2");
}

TEST_F(PublicationTest, forgets_copies_that_no_route_needs) {
    Publication publication = open();
    store_.publish(store_.route("a.test", "dpl_1"));
    publication.poll();
    publication.keep();
    EXPECT_TRUE(fs::exists(store_ / "state/manifests/dpl_1.json"));
    store_.publish(store_.route("a.test", "dpl_2"));
    publication.poll();
    publication.keep();
    EXPECT_FALSE(fs::exists(store_ / "state/manifests/dpl_1.json"));
    EXPECT_TRUE(fs::exists(store_ / "state/manifests/dpl_2.json"));
}

TEST_F(PublicationTest, shares_a_site_that_is_in_use) {
    Publication publication = open();
    const auto site = publication.load("dpl_1").value();
    EXPECT_EQ(publication.load("dpl_1").value(), site);
    EXPECT_EQ(publication.load("dpl_9").error().failure, Failure::not_found);
}

TEST_F(PublicationTest, keeps_only_plain_hosts) {
    Publication publication = open();
    artifacts::RouteHead head;
    head.generation = 1;
    head.changed = {{"../../etc/x", 1}, {"", 1}, {".a", 1}, {"A.test", 1}};
    store_.put_head(head);
    publication.poll();
    EXPECT_EQ(publication.table()->routes().size(), 0U);
}

}  // namespace
}  // namespace berth::edge
