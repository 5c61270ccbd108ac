#pragma once
/// What a request gets, by a deployment's rules and files. The edge answers with it, `explain`
/// shows it with every step that led there.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/file_lookup.hpp"
#include "rules/matcher.hpp"
#include "rules/rule_set.hpp"

namespace berth::rules {

/// A request as rules see it.
struct Ask {
    std::string_view method = "GET";
    std::string_view host{};   // normalised
    std::string_view path{};   // normalised
    std::string_view query{};  // as received, without "?"
    bool navigation = false;   // GET or HEAD whose Accept takes HTML

    /// The fields of the request.
    class Fields {
    public:
        virtual ~Fields() = default;
        /// The first value of that (lower-case) name; nothing: the field is not there.
        virtual std::optional<std::string_view> field(std::string_view name) const = 0;
        /// Two upper-case letters, as a proxy that is trusted said; "": not known.
        virtual std::string_view country() const = 0;
        /// "http" or "https", as the visitor sees it.
        virtual std::string_view scheme() const = 0;
        /// What the visitor is to the site, as its identity provider says; none: not known.
        virtual std::vector<std::string> roles() const = 0;
    };
    const Fields* fields = nullptr;

    std::string_view scheme() const { return fields == nullptr ? "http" : fields->scheme(); }
};

struct Field {
    std::string name{};                  // lower case
    std::optional<std::string> value{};  // nothing: the field is taken away
};

struct Decision {
    enum class Kind {
        file,       // `file` with `status`
        redirect,   // to `location` with `status`
        elsewhere,  // what `location`, an http(s) address, answers
        status,     // `status` alone
        missing,    // `file` (or none) with 404
    };
    Kind kind = Kind::missing;
    std::uint32_t status = 404;
    std::uint32_t file = no_file;
    std::string location{};       // encoded, with query and fragment
    const Rule* rule = nullptr;   // that decided; null: the files did
    std::vector<Field> fields{};  // what header rules say, merged
    bool by_role = false;         // a visitor with other roles may get another answer
};

/// Why a rule did or did not count.
struct Step {
    const Rule* rule = nullptr;  // null: the files were asked
    bool decided = false;
    std::string why{};
};
using Steps = std::vector<Step>;

/// A rule set made ready. Immutable, shared by all loops.
class Rules {
public:
    explicit Rules(RuleSet set);
    Rules(const Rules&) = delete;
    Rules& operator=(const Rules&) = delete;

    /// `steps`, when it is not null, gets what was tried, in order.
    Decision decide(const Ask& ask, const FileIndex& index, Steps* steps) const;

    const RuleSet& set() const { return set_; }
    std::size_t memory_bytes() const;

private:
    struct Deciding;
    enum class Went { on, decided };

    Went try_rules(Stage stage, Deciding& at) const;
    Went try_rule(std::uint32_t number, Deciding& at) const;
    Went apply(const Rule& rule, const Captures& captures, Deciding& at) const;
    Went apply_rewrite(const Rule& rule, const Captures& captures, Deciding& at) const;
    void decide_file(const Looked& looked, Deciding& at) const;
    void add_headers(Deciding& at) const;
    bool all_hold(const std::vector<Condition>& conditions, Deciding& at, Captures& captures,
                  const Condition*& failed) const;

    RuleSet set_;
    std::vector<std::uint32_t> before_{};  // numbers of rules, stage by stage
    std::vector<std::uint32_t> after_{};
    std::unique_ptr<Matcher> before_matcher_{};
    std::unique_ptr<Matcher> after_matcher_{};
    std::unique_ptr<Matcher> header_matcher_{};
    boost::unordered_flat_map<std::string, std::unique_ptr<Regex>> regexes_{};  // of conditions
};

}  // namespace berth::rules
