#include "roles/child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace berth::roles {
namespace {

/// After the fork there is nobody to throw to: say it and leave.
[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    ::_exit(70);
}

void make_parents(const std::string& path) {
    for (std::size_t slash = path.find('/', 1); slash != path.npos;
         slash = path.find('/', slash + 1)) {
        ::mkdir(path.substr(0, slash).c_str(), 0755);
    }
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) give_up("mkdir below /run/berth");
}

/// The data directory may lie under a parent that the child's user cannot enter: it sees only its
/// own parts, below /run/berth.
void make_view(const ChildSpec& spec) {
    if (::unshare(CLONE_NEWNS) != 0) give_up("unshare mounts");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        give_up("private mounts");
    ::mkdir("/run/berth", 0755);
    if (::mount("berth", "/run/berth", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=16m") != 0) {
        give_up("mount /run/berth");
    }
    for (const Bind& bind : spec.binds) {
        make_parents(bind.to);
        const char* from = bind.from.c_str();
        const char* to = bind.to.c_str();
        if (::mount(from, to, nullptr, MS_BIND, nullptr) != 0) give_up(from);
        const unsigned long flags =
            MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV | (bind.read_only ? MS_RDONLY : 0ul);
        if (::mount(nullptr, to, nullptr, flags, nullptr) != 0) give_up(to);
    }
}

void drop_to(Identity identity) {
    if (::setgroups(0, nullptr) != 0) give_up("setgroups");
    if (::setresgid(identity.gid, identity.gid, identity.gid) != 0) give_up("setgid");
    if (::setresuid(identity.uid, identity.uid, identity.uid) != 0) give_up("setuid");
}

/// Moves the descriptors to 3, 4, … and closes everything else. Copies first: a source may lie
/// where another one has to go.
void place_descriptors(const std::vector<int>& wanted, int program) {
    std::vector<int> copies;
    const int above = first_descriptor + static_cast<int>(wanted.size()) + 1;
    for (const int descriptor : wanted) {
        copies.push_back(::fcntl(descriptor, F_DUPFD, above));
        if (copies.back() < 0) give_up("dup");
    }
    const int program_copy = ::fcntl(program, F_DUPFD, above);
    int place = first_descriptor;
    for (const int copy : copies) {
        if (::dup2(copy, place++) < 0) give_up("dup2");
    }
    if (::dup3(program_copy, place, O_CLOEXEC) < 0) give_up("dup3");
    ::syscall(SYS_close_range, static_cast<unsigned>(place + 1), ~0u, 0u);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts)
        list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

[[noreturn]] void become(const ChildSpec& spec, int program, pid_t supervisor) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::setsid();
    const bool root = ::geteuid() == 0;
    if (root && !spec.binds.empty()) make_view(spec);
    if (root && spec.identity.uid != 0) drop_to(spec.identity);
    // After the change of user, which clears it.
    if (spec.lifetime != Lifetime::own) {
        const bool asked = spec.lifetime == Lifetime::asked_with_supervisor;
        ::prctl(PR_SET_PDEATHSIG, asked ? SIGTERM : SIGKILL);
        if (::getppid() != supervisor) ::_exit(0);  // it died before we asked
    }
    if (spec.identity.uid != 0) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    place_descriptors(spec.descriptors, program);

    std::vector<std::string> arguments{"berth", spec.role};
    arguments.insert(arguments.end(), spec.arguments.begin(), spec.arguments.end());
    std::vector<std::string> environment = spec.environment;
    const std::vector<char*> argv = pointers(arguments);
    const std::vector<char*> envp = pointers(environment);
    ::fexecve(first_descriptor + static_cast<int>(spec.descriptors.size()), argv.data(),
              envp.data());
    give_up("exec berth");
}

}  // namespace

pid_t start_child(const ChildSpec& spec, const Fd& program) {
    const pid_t supervisor = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) throw_errno("fork");
    if (child == 0) become(spec, program.get(), supervisor);
    return child;
}

}  // namespace berth::roles
