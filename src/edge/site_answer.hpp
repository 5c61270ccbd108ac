#pragma once
/// From a request for a site to its answer: method, path, conditions, range, coding, caching. Does
/// no input or output but opening blobs; the connection sends what comes out.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "edge/blobs.hpp"
#include "edge/file_head.hpp"
#include "edge/multipart.hpp"
#include "edge/site.hpp"
#include "http/head_parser.hpp"
#include "traffic/report.hpp"

namespace berth::edge {

struct SiteAnswer {
    unsigned status = 200;
    std::shared_ptr<const Prepared> prepared{};      // head and body from memory; else:
    std::string head{};                              // as in Prepared
    std::string text{};                              // and a short body,
    traffic::Source source = traffic::Source::made;  // memory or miss where it was prepared
    std::shared_ptr<const Fd> file{};                // or a piece of a file,
    std::shared_ptr<objects::BlobReader> reader{};   // or of what comes,
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::unique_ptr<Multipart> parts{};  // or several of a file; `bytes` is of them all, then

    WantedBlob reads{};                  // what `reader` reads
    std::optional<WantedBlob> wanted{};  // to be brought first; there is no answer yet

    std::string_view head_text() const { return prepared ? prepared->head : head; }
    std::string_view body_text() const { return prepared ? prepared->body : text; }
};

/// Answers one request for `file` of `site`: by its conditions (judged only where the answer
/// would be 200), its ranges, or with the smallest stored form that it takes.
SiteAnswer answer_file(Blobs& blobs, const Site& site, const SiteFile& file, Manner manner,
                       const http::HeadView& head);

/// A short page (or a problem in JSON for programs, as the Accept field says) with `status`. Not
/// cached by anybody.
SiteAnswer answer_page(unsigned status, std::string_view code, std::string_view detail,
                       std::string_view accept, std::string_view more_fields = {});

/// `location` is encoded.
SiteAnswer answer_redirect(unsigned status, std::string_view location);

/// Puts what the site's header rules say into an answer's head: 2xx, 3xx and 404 of the site. The
/// caching of a 404 and of what is no whole answer stays ours, and `vary` only grows.
void apply_fields(SiteAnswer& answer, std::span<const rules::Field> fields);

SiteAnswer answer_method_not_allowed(std::string_view accept);

/// 204, and what may be asked of a site.
SiteAnswer answer_options();

}  // namespace berth::edge
