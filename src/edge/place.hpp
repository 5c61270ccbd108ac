#pragma once
/// Where a host's route lies, in 64 bits. Files are numbered once and only grow, so that a place
/// also names one version of a route: another version lies elsewhere.

#include <cstdint>

namespace berth::edge {

class Place {
public:
    enum class Kind : std::uint8_t {
        kept,    // in a file of ours
        unread,  // the store lists the host; nobody has read its route so far
        gone,    // there is no such host any more
        held,    // in memory, because our disk refused it
    };

    static constexpr std::uint64_t offset_max = (std::uint64_t{1} << 36) - 1;
    static constexpr std::uint32_t file_max = (std::uint32_t{1} << 24) - 1;

    Place() = default;

    static Place kept(std::uint32_t file, std::uint64_t offset) {
        return Place(bits_of(Kind::kept) | std::uint64_t{file} << 36 | offset);
    }
    static Place unread() { return Place(bits_of(Kind::unread) | unsure_bit); }
    static Place gone() { return Place(bits_of(Kind::gone)); }
    /// `number`: below `offset_max`, of that route alone.
    static Place held(std::uint64_t number) { return Place(bits_of(Kind::held) | number); }

    /// The place as one number: no other place has it.
    std::uint64_t bits() const { return bits_; }

    Kind kind() const { return static_cast<Kind>(bits_ >> 61 & 3); }
    std::uint32_t file() const { return static_cast<std::uint32_t>(bits_ >> 36) & file_max; }
    std::uint64_t offset() const { return bits_ & offset_max; }

    /// The store may have a newer one: it is to be looked at before this one is served.
    bool is_unsure() const { return (bits_ & unsure_bit) != 0; }
    Place unsure() const { return Place(bits_ | unsure_bit); }
    Place sure() const { return kind() == Kind::unread ? *this : Place(bits_ & ~unsure_bit); }

    bool operator==(const Place&) const = default;

private:
    static constexpr std::uint64_t unsure_bit = std::uint64_t{1} << 63;
    static std::uint64_t bits_of(Kind kind) { return static_cast<std::uint64_t>(kind) << 61; }
    explicit Place(std::uint64_t bits) : bits_(bits) {}

    std::uint64_t bits_ = bits_of(Kind::gone);
};

}  // namespace berth::edge
