#include "plans/javascript_literals.hpp"

#include <algorithm>
#include <array>

#include "plans/javascript_tokens.hpp"

namespace berth::plans {

using Token = JavascriptToken;

/// One walk over the tokens with a stack of the brackets that are open.
class JavascriptReader {
public:
    using Value = JavascriptLiterals::Value;

    explicit JavascriptReader(std::string_view source) : tokens_(javascript_tokens(source)) {}

    JavascriptLiterals run() {
        for (at_ = 0; at_ < tokens_.size(); ++at_)
            step();
        return std::move(result_);
    }

private:
    struct Frame {
        bool brace = false;
        std::string path{};  // of the keys around it
        std::string key{};   // whose value is being read
    };

    const Token& token(std::size_t index) const {
        static const Token none;
        return index < tokens_.size() ? tokens_[index] : none;
    }
    bool is_name(std::size_t index) const {
        return token(index).kind == Token::Kind::word || token(index).kind == Token::Kind::text;
    }

    /// Deep nesting must not make long paths: nobody asks for those.
    static std::string joined(const std::string& path, const std::string& key) {
        constexpr std::size_t path_bytes_max = 200;
        if (path.size() + key.size() > path_bytes_max) return path;
        return path.empty() ? key : key.empty() ? path : path + "." + key;
    }

    void step() {
        const Token& here = token(at_);
        if (here.is("{") || here.is("(") || here.is("[")) {
            const Frame& around = stack_.back();
            stack_.push_back({here.is("{"), joined(around.path, around.key), ""});
        } else if (here.is("}") || here.is(")") || here.is("]")) {
            if (stack_.size() > 1) stack_.pop_back();
        } else if (here.is(",") || here.is(";")) {
            stack_.back().key.clear();
        } else if (here.kind == Token::Kind::text) {
            read_import();
        } else if (here.kind == Token::Kind::word) {
            read_assignment();
            read_call();
        }
        read_key();
    }

    /// `key: value`, at the beginning of an object or after a comma of it.
    void read_key() {
        Frame& frame = stack_.back();
        const bool begins =
            frame.brace && at_ > 0 && (token(at_ - 1).is("{") || token(at_ - 1).is(","));
        if (!begins || !is_name(at_) || !token(at_ + 1).is(":")) return;
        frame.key = token(at_).text;
        add(joined(frame.path, frame.key), value_at(at_ + 2));
    }

    /// `from 'x'`, `import 'x'`, `import('x')`, `require('x')`.
    void read_import() {
        if (at_ == 0) return;
        const bool bracket = token(at_ - 1).is("(") && at_ > 1;
        const Token& word = token(at_ - (bracket ? 2 : 1));
        if (word.is("import") || (bracket ? word.is("require") : word.is("from")))
            result_.imports_.insert(token(at_).text);
    }

    /// `config.build.outDir = 'x'`: the first word is a variable.
    void read_assignment() {
        if (at_ > 0 && token(at_ - 1).is(".")) return;
        std::string path;
        std::size_t end = at_ + 1;
        for (; token(end).is(".") && token(end + 1).kind == Token::Kind::word; end += 2) {
            const bool exports = token(end + 1).text == "exports";
            if (!exports) path = joined(path, token(end + 1).text);
        }
        if (!path.empty() && token(end).is("=") && !token(end + 1).is("="))
            add(path, value_at(end + 1));
    }

    /// `config.setOutputDirectory('x')` is "setOutputDirectory()".
    void read_call() {
        if (!token(at_ + 1).is("(") || token(at_ + 2).kind != Token::Kind::text) return;
        if (!token(at_ + 3).is(")")) return;
        add(token(at_).text + "()", {Value::Kind::text, token(at_ + 2).text});
    }

    bool ends_value(std::size_t index) const {
        const Token& next = token(index);
        static constexpr std::array<std::string_view, 6> ends{",", "}", ")", "]", ";", "as"};
        if (index >= tokens_.size() || next.is("satisfies")) return true;
        if (std::any_of(ends.begin(), ends.end(), [&](auto end) { return next.is(end); }))
            return true;
        return next.kind == Token::Kind::word;  // the next statement, without a semicolon
    }

    Value value_at(std::size_t index) const {
        const Token& first = token(index);
        if (first.kind == Token::Kind::text) {
            return ends_value(index + 1) ? Value{Value::Kind::text, first.text} : Value{};
        }
        if ((first.is("true") || first.is("false")) && ends_value(index + 1)) {
            return {Value::Kind::flag, first.text};
        }
        return directory_at(index);
    }

    /// Tokens of an expression for the file's own directory, 0 when it is another.
    std::size_t length_of_directory(std::size_t index) const {
        if (token(index).is("__dirname")) return 1;
        const bool of_module = token(index).is("import") && token(index + 2).is("meta") &&
                               token(index + 4).is("dirname");
        const bool of_process = token(index).is("process") && token(index + 2).is("cwd");
        return of_module || of_process ? 5 : 0;
    }

    /// `path.resolve(__dirname, 'a', 'b')` and `join(import.meta.dirname, 'a')`: relative to the
    /// file, which lies in the root directory.
    Value directory_at(std::size_t index) const {
        if (token(index).is("path") && token(index + 1).is(".")) index += 2;
        if (!token(index).is("resolve") && !token(index).is("join")) return {};
        if (!token(index + 1).is("(")) return {};
        index += 2;
        const std::size_t directory = length_of_directory(index);
        if (directory == 0) return {};
        index += directory;
        std::string path;
        while (token(index).is(",") && token(index + 1).kind == Token::Kind::text) {
            path += (path.empty() ? "" : "/") + token(index + 1).text;
            index += 2;
        }
        if (path.empty() || !token(index).is(")") || !ends_value(index + 1)) return {};
        return {Value::Kind::text, path};
    }

    void add(const std::string& path, Value value) {
        result_.values_[path].push_back(std::move(value));
    }

    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    std::vector<Frame> stack_{Frame{}};
    JavascriptLiterals result_{};
};

JavascriptLiterals JavascriptLiterals::read(std::string_view source) {
    return JavascriptReader(source).run();
}

const JavascriptLiterals::Value* JavascriptLiterals::the_one(std::string_view path) const {
    const auto found = values_.find(path);
    if (found == values_.end()) return nullptr;
    const Value& first = found->second.front();
    const bool same = std::all_of(found->second.begin(), found->second.end(),
                                  [&](const Value& value) { return value == first; });
    return same ? &first : nullptr;
}

std::optional<std::string> JavascriptLiterals::text(std::string_view path) const {
    const Value* value = the_one(path);
    if (value == nullptr || value->kind != Value::Kind::text) return std::nullopt;
    return value->text;
}

std::optional<bool> JavascriptLiterals::flag(std::string_view path) const {
    const Value* value = the_one(path);
    if (value == nullptr || value->kind != Value::Kind::flag) return std::nullopt;
    return value->text == "true";
}

bool JavascriptLiterals::has(std::string_view path) const {
    return values_.contains(path);
}

}  // namespace berth::plans
