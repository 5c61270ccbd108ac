#pragma once
/// Recognises a run that is at its limit of memory and makes no progress. The kernel kills only
/// when it can free nothing; a run that fills all but a sliver has its own program read from the
/// disk, dropped and read again, for hours. Who waits for that build should hear "out of memory".

#include <optional>

#include "engines/cgroups.hpp"

namespace berth::engines {

class Thrashing {
public:
    /// Takes a look, one each second; true from the tenth second on end that the run thrashed.
    ///
    /// A second counts when the memory is used up, less than a tenth of it is pages of files, the
    /// run read as many pages in again as those, four times over, and its programs waited for it.
    /// Each alone is harmless: page cache fills every limit, and a `grep` of a large tree refaults.
    bool lasts(const Memory& now);

private:
    std::optional<Memory> before_;
    unsigned seconds_ = 0;
};

}  // namespace berth::engines
