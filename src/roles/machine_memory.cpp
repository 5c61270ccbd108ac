#include "roles/machine_memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace berth::roles {

std::uint64_t read_machine_memory(const std::string& cgroups) {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page_bytes = ::sysconf(_SC_PAGESIZE);
    std::uint64_t bytes =
        static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
    for (const char* file : {"/memory.max", "/memory/memory.limit_in_bytes"}) {
        std::ifstream limit(cgroups + file);
        std::uint64_t said = 0;
        if (limit >> said && said > 0) bytes = std::min(bytes, said);  // "max" is no number
    }
    return bytes;
}

std::uint64_t memory_for_builds(std::uint64_t machine_bytes) {
    constexpr std::uint64_t least = 512ull << 20;
    const std::uint64_t others = std::max(least, machine_bytes / 8);
    return machine_bytes > others ? machine_bytes - others : 1;  // 0 would be no limit
}

}  // namespace berth::roles
