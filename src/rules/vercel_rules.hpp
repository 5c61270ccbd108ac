#pragma once
/// The lists `redirects`, `headers` and `rewrites` of a `vercel.json`.

#include "rules/vercel_file.hpp"

namespace berth::rules {

/// Before files, also where there is one.
///
/// Unverified: what becomes of the request's query. Vercel's documents do not say, its compiler
/// leaves it to the network; here it is kept where the destination has none of its own.
void read_redirects(const json::bj::object& root, VercelFile& file);

/// Of all that match, a later one replaces the same header of an earlier one.
void read_headers(const json::bj::object& root, VercelFile& file);

/// After files. A destination on this site where nothing is goes on to later rewrites; one
/// elsewhere is asked by Berth.
///
/// Unverified: who wins when request and destination have the same parameter. Here it is the
/// destination, as in Next.js; Vercel's local server lets the request win.
void read_rewrites(const json::bj::object& root, VercelFile& file);

/// One header as `routes` and `headers` write it: the name becomes lower case.
/// Errors: invalid — a name or value that no header can have, or too long.
Result<HeaderChange> parse_header_change(std::string_view name, std::string_view value,
                                         const std::string& pointer,
                                         const class TemplateWords& words);

/// `conditions` of a rule, with those of `offered` whose capture the rule's templates ask for.
template <class Asks>
std::vector<Condition> with_offered(std::vector<Condition> conditions,
                                    const std::vector<Condition>& offered, const Asks& asks) {
    for (const Condition& condition : offered) {
        if (asks(condition.values[0])) conditions.push_back(condition);
    }
    return conditions;
}

}  // namespace berth::rules
