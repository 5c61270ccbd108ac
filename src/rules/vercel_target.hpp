#pragma once
/// The templates of `vercel.json`: where redirects and rewrites lead, and headers with captures.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "rules/path_to_regexp.hpp"

namespace berth::rules {

/// How a template asks for a capture.
enum class TemplateSyntax {
    colon,   // ":name", also ":name*" and ":name(re)"; "$1" by number. Of rules with `source`
    dollar,  // "$1", "$name" and "${name}"; of `routes`
};

/// What a template may ask for. The captures have the names that they have in the pattern; a word
/// that is added again is the newer capture's.
class TemplateWords {
public:
    explicit TemplateWords(TemplateSyntax syntax) : syntax_(syntax) {}

    TemplateSyntax syntax() const { return syntax_; }

    /// The next one by number, and by `word` where it is not empty.
    void add_group(const std::string& word, const std::string& capture);

    /// One that has no number, as those of conditions.
    void add(const std::string& word, const std::string& capture);

    /// The capture of a word, or of a number from 1; nullptr: there is none.
    const std::string* find(const std::string& word) const;
    const std::string* find(std::size_t number) const;

    /// Words that are names, in the order in which they were added.
    const std::vector<std::string>& names() const { return names_; }

private:
    TemplateSyntax syntax_;
    std::map<std::string, std::string> words_;
    std::vector<std::string> numbered_;
    std::vector<std::string> names_;
};

/// The words of a source.
TemplateWords template_words(const std::vector<SourceCapture>& captures);

struct VercelTarget {
    Target target{};
    bool asks_by_name = false;  // for a capture, in its host, path or fragment; "$1" is no name
};

/// Where a redirect or rewrite leads: a path on this site, or an http(s) address. What a URL cannot
/// hold as it is ("é", a line feed) is encoded.
///
/// Shape:  "/b/:path*?q=:id" → path "/b/" {path}, query "q=" {id}
/// Errors: invalid — `:x` that no capture is named, but in a fragment, as with Vercel; neither a
///         path nor an http(s) address; a user name or password in it.
Result<VercelTarget> parse_vercel_target(std::string_view text, const TemplateWords& words);

/// A header's name or value: what is no capture stays as it is.
Template parse_header_template(std::string_view text, const TemplateWords& words);

/// Gives a rewrite's target the named captures that it does not ask for, as parameters. Only when
/// it asks for none by name, and those excepted that its query has already.
void append_captures(VercelTarget& to, const TemplateWords& words);

/// Whether any part of the target asks for that capture.
bool asks_for(const Target& target, const std::string& capture);
bool asks_for(const Template& pieces, const std::string& capture);

}  // namespace berth::rules
