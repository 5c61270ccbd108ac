#include "roles/version.hpp"

namespace berth::roles {

const char* own_version() {
    return BERTH_VERSION;
}

}  // namespace berth::roles
