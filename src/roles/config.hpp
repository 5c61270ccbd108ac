#pragma once
/// What an operator can set. Declared once, in config.cpp: the flag, the BERTH_… variable, the key
/// of the TOML file, the help, the default, and who takes it. Precedence: flag, environment, file,
/// default. Help and the tables of docs/operating.md are made from the same declarations.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "engines/proxies.hpp"
#include "jobs/job.hpp"

namespace berth::roles {

/// Who starts roles: `berth serve` all of them, `berth worker`, `berth edge` and `berth build`
/// their own. That last one has flags of its own (cli/build.cpp), and takes these from the
/// environment.
enum class Starter : unsigned { serve = 1, worker = 2, edge = 4, build = 8 };

struct ServeConfig {
    std::string server{};      // worker and edge: where the api is
    std::string token_file{};  // worker and edge
    std::string data{};        // "" is default_data_directory()
    std::string database{};    // serve: "sqlite:PATH"; "" is in the data directory
    std::string bus = "local";
    std::string objects{};  // "file:DIR" or "s3://…"; serve: "" is in the data directory
    std::string s3_access_key{};
    std::string s3_secret_key{};
    std::string s3_read_access_key{};  // serve: the edge's own, that may only read
    std::string s3_read_secret_key{};
    std::int64_t edge_cache_gb = 10;  // of a remote store's blobs
    std::string engine = "sandbox";
    std::string runtime = "runc";
    std::string listen = "127.0.0.1:8080";
    std::string listen_tls{};
    std::string cert{};
    std::string key{};
    std::string cert_dir{};
    std::string https_redirect = "on";
    std::int64_t hsts_max_age = 2'592'000;  // seconds
    std::string proxy_protocol = "off";
    std::string h2c = "off";
    std::string base_host = "localhost";
    std::string platform_url{};  // "" is http://BASE-HOST:PORT
    bool platform_on_ip = true;  // until it is set, address literals are the platform's too
    std::string trusted_proxy{};
    std::string country_header{};
    std::string allow_rewrite_nets{};  // CIDR[:PORT],… that rewrites may reach beside the internet
    std::string allow_nets{};          // CIDR[:PORT],… that clones may reach beside the internet
    std::string allow_build_nets{};    // the same for builds
    std::string allow_notify_nets{};   // the same for notifications
    std::string ca_file{};
    std::string npm_registry{};   // "" asks the npm client
    std::int64_t edge_loops = 0;  // 0: one per core
    std::int64_t drain_seconds = 30;
    std::string access_log{};  // "": none; "-": stdout
    std::string access_log_sample = "1";
    std::int64_t access_log_mb = 100;
    std::string admin_listen{};  // "": none
    std::int64_t builds = 2;     // at a time
    std::int64_t build_memory_mb = 2048;
    std::int64_t builds_memory_mb = 0;  // of all together; 0: worked out from the machine
    std::int64_t build_minutes = 20;
    std::int64_t build_disk_mb = 4096;
    std::int64_t build_processes = 512;
    std::string builds_processors = "spare";
    std::int64_t cache_gb = 10;           // caches and toolchains; the oldest go first
    std::int64_t project_cache_gb = 5;    // of one project
    std::int64_t disk_reserve_mb = 1024;  // below it no build begins
    std::int64_t first_uid = 1 << 30;  // worker: of its sandboxes; those of serve begin at 1 << 20
    std::int64_t audit_days = 400;     // rows of the audit log older than this go
    std::string log_level = "info";
};

/// One setting.
struct Option {
    std::string name{};  // "base-host": --base-host, BERTH_BASE_HOST, base_host = in the file
    std::string help{};
    std::variant<std::string ServeConfig::*, std::int64_t ServeConfig::*> field{};
    unsigned starters = 0;             // whose it is: Starter, or'ed
    std::int64_t least = 0;            // of a number
    std::int64_t most = 0;             // of a number
    std::string fallback{};            // in words, when the default is worked out
    std::vector<std::string> words{};  // of a text: all there are; empty: any
    bool secret = false;               // no flag: others can read those
};

/// In the order of the help.
std::vector<Option> options_of(Starter starter);

/// "a, b" → {"a", "b"}; empty parts are dropped.
std::vector<std::string> split_list(const std::string& list);

/// Reads flags, environment and the file named by --config. `help` is set when only help was
/// asked for (then printed by the caller).
/// Errors: invalid — unknown_option, bad_value; of the file with line and column.
struct Parsed {
    ServeConfig config{};
    bool help = false;
};
Result<Parsed> read_config(Starter starter, const std::vector<std::string>& arguments);

std::string help_of(Starter starter);

/// The table of docs/operating.md, as Markdown.
std::string options_table(Starter starter);

// What the roles are started with: written by the supervisor, read from descriptor 3.

/// A bucket as a role is told of it; `url` "": none.
struct S3Place {
    std::string url{};  // s3://BUCKET/PREFIX?endpoint=URL&region=R&path_style=1
    std::string access_key{};
    std::string secret_key{};
};
BOOST_DESCRIBE_STRUCT(S3Place, (), (url, access_key, secret_key))

struct ApiRoleConfig {
    std::string database{};
    std::string objects{};  // a directory, or:
    S3Place s3{};
    std::string ca_file{};   // for `s3`
    std::string spool{};     // directory for what is on its way to and from `s3`
    std::string reserved{};  // a place on the disk that has the reserve
    std::string seal_key{};
    std::string allow_notify_nets{};
    std::string setup_code_file{};
    std::string base_host{};
    std::string platform_url{};
    std::int64_t site_port = 0;
    std::string site_scheme = "http";
    std::string log_level{};
    std::int64_t disk_reserve_mb = 0;
    std::int64_t audit_days = 400;
    std::string allow_nets{};  // CIDR[:PORT],… where Git hosts may be beside the internet
    jobs::JobLimits limits{};
    std::string admin_email{};     // for prepare
    std::string admin_password{};  // for prepare
};
BOOST_DESCRIBE_STRUCT(ApiRoleConfig, (),
                      (database, objects, s3, ca_file, spool, reserved, seal_key, allow_notify_nets,
                       setup_code_file, base_host, platform_url, site_port, site_scheme, log_level,
                       disk_reserve_mb, audit_days, allow_nets, limits, admin_email,
                       admin_password))

struct WorkerRoleConfig {
    std::string server{};  // "unix:/run/berth/worker/run/api.sock:" or "http://…"
    std::string token{};
    std::string launcher{};  // path of the launcher's socket
    std::string state{};     // spool directory
    std::int64_t builds = 2;
    std::int64_t builds_memory_mb = 0;
    std::int64_t cache_gb = 10;
    std::int64_t project_cache_gb = 5;
    std::string npm_registry{};
    engines::Proxies proxies{};  // its own calls take the same ones from its environment
    std::string ca_file{};
    std::string log_level{};
};
BOOST_DESCRIBE_STRUCT(WorkerRoleConfig, (),
                      (server, token, launcher, state, builds, builds_memory_mb, cache_gb,
                       project_cache_gb, npm_registry, proxies, ca_file, log_level))

/// Of the agent of `berth build`.
struct LocalBuildRoleConfig {
    std::string launcher{};  // path of the launcher's socket
    std::string state{};     // spool directory
    std::int64_t cache_gb = 10;
    std::int64_t project_cache_gb = 5;
    std::string npm_registry{};
    engines::Proxies proxies{};
    std::string ca_file{};
    std::string log_level{};
};
BOOST_DESCRIBE_STRUCT(LocalBuildRoleConfig, (),
                      (launcher, state, cache_gb, project_cache_gb, npm_registry, proxies, ca_file,
                       log_level))

struct EdgeRoleConfig {
    std::string server{};
    std::string token{};
    std::string api_socket{};          // "": this edge serves sites alone, and says
    std::string platform_elsewhere{};  // where the platform is
    std::string store{};               // a directory, or:
    S3Place s3{};
    std::int64_t cache_gb = 10;  // of `s3`
    std::string state{};
    std::vector<std::string> platform_hosts{};
    bool platform_on_ip = true;
    std::string base_host{};
    std::string trusted_proxy{};
    std::string country_header{};
    std::string allow_rewrite_nets{};
    std::int64_t listeners = 1;      // descriptors 4, 5, …
    std::int64_t listeners_tls = 0;  // those after them
    std::string certificates{};      // the directory where the supervisor puts them
    std::uint16_t https_port = 0;
    std::int64_t hsts_s = 0;
    bool proxy_protocol = false;
    bool h2c = false;
    std::int64_t drain_ms = 30'000;
    bool admin = false;  // the descriptor after all listeners
    std::string access_log{};
    double access_log_sample = 1;
    std::int64_t access_log_bytes = 0;
    std::string ca_file{};
    std::string log_level{};
};
BOOST_DESCRIBE_STRUCT(EdgeRoleConfig, (),
                      (server, token, api_socket, platform_elsewhere, store, s3, cache_gb, state,
                       platform_hosts, platform_on_ip, base_host, trusted_proxy, country_header,
                       allow_rewrite_nets, listeners, listeners_tls, certificates, https_port,
                       hsts_s, proxy_protocol, h2c, drain_ms, admin, access_log, access_log_sample,
                       access_log_bytes, ca_file, log_level))

struct LauncherRoleConfig {
    std::string state{};
    std::string run{};
    std::string instance{};
    std::vector<std::uint32_t> allowed_uids{};
    std::int64_t disk_reserve_mb = 0;
    std::string allow_nets{};
    std::string allow_build_nets{};
    std::vector<std::uint16_t> own_ports{};
    std::vector<engines::ProxyPlace> proxies{};
    std::string ca_file{};
    std::int64_t first_uid = 1 << 20;
    std::string runtime = "runc";
    std::string cgroups{};  // without root: the group that was given to Berth
    std::string builds_processors{};
    std::string log_level{};
};
BOOST_DESCRIBE_STRUCT(LauncherRoleConfig, (),
                      (state, run, instance, allowed_uids, disk_reserve_mb, allow_nets,
                       allow_build_nets, own_ports, proxies, ca_file, first_uid, runtime, cgroups,
                       builds_processors, log_level))

/// What `prepare` found out and the other roles need.
struct Prepared {
    std::string instance{};
    std::string worker_token{};
    std::string edge_token{};
    std::string setup_code{};
};
BOOST_DESCRIBE_STRUCT(Prepared, (), (instance, worker_token, edge_token, setup_code))

}  // namespace berth::roles
