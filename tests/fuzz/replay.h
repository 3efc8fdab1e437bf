// tests/fuzz/replay.h — what a fuzzer found, as a test: seeds, each cut short, and mutations, always the same
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace picket::testing {

/// A byte changed, removed, doubled, or a run of them moved: always the same ones for a seed.
inline std::string mutate(std::string s, std::uint64_t& random) {
  const auto next = [&random](std::size_t below) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    return static_cast<std::size_t>(random % below);
  };
  for (std::size_t i = 0, n = 1 + next(4); i < n && !s.empty(); ++i) {
    const std::size_t at = next(s.size());
    switch (next(6)) {
      case 0:
        s[at] = static_cast<char>(next(256));
        break;
      case 1:
        s[at] = static_cast<char>(s[at] ^ 1 << next(8));
        break;
      case 2:
        s.erase(at, 1 + next(4));
        break;
      case 3:
        s.insert(at, s.substr(at, 1 + next(16)));
        break;
      case 4:
        s[at] = static_cast<char>(0xff);
        break;
      default:
        s.insert(at, s.substr(next(s.size()), next(32)));
        break;
    }
  }
  return s;
}

/// Hands `one` every seed of `given` and of the files and folders in `paths`, each truncation of it (long ones
/// are cut at about `cuts` places), and 200 mutations. The exit status of a test.
template <class F>
int replay(const char* name, const std::vector<std::string>& paths, std::vector<std::string> seeds,
           std::size_t cuts, F&& one) {
  constexpr int kMutations = 200;
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::exists(path)) {
      std::printf("%s is not there\n", path.c_str());  // git keeps no empty folders
      continue;
    }
    if (!std::filesystem::is_directory(path)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "cannot read %s\n", path.c_str());
      return 1;
    }
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  std::size_t runs = 0;
  for (const std::string& seed : seeds) {
    // Long seeds are cut at fewer places, so that the time stays in proportion.
    const std::size_t step = 1 + seed.size() / cuts;
    for (std::size_t n = 0; n <= seed.size(); n += step, ++runs) one(std::string_view(seed).substr(0, n));
    one(seed);
    std::uint64_t random = 0x9e3779b97f4a7c15 + seed.size();
    for (int i = 0; i < kMutations; ++i, ++runs) one(mutate(seed, random));
  }
  std::printf("%s: %zu seed files, %zu runs\n", name, files.size(), runs);
  return 0;
}

}  // namespace picket::testing
