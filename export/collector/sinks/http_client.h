// export/collector/sinks/http_client.h — HTTP as sinks need it: one request after another to one server, by libcurl
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/core/bytes.h"
#include "parsers/core/result.h"

namespace picket::collector {

struct HttpOptions {
  std::string url;                   ///< "https://host:8443", without a path; http over loopback only
  std::string ca, certificate, key;  ///< files (PEM); no `ca`: the system's
  std::vector<std::string> headers;  ///< "Name: value", sent with each request
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{60'000};  ///< of a whole request
};

struct HttpAnswer {
  long status = 0;
  std::string body;
};

/// Not for use by two threads at a time. The connection is kept between requests.
class HttpClient {
 public:
  /// The error says what is wrong with the options; nothing is connected yet.
  static Result<std::unique_ptr<HttpClient>> make(const HttpOptions& options);
  virtual ~HttpClient() = default;

  using Parameters = std::vector<std::pair<std::string_view, std::string>>;
  /// POST /?parameters, sent once. An error: no whole answer came, and whether the server has done what was asked is
  /// unknown.
  [[nodiscard]] virtual Result<HttpAnswer> post(const Parameters& parameters, std::string_view body) = 0;
};

}  // namespace picket::collector
