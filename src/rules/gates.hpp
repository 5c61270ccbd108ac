#pragma once
/// What a site must keep to before it may go live: `[gates]` of `berth.toml`, as declared. What a
/// built site is held against them by is builds/checks.hpp.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace berth::rules {

inline constexpr std::size_t gates_max = 100;          // of one file, all kinds together
inline constexpr std::size_t gate_patterns_max = 100;  // of one list

/// A budget for the bytes of the files that fit: of all together, or of each.
struct SizeGate {
    enum class Of { all, each };
    enum class Coding { plain, gzip };
    std::uint32_t line = 0;
    std::string files = "**";
    std::uint64_t bytes_max = 0;
    Of of = Of::all;
    Coding coding = Coding::plain;
};

/// A path that must be answered in one of these ways.
struct RouteGate {
    std::uint32_t line = 0;
    std::string path{};  // "/about?x=1"
    std::vector<std::uint32_t> statuses{};
    std::string location{};  // that a redirect must lead to; "": any
};

struct HeaderWish {
    enum class Test { there, equals, matches, absent };
    std::string name{};  // lower case
    Test test = Test::there;
    std::string value{};  // a text, or an expression of RE2
};

/// Fields that answers must carry, or must not.
struct HeaderGate {
    std::uint32_t line = 0;
    std::string paths{};  // "/about", or a pattern of files: "/**"
    std::vector<HeaderWish> wishes{};
};

/// Links of the site's own pages must lead somewhere.
struct LinkGate {
    std::uint32_t line = 0;
    std::vector<std::string> ignore{};  // patterns of paths
};

struct GateProblem {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::string message{};
};

struct Gates {
    std::vector<SizeGate> sizes{};
    std::vector<RouteGate> routes{};
    std::vector<HeaderGate> headers{};
    std::optional<LinkGate> links{};
    /// What is declared wrongly: it cannot be kept to, so nothing may go live past it.
    std::vector<GateProblem> problems{};

    bool empty() const {
        return sizes.empty() && routes.empty() && headers.empty() && !links && problems.empty();
    }
};

/// Reads them. A text that is not TOML has no gates but a problem, if it speaks of any. `asked`
/// gets the keys that were looked for, as those of the other readers (berth_toml.hpp).
Gates read_gates(std::string_view berth_toml, std::set<std::string>* asked = nullptr);

/// Whether a header gate's `paths` are a pattern of files rather than one path.
bool is_pattern(std::string_view paths);

/// "300 kB" → 300'000, "1.5 MiB" → 1'572'864, "900" → 900; nothing for what is no size.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace berth::rules
