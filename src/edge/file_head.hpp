#pragma once
/// The heads of answers about a file of a site: status line and fields, without date, connection
/// and the blank line.

#include <cstdint>
#include <string>
#include <string_view>

#include "edge/negotiation.hpp"
#include "edge/site.hpp"

namespace berth::edge {

/// How a file is answered, whatever the request's own fields say.
struct Manner {
    unsigned status = 200;    // or what a rule says; 404 for the site's own page
    bool by_its_name = true;  // asked for by its own name, of the deployment that the host shows:
                              // a hash in the name is believed
    bool searchable = true;   // false: search engines are told to leave it alone

    bool operator==(const Manner&) const = default;
};

/// The value of the field in such a head; "": it is not there.
std::string_view field_of(std::string_view head, std::string_view name);
void drop_field(std::string& head, std::string_view name);

/// Strong: of the plain bytes and the coding.
std::string etag_of(const SiteFile& file, Coding coding);

void add_status(std::string& head, unsigned status);
void add_field(std::string& head, std::string_view name, std::string_view value);

/// "x-robots-tag: noindex", for what search engines must not show.
void add_noindex(std::string& head);

/// nosniff and the referrer policy; a site's own rules may say otherwise.
void add_safety(std::string& head);

/// Of an answer that carries the file, or a piece of it, in that coding.
std::string file_head(const SiteFile& file, Manner manner, Coding coding, std::uint64_t bytes,
                      std::string_view type);

/// Of one that says that what the visitor has is good.
std::string not_modified_head(const SiteFile& file, Manner manner, std::string_view etag);

/// Of one to a range that the file does not have.
std::string unsatisfiable_head(const SiteFile& file);

}  // namespace berth::edge
