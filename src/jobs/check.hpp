#pragma once
/// What came of a check that a site had to pass before it may go live.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace berth::jobs {

/// declaration: what `berth.toml` says of checks cannot be read.
enum class CheckKind { declaration, size, route, header, links };
BOOST_DESCRIBE_ENUM(CheckKind, declaration, size, route, header, links)

struct CheckFinding {
    std::string place{};  // a file of the site, a path, or "berth.toml:3:9"
    std::string found{};  // what is wrong there
};
BOOST_DESCRIBE_STRUCT(CheckFinding, (), (place, found))

struct Check {
    CheckKind kind{};
    bool passed = false;
    std::string subject{};   // "**/*.js", "/about", "links of 12 pages"
    std::string declared{};  // "berth.toml:12"
    std::string limit{};     // "at most 300.0 kB, gzip"
    std::string found{};     // "412.3 kB in 7 files"
    std::vector<CheckFinding> findings{};
    std::int64_t findings_left_out = 0;
};
BOOST_DESCRIBE_STRUCT(Check, (),
                      (kind, passed, subject, declared, limit, found, findings, findings_left_out))

inline constexpr std::size_t checks_max = 210;   // of one deployment
inline constexpr std::size_t findings_max = 20;  // of one check
inline constexpr std::size_t check_text_bytes_max = 300;

}  // namespace berth::jobs
