// Terminals: keys typed into somebody else's, and the console. The kernel looks at 32 bits of an
// ioctl's number, a filter of system calls at 64.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "escape/probe.hpp"

namespace berth::escape {
namespace {

/// Asks of a terminal that is its own and controls it: what is refused then is refused for what
/// it is.
bool asked(unsigned long request, long argument) {
    ::setsid();
    const int outer = ::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    int number = -1;
    const int unlocked = 0;
    if (outer < 0 || ::ioctl(outer, TIOCSPTLCK, &unlocked) != 0 ||
        ::ioctl(outer, TIOCGPTN, &number) != 0) {
        return false;
    }
    const std::string name = "/dev/pts/" + std::to_string(number);
    const int inner = ::open(name.c_str(), O_RDWR | O_CLOEXEC);
    if (inner < 0) return false;
    ::ioctl(inner, TIOCSCTTY, 0);
    return reached(::syscall(SYS_ioctl, inner, request, argument));
}

}  // namespace

void add_terminals(Probes& probes) {
    static char key[2] = "x";
    const auto key_at = reinterpret_cast<long>(&key);
    constexpr unsigned long tiocsti = 0x5412;
    constexpr unsigned long tioclinux = 0x541c;
    const auto add = [&](const char* name, unsigned long request) {
        probes.push_back({name, "the kernel looked at the request",
                          [request, key_at] { return asked(request, key_at); }});
    };
    add("type into a terminal (CVE-2017-5226)", tiocsti);
    add("type into a terminal, with bit 32 set", tiocsti | (1UL << 32));
    add("type into a terminal, with bit 63 set", tiocsti | (1UL << 63));
    add("type into a terminal, with all upper bits set", tiocsti | 0xffffffff00000000UL);
    add("paste into a terminal (CVE-2023-28100)", tioclinux);
    add("paste into a terminal, with bit 33 set", tioclinux | (1UL << 33));
    probes.push_back({"take the console's output", "the kernel took it",
                      [] { return asked(0x541d /* TIOCCONS */, 0); }, Outside::never});
    probes.push_back(
        {"a terminal that controls", "there is one", [] { return can_open("/dev/tty", O_RDWR); }});
}

}  // namespace berth::escape
