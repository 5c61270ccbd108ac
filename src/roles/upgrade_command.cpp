/// `berth upgrade`: has a running `berth serve` replaced by the program that lies now where it was
/// started from, and says how that went.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>

#include "base/clock.hpp"
#include "roles/admin_options.hpp"
#include "roles/crew.hpp"
#include "roles/handover.hpp"
#include "roles/layout.hpp"
#include "roles/roles.hpp"
#include "roles/upgrade.hpp"
#include "roles/upgrade_status.hpp"
#include "roles/version.hpp"

namespace berth::roles {

namespace {

constexpr int usage_code = 2;
constexpr int unavailable_code = 8;
constexpr int pause_ms = 50;

/// Of the supervisor that holds the lock; -1: none does.
pid_t running_supervisor(const Layout& layout) {
    const Fd file(::open(layout.lock().c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return -1;
    std::array<char, 32> text{};
    const ssize_t size = ::read(file.get(), text.data(), text.size());
    pid_t pid = -1;
    std::from_chars(text.data(), text.data() + std::max<ssize_t>(0, size), pid);
    return pid > 1 ? pid : -1;
}

/// The form of a hand-over that the program before would give us.
int answer_accepts(const std::string& form) {
    if (form == std::to_string(handover_form)) return 0;
    std::fprintf(stderr, "berth: Berth %s takes no hand-over of form %s\n", own_version(),
                 form.c_str());
    return 1;
}

void tell(const UpgradeStatus& status, const AdminOptions& options) {
    if (options.json) {
        std::printf("%s\n", json::text(status).c_str());
    } else if (status.state == UpgradeState::done) {
        std::printf("Berth %s serves now; it was %s.\n", status.to.c_str(), status.from.c_str());
    } else if (status.state == UpgradeState::refused) {
        std::fprintf(stderr, "berth: refused: %s\nNothing has changed; Berth %s goes on.\n",
                     status.why.c_str(), status.from.c_str());
    } else {
        std::fprintf(stderr,
                     "berth: Berth %s did not come up: %s\nBerth %s goes on; its log has more.\n",
                     status.to.c_str(), status.why.c_str(), status.from.c_str());
    }
}

bool is_over(const UpgradeStatus& status) {
    return status.state != UpgradeState::checking && status.state != UpgradeState::replacing;
}

int ask_supervisor(pid_t pid, const Layout& layout, const AdminOptions& options) {
    const std::int64_t before = read_upgrade_status(layout.upgrade_status()).number;
    if (::kill(pid, SIGHUP) != 0) {
        std::fprintf(stderr, "berth: pid %d: %s; run this as the user that runs Berth\n", pid,
                     std::strerror(errno));
        return unavailable_code;
    }
    const std::int64_t end_ms = steady_now_ms() + upgrade_limit.count();
    while (steady_now_ms() < end_ms) {
        const UpgradeStatus status = read_upgrade_status(layout.upgrade_status());
        if (status.number > before && is_over(status)) {
            tell(status, options);
            return status.state == UpgradeState::done ? 0 : 1;
        }
        if (::kill(pid, 0) != 0) {
            std::fprintf(stderr, "berth: the running Berth (pid %d) has ended\n", pid);
            return unavailable_code;
        }
        ::poll(nullptr, 0, pause_ms);
    }
    std::fprintf(stderr,
                 "berth: no answer within %lld s: a migration may take longer, and a Berth from "
                 "before upgrades has to be stopped and started. Its log has more.\n",
                 static_cast<long long>(upgrade_limit.count() / 1'000));
    return unavailable_code;
}

}  // namespace

int run_upgrade(const std::vector<std::string>& arguments) {
    const AdminOptions options = read_admin_options(arguments);
    if (options.rest.size() == 2 && options.rest[0] == "--accepts")
        return answer_accepts(options.rest[1]);
    const bool help = options.rest == std::vector<std::string>{"--help"} ||
                      options.rest == std::vector<std::string>{"-h"};
    if (!options.rest.empty()) {
        std::fprintf(
            help ? stdout : stderr,
            "Usage: berth upgrade [--data DIR] [--json]\n\n"
            "Has the running `berth serve` replaced by the program that lies now at the path by\n"
            "which it was started, without a lost request. Put the new program there first (move\n"
            "it over the old one). Options of `berth serve` that come from files are read again.\n"
            "A program that is not fit is refused and nothing changes.\n\n"
            "Exit codes: 0 upgraded, 1 refused or failed (the program before goes on),\n"
            "8 no `berth serve` runs there, or it does not answer.\n");
        return help ? 0 : usage_code;
    }
    const Layout layout{.data = options.data};
    const pid_t pid = running_supervisor(layout);
    if (pid < 0) {
        std::fprintf(stderr,
                     "berth: no `berth serve` runs in %s. Run this on the machine itself, as the "
                     "user that runs it, with --data DIR if the data is elsewhere.\n",
                     options.data.c_str());
        return unavailable_code;
    }
    return ask_supervisor(pid, layout, options);
}

}  // namespace berth::roles
