#pragma once
/// The one way Berth says that something did not work out: `Result<T>`, and the closed list of
/// kinds of failure. A broken world (disk full, database gone, a bug) is an exception instead.

#include <fmt/format.h>
#include <boost/describe.hpp>
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace berth {

/// The one list of ways to fail. The enumerator is the wire word.
enum class Failure {
    invalid,          // the request cannot be right, whatever the state of the world
    unauthenticated,  // nobody is signed in, or the credential is not valid
    forbidden,        // signed in, but not allowed
    not_found,
    conflict,      // the state of the world refuses it: a taken name, a finished deployment
    precondition,  // If-Match did not match
    too_large,
    limited,  // too many, too often
    timed_out,
    unavailable,  // try again later
};
BOOST_DESCRIBE_ENUM(Failure, invalid, unauthenticated, forbidden, not_found, conflict, precondition,
                    too_large, limited, timed_out, unavailable)

struct Error {
    Failure failure{};
    std::string code{};     // stable, snake_case, listed in docs/api.md: "name_taken"
    std::string pointer{};  // JSON pointer of the field at fault, when there is one
    std::string message{};  // for the person who asked
};

template <class T = void>
using Result = boost::system::result<T, Error>;

/// The default code of a kind: its own word.
const char* word(Failure failure);

/// An error whose code is the kind's own word.
template <class... Args>
Error fail(Failure failure, fmt::format_string<Args...> text, Args&&... args) {
    return {failure, word(failure), {}, fmt::format(text, std::forward<Args>(args)...)};
}

/// An error with its own stable code, and the JSON pointer of the field at fault ("" if none).
template <class... Args>
Error fail_as(Failure failure, std::string code, std::string pointer,
              fmt::format_string<Args...> text, Args&&... args) {
    return {failure, std::move(code), std::move(pointer),
            fmt::format(text, std::forward<Args>(args)...)};
}

/// What `.value()` throws on an error: a programmer's mistake outside tests.
struct BadResult : std::runtime_error {
    explicit BadResult(const Error& error)
        : std::runtime_error(error.code + ": " + error.message) {}
};

[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
    throw BadResult(error);
}

}  // namespace berth
