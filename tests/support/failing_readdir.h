// tests/support/failing_readdir.h — a folder on a disk that fails
#pragma once
#include <string>

namespace picket::test {

/// While it lives, readdir(3) in this process gives one entry of the folder, and then fails with EIO. One at a time.
class FailingReaddir {
 public:
  explicit FailingReaddir(const std::string& folder);
  ~FailingReaddir();
  FailingReaddir(const FailingReaddir&) = delete;
  FailingReaddir& operator=(const FailingReaddir&) = delete;
};

}  // namespace picket::test
