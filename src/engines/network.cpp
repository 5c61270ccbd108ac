#include "engines/network.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/process.hpp"
#include "engines/namespaces.hpp"
#include "engines/spawn_program.hpp"

namespace berth::engines {
namespace {

constexpr const char* inner_net = "10.213.71.0/24";
constexpr const char* gateway_address = "10.213.71.2";  // the host's loopback, where it is open
constexpr int ready_ms_max = 5000;
constexpr auto nft_limit = std::chrono::seconds(10);
constexpr int connections_max = 1024;

std::string text_of(const AllowedNet& net) {
    return fmt::format("{}/{}", engines::text_of(net.base), net.bits);
}

template <class Items, class Text>
std::string joined(const Items& items, Text text) {
    std::string list;
    for (const auto& item : items)
        list += (list.empty() ? "" : ", ") + text(item);
    return list;
}

std::string addresses_text(const std::vector<Address>& addresses) {
    return joined(addresses, [](Address address) { return engines::text_of(address); });
}

constexpr std::string_view filter_head =
    "flush ruleset\n"
    "table inet berth {\n"
    " chain inp { type filter hook input priority 0; policy drop;\n"
    "  iifname \"lo\" accept\n"
    "  ct state established,related accept\n"
    " }\n"
    " chain forwarded { type filter hook forward priority 0; policy drop; }\n"
    " chain out { type filter hook output priority 0; policy drop;\n";

std::string resolver_rules() {
    return fmt::format(
        "  ct state established,related accept\n"
        "  ip daddr {0} udp dport 53 accept\n"
        "  ip daddr {0} tcp dport 53 accept\n",
        resolver_address);
}

/// Opens exactly these; what listens on this machine's loopback is behind slirp's gateway.
std::string opening_rules(const std::vector<Endpoint>& endpoints) {
    std::string rules;
    for (const Endpoint& to : endpoints) {
        rules += fmt::format(
            "  ip daddr {} tcp dport {} accept\n",
            is_loopback(to.address) ? gateway_address : engines::text_of(to.address), to.port);
    }
    return rules;
}

bool is_on_loopback(const Endpoint& to) {
    return is_loopback(to.address);
}

/// Sends connections to this machine's loopback to slirp's gateway, for exactly these.
std::string translation_chains(const std::vector<Endpoint>& endpoints) {
    if (std::none_of(endpoints.begin(), endpoints.end(), is_on_loopback)) return "";
    std::string text = " chain to_host { type nat hook output priority -100;\n";
    for (const Endpoint& to : endpoints) {
        if (!is_on_loopback(to)) continue;
        text += fmt::format("  ip daddr {} tcp dport {} dnat ip to {}\n",
                            engines::text_of(to.address), to.port, gateway_address);
    }
    return text + fmt::format(
                      " }}\n chain from_us {{ type nat hook postrouting priority 100;\n"
                      "  ip saddr 127.0.0.0/8 ip daddr {} masquerade\n }}\n",
                      gateway_address);
}

/// Whether clones or a proxy may go to this machine's loopback.
bool leads_to_loopback(const ReachPolicy& policy) {
    constexpr Address gateway_of_loopback = (127u << 24) + 1;
    const auto clones = [](const AllowedNet& net) {
        return net.has(gateway_of_loopback) || is_loopback(net.base);
    };
    const auto proxies = [](const ProxyPlace& proxy) {
        const auto address = parse_address(proxy.host);
        return proxy.host == "localhost" || (address && is_loopback(*address));
    };
    return std::ranges::any_of(policy.clone_nets, clones) ||
           std::ranges::any_of(policy.proxies, proxies);
}

/// Runs nft inside `space`.
Result<> load_filter(const Fd& space, const std::string& text) {
    const Command command{
        .argv = {"nft", "-f", "-"}, .environment = plain_environment(), .input = text};
    std::optional<Result<Ended>> ended;
    run_in_network(space, [&] { ended = run_blocking(command, nft_limit); });
    const Result<Ended>& loaded = *ended;
    if (!loaded) {
        return fail(Failure::unavailable, "sandboxes with a network need nft: {}; install nftables",
                    loaded.error().message);
    }
    if (loaded->exit_code == 0) return {};
    return fail(Failure::unavailable, "nft refused the filter of a sandbox: {}", loaded->errors);
}

/// Whether slirp4netns said that it is ready; false when it ended or took too long.
bool wait_ready(const Fd& ready) {
    pollfd wait{ready.get(), POLLIN, 0};
    if (::poll(&wait, 1, ready_ms_max) <= 0) return false;
    char byte = 0;
    return ::read(ready.get(), &byte, 1) == 1;
}

std::string contents(const Fd& file) {
    std::string text(2000, '\0');
    const ssize_t count = ::pread(file.get(), text.data(), text.size(), 0);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

}  // namespace

std::string internet_filter(const ReachPolicy& policy, const std::vector<Address>& own,
                            const std::vector<Endpoint>& proxies) {
    std::string text(filter_head);
    text += "  oifname \"lo\" accept\n" + resolver_rules();
    const std::string ports =
        joined(policy.own_ports, [](std::uint16_t port) { return std::to_string(port); });
    // slirp connects from this machine's own sockets, so its addresses must be refused by name.
    if (!own.empty() && !ports.empty()) {
        text += fmt::format(
            "  ip daddr {{ {} }} tcp dport {{ {} }} reject with icmpx admin-prohibited\n",
            addresses_text(own), ports);
    }
    text += opening_rules(proxies);
    text += fmt::format("  ip daddr {} reject with icmpx admin-prohibited\n", inner_net);
    for (const AllowedNet& net : policy.build_nets) {
        text += fmt::format("  ip daddr {} {} accept\n", text_of(net),
                            net.port ? fmt::format("tcp dport {}", *net.port) : "meta l4proto tcp");
    }
    if (!own.empty()) {
        text += fmt::format("  ip daddr {{ {} }} reject with icmpx admin-prohibited\n",
                            addresses_text(own));
    }
    text += fmt::format("  ip daddr {{ {} }} reject with icmpx admin-prohibited\n",
                        joined(private_nets(), [](const AllowedNet& net) { return text_of(net); }));
    text += fmt::format(
        "  meta nfproto ipv6 reject\n"
        "  tcp dport 25 reject with icmpx admin-prohibited\n"  // builds send no mail
        "  ct state new ct count over {} reject with icmpx admin-prohibited\n"
        "  meta l4proto tcp accept\n"
        "  reject with icmpx admin-prohibited\n }}\n",
        connections_max);
    return text + translation_chains(proxies) + "}\n";
}

std::string hosts_filter(const std::vector<Endpoint>& hosts) {
    std::string text(filter_head);
    text += resolver_rules() + opening_rules(hosts);
    text += fmt::format("  ip daddr {} reject with icmpx admin-prohibited\n", inner_net);
    text += "  oifname \"lo\" accept\n  reject with icmpx admin-prohibited\n }\n";
    return text + translation_chains(hosts) + "}\n";
}

Result<> try_filters() {
    try {
        const Fd space = make_network_namespace();
        const Address loopback = (127u << 24) + 1;
        for (const std::string& text :
             {internet_filter({}, {}, {}), hosts_filter({{loopback, 1}})}) {
            const Result<> loaded = load_filter(space, text);
            if (!loaded) return loaded;
        }
    } catch (const std::exception& refused) {
        return fail(Failure::unavailable, "{}", refused.what());
    }
    return {};
}

Networks::Networks(Plan plan, Workers& workers) : plan_(std::move(plan)), workers_(workers) {}

Result<> Networks::start_slirp(Network& network, Loopback loopback, bool confined) {
    Ends ready = make_pipe_to_read();
    Ends life = make_pipe_to_write();
    const Fd said(::memfd_create("slirp", MFD_CLOEXEC));
    const Fd said_high(::fcntl(said.get(), F_DUPFD_CLOEXEC, 16));
    Program program;
    program.argv = {"slirp4netns",
                    "--configure",
                    "--mtu=65520",
                    "--enable-seccomp",
                    "--ready-fd=3",
                    "--exit-fd=4",
                    fmt::format("--cidr={}", inner_net),
                    "--netns-type=path"};
    if (confined) program.argv.emplace_back("--enable-sandbox");
    if (loopback == Loopback::closed) program.argv.emplace_back("--disable-host-loopback");
    program.argv.push_back(fmt::format("/proc/{}/fd/{}", ::getpid(), network.space.get()));
    program.argv.emplace_back("tap0");
    program.environment = plain_environment();
    program.descriptors = {-1, said_high.get(), said_high.get(), ready.theirs.get(),
                           life.theirs.get()};
    const Visit visit(NamespaceKind::mount, plan_.outer_mounts);
    const Result<pid_t> started = spawn_program(program);
    if (!started) {
        return fail(Failure::unavailable,
                    "sandboxes with a network need slirp4netns: {}; install slirp4netns",
                    started.error().message);
    }
    ready.theirs.reset(-1);
    life.theirs.reset(-1);
    if (wait_ready(ready.ours)) {
        network.lifeline = std::move(life.ours);
        network.slirp = *started;
        return {};
    }
    kill_process(open_process(*started));
    while (!reap(*started))
        ::poll(nullptr, 0, 1);
    return fail(Failure::unavailable, "slirp4netns did not come up: {}", contents(said));
}

Result<Network> Networks::build(Loopback loopback, std::vector<Address> own) {
    Network network;
    network.space = make_network_namespace();
    const Result<> filtered = load_filter(network.space, internet_filter(plan_.policy, own, {}));
    if (!filtered) return filtered.error();
    Result<> started = start_slirp(network, loopback, confine_);
    if (!started && confine_) {
        started = start_slirp(network, loopback, false);
        if (started) {
            confine_ = false;
            log::warning("slirp4netns keeps its rights on this machine");
        }
    }
    if (!started) return started.error();
    network.own = std::move(own);
    return network;
}

Task<Result<Network>> Networks::prepare(Loopback loopback) {
    const auto work = [this, loopback, own = own_addresses()] { return build(loopback, own); };
    std::string broke;
    try {
        Result<Network> built = co_await workers_.run(work);
        if (built) adopt(*built, co_await asio::this_coro::executor);
        co_return built;
    } catch (const std::exception& broken) {
        broke = broken.what();
    }
    co_return fail(Failure::unavailable, "cannot make a network for a sandbox: {}", broke);
}

void Networks::adopt(const Network& network, const asio::any_io_executor& loop) {
    if (plan_.started) plan_.started(network.slirp);
    spawn(loop, bury(network.slirp, open_process(network.slirp)), "slirp4netns");
}

void Networks::start_refilling(const asio::any_io_executor& loop) {
    if (refilling_) return;
    refilling_ = true;
    spawn(loop, refill(), "prepare networks");
}

/// False: it was refused.
Task<bool> Networks::fill(Pool& pool, std::size_t count, Loopback loopback) {
    while (pool.size() < count) {  // ends when full or refused
        Result<Network> built = co_await prepare(loopback);
        if (!built) {
            log::warning("no network for sandboxes", {{"why", built.error().message}});
            co_return false;
        }
        pool.push_back(std::move(*built));
    }
    co_return true;
}

Task<> Networks::refill() {
    const std::size_t open = leads_to_loopback(plan_.policy) ? 1 : 0;
    const bool filled = co_await fill(ready_, plan_.prepared, Loopback::closed);
    if (filled) co_await fill(open_, std::min(open, plan_.prepared), Loopback::open);
    refilling_ = false;
}

Task<Result<Network>> Networks::take(Loopback loopback) {
    const auto here = co_await asio::this_coro::executor;
    Pool& prepared = pool(loopback);
    if (prepared.empty()) {
        Result<Network> built = co_await prepare(loopback);
        co_return built;
    }
    Network network = std::move(prepared.front());
    prepared.pop_front();
    start_refilling(here);
    co_return network;
}

Task<Result<>> Networks::refilter(const Network& network, std::string text) {
    const int space = network.space.get();
    const auto work = [space, text = std::move(text)] {
        const Fd shared(::fcntl(space, F_DUPFD_CLOEXEC, 16));
        return load_filter(shared, text);
    };
    const Result<> loaded = co_await workers_.run(work);
    co_return loaded;
}

Task<Result<Network>> Networks::take_internet(std::vector<Endpoint> proxies) {
    const bool loopback = std::any_of(proxies.begin(), proxies.end(), is_on_loopback);
    const Loopback wanted = loopback ? Loopback::open : Loopback::closed;
    Result<Network> network = co_await take(wanted);
    if (!network || (proxies.empty() && network->own == own_addresses())) co_return network;
    // There are proxies, or an address came or went since the filter was written.
    std::string text = internet_filter(plan_.policy, own_addresses(), proxies);
    const Result<> loaded = co_await refilter(*network, std::move(text));
    if (!loaded) co_return loaded.error();
    co_return network;
}

Task<Result<Network>> Networks::take_hosts(std::vector<Endpoint> hosts) {
    const bool loopback = std::any_of(hosts.begin(), hosts.end(), is_on_loopback);
    const Loopback wanted = loopback ? Loopback::open : Loopback::closed;
    Result<Network> network = co_await take(wanted);
    if (!network) co_return network.error();
    std::string text = hosts_filter(hosts);
    const Result<> loaded = co_await refilter(*network, std::move(text));
    if (!loaded) co_return loaded.error();
    co_return network;
}

}  // namespace berth::engines
