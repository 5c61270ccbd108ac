#pragma once
/// From a received head to what is to be done: refuse it, answer it from a site, load that site
/// first, pass it on to the api, or get it from elsewhere. Does not wait.

#include <map>
#include <span>
#include <string>

#include "edge/loop.hpp"
#include "edge/site_answer.hpp"

namespace berth::edge {

struct Step {
    enum class Kind { answer, load, pass_on, elsewhere } kind = Kind::answer;
    SiteAnswer answer{};
    bool head_only = false;
    bool keep_alive = false;
    std::string deployment{};                     // to load
    std::string elsewhere{};                      // the address whose answer the visitor gets
    unsigned status = 200;                        // of that answer, where it is 200
    std::vector<rules::Field> fields{};           // of that answer, by the site's rules
    std::vector<rules::Field> upstream_fields{};  // of the request for it
};

/// Sites that were loaded for this request; null: in vain. One that is too large for the loop's
/// shelf is nowhere else.
using LoadedSites = std::map<std::string, std::shared_ptr<const Site>>;

/// `loaded`: what earlier rounds of the same request have loaded. The loop's scratch holds the
/// parsed head afterwards. `head` may be given again after a load.
Step take_request(Loop& loop, std::span<char> head, const LoadedSites& loaded);

Step refuse(Loop& loop, const http::Refusal& refusal);

}  // namespace berth::edge
