#pragma once
/// A failure in the middle of a transaction: the rows written so far must go, and the caller still
/// gets a Result. Only an exception rolls back (db/database.hpp), so this one carries the error
/// from the query to the line that started it, and no further.

#include "base/result.hpp"
#include "db/database.hpp"

namespace berth::projects {

struct Undo {
    Error error{};
};

/// `work(soci::session&)` returns a Result, or throws Undo to leave nothing behind.
template <class Work>
auto write_or_undo(db::Database& database, Work work)
    -> Task<std::invoke_result_t<Work, soci::session&>> {
    try {
        co_return co_await database.write(work);
    } catch (const Undo& undone) {
        co_return undone.error;
    }
}

}  // namespace berth::projects
