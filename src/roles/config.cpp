#include "roles/config.hpp"

#include <toml++/toml.h>

#include <cstdlib>
#include <fstream>

namespace berth::roles {
namespace {

std::string key_of(const Option& option) {
    std::string key = option.name;
    std::ranges::replace(key, '-', '_');
    return key;
}

std::string variable_of(const Option& option) {
    std::string name = "BERTH_" + key_of(option);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
    return name;
}

Error bad_value(const Option& option, const std::string& where, const std::string& text) {
    return fail_as(Failure::invalid, "bad_value", "/" + key_of(option),
                   "{}: '{}' is not a whole number from {} to {}", where, text, option.least,
                   option.most);
}

Result<> set(ServeConfig& config, const Option& option, const std::string& text,
             const std::string& where) {
    if (const auto* field = std::get_if<std::string ServeConfig::*>(&option.field)) {
        config.** field = text;
        return {};
    }
    const bool digits =
        !text.empty() && text.size() < 15 && text.find_first_not_of("0123456789") == text.npos;
    if (!digits) return bad_value(option, where, text);
    const std::int64_t number = std::stoll(text);
    if (number < option.least || number > option.most) return bad_value(option, where, text);
    config.*std::get<std::int64_t ServeConfig::*>(option.field) = number;
    return {};
}

const Option* find_option(std::string_view name) {
    for (const Option& option : serve_options()) {
        if (option.name == name) return &option;
    }
    return nullptr;
}

Result<> read_file_into(ServeConfig& config, const std::string& path) {
    try {
        const toml::table table = toml::parse_file(path);
        for (const auto& [key, node] : table) {
            std::string name(key.str());
            std::ranges::replace(name, '_', '-');
            const toml::source_position at = key.source().begin;
            const Option* option = find_option(name);
            if (option == nullptr) {
                return fail_as(Failure::invalid, "unknown_option", "", "{}:{}:{}: unknown key '{}'",
                               path, at.line, at.column, key.str());
            }
            const auto text = node.value<std::string>();
            const auto number = node.value<std::int64_t>();
            const std::string where = fmt::format("{}:{}:{}", path, at.line, at.column);
            const std::string value = text     ? *text
                                      : number ? std::to_string(*number)
                                               : std::string("(neither text nor number)");
            if (const Result<> done = set(config, *option, value, where); !done) return done;
        }
        return {};
    } catch (const toml::parse_error& error) {
        const toml::source_position at = error.source().begin;
        return fail_as(Failure::invalid, "bad_value", "", "{}:{}:{}: {}", path, at.line, at.column,
                       error.description());
    }
}

/// "--name value" and "--name=value", in order.
struct Flag {
    std::string name{};
    std::string value{};
};

Result<std::vector<Flag>> split_flags(const std::vector<std::string>& arguments) {
    std::vector<Flag> flags;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& text = arguments[i];
        if (text == "-h" || text == "--help") {
            flags.push_back({"help", ""});
            continue;
        }
        if (!text.starts_with("--")) {
            return fail_as(Failure::invalid, "unknown_option", "", "unexpected argument '{}'",
                           text);
        }
        const std::size_t equals = text.find('=');
        Flag flag{text.substr(2, equals == text.npos ? equals : equals - 2), ""};
        if (flag.name != "config" && find_option(flag.name) == nullptr) {
            return fail_as(Failure::invalid, "unknown_option", "",
                           "unknown option --{}; `berth serve --help` lists them", flag.name);
        }
        if (equals != text.npos) {
            flag.value = text.substr(equals + 1);
        } else if (i + 1 < arguments.size()) {
            flag.value = arguments[++i];
        } else {
            return fail_as(Failure::invalid, "bad_value", "", "--{} needs a value", flag.name);
        }
        flags.push_back(std::move(flag));
    }
    return flags;
}

}  // namespace

