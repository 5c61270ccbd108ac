#pragma once
/// The list `routes` of a `vercel.json`: the older way to say all that redirects, rewrites and
/// headers say, with a regular expression as `src` and phases between the routes.

#include "rules/vercel_file.hpp"

namespace berth::rules {

/// Routes before any `handle` come before files, those behind `filesystem`, `miss`, `rewrite` and
/// `resource` after them; behind `error` only those for 404 count, and after files too. Behind
/// `hit` headers count for every answer. A `src` matches whole, whatever the case unless
/// `caseSensitive` is true, as Vercel documents it.
///
/// Unverified: what becomes of the request's query; it is treated as that of redirects and
/// rewrites (vercel_rules.hpp).
void read_routes(const json::bj::object& root, VercelFile& file);

}  // namespace berth::rules
