#pragma once
/// What must hold for every object that the edge reads from the store, whatever is in it: the
/// fuzzers' properties, and those of the test that replays their corpora.

#include <string>
#include <string_view>

#include "base/fuzzing.hpp"
#include "edge/publication.hpp"
#include "edge/site.hpp"
#include "edge/testing.hpp"
#include "http/head_parser.hpp"
#include "rules/testing.hpp"

namespace berth::edge::fuzzing {

using berth::fuzzing::must;

inline void check_decision(const Site& site, std::string_view path, std::string_view query) {
    rules::testing::MemoryFields fields;
    fields.from_country = "DE";
    fields.fields = {{"accept", "text/html"}, {"cookie", "a=b"}, {"accept-language", "de"}};
    const rules::Ask ask{
        .host = "shop.test", .path = path, .query = query, .navigation = true, .fields = &fields};
    const rules::Decision decision = site.rules().decide(ask, site, nullptr);
    const bool there = decision.file != rules::no_file;
    must(!there || decision.file < site.files().size(), "a file that is not there", path);
    must(http::is_field_value(decision.location), "a location that is none", decision.location);
    for (const rules::Field& field : decision.fields) {
        must(http::is_token(field.name), "a field's name", field.name);
        must(!field.value || http::is_field_value(*field.value), "a field's value", field.name);
    }
}

/// A manifest is refused, or it is served.
inline void check_manifest(std::string_view input) {
    const Result<artifacts::Manifest> manifest = json::parse_as<artifacts::Manifest>(input);
    if (!manifest) return;
    const std::string text = json::text(*manifest);
    const Result<artifacts::Manifest> again = json::parse_as<artifacts::Manifest>(text);
    must(again && json::text(*again) == text, "does not survive its JSON", text);
    const Result<std::shared_ptr<const Site>> made = Site::make(*manifest);
    if (!made) return;
    const Site& site = **made;
    must(site.files().size() == manifest->files.size(), "files are lost", text);
    for (const SiteFile& file : site.files()) {
        must(site.find(site.path_of(file)) == &file, "not found", site.path_of(file));
        must(http::is_field_value(site.type_of(file)), "a malformed type", site.type_of(file));
    }
    must(site.find("no such file there") == nullptr ||
             manifest->files.contains("no such file there"),
         "found without being there", text);
    must(site.memory_bytes() >= sizeof(Site), "weighs nothing", text);
    for (const std::string_view path : {"/", "/a", "/old/x/y", "/bare/a/", "/id/7", "/docs"}) {
        check_decision(site, path, "");
        check_decision(site, path, "u=x%2F..&v");
    }
}

/// The first line names an object of the store, or a file that the edge keeps itself: "table", as
/// older edges did, "base" or "journal"; the rest is what is in it. The edge takes it or not, and
/// goes on either way.
inline void check_route(std::string_view input) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view name = input.substr(0, end);
    const std::string rest(input.substr(std::min(end + 1, input.size())));
    testing_support::Store store;
    store.deploy("dpl_1", {{"index.html", "home"}});
    store.publish(store.route("shop.test", "dpl_1"));
    const bool is_ours = name == "table" || name == "base" || name == "journal";
    if (name == "table") store.put(store.state_directory() + "/table.json", rest);
    if (name == "base") store.put(store.state_directory() + "/routes/base-00000001", rest);
    if (name == "journal") store.put(store.state_directory() + "/routes/journal-00000002", rest);
    const std::unique_ptr<PublicFiles> files = make_directory_files(store.public_directory());
    Publication publication(*files, store.state_directory());
    publication.restore();
    publication.poll();
    if (name == "head") {
        store.put(store / artifacts::route_head_key, rest);
    } else if (name == "shop.test" || name == "other.test") {
        store.put(store / artifacts::route_key(std::string(name)), rest);
        store.head().generation += 1;
        store.head().changed.push_back({std::string(name), store.head().generation});
        store.put_head(artifacts::RouteHead(store.head()));
    }
    publication.poll();
    publication.poll();
    publication.keep();
    for (int i = 0; i < 10'000 && publication.has_work(); ++i)
        publication.work();
    must(!publication.has_work(), "does not come to an end", rest);
    for (const std::string host : {"shop.test", "other.test"}) {
        const FoundRoute found = publication.route(host);
        if (!found.route) continue;
        must(found.route->host == host, "another host's route", host);
        const bool was_read = !is_ours && found.route->kind == artifacts::RouteKind::site;
        if (was_read)
            must(publication.load(found.route->deployment).has_value(), "leads nowhere", host);
    }
    if (!is_ours)
        must(publication.route("shop.test").route != nullptr, "the last good one is lost", rest);
}

}  // namespace berth::edge::fuzzing
