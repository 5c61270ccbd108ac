// What /metrics says, read as Prometheus reads it.
#include "edge/metrics.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

#include "edge/exposition.hpp"
#include "edge/telling_testing.hpp"

namespace berth::edge {
namespace {

namespace raw = http::testing_support;

/// A strict reader of the exposition format: what it does not understand is a complaint.
struct Scrape {
    struct Family {
        std::string type{};
        std::string help{};
        std::map<std::string, double> samples{};  // "name{labels}" → value
    };
    std::map<std::string, Family> families{};
    std::string complaint{};

    explicit Scrape(const std::string& text) {
        if (text.empty() || text.back() != '\n') complaint = "does not end with a line feed";
        std::istringstream lines(text);
        for (std::string line; complaint.empty() && std::getline(lines, line);)
            read(line);
    }

    double at(const std::string& sample) const {
        const std::string name = sample.substr(0, sample.find('{'));
        for (const auto& [family, one] : families) {
            const auto found = one.samples.find(sample);
            if (found != one.samples.end() && name.starts_with(family)) return found->second;
        }
        return std::nan("");
    }

private:
    void read(const std::string& line) {
        static const std::regex comment(R"(# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+))");
        static const std::regex sample(
            R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+))re");
        std::smatch found;
        if (std::regex_match(line, found, comment)) {
            begin(found[1], found[2], found[3], line);
        } else if (std::regex_match(line, found, sample)) {
            add(found[1], found[2], found[4], line);
        } else {
            complaint = "no sample and no comment: " + line;
        }
    }
    void begin(const std::string& kind, const std::string& name, const std::string& rest,
               const std::string& line) {
        static const std::set<std::string> types{"counter", "gauge", "histogram"};
        if (kind == "HELP") {
            if (families.contains(name)) complaint = "a family stands twice: " + line;
            families[name].help = rest;
            current_ = name;
        } else if (name != current_ || !families[name].type.empty() || !types.contains(rest)) {
            complaint = "TYPE without its HELP before it, or twice: " + line;
        } else {
            families[name].type = rest;
        }
    }
    void add(const std::string& name, const std::string& labels, const std::string& value,
             const std::string& line) {
        Family& family = families[current_];
        const std::string suffix =
            name.starts_with(current_) ? name.substr(current_.size()) : "another family's";
        const bool part = suffix == "_bucket" || suffix == "_sum" || suffix == "_count";
        if (!suffix.empty() && !(family.type == "histogram" && part))
            complaint = "not of the family at hand: " + line;
        if (family.type == "counter" && !current_.ends_with("_total"))
            complaint = "a counter whose name does not say so: " + line;
        double number = INFINITY;
        const char* end = value.data() + value.size();
        if (value != "+Inf") {
            const auto read = std::from_chars(value.data(), end, number);
            if (read.ec != std::errc{} || read.ptr != end) complaint = "no number: " + line;
        }
        if (!family.samples.emplace(name + labels, number).second)
            complaint = "a sample stands twice: " + line;
    }

