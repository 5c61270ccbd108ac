#pragma once
/// From a received head to what is to be done: refuse it, answer it from a site, load the host's
/// route, that site or one of its blobs first, pass it on to the api, or get it from elsewhere.
/// Does not wait.

#include <map>
#include <optional>
#include <span>
#include <string>

#include "edge/loop.hpp"
#include "edge/site_answer.hpp"

namespace berth::edge {

struct Step {
    enum class Kind {
        answer,
        load_route,
        load_site,
        load_blob,
        pass_on,
        elsewhere,
    } kind = Kind::answer;
    SiteAnswer answer{};
    bool head_only = false;
    bool keep_alive = false;
    std::string to_load{};                        // a host, or a deployment; a blob: see `answer`
    std::string elsewhere{};                      // the address whose answer the visitor gets
    unsigned status = 200;                        // of that answer, where it is 200
    std::vector<rules::Field> fields{};           // of that answer, by the site's rules
    std::vector<rules::Field> upstream_fields{};  // of the request for it
};

/// What was loaded for this request. It may have fallen out of the loop's memory meanwhile, or
/// never have fitted in.
struct Loaded {
    std::optional<FoundRoute> route{};
    std::map<std::string, std::shared_ptr<const Site>> sites{};  // null: in vain
    std::vector<BroughtBlob> blobs{};
};

/// Whether `load_for` is next.
bool loads(const Step& step);

/// Loads what a step asks for. The loop's scratch is another's afterwards.
Task<> load_for(Loop& loop, Step step, Loaded& loaded);

/// `loaded`: what earlier rounds of the same request have loaded. The loop's scratch holds the
/// parsed head afterwards. `head` may be given again after a load.
Step take_request(Loop& loop, std::span<char> head, const Loaded& loaded);

Step refuse(Loop& loop, const http::Refusal& refusal);

}  // namespace berth::edge
