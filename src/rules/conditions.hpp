#pragma once
/// Whether a request meets what a rule asks beside its path.

#include "rules/decide.hpp"

namespace berth::rules {

/// `regex` is that of a condition that has one, else null. What it takes is added to `captures`.
bool holds(const Condition& condition, const Regex* regex, const Ask& ask, Captures& captures);

/// In words, for `explain`: "Country is one of de, at".
std::string in_words(const Condition& condition);

/// "de-AT, de;q=0.8" → "de-at": what the visitor likes best.
std::string preferred_language(std::string_view accept_language);

/// The value of a cookie in a Cookie field, or nothing.
std::optional<std::string_view> cookie_in(std::string_view field, std::string_view name);

}  // namespace berth::rules
