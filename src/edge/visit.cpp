#include "edge/visit.hpp"

#include <boost/describe/enum_to_string.hpp>
#include <chrono>

#include "base/clock.hpp"
#include "edge/access_line.hpp"
#include "edge/loop.hpp"
#include "edge/request_path.hpp"
#include "http/normalise.hpp"

namespace berth::edge {

namespace {

using traffic::Source;

std::int64_t steady_now_us() {
    using namespace std::chrono;
    return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

Source source_of(const Step& step) {
    if (step.kind != Step::Kind::answer) return Source::proxied;
    if (step.answer.status == 304) return Source::not_modified;
    // By what was said when it was found: a site's own fields take an answer out of its memory.
    if (step.answer.reader) return Source::miss;
    return step.answer.file ? Source::file : step.answer.source;
}

/// The host that a visitor came from, into `host`. False: none, or the site's own.
bool read_referrer(const Loop& loop, std::string& host) {
    std::string_view url = loop.head.get("referer");
    const std::size_t scheme = url.find("://");
    if (scheme == url.npos) return false;
    url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find_first_of("/?#"));
    return http::normalise_host(url, host) && host != loop.host;
}

/// Names of what was given, and apart from them of what was tried: scanners would fill the list.
void count_names(Loop& loop, const Visit& visit) {
    if (visit.status == 404) visit.row->missing.count(loop.path);
    if (visit.status >= 400) return;
    visit.row->paths.count(loop.path);
    if (read_referrer(loop, loop.referrer)) visit.row->referrers.count(loop.referrer);
}

std::string line_of(const Loop& loop, const Visit& visit, std::string_view protocol) {
    AccessHead told{.at_ms = unix_now_ms(), .host = loop.host, .protocol = protocol};
    if (loop.host.empty()) {  // the head was refused: what the scratch holds is not of it
        told.client = loop.peer;
        return begin_access_line(told);
    }
    if (visit.route) {
        told.project = visit.route->project;
        told.deployment = visit.route->deployment;
    }
    const Visitor visitor = loop.outside.proxies.visitor_of(std::string(loop.peer), loop.head);
    told.client = visitor.address;
    told.method = loop.head.verb;
    told.path = loop.head.path;
    told.query = !loop.head.query.empty();
    told.referrer = loop.head.get("referer");
    told.user_agent = loop.head.get("user-agent");
    return begin_access_line(told);
}

void count_row(Loop& loop, Visit& visit, std::uint64_t bytes, std::uint64_t us) {
    if (visit.period != loop.traffic.period()) {
        visit.row = &loop.traffic.row(visit.route->project, visit.route->deployment);
    }
    traffic::Counts& counts = visit.row->counts;
    ++counts.requests;
    counts.bytes += bytes;
    traffic::count_status(counts, visit.status);
    traffic::count_source(counts, visit.source);
    // A WebSocket's hours say nothing about how fast the site is.
    if (visit.status != 101) ++visit.row->latency[traffic::bucket_of(us)];
}

}  // namespace

void begin_visit(Loop& loop, Visit& visit, std::uint64_t sent_bytes) {
    visit.sent_before = sent_bytes;
    visit.began_us = steady_now_us();
    visit.status = 0;
    visit.source = Source::made;
    loop.route.reset();
    loop.host.clear();
    loop.path.clear();
}

void note_visit(Loop& loop, Visit& visit, const Step& step, std::string_view protocol) {
    if (step.kind == Step::Kind::answer) visit.status = step.answer.status;
    visit.source = source_of(step);
    visit.route = std::move(loop.route);
    if (visit.route) {
        visit.row = &loop.traffic.row(visit.route->project, visit.route->deployment);
        visit.period = loop.traffic.period();
        count_names(loop, visit);
    }
    if (loop.access != nullptr && loop.access->wants()) {
        visit.line = line_of(loop, visit, protocol);
    }
}

void finish_visit(Loop& loop, Visit& visit, std::uint64_t sent_bytes) {
    const std::uint64_t bytes = sent_bytes - visit.sent_before;
    const auto us = static_cast<std::uint64_t>(steady_now_us() - visit.began_us);
    loop.counters.answer(visit.status, visit.source, us);
    if (visit.row != nullptr) count_row(loop, visit, bytes, us);
    if (!visit.line.empty()) {
        end_access_line(visit.line, {visit.status, bytes, static_cast<std::int64_t>(us),
                                     boost::describe::enum_to_string(visit.source, "")});
        loop.access->put(visit.line);
        visit.line = std::string();
    }
    visit.row = nullptr;
    visit.route.reset();
}

}  // namespace berth::edge
