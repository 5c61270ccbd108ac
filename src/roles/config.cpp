#include "roles/config.hpp"

#include <fmt/ranges.h>
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/toml.hpp"

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

Error bad_number(const Option& option, const std::string& where, const std::string& text) {
    return fail_as(Failure::invalid, "bad_value", "/" + key_of(option),
                   "{}: '{}' is not a whole number from {} to {}", where, text, option.least,
                   option.most);
}

Result<> set(ServeConfig& config, const Option& option, const std::string& text,
             const std::string& where) {
    if (const auto* field = std::get_if<std::string ServeConfig::*>(&option.field)) {
        if (!option.words.empty() && std::ranges::count(option.words, text) == 0) {
            return fail_as(Failure::invalid, "bad_value", "/" + key_of(option),
                           "{}: '{}' is none of {}", where, text, fmt::join(option.words, ", "));
        }
        config.** field = text;
        return {};
    }
    const bool digits =
        !text.empty() && text.size() < 15 && text.find_first_not_of("0123456789") == text.npos;
    if (!digits) return bad_number(option, where, text);
    const std::int64_t number = std::stoll(text);
    if (number < option.least || number > option.most) return bad_number(option, where, text);
    config.*std::get<std::int64_t ServeConfig::*>(option.field) = number;
    return {};
}

const Option* find_option(const std::vector<Option>& options, std::string_view name) {
    const auto found = std::ranges::find(options, name, &Option::name);
    return found == options.end() ? nullptr : &*found;
}

