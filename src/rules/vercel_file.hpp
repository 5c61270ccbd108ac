#pragma once
/// What the readers of the parts of a `vercel.json` share: where a thing was written, what was
/// wrong with it, and how its lists and fields are read.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "rules/rule_set.hpp"

namespace berth::rules {

/// Vercel's limits.
inline constexpr std::size_t vercel_items_max = 2'048;
inline constexpr std::size_t vercel_text_bytes_max = 4'096;

/// One file while it is read. `into` must outlive it.
class VercelFile {
public:
    VercelFile(std::string_view text, RuleSet& into);

    RuleSet& into() { return into_; }

    /// Where the value at `pointer` was written.
    Origin origin(const std::string& pointer, const json::value& written) const;

    /// Says that the thing at `pointer` does nothing. After 1,000 problems no more are kept.
    void error(const std::string& pointer, const std::string& message);

    /// Says that the thing at `pointer` may not do what was meant.
    void warning(const std::string& pointer, const std::string& message);

private:
    void add(Problem::Severity severity, const std::string& pointer, const std::string& message);

    RuleSet& into_;
    std::map<std::string, std::uint32_t> lines_;
    std::size_t problems_ = 0;
};

/// An object of a list, and where it stands.
struct VercelItem {
    const json::bj::object& object;
    std::string pointer{};
    VercelFile& file;
};

/// An error at `pointer`.
template <class... Args>
Error wrong_at(const std::string& pointer, fmt::format_string<Args...> text, Args&&... args) {
    return fail_as(Failure::invalid, "invalid", pointer, text, std::forward<Args>(args)...);
}

/// Reads every object of the list `root[key]`, up to Vercel's limit. One that is wrong is a
/// problem and discards no other.
void read_list(const json::bj::object& root, std::string_view key, VercelFile& file,
               const std::function<Result<>(const VercelItem&)>& read);

/// A member that must be text of at most `bytes_max`; nothing where it is absent.
/// Errors: invalid.
Result<std::optional<std::string>> text_member(const VercelItem& item, std::string_view key,
                                               std::size_t bytes_max = vercel_text_bytes_max);

/// The same, but absent is an error too.
Result<std::string> needed_text(const VercelItem& item, std::string_view key);

/// A member that is true or false; nothing where it is absent. Errors: invalid.
Result<std::optional<bool>> truth_member(const VercelItem& item, std::string_view key);

/// A status that may be answered, 200 to 599. Errors: invalid.
Result<std::optional<std::uint32_t>> status_member(const VercelItem& item, std::string_view key);

/// Warns of every member that is not among `known`.
void warn_of_unknown(const VercelItem& item, std::initializer_list<std::string_view> known);

/// Whether the status is that of a redirect with a Location.
bool is_redirect_status(std::uint32_t status);

}  // namespace berth::rules