const std::vector<Option>& serve_options() {
    using C = ServeConfig;
    static const std::vector<Option> options{
        {"data", "where everything is kept", &C::data},
        {"listen", "ADDRESS:PORT of sites and dashboard", &C::listen},
        {"base-host", "projects are served at NAME.BASE-HOST", &C::base_host},
        {"platform-url", "address of the dashboard; default http://BASE-HOST:PORT",
         &C::platform_url},
        {"trusted-proxy", "CIDR,… whose X-Forwarded-… headers are believed", &C::trusted_proxy},
        {"allow-nets", "CIDR[:PORT],… that clones may reach beside the internet", &C::allow_nets},
        {"allow-build-nets", "CIDR[:PORT],… that builds may reach beside the internet",
         &C::allow_build_nets},
        {"ca-file", "extra trusted certificates (PEM), for clones, builds and calls", &C::ca_file},
        {"npm-registry", "address of the npm registry; default: what the npm client uses",
         &C::npm_registry},
        {"edge-loops", "threads of the edge; 0 is one per core", &C::edge_loops, 0, 256},
        {"builds", "builds at a time", &C::builds, 1, 64},
        {"build-memory-mb", "memory of one build", &C::build_memory_mb, 64, 1 << 20},
        {"build-minutes", "time of one build", &C::build_minutes, 1, 24 * 60},
        {"build-disk-mb", "disk of one build", &C::build_disk_mb, 64, 1 << 20},
        {"build-processes", "processes of one build", &C::build_processes, 16, 1 << 15},
        {"cache-gb", "disk for dependency snapshots and toolchains", &C::cache_gb, 1, 1 << 12},
        {"disk-reserve-mb", "free disk below which no build begins", &C::disk_reserve_mb, 0,
         1 << 20},
        {"log-level", "debug, info, warning or error", &C::log_level},
    };
    return options;
}

std::vector<std::string> split_list(const std::string& list) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin < list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        const std::size_t first = list.find_first_not_of(' ', begin);
        if (first < end) {
            const std::size_t last = list.find_last_not_of(' ', end - 1);
            parts.push_back(list.substr(first, last - first + 1));
        }
        begin = end + 1;
    }
    return parts;
}

Result<Parsed> read_serve_config(const std::vector<std::string>& arguments) {
    const Result<std::vector<Flag>> flags = split_flags(arguments);
    if (!flags) return flags.error();
    Parsed parsed;
    const char* file = std::getenv("BERTH_CONFIG");
    std::string path = file == nullptr ? "" : file;
    for (const Flag& flag : *flags) {
        if (flag.name == "help") parsed.help = true;
        if (flag.name == "config") path = flag.value;
    }
    if (!path.empty()) {
        if (const Result<> done = read_file_into(parsed.config, path); !done) return done.error();
    }
    for (const Option& option : serve_options()) {
        const std::string name = variable_of(option);
        const char* value = std::getenv(name.c_str());
        if (value == nullptr || *value == '\0') continue;
        if (const Result<> done = set(parsed.config, option, value, name); !done) {
            return done.error();
        }
    }
    for (const Flag& flag : *flags) {
        const Option* option = find_option(flag.name);
        if (option == nullptr) continue;
        const Result<> done = set(parsed.config, *option, flag.value, "--" + flag.name);
        if (!done) return done.error();
    }
    return parsed;
}

std::string serve_help() {
    const ServeConfig defaults;
    std::string help =
        "Usage: berth serve [OPTION VALUE]…\n\n"
        "Runs all of Berth on this machine. Every option can also be set by a BERTH_… variable or\n"
        "in the TOML file given with --config.\n\n";
    for (const Option& option : serve_options()) {
        std::string value;
        if (const auto* field = std::get_if<std::string ServeConfig::*>(&option.field)) {
            value = defaults.**field;
        } else {
            value = std::to_string(defaults.*std::get<std::int64_t ServeConfig::*>(option.field));
        }
        help += fmt::format("  --{:<18} {}{}\n", option.name, option.help,
                            value.empty() ? "" : " [" + value + "]");
    }
    return help + fmt::format("  --{:<18} {}\n", "config", "a TOML file with these settings");
}

}  // namespace berth::roles