Result<> read_file_into(ServeConfig& config, const std::vector<Option>& options,
                        const std::string& path) {
    try {
        const toml::table table = toml_text::parse_file(path);
        for (const auto& [key, node] : table) {
            std::string name(key.str());
            std::ranges::replace(name, '_', '-');
            const toml::source_position at = key.source().begin;
            const Option* option = find_option(options, name);
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
    } catch (const toml_text::Malformed&) {
        return fail_as(Failure::invalid, "bad_value", "", "{}: this is not TOML", path);
    }
}

const char* word_of(Starter starter);

/// "--name value" and "--name=value", in order.
struct Flag {
    std::string name{};
    std::string value{};
};

Result<std::vector<Flag>> split_flags(Starter starter, const std::vector<Option>& options,
                                      const std::vector<std::string>& arguments) {
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
        if (const Option* option = find_option(options, flag.name);
            option != nullptr && option->secret) {
            return fail_as(Failure::invalid, "secret_in_arguments", "/" + key_of(*option),
                           "--{} would be seen by all who list processes: set {}, or {} in the "
                           "file given with --config",
                           flag.name, variable_of(*option), key_of(*option));
        }
        if (flag.name != "config" && find_option(options, flag.name) == nullptr) {
            return fail_as(Failure::invalid, "unknown_option", "",
                           "unknown option --{}; `berth {} --help` lists them", flag.name,
                           word_of(starter));
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

constexpr unsigned of_serve = static_cast<unsigned>(Starter::serve);
constexpr unsigned of_worker = static_cast<unsigned>(Starter::worker);
constexpr unsigned of_edge = static_cast<unsigned>(Starter::edge);
constexpr unsigned of_build = static_cast<unsigned>(Starter::build);
constexpr unsigned of_all = of_serve | of_worker | of_edge;

const std::vector<Option>& all_options() {
    using C = ServeConfig;
    static const std::vector<Option> options{
        {"server", "address of the Berth to join: its dashboard's", &C::server, of_worker | of_edge,
         0, 0, "needed"},
        {"token-file", "a file with what `berth workers token` printed, of mode 0600",
         &C::token_file, of_worker, 0, 0, "needed"},
        {"token-file", "a file with what `berth edges token` printed, of mode 0600", &C::token_file,
         of_edge, 0, 0, "needed"},
        {"objects",
         "where that Berth's objects are: file:DIR, its `objects` directory or a mount of it; or "
         "its s3://…",
         &C::objects, of_edge, 0, 0, "needed"},
        {"data", "where everything is kept", &C::data, of_serve, 0, 0,
         "/var/lib/berth as root, else $XDG_DATA_HOME/berth"},
        {"data", "where this worker keeps volumes, snapshots and toolchains", &C::data, of_worker,
         0, 0, "/var/lib/berth-worker as root, else $XDG_DATA_HOME/berth-worker"},
        {"data", "where this edge keeps its last good routes", &C::data, of_edge, 0, 0,
         "/var/lib/berth-edge as root, else $XDG_DATA_HOME/berth-edge"},
        {"database", "sqlite:PATH; PostgreSQL is to come", &C::database, of_serve, 0, 0,
         "sqlite:DATA/api/berth.sqlite"},
        {"bus", "local; Redis is to come", &C::bus, of_serve},
        {"objects", "file:DIR or s3://BUCKET/PREFIX?endpoint=URL&region=R&path_style=1",
         &C::objects, of_serve, 0, 0, "file:DATA/objects"},
        {.name = "s3-access-key",
         .help = "of a key that may read, write, delete and list in the bucket",
         .field = &C::s3_access_key,
         .starters = of_serve,
         .fallback = "none",
         .secret = true},
        {.name = "s3-access-key",
         .help = "of a key that may read and list `public/` in the bucket",
         .field = &C::s3_access_key,
         .starters = of_edge,
         .fallback = "none",
         .secret = true},
        {.name = "s3-secret-key",
         .help = "its secret",
         .field = &C::s3_secret_key,
         .starters = of_serve | of_edge,
         .fallback = "none",
         .secret = true},
        {.name = "s3-read-access-key",
         .help = "of a key for the edge, that may only read and list `public/`",
         .field = &C::s3_read_access_key,
         .starters = of_serve,
         .fallback = "the other key",
         .secret = true},
        {.name = "s3-read-secret-key",
         .help = "its secret",
         .field = &C::s3_read_secret_key,
         .starters = of_serve,
         .fallback = "the other key's",
         .secret = true},
        {"edge-cache-gb", "disk for what the edge has fetched from S3", &C::edge_cache_gb,
         of_serve | of_edge, 1, 1 << 14},
        {"engine", "sandbox; Docker, Swarm and ECS are to come", &C::engine, of_serve},
        {"runtime", "OCI runtime that starts sandboxes: runc, crun, or a path", &C::runtime,
         of_serve | of_worker},
        {"listen", "ADDRESS:PORT of sites and dashboard; :8080 is all addresses, [::1]:8080 works",
         &C::listen, of_serve},
        {"listen", "ADDRESS:PORT of sites; :8080 is all addresses, [::1]:8080 works", &C::listen,
         of_edge},
        {"listen-tls", "ADDRESS:PORT of the same over TLS, with HTTP/2; needs certificates",
         &C::listen_tls, of_serve | of_edge, 0, 0, "none"},
        {"cert", "certificate with its chain (PEM); also for clients that name no host", &C::cert,
         of_serve | of_edge, 0, 0, "none"},
        {"key", "the key of --cert (PEM, no passphrase)", &C::key, of_serve | of_edge, 0, 0,
         "none"},
        {"cert-dir",
         "directory of NAME.crt with NAME.key, or NAME/fullchain.pem with privkey.pem; read "
         "again when they change",
         &C::cert_dir, of_serve | of_edge, 0, 0, "none"},
        {"https-redirect",
         "whether visitors in the clear are sent to TLS where there is a certificate",
         &C::https_redirect,
         of_serve | of_edge,
         0,
         0,
         "",
         {"on", "off"}},
        {"hsts-max-age",
         "seconds for which browsers shall come over TLS alone; 0 says nothing, nor does localhost",
         &C::hsts_max_age, of_serve | of_edge, 0, 63'072'000},
        {"proxy-protocol",
         "whether connections of trusted proxies begin with the PROXY header (1 or 2)",
         &C::proxy_protocol,
         of_serve | of_edge,
         0,
         0,
         "",
         {"on", "off"}},
        {"h2c",
         "whether HTTP/2 is spoken in the clear to proxies that begin with it",
         &C::h2c,
         of_serve | of_edge,
         0,
         0,
         "",
         {"on", "off"}},
        {"base-host", "projects are served at NAME.BASE-HOST", &C::base_host, of_serve},
        {"platform-url", "address of the dashboard, and the Origin of requests by cookie",
         &C::platform_url, of_serve, 0, 0, "http://BASE-HOST:PORT, https with --listen-tls"},
        {"platform-url", "address of the dashboard, which this edge only tells visitors of",
         &C::platform_url, of_edge, 0, 0, "the server's"},
        {"trusted-proxy", "CIDR,… whose X-Forwarded-… headers are believed", &C::trusted_proxy,
         of_serve | of_edge, 0, 0, "none"},
        {"country-header",
         "field in which a trusted proxy says the visitor's country (CF-IPCountry)",
         &C::country_header, of_serve | of_edge, 0, 0, "none"},
        {"allow-rewrite-nets", "CIDR[:PORT],… that sites' rewrites may reach beside the internet",
         &C::allow_rewrite_nets, of_serve | of_edge, 0, 0, "none"},
        {"allow-nets",
         "CIDR[:PORT],… that clones, Git hosts and sign-in may reach beside the internet",
         &C::allow_nets, of_serve | of_worker, 0, 0, "none"},
        {"allow-build-nets", "CIDR[:PORT],… that builds may reach beside the internet",
         &C::allow_build_nets, of_serve | of_worker | of_build, 0, 0, "none"},
        {"allow-notify-nets", "CIDR[:PORT],… that notifications may reach beside the internet",
         &C::allow_notify_nets, of_serve, 0, 0, "none"},
        {"ca-file",
         "certificates (PEM) to trust beside the system's: clones, builds and Berth's own calls",
         &C::ca_file, of_all | of_build, 0, 0, "none"},
        {"npm-registry", "where toolchains and packages come from", &C::npm_registry,
         of_serve | of_worker | of_build, 0, 0, "what `npm config get registry` says"},
        {"edge-loops", "threads of the edge; 0 is one per core", &C::edge_loops, of_serve | of_edge,
         0, 256},
        {"drain-seconds", "how long an edge that was replaced by an upgrade has for what is open",
         &C::drain_seconds, of_serve, 1, 3'600},
        {"access-log",
         "file for a line of JSON per request, in a directory of its own; - is stdout",
         &C::access_log, of_serve | of_edge, 0, 0, "none"},
        {"access-log-sample", "part of the requests that are logged, 0 to 1", &C::access_log_sample,
         of_serve | of_edge},
        {"access-log-mb", "size of that file; it and the four before it are kept",
         &C::access_log_mb, of_serve | of_edge, 1, 1 << 20},
        {"admin-listen", "ADDRESS:PORT or unix:PATH of the edge's /metrics, /livez and /readyz",
         &C::admin_listen, of_serve | of_edge, 0, 0, "none"},
        {"builds", "builds at a time, two of one project at most; 0 leaves them to joined workers",
         &C::builds, of_serve, 0, 64},
        {"builds", "builds at a time, two of one project at most", &C::builds, of_worker, 1, 64},
        {"build-memory-mb", "memory of one build", &C::build_memory_mb, of_serve | of_build, 64,
         1 << 20},
        {"builds-memory-mb", "memory of all builds of this machine together; one is always begun",
         &C::builds_memory_mb, of_serve | of_worker, 0, 1 << 24, "the machine's, less a part"},
        {"build-minutes", "time of install and build together", &C::build_minutes,
         of_serve | of_build, 1, 24 * 60},
        {"build-disk-mb", "size of each of a build's volumes", &C::build_disk_mb,
         of_serve | of_build, 64, 1 << 20},
        {"build-processes", "processes of one build", &C::build_processes, of_serve | of_build, 16,
         1 << 15},
        {"builds-processors",
         "spare: builds get what nothing else on the machine wants; shared: a fifth of what others "
         "want too",
         &C::builds_processors,
         of_serve | of_worker,
         0,
         0,
         "",
         {"spare", "shared"}},
        {"cache-gb", "disk for what builds leave for the next ones, and for toolchains",
         &C::cache_gb, of_serve | of_worker | of_build, 1, 1 << 12},
        {"project-cache-gb", "of it for one project", &C::project_cache_gb,
         of_serve | of_worker | of_build, 1, 1 << 12},
        {"disk-reserve-mb", "free disk below which no build begins", &C::disk_reserve_mb,
         of_serve | of_worker | of_build, 0, 1 << 20},
        {"first-uid", "as root: first uid of sandboxes; another for each worker of one machine",
         &C::first_uid, of_worker, 1 << 20, 0x7ff00000},
        {"audit-days", "days that rows of the audit log are kept", &C::audit_days, of_serve, 1,
         36'500},
        {"log-level",
         "how much Berth says",
         &C::log_level,
         of_all,
         0,
         0,
         "",
         {"debug", "info", "warning", "error"}},
    };
    return options;
}

const char* word_of(Starter starter) {
    switch (starter) {
        case Starter::serve:
            return "serve";
        case Starter::worker:
            return "worker";
        case Starter::edge:
            return "edge";
        case Starter::build:
            return "build";
    }
    std::unreachable();
}

const char* about(Starter starter) {
    switch (starter) {
        case Starter::serve:
            return "Runs all of Berth on this machine.";
        case Starter::worker:
            return "Joins a running Berth as a worker: claims its jobs and builds them in "
                   "sandboxes "
                   "of this\nmachine. As root, or as a user who may make sandboxes: see "
                   "`berth doctor`.";
        case Starter::edge:
            return "Joins a running Berth as an edge: serves its sites from its object store, also "
                   "while\nthat Berth is away.";
        case Starter::build:
            return "Builds a directory of this machine.";
    }
    std::unreachable();
}

std::string default_of(const Option& option) {
    static const ServeConfig defaults;
    if (!option.fallback.empty()) return option.fallback;
    if (const auto* field = std::get_if<std::string ServeConfig::*>(&option.field)) {
        return defaults.**field;
    }
    return std::to_string(defaults.*std::get<std::int64_t ServeConfig::*>(option.field));
}

/// "builds at a time (1 to 64)"
std::string meaning_of(const Option& option) {
    if (!option.words.empty()) {
        return fmt::format("{} ({})", option.help, fmt::join(option.words, ", "));
    }
    if (std::holds_alternative<std::string ServeConfig::*>(option.field)) return option.help;
    return fmt::format("{} ({} to {})", option.help, option.least, option.most);
}

}  // namespace

std::vector<Option> options_of(Starter starter) {
    std::vector<Option> options;
    for (const Option& option : all_options()) {
        if ((option.starters & static_cast<unsigned>(starter)) != 0) options.push_back(option);
    }
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

Result<Parsed> read_config(Starter starter, const std::vector<std::string>& arguments) {
    const std::vector<Option> options = options_of(starter);
    const Result<std::vector<Flag>> flags = split_flags(starter, options, arguments);
    if (!flags) return flags.error();
    Parsed parsed;
    // That is the file of a server, with keys that `berth build` has no use for.
    const char* file = starter == Starter::build ? nullptr : std::getenv("BERTH_CONFIG");
    std::string path = file == nullptr ? "" : file;
    for (const Flag& flag : *flags) {
        if (flag.name == "help") parsed.help = true;
        if (flag.name == "config") path = flag.value;
    }
    if (!path.empty()) {
        if (const Result<> done = read_file_into(parsed.config, options, path); !done)
            return done.error();
    }
    for (const Option& option : options) {
        const std::string name = variable_of(option);
        const char* value = std::getenv(name.c_str());
        if (value == nullptr || *value == '\0') continue;
        if (const Result<> done = set(parsed.config, option, value, name); !done) {
            return done.error();
        }
    }
    for (const Flag& flag : *flags) {
        const Option* option = find_option(options, flag.name);
        if (option == nullptr) continue;
        const Result<> done = set(parsed.config, *option, flag.value, "--" + flag.name);
        if (!done) return done.error();
    }
    return parsed;
}

std::string help_of(Starter starter) {
    std::string help = fmt::format(
        "Usage: berth {} [OPTION VALUE]…\n\n{}\n\n"
        "Every option can also be set by a BERTH_… variable or in the TOML file given with "
        "--config.\n\n",
        word_of(starter), about(starter));
    for (const Option& option : options_of(starter)) {
        if (option.secret) continue;
        help += fmt::format("  --{:<18} {} [{}]\n", option.name, meaning_of(option),
                            default_of(option));
    }
    std::string secrets;
    for (const Option& option : options_of(starter)) {
        if (!option.secret) continue;
        secrets += fmt::format("  {:<28} {} [{}]\n", variable_of(option), meaning_of(option),
                               default_of(option));
    }
    if (!secrets.empty()) secrets = "\nOnly in the environment or the file:\n" + secrets;
    return help + fmt::format("  --{:<18} {}\n", "config", "a TOML file with these settings") +
           secrets;
}

std::string options_table(Starter starter) {
    std::string table = "| flag | variable | key | default | meaning |\n|---|---|---|---|---|\n";
    for (const Option& option : options_of(starter)) {
        const bool flagless = option.secret || starter == Starter::build;
        const std::string flag = flagless ? "–" : fmt::format("`--{}`", option.name);
        table += fmt::format("| {} | `{}` | `{}` | {} | {} |\n", flag, variable_of(option),
                             key_of(option), default_of(option), meaning_of(option));
    }
    return table;
}

}  // namespace berth::roles
