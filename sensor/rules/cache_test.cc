#include "sensor/rules/cache.h"

#include <gtest/gtest.h>
#include <hs/hs.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace picket::rules {
namespace {

namespace fs = std::filesystem;

class Cache : public ::testing::Test {
 protected:
  Cache() : folder(fs::temp_directory_path() / ("picket-cache-" + std::to_string(::getpid()))) {
    fs::remove_all(folder);
  }
  ~Cache() override { fs::remove_all(folder); }

  /// Built or taken; checked to find what it should.
  bool from_cache(const std::vector<Literal>& patterns) {
    auto outcome = DatabaseCache(folder.string()).get(patterns);
    EXPECT_TRUE(outcome.has_value());
    hs_database* db = outcome.value().database.get();
    EXPECT_EQ(outcome.value().warning, "");
    hs_scratch_t* scratch = nullptr;
    EXPECT_EQ(hs_alloc_scratch(db, &scratch), HS_SUCCESS);
    unsigned hits = 0;
    const auto count = [](unsigned, unsigned long long, unsigned long long, unsigned, void* n) {
      return ++*static_cast<unsigned*>(n), 0;
    };
    EXPECT_EQ(hs_scan(db, "xxABCxdefdef", 12, 0, scratch, count, &hits), HS_SUCCESS);
    EXPECT_EQ(hits, 2U);  // each pattern once
    hs_free_scratch(scratch);
    return outcome.value().from_cache;
  }
  fs::path file() const { return fs::directory_iterator(folder)->path(); }

  fs::path folder;
  const std::vector<Literal> patterns = {{"abc", true}, {"def", false}};
};

TEST_F(Cache, SecondTimeItIsThere) {
  EXPECT_FALSE(from_cache(patterns));
  EXPECT_TRUE(from_cache(patterns));
}
TEST_F(Cache, OtherPatternsAreAnotherFile) {
  EXPECT_FALSE(from_cache(patterns));
  EXPECT_FALSE(from_cache({{"ABC", false}, {"def", false}}));
}
TEST_F(Cache, DamageIsBuiltAnew) {
  EXPECT_FALSE(from_cache(patterns));
  const auto size = fs::file_size(file());
  for (const std::uintmax_t at :
       {std::uintmax_t{0}, std::uintmax_t{20}, std::uintmax_t{60}, std::uintmax_t{100}, size / 2, size - 1}) {
    {
      std::fstream f(file(), std::ios::in | std::ios::out | std::ios::binary);
      f.seekg(static_cast<std::streamoff>(at));
      const char c = static_cast<char>(f.get());
      f.seekp(static_cast<std::streamoff>(at));
      f.put(static_cast<char>(c ^ 0x41));
    }
    EXPECT_FALSE(from_cache(patterns)) << at;
    EXPECT_TRUE(from_cache(patterns)) << at;
  }
}
TEST_F(Cache, ACutFileIsBuiltAnew) {
  EXPECT_FALSE(from_cache(patterns));
  const auto size = fs::file_size(file());
  for (const std::uintmax_t keep : {std::uintmax_t{0}, std::uintmax_t{30}, size - 1}) {
    fs::resize_file(file(), keep);
    EXPECT_FALSE(from_cache(patterns)) << keep;
  }
}
TEST_F(Cache, AFolderThatCannotBeIsAWarning) {
  std::ofstream(folder).put('x');
  auto outcome = DatabaseCache((folder / "below").string()).get(patterns);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_NE(outcome.value().warning, "");
}

}  // namespace
}  // namespace picket::rules
