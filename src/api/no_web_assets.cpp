#include "api/web.hpp"

namespace berth::api {

// Of a binary built with BERTH_WEB=OFF; embed_web.mjs writes the other one.
std::span<const WebAsset> web_assets() {
    return {};
}

}  // namespace berth::api