    std::string current_{};
};

TEST(ExpositionTest, escapes_help_and_labels) {
    Exposition text;
    text.family("a_total", "counter", "back\\slash,\nand \"quotes\"");
    text.sample(std::uint64_t{3}, {{"x", "a\"b\\c\nd"}, {"y", "z"}});
    text.sample(0.25);
    EXPECT_EQ(text.text(),
              "# HELP a_total back\\\\slash,\\nand \"quotes\"\n# TYPE a_total counter\n"
              "a_total{x=\"a\\\"b\\\\c\\nd\",y=\"z\"} 3\na_total 0.25\n");
    EXPECT_EQ(Scrape(text.text()).complaint, "");
}

TEST(ExpositionTest, a_histogram_is_cumulative_and_ends_at_infinity) {
    Exposition text;
    text.family("t_seconds", "histogram", "Time.");
    const std::array<double, 2> bounds{0.00005, 1};
    const std::array<std::uint64_t, 3> counts{2, 1, 4};
    text.histogram(bounds, counts, 9.5);
    const Scrape scrape(text.text());
    EXPECT_EQ(scrape.complaint, "");
    EXPECT_EQ(scrape.at("t_seconds_bucket{le=\"5e-05\"}"), 2);
    EXPECT_EQ(scrape.at("t_seconds_bucket{le=\"1\"}"), 3);
    EXPECT_EQ(scrape.at("t_seconds_bucket{le=\"+Inf\"}"), 7);
    EXPECT_EQ(scrape.at("t_seconds_count"), 7);
    EXPECT_EQ(scrape.at("t_seconds_sum"), 9.5);
}

TEST(ScrapeTest, complains_of_what_prometheus_would_not_read) {
    const std::string head = "# HELP a_total A.\n# TYPE a_total counter\n";
    for (const std::string bad :
         {"a_total 1\na_total 2\n", "b_total 1\n", "a_total{x=\"\n\"} 1\n", "a_total one\n",
          "a_total{x=1} 1\n", "# HELP a_total A.\n", "# TYPE a_total gauge\n", "a_total 1"}) {
        EXPECT_NE(Scrape(head + bad).complaint, "") << bad;
    }
    EXPECT_EQ(Scrape(head + "a_total 1\n").complaint, "");
}

TEST(MetricsTest, is_well_formed_and_says_every_figure) {
    EdgeNow now;
    now.counters.connections = 11;
    now.counters.refusals = {{400, 2}, {503, 1}};
    now.counters.classes[2] = 7;
    now.counters.durations[0] = 6;
    now.counters.durations.back() = 1;
    now.counters.duration_us = 1'500'000;
    now.generation = 42;
    now.refused_manifests = 3;
    now.access_log_dropped = 5;
    now.traffic_lost_requests = 9;
    const Scrape scrape(metrics_text(now));
    ASSERT_EQ(scrape.complaint, "");
    EXPECT_EQ(scrape.at("berth_build_info{version=\"" BERTH_VERSION "\",role=\"edge\"}"), 1);
    EXPECT_EQ(scrape.at("berth_edge_connections_total"), 11);
    EXPECT_EQ(scrape.at("berth_edge_refusals_total{status=\"400\"}"), 2);
    EXPECT_EQ(scrape.at("berth_edge_requests_total{class=\"2xx\"}"), 7);
    EXPECT_EQ(scrape.at("berth_edge_requests_total{class=\"5xx\"}"), 0);
    EXPECT_EQ(scrape.at("berth_edge_request_duration_seconds_bucket{le=\"5e-05\"}"), 6);
    EXPECT_EQ(scrape.at("berth_edge_request_duration_seconds_count"), 7);
    EXPECT_EQ(scrape.at("berth_edge_request_duration_seconds_sum"), 1.5);
    EXPECT_EQ(scrape.at("berth_edge_generation"), 42);
    EXPECT_EQ(scrape.at("berth_edge_objects_refused_total{kind=\"manifest\"}"), 3);
    EXPECT_EQ(scrape.at("berth_edge_access_log_dropped_total"), 5);
    EXPECT_EQ(scrape.at("berth_edge_traffic_lost_requests_total"), 9);
    EXPECT_GT(scrape.at("process_resident_memory_bytes"), 1e6);
    EXPECT_GT(scrape.at("process_open_fds"), 2);
    EXPECT_GT(scrape.at("process_start_time_seconds"), 1.5e9);
    EXPECT_LE(scrape.at("process_start_time_seconds"), static_cast<double>(::time(nullptr) + 1));
    for (const auto& [name, family] : scrape.families)
        EXPECT_FALSE(family.help.empty() || family.type.empty()) << name;
}

class EdgeMetricsTest : public testing_support::TellingTest {};

TEST_F(EdgeMetricsTest, follows_what_the_edge_does) {
    start();
    get("/");
    get("/");
    get("/missing");
    get("/%00");
    take();  // the loop is done with all four
    const Scrape scrape(metrics_text(edge_->now()));
    ASSERT_EQ(scrape.complaint, "");
    EXPECT_EQ(scrape.at("berth_edge_connections_total"), 4);
    EXPECT_EQ(scrape.at("berth_edge_requests_total{class=\"2xx\"}"), 2);
    EXPECT_EQ(scrape.at("berth_edge_requests_total{class=\"4xx\"}"), 2);
    EXPECT_EQ(scrape.at("berth_edge_answers_total{source=\"miss\"}"), 1);
    EXPECT_EQ(scrape.at("berth_edge_answers_total{source=\"memory\"}"), 1);
    EXPECT_EQ(scrape.at("berth_edge_refusals_total{status=\"400\"}"), 1);
    EXPECT_EQ(scrape.at("berth_edge_request_duration_seconds_count"), 4);
    EXPECT_EQ(scrape.at("berth_edge_hosts"), 1);
    EXPECT_EQ(scrape.at("berth_edge_generation"), 1);
    EXPECT_EQ(scrape.at("berth_edge_loops"), 1);
}

TEST_F(EdgeMetricsTest, counts_bytes_once_however_many_requests_a_connection_has) {
    start();
    const std::string once = "GET / HTTP/1.1\r\nHost: shop.test\r\n";
    const std::string replies =
        raw::exchange(port_, once + "\r\n" + once + "\r\n" + once + "Connection: close\r\n\r\n");
    stop();
    EXPECT_EQ(edge_->counters().bytes_sent, replies.size());
}

TEST_F(EdgeMetricsTest, counts_what_the_store_has_broken) {
    get("/");  // it has begun
    store_.put(store_ / "public/routes/shop.test.json", "{");
    store_.head().generation = 7;
    store_.head().changed = {{"shop.test", 7}};
    store_.put_head(artifacts::RouteHead(store_.head()));
    edge_->refresh();
    for (int i = 0; i < 2'000 && edge_->now().unsettled_hosts == 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const Scrape scrape(metrics_text(edge_->now()));
    EXPECT_EQ(scrape.at("berth_edge_objects_refused_total{kind=\"route\"}"), 1);
    EXPECT_EQ(scrape.at("berth_edge_hosts_unsettled"), 1);
    const std::string reply = get("/");
    EXPECT_NE(reply.find("hello"), std::string::npos) << reply;
}

TEST_F(EdgeMetricsTest, every_loop_answers_a_knock_until_the_edge_ends) {
    start();
    const auto silent = edge_->knock();
    for (int i = 0; i < 2'000 && *silent > 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_EQ(*silent, 0u);
    EXPECT_TRUE(edge_->ready());
    stop();
    EXPECT_FALSE(edge_->ready());
    EXPECT_EQ(*edge_->knock(), 1u);
}

}  // namespace
}  // namespace berth::edge
