#pragma once
namespace berth::projects {
class ProjectStore;
}
